import { configMap, HASHRINGS, thanos } from "./example";
import { releaseLack } from "./lacks";
import { NOTHING, type Receive } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

const BROKEN = ">=0.37.0 <0.41.0";

export const capnprotoNeeds041 = defineRule({
    id: "L13",
    name: "capnproto-needs-041",
    title: "Cap'n Proto is used from Thanos 0.41 on",
    why: "Before 0.40 Cap'n Proto mixes up labels of exemplars (thanos#8486), and before 0.41 a router retries a broken connection for ever (thanos#8254, #8491): remote writes are lost once the senders' queues are full.",
    source: "https://github.com/thanos-io/thanos/blob/main/CHANGELOG.md",
    remedy: "Run Thanos 0.41 or newer, or remove --receive.replication-protocol=capnproto.",
    severity: "high",
    reads: ["receives"],
    scope: "deployment",
    versions: { Thanos: BROKEN },
    thresholds: {},
    check: ({ receives }) => {
        const problems = new Problems();
        for (const { path, sending, version } of receives)
            problems.when(
                sending?.protocol === "capnproto" && isIn(BROKEN, version) === true,
                `${path}.protocol`,
                `capnproto loses connections for ever in Thanos ${version}.`,
                "Run Thanos 0.41 or newer, or use protobuf.",
            );
        return problems.all();
    },
    lacks: ({ receives }) =>
        releaseLack(receives.filter(({ sending, version }) => sending?.protocol === "capnproto" && version === undefined)),
    good: { ...NOTHING, receives: [receive("0.41.0", "capnproto"), receive("0.40.1", "protobuf")] },
    bad: { ...NOTHING, receives: [receive("0.40.1", "capnproto")] },
    manifests: {
        good: [hashrings(), router("v0.42.4")],
        bad: [hashrings(), router("v0.40.1")],
    },
});

function hashrings() {
    return configMap("hashrings", { "hashrings.json": '[{"endpoints": [{"address": "a:10901", "capnproto_address": "a:19391"}]}]' });
}

function router(version: string) {
    const args = ["receive", HASHRINGS, "--receive.replication-factor=1", "--receive.replication-protocol=capnproto"];
    return thanos("Deployment", "router", args, { configMap: "hashrings", version });
}

function receive(version: string, protocol: string): Receive {
    return { path: "receive", replicationFactor: 3, rings: [], version, sending: { algorithm: "ketama", protocol, stores: false } };
}
