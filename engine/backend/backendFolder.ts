/**
 * Where Pulumi keeps the states of a backend, its locks, and beside them this project its journals. Every path is relative to it: ".pulumi/locks".
 * What fails, other than as said below, throws a BackendFailed.
 */
export interface BackendFolder {
    /** The whole path or URL, for people. */
    locate(path: string): string;
    /** Names of the files in a folder. Empty where there is no such folder. */
    list(folder: string): Promise<string[]>;
    /** Undefined where there is no such file. */
    read(path: string): Promise<FileContent | undefined>;
    /** Creates a file, at once with its whole content. False where there is one already. */
    create(path: string, text: string): Promise<boolean>;
    /** Replaces a file, at once. False where it is not of this version any more. */
    replace(path: string, text: string, version: FileContent["version"]): Promise<boolean>;
    /** Appends to a file, which need not exist, and returns when this is durable. Only one process at a time may append to it. */
    append(path: string, text: string): Promise<void>;
    remove(path: string): Promise<void>;
}

export interface FileContent {
    text: string;
    /** Changes with the content. */
    version: string;
}

/** A file of a backend could not be read or written. The message names it. */
export class BackendFailed extends Error {}
