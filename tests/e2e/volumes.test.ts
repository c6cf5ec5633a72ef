import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { PatchStrategy, StorageV1Api, setHeaderOptions } from "@kubernetes/client-node";
import { query } from "../../clients/thanos";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { OperationFailed } from "../../engine/operation";
import type { ClusterName } from "../../local/fleet/settings";
import {
    askSteadily,
    changed,
    deploy,
    lost,
    minutesOfThePast,
    NOTHING,
    pods,
    SCRAPE_SECONDS,
    sampleTimes,
    TARGETS,
} from "../support/changesUnderLoad";
import { eventually } from "../support/eventually";
import { core, frontend, kubeConfig, NAMESPACE } from "../support/runningFleet";

/** Runs last but for the ring and the removal of the fleet: a volume that has grown cannot be made smaller again. */

/** Capacity by claim, of the claims whose name matches. */
async function capacities(cluster: ClusterName, name: RegExp): Promise<Record<string, string | undefined>> {
    const { items } = await (await core(cluster)).listNamespacedPersistentVolumeClaim({ namespace: NAMESPACE });
    const claims = items.filter(({ metadata }) => name.test(metadata?.name ?? ""));
    return Object.fromEntries(claims.map(({ metadata, status }) => [metadata?.name, status?.capacity?.storage]).sort());
}

/** Whether the API server lets volumes of the fleet's class expand. */
async function letExpand(cluster: ClusterName, allowVolumeExpansion: boolean): Promise<void> {
    const api = (await kubeConfig(cluster)).makeApiClient(StorageV1Api);
    await api.patchStorageClass(
        { name: LOCAL_STORAGE_CLASS, body: { allowVolumeExpansion } },
        setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
}

describe("a larger volume", () => {
    let base: string;
    before(async () => {
        base = await frontend();
    });

    it("of ingesters and of a Prometheus is there when the update ends; no pod ends and no sample is lost", async () => {
        assert.deepEqual(Object.values(await capacities("observer", /ingester/)), ["2Gi", "2Gi", "2Gi"]);
        const podsBefore = { observer: await pods("observer"), red: await pods("red") };
        const { past, pastBefore } = await eventually("every cluster has two minutes of samples", 240, async () => {
            const time = Math.floor(Date.now() / 1000) - 60;
            const counts = await minutesOfThePast(base, time);
            // Two replicas scrape each target; red's samples are in a sidecar and three ingesters, the others' in a sidecar.
            const complete = (copies: number) => (2 * TARGETS * copies * 120) / SCRAPE_SECONDS;
            assert.deepEqual(counts, { blue: complete(1), observer: complete(1), red: complete(4) });
            return { past: time, pastBefore: counts };
        });
        const lostBefore = await lost(base);
        const stopAsking = await askSteadily(base);
        const started = Date.now();

        const observer = await deploy("observer", { receive: { storage: "3Gi" } });
        assert.deepEqual(changed(observer), { ...NOTHING, updated: 3 });
        assert.deepEqual(await capacities("observer", /ingester/), {
            "data-thanos-receive-ingester-0": "3Gi",
            "data-thanos-receive-ingester-1": "3Gi",
            "data-thanos-receive-ingester-2": "3Gi",
        });

        const red = await deploy("red", { prometheus: { storage: "3Gi" } });
        // Both claims, the release with a new retentionSize, and the rule that has the hash of this configuration.
        assert.deepEqual(changed(red), { ...NOTHING, updated: 4 });
        assert.deepEqual(Object.values(await capacities("red", /-db-/)), ["3Gi", "3Gi"]);
        await eventually("Prometheus has read its new limit", 120, async () => {
            const limits = await query(base, 'prometheus_tsdb_retention_limit_bytes{cluster="red"}');
            const fourFifths = Math.floor(3 * 1024 * 0.8) * 1024 * 1024;
            assert.deepEqual(
                limits.map(({ value }) => value),
                [fourFifths, fourFifths],
            );
        });

        assert.deepEqual({ observer: await pods("observer"), red: await pods("red") }, podsBefore);
        assert.deepEqual(await stopAsking(), []);
        assert.deepEqual(await minutesOfThePast(base, past), pastBefore);
        await sleep(30_000);
        const { sidecar, ...ingesters } = await sampleTimes(base, Math.ceil((Date.now() - started) / 1000));
        assert.ok(sidecar);
        assert.equal(Object.keys(sidecar).length, 2 * TARGETS);
        const longest = Math.max(...Object.values(sidecar).flatMap((times) => times.slice(1).map((at, i) => at - (times[i] ?? 0))));
        assert.ok(longest < 2 * SCRAPE_SECONDS, `a scrape is missing: ${longest} s without a sample`);
        // What was written is what the sidecars have; what was acknowledged is in every ingester.
        assert.deepEqual(ingesters, {
            "thanos-receive-ingester-0": sidecar,
            "thanos-receive-ingester-1": sidecar,
            "thanos-receive-ingester-2": sidecar,
        });
        assert.equal(await lost(base), lostBefore);
    });

    it("changes nothing in the next update", async () => {
        assert.deepEqual(changed(await deploy("observer", { receive: { storage: "3Gi" } })), NOTHING);
        assert.deepEqual(changed(await deploy("red", { prometheus: { storage: "3Gi" } })), NOTHING);
    });

    it("is refused before anything changes when it is in fact smaller", async () => {
        const before = { claims: await capacities("observer", /./), pods: await pods("observer") };
        await assert.rejects(deploy("observer", { receive: { storage: "2Gi" }, store: { storage: "3Gi" } }), (error) => {
            assert.ok(error instanceof OperationFailed);
            assert.match(
                error.message,
                /receive\.storage: 2Gi is less than the 3Gi that are deployed\. Kubernetes cannot make a volume smaller\. Write 3Gi or more\./,
            );
            return true;
        });
        assert.deepEqual({ claims: await capacities("observer", /./), pods: await pods("observer") }, before);
    });

    it("is refused where the class does not let volumes expand; the old size is still accepted", async () => {
        await letExpand("red", false);
        try {
            await assert.rejects(
                deploy("red", { prometheus: { storage: "4Gi" } }),
                /the storageclass that provisions the pvc must support resize/,
            );
        } finally {
            await letExpand("red", true);
        }
        assert.deepEqual(Object.values(await capacities("red", /-db-/)), ["3Gi", "3Gi"]);
        assert.deepEqual(changed(await deploy("red", { prometheus: { storage: "3Gi" } })), NOTHING);
    });

    it("goes with a new replica, which has the new size from the start", async () => {
        const grown = { receive: { storage: "3Gi" }, store: { storage: "3Gi", replicas: 2 } };
        const { updated, created, replaced, deleted } = changed(await deploy("observer", grown));
        // For each of the three Stores: a grown claim and the StatefulSet; a new claim and a disruption budget. The alerts expect more pods.
        assert.deepEqual({ updated, created, replaced, deleted }, { updated: 7, created: 6, replaced: 0, deleted: 0 });
        assert.deepEqual([...new Set(Object.values(await capacities("observer", /store/)))], ["3Gi"]);
        assert.equal(Object.keys(await capacities("observer", /store/)).length, 6);
    });

    it("takes over the retained claims of an observee that was removed and is listed again", async () => {
        const grown = { receive: { storage: "3Gi" }, store: { storage: "3Gi", replicas: 2 } };
        const uids = async () => {
            const { items } = await (await core("observer")).listNamespacedPersistentVolumeClaim({ namespace: NAMESPACE });
            return items.filter(({ metadata }) => /-blue-/.test(metadata?.name ?? "")).map(({ metadata }) => metadata?.uid);
        };
        const before = await uids();
        assert.equal(before.length, 3);
        await deploy("observer", grown, (observee) => [{ ...observee, archived: observee.name === "blue" }]);
        await deploy("observer", grown, (observee) => (observee.name === "blue" ? [] : [observee]));
        assert.deepEqual(await uids(), before);
        await deploy("observer", { ...grown, compact: { storage: "3Gi" } });
        assert.deepEqual(await uids(), before);
        assert.deepEqual([...new Set(Object.values(await capacities("observer", /-blue-/)))], ["3Gi"]);
    });
});
