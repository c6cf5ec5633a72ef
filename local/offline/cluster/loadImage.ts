import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { runCommand } from "./runCommand";
import type { Cluster, ClusterTools } from "./spec";

/**
 * Imports a docker-archive or OCI archive into a cluster, under the image names that the archive has. An empty file beside the cluster's image
 * store records the import, so an archive of the same name, size and time is not imported twice. True if it was imported now.
 */
export async function loadImage(
    cluster: Pick<Cluster, "name" | "containerdSocket">,
    archive: string,
    tools: Pick<ClusterTools, "ctr">,
): Promise<boolean> {
    const { size, mtimeMs } = statSync(archive);
    const records = join(dirname(cluster.containerdSocket), "images");
    const record = join(records, `${basename(archive)}-${size}-${mtimeMs}`);
    if (existsSync(record)) return false;
    const args = ["--address", cluster.containerdSocket, "--namespace", "k8s.io", "images", "import", archive];
    await runCommand(tools.ctr, args, { timeout: 180_000 }).catch((error: Error) => {
        throw new Error(`Cluster ${cluster.name} cannot load the image ${archive}: ${error.message}`);
    });
    mkdirSync(records, { recursive: true });
    writeFileSync(record, "");
    return true;
}
