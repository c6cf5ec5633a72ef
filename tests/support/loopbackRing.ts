import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashringsFile, membersOf, partsOf } from "../../components/thanos/hashring";
import { ingesterFlags, routerFlags } from "../../components/thanos/receive";
import type { Ring } from "../../config/rings";
import { freePort, type Processes } from "./processes";

/** Rings of real Receive processes on 127.0.0.1: the program's own flags and files, with other addresses and directories. */

const NAMESPACE = "monitoring";

/** Replaces the value of each flag that is given, and drops those whose value is undefined. */
const withValues = (flags: string[], values: Record<string, string | undefined>): string[] =>
    flags.flatMap((flag) => {
        const [name = ""] = flag.split("=");
        return name in values ? (values[name] === undefined ? [] : [`${name}=${values[name]}`]) : [flag];
    });

/** Flags of a router without TLS: over plain HTTP the header names the tenant. */
export const routerFlagsOf = (
    files: { hashrings: string; limits: string },
    replicationFactor: number,
    flagsOf: typeof routerFlags = routerFlags,
): string[] =>
    withValues(flagsOf({ replicationFactor }), {
        "--receive.hashrings-file": files.hashrings,
        "--receive.limits-config-file": files.limits,
        "--label": 'receive_router="a"',
        "--remote-write.server-tls-cert": undefined,
        "--remote-write.server-tls-key": undefined,
        "--remote-write.server-tls-client-ca": undefined,
        "--remote-write.server-tls-min-version": undefined,
        "--receive.tenant-certificate-field": undefined,
    });

export type TestRing = Pick<Ring, "name" | "tenants" | "zones" | "ingesters">;

export interface Receiver {
    /** Name of the pod that it stands for. */
    pod: string;
    zone: string | undefined;
    http: string;
    grpc: string;
}

export class LoopbackRing {
    readonly ingesters: Receiver[] = [];
    /** URL for remote write. */
    write = "";
    /** Base URL of the router's metrics. */
    router = "";
    private readonly rings;

    constructor(
        private readonly thanos: string,
        private readonly processes: Processes,
        rings: TestRing[],
    ) {
        this.rings = rings.map((ring) => ({
            ...ring,
            name: ring.name ?? "fleet",
            members: partsOf({ ...ring, leaving: 0 }).flatMap(membersOf),
        }));
    }

    /** Files that the router reads. */
    get files() {
        const path = (name: string) => join(this.processes.directory, name);
        return { hashrings: path("hashrings.json"), limits: path("limits.yml") };
    }

    async startIngesters(): Promise<void> {
        for (const { pod, zone } of this.rings.flatMap(({ members }) => members)) {
            const [http, grpc, write] = await addresses();
            const flags = withValues(ingesterFlags({ retention: "7d" }), {
                "--tsdb.path": join(this.processes.directory, pod),
                "--label": `receive_replica="${pod}"`,
            });
            await this.start(pod, flags, http, grpc, write);
            this.ingesters.push({ pod, zone, http, grpc });
        }
    }

    /** `limits` is the content of the limits file, `flagsOf` makes the flags of the router. */
    async startRouter(limits: string, flagsOf = routerFlags): Promise<void> {
        await writeFile(this.files.limits, limits);
        await writeFile(this.files.hashrings, this.hashrings());
        const [http, grpc, write] = await addresses();
        const flags = routerFlagsOf(this.files, 3, flagsOf);
        this.write = `http://${write}/api/v1/receive`;
        this.router = `http://${http}`;
        await this.start("router", flags, http, grpc, write);
    }

    /** The ring file, with the addresses of the processes. */
    private hashrings(): string {
        const addressOf = (pod: string) => this.ingesters.find((ingester) => ingester.pod === pod)?.grpc ?? "";
        return hashringsFile(this.rings, NAMESPACE).replaceAll(/"address":"([^."]+)[^"]*"/g, (_, pod) => `"address":"${addressOf(pod)}"`);
    }

    private async start(name: string, flags: string[], http: string, grpc: string, write: string): Promise<void> {
        const all = [...flags, ...(await addressFlags(http, grpc, write))];
        await this.processes.start(name, this.thanos, all, `http://${http}/-/ready`);
    }

    /** Starts a Query that asks every ingester. Answers its base URL. */
    async startQuery(): Promise<string> {
        const [http, grpc] = await addresses();
        const endpoints = this.ingesters.map((ingester) => `--endpoint=${ingester.grpc}`);
        const flags = ["query", "--query.replica-label=receive_replica", `--http-address=${http}`, `--grpc-address=${grpc}`, ...endpoints];
        await this.processes.start("query", this.thanos, flags, `http://${http}/-/ready`);
        return `http://${http}`;
    }

    /** Starts the Prometheus that routers ask for the number of a tenant's series. Answers its base URL. */
    async startMetaMonitoring(prometheus: string): Promise<string> {
        const config = join(this.processes.directory, "prometheus.yml");
        await writeFile(config, this.scrapeConfig());
        const web = await address();
        const data = join(this.processes.directory, "meta");
        const flags = [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${web}`];
        await this.processes.start("prometheus", prometheus, flags, `http://${web}/-/ready`);
        return `http://${web}`;
    }

    /** The configuration of a Prometheus that scrapes the ingesters every second, under the labels that the operator gives them. */
    private scrapeConfig(): string {
        return JSON.stringify({
            global: { scrape_interval: "1s" },
            scrape_configs: [
                {
                    job_name: "ingesters",
                    static_configs: this.ingesters.map(({ pod, http }) => ({ targets: [http], labels: { namespace: NAMESPACE, pod } })),
                },
            ],
        });
    }
}

export const addressFlags = async (http: string, grpc: string, write: string): Promise<string[]> => [
    `--http-address=${http}`,
    `--grpc-address=${grpc}`,
    `--remote-write.address=${write}`,
    `--receive.capnproto-address=${await address()}`,
];
const address = async () => `127.0.0.1:${await freePort()}`;
export const addresses = async (): Promise<[string, string, string]> => [await address(), await address(), await address()];
