import { readFileSync } from "node:fs";
import { join } from "node:path";
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

/**
 * The test files that most likely notice a fault in a file: those of its folder (and, if it has none, of the nearest folder above it), and for a part of
 * the program the comparison of all stacks with their golden files. `tests`: every unit test.
 */
export function likelyTests(file: string, tests: readonly string[]): string[] {
    const near = (folder: string): string[] => {
        const own = tests.filter((test) => test.slice(0, test.lastIndexOf("/")) === `tests/unit/${folder}`);
        return own.length > 0 || !folder.includes("/") ? own : near(folder.slice(0, folder.lastIndexOf("/")));
    };
    const own = file.includes("/") ? near(file.slice(0, file.lastIndexOf("/"))) : [];
    return [...own, ...(PROGRAM.test(file) ? tests.filter((test) => test.startsWith("tests/unit/stacks/")) : [])];
}
