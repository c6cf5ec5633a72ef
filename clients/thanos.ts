/** Calls of Query's and Query Frontend's HTTP API. `baseUrl`: "http://10.0.0.1:10902". */

/** One series of the result of an instant query. */
export interface Sample {
    /** The series' labels. */
    metric: Record<string, string>;
    value: number;
}

/** One entry of Query's list of StoreAPI endpoints. */
export interface StoreStatus {
    /** Address, as `--endpoint` has it or as DNS resolves it. */
    name: string;
    /** Why the last request to it failed; null if it did not. */
    lastError: unknown;
    /** External labels of what it serves. */
    labelSets: Record<string, string>[];
    /** Oldest sample that it serves, milliseconds since the epoch. */
    minTime: number;
    /** Youngest sample that it serves, milliseconds since the epoch. */
    maxTime: number;
}

export interface QueryOptions {
    /** Whether to merge replicas. @default true, as in Thanos */
    dedup?: boolean;
    /** Evaluation time, seconds since the epoch. @default now */
    time?: number;
}

const TIMEOUT_MS = 20_000;

async function get<T>(url: string): Promise<T> {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = (await response.json()) as { status: string; data: T; error?: string };
    if (body.status !== "success") throw new Error(`${url} answered ${response.status}: ${body.error}`);
    return body.data;
}

/** An instant query. */
export async function query(baseUrl: string, promql: string, { dedup = true, time }: QueryOptions = {}): Promise<Sample[]> {
    const params = new URLSearchParams({ query: promql, dedup: String(dedup), ...(time !== undefined && { time: String(time) }) });
    const { result } = await get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `${baseUrl}/api/v1/query?${params}`,
    );
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** The value of an instant query that returns one series, or 0 when it returns none. */
export async function scalar(baseUrl: string, promql: string, options: QueryOptions = {}): Promise<number> {
    return (await query(baseUrl, promql, options))[0]?.value ?? 0;
}

/** The StoreAPI endpoints that Query reads from, each with its `kind`: sidecar, query, receive, store, ... */
export async function stores(baseUrl: string): Promise<(StoreStatus & { kind: string })[]> {
    const byKind = await get<Record<string, StoreStatus[]>>(`${baseUrl}/api/v1/stores`);
    return Object.entries(byKind).flatMap(([kind, list]) => list.map((store) => ({ kind, ...store })));
}
