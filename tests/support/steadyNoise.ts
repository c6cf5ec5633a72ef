/**
 * Writes many series of a tenant to Receive until it is killed, as a program of its own: in the process that measures queries, encoding the series would
 * delay the answers. Its priority is low, since the tenant's own machine would do this work. Argument: `Noise` as JSON. Sends `{ [status]: requests }` after each request.
 */
import { constants, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { remoteWrite } from "./remoteWrite";

export interface Noise {
    url: string;
    tenant: string;
    series: number;
    seriesPerRequest: number;
    /** How often each series is written. */
    everySeconds: number;
}

async function main({ url, tenant, series, seriesPerRequest, everySeconds }: Noise): Promise<void> {
    setPriority(constants.priority.PRIORITY_LOW);
    const statuses: Record<number, number> = {};
    for (let start = 0; ; start = (start + seriesPerRequest) % series) {
        const next = sleep((everySeconds * 1000 * seriesPerRequest) / series);
        const written = Array.from({ length: Math.min(seriesPerRequest, series - start) }, (_, i) => ({
            __name__: `${tenant}_total`,
            series: String(start + i),
        }));
        const status = await remoteWrite(url, tenant, written);
        statuses[status] = (statuses[status] ?? 0) + 1;
        process.send?.(statuses);
        await next;
    }
}

main(JSON.parse(process.argv[2] as string) as Noise).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
