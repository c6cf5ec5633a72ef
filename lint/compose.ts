import { join } from "node:path";
import { isMap } from "../rules/isMap";
import type { Manifest } from "../rules/reading/manifest";

/** The services of a docker-compose file (compose-spec, 05-services.md), as far as they say what a container runs, and which files it reads. */

interface Service {
    readonly image?: unknown;
    readonly build?: unknown;
    readonly entrypoint?: unknown;
    readonly command?: unknown;
    readonly working_dir?: unknown;
    readonly volumes?: unknown;
    readonly container_name?: unknown;
    readonly scale?: unknown;
    readonly deploy?: { readonly replicas?: unknown } | null;
}

/** An object as which Kubernetes would describe a service, or a part of it. */
interface Described extends Pick<Manifest, "apiVersion" | "kind" | "name" | "fields"> {
    /** Its key below `services`. */
    readonly service: string;
}

/**
 * Each service as a workload of one container, and as a name by which others reach it. `folder` is that of the file: paths are relative to it.
 * A container is replaced in place, as the pod of a StatefulSet is.
 */
export function composeManifests(services: Record<string, unknown>, folder: string): Described[] {
    return Object.entries(services).flatMap(([name, service]) => {
        if (typeof service !== "object" || service === null) return [];
        const {
            image,
            build,
            entrypoint,
            command,
            working_dir: workingDir,
            volumes: given,
            container_name: containerName,
            scale,
            deploy,
        } = service as Service;
        if (typeof image !== "string" && build === undefined) return [];
        const replicas = deploy?.replicas ?? scale;
        const mounts = Array.isArray(given) ? given.flatMap((volume) => mountOf(volume, folder)) : [];
        const volumes = mounts.map(({ path }, i) => ({ name: `${i}`, bind: { path } }));
        const volumeMounts = mounts.map(({ mountPath }, i) => ({ name: `${i}`, mountPath }));
        const inFolder = typeof workingDir === "string" ? { workingDir } : {};
        const container = {
            name,
            ...(typeof image === "string" && { image }),
            command: words(entrypoint),
            args: words(command),
            ...inFolder,
            volumeMounts,
        };
        const labels = { service: name };
        const template = { metadata: { labels }, spec: { containers: [container], volumes } };
        const workload = { metadata: { name }, spec: { ...(typeof replicas === "number" && { replicas }), template } };
        // Its name is resolved to the addresses of all its containers.
        const hosts = [name, ...(typeof containerName === "string" && containerName !== name ? [containerName] : [])];
        return [
            { service: name, apiVersion: "apps/v1", kind: "StatefulSet", name, fields: workload },
            ...hosts.map((host) => ({
                ...{ service: name, apiVersion: "v1", kind: "Service", name: host },
                fields: { metadata: { name: host }, spec: { clusterIP: "None", selector: labels } },
            })),
        ];
    });
}

/** `./bucket.yml:/etc/bucket.yml:ro`, or the same as a map. Volumes with a name of their own hold data, and no files that people write. */
function mountOf(volume: unknown, folder: string): { path: string; mountPath: string }[] {
    const { source, target } = isMap(volume) ? volume : shortOf(volume);
    if (typeof source !== "string" || typeof target !== "string" || !/^[./~$]/.test(source)) return [];
    return [{ path: (source.startsWith(".") ? join(folder, source) : source).replace(/\/$/, ""), mountPath: target }];
}

function shortOf(volume: unknown): { source?: string | undefined; target?: string | undefined } {
    const [source, target] = typeof volume === "string" ? volume.split(":") : [];
    return { source, target };
}

/** A list of words, or a line that is split as a shell splits it. Words of other types are written as text. */
function words(value: unknown): string[] | undefined {
    if (Array.isArray(value)) return value.map(String);
    if (typeof value !== "string") return undefined;
    return [...value.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}
