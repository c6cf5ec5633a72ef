import assert from "node:assert/strict";
import {
    accessProblems,
    alertmanagerProblems,
    type Contract,
    checkContract,
    contractOf,
    keptAgentProblems,
    retentionProblems,
} from "../../../../components/stack/contract";
import { loadConfig } from "../../../../config/load";
import type { ObserveeConfig, ObserverConfig } from "../../../../config/schema";
import { problemText } from "../../../../rules/problem";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

const fleet = (settings: Record<string, unknown>, cloud: "local" | "aws" = "local") =>
    loadConfig(observerConfig(cloud, settings)) as ObserverConfig;

const reader = { stack: "organization/thanos-fleet/observer", cluster: "blue", domain: "fleet.test" };
const good: Contract = {
    version: 6,
    oldestReader: 2,
    domain: "fleet.test",
    thanos: "v0.42.4",
    observees: [{ name: "blue", mode: "sidecar" }],
    receiveUrl: "https://receive.fleet.test:19291/api/v1/receive",
};

const refusal = (output: unknown, by = reader) => {
    try {
        checkContract(output, by);
    } catch (error) {
        return (error as Error).message;
    }
    return "accepted";
};

describe("the contract between stacks", () => {
    const accepted = { contract: good, entry: { name: "blue", mode: "sidecar" } };

    it("is accepted where version, domain and cluster agree", () => assert.deepEqual(checkContract(good, reader), accepted));

    it("is accepted with another cluster in a mode that this checkout does not know", () => {
        const contract = { ...good, observees: [...good.observees, { name: "red", mode: "agent" }] };
        assert.deepEqual(checkContract(contract, reader), { ...accepted, contract });
    });

    it("is refused where this cluster's own mode is not known", () => {
        assert.equal(
            refusal({ ...good, observees: [{ name: "blue", mode: "push" }] }),
            [
                "contract between organization/thanos-fleet/observer and blue: 1 problem. Nothing was changed.",
                '  contract.observees[0].mode: Invalid option: expected one of "sidecar"|"sidecar-remote-write"|"agent". Run `pulumi up` on organization/thanos-fleet/observer again, or update this checkout to the one that deployed it.',
            ].join("\n"),
        );
    });

    it("of the version before is accepted", () => {
        const contract = { ...good, version: 5 };
        assert.deepEqual(checkContract(contract, reader), { ...accepted, contract });
    });

    it("of a later version is accepted where it says that this version can read it", () => {
        const contract = { ...good, version: 6, oldestReader: 5 };
        assert.deepEqual(checkContract(contract, reader), { ...accepted, contract });
    });

    it("of an older Thanos is refused: the observer's Query must not be older than a leaf", () => {
        assert.equal(
            refusal({ ...good, thanos: "v0.41.0" }),
            [
                "contract between organization/thanos-fleet/observer and blue: 1 problem. Nothing was changed.",
                "  contract.thanos: this checkout deploys Thanos v0.42.4, organization/thanos-fleet/observer runs v0.41.0: a Query may be newer than what it asks, not older. Run `pulumi up` on organization/thanos-fleet/observer with this checkout first.",
            ].join("\n"),
        );
    });

    it("of a newer Thanos is accepted: observees follow", () => {
        const contract = { ...good, thanos: "v0.43.0" };
        assert.deepEqual(checkContract(contract, reader), { ...accepted, contract });
    });

    it("of a later version is refused: the reader has to be updated", () => {
        assert.equal(
            refusal({ ...good, version: 7, oldestReader: 7 }),
            [
                "contract between organization/thanos-fleet/observer and blue: 1 problem. Nothing was changed.",
                "  contract.version: organization/thanos-fleet/observer exports version 7, blue reads version 6. Update this checkout of thanos-fleet to the one that deployed organization/thanos-fleet/observer.",
            ].join("\n"),
        );
    });

    it("of an earlier version is refused: the observer has to be updated", () => {
        assert.match(
            refusal({ ...good, version: 1 }),
            /Run `pulumi up` on organization\/thanos-fleet\/observer with this checkout first\.$/,
        );
    });

    it("is refused where the observer exports none: the observer has to be deployed first", () => {
        assert.match(refusal(undefined), /exports none\. Deploy the observer first/);
    });

    it("of another domain is refused", () => {
        assert.match(
            refusal(good, { ...reader, domain: "other.test" }),
            /domain: "other\.test" is not the fleet's: .* has "fleet\.test"\. Write the same domain/,
        );
    });

    it("is refused where this cluster is not in it", () => {
        assert.match(refusal(good, { ...reader, cluster: "green" }), /cluster: "green" is not among the observees of .* \(blue\)\. Add it/);
    });

    it("is refused where a part is missing, and the part is named", () => {
        assert.match(refusal({ ...good, receiveUrl: undefined }), /contract\.receiveUrl: /);
    });

    it("is made of the observer's settings and of what its cloud knows, and is accepted by every observee in it", () => {
        const observees = [
            { name: "blue", mode: "sidecar" as const, archived: false },
            { name: "red", mode: "sidecar-remote-write" as const, account: "333333333333", via: "role" as const, archived: false },
            { name: "green", mode: "sidecar" as const, archived: true },
        ];
        const onAws = contractOf(fleet({ observees }, "aws"), { account: "111111111111", rolePath: "/thanos-fleet/" });
        assert.deepEqual(onAws, {
            ...good,
            observees: [
                { name: "blue", mode: "sidecar", account: "111111111111" },
                { name: "red", mode: "sidecar-remote-write", account: "333333333333" },
            ],
            rolePath: "/thanos-fleet/",
        });
        assert.deepEqual(checkContract(onAws, { ...reader, cluster: "red" }), { contract: onAws, entry: onAws.observees[1] });
        assert.deepEqual(contractOf(fleet({ observees: observees.slice(0, 1) }), {}), good);
    });
});

describe("the contract of a fleet with a shared stream", () => {
    const observees = ["blue", "red"].map((name) => ({ name, mode: "sidecar" as const, archived: false }));
    const contract = contractOf(fleet({ observees, streams: [{ name: "small", writers: ["red"] }] }), {});

    it("names the stream of each cluster that does not upload to its own", () =>
        assert.deepEqual(contract.observees, [
            { name: "blue", mode: "sidecar" },
            { name: "red", mode: "sidecar", stream: "small" },
        ]));

    it("cannot be read by a checkout that knows no streams: it would upload to a prefix that nobody reads", () =>
        assert.equal(contract.oldestReader, 3));

    it("cannot be read by a checkout that takes the stream's name for its prefix, where a deployed observee writes to one with another prefix", () => {
        const objectStore = { type: "GCS", config: { bucket: "mine" } };
        const oldest = (writers: string[]) =>
            contractOf(fleet({ observees, objectStore, streams: [{ name: "small", writers, prefix: "" }] }), {}).oldestReader;
        assert.deepEqual([oldest(["red"]), oldest([])], [6, 2]);
    });
});

describe("access to the blocks through a role of the observer's account", () => {
    const role = "arn:aws:iam::111111111111:role/red-blocks";
    const config = (by: string, cloud: "aws" | "local" = "aws") => {
        const settings = observeeConfig("red", cloud);
        const aws = { ...(settings.aws as object), identity: { by } };
        return loadConfig({ ...settings, ...(cloud === "aws" && { aws }) }) as ObserveeConfig;
    };
    const paths = (observee: ObserveeConfig, access: { role?: string }) => accessProblems(observee, access).map(({ path }) => path);

    it("is refused with IRSA, which cannot assume a second role", () =>
        assert.deepEqual(paths(config("irsa"), { role }), ["aws.identity.by"]));

    it("is accepted with Pod Identity", () => assert.deepEqual(paths(config("pod-identity"), { role }), []));

    it("is not needed where the bucket's policy names the observee's own role", () => assert.deepEqual(paths(config("irsa"), {}), []));

    it("is not checked in the local fleet", () => assert.deepEqual(paths(config("irsa", "local"), { role }), []));
});

describe("the contract of a fleet whose Stores leave recent samples to Receive", () => {
    const observees = [
        { name: "blue", mode: "sidecar" },
        { name: "red", mode: "sidecar-remote-write" },
        { name: "green", mode: "agent" },
        { name: "lime", mode: "sidecar-remote-write" },
        { name: "pink", mode: "sidecar" },
    ];
    const streams = [{ name: "small", writers: ["lime", "pink"] }];

    it("says how long the Prometheus of a cluster must keep samples, where Receive holds those of its stream too", () =>
        assert.deepEqual(contractOf(fleet({ observees, streams, store: { minAge: "22h", syncInterval: "30m" } }), {}).observees, [
            { name: "blue", mode: "sidecar" },
            { name: "red", mode: "sidecar-remote-write", keptFor: "23h" },
            // An agent has no blocks to keep.
            { name: "green", mode: "agent", stream: "agents" },
            // Pink does not write to Receive, so Stores answer for all ages of their stream.
            { name: "lime", mode: "sidecar-remote-write", stream: "small" },
            { name: "pink", mode: "sidecar", stream: "small" },
        ]));

    it("is refused by a Prometheus that keeps samples for less", () => {
        const red = (retention: string) => loadConfig(observeeConfig("red", "local", { prometheus: { retention } })) as ObserveeConfig;
        assert.deepEqual(retentionProblems(red("23h"), { keptFor: "23h" }), []);
        assert.deepEqual(retentionProblems(red("6h"), {}), []);
        assert.deepEqual(retentionProblems(red("22h"), { keptFor: "23h" }).map(problemText), [
            "prometheus.retention: 22h is shorter than the 23h after which Stores answer for this cluster: what Receive missed in between could not be queried. " +
                "Write 23h or longer, or a shorter store.minAge in organization/thanos-fleet/observer.",
        ]);
    });
});

describe("an observee that keeps its Prometheus", () => {
    const { chart: _chart, storageClass: _class, ...settings } = observeeConfig("red", "local", { createNamespace: false });
    const red = loadConfig({ ...settings, prometheus: { existing: { name: "k8s" } } }) as ObserveeConfig;

    it("cannot be an agent", () => {
        assert.deepEqual(keptAgentProblems(red, { mode: "agent" }).map(problemText), [
            "prometheus.existing: keeps a Prometheus that stores blocks and evaluates rules, but organization/thanos-fleet/observer lists this cluster with mode agent: " +
                "Receive would upload what its sidecars upload too. Write mode: sidecar-remote-write in the observees of organization/thanos-fleet/observer, " +
                "or remove it: the stack then installs an agent beside it.",
        ]);
        assert.deepEqual(keptAgentProblems(red, { mode: "sidecar" }), []);
        assert.deepEqual(keptAgentProblems(loadConfig(observeeConfig("red", "local")) as ObserveeConfig, { mode: "agent" }), []);
    });

    it("is asked for its retention when it is read, not by the setting that it does not follow", () =>
        assert.deepEqual(retentionProblems(red, { keptFor: "30d" }), []));
});

describe("an observee whose alerts go to the fleet's Alertmanager", () => {
    const blue = (alerting: object) => loadConfig(observeeConfig("blue", "local", { alerting })) as ObserveeConfig;
    const { alertmanagers } = contractOf(fleet({ alerting: { alertmanager: "fleet" } }), {});

    it("is refused where the observer runs none", () => {
        assert.deepEqual(alertmanagerProblems(blue({ alertmanager: "fleet" }), good, { mode: "sidecar" }).map(problemText), [
            "alerting.alertmanager: is fleet, but organization/thanos-fleet/observer runs no Alertmanager for the fleet: alerts would reach nobody. " +
                "Write alerting.alertmanager: fleet in organization/thanos-fleet/observer and run `pulumi up` there first, or write install here.",
        ]);
    });

    it("is accepted where the observer runs it, and so is one with its own, and an agent, which has no alerts", () => {
        assert.deepEqual(alertmanagerProblems(blue({ alertmanager: "fleet" }), { alertmanagers }, { mode: "sidecar" }), []);
        assert.deepEqual(alertmanagerProblems(blue({}), good, { mode: "sidecar" }), []);
        assert.deepEqual(alertmanagerProblems(blue({ alertmanager: "fleet" }), good, { mode: "agent" }), []);
    });
});
