import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CoreV1Api, StorageV1Api } from "@kubernetes/client-node";
import { clusterId, kubeConfig } from "../../clients/kubernetes";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { CLUSTERS, DOMAIN, dnsHosts, NAMESPACE } from "../../local/fleet/settings";
import { BUILT_TOOLS, buildImages, clusterToolsOf, downClusters } from "../../local/offline/builtClusters";
import { acceptBridgeTraffic, type Cluster, loadImage, upCluster } from "../../local/offline/cluster";
import { networkOf } from "../../local/offline/cluster/spec";
import { npmStart } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/**
 * Three clusters of the test's own, given to `npm start -- --context`, as `npm run test:given` does: bare ones first, then the same ones with all that they
 * lacked. Not a part of the suite: they need as much memory as its fleet.
 */

/** Away from the addresses of the clusters that `npm start` makes itself. */
const GIVEN = CLUSTERS.map(({ name, index }) => ({ stack: name, name: `given-${name}`, index: 20 + index }));
const FLAGS = GIVEN.map(({ stack, name }) => `${stack}=${name}`);
/** What bare clusters take to be refused: a Service waits a minute for its address. */
const AT_ONCE_SECONDS = 120;

const silent = { update: () => {}, done: () => {}, fail: () => {} };

describe("npm start -- --context with clusters of the user's", () => {
    const directory = temporaryDirectory();
    const runDir = join(directory, "c");
    const state = join(directory, "s");
    let clusters: Cluster[];

    /** Makes the clusters, or restarts them as they are to be now. */
    async function make(has: { loadBalancers: boolean; dns: boolean }): Promise<void> {
        const found = await tools(...BUILT_TOOLS);
        const images = await buildImages("sidecars", found, () => {});
        const clusterTools = clusterToolsOf(found, images);
        const hosts = dnsHosts(GIVEN.map(({ stack, name, index }) => ({ name: stack, nodeIp: networkOf({ name, index }).nodeIp })));
        await mkdir(runDir, { recursive: true });
        await acceptBridgeTraffic();
        const { signal } = new AbortController();
        clusters = await Promise.all(
            GIVEN.map(({ name, index }) =>
                upCluster(
                    { name, index, servesLoadBalancers: has.loadBalancers },
                    clusterTools,
                    runDir,
                    has.dns ? hosts : {},
                    silent,
                    signal,
                ),
            ),
        );
        for (const cluster of clusters) for (const { archive } of images) await loadImage(cluster, archive, clusterTools);
    }

    const start = (args: string[], within: number) => {
        const KUBECONFIG = clusters.map(({ kubeconfig }) => kubeconfig).join(delimiter);
        return npmStart(args, { within, env: { ...process.env, XDG_STATE_HOME: state, KUBECONFIG } });
    };
    const core = (cluster: Cluster) => kubeConfig(cluster).makeApiClient(CoreV1Api);

    before(async () => {
        await make({ loadBalancers: false, dns: false });
        for (const cluster of clusters) {
            await kubeConfig(cluster).makeApiClient(StorageV1Api).deleteStorageClass({ name: LOCAL_STORAGE_CLASS });
            const { items } = await core(cluster).listNode();
            for (const node of items) {
                const labels = Object.entries(node.metadata?.labels ?? {}).filter(([key]) => !key.startsWith("topology."));
                await core(cluster).replaceNode({
                    name: node.metadata?.name ?? "",
                    body: { ...node, metadata: { ...node.metadata, labels: Object.fromEntries(labels) } },
                });
            }
        }
    });
    after(async () => void (await downClusters(runDir)));

    it(`refuses bare ones within ${AT_ONCE_SECONDS} s, with all that each lacks, and makes nothing`, async () => {
        const began = Date.now();
        const { code, output } = await start(["--context", ...FLAGS], 300);
        const seconds = (Date.now() - began) / 1000;
        console.log(output.replace(/^/gm, "      "));
        assert.equal(code, 2, output);
        assert.ok(seconds < AT_ONCE_SECONDS, `${seconds} s`);
        assert.match(output, new RegExp(`${3 * FLAGS.length} problems\\. Nothing was changed\\.`));
        for (const flag of FLAGS)
            for (const lack of [
                `has no StorageClass ${LOCAL_STORAGE_CLASS} and no default one \\(it has none\\)\\.`,
                "gives a Service of type LoadBalancer no address within 60 s",
                `does not resolve names of ${DOMAIN}`,
            ])
                assert.match(output, new RegExp(`--context ${flag}: ${lack}`));
        for (const cluster of clusters) {
            const namespaces = await core(cluster).listNamespace();
            assert.ok(!namespaces.items.some(({ metadata }) => metadata?.name === NAMESPACE), `${cluster.name} has the fleet's namespace`);
            const services = await core(cluster).listServiceForAllNamespaces({ fieldSelector: "spec.type=LoadBalancer" });
            assert.deepEqual(
                services.items.map(({ metadata }) => metadata?.name),
                [],
            );
        }
    });

    it("--doctor tells the same, and that they can run the fleet once they have it", async () => {
        const bare = await start(["--doctor", "--context", ...FLAGS], 300);
        assert.equal(bare.code, 2, bare.output);
        await make({ loadBalancers: true, dns: true });
        const { code, output } = await start(["--doctor", "--context", ...FLAGS], 300);
        assert.equal(code, 0, output);
        for (const flag of FLAGS)
            assert.match(output, new RegExp(`ok +--context ${flag}: can run it, with volumes of StorageClass ${LOCAL_STORAGE_CLASS}`));
    });

    it("makes a fleet that answers of those that have it, which a second run leaves as it is", async () => {
        const { code, output } = await start(["--context", ...FLAGS], 1500);
        assert.equal(code, 0, output);
        assert.match(output, /Check +ok .*observer \d+ up · .*replicas deduplicated .*history back to \d{4}-\d\d-\d\d/);
        const again = await start(["--context", ...FLAGS], 600);
        assert.equal(again.code, 0, again.output);
        for (const { stack } of GIVEN) assert.match(again.output, new RegExp(`Deploy ${stack} +ok unchanged`));
    });

    it("--down removes the fleet from them, and leaves the clusters", async () => {
        const before = await Promise.all(clusters.map(clusterId));
        const { code, output } = await start(["--down"], 900);
        assert.equal(code, 0, output);
        assert.deepEqual(await Promise.all(clusters.map(clusterId)), before);
        for (const cluster of clusters) {
            const { items } = await core(cluster).listNamespace();
            assert.ok(!items.some(({ metadata }) => metadata?.name === NAMESPACE), `${cluster.name} still has the fleet's namespace`);
        }
        assert.equal(existsSync(join(state, "thanos-fleet")), false);
    });
});
