import * as pulumi from "@pulumi/pulumi";
import { readContract } from "./components/stack/contract";
import { refuseChangedSettings } from "./components/stack/immutableSettings";
import { keepPrometheus } from "./components/stack/keepPrometheus";
import { Observee } from "./components/stack/observee";
import { Observer } from "./components/stack/observer";
import { openCloud } from "./components/stack/openCloud";
import { ConfigError } from "./config/configError";
import { rawConfig } from "./config/engineConfig";
import { loadConfig } from "./config/load";

/** One stack is one cluster: an observer or an observee, as its configuration says. Whatever is wrong is refused before anything is created in a cloud or a cluster. */
export = async function program(): Promise<Record<string, unknown>> {
    try {
        const config = loadConfig(rawConfig(), `configuration of stack ${pulumi.getStack()}`);
        await refuseChangedSettings(config);
        if (config.role === "observer") return { ...new Observer(config.cluster, config, await openCloud(config)).outputs };
        const observer = await readContract(config);
        const cloud = await openCloud(config, observer);
        return { ...new Observee(config.cluster, config, observer, cloud, await keepPrometheus(config, observer, cloud)).outputs };
    } catch (error) {
        // The engine prints a RunError without a stack trace. `cause` is for callers that run the program without an engine.
        throw error instanceof ConfigError ? Object.assign(new pulumi.RunError(error.message), { cause: error }) : error;
    }
};
