import { join } from "node:path";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { stackFor } from "../../engine/stack";
import { type ClusterName, stackConfig, stateDirectory } from "../../local/fleet/settings";
import { findChart } from "../../local/offline/findChart";
import { findPlugins, POLICY_RUNNER } from "../../local/offline/findPlugins";
import { quiet, target, tools } from "./runningFleet";

/** A stack of the running fleet in the real engine, as `npm start` deploys it; what a test wants otherwise goes on top. */
export async function localStack(
    name: ClusterName,
    more: { config?: Record<string, unknown>; stateDir?: string; program?: PulumiFn } = {},
): Promise<Stack> {
    const { pulumi, helm } = await tools("pulumi", "helm");
    const engine = { pulumiPath: pulumi.path, stateDir: more.stateDir ?? join(stateDirectory(), "engine") };
    const chart = await findChart(helm.path, quiet, new AbortController().signal);
    return stackFor({
        ...engine,
        stackName: name,
        program: more.program ?? (require("../..") as PulumiFn),
        config: { ...stackConfig(name, { target: target(name), chart, storageClass: "standard" }), ...more.config },
        plugins: await findPlugins(engine),
        policyRunner: POLICY_RUNNER,
        env: { HELM_BINARY: helm.path },
    });
}
