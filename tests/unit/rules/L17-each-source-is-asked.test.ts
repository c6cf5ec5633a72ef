import assert from "node:assert/strict";
import { type KubernetesObject, thanos } from "../../../rules/example";
import { eachSourceIsAsked as rule } from "../../../rules/L17-each-source-is-asked";
import { findingsIn, reports } from "../../support/ruleExamples";

describe("rule L17, each-source-is-asked", () => {
    reports(
        rule,
        [
            "query.--endpoint: receive:10901 is one endpoint of 3 pods of Receive, each with samples of its own: one of them is asked. Write dns+ and the name of a headless Service of these pods, as no group.",
            "query.--endpoint: dns+receive:10901 is one endpoint of 3 pods of Receive, each with samples of its own: one of them is asked. Write dns+ and the name of a headless Service of these pods, as no group.",
            "query.--endpoint: prometheus:10901 is a group of 2 pods of Prometheus, each with samples of its own: one of them is asked. Write it with dns+, and as no group.",
        ],
        [
            "Deployment query.--endpoint: ingester.default.svc:10901 is one endpoint of 3 pods of Receive, each with samples of its own: one of them is asked. Write dns+ and the name of a headless Service of these pods, as no group.",
        ],
    );

    const [, service, ingesters] = rule.manifests.bad;
    assert.ok(service && ingesters);
    const asking = (endpoint: string) =>
        findingsIn(rule, [thanos("Deployment", "query", ["query", `--endpoint=${endpoint}`]), service, ingesters]).problems.length;

    it("knows a Service by its name, alone and with its namespace, and no other address", () => {
        for (const named of ["ingester", "ingester.default", "ingester.default.svc.cluster.local", "dns+ingester"])
            assert.equal(asking(`${named}:10901`), 1, named);
        for (const other of ["ingester.monitoring", "ingester.default.example.com", "other"])
            assert.equal(asking(`${other}:10901`), 0, other);
    });

    it("knows that SRV records of a Service with an address of its own lead to that address", () => {
        const named = "dnssrv+_grpc._tcp.ingester.default.svc";
        for (const address of [named, `${named}:10901`, "dnssrvnoa+_grpc._tcp.ingester", "dnssrv+ingester"])
            assert.equal(asking(address), 1, address);
        const headless: KubernetesObject = { ...service, spec: { ...(service.spec as object), clusterIP: "None" } };
        const query = thanos("Deployment", "query", ["query", `--endpoint=${named}`]);
        assert.deepEqual(findingsIn(rule, [query, headless, ingesters]).problems, []);
    });

    it("is not stopped by a wrong flag of the ingesters, which is a matter of theirs", () => {
        const { template, ...spec } = ingesters.spec as { template: { metadata: object } };
        const args = ["receive", "--receive.replication-factor=three"];
        const other = thanos("StatefulSet", "ingester", args).spec as { template: { spec: object } };
        const wrong: KubernetesObject = {
            ...ingesters,
            spec: { ...spec, template: { metadata: template.metadata, spec: other.template.spec } },
        };
        const query = thanos("Deployment", "query", ["query", "--endpoint=ingester:10901"]);
        assert.equal(findingsIn(rule, [query, service, wrong]).problems.length, 1);
    });

    it("says nothing of pods that have the same data, or route only", () => {
        for (const args of [["store"], ["query"], ["receive", "--receive.hashrings-file=/h.json"]]) {
            const { template, ...spec } = ingesters.spec as { template: { metadata: object; spec: object } };
            const other = thanos("StatefulSet", "ingester", args).spec as { template: { spec: object } };
            const pods: KubernetesObject = {
                ...ingesters,
                spec: { ...spec, template: { metadata: template.metadata, spec: other.template.spec } },
            };
            const query = thanos("Deployment", "query", ["query", "--endpoint=ingester:10901"]);
            assert.deepEqual(findingsIn(rule, [query, service, pods]).problems, [], args.join(" "));
        }
    });
});
