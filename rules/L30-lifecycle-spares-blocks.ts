import { type Duration, formatDuration, parseDuration } from "./duration";
import { ackBucket, compactor, OBJSTORE, objstore, retentionFlags, thanos } from "./example";
import { bucketsLack } from "./lacks";
import { type Compactor, isKnown, type LifecycleRule, NOTHING, type ObjectStoreFile, type S3Place, type ThanosModel } from "./model";
import { Problems } from "./problem";
import { defineRule, type Lack } from "./rule";

export const lifecycleSparesBlocks = defineRule({
    id: "L30",
    name: "lifecycle-spares-blocks",
    title: "No lifecycle of the bucket deletes or archives blocks that are in use",
    why: "S3 deletes or archives one file after another, by the age of the file. A block without one of its files halts Compact and fails the queries of Store; and compaction gives old samples new files, so the lifecycle keeps them for longer than it says.",
    source: "https://github.com/thanos-io/thanos/issues/458",
    remedy: "Let Compact expire blocks (--retention.resolution-*). A lifecycle may delete old versions, delete markers and broken uploads.",
    severity: "critical",
    reads: ["lifecycles", "objectStores", "compactors"],
    scope: "deployment",
    thresholds: {},
    check: (model) => {
        const problems = new Problems();
        for (const rule of model.lifecycles) {
            const { path, archives, expires } = rule;
            const stores = storesIn(rule, model);
            const [place] = stores.flatMap(({ place }) => (place !== undefined && isKnown(place) ? [place] : []));
            if (place === undefined) continue;
            const [slowest] = compactorsOf(stores, model).sort((a, b) => needed(b) - needed(a));
            problems
                .when(
                    archives !== undefined,
                    `${path}.transitions`,
                    `moves blocks in bucket ${place.bucket} to ${archives}, where Store and Compact cannot read them.`,
                    "Remove it, or write GLACIER_IR or STANDARD_IA, which are read at once.",
                )
                .when(
                    expires !== undefined && slowest !== undefined && expires < needed(slowest),
                    `${path}.expiration`,
                    `deletes blocks in bucket ${place.bucket} ${when(expires)}, and ${slowest?.path} keeps them ${slowest && kept(slowest)}.`,
                    slowest && needed(slowest) < Number.POSITIVE_INFINITY
                        ? `Remove it, or write ${formatDuration(needed(slowest))} or longer.`
                        : "Remove it; --retention.resolution-* expire blocks.",
                );
        }
        return problems.all();
    },
    lacks: (model) =>
        model.lifecycles.length === 0
            ? bucketsLack(model, "no lifecycle of its bucket is given")
            : model.lifecycles.flatMap((rule) => lacksOf(rule, model)),
    good: {
        ...NOTHING,
        compactors: [compactor({ deleteDelay: parseDuration("48h") })],
        objectStores: [store("compact", "blue"), store("store", "blue")],
        lifecycles: [
            { path: "later", bucket: "blocks", prefix: "", expires: parseDuration("92d") },
            { path: "logs", bucket: "logs", prefix: "", expires: parseDuration("30d"), archives: "GLACIER" },
            { path: "red", bucket: "blocks", prefix: "red/", archives: "DEEP_ARCHIVE" },
            { path: "debug", bucket: "blocks", prefix: "blue/debug/", expires: parseDuration("7d") },
        ],
    },
    bad: {
        ...NOTHING,
        compactors: [compactor({ deleteDelay: parseDuration("48h") })],
        objectStores: [store("compact", "blue"), store("store", "blue")],
        lifecycles: [
            { path: "month", bucket: "blocks", prefix: "", expires: parseDuration("30d") },
            { path: "date", bucket: "blocks", prefix: "blue/", expires: parseDuration("0") },
            { path: "cold", bucket: "blocks", prefix: "blue/01", archives: "DEEP_ARCHIVE" },
        ],
    },
    manifests: {
        good: [
            objstore("blue"),
            ackBucket("blocks", [{ noncurrentVersionExpiration: { noncurrentDays: 7 }, expiration: { expiredObjectDeleteMarker: true } }]),
            ackBucket("logs", [{ expiration: { days: 30 } }]),
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE, ...retentionFlags("90d", "90d", "90d")], { secret: "objstore-blue" }),
        ],
        bad: [
            objstore("blue"),
            ackBucket("blocks", [
                { expiration: { days: 30 } },
                { filter: { prefix: "blue/" }, transitions: [{ days: 60, storageClass: "GLACIER" }] },
            ]),
            thanos("StatefulSet", "compact", ["compact", ...OBJSTORE, ...retentionFlags("90d", "90d", "90d")], { secret: "objstore-blue" }),
        ],
    },
});

function store(path: string, prefix: string): ObjectStoreFile {
    return { path, component: path, documents: 1, place: { bucket: "blocks", prefix, hasKey: false } };
}

/** The components whose blocks a rule is about. */
const storesIn = (rule: LifecycleRule, { objectStores }: ThanosModel) =>
    objectStores.filter(({ place }) => place !== undefined && isKnown(place) && isAbout(rule, place));

/** A name of a block, which is a ULID, begins so. */
const BLOCK = /^[0-9A-HJKMNP-TV-Z]{0,26}(\/.*)?$/;

/** Whether names of objects that begin with the rule's prefix are those of blocks. */
function isAbout({ bucket, prefix }: LifecycleRule, place: S3Place): boolean {
    const blocks = place.prefix === "" ? "" : `${place.prefix}/`;
    return bucket === place.bucket && (blocks.startsWith(prefix) || (prefix.startsWith(blocks) && BLOCK.test(prefix.slice(blocks.length))));
}

/** The component of a compactor is described where its objstore file is. */
const compactorsOf = (stores: readonly ObjectStoreFile[], { compactors }: ThanosModel) =>
    compactors.filter(({ path }) => stores.some((store) => store.path === path));

/** How long a compactor needs the files of a block. Its files are no older than its samples. */
function needed({ downsampling, retention: { raw, fiveMinutes, oneHour }, deleteDelay = DELETE_DELAY }: Compactor): Duration {
    const kept = downsampling ? [raw, fiveMinutes, oneHour] : [raw];
    return (kept.includes(FOR_EVER) ? Number.POSITIVE_INFINITY : Math.max(...kept) + deleteDelay) as Duration;
}

const FOR_EVER = parseDuration("0");
/** Thanos's default. */
const DELETE_DELAY = parseDuration("48h");

const when = (expires: Duration | undefined) => (expires ? `after ${formatDuration(expires)}` : "on a date");
const kept = (compactor: Compactor) =>
    needed(compactor) < Number.POSITIVE_INFINITY ? `for ${formatDuration(needed(compactor))} (retention and --delete-delay)` : "for ever";

function lacksOf(rule: LifecycleRule, model: ThanosModel): Lack[] {
    const { path, bucket, expires } = rule;
    if (!isKnown(bucket)) return [{ path, fact: bucket.notKnown }];
    const stores = storesIn(rule, model);
    const unclear = model.objectStores.flatMap((store) => (store.place !== undefined && !isKnown(store.place) ? [store.place] : []));
    if (stores.length === 0)
        return unclear.slice(0, 1).map(({ notKnown }) => ({ path, fact: `who uses the bucket is not known: ${notKnown}` }));
    return expires !== undefined && compactorsOf(stores, model).length === 0
        ? [{ path, fact: `how long the blocks in bucket ${bucket} are needed is not known: their Compact is not given` }]
        : [];
}
