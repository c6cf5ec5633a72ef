import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../rules/problem";
import { ConfigError } from "./configError";

/** The error for settings of this stack that turn out to be impossible after the configuration is loaded. */
export const stackConfigError = (problems: Problem[]) => new ConfigError(`configuration of stack ${pulumi.getStack()}`, problems);
