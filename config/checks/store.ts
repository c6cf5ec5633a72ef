import { parseDuration } from "../../rules/duration";
import { type Problem, Problems } from "../../rules/problem";
import type { ObserverConfig } from "../schema";
import { keptFor, storesOf } from "../stores";
import { streamsOf } from "../streams";

/** An age below which Stores leave samples to Receive, though Receive does not have them, or not for long enough. */
export function storeChecks(config: ObserverConfig): Problem[] {
    const { minAge, syncInterval } = config.store;
    if (minAge === undefined) return [];
    const { retention } = config.receive;
    const needed = keptFor({ minAge, syncInterval });
    return new Problems()
        .when(
            storesOf(config).every((stores) => stores.minAge === undefined),
            "store.minAge",
            "has no effect: no stream has only writers that write to Receive and are not archived.",
            "Remove it: only Receive has recent samples also while their cluster is away.",
        )
        .when(
            parseDuration(retention) < parseDuration(needed),
            "store.minAge",
            `${minAge} leaves a hole: Receive keeps samples for ${retention} (receive.retention), and Stores answer for them after ${needed}, with two store.syncInterval to notice and load a block.`,
            `Write a shorter age, or a receive.retention of ${needed} or longer.`,
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
