import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { ConfigError } from "../../../config/configError";
import { parseConfig } from "../../../config/engineConfig";
import { loadConfig } from "../../../config/load";
import { schemas } from "../../../config/schema";
import { PROJECT, toEngineConfig } from "../../../engine/stackFile";
import type { StackPlan } from "../../../plan/model";
import { planFleet } from "../../../plan/planFleet";
import { isMap } from "../../../rules/isMap";
import { observeeConfig, observerConfig } from "../../support/testFleet";

/** With FUZZ_SECONDS, each test goes on for so long instead of its usual number of inputs; FUZZ_SEED has other random numbers, or repeats what was found. */
const seconds = Number(process.env.FUZZ_SECONDS ?? 0);
const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
const inputs = (usually: number) =>
    seconds > 0
        ? { seed, numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
        : { seed, numRuns: usually };

/** The part of a JSON schema by which values are made. */
interface Shape {
    type?: string;
    enum?: unknown[];
    const?: unknown;
    anyOf?: Shape[];
    oneOf?: Shape[];
    properties?: Record<string, Shape>;
    required?: string[];
    additionalProperties?: Shape | boolean;
    items?: Shape;
    pattern?: string;
    default?: unknown;
}

const NAMES = ["blue", "red", "observer", "agents", "a-b", "Кирилл", "", "__proto__", "constructor", "a.b/c", "-", "x".repeat(300), "👩‍🚀"];
const TEXTS = [
    ...[
        "0",
        "1",
        "2h",
        "0s",
        "365d",
        "999999999999999999999y",
        "1m30s",
        "-1h",
        "1Gi",
        "64Ti",
        "99999999999999999999Gi",
        "1m",
        "2000",
        "5000000m",
    ],
    ...[
        "https://a.example",
        "http://[",
        "a:1",
        "a:999999",
        "10.0.0.0/16",
        "10.0.0.0/99",
        "a/b/c",
        "fleet.example.internal",
        "up",
        "rate(",
        '{a=~"("}',
    ],
    ...[
        "memcached",
        "S3",
        "GCS",
        "true",
        "null",
        "[1",
        "{",
        "<secret>",
        "\u0000",
        "\n",
        "../../etc/passwd",
        "/dev/zero",
        ".",
        "$(id)",
        "a\tb",
    ],
];
const NUMBERS = [
    0,
    -0,
    -1,
    1,
    2,
    3,
    0.5,
    99,
    100,
    1000,
    1001,
    1e9,
    1e30,
    -1e30,
    2 ** 31,
    2 ** 53 - 1,
    2 ** 53,
    1.7976931348623157e308,
    5e-324,
];

const name = fc.constantFrom(...NAMES);
const text = fc.oneof(name, fc.constantFrom(...TEXTS), fc.string({ unit: "binary", maxLength: 20 }));
const number = fc.oneof(fc.constantFrom(...NUMBERS), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
/** What is not meant by anybody. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.constant({ secure: "v1:a:b" }),
    fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
);

/** Values of a shape, with a wrong one here and there. */
function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
    const likely = likelyValues(shape);
    const around =
        shape.default === undefined
            ? likely
            : fc.oneof({ weight: 1, arbitrary: fc.constant(shape.default) }, { weight: 2, arbitrary: likely });
    return fc.oneof({ weight: 12, arbitrary: around }, { weight: 1, arbitrary: anything });
}

function likelyValues(shape: Shape): fc.Arbitrary<unknown> {
    const choices = shape.anyOf ?? shape.oneOf;
    if (choices) return fc.oneof(...choices.map(valuesOf));
    if (shape.const !== undefined) return fc.constant(shape.const);
    if (shape.enum) return fc.constantFrom(...shape.enum);
    // Values that the pattern takes, since few texts at random are any.
    if (shape.pattern) return fc.oneof({ weight: 3, arbitrary: matching(shape.pattern) }, { weight: 1, arbitrary: text });
    if (shape.properties) return mapOf(shape.properties, shape.required ?? []);
    if (shape.items) return fc.array(valuesOf(shape.items), { maxLength: 4 });
    if (shape.type === "object") {
        const values = typeof shape.additionalProperties === "object" ? valuesOf(shape.additionalProperties) : anything;
        return fc.dictionary(fc.oneof(name, text), values, { maxKeys: 4 });
    }
    if (shape.type === "integer" || shape.type === "number") return number;
    if (shape.type === "boolean") return fc.boolean();
    return text;
}

/** fast-check knows no lookaheads: such a pattern is taken without them. */
const matching = (pattern: string): fc.Arbitrary<unknown> =>
    fc.stringMatching(new RegExp(pattern.replace(/\(\?[=!](?:[^()]|\([^()]*\))*\)/g, "")), { maxLength: 40 });

/** Each setting may be there, or not; required ones mostly are. */
function mapOf(properties: Record<string, Shape>, required: readonly string[]): fc.Arbitrary<unknown> {
    const settings = fc.record(Object.fromEntries(Object.entries(properties).map(([key, shape]) => [key, valuesOf(shape)])), {
        requiredKeys: required as never[],
    });
    const more = fc.oneof(
        { weight: 15, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.dictionary(name, anything, { maxKeys: 2 }) },
    );
    return fc.tuple(settings, more).map(([known, unknown]) => ({ ...known, ...unknown }));
}

const VALID = [observerConfig("aws"), observerConfig("local"), observeeConfig("blue", "aws"), observeeConfig("blue", "local")];
const shapes = Object.values(schemas).map((schema) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Shape);

/** A valid configuration in which some settings were replaced. A wholly random one is refused for its first setting. */
const configurations: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
    ...shapes.map((shape, i) => {
        const values = Object.fromEntries(Object.entries(shape.properties ?? {}).map(([key, inner]) => [key, valuesOf(inner)]));
        const changes = fc
            .subarray(Object.keys(values), { minLength: 1, maxLength: 5 })
            .chain((keys) => fc.tuple(...keys.map((key) => (values[key] as fc.Arbitrary<unknown>).map((value) => [key, value] as const))))
            .map(Object.fromEntries);
        return changes.map((changed) => ({ ...VALID[i], ...(changed as object) }));
    }),
    fc.dictionary(fc.oneof(name, fc.constantFrom("role", "cloud", "cluster", "aws", "query")), anything),
);

function isAccepted(raw: Record<string, unknown>): boolean {
    try {
        loadConfig(parseConfig(toEngineConfig(raw), PROJECT));
        return true;
    } catch {
        return false;
    }
}

/** What zod says where the schema says nothing, which no user should read. */
const RAW_MESSAGE = /^(Invalid|Too (small|big)|Expected|Required|Unrecognized)/;

describe("a configuration of any kind", function () {
    this.timeout((seconds + 60) * 1000);

    it(`is accepted, or refused with sentences, within two seconds (FUZZ_SEED=${seed})`, () => {
        const outcomes = { accepted: 0, refused: 0 };
        let slowest = 0;
        fc.assert(
            fc.property(configurations, (raw) => {
                const started = performance.now();
                try {
                    // As the engine passes it: every value as text.
                    loadConfig(parseConfig(toEngineConfig(raw), PROJECT));
                    outcomes.accepted += 1;
                } catch (error) {
                    assert.ok(error instanceof ConfigError, (error as Error).stack);
                    for (const { path, problem, remedy } of error.problems) {
                        assert.doesNotMatch(remedy, RAW_MESSAGE, path);
                        assert.match(`${problem} ${remedy}`.trimEnd(), /[.)…?:/]$|\bNAME`?$/, path);
                    }
                    outcomes.refused += 1;
                }
                slowest = Math.max(slowest, performance.now() - started);
                assert.ok(slowest < 2000, `took ${slowest} ms`);
            }),
            inputs(400),
        );
        if (process.env.FUZZ_SECONDS) console.log(`seed ${seed}: ${JSON.stringify(outcomes)}, slowest ${Math.round(slowest)} ms`);
        // Both ways are tried.
        assert.ok(outcomes.accepted > 10 && outcomes.refused > 10, JSON.stringify(outcomes));
    });

    it(`is planned without a crash where it is accepted, as objects that Kubernetes takes (FUZZ_SEED=${seed})`, async () => {
        let planned = 0;
        await fc.assert(
            fc.asyncProperty(configurations.filter(isAccepted), async (raw) => {
                const config = toEngineConfig(raw);
                const plan = await planFleet([{ name: "fuzzed", config }]).catch((error: unknown) => {
                    assert.ok(error instanceof ConfigError, (error as Error).stack);
                    return { stacks: [] };
                });
                planned += plan.stacks.length;
                assert.deepEqual(
                    plan.stacks.flatMap(({ resources }) => resources.flatMap(refusedByKubernetes)),
                    [],
                );
            }),
            inputs(5),
        );
        if (process.env.FUZZ_SECONDS) console.log(`seed ${seed}: ${planned} planned`);
        assert.ok(planned >= 4, `${planned} planned`);
    });
});

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
/** Longest name and pattern by kind (k8s.io/apimachinery/pkg/util/validation); the pods of a StatefulSet and of a CronJob carry its name and more in a label of 63. */
const NAME_OF: [kind: RegExp, longest: number, pattern: RegExp][] = [
    [/:(Service|Namespace)$/, 63, new RegExp(`^${LABEL}$`)],
    [/:StatefulSet$/, 52, new RegExp(`^${LABEL}$`)],
    [/:CronJob$/, 52, new RegExp(`^${LABEL}$`)],
    [/:(ClusterRole|ClusterRoleBinding|Role|RoleBinding)$/, 253, /^[^/%]+$/],
    [/^kubernetes:/, 253, new RegExp(`^${LABEL}(\\.${LABEL})*$`)],
];
const QUANTITY = /^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti|Pi)?$/;
const LABEL_KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** What an API server would refuse of an object. */
function refusedByKubernetes({ type, props }: StackPlan["resources"][number]): string[] {
    const rule = NAME_OF.find(([kind]) => kind.test(type));
    const metadata = props.metadata as { name?: string; labels?: Record<string, string> } | undefined;
    if (rule === undefined || metadata?.name === undefined) return [];
    const [, longest, pattern] = rule;
    const at = `${type} ${metadata.name}`;
    return [
        ...(metadata.name.length > longest || !pattern.test(metadata.name) ? [`${at}: name`] : []),
        // The labels of rules are Prometheus's, and may be templates.
        ...valuesIn(type.endsWith(":PrometheusRule") ? { metadata } : props).flatMap(([key, value, within]) => {
            if (/^(replicas|minReplicas|maxReplicas)$/.test(key))
                return Number.isInteger(value) && (value as number) <= 2 ** 31 - 1 ? [] : [`${at}: ${key} ${value}`];
            if (within === "requests" || within === "limits") return QUANTITY.test(String(value)) ? [] : [`${at}: ${key} ${value}`];
            if (/^(labels|matchLabels|nodeSelector)$/.test(within))
                return LABEL_KEY.test(key) && LABEL_VALUE.test(String(value)) ? [] : [`${at}: ${key}=${value}`];
            return [];
        }),
    ];
}

/** Every value in a value: its key, itself, and the key of what contains it. */
function valuesIn(value: unknown, within = ""): [key: string, value: unknown, within: string][] {
    if (Array.isArray(value)) return value.flatMap((item) => valuesIn(item));
    if (!isMap(value)) return [];
    return Object.entries(value).flatMap(([key, inner]): [string, unknown, string][] =>
        isMap(inner) || Array.isArray(inner) ? valuesIn(inner, key) : [[key, inner, within]],
    );
}
