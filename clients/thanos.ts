/** The few calls of Thanos's HTTP API that the checks make. */

export interface Sample {
    metric: Record<string, string>;
    value: number;
}

export interface StoreStatus {
    name: string;
    lastError: unknown;
    labelSets: Record<string, string>[];
    minTime: number;
    maxTime: number;
}

export interface QueryOptions {
    /** Merge replicas. Default true, as Thanos has it. */
    dedup?: boolean;
    /** Unix seconds. Default now. */
    time?: number;
}

const ANSWER_WITHIN_MS = 20_000;

async function get<T>(url: string): Promise<T> {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const body = (await response.json()) as { status: string; data: T; error?: string };
    if (body.status !== "success") throw new Error(`${url} answered ${response.status}: ${body.error}`);
    return body.data;
}

/** An instant query. */
export async function query(base: string, promql: string, { dedup = true, time }: QueryOptions = {}): Promise<Sample[]> {
    const params = new URLSearchParams({ query: promql, dedup: String(dedup), ...(time !== undefined && { time: String(time) }) });
    const { result } = await get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `${base}/api/v1/query?${params}`,
    );
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** What a query adds up to: the value of its only sample, or 0 when there is none. */
export async function scalar(base: string, promql: string, options: QueryOptions = {}): Promise<number> {
    return (await query(base, promql, options))[0]?.value ?? 0;
}

/** Query's store list: what it asks, by kind (sidecar, query, receive, store, ...). */
export async function stores(base: string): Promise<(StoreStatus & { kind: string })[]> {
    const byKind = await get<Record<string, StoreStatus[]>>(`${base}/api/v1/stores`);
    return Object.entries(byKind).flatMap(([kind, list]) => list.map((store) => ({ kind, ...store })));
}
