import { formatDuration, parseDuration } from "./duration";
import { compactor, OBJSTORE, objstore, thanos } from "./example";
import { streamsLack } from "./lacks";
import { NOTHING, type Store, type ThanosModel } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const storeForgetsFirst = defineRule({
    id: "L5",
    name: "store-forgets-before-compact-deletes",
    title: "Store leaves a block out before Compact deletes it",
    why: "Store serves a block for --ignore-deletion-marks-delay after Compact has marked it; Compact deletes it after --delete-delay. If the first is not shorter, Store asks for objects that are gone, and queries fail.",
    source: "https://thanos.io/tip/components/store.md/",
    remedy: "Set --ignore-deletion-marks-delay of Store to half of Compact's --delete-delay, as the defaults are (24h and 48h).",
    severity: "medium",
    reads: ["stores", "compactors"],
    scope: "deployment",
    thresholds: {},
    settings: ["store.ignoreDeletionMarksDelay", "compact.deleteDelay"],
    check: (model) => {
        const problems = new Problems();
        for (const { store, compactor, deleteDelay } of pairs(model))
            problems.when(
                store.ignoreDeletionMarksDelay >= deleteDelay,
                `${store.path}.ignoreDeletionMarksDelay`,
                `${formatDuration(store.ignoreDeletionMarksDelay)} is not shorter than the ${formatDuration(deleteDelay)} after which ${compactor.path} deletes a block (deleteDelay): Store would ask for deleted blocks.`,
                "Write half of it, as Thanos's defaults do.",
            );
        return problems.all();
    },
    lacks: ({ stores, compactors }) => (stores.length > 0 && compactors.length > 0 ? streamsLack([...stores, ...compactors]) : []),
    good: { ...NOTHING, stores: [store("24h")], compactors: [compactor({ deleteDelay: parseDuration("48h") })] },
    bad: { ...NOTHING, stores: [store("48h")], compactors: [compactor({ deleteDelay: parseDuration("48h") })] },
    manifests: {
        good: [
            objstore("blue"),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore-blue" }),
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE], { secret: "objstore-blue" }),
        ],
        bad: [
            objstore("blue"),
            thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore-blue" }),
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE, "--delete-delay=12h"], { secret: "objstore-blue" }),
        ],
    },
});

/** Stores and compactors of the same blocks. One without the other is nothing to compare: the other may be in another cluster. */
const pairs = ({ stores, compactors }: ThanosModel) =>
    stores.flatMap((store) =>
        compactors.flatMap((compactor) =>
            compactor.stream === store.stream && compactor.deleteDelay !== undefined
                ? [{ store, compactor, deleteDelay: compactor.deleteDelay }]
                : [],
        ),
    );

function store(delay: string): Store {
    const usual = { path: "store", stream: "blue", minAge: parseDuration("0"), syncInterval: parseDuration("15m") };
    return { ...usual, ignoreDeletionMarksDelay: parseDuration(delay) };
}
