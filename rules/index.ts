import { replicasToldApart } from "./L01-replicas-told-apart";
import { oneCompactorPerStream } from "./L02-one-compactor";
import { replicasMergeByPenalty } from "./L03-replicas-merge-by-penalty";
import { retentionOutlivesDownsampling } from "./L04-retention-outlives-downsampling";
import { storeForgetsFirst } from "./L05-store-forgets-before-compact-deletes";
import { noHoleBeforeStore } from "./L06-no-hole-before-store";
import { receiveReplicates } from "./L07-receive-replicates";
import { ketamaEverywhere } from "./L08-ketama-everywhere";
import { lateSamplesAreMerged } from "./L10-late-samples-are-merged";
import { catchAllRingLast } from "./L12-catch-all-ring-last";
import { capnprotoNeeds041 } from "./L13-capnproto-needs-041";
import { frontendsShareACache } from "./L14-frontends-share-a-cache";
import { cachesKeepTheirPlaces } from "./L16-caches-keep-their-places";
import { eachSourceIsAsked } from "./L17-each-source-is-asked";
import { strictEndpointsAreStatic } from "./L18-strict-endpoints-are-static";
import { fanOutHasNoTlsOfItsOwn } from "./L19-fan-out-has-no-tls-of-its-own";
import { tlsIsEnabled } from "./L20-tls-is-enabled";
import { oneEndpointPerAddress } from "./L21-one-endpoint-per-address";
import { retriesArePerMethod } from "./L22-retries-are-per-method";
import { flagsExist } from "./L23-flags-exist";
import { declaredReleaseRuns } from "./L24-declared-release-runs";
import { sidecarKnowsDelayedCompaction } from "./L25-sidecar-knows-delayed-compaction";
import { rolesFitTheirPods } from "./L26-roles-fit-their-pods";
import { onlyCompactDeletes } from "./L27-only-compact-deletes";
import { oneObjectStoreDocument } from "./L29-one-object-store-document";
import { lifecycleSparesBlocks } from "./L30-lifecycle-spares-blocks";
import { redundantPrometheus } from "./L31-redundant-prometheus";
import { pagesAskForLogin } from "./L32-pages-ask-for-login";
import { chunksThatThanosReads } from "./L33-chunks-that-thanos-reads";
import { equalRetention } from "./L34-equal-retention";
import type { PartKind, ThanosModel } from "./model";
import type { Problem } from "./problem";
import { type Lack, type Overrides, type Rule, thresholdsOf } from "./rule";

/** Every rule, by number. The configuration checks and the policy pack both read this list. */
export const RULES: readonly Rule[] = [
    replicasToldApart,
    oneCompactorPerStream,
    replicasMergeByPenalty,
    retentionOutlivesDownsampling,
    storeForgetsFirst,
    noHoleBeforeStore,
    receiveReplicates,
    ketamaEverywhere,
    lateSamplesAreMerged,
    catchAllRingLast,
    capnprotoNeeds041,
    frontendsShareACache,
    cachesKeepTheirPlaces,
    eachSourceIsAsked,
    strictEndpointsAreStatic,
    fanOutHasNoTlsOfItsOwn,
    tlsIsEnabled,
    oneEndpointPerAddress,
    retriesArePerMethod,
    flagsExist,
    declaredReleaseRuns,
    sidecarKnowsDelayedCompaction,
    rolesFitTheirPods,
    onlyCompactDeletes,
    oneObjectStoreDocument,
    lifecycleSparesBlocks,
    redundantPrometheus,
    pagesAskForLogin,
    chunksThatThanosReads,
    equalRetention,
];

/** Everything in `model` that would lose data, or show it to everybody. `overrides` has thresholds by rule name; `false` switches a rule off. */
export function checkAll(model: ThanosModel, overrides: Readonly<Record<string, Overrides | false>> = {}): Problem[] {
    const unknown = Object.keys(overrides).find((name) => !RULES.some((rule) => rule.name === name));
    if (unknown !== undefined) throw new Error(`${unknown}: is not a rule. Write ${RULES.map((rule) => rule.name).join(" or ")}.`);
    return RULES.flatMap((rule) => {
        const override = overrides[rule.name];
        return override === false ? [] : rule.check(model, thresholdsOf(rule, override));
    });
}

/** What keeps a rule from being decided for some parts: what they lack in the model, and the parts that are not in it (`readModel`). */
export function undecided(
    rule: Rule,
    model: ThanosModel,
    left: readonly (Lack & { readonly kind: PartKind })[] = [],
    overrides: Overrides = {},
): Lack[] {
    const unread = left.filter(({ kind }) => rule.reads.includes(kind)).map(({ path, fact }) => ({ path, fact }));
    return [...unread, ...(rule.lacks?.(model, thresholdsOf(rule, overrides)) ?? [])];
}
