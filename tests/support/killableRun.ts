/**
 * One `up` or `destroy` of a small stack through the project's engine code, as a program of its own, so that tests can kill it. Argument: `RunArgs` as
 * JSON. Prints what the engine does, a line each, and at last `Outcome` as JSON.
 */
import * as k8s from "@pulumi/kubernetes";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as random from "@pulumi/random";
import { clusterOpener } from "../../clients/cluster";
import { helmCommand } from "../../clients/helm";
import { CHANGE_IN_PLACE } from "../../components/kubernetes/changeInPlace";
import { PART_OF } from "../../components/naming/labels";
import type { Counts } from "../../engine/counts";
import { runOperation } from "../../engine/operation";
import type { EngineOptions, Plugin } from "../../engine/plugins";
import { stackFor } from "../../engine/stack";
import type { Target } from "../../local/fleet/settings";
import { IMAGES } from "../../local/offline/images";

export interface RunArgs {
    operation: "up" | "destroy";
    engine: EngineOptions;
    plugins: Plugin[];
    target: Target;
    namespace: string;
    /** Directory of a small chart. */
    chart: string;
    /** What the objects contain: another revision changes every one of them. */
    revision: number;
}

export interface Outcome {
    counts: Counts;
    /** What was said about interrupted operations. */
    settled: string[];
}

/** A server without a probe, which every cluster of the fleet has. */
const container = (revision: number) => ({
    name: "server",
    image: IMAGES.nodeExporter.name,
    args: ["--web.listen-address=:9100", `--web.max-requests=${40 + revision}`],
});

/** Of each kind that the fleet consists of one, in the order in which its stacks make them: a release in the middle, objects before and after it. */
function program({ target, namespace, chart, revision }: RunArgs): void {
    const provider = new k8s.Provider("kubernetes", { ...CHANGE_IN_PLACE, ...target });
    const space = new k8s.core.v1.Namespace(namespace, { metadata: { name: namespace } }, { provider });
    const opts = { provider, dependsOn: [space] };
    const metadata = (name: string) => ({ name, namespace, labels: PART_OF });
    const password = new random.RandomPassword("password", { length: 16 });
    const settings = { data: { revision: String(revision) } };
    const config = new k8s.core.v1.ConfigMap("config", { metadata: metadata("config"), ...settings }, opts);
    new k8s.core.v1.Secret("secret", { metadata: metadata("secret"), stringData: { password: password.result, ...settings.data } }, opts);
    const release = new Release(
        "release",
        {
            name: "release",
            namespace,
            chart,
            values: { revision: String(revision), password: password.result },
            timeout: 120,
            maxHistory: 3,
        },
        { ...opts, dependsOn: [config] },
    );
    const labels = { app: "server", ...PART_OF };
    const template = { metadata: { labels }, spec: { containers: [container(revision)] } };
    const spec = { replicas: 1, selector: { matchLabels: { app: "server" } } };
    new k8s.core.v1.Service(
        "service",
        { metadata: metadata("service"), spec: { selector: { app: "server" }, ports: [{ port: 9100 + revision, targetPort: 9100 }] } },
        opts,
    );
    new k8s.apps.v1.Deployment(
        "deployment",
        { metadata: metadata("deployment"), spec: { ...spec, template } },
        { ...opts, dependsOn: [release] },
    );
    new k8s.apps.v1.StatefulSet(
        "statefulset",
        {
            metadata: metadata("statefulset"),
            spec: {
                replicas: 1,
                serviceName: "service",
                selector: { matchLabels: { app: "set" } },
                template: { metadata: { labels: { app: "set", ...PART_OF } }, spec: template.spec },
            },
        },
        opts,
    );
}

async function main(args: RunArgs): Promise<void> {
    const stack = await stackFor({
        ...args.engine,
        stackName: args.namespace,
        program: async () => program(args),
        config: {},
        plugins: args.plugins,
        env: { HELM_BINARY: helmCommand() },
    });
    const settled: string[] = [];
    const { counts } = await runOperation(stack, args.operation, {
        openCluster: clusterOpener(helmCommand()),
        onDoing: (text) => process.stdout.write(`${text}\n`),
        onSettled: (text) => settled.push(text),
    });
    process.stdout.write(`${JSON.stringify({ counts, settled } satisfies Outcome)}\n`);
}

if (require.main === module)
    main(JSON.parse(process.argv.at(-1) ?? "") as RunArgs).then(
        // Open connections to the clusters would keep the process running.
        () => process.exit(0),
        (error: Error) => {
            process.stderr.write(`${error.message}\n`);
            process.exit(1);
        },
    );
