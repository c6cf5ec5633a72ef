import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { MOST_NODES } from "../../../lint/documents";
import { githubOf } from "../../../lint/print/github";
import { jsonOf } from "../../../lint/print/json";
import { sarifOf } from "../../../lint/print/sarif";
import { textOf } from "../../../lint/print/text";
import { color } from "../../../terminal/color";
import { compactor, lintTexts } from "../../support/lintCases";

const unread = (text: string, file = "a.yaml") => lintTexts({ [file]: text }).unreadable.map(({ line, problem }) => `${line} ${problem}`);

/** A variable as envsubst and Flux fill it in. */
const envsubst = (name: string) => `\${${name}}`;

describe("documents that cannot be read", () => {
    it("leave the others of their file readable", () => {
        const { findings, unreadable } = lintTexts({ "a.yaml": `x: [1\n---\n${compactor("c", ["30h", "90d", "90d"])}---\na: b: c\n` });
        assert.deepEqual(
            unreadable.map(({ line, problem }) => `${line} ${problem}`),
            [
                "2 is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].",
                "20 is not YAML: Nested mappings are not allowed in compact mappings.",
            ],
        );
        assert.deepEqual(
            findings.map(({ line, rule }) => `${line} ${rule}`),
            ["16 L4", "16 L34"],
        );
    });

    it("have templates in them", () => {
        const problem = "has templates ({{ }}).";
        assert.deepEqual(unread("a: 1\nreplicas: {{ .Values.replicas }}\n"), [`2 ${problem}`]);
        assert.deepEqual(unread("{{- if .Values.compactor }}\na: 1\n{{- end }}\n"), [`1 ${problem}`]);
        assert.deepEqual(unread('a:\n  - {{ include "x" . }}\n'), [`2 ${problem}`]);
    });

    it("do not include those with templates of alerts", () => {
        assert.deepEqual(unread("summary: '{{ $labels.pod }} is down'\ntext: |\n  {{ define \"x\" }}\n"), []);
        assert.deepEqual(unread("title: '{{ $labels.pod }}\n"), ["2 is not YAML: Missing closing 'quote."]);
    });

    it("expand aliases without end", () => {
        const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`);
        assert.deepEqual(unread(`l0: &l0 [a]\n${levels.join("\n")}\n`), [
            "1 has aliases that cannot be resolved: Excessive alias count indicates a resource exhaustion attack.",
        ]);
        assert.deepEqual(unread("a: *b\n"), [
            "1 has aliases that cannot be resolved: Unresolved alias (the anchor must be set before the alias): b.",
        ]);
    });

    it("are nested too deeply", () => {
        for (const text of ["[".repeat(20_000), "- ".repeat(20_000), "{a: ".repeat(20_000)])
            assert.deepEqual(unread(text), ["1 is nested too deeply."]);
        assert.deepEqual(unread(`${"[".repeat(20_000)}${"]".repeat(20_000)}`), [], "the parser of JSON has no such limit");
    });

    it("have more nodes than a tree of YAML should have, though not in JSON", () => {
        const long = (n: number) => `[${"1,".repeat(n)}1]`;
        assert.deepEqual(unread(`a: ${long(MOST_NODES)}\n---\nb: [\n`), [
            "1 has a YAML document of more than 1000000 lines, commas and brackets.",
            "4 is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].",
        ]);
        assert.deepEqual(unread(long(MOST_NODES)), []);
        assert.deepEqual(unread(`a: ${"x".repeat(MOST_NODES * 2)}\n`), []);
    });

    it("have a flag that Thanos refuses; a value that nobody can know yet leaves rules undecided", () => {
        const remedies = (raw: string) =>
            lintTexts({ "a.yaml": compactor("c", [raw, "90d", "90d"]) }).unreadable.map(({ line, problem, remedy }) => [
                line,
                problem,
                remedy,
            ]);
        assert.deepEqual(remedies("10 days"), [
            [
                14,
                'StatefulSet c cannot be read: --retention.resolution-raw: "10 days" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
                "Thanos refuses it too.",
            ],
        ]);
        // Of Kubernetes, of envsubst and Flux, of a shell and docker-compose, of a template.
        for (const raw of ["$(RAW)", envsubst("RAW"), "$RAW", "'{{ raw }}'"]) {
            assert.deepEqual(remedies(raw), [], raw);
            const { undecided } = lintTexts({ "a.yaml": compactor("c", [raw, "90d", "90d"]) });
            assert.deepEqual(
                undecided.filter(({ rule }) => rule === "L4"),
                [{ rule: "L4", part: "StatefulSet c", reason: `--retention.resolution-raw is ${raw}` }],
            );
        }
        assert.deepEqual(
            remedies("$5").map(([, , remedy]) => remedy),
            ["Thanos refuses it too."],
        );
    });

    it("have a field that prometheus-operator refuses, not one that is empty or filled in later", () => {
        const prometheus = (spec: string) =>
            lintTexts({
                "p.yaml": `apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: {replicas: 1, thanos: {}, ${spec}}\n`,
            });
        const [unreadable] = prometheus("retention: 10 days").unreadable;
        assert.deepEqual(
            [unreadable?.problem, unreadable?.remedy],
            [
                'Prometheus p cannot be read: retention: "10 days" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
                "prometheus-operator refuses it too.",
            ],
        );
        for (const spec of [
            'retention: "", retentionSize: 40GB',
            `retention: '${envsubst("PROM_RETENTION")}'`,
            `tsdb: {outOfOrderTimeWindow: '${envsubst("WINDOW")}'}`,
        ]) {
            const { unreadable: none, findings } = prometheus(spec);
            assert.deepEqual([none, findings.map(({ rule }) => rule)], [[], ["L31"]], spec);
        }
    });

    it("do not include those with fields that are null, which Kubernetes drops", () => {
        const nulls = "          command:\n          env:\n          volumeMounts:\n";
        const { unreadable, findings } = lintTexts({
            "a.yaml": compactor("c", ["30h", "90d", "90d"]).replace("          args:", `${nulls}          args:`),
        });
        assert.deepEqual([unreadable, findings.map(({ line, rule }) => `${line} ${rule}`)], [[], ["17 L4", "17 L34"]]);
        const prometheus =
            "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: {replicas: 1, thanos: {}, enableFeatures: null, additionalArgs: null}\n";
        assert.deepEqual([unread(prometheus), lintTexts({ "p.yaml": prometheus }).findings.map(({ rule }) => rule)], [[], ["L31"]]);
    });

    it("have fields of another type than Kubernetes demands", () => {
        for (const [from, to] of [
            ["            - compact\n", "            - compact\n            - 3\n"],
            ["      containers:\n", "      containers: many\n      others:\n"],
        ] as const)
            assert.deepEqual(unread(compactor("c").replace(from, to)), [
                "1 StatefulSet c has a field of another type than Kubernetes demands.",
            ]);
    });
});

/** Objects like those that rules read, with fields of any type and any value. */
const anything = fc.oneof(
    fc.constantFrom(null, "", 0, -1, 1.5, true, "30h", "compact", "receive", "--retention.resolution-raw=30h", "--x", {}, []),
    fc.anything({ maxDepth: 2, withNullPrototype: false }),
);
const container = fc.record(
    {
        image: fc.oneof(fc.constant("thanos:v0.42.4"), anything),
        command: anything,
        args: fc.oneof(fc.array(anything), anything),
        volumeMounts: anything,
        env: anything,
    },
    { requiredKeys: [] },
);
const pod = fc.record({ containers: fc.oneof(fc.array(fc.oneof(container, anything)), anything), volumes: anything }, { requiredKeys: [] });
const spec = fc.record(
    {
        replicas: anything,
        strategy: anything,
        template: fc.oneof(fc.record({ spec: fc.oneof(pod, anything), metadata: anything }), anything),
        rules: anything,
        thanos: anything,
        remoteWrite: anything,
        selector: anything,
    },
    { requiredKeys: [] },
);
const object = fc.record(
    {
        apiVersion: fc.oneof(fc.constantFrom("apps/v1", "v1", "networking.k8s.io/v1", "monitoring.coreos.com/v1", "helm.sh/v3"), anything),
        kind: fc.oneof(
            fc.constantFrom("Deployment", "StatefulSet", "Ingress", "Service", "ConfigMap", "Prometheus", "Release", "List"),
            anything,
        ),
        metadata: fc.oneof(
            fc.record({ name: anything, namespace: anything, labels: anything, annotations: anything }, { requiredKeys: [] }),
            anything,
        ),
        spec: fc.oneof(spec, anything),
        items: anything,
        data: anything,
        values: anything,
    },
    { requiredKeys: ["apiVersion", "kind"] },
);
const asText = (value: unknown) => {
    try {
        return stringify(value);
    } catch {
        return String(value);
    }
};
/** Texts of objects, some cut or with pieces put in. */
const text = fc.oneof(
    { weight: 4, arbitrary: object.map(asText) },
    {
        weight: 2,
        arbitrary: fc
            .tuple(
                object,
                fc.nat(),
                fc.constantFrom("", "{{", "---\n", "*a", "&a ", "\t", "# thanos-fleet: ignore", "? ", "|-\n", "\u0000", "!!x "),
            )
            .map(([value, at, piece]) => {
                const whole = asText(value);
                const cut = at % (whole.length + 1);
                return whole.slice(0, cut) + piece + whole.slice(cut);
            }),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
);

/** Objects with fields of the types that Kubernetes demands, and of any value. */
const word = fc.oneof(
    fc.constantFrom("30h", "0", "3", "a", "$(A)", "type: S3\nconfig: {bucket: b}", "type: IN-MEMORY", '[{"endpoints": ["a", "b"]}]'),
    fc.string({ maxLength: 20 }),
);
const FLAGS = [
    "objstore.config",
    "retention.resolution-raw",
    "delete-delay",
    "max-time",
    "label",
    "tsdb.retention",
    "receive.hashrings",
    "receive.local-endpoint",
    "receive.replication-factor",
    "endpoint",
    "endpoint.sd-config",
    "deduplication.replica-label",
    "query-range.response-cache-config",
];
const thanosArgs = fc
    .tuple(
        fc.constantFrom("compact", "store", "receive", "query", "query-frontend", "rule"),
        fc.array(fc.tuple(fc.constantFrom(...FLAGS), word), { maxLength: 5 }),
    )
    .map(([component, flags]) => [component, ...flags.map(([name, value]) => `--${name}=${value}`)]);
const metadata = fc.record({ name: word, namespace: fc.constantFrom("a", "b"), labels: fc.dictionary(word, word, { maxKeys: 2 }) });
const typed = fc.oneof(
    fc.record({
        apiVersion: fc.constant("apps/v1"),
        kind: fc.constantFrom("Deployment", "StatefulSet", "DaemonSet"),
        metadata,
        spec: fc.record({
            replicas: fc.nat(4),
            template: fc.record({
                spec: fc.record({
                    containers: fc.array(
                        fc.record({ image: fc.constantFrom("thanos:v0.42.4", "thanos:v0.26.0", "thanos"), args: thanosArgs }),
                        { maxLength: 2 },
                    ),
                }),
            }),
        }),
    }),
    fc.record({
        apiVersion: fc.constant("monitoring.coreos.com/v1"),
        kind: fc.constant("Prometheus"),
        metadata,
        spec: fc.record({ replicas: fc.nat(4), retention: word, thanos: fc.record({ version: word }) }),
    }),
);

describe("any text", () => {
    // LINT_FUZZ_SECONDS=600 searches for ten minutes in each.
    const seconds = Number(process.env.LINT_FUZZ_SECONDS ?? 5);

    /** Tries values until the time is over. */
    function holds<T>(values: fc.Arbitrary<T>, claim: (value: T) => void): void {
        const details = fc.check(fc.property(values, claim), {
            numRuns: Number.MAX_SAFE_INTEGER,
            interruptAfterTimeLimit: seconds * 1000,
            markInterruptAsFailure: false,
        });
        assert.equal(details.failed ? fc.defaultReportMessage(details) : undefined, undefined);
        assert.ok(details.numRuns > 0, "nothing was tried");
    }

    it("is linted and printed without an error", function () {
        this.timeout((seconds + 60) * 1000);
        holds(fc.array(text, { minLength: 1, maxLength: 3 }), (texts) => {
            const report = lintTexts({ "a.yaml": texts.join("\n---\n"), "b.json": texts[0] ?? "" });
            textOf(report, color);
            githubOf(report, () => true);
            JSON.parse(jsonOf(report));
            JSON.parse(sarifOf(report, "0"));
            for (const { line } of [...report.findings, ...report.unreadable])
                assert.ok(Number.isInteger(line) && line >= 1, `line ${line}`);
        });
    });

    it("of objects as Kubernetes takes them is decided by every rule, which never meets a type that it does not know", function () {
        this.timeout((seconds + 60) * 1000);
        holds(fc.array(typed, { minLength: 1, maxLength: 4 }), (objects) => {
            const { undecided } = lintTexts({ "a.json": JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }) });
            assert.deepEqual(
                undecided.filter(({ reason }) => reason.startsWith("a field that it reads has another type")),
                [],
            );
        });
    });
});
