import assert from "node:assert/strict";
import { type PlannedResource, type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { assertGolden } from "../../support/golden";
import { allOnAws, buildObservee, buildObserveeOn, buildObserver, buildObserverOn, ON_AWS, observerConfig } from "../../support/testFleet";

/** One line per resource: everything about it but its inputs. */
const line = (r: PlannedResource) =>
    [
        `${r.type} ${r.name}`,
        r.parent && `in ${r.parent}`,
        r.dependsOn.length > 0 && `after ${[...new Set(r.dependsOn)].join(",")}`,
        r.provider && `by ${r.provider}`,
        r.protect && "protected",
        r.retainOnDelete && "retained",
        r.ignoreChanges.length > 0 && `ignoring ${r.ignoreChanges.join(",")}`,
    ]
        .filter(Boolean)
        .join(" ");

const listing = (run: Run) => `${run.resources.map(line).sort().join("\n")}\n`;

describe("the resources of", () => {
    for (const cloud of ["local", "aws"] as const) {
        it(`an observer on ${cloud} equal the golden file`, async () =>
            assertGolden(`observer-${cloud}.txt`, listing(await buildObserver(cloud))));
        it(`a sidecar observee on ${cloud} equal the golden file`, async () =>
            assertGolden(`sidecar-${cloud}.txt`, listing(await buildObservee("blue", cloud))));
        it(`a sidecar-remote-write observee on ${cloud} equal the golden file`, async () =>
            assertGolden(`sidecar-remote-write-${cloud}.txt`, listing(await buildObservee("red", cloud))));
    }

    for (const name of Object.keys(ON_AWS)) {
        it(`an observer on aws, variant ${name}, equal the golden file`, async () =>
            assertGolden(`observer-aws-${name}.txt`, listing(await buildObserverOn(name))));
        it(`a sidecar-remote-write observee on aws, variant ${name}, equal the golden file`, async () =>
            assertGolden(`sidecar-remote-write-aws-${name}.txt`, listing(await buildObserveeOn(name, "red"))));
    }

    it("every stack on aws have different URNs", async () => {
        for (const run of await allOnAws()) {
            const urns = run.resources.map((r) => r.urn);
            assert.deepEqual(
                urns.filter((urn, i) => urns.indexOf(urn) !== i),
                [],
            );
        }
    });

    it("every stack are put into the stack's own cluster, not into the one of some kubeconfig of this machine", async () => {
        const runs = await Promise.all([
            buildObserver("local"),
            buildObservee("red", "local"),
            buildObserver("aws"),
            buildObservee("red", "aws"),
        ]);
        const elsewhere = runs.flatMap(({ resources }) =>
            resources.filter((r) => r.type.startsWith("kubernetes:") && r.provider !== "kubernetes"),
        );
        assert.deepEqual(
            elsewhere.map(({ type, name }) => `${type} ${name}`),
            [],
        );
    });

    it("an observer are protected and retained where they hold data", async () => {
        const kept = (run: Run) =>
            run.resources
                .filter((r) => r.protect && r.retainOnDelete)
                .map((r) => `${r.type} ${r.name}`)
                .sort();
        const namespace = "kubernetes:core/v1:Namespace monitoring";
        assert.deepEqual(kept(await buildObserver("aws")), ["aws:kms/key:Key blocks-key", "aws:s3/bucket:Bucket blocks", namespace]);
        assert.deepEqual(kept(await buildObserver("local")), [namespace, "kubernetes:core/v1:PersistentVolumeClaim s3"]);
    });

    it("an observer include no Receive where no observee writes remotely", async () => {
        const ofReceive = async (mode: string) => {
            const config = toEngineConfig(observerConfig("local", { observees: [{ name: "blue", mode }] }));
            const { resources } = await runInProcess("observer", config);
            return resources.filter((r) => r.name.includes("receive") && r.parent !== "certificates").map((r) => r.type);
        };
        // Found by their names where somebody writes: this list is not empty because of a new name.
        assert.deepEqual(
            (await ofReceive("sidecar-remote-write")).filter((type) => type.startsWith("thanos-fleet:")),
            ["thanos-fleet:thanos:Receive"],
        );
        assert.deepEqual(await ofReceive("sidecar"), []);
    });

    it("an observer of a hundred small clusters in ten streams are fewer than 700, with one Store and one Compact for each stream", async () => {
        const clusters = Array.from({ length: 100 }, (_, i) => `small-${i}`);
        const config = observerConfig("local", {
            observees: clusters.map((name) => ({ name, mode: "sidecar" })),
            streams: Array.from({ length: 10 }, (_, i) => ({ name: `stream-${i}`, writers: clusters.slice(10 * i, 10 * i + 10) })),
        });
        const { resources } = await runInProcess("observer", toEngineConfig(config));
        const ofType = (type: string) => resources.filter((r) => r.type === `thanos-fleet:thanos:${type}`).length;
        // The observer's own stream is the eleventh.
        assert.deepEqual([ofType("Store"), ofType("Compact")], [11, 11]);
        assert.ok(resources.length < 700, `${resources.length} resources`);
    });

    it("an observer keep every volume when a StatefulSet is scaled down or deleted", async () => {
        const sets = (await buildObserver("local")).resources.filter((r) => r.type === "kubernetes:apps/v1:StatefulSet");
        assert.equal(sets.length, 7);
        for (const set of sets)
            assert.deepEqual((set.props.spec as Record<string, unknown>).persistentVolumeClaimRetentionPolicy, {
                whenDeleted: "Retain",
                whenScaled: "Retain",
            });
    });
});

describe("the outputs of", () => {
    it("an observer are the contract and, separately, what only one observee may see", async () => {
        const { configHash, ...outputs } = (await buildObserver("local")).outputs;
        assert.match(String(configHash), /^[0-9a-f]{64}$/);
        const store = {
            type: "S3",
            config: {
                bucket: "thanos",
                endpoint: "s3.fleet.test:7070",
                region: "us-east-1",
                insecure: true,
                bucket_lookup_type: "path",
                access_key: "thanos",
                secret_key: "<generated for blocks-secret-key>",
            },
        };
        const leaf = (cluster: string) => ({
            cert: `<certificate of leaf-${cluster}>`,
            key: `<key of leaf-${cluster}>`,
            ca: "<certificate of ca-readers>",
        });
        const writer = { cert: "<certificate of writer-red>", key: "<key of writer-red>", ca: "<certificate of ca-servers>" };
        assert.deepEqual(outputs, {
            contract: {
                version: 6,
                oldestReader: 2,
                domain: "fleet.test",
                thanos: "v0.42.4",
                observees: [
                    { name: "blue", mode: "sidecar" },
                    { name: "red", mode: "sidecar-remote-write" },
                ],
                receiveUrl: "https://receive.fleet.test:19291/api/v1/receive",
            },
            access: {
                blue: { objectStore: { ...store, prefix: "blue" }, certificates: { leaf: leaf("blue") } },
                red: { objectStore: { ...store, prefix: "red" }, certificates: { leaf: leaf("red"), writer } },
            },
            queryFrontend: "query.fleet.test",
            certificatesEnd: "<a year from now>",
            names: {
                cluster: "observer",
                domain: "fleet.test",
                namespace: "monitoring",
                storageClass: "standard",
                "prometheus.storage": "50Gi",
                "store.storage": "20Gi",
                "compact.storage": "100Gi",
                "receive.storage": "50Gi",
                "receive.ingesters": 3,
            },
        });
    });

    it("an observee are its mode, the address of its leaf Query and its immutable settings", async () => {
        const { configHash, ...outputs } = (await buildObservee("red", "aws")).outputs;
        assert.match(String(configHash), /^[0-9a-f]{64}$/);
        assert.deepEqual(outputs, {
            mode: "sidecar-remote-write",
            leafQuery: "query.red.fleet.test",
            names: {
                cluster: "red",
                domain: "fleet.test",
                namespace: "monitoring",
                storageClass: "thanos-fleet",
                "prometheus.storage": "50Gi",
                "aws.region": "eu-west-1",
            },
        });
    });
});
