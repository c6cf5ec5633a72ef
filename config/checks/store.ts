import { type Problem, Problems } from "../../rules/problem";
import type { ObserverConfig } from "../schema";
import { storesOf } from "../stores";
import { streamsOf } from "../streams";

/** An age below which Stores leave samples to Receive, though Receive does not have them. */
export function storeChecks(config: ObserverConfig): Problem[] {
    if (config.store.minAge === undefined) return [];
    return new Problems()
        .when(
            storesOf(config).every((stores) => stores.minAge === undefined),
            "store.minAge",
            "has no effect: no stream has only writers that write to Receive and are not archived.",
            "Remove it: only Receive has recent samples also while their cluster is away.",
        )
        .all();
}

/** Streams without blocks to show, and what is listed twice. */
export function toolChecks({ bucketWeb, tools, ...config }: ObserverConfig): Problem[] {
    const problems = new Problems();
    const names = streamsOf(config).map(({ name }) => name);
    for (const [i, name] of (bucketWeb?.streams ?? []).entries())
        problems.when(
            !names.includes(name),
            `bucketWeb.streams[${i}]`,
            `"${name}" is not a stream of this fleet (${names.join(", ")}).`,
            "Write one of these, or leave `streams` out for all of them.",
        );
    for (const [path, list] of Object.entries({ "bucketWeb.streams": bucketWeb?.streams ?? [], tools }))
        for (const [i, name] of list.entries())
            problems.when(list.indexOf(name as never) !== i, `${path}[${i}]`, `"${name}" is there twice.`, "Remove one.");
    return problems.all();
}
