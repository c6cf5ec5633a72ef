import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import type { PlannedResource, Run } from "../../../engine/runInProcess";
import { assertGolden } from "../../support/golden";
import { buildObservee, buildObserveeOn, buildObserver, buildObserverOn, ON_AWS } from "../../support/testFleet";

type Tree = Record<string, unknown>;

/** Every input of a resource, and every option that resources.test.ts does not list. Keys are sorted, since their order means nothing to the engine. */
const inputsOf = ({ props, secrets, otherOptions }: PlannedResource): Tree =>
    sorted({
        ...props,
        ...(Object.keys(secrets).length > 0 && { "(secrets)": readable(secrets) }),
        ...(Object.keys(otherOptions).length > 0 && { "(options)": otherOptions }),
    }) as Tree;

function sorted(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value === "string") return readable(value);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
        Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)]),
    );
}

/** JSON inside a text is shown as an object, in its own order, under a key that says it is a text. */
function readable(value: unknown): unknown {
    if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
    try {
        return { "(JSON text)": JSON.parse(value) };
    } catch {
        return value;
    }
}

const byTitle = (run: Run) => new Map(run.resources.map((r) => [`${r.type} ${r.name}`, inputsOf(r)]));

/** Inputs of every resource, and outputs with their secrecy. With `base`, only resources whose inputs differ from those in `base`. */
function listing(run: Run, base?: Run): string {
    const baseInputs = base ? byTitle(base) : new Map<string, Tree>();
    const different = [...byTitle(run)]
        .filter(([title, inputs]) => !isDeepStrictEqual(baseInputs.get(title), inputs))
        .sort(([a], [b]) => (a < b ? -1 : 1));
    const outputs = Object.fromEntries(
        Object.entries(run.outputs).map(([name, value]) => [run.secretOutputs.includes(name) ? `${name} (secret)` : name, sorted(value)]),
    );
    const text = stringify({ outputs, resources: Object.fromEntries(different) }, { lineWidth: 0, aliasDuplicateObjects: false });
    // It changes with every value of the chart.
    return typeof run.outputs.configHash === "string" ? text.replaceAll(run.outputs.configHash, "<hash of Prometheus's values>") : text;
}

describe("the inputs of all resources of", () => {
    for (const cloud of ["local", "aws"] as const) {
        it(`an observer on ${cloud} equal the golden file`, async () =>
            assertGolden(`inputs-observer-${cloud}.yaml`, listing(await buildObserver(cloud))));
        it(`a sidecar observee on ${cloud} equal the golden file`, async () =>
            assertGolden(`inputs-sidecar-${cloud}.yaml`, listing(await buildObservee("blue", cloud))));
        it(`a sidecar-remote-write observee on ${cloud} equal the golden file`, async () =>
            assertGolden(`inputs-sidecar-remote-write-${cloud}.yaml`, listing(await buildObservee("red", cloud))));
    }

    for (const name of Object.keys(ON_AWS)) {
        it(`an observer on aws, variant ${name}, differ from the plain one as in the golden file`, async () =>
            assertGolden(`inputs-observer-aws-${name}.yaml`, listing(await buildObserverOn(name), await buildObserver("aws"))));
        it(`a sidecar-remote-write observee on aws, variant ${name}, differ from the plain one as in the golden file`, async () =>
            assertGolden(
                `inputs-sidecar-remote-write-aws-${name}.yaml`,
                listing(await buildObserveeOn(name, "red"), await buildObservee("red", "aws")),
            ));
    }
});
