import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { BackendFolder } from "./backendFolder";
import { localFolder } from "./localFolder";

/** The folder behind a backend's URL; undefined for Pulumi Cloud, and for stores other than files and S3. */
export function openBackend(url: string, directory: string): BackendFolder | undefined {
    const path = /^file:\/\/([^?]*)/.exec(url)?.[1];
    // As the CLI reads it: "~" is the home, and a relative path begins at the directory.
    if (path !== undefined) return localFolder(path.startsWith("~") ? join(homedir(), path.slice(1)) : resolve(directory, path));
    if (!url.startsWith("s3://")) return undefined;
    // Only here: the SDK takes half a second to load.
    const { bucketFolder } = require("./bucketFolder") as typeof import("./bucketFolder");
    return bucketFolder(url);
}
