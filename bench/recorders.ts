import { join } from "node:path";
import type { Plugin } from "../engine/plugins";

const ROOT = join(__dirname, "..");
const RECORDERS = join(ROOT, "tests", "support", "pluginRecorder", "bin");
const LOCAL_STAND_INS = join(ROOT, "local", "offline", "standins", "bin");

/** Plugins for a stack on AWS that record what they are asked to create, so that neither AWS nor a Kubernetes API adds its own time. */
export const RECORDING_PLUGINS = Object.entries({
    aws: RECORDERS,
    kubernetes: RECORDERS,
    random: LOCAL_STAND_INS,
    tls: LOCAL_STAND_INS,
}).map(([name, directory]): Plugin => ({ name, version: require(`@pulumi/${name}/package.json`).version, standIn: join(directory, name) }));
