import { ConfigError } from "../config/configError";

/** Somebody else holds a lock: another rollout, or an update of a stack. It may be free later. */
export class Locked extends ConfigError {}
