import assert from "node:assert/strict";
import {
    changedSettings,
    type ImmutableSettings,
    immutableSettingsOf,
    removedObservees,
    removedRule,
    removedStreams,
} from "../../../../components/stack/immutableSettings";
import { loadConfig } from "../../../../config/load";
import type { ObserverConfig } from "../../../../config/schema";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

const deployed = immutableSettingsOf(loadConfig(observerConfig("aws")));

const texts = (now: ImmutableSettings) =>
    changedSettings(deployed, now).map(({ path, problem, remedy }) => `${path}: ${problem} ${remedy}`);

describe("the settings that must not change", () => {
    it("of an observer on AWS are its names, its volumes, its region, its bucket and its role path", () =>
        assert.deepEqual(deployed, {
            cluster: "observer",
            domain: "fleet.test",
            namespace: "monitoring",
            storageClass: "thanos-fleet",
            "prometheus.storage": "50Gi",
            "store.storage": "20Gi",
            "compact.storage": "100Gi",
            "receive.storage": "50Gi",
            "receive.ingesters": 3,
            "aws.region": "eu-west-1",
            "aws.bucket": "blocks-of-the-fleet",
            "aws.bucketPerCluster": false,
            "aws.rolePath": "/thanos-fleet/",
        }));

    it("of a stream is its prefix, which nothing else may have decided by its name", () => {
        const of = (prefix?: string) => {
            const streams = [{ name: "old", writers: [], ...(prefix !== undefined && { prefix }) }];
            const objectStore = { type: "GCS", config: { bucket: "mine" } };
            return immutableSettingsOf(loadConfig(observerConfig("local", { streams, objectStore })));
        };
        const changes = (before: ImmutableSettings, now: ImmutableSettings) =>
            changedSettings(before, now).map(({ path, problem, remedy }) => `${path}: ${problem} ${remedy}`);
        assert.deepEqual(changes(of(""), of()), [
            'streams.prefix of old: "old" instead of "", where this stack\'s data is. Write "". Its blocks are there: for another prefix, list a new stream, and keep this one without writers.',
        ]);
        assert.deepEqual(changes(of(), of("old")), []);
        assert.deepEqual(changes(of(""), immutableSettingsOf(loadConfig(observerConfig("local")))), []);
    });

    it("of an observee are its names, its volumes and its region", () =>
        assert.deepEqual(immutableSettingsOf(loadConfig(observeeConfig("blue", "aws"))), {
            cluster: "blue",
            domain: "fleet.test",
            namespace: "monitoring",
            storageClass: "thanos-fleet",
            "prometheus.storage": "50Gi",
            "aws.region": "eu-west-1",
        }));

    describe("with a Prometheus that is kept", () => {
        const { chart: _chart, storageClass: _class, ...red } = observeeConfig("red", "local", { createNamespace: false });
        const own = immutableSettingsOf(loadConfig(observeeConfig("red", "local")));
        const kept = (name: string) => immutableSettingsOf(loadConfig({ ...red, prometheus: { existing: { name } } }));
        const said = (before: ImmutableSettings, now: ImmutableSettings) =>
            changedSettings(before, now).map(({ path, problem, remedy }) => `${path}: ${problem} ${remedy}`);
        const ANEW =
            "The other one has samples that are in no bucket yet: take this stack down as docs/take-down.md says, which leaves that Prometheus alone, and deploy it anew.";

        it("are its name, and nothing of volumes", () =>
            assert.deepEqual(kept("k8s"), {
                cluster: "red",
                domain: "fleet.test",
                namespace: "monitoring",
                "prometheus.existing.name": "k8s",
            }));

        it("keep it", () => {
            assert.deepEqual(said(kept("k8s"), kept("k8s")), []);
            assert.deepEqual(said(kept("k8s"), kept("other")), [
                `prometheus.existing.name: "other" instead of "k8s", where this stack's data is. Write k8s. ${ANEW}`,
            ]);
            assert.deepEqual(said(kept("k8s"), own), [
                `prometheus.existing.name: nothing instead of "k8s", where this stack's data is. Write k8s. ${ANEW}`,
            ]);
        });

        it("do not replace the stack's own", () =>
            assert.deepEqual(said(own, kept("k8s")), [
                "prometheus.existing: k8s would replace the Prometheus of this stack, and with it up to 3 h of samples that are in no bucket yet. " +
                    "Remove it. To keep the other one from now on, take this stack down as docs/take-down.md says, and deploy it anew with this setting.",
            ]));
    });

    it("may have any value in the first deployment", () => assert.deepEqual(changedSettings({}, deployed), []));

    it("may keep their values", () => assert.deepEqual(changedSettings(deployed, { ...deployed }), []));

    it("may be added: a fleet that kept its blocks elsewhere gets a bucket", () =>
        assert.deepEqual(changedSettings({ cluster: "observer", domain: "fleet.test" }, deployed), []));

    it("are all named at once when they change, each with the value to write", () => {
        const now = {
            ...deployed,
            cluster: "watcher",
            domain: "other.test",
            namespace: "metrics",
            storageClass: "gp3",
            "aws.region": "eu-west-3",
            "aws.bucket": "other",
            "aws.bucketPerCluster": true,
            "aws.rolePath": "/",
        };
        assert.deepEqual(
            changedSettings(deployed, now).map(({ path, problem, remedy }) => `${path}: ${problem} ${remedy.split(". ")[0]}`),
            [
                'cluster: "watcher" instead of "observer", where this stack\'s data is. Write observer',
                'domain: "other.test" instead of "fleet.test", where this stack\'s data is. Write fleet.test',
                'namespace: "metrics" instead of "monitoring", where this stack\'s data is. Write monitoring',
                'storageClass: "gp3" instead of "thanos-fleet", where this stack\'s data is. Write thanos-fleet',
                'aws.region: "eu-west-3" instead of "eu-west-1", where this stack\'s data is. Write eu-west-1',
                'aws.bucket: "other" instead of "blocks-of-the-fleet", where this stack\'s data is. Write blocks-of-the-fleet',
                "aws.bucketPerCluster: true instead of false, where this stack's data is. Write false",
                'aws.rolePath: "/" instead of "/thanos-fleet/", where this stack\'s data is. Write /thanos-fleet/',
            ],
        );
    });

    it("may not be removed from the configuration", () => {
        const { "aws.bucket": _, ...rest } = deployed;
        assert.deepEqual(
            changedSettings(deployed, rest).map(({ problem }) => problem),
            ['nothing instead of "blocks-of-the-fleet", where this stack\'s data is.'],
        );
    });

    it("grow, where they are sizes, in any unit", () =>
        assert.deepEqual(texts({ ...deployed, "receive.storage": "51Gi", "store.storage": "20480Mi", "compact.storage": "1Ti" }), []));

    it("do not shrink", () =>
        assert.deepEqual(texts({ ...deployed, "prometheus.storage": "49Gi", "compact.storage": "102399Mi" }), [
            "prometheus.storage: 49Gi is less than the 50Gi that are deployed. Kubernetes cannot make a volume smaller. Write 50Gi or more.",
            "compact.storage: 102399Mi is less than the 100Gi that are deployed. Kubernetes cannot make a volume smaller. Write 100Gi or more.",
        ]));

    it("go with the component whose volumes they size", () => {
        const { "receive.storage": _, ...withoutReceive } = deployed;
        assert.deepEqual(texts(withoutReceive), []);
    });

    it("have no size of a component that does not run: an observer without writers may choose the ingesters' later", () =>
        assert.equal(
            immutableSettingsOf(loadConfig(observerConfig("aws", { observees: [{ name: "blue", mode: "sidecar" }] })))["receive.storage"],
            undefined,
        ));

    it("all have a remedy", () =>
        assert.deepEqual(
            changedSettings(deployed, {}).filter(({ remedy }) => remedy.includes("undefined")),
            [],
        ));
});

describe("an observee that is not listed any more", () => {
    const deployed = [{ name: "blue" }, { name: "red" }];

    it("is refused: its history would be left without Store and Compact", () =>
        assert.deepEqual(removedObservees(deployed, [{ name: "red" }]), [
            {
                path: "observees",
                problem: "blue is not listed any more: nothing would answer queries from its blocks, or expire them.",
                remedy: "List it with archived: true. To give up its history too, deploy that first and remove the entry then; its blocks stay where they are.",
            },
        ]));

    it("may be removed once it was deployed as archived: the contract no longer names it", () =>
        assert.deepEqual(removedObservees([{ name: "red" }], [{ name: "red" }]), []));
});

describe("the streams that observees upload to", () => {
    const observees = [{ name: "blue" }, { name: "red" }];
    const problems = (deployed: { name: string; stream?: string }[], streams: { name: string; writers: string[] }[], listed = observees) =>
        removedStreams(deployed, { observees: listed, streams }).map(({ path, problem, remedy }) => `${path}: ${problem} ${remedy}`);

    it("may not disappear when their clusters move to another", () =>
        assert.deepEqual(
            problems(observees, [
                { name: "small", writers: ["blue", "red"] },
                { name: "red", writers: [] },
            ]),
            [
                "streams: blue is gone: nothing would answer queries from the blocks that are there, or expire them. Add {name: blue, writers: []}. " +
                    "To give up its history too, deploy that first and remove the entry then; its blocks stay where they are.",
            ],
        ));

    it("may not disappear when a shared one is dissolved, and are named once", () =>
        assert.match(
            problems(
                observees.map(({ name }) => ({ name, stream: "small" })),
                [],
            ).join("\n"),
            /^streams: small is gone: .*$/,
        ));

    it("may stay without writers", () =>
        assert.deepEqual(problems([{ name: "blue", stream: "small" }], [{ name: "small", writers: [] }]), []));

    it("are not named a second time where the cluster itself is not listed any more", () =>
        assert.deepEqual(problems([{ name: "blue" }], [], []), []));
});

describe("Rule's stream", () => {
    const rule = { files: ["tests/support/rules/fleet.yml"] };
    const before = immutableSettingsOf(loadConfig(observerConfig("local", { rule })));
    const problems = (more: Record<string, unknown>) => removedRule(before, loadConfig(observerConfig("local", more)) as ObserverConfig);

    it("may not disappear with Rule, but stay without it", () => {
        assert.deepEqual(problems({ rule }), []);
        assert.deepEqual(
            problems({}).map(({ path, problem }) => `${path}: ${problem}`),
            ["streams: rule is gone: nothing would answer queries from the blocks that are there, or expire them."],
        );
        assert.deepEqual(problems({ streams: [{ name: "rule", writers: [] }] }), []);
        assert.deepEqual(removedRule(deployed, loadConfig(observerConfig("local")) as ObserverConfig), []);
    });

    it("may not disappear with its blocks either, where Rule becomes stateless", () => {
        const stateless = { rule: { ...rule, stream: "recorded" } };
        const recorded = { name: "recorded", writers: [], receiveUploads: true };
        assert.deepEqual(
            problems({ ...stateless, streams: [recorded] }).map(({ path }) => path),
            ["streams"],
        );
        assert.deepEqual(problems({ ...stateless, streams: [recorded, { name: "rule", writers: [] }] }), []);
        const after = immutableSettingsOf(loadConfig(observerConfig("local", { ...stateless, streams: [recorded] })));
        assert.deepEqual(
            Object.keys(after).filter((path) => path.startsWith("rule.")),
            [],
        );
    });

    it("has volumes that may grow and not shrink", () => {
        const texts = (storage: string) => changedSettings(before, { ...before, "rule.storage": storage }).map(({ path }) => path);
        assert.deepEqual([texts("20Gi"), texts("5Gi")], [[], ["rule.storage"]]);
    });
});
