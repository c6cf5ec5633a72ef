import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { stackFor } from "../../engine/stack";
import { type ClusterName, stackConfig } from "../../local/fleet/settings";
import { engineDirectory } from "../../local/fleet/state";
import { findChart } from "../../local/offline/findChart";
import { findPlugins } from "../../local/offline/findPlugins";
import { quiet } from "./quiet";
import { targetOf, tools } from "./runningFleet";

export interface LocalStackArgs {
    /** Settings that replace those of the same name in the stack's own configuration. */
    config?: Record<string, unknown>;
    /** Where the engine keeps its state. @default the running fleet's, so that the stack is the deployed one */
    stateDir?: string;
    /** @default this project's program */
    program?: PulumiFn;
}

/** A stack in the real engine, with the clusters, chart, plugins and configuration that `npm start` uses. */
export async function localStack(name: ClusterName, args: LocalStackArgs = {}): Promise<Stack> {
    const { pulumi, helm } = await tools("pulumi", "helm");
    const engine = { pulumiPath: pulumi.path, stateDir: args.stateDir ?? engineDirectory() };
    const target = await targetOf(name);
    const chart = await findChart(helm.path, quiet, new AbortController().signal);
    return stackFor({
        ...engine,
        stackName: name,
        program: args.program ?? (require("../../index") as PulumiFn),
        config: { ...stackConfig(name, { target, chart, storageClass: LOCAL_STORAGE_CLASS }), ...args.config },
        plugins: await findPlugins(engine),
        env: { HELM_BINARY: helm.path },
    });
}
