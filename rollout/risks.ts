/**
 * What may lose data among the steps of a preview, in words. Pure: a step has the inputs that the engine compares, so no cluster and no account is asked.
 * Nothing here refuses anything: the program refuses what is wrong (components/stack/immutableSettings.ts), policies refuse what loses data for sure. What
 * is left may be meant, and its reader has to know.
 */
import { z } from "zod";
import { type Duration, formatDuration } from "../rules/duration";
import { isMap } from "../rules/isMap";
import type { Retention, Source, ThanosModel } from "../rules/model";
import { manifestOf } from "../rules/reading/manifest";
import { readModel } from "../rules/reading/readModel";

/** Something that an update would change. */
export interface Step {
    op: "create" | "update" | "replace" | "delete";
    urn: string;
    /** `kubernetes:apps/v1:StatefulSet`. */
    type: string;
    /** `StatefulSet thanos-compact-blue`. */
    resource: string;
    /** Its inputs before and after, without secrets. @default it is created; it is deleted */
    old?: Record<string, unknown>;
    new?: Record<string, unknown>;
    /** The old one stays where it is, and only the stack forgets it (`retainOnDelete`). */
    stays: boolean;
}

export interface Risk {
    /** What the update does: "replaces a volume". */
    risk: string;
    /** To what, and what follows. */
    text: string;
}

/** What holds data: its name, and what follows from replacing or deleting it. */
interface Holder {
    called: string;
    replaced: string;
    /** @default nothing that it holds goes with it */
    deleted?: string;
}

const VOLUME: Holder = {
    called: "a volume",
    replaced: "what is in it does not move to the new one",
    deleted: "what is in it goes with it",
};

const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";

/** By type. */
const HOLDERS: Record<string, Holder> = {
    "kubernetes:core/v1:PersistentVolume": VOLUME,
    "kubernetes:core/v1:PersistentVolumeClaim": VOLUME,
    "kubernetes:core/v1:PersistentVolumeClaimPatch": VOLUME,
    // The StatefulSet controller deletes no claim unless it is told to (persistentVolumeClaimRetentionPolicy).
    [STATEFUL_SET]: { called: "a StatefulSet with volumes", replaced: "all its pods end at once; their volumes stay" },
    "kubernetes:core/v1:Namespace": {
        called: "a namespace",
        replaced: "everything in it is deleted first",
        deleted: "everything in it goes with it",
    },
    "kubernetes:helm.sh/v3:Release": {
        called: "a Helm release",
        replaced: "everything that it has installed is removed, and then installed again",
        deleted: "everything that it has installed is removed",
    },
    "aws:eks/cluster:Cluster": {
        called: "a cluster",
        replaced: "all that runs in it ends, and the new one is empty",
        deleted: "all that runs in it ends",
    },
    "aws:s3/bucket:Bucket": {
        called: "a bucket",
        replaced: "what is in it does not move to the new one",
        deleted: "what is in it goes with it",
    },
    "aws:kms/key:Key": {
        called: "a key",
        replaced: "what it has encrypted cannot be read with the new one",
        deleted: "what it has encrypted cannot be read any more",
    },
};

const hasVolumes = (inputs: Record<string, unknown> = {}) => isMap(inputs.spec) && inputs.spec.volumeClaimTemplates !== undefined;

const holderOf = ({ type, old }: Step) => (type === STATEFUL_SET && !hasVolumes(old) ? undefined : HOLDERS[type]);

/** Whether a resource holds data, or the key to it. The volumes of a StatefulSet that is deleted are not its own. */
export function holdsData(step: Step): boolean {
    const holder = holderOf(step);
    return holder !== undefined && (step.op !== "delete" || holder.deleted !== undefined);
}

/** Every risk of a stack's steps, the worst first. */
export function risksIn(steps: readonly Step[]): Risk[] {
    const [before, after] = [modelOf(steps, "old"), modelOf(steps, "new")];
    return [
        ...steps.flatMap(dataRisks),
        ...steps.flatMap(trustRisks),
        ...deletedStreams(before, after),
        ...shorterRetention(before, after),
        ...steps.flatMap(ringRisks),
    ];
}

function dataRisks(step: Step): Risk[] {
    const { op, resource, stays } = step;
    const holder = holderOf(step);
    if (op === "replace" && holder)
        return [{ risk: `replaces ${holder.called}`, text: `${resource}: ${holder.replaced}.${stays ? " The old one stays." : ""}` }];
    if (op === "delete" && holder?.deleted && !stays)
        return [{ risk: `deletes ${holder.called}`, text: `${resource}: ${holder.deleted}.` }];
    return [];
}

/** The fleet's authorities (components/tls/certificates.ts). A certificate that is renewed keeps its key and its authority. */
const AUTHORITY = /^(PrivateKey|SelfSignedCert) ca-/;

function trustRisks({ op, type, resource }: Step): Risk[] {
    if (!type.startsWith("tls:") || !AUTHORITY.test(resource) || (op !== "replace" && op !== "delete")) return [];
    const text = `${resource}: what it has signed is trusted no more, so every cluster is cut off from the observer until its own update.`;
    return [{ risk: `${op}s an authority`, text }];
}

/** What the steps change, as far as the rules read it. What cannot be read is no risk that anybody knows of. */
const modelOf = (steps: readonly Step[], state: "old" | "new"): ThanosModel =>
    readModel(
        steps.flatMap(({ type, urn, resource, [state]: props }) =>
            props ? manifestOf({ type, urn, name: resource.slice(resource.indexOf(" ") + 1), props }) : [],
        ),
        ["compactors", "sources"],
    ).model;

const deletedStreams = ({ compactors }: ThanosModel, after: ThanosModel): Risk[] =>
    [...new Set(compactors.map(({ stream }) => stream))]
        .filter((stream) => !after.compactors.some((compactor) => compactor.stream === stream))
        .map((stream) => ({
            risk: "deletes a stream",
            text: `${stream}: nothing answers from its blocks any more, or expires them. They stay where they are.`,
        }));

const RESOLUTIONS: Record<keyof Retention, string> = { raw: "raw", fiveMinutes: "5m", oneHour: "1h" };

/** One setting is the retention of many streams, so they are named together. */
function shorterRetention(before: ThanosModel, after: ThanosModel): Risk[] {
    const ofBlocks = after.compactors.flatMap(({ path, stream, retention }) => {
        const old = before.compactors.find((compactor) => compactor.path === path)?.retention;
        const names = Object.keys(RESOLUTIONS) as (keyof Retention)[];
        const shrunk = names.flatMap((name): [string, string][] => {
            const how = old && shorterText(retention[name], old[name]);
            return how === undefined ? [] : [[how, RESOLUTIONS[name]]];
        });
        return [...grouped(shrunk)].map(([how, resolutions]): [string, string] => [`${resolutions.join(", ")} samples are ${how}`, stream]);
    });
    const ofRecent = after.sources.flatMap((source) => {
        const old = before.sources.find(({ path }) => path === source.path);
        const [was, is] = [old && retentionOf(old), retentionOf(source)];
        const how = was === undefined || is === undefined ? undefined : shorterText(is, was);
        return how === undefined ? [] : [`recent samples of ${source.path} are ${how}.`];
    });
    const texts = [...grouped(ofBlocks)].map(
        ([what, streams]) => `${what} in stream${streams.length === 1 ? "" : "s"} ${streams.join(", ")}.`,
    );
    return [...texts, ...ofRecent].map((text) => ({ risk: "shrinks retention", text }));
}

/** The second of each pair, by the first. */
function grouped(pairs: readonly [key: string, value: string][]): Map<string, string[]> {
    const groups = new Map<string, string[]>();
    for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
    return groups;
}

/** The model has none where Receive keeps samples for ever, and where a chart decides. */
const retentionOf = ({ program, retention }: Source): Duration | undefined => retention ?? (program === "Receive" ? FOR_EVER : undefined);

const FOR_EVER = 0 as Duration;

/** "kept for 30d instead of 90d"; undefined where it is not shorter. */
const shorterText = (is: Duration, was: Duration) =>
    is !== FOR_EVER && (was === FOR_EVER || is < was)
        ? `kept for ${formatDuration(is)} instead of ${was === FOR_EVER ? "ever" : formatDuration(was)}`
        : undefined;

/** The file behind `--receive.hashrings-file`. An endpoint is an address, or has one (pkg/receive/config.go). */
const ringFile = z.array(
    z.object({
        hashring: z.string().default(""),
        tenants: z.array(z.string()).default([]),
        endpoints: z.array(z.union([z.string(), z.object({ address: z.string() }).transform(({ address }) => address)])),
    }),
);

type Ring = z.infer<typeof ringFile>[number];

/** Tenants whose samples go to other ingesters than before, or nowhere. */
function ringRisks({ type, old, new: now }: Step): Risk[] {
    if (type !== "kubernetes:core/v1:ConfigMap") return [];
    const [before, after] = [ringsIn(old), ringsIn(now)];
    const moves: [string, string][] = [];
    const refused: string[] = [];
    for (const tenant of before.flatMap(({ tenants }) => tenants)) {
        const [from, to] = [ringOf(before, tenant), ringOf(after, tenant)];
        if (to === undefined) refused.push(tenant);
        else if (from !== undefined && membersOf(from) !== membersOf(to)) {
            const isNamedSo = ringText(from) === ringText(to);
            moves.push([isNamedSo ? `other ingesters of ${ringText(to)}` : `${ringText(to)} instead of ${ringText(from)}`, tenant]);
        }
    }
    return [
        ...[...grouped(moves)].map(([what, tenants]) => ({
            risk: "moves a ring",
            text: `samples of ${tenants.join(", ")} go to ${what}.`,
        })),
        ...(refused.length > 0
            ? [{ risk: "shuts a tenant out", text: `no ring takes samples of ${refused.join(", ")} any more: Receive refuses them.` }]
            : []),
    ];
}

/** The rings in a ConfigMap. */
function ringsIn(inputs: Record<string, unknown> = {}): Ring[] {
    const texts = isMap(inputs.data) ? Object.values(inputs.data) : [];
    return texts.flatMap((text) => ringFile.safeParse(parsed(text)).data ?? []);
}

function parsed(text: unknown): unknown {
    try {
        return JSON.parse(String(text));
    } catch {
        return undefined;
    }
}

/** The first ring that lists the tenant, or takes everybody. */
const ringOf = (rings: readonly Ring[], tenant: string) => rings.find(({ tenants }) => tenants.length === 0 || tenants.includes(tenant));

const membersOf = ({ endpoints }: Ring) => [...endpoints].sort().join(" ");

const ringText = ({ hashring, endpoints }: Ring) => `ring ${hashring} (${endpoints.length} ingester${endpoints.length === 1 ? "" : "s"})`;
