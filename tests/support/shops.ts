import { once } from "node:events";
import { cpSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { freePort, type Processes } from "./processes";
import type { RealThanos } from "./realThanos";

/** What tests of Rule and Query have on 127.0.0.1: clusters with a real Prometheus and its sidecar, and an Alertmanager that writes down what it gets. */

export interface Alert {
    labels: Record<string, string>;
    annotations: Record<string, string>;
    generatorURL: string;
    endsAt: string;
}

/** Address of a server, without a scheme. */
export const addressOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;

async function listening(handler: RequestListener): Promise<Server> {
    const server = createServer(handler).listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
}

/** An Alertmanager that hands over every request and its alerts. */
export const alertmanagerThat = (takes: (request: IncomingMessage, alerts: Alert[]) => void): Promise<Server> =>
    listening(async (request, answer) => {
        let body = "";
        for await (const chunk of request) body += chunk;
        takes(request, JSON.parse(body) as Alert[]);
        answer.end();
    });

/** Clusters, each with some series of `shop_orders`. */
export class Shops {
    private readonly servers: Server[] = [];

    constructor(
        private readonly processes: Processes,
        private readonly thanos: RealThanos,
        private readonly prometheus: string,
    ) {}

    /**
     * A Prometheus with `count` series of a cluster, each of value 1, and its sidecar, whose address it answers. `blocks`: a directory with blocks that the
     * Prometheus has as well.
     */
    async start(cluster: string, count: number, blocks?: string): Promise<string> {
        const series = Array.from({ length: count }, (_, i) => `shop_orders{shop="${i}"} 1`).join("\n");
        const metrics = await listening((_, answer) => answer.setHeader("Content-Type", "text/plain").end(`${series}\n`));
        this.servers.push(metrics);
        const web = `127.0.0.1:${await freePort()}`;
        const config = join(this.processes.directory, `${cluster}.yml`);
        writeFileSync(
            config,
            JSON.stringify({
                global: { scrape_interval: "1s", external_labels: { cluster, prometheus_replica: "a" } },
                scrape_configs: [{ job_name: "shop", static_configs: [{ targets: [addressOf(metrics)] }] }],
            }),
        );
        const data = join(this.processes.directory, `${cluster}-data`);
        if (blocks !== undefined) cpSync(blocks, data, { recursive: true });
        const flags = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${web}`];
        await this.processes.start(`prometheus-${cluster}`, this.prometheus, flags, `http://${web}/-/ready`);
        const sidecar = ["sidecar", `--prometheus.url=http://${web}`, `--tsdb.path=${data}`];
        return (await this.thanos.start(`sidecar-${cluster}`, sidecar, {})).grpc;
    }

    close(): void {
        for (const server of this.servers) server.close();
    }
}
