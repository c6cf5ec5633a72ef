import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CLUSTERS, FLEETS, kubeconfigFile } from "../../../local/fleet/settings";
import { createArgs, deleteArgs, kindTargets, recordedKindClusters, removeKindClusters, withStanza } from "../../../local/kind";
import { hostsStanza } from "../../../local/services/dns";
import type { Progress } from "../../../terminal/progress";
import { FakeApi } from "../../support/fakeApi";
import { FakePrograms } from "../../support/fakePrograms";
import { quiet } from "../../support/quiet";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const NAMES = ["observer", "blue", "red"] as const;

/** kind and docker whose clusters are files. `docker pull` knows every image except node-exporter. */
function addKindAndDocker(programs: FakePrograms, kubeconfig: string): void {
    const clusters = join(programs.directory, "clusters");
    mkdirSync(clusters);
    writeFileSync(join(programs.directory, "kubeconfig"), kubeconfig);
    programs.add(
        "kind",
        `case "$1 $2" in
"get clusters") ls '${clusters}' ;;
"create cluster") touch '${clusters}'/"$4" && [ ! -e '${programs.directory}/interrupt' ] && cp '${programs.directory}/kubeconfig' "$6" ;;
"delete cluster") rm '${clusters}'/"$4" ;;
"export kubeconfig") cp '${programs.directory}/kubeconfig' "$6" ;;
esac`,
    );
    programs.add(
        "docker",
        `case "$1" in
inspect) case "$4" in *observer*) echo 172.18.0.2 ;; *blue*) echo 172.18.0.3 ;; *) echo 172.18.0.4 ;; esac ;;
image) exit 1 ;;
pull) case "$3" in *node-exporter*) exit 1 ;; esac ;;
esac`,
    );
}

describe("a fleet in kind", () => {
    let api: FakeApi;
    let programs: FakePrograms;
    let stop: AbortController;
    const state = process.env.XDG_STATE_HOME;
    let corefile = ".:53 {\n    errors\n}\n";
    before(async () => {
        api = new FakeApi(({ method, url, body }) => {
            if (url === "/api/v1/namespaces/kube-system") return { metadata: { uid: "0a1b" } };
            if (!url.endsWith("/configmaps/coredns")) return { items: [] };
            if (method === "PUT") corefile = (JSON.parse(body) as { data: { Corefile: string } }).data.Corefile;
            return { data: { Corefile: corefile } };
        });
        await api.start();
    });
    after(() => api.stop());
    beforeEach(() => {
        process.env.XDG_STATE_HOME = temporaryDirectory();
        programs = new FakePrograms();
        addKindAndDocker(programs, api.kubeconfig(...FLEETS.agents.map(({ name }) => `kind-thanos-fleet-${name}`)));
        programs.install();
        stop = new AbortController();
    });
    afterEach(() => {
        stop.abort();
        programs.restore();
        if (state === undefined) delete process.env.XDG_STATE_HOME;
        else process.env.XDG_STATE_HOME = state;
    });

    const make = (progress: Progress = quiet) => kindTargets(CLUSTERS, { path: "kind" }, progress, stop.signal);
    const callsOf = (pattern: RegExp) => programs.calls().filter((call) => pattern.test(call));
    /** Leaves the machine as an interrupted `kind create` of the first cluster does. */
    async function interrupt(): Promise<void> {
        writeFileSync(join(programs.directory, "interrupt"), "");
        await assert.rejects(make());
        rmSync(join(programs.directory, "interrupt"));
    }

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

    it("makes nodes of the image that the user named", async () => {
        await kindTargets(CLUSTERS.slice(0, 1), { path: "kind", nodeImage: "kindest/node:v1.34.8" }, quiet, stop.signal);
        assert.deepEqual(callsOf(/^kind create/), [
            `kind create cluster --name thanos-fleet-observer --kubeconfig ${kubeconfigFile("observer")} --wait 180s --image kindest/node:v1.34.8`,
        ]);
    });

    it("removes the same cluster", () =>
        assert.deepEqual(deleteArgs("blue", "/state/blue.kubeconfig"), [
            "delete",
            "cluster",
            "--name",
            "thanos-fleet-blue",
            "--kubeconfig",
            "/state/blue.kubeconfig",
        ]));

    it("is one cluster for each stack, reached by its own kubeconfig", async () => {
        const targets = await make();
        assert.deepEqual(
            targets,
            Object.fromEntries(NAMES.map((name) => [name, { kubeconfig: kubeconfigFile(name), context: `kind-thanos-fleet-${name}` }])),
        );
        assert.deepEqual(
            callsOf(/^kind create/),
            NAMES.map((name) => `kind create cluster --name thanos-fleet-${name} --kubeconfig ${kubeconfigFile(name)} --wait 180s`),
        );
    });

    it("starts nodes that are stopped, and makes nothing again", async () => {
        await make();
        const before = programs.calls().length;
        await make();
        const calls = programs.calls().slice(before);
        assert.deepEqual(
            calls.filter((call) => /create|delete|load|pull/.test(call)),
            [],
        );
        assert.deepEqual(
            calls.filter((call) => call.startsWith("docker start")),
            NAMES.map((name) => `docker start thanos-fleet-${name}-control-plane`),
        );
    });

    it("makes a cluster anew whose making was interrupted", async () => {
        await interrupt();
        writeFileSync(`${kubeconfigFile("observer")}.lock`, "");
        await make();
        assert.deepEqual(
            callsOf(/^kind (create|delete) .*observer/).map((call) => call.split(" ")[1]),
            ["create", "delete", "create"],
        );
        assert.equal(existsSync(`${kubeconfigFile("observer")}.lock`), false);
        assert.deepEqual(callsOf(/^kind delete .*(blue|red)/), []);
    });

    it("keeps a cluster of which it has no record", async () => {
        writeFileSync(join(programs.directory, "clusters", "thanos-fleet-observer"), "");
        mkdirSync(dirname(kubeconfigFile("observer")), { recursive: true });
        await make();
        assert.deepEqual(callsOf(/^kind delete/), []);
    });

    it("knows its clusters without Docker, half-made ones too", async () => {
        assert.deepEqual(recordedKindClusters(), []);
        await interrupt();
        assert.deepEqual(recordedKindClusters(), ["thanos-fleet-observer"]);
        await make();
        assert.deepEqual(
            recordedKindClusters(),
            NAMES.map((name) => `thanos-fleet-${name}`),
        );
    });

    it("pulls each image once, loads it into every cluster that runs it, and says which ones the nodes pull", async () => {
        const ended: string[] = [];
        const step = { update: () => {}, done: (text: string) => void ended.push(text), fail: () => {} };
        await make({ ...quiet, step: () => step });
        const pulled = callsOf(/^docker pull/).map((call) => call.replace("docker pull --quiet ", ""));
        assert.deepEqual(
            pulled.map((image) => image.replace(/.*\//, "").replace(/:.*/, "")),
            [
                "thanos",
                "prometheus",
                "prometheus-operator",
                "prometheus-config-reloader",
                "node-exporter",
                "alertmanager",
                "kube-state-metrics",
                "versitygw",
            ],
        );
        const refused = pulled.find((image) => image.includes("node-exporter"));
        for (const image of pulled.filter((other) => other !== refused))
            assert.deepEqual(
                callsOf(/^kind load/).filter((call) => call.split(" ")[3] === image),
                (image.includes("versitygw") ? ["observer"] : NAMES).map(
                    (name) => `kind load docker-image ${image} --name thanos-fleet-${name}`,
                ),
            );
        assert.deepEqual(ended, [`kind: observer, blue, red · each node pulls ${refused} itself`]);
    });

    it("has the fleet's names in its DNS, with the nodes' present addresses", async () => {
        corefile = withStanza(
            ".:53 {\n    errors\n}\n",
            hostsStanza({ "fleet.internal": "172.18.0.4", "red.fleet.internal": "172.18.0.2" }),
        );
        await make();
        assert.equal(
            corefile,
            withStanza(
                ".:53 {\n    errors\n}\n",
                hostsStanza({ "fleet.internal": "172.18.0.2", "blue.fleet.internal": "172.18.0.3", "red.fleet.internal": "172.18.0.4" }),
            ),
        );
    });

    it("is removed with all its clusters, and nothing else", async () => {
        await kindTargets(FLEETS.agents, { path: "kind" }, quiet, stop.signal);
        writeFileSync(join(programs.directory, "clusters", "somebody-elses"), "");
        const all = [...NAMES, "yellow", "green"];
        assert.deepEqual(
            await removeKindClusters("kind"),
            all.map((name) => `kind cluster thanos-fleet-${name}`),
        );
        assert.deepEqual(callsOf(/^kind delete/).length, all.length);
        assert.equal(readFileSync(join(programs.directory, "clusters", "somebody-elses"), "utf8"), "");
    });
});

describe("a Corefile with the fleet's names", () => {
    const corefile = ".:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n";
    const stanza = (ip: string) => hostsStanza({ "blue.fleet.internal": ip });

    it("has them first in its server block", () =>
        assert.equal(
            withStanza(corefile, stanza("172.18.0.3")),
            `.:53 {\n    # thanos-fleet: begin\n${stanza("172.18.0.3")}    # thanos-fleet: end\n    errors\n    forward . /etc/resolv.conf\n}\n`,
        ));

    it("has them once, with the newest addresses", () => {
        const taught = withStanza(corefile, stanza("172.18.0.3"));
        assert.equal(withStanza(taught, stanza("172.18.0.3")), taught);
        assert.equal(withStanza(taught, stanza("172.18.0.9")), withStanza(corefile, stanza("172.18.0.9")));
    });
});
