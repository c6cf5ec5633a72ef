import assert from "node:assert/strict";
import { type Planned, type Run, runInProcess } from "../../cli/inProcess";
import { asText } from "../../cli/stackFile";
import { buildObservee, buildObserver, observerConfig } from "./fleet";
import { assertGolden } from "./golden";

/** One line a resource: everything about it that is not a value. */
const line = (r: Planned) =>
    [
        `${r.type} ${r.name}`,
        r.parent && `in ${r.parent}`,
        r.dependsOn.length > 0 && `after ${r.dependsOn.join(",")}`,
        r.provider && `by ${r.provider}`,
        r.protect && "protected",
        r.retainOnDelete && "retained",
        r.ignoreChanges.length > 0 && `ignoring ${r.ignoreChanges.join(",")}`,
    ]
        .filter(Boolean)
        .join(" ");

const listing = (run: Run) => `${run.resources.map(line).sort().join("\n")}\n`;

describe("the resources of a stack", () => {
    for (const cloud of ["local", "aws"] as const) {
        it(`are exactly these for an observer on ${cloud}`, async () =>
            assertGolden(`observer-${cloud}.txt`, listing(await buildObserver(cloud))));
        it(`are exactly these for a sidecar observee on ${cloud}`, async () =>
            assertGolden(`sidecar-${cloud}.txt`, listing(await buildObservee("blue", cloud))));
        it(`are exactly these for a sidecar-remote-write observee on ${cloud}`, async () =>
            assertGolden(`sidecar-remote-write-${cloud}.txt`, listing(await buildObservee("red", cloud))));
    }

    it("have unique names per type, so that no URN is given twice", async () => {
        for (const run of [await buildObserver("aws"), await buildObservee("red", "aws")]) {
            const urns = run.resources.map((r) => r.urn);
            assert.deepEqual(
                urns.filter((urn, i) => urns.indexOf(urn) !== i),
                [],
            );
        }
    });

    it("that hold data are protected and retained", async () => {
        const kept = (run: Run) =>
            run.resources
                .filter((r) => r.protect && r.retainOnDelete)
                .map((r) => `${r.type} ${r.name}`)
                .sort();
        assert.deepEqual(kept(await buildObserver("aws")), ["aws:kms/key:Key blocks-key", "aws:s3/bucket:Bucket blocks"]);
        assert.deepEqual(kept(await buildObserver("local")), ["kubernetes:core/v1:PersistentVolumeClaim s3"]);
    });

    it("have no Receive where no observee writes remotely", async () => {
        const config = asText(observerConfig("local", { observees: [{ name: "blue", mode: "sidecar" }] }));
        const { resources } = await runInProcess("observer", config);
        assert.deepEqual(
            resources.filter((r) => r.name.includes("receive")),
            [],
        );
    });

    it("keep every volume when a StatefulSet is scaled down or deleted", async () => {
        const sets = (await buildObserver("local")).resources.filter((r) => r.type === "kubernetes:apps/v1:StatefulSet");
        assert.equal(sets.length, 7);
        for (const set of sets)
            assert.deepEqual((set.props.spec as Record<string, unknown>).persistentVolumeClaimRetentionPolicy, {
                whenDeleted: "Retain",
                whenScaled: "Retain",
            });
    });
});

describe("the outputs of a stack", () => {
    it("of an observer are the contract, and its keys apart", async () => {
        const { outputs } = await buildObserver("local");
        assert.deepEqual(outputs, {
            contract: {
                version: 1,
                domain: "fleet.test",
                thanos: "v0.42.4",
                observees: [
                    { name: "blue", mode: "sidecar" },
                    { name: "red", mode: "sidecar-remote-write" },
                ],
                receiveUrl: "http://receive.fleet.test:19291/api/v1/receive",
                objectStore: { bucket: "thanos", endpoint: "s3.fleet.test:7070", region: "us-east-1", insecure: true },
            },
            keys: { accessKey: "thanos", secretKey: "<generated for blocks-secret-key>" },
            queryFrontend: "query.fleet.test",
        });
    });

    it("of an observee are its mode and its address", async () => {
        assert.deepEqual((await buildObservee("red", "aws")).outputs, { mode: "sidecar-remote-write", leafQuery: "query.red.fleet.test" });
    });
});
