import { availableParallelism, loadavg } from "node:os";
import { Command } from "commander";
import { parseAllDocuments, stringify } from "yaml";
import { lint } from "../lint/lint";

/**
 * Measures lint against parsing alone, by the same library: the ratio for 1,000 documents, of which every tenth is a part of Thanos. Both ways alternate,
 * so that a busy minute of the machine affects both, and the best run of each counts: other work only adds to it.
 */

const DOCUMENTS = 1000;
const RUNS = 7;
const MOST = 1.5;

const COMPONENTS = ["compact", "store", "query", "receive", "rule"];

function manifest(i: number): object {
    const metadata = { name: `part-${i}`, namespace: `ns-${i % 20}`, labels: { app: `part-${i}`, tier: "backend" } };
    if (i % 10 < 3)
        return {
            apiVersion: "v1",
            kind: "Service",
            metadata,
            spec: { selector: { app: `part-${i}` }, ports: [{ port: 80, name: "http" }] },
        };
    if (i % 10 < 6)
        return {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata,
            data: { "app.properties": "key=value\n".repeat(20), "other.json": '{"a": [1, 2, 3]}' },
        };
    const thanos = i % 10 === 9;
    const container = {
        name: "main",
        image: thanos ? "quay.io/thanos/thanos:v0.42.4" : `registry.test/app:${i}`,
        args: thanos
            ? [COMPONENTS[i % COMPONENTS.length], "--log.level=info", "--objstore.config-file=/etc/o.yml"]
            : ["serve", "--port=8080"],
        ports: [{ name: "http", containerPort: 8080 }],
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
        livenessProbe: { httpGet: { path: "/healthy", port: "http" }, periodSeconds: 10 },
    };
    const template = { metadata: { labels: metadata.labels }, spec: { serviceAccountName: `part-${i}`, containers: [container] } };
    return {
        apiVersion: "apps/v1",
        kind: i % 2 === 0 ? "Deployment" : "StatefulSet",
        metadata,
        spec: { replicas: 1, selector: {}, template },
    };
}

function milliseconds(work: () => void): number {
    const started = performance.now();
    work();
    return performance.now() - started;
}

new Command("npm run bench:lint --")
    .description(`Measures lint of ${DOCUMENTS} documents against parsing them. Takes some seconds.`)
    .parse();

const text = Array.from({ length: DOCUMENTS }, (_, i) => stringify(manifest(i))).join("---\n");
const runs = Array.from({ length: RUNS }, () => ({
    parse: milliseconds(() => {
        for (const document of parseAllDocuments(text)) if ("toJS" in document) document.toJS();
    }),
    lint: milliseconds(() => lint([{ file: "all.yaml", text }], { today: "2026-11-22" })),
}));
const best = (key: "parse" | "lint") => Math.min(...runs.map((run) => run[key]));
const ratio = best("lint") / best("parse");

process.stdout.write(
    `Lint of ${DOCUMENTS} documents takes ${ratio.toFixed(2)} x of parsing them (${best("lint").toFixed(0)} ms, ${best("parse").toFixed(0)} ms; best of ${RUNS})\n` +
        `Node ${process.versions.node}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}. Limit: ${MOST} x, ${ratio <= MOST ? "met" : "not met"}.\n`,
);
if (ratio > MOST) process.exitCode = 1;
