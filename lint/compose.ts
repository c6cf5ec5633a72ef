/** The services of a docker-compose file (compose-spec, 05-services.md), as far as they say what a container runs. */

interface Service {
    readonly image?: unknown;
    readonly entrypoint?: unknown;
    readonly command?: unknown;
    readonly scale?: unknown;
    readonly deploy?: { readonly replicas?: unknown } | null;
}

/** Each service as a workload of one container. */
export function composeManifests(services: Record<string, unknown>): { name: string; fields: Record<string, unknown> }[] {
    return Object.entries(services).flatMap(([name, service]) => {
        if (typeof service !== "object" || service === null) return [];
        const { image, entrypoint, command, scale, deploy } = service as Service;
        if (typeof image !== "string") return [];
        const replicas = deploy?.replicas ?? scale;
        const container = { name, image, command: words(entrypoint), args: words(command) };
        return [
            {
                name,
                fields: {
                    metadata: { name },
                    spec: { ...(typeof replicas === "number" && { replicas }), template: { spec: { containers: [container] } } },
                },
            },
        ];
    });
}

/** A list of words, or a line that is split as a shell splits it. Words of other types are written as text. */
function words(value: unknown): string[] | undefined {
    if (Array.isArray(value)) return value.map(String);
    if (typeof value !== "string") return undefined;
    return [...value.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}
