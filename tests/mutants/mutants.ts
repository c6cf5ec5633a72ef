import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import list from "./list.json";

/** A fault to put into the code, one at a time: the unit tests are to notice it. */
export interface Mutant {
    /** Letters for the part (T: Thanos and its Kubernetes objects, A: AWS, S: stand-ins, ...), and a number. Never used again for another fault. */
    id: string;
    file: string;
    /** What goes wrong with it. */
    fault: string;
    /** The text to replace: in the file exactly once, so that a fault is never put in the wrong place. */
    find: string;
    replace: string;
}

/** Faults that a reader thought of, most of them where the harm would be great. */
export const MUTANTS: readonly Mutant[] = list;

/** Mutants that no longer fit the code, or whose id is not their own: a line each. */
export function misfits(mutants: readonly Mutant[], root: string): string[] {
    return mutants.flatMap(({ id, file, find, replace }, i) => {
        const count = readFileSync(join(root, file), "utf8").split(find).length - 1;
        return [
            ...(count === 1 ? [] : [`${id}: ${file} has ${JSON.stringify(find)} ${count} times. Write a text that it has once.`]),
            ...(find === replace ? [`${id}: changes nothing.`] : []),
            ...(mutants.findIndex((other) => other.id === id) === i ? [] : [`${id}: is the id of two mutants.`]),
        ];
    });
}

/** The parts that the program consists of: the golden files of all stacks see most faults in them. */
const PROGRAM = /^(components|config|rules|engine|index\.ts)/;

/** How many imports may lie between a test and a file for the test to be likely to notice a fault in it. */
const STEPS = 2;

/**
 * The test files that most likely notice a fault in a file: those that import it, nearest first, and for a part of the program the comparison of all stacks
 * with their golden files. `importsOf` returns the files of the checkout that a file imports.
 */
export function likelyTests(file: string, tests: readonly string[], importsOf: (file: string) => readonly string[]): string[] {
    const distance = (test: string): number => {
        // Helpers of the tests are a part of the test.
        let reached = [test, ...importsOf(test).filter((helper) => helper.startsWith("tests/"))];
        for (let step = 1; step <= STEPS; step++) {
            reached = [...new Set(reached.flatMap(importsOf))];
            if (reached.includes(file)) return step;
        }
        return Number.POSITIVE_INFINITY;
    };
    const near = tests.map((test) => ({ test, steps: distance(test) })).filter(({ steps }) => steps <= STEPS);
    // A program that tests start is imported by none: its tests are in the folder that mirrors its own.
    const started = near.length > 0 ? [] : tests.filter((test) => dirname(test) === join("tests", "unit", dirname(file)));
    const stacks = PROGRAM.test(file) ? tests.filter((test) => test.startsWith("tests/unit/stacks/")) : [];
    return [...new Set([...near.sort((a, b) => a.steps - b.steps).map(({ test }) => test), ...started, ...stacks])];
}

/** The files of a checkout that one of them imports. */
export function importsIn(root: string): (file: string) => readonly string[] {
    const known = new Map<string, string[]>();
    return (file) => {
        const found = known.get(file) ?? importsOf(root, file);
        known.set(file, found);
        return found;
    };
}

function importsOf(root: string, file: string): string[] {
    const text = file.endsWith(".ts") ? readFileSync(join(root, file), "utf8") : "";
    return [...text.matchAll(/(?:from|import|require\() ?"(\.[^"]+)"/g)].flatMap(([, path = ""]) => {
        const target = join(dirname(file), path);
        return [target, `${target}.ts`, join(target, "index.ts")].filter(
            (candidate) => /\.\w+$/.test(candidate) && existsSync(join(root, candidate)),
        );
    });
}
