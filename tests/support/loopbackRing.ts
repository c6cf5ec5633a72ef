import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashringsFile, membersOf } from "../../components/thanos/hashring";
import { ingesterFlags, routerFlags } from "../../components/thanos/receive";
import { freePort, type Processes } from "./processes";

/** A ring of real Receive processes on 127.0.0.1: the program's own flags and files, with other addresses and directories. */

const NAMESPACE = "monitoring";
const INGESTERS = "thanos-receive-ingester";

/** Replaces the value of each flag that is given, and drops those whose value is undefined. */
const withValues = (flags: string[], values: Record<string, string | undefined>): string[] =>
    flags.flatMap((flag) => {
        const [name = ""] = flag.split("=");
        return name in values ? (values[name] === undefined ? [] : [`${name}=${values[name]}`]) : [flag];
    });

interface Receiver {
    /** Name of the pod that it stands for. */
    pod: string;
    http: string;
    grpc: string;
}

export class LoopbackRing {
    readonly ingesters: Receiver[] = [];
    /** URL for remote write. */
    write = "";
    /** Base URL of the router's metrics. */
    router = "";

    constructor(
        private readonly thanos: string,
        private readonly processes: Processes,
    ) {}

    get files() {
        const path = (name: string) => join(this.processes.directory, name);
        return { hashrings: path("hashrings.json"), limits: path("limits.yml") };
    }

    async startIngesters(number: number): Promise<void> {
        for (let ordinal = 0; ordinal < number; ordinal++) {
            const pod = `${INGESTERS}-${ordinal}`;
            const [http, grpc, write] = await addresses();
            const flags = withValues(ingesterFlags({ retention: "7d" }), {
                "--tsdb.path": join(this.processes.directory, pod),
                "--label": `receive_replica="${pod}"`,
            });
            await this.start(pod, flags, http, grpc, write);
            this.ingesters.push({ pod, http, grpc });
        }
    }

    /** `limits` is the content of the limits file. */
    async startRouter(tenants: string[], limits: string): Promise<void> {
        await writeFile(this.files.limits, limits);
        await writeFile(this.files.hashrings, this.hashrings(tenants));
        const [http, grpc, write] = await addresses();
        // Over plain HTTP the header names the tenant.
        const flags = withValues(routerFlags({ replicationFactor: 3 }), {
            "--receive.hashrings-file": this.files.hashrings,
            "--receive.limits-config-file": this.files.limits,
            "--label": 'receive_router="a"',
            "--remote-write.server-tls-cert": undefined,
            "--remote-write.server-tls-key": undefined,
            "--remote-write.server-tls-client-ca": undefined,
            "--remote-write.server-tls-min-version": undefined,
            "--receive.tenant-certificate-field": undefined,
        });
        await this.start("router", flags, http, grpc, write);
        this.write = `http://${write}/api/v1/receive`;
        this.router = `http://${http}`;
    }

    private hashrings(tenants: string[]): string {
        const members = membersOf(INGESTERS, this.ingesters.length);
        const file = hashringsFile([{ name: "fleet", tenants, members }], NAMESPACE);
        const [ring] = JSON.parse(file) as Record<string, unknown>[];
        return JSON.stringify([{ ...ring, endpoints: this.ingesters.map(({ grpc }) => ({ address: grpc })) }]);
    }

    private async start(name: string, flags: string[], http: string, grpc: string, write: string): Promise<void> {
        const addressFlags = [
            `--http-address=${http}`,
            `--grpc-address=${grpc}`,
            `--remote-write.address=${write}`,
            `--receive.capnproto-address=${await address()}`,
        ];
        await this.processes.start(name, this.thanos, [...flags, ...addressFlags], `http://${http}/-/ready`);
    }

    /** The configuration of a Prometheus that scrapes the ingesters every second, under the labels that the operator gives them. */
    scrapeConfig(): string {
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

const address = async () => `127.0.0.1:${await freePort()}`;
const addresses = async (): Promise<[string, string, string]> => [await address(), await address(), await address()];
