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

/** The answer to an instant query. */
export interface Answer {
    samples: Sample[];
    /** What is missing from it: StoreAPIs that did not answer. */
    warnings: string[];
    /** When it was evaluated, by the clock of Query: seconds since the epoch. An answer without series does not say: now. */
    time: number;
}

export interface QueryOptions {
    /** Whether to merge replicas. @default true, as in Thanos */
    dedup?: boolean;
    /** Evaluation time, seconds since the epoch. @default now */
    time?: number;
    /** Gives up. @default never before the timeout */
    signal?: AbortSignal;
}

const TIMEOUT_MS = 20_000;

interface Response<T> {
    status: string;
    data: T;
    error?: string;
    /** What is missing from the data. */
    warnings?: string[];
}

async function get<T>(url: string, signal?: AbortSignal): Promise<Response<T>> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    const body = (await response.json()) as Response<T>;
    if (body.status !== "success") throw new Error(`${url} answered ${response.status}: ${body.error}`);
    return body;
}

type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };

function answer(baseUrl: string, promql: string, { dedup = true, time, signal }: QueryOptions): Promise<Response<Vector>> {
    const params = new URLSearchParams({ query: promql, dedup: String(dedup), ...(time !== undefined && { time: String(time) }) });
    return get<Vector>(`${baseUrl}/api/v1/query?${params}`, signal);
}

/** An instant query, with all that the answer says. */
export async function instantQuery(baseUrl: string, promql: string, options: QueryOptions = {}): Promise<Answer> {
    const { data, warnings = [] } = await answer(baseUrl, promql, options);
    return {
        samples: data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) })),
        warnings,
        time: data.result[0]?.value[0] ?? Date.now() / 1000,
    };
}

/** The series of an instant query. */
export const query = async (baseUrl: string, promql: string, options: QueryOptions = {}): Promise<Sample[]> =>
    (await instantQuery(baseUrl, promql, options)).samples;

/** The value of an instant query that returns one series, or 0 when it returns none. */
export async function scalar(baseUrl: string, promql: string, options: QueryOptions = {}): Promise<number> {
    return (await query(baseUrl, promql, options))[0]?.value ?? 0;
}

/** What the answer to an instant query says is missing from it: StoreAPIs that did not answer. The query may ask for a range of samples, too. */
export async function warnings(baseUrl: string, promql: string): Promise<string[]> {
    return (await answer(baseUrl, promql, {})).warnings ?? [];
}

/** The StoreAPI endpoints that Query reads from, each with its `kind`: sidecar, query, receive, store, ... */
export async function stores(baseUrl: string): Promise<(StoreStatus & { kind: string })[]> {
    const { data: byKind } = await get<Record<string, StoreStatus[]>>(`${baseUrl}/api/v1/stores`);
    return Object.entries(byKind).flatMap(([kind, list]) => list.map((store) => ({ kind, ...store })));
}
