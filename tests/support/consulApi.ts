import type { IncomingMessage, ServerResponse } from "node:http";

/** An instance of a service. */
interface Instance {
    address: string;
    port: number;
    tags: string[];
}

/**
 * The part of Consul's HTTP API that service discovery asks for (developer.hashicorp.com/consul/api-docs: agent/self, catalog/services, health/service), for requests with an ACL token.
 * Consul itself is on no registry that this project takes tools from.
 */
export const consulApi =
    (token: string, services: Record<string, Instance[]>) =>
    (request: IncomingMessage, response: ServerResponse): void => {
        const { pathname, searchParams } = new URL(request.url ?? "/", "http://consul");
        const answer = (value: unknown) =>
            response.setHeader("Content-Type", "application/json").setHeader("X-Consul-Index", "1").end(JSON.stringify(value));
        if (request.headers["x-consul-token"] !== token) return void response.writeHead(403).end("ACL not found");
        if (pathname === "/v1/agent/self") return void answer({ Config: { Datacenter: "dc1" } });
        // A question about something newer waits until there is something newer, and then gets the same again.
        const wait = searchParams.get("index") === "1" ? 2000 : 0;
        const later = (value: unknown) => setTimeout(() => answer(value), wait).unref();
        if (pathname === "/v1/catalog/services")
            return void later(
                Object.fromEntries(Object.entries(services).map(([name, of]) => [name, [...new Set(of.flatMap(({ tags }) => tags))]])),
            );
        const [, service = ""] = /^\/v1\/health\/service\/(.+)$/.exec(pathname) ?? [];
        const instances = services[service];
        if (instances === undefined) return void response.writeHead(404).end();
        const wanted = searchParams.getAll("tag");
        later(
            instances
                .filter(({ tags }) => wanted.every((tag) => tags.includes(tag)))
                .map(({ address, port, tags }) => ({
                    Node: { Node: "machine", Address: address, Datacenter: "dc1" },
                    Service: { ID: `${service}-${port}`, Service: service, Address: address, Port: port, Tags: tags },
                    Checks: [],
                })),
        );
    };
