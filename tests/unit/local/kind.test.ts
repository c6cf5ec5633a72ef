import assert from "node:assert/strict";
import { KubeConfig } from "@kubernetes/client-node";
import { checkedContexts, givenContexts, toolsOf } from "../../../local/clusterSources";
import { createArgs, deleteArgs, withStanza } from "../../../local/kind";

describe("a fleet in kind", () => {
    it("makes a cluster with a kubeconfig of its own, and waits for it", () =>
        assert.deepEqual(createArgs("blue", "/state/blue.kubeconfig"), [
            "create",
            "cluster",
            "--name",
            "thanos-fleet-blue",
            "--kubeconfig",
            "/state/blue.kubeconfig",
            "--wait",
            "180s",
        ]));

    it("removes the same cluster", () =>
        assert.deepEqual(deleteArgs("blue", "/state/blue.kubeconfig"), [
            "delete",
            "cluster",
            "--name",
            "thanos-fleet-blue",
            "--kubeconfig",
            "/state/blue.kubeconfig",
        ]));

    it("puts the fleet's names first in CoreDNS's server block, once", () => {
        const corefile = ".:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n";
        const stanza = "    template IN A blue.fleet.internal {\n    }\n";
        const taught = `.:53 {\n${stanza}    errors\n    forward . /etc/resolv.conf\n}\n`;
        assert.equal(withStanza(corefile, stanza), taught);
        assert.equal(withStanza(taught, stanza), taught);
    });

    it("needs kind and nothing to build", () => assert.deepEqual(toolsOf({ how: "kind" }), ["kind"]));
});

describe("contexts given by flag", () => {
    it("are one for each cluster", () =>
        assert.deepEqual(givenContexts(["observer=a", "blue=b", "red=c"]), { observer: "a", blue: "b", red: "c" }));

    it("are refused together when some are wrong or missing", () =>
        assert.throws(() => givenContexts(["observer=a", "green=b", "blue="]), {
            message: [
                "command line: 3 problems. Nothing was changed.",
                '  --context: "green" is not a cluster of the fleet with a context. Write observer=CONTEXT.',
                '  --context: "blue" is not a cluster of the fleet with a context. Write observer=CONTEXT.',
                "  --context: red has none. Add --context red=CONTEXT: one for each cluster.",
            ].join("\n"),
        }));

    it("have to be in the kubeconfig", () => {
        const config = new KubeConfig();
        config.loadFromOptions({ clusters: [], users: [], contexts: ["a", "b"].map((name) => ({ name, cluster: "", user: "" })) });
        assert.throws(() => checkedContexts({ observer: "a", blue: "b", red: "c" }, config), {
            message: [
                "command line: 1 problem. Nothing was changed.",
                "  --context: red=c: there is no such context. Write one of a, b.",
            ].join("\n"),
        });
    });
});
