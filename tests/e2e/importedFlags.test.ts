import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { FLAGS } from "../../import/flags";
import type { Note } from "../../import/note";
import type { ComponentName } from "../../import/thanosRelease";
import { isMap } from "../../rules/isMap";
import { comparable, type Flags, flagsByComponent, importedFrom, publicValues, rendered, resourcesOf } from "../support/importedSet";

/**
 * Compares what the charts of others pass to Thanos, rendered by Helm from public values files, with what the stacks pass that import makes of them. Where the two
 * differ, import has to say so, with the reason. Values files and charts are other people's, so that none is in this repository: IMPORT_SET names a folder.
 */
const set = publicValues(process.env.IMPORT_SET);

/** Whether a note is about a flag of a component. `query.extraFlags (--query.timeout)` is of whatever component has that section. */
function isAbout({ from }: Note, component: string, flag: string): boolean {
    const owner = /^([a-z-]+) (?:--|\()/.exec(from)?.[1];
    return (owner === undefined || owner === component) && new RegExp(`--${flag.replaceAll(".", "\\.")}(?![\\w.-])`).test(from);
}

/** That both have Thanos's own default explains no difference: it says that there is none. */
const isOneOf = (kinds: readonly Note["kind"][], notes: readonly Note[], component: string, flag: string) =>
    notes.some(
        (note) =>
            kinds.includes(note.kind) &&
            !(note.kind === "differs" && note.ours === "Thanos's own defaults") &&
            isAbout(note, component, flag),
    );

/** Why a flag may differ: import says so, or says what became of a flag that says the same in another form. */
function isExplained(component: ComponentName, flag: string, notes: readonly Note[]): boolean {
    if (isOneOf(["differs", "left"], notes, component, flag)) return true;
    const form = formOf(component, flag);
    const sameForm = Object.keys(FLAGS[component]).filter((other) => form !== undefined && formOf(component, other) === form);
    return sameForm.some((other) => isOneOf(["carried", "differs", "left"], notes, component, other));
}

function formOf(component: ComponentName, flag: string): string | undefined {
    const treatment = FLAGS[component][flag];
    return treatment && "special" in treatment ? treatment.form : undefined;
}

/** What Thanos does without the flag. */
function defaultOf(component: ComponentName, flag: string): string[] | undefined {
    const treatment = FLAGS[component][flag];
    const value = treatment && ("thanos" in treatment ? treatment.thanos : "same" in treatment ? treatment.same : undefined);
    return value === undefined ? undefined : [comparable(value)];
}

function differences(component: ComponentName, theirs: Flags, ours: Flags, notes: readonly Note[]): string[] {
    return [...new Set([...theirs.keys(), ...ours.keys()])].flatMap((flag) => {
        const [chart, stack] = [theirs, ours].map((flags) => flags.get(flag) ?? defaultOf(component, flag));
        if (isDeepStrictEqual(chart, stack) || isExplained(component, flag, notes)) return [];
        return [`${component} --${flag}: ${chart?.join(" ") ?? "not passed"} -> ${stack?.join(" ") ?? "not passed"}`];
    });
}

describe("flags of imported stacks", function () {
    this.timeout(300_000);

    for (const values of set.filter(({ chart }) => !chart.startsWith("kube-prometheus-stack@"))) {
        it(`equal those of ${values.chart} for ${values.file.split("/").at(-1)}, where import does not say why not`, async () => {
            const { release, stack } = importedFrom(values);
            assert.deepEqual(
                stack.problems.filter(({ path }) => !path.startsWith("rule.files")),
                [],
            );
            const workloads = rendered(values.chartDirectory, release.values).map(({ metadata, spec }) => ({ name: metadata.name, spec }));
            const theirs = flagsByComponent(workloads);
            const resources = await resourcesOf(stack);
            const stream = (stack.settings.streams as { name: string }[])[0]?.name;
            const ours = flagsByComponent(
                resources.map(({ name, props }) => ({ name, spec: props.spec })),
                stream,
            );
            assert.ok(theirs.size > 1, "the chart renders no Thanos");
            assert.deepEqual(
                [...theirs.keys()].filter((component) => !ours.has(component)),
                [],
            );
            assert.deepEqual(
                [...theirs].flatMap(([component, flags]) => differences(component, flags, ours.get(component) ?? new Map(), stack.notes)),
                [],
            );
        });
    }
});

/** The Prometheus, or the agent, among manifests. */
const prometheusIn = (manifests: readonly { kind?: string; spec?: Record<string, unknown> }[]) => {
    const [found] = manifests.filter(({ kind }) => kind === "Prometheus" || kind === "PrometheusAgent");
    assert.ok(found?.spec, "the chart renders no Prometheus");
    return found.spec;
};

/** Whether a note says why a field of Prometheus differs. Some values have a longer name than the field that they become. */
const isAboutField = ({ kind, from }: Note, field: string) =>
    kind !== "carried" && new RegExp(`prometheusSpec.*\\b${field}(Spec|NilUsesHelmValues)?\\b`).test(from);

describe("the Prometheus of an imported stack", function () {
    this.timeout(300_000);
    const all = set.filter(({ chart }) => chart.startsWith("kube-prometheus-stack@"));

    for (const values of all) {
        it(`has the fields of ${values.chart} for ${values.file.split("/").at(-1)}, where import does not say why not`, async () => {
            const { release, stack } = importedFrom(values);
            assert.deepEqual(stack.problems, []);
            const resources = await resourcesOf(stack);
            const chartValues = resources.map(({ props }) => props.values).find((given) => isMap(given) && isMap(given.prometheus));
            assert.ok(isMap(chartValues));
            const theirs = prometheusIn(rendered(values.chartDirectory, release.values));
            const ours = prometheusIn(rendered(values.chartDirectory, chartValues));
            const unexplained = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].filter(
                (field) => !isDeepStrictEqual(theirs[field], ours[field]) && !stack.notes.some((note) => isAboutField(note, field)),
            );
            assert.deepEqual(
                unexplained.map((field) => `${field}: ${JSON.stringify(theirs[field])} -> ${JSON.stringify(ours[field])}`),
                [],
            );
        });
    }
});
