import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request that an HTTP server of a test got. */
export interface Request {
    method: string;
    /** With the query string. */
    url: string;
    body: string;
}

/** An HTTP server on 127.0.0.1 that answers with JSON, in place of an API server or of Thanos. */
export class FakeApi {
    readonly requests: Request[] = [];
    private server: Server | undefined;

    /** @param answer the body for a request; undefined is answered with 404, and a Status with its code */
    constructor(readonly answer: (request: Request) => unknown) {}

    async start(): Promise<void> {
        this.server = createServer(async (incoming: IncomingMessage, response) => {
            const request = { method: incoming.method ?? "", url: incoming.url ?? "", body: await text(incoming) };
            this.requests.push(request);
            const body = this.answer(request);
            const { kind, code } = (body ?? {}) as { kind?: string; code?: number };
            response
                .writeHead(body === undefined ? 404 : kind === "Status" ? (code ?? 500) : 200, { "Content-Type": "application/json" })
                .end(JSON.stringify(body ?? { kind: "Status", code: 404 }));
        }).listen(0, "127.0.0.1");
        await once(this.server, "listening");
    }

    get url(): string {
        if (this.server === undefined) throw new Error("start the server first");
        return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    stop(): void {
        this.server?.close();
        this.server?.closeAllConnections();
    }

    /** The text of a kubeconfig in which every one of these contexts is this server. */
    kubeconfig(...contexts: string[]): string {
        return JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            "current-context": contexts[0],
            clusters: [{ name: "fake", cluster: { server: this.url, "insecure-skip-tls-verify": true } }],
            users: [{ name: "me", user: {} }],
            contexts: contexts.map((name) => ({ name, context: { cluster: "fake", user: "me" } })),
        });
    }

    /** Writes that kubeconfig. */
    writeKubeconfig(file: string, ...contexts: string[]): void {
        writeFileSync(file, this.kubeconfig(...contexts));
    }
}
