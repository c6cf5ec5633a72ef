import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import type { PlannedResource, Run } from "../../../engine/runInProcess";
import { assertGolden } from "../../support/golden";
import { buildObservee, buildObserveeOn, buildObserver, buildObserverOn, ON_AWS } from "../../support/testFleet";

type Tree = Record<string, unknown>;

/** Every input of a resource and every option that the listing of resources does not show. Keys are sorted: their order means nothing to the engine. */
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

/** A document inside a text is shown as what it says, in its own order; the key tells that it is a text. */
function readable(value: unknown): unknown {
    if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
    try {
        return { "(JSON text)": JSON.parse(value) };
    } catch {
        return value;
    }
}

const byTitle = (run: Run) => new Map(run.resources.map((r) => [`${r.type} ${r.name}`, inputsOf(r)]));

/** Inputs of every resource, and the outputs with their secrecy. With `base`, only of those resources that differ from the same ones there. */
function written(run: Run, base?: Run): string {
    const known = base ? byTitle(base) : new Map<string, Tree>();
    const shown = [...byTitle(run)]
        .filter(([title, inputs]) => !isDeepStrictEqual(known.get(title), inputs))
        .sort(([a], [b]) => (a < b ? -1 : 1));
    const outputs = Object.fromEntries(
        Object.entries(run.outputs).map(([name, value]) => [run.secretOutputs.includes(name) ? `${name} (secret)` : name, sorted(value)]),
    );
    return stringify({ outputs, resources: Object.fromEntries(shown) }, { lineWidth: 0, aliasDuplicateObjects: false });
}

describe("the inputs of every resource of a stack", () => {
    for (const cloud of ["local", "aws"] as const) {
        it(`are exactly these for an observer on ${cloud}`, async () =>
            assertGolden(`inputs-observer-${cloud}.yaml`, written(await buildObserver(cloud))));
        it(`are exactly these for a sidecar observee on ${cloud}`, async () =>
            assertGolden(`inputs-sidecar-${cloud}.yaml`, written(await buildObservee("blue", cloud))));
        it(`are exactly these for a sidecar-remote-write observee on ${cloud}`, async () =>
            assertGolden(`inputs-sidecar-remote-write-${cloud}.yaml`, written(await buildObservee("red", cloud))));
    }

    for (const name of Object.keys(ON_AWS)) {
        it(`differ by exactly these for an observer on aws, ${name}`, async () =>
            assertGolden(`inputs-observer-aws-${name}.yaml`, written(await buildObserverOn(name), await buildObserver("aws"))));
        it(`differ by exactly these for a sidecar-remote-write observee on aws, ${name}`, async () =>
            assertGolden(
                `inputs-sidecar-remote-write-aws-${name}.yaml`,
                written(await buildObserveeOn(name, "red"), await buildObservee("red", "aws")),
            ));
    }
});
