import assert from "node:assert/strict";
import { type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { type PlannedResource, runInProcess } from "../../engine/runInProcess";
import { readStackFile, toEngineConfig } from "../../engine/stackFile";
import { CLUSTERS, stackConfig } from "../../local/fleet/settings";
import { everything, objectsAmong } from "../support/everything";
import { ROOT } from "../support/root";
import { run } from "../support/run";
import { kubeConfig, targetOf, tools } from "../support/runningFleet";
import { buildObserverOn, EXPOSED } from "../support/testFleet";

interface Container {
    image?: string;
    args?: string[];
}

/**
 * Every resource of the example stacks, of an observer that creates its EKS cluster, of the local stacks, and of stacks with everything that these leave out; and those by which
 * people reach the pages.
 */
async function allResources(): Promise<PlannedResource[]> {
    const example = await runInProcess("observer", readStackFile(ROOT, "observer"));
    const observee = await runInProcess("observee", readStackFile(ROOT, "observee"), () => example.outputs);
    const profile = { target: await targetOf("observer"), chart: "kube-prometheus-stack", storageClass: LOCAL_STORAGE_CLASS };
    const resources = [...example.resources, ...observee.resources, ...(await buildObserverOn("created")).resources];
    for (const variant of Object.keys(EXPOSED)) {
        const exposed = await buildObserverOn(variant);
        resources.push(...exposed.resources.filter(({ name }) => /^pages$|^login-|-page$|bucket-web/.test(name)));
    }
    resources.push(...Object.values(await everything()).flat());
    let outputs: Record<string, unknown> = {};
    for (const { name } of CLUSTERS) {
        const stack = await runInProcess(name, toEngineConfig(stackConfig(name, profile)), () => outputs);
        if (name === "observer") outputs = stack.outputs;
        resources.push(...stack.resources);
    }
    return resources;
}

const containersOf = ({ props }: PlannedResource) =>
    (props.spec as { template?: { spec?: { containers?: Container[] } } } | undefined)?.template?.spec?.containers ?? [];

describe("every generated object", () => {
    let resources: PlannedResource[];
    before(async () => {
        resources = await allResources();
    });

    it("of Thanos has only flags that the real binary parses", async () => {
        const { thanos } = await tools("thanos");
        const lists = new Set(
            resources
                .flatMap(containersOf)
                .filter((c) => c.image?.includes("/thanos:"))
                .map((c) => JSON.stringify(c.args)),
        );
        const commands = [...lists].map((list) => (JSON.parse(list) as string[])[0]);
        assert.deepEqual([...new Set(commands)].sort(), ["compact", "query", "query-frontend", "receive", "rule", "store", "tools"]);
        const refused = [];
        for (const list of lists) {
            // `--help` exits after all flags before it were parsed.
            const { code, output } = await run(thanos.path, [...(JSON.parse(list) as string[]), "--help"], { within: 20 });
            if (code !== 0) refused.push(`${list}: ${output}`);
        }
        assert.deepEqual(refused, []);
        assert.notEqual((await run(thanos.path, ["query", "--no.such.flag", "--help"], { within: 20 })).code, 0);
    });

    it("is accepted by the real API server", async () => {
        const api = KubernetesObjectApi.makeApiClient(await kubeConfig("observer"));
        const objects = objectsAmong(resources);
        assert.ok(objects.length > 100, `${objects.length} objects`);
        const refused: string[] = [];
        for (const { type, name, props } of objects) {
            // `default` has no object of the fleet: in `monitoring` the server would validate a change of the existing object.
            const metadata = {
                ...(props.metadata as KubernetesObject["metadata"]),
                ...(!/:(Namespace|StorageClass)$/.test(type) && { namespace: "default" }),
            };
            // A plan hides the data of Secrets, and a Secret of type TLS needs these two keys.
            const hidden = type.endsWith(":Secret") && { stringData: { "tls.crt": "secret", "tls.key": "secret" } };
            const object = { ...props, metadata, ...hidden } as KubernetesObject;
            await api
                .patch(object, undefined, "All", "objects-test", true, PatchStrategy.ServerSideApply)
                .catch((error: Error) => refused.push(`${type} ${name}: ${error.message}`));
        }
        assert.deepEqual(refused, []);
    });
});
