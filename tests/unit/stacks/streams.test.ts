import assert from "node:assert/strict";
import { type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { observeeConfig, observerConfig } from "../../support/testFleet";

/** Rights on objects in the policy of a role, by the role's name without its hash. */
const rightsOf = ({ resources }: Run) =>
    resources
        .filter(({ type }) => type === "aws:iam/rolePolicy:RolePolicy")
        .map(({ props }) => [String(props.role).replace(/-[0-9a-f]{6}$/, ""), String(props.policy)] as const)
        .flatMap(([role, policy]) => [...policy.matchAll(/:::[^"/]*\/([^"]*)"/g)].map(([, objects]) => `${role}: ${objects}`));

describe("a stream that blue and red share", () => {
    const observees = [
        { name: "blue", mode: "sidecar" },
        { name: "red", mode: "sidecar", account: "222222222222", via: "role" },
    ];
    const streams = [
        { name: "small", writers: ["blue", "red"], retention: "30d" },
        { name: "blue", writers: [] },
    ];
    // Accounts have a meaning on AWS only.
    const settings = { aws: { observees, streams }, local: { observees: observees.map(({ name, mode }) => ({ name, mode })), streams } };
    const observer = (cloud: "aws" | "local") => runInProcess("observer", toEngineConfig(observerConfig(cloud, settings[cloud])));
    const observee = async (name: string, cloud: "aws" | "local") => {
        const { outputs } = await observer(cloud);
        return runInProcess(name, toEngineConfig(observeeConfig(name, cloud)), () => outputs);
    };

    it("has one Store and one Compact, beside those of the stream that blue left", async () => {
        const { resources } = await observer("aws");
        assert.deepEqual(
            resources
                .filter(({ type }) => /:thanos:(Store|Compact)$/.test(type))
                .map(({ name }) => name)
                .sort(),
            ["compact-blue", "compact-observer", "compact-small", "store-blue", "store-observer", "store-small"],
        );
    });

    it("has a retention of its own", async () => {
        const { resources } = await observer("local");
        const flags = (name: string) => {
            const set = resources.find((r) => r.type === "kubernetes:apps/v1:StatefulSet" && r.name === name);
            return JSON.stringify(set?.props).match(/--retention\.[^"]*/g);
        };
        const all = (duration: string) => ["raw", "5m", "1h"].map((resolution) => `--retention.resolution-${resolution}=${duration}`);
        assert.deepEqual([flags("thanos-compact-small"), flags("thanos-compact-blue")], [all("30d"), all("90d")]);
    });

    it("is what blue's objstore file names", async () => {
        const { resources } = await observee("blue", "local");
        const secret = resources.find(({ name }) => name === "thanos-objstore-small");
        assert.match(JSON.stringify(secret?.secrets), /prefix: small\\n/);
    });

    it("is what blue's objstore file names where the observer was deployed by a checkout that names no prefix", async () => {
        const { contract, access } = (await observer("local")).outputs as { contract: object; access: { blue: { objectStore: object } } };
        const { prefix, ...objectStore } = access.blue.objectStore as { prefix: string };
        const older = { contract, access: { blue: { ...access.blue, objectStore } } };
        const { resources } = await runInProcess("blue", toEngineConfig(observeeConfig("blue", "local")), () => older);
        assert.equal(prefix, "small");
        assert.match(JSON.stringify(resources.find(({ name }) => name === "thanos-objstore-small")?.secrets), /prefix: small\\n/);
    });

    it("is all that the Prometheus of a writer has rights on, in the observer's account or its own", async () => {
        assert.deepEqual(
            rightsOf(await observee("blue", "aws")).filter((right) => right.startsWith("blue-prometheus")),
            ["blue-prometheus: small/*"],
        );
        assert.deepEqual(
            rightsOf(await observer("aws"))
                .filter((right) => /^(red|small|blue)-/.test(right))
                .sort(),
            ["blue-compact: blue/*", "blue-store: blue/*", "red-blocks: small/*", "small-compact: small/*", "small-store: small/*"],
        );
    });
});

describe("a stream in the root of an existing bucket", () => {
    const streams = [{ name: "old", writers: ["blue"], prefix: "" }];
    const objectStore = { type: "GCS", config: { bucket: "mine" } };
    const observees = [{ name: "blue", mode: "sidecar" }];
    const observer = () => runInProcess("observer", toEngineConfig(observerConfig("local", { observees, streams, objectStore })));
    const fileOf = ({ resources }: Run, stream: string) =>
        JSON.stringify(resources.find(({ name }) => name === `thanos-objstore-${stream}`)?.secrets).match(/prefix: .*?\\n/)?.[0];

    it("is what the objstore files of the observer and of its writer name, beside the folders of other streams", async () => {
        const { outputs } = await observer();
        const blue = await runInProcess("blue", toEngineConfig(observeeConfig("blue", "local")), () => outputs);
        assert.deepEqual(
            [fileOf(await observer(), "old"), fileOf(blue, "old"), fileOf(await observer(), "observer")],
            ['prefix: \\"\\"\\n', 'prefix: \\"\\"\\n', "prefix: observer\\n"],
        );
    });
});
