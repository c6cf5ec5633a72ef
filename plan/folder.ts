import { openStackFile, stackNames } from "../engine/stackFile";
import { withPlaceholderZone } from "./awsStack";
import type { StackInput } from "./model";

/** Stacks of the working directory. */
export interface StackFolder {
    /** The stacks to plan: the named ones, else every one that has a file. */
    stacks: StackInput[];
    /** A stack that need not be among them; undefined if it has no file. */
    find(name: string): StackInput | undefined;
}

/** Reads the stack files Pulumi.<name>.yaml of the working directory, where paths in them begin, as for the engine. */
export function readStackFolder(chosen?: readonly string[]): StackFolder {
    const read = (name: string): StackInput => withPlaceholderZone({ name, ...openStackFile(".", name) });
    return {
        stacks: [...new Set(chosen ?? stackNames("."))].map(read),
        find: (name) => (stackNames(".").includes(name) ? read(name) : undefined),
    };
}
