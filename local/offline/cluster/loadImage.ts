import { execFile } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import type { Cluster, ClusterTools } from "./spec";

const exec = promisify(execFile);

/**
 * Imports a docker-archive or OCI archive into a cluster, under the names it has in there. What was imported is noted beside the
 * cluster's image store and lives as long: an archive of the same name, size and time is not imported twice. True if it was imported.
 */
export async function loadImage(
    cluster: Pick<Cluster, "name" | "containerdSocket">,
    archive: string,
    tools: Pick<ClusterTools, "ctr">,
): Promise<boolean> {
    const { size, mtimeMs } = statSync(archive);
    const notes = path.join(path.dirname(cluster.containerdSocket), "images");
    const note = path.join(notes, `${path.basename(archive)}-${size}-${mtimeMs}`);
    if (existsSync(note)) {
        return false;
    }
    await exec(tools.ctr, ["--address", cluster.containerdSocket, "--namespace", "k8s.io", "images", "import", archive], {
        timeout: 180_000,
    }).catch((error: { stderr?: string; message: string }) => {
        throw new Error(`Cluster ${cluster.name} cannot load the image ${archive}: ${error.stderr?.trim() || error.message}`);
    });
    mkdirSync(notes, { recursive: true });
    writeFileSync(note, "");
    return true;
}
