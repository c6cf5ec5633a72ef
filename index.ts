import * as pulumi from "@pulumi/pulumi";
import { openCloud } from "./components/clouds";
import { readContract } from "./components/contract";
import { Observee } from "./components/observee";
import { Observer } from "./components/observer";
import { refuseRenames } from "./components/past";
import { loadConfig } from "./config/load";
import { ConfigError } from "./config/problems";
import { rawConfig } from "./config/raw";

/** One stack, one cluster: an observer or an observee, as its configuration says. Everything that can be refused is, before anything is declared. */
export = async function program(): Promise<Record<string, unknown>> {
    try {
        const config = loadConfig(rawConfig(), `configuration of stack ${pulumi.getStack()}`);
        await refuseRenames(config);
        if (config.role === "observer") return { ...new Observer(config.cluster, config, await openCloud(config)).outputs };
        const observer = await readContract(config.observer, config.cluster, config.domain);
        return { ...new Observee(config.cluster, config, observer, await openCloud(config, observer)).outputs };
    } catch (error) {
        // The engine prints a RunError as it is, without a stack trace; its cause is for callers without an engine.
        throw error instanceof ConfigError ? Object.assign(new pulumi.RunError(error.message), { cause: error }) : error;
    }
};
