import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { ConfigError } from "../../../config/configError";
import type { Checkpoint, PendingOperation, StateResource } from "../../../engine/checkpoint";
import {
    type Cluster,
    type ClusterSettings,
    type LiveObject,
    type LiveRelease,
    notOurs,
    type SettleOptions,
    settlePendingOperations,
} from "../../../engine/pendingOperations";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const STARTED = "2026-11-21T18:00:00Z";
const AFTER = new Date("2026-11-21T18:00:30Z");
const LONG_BEFORE = new Date("2026-11-20T18:00:00Z");
const LABELS = { "app.kubernetes.io/part-of": "thanos-fleet" };

const urnOf = (type: string, name: string) => `urn:pulumi:blue::thanos-fleet::${type}::${name}`;
const STACK = { urn: urnOf("pulumi:pulumi:Stack", "thanos-fleet-blue"), type: "pulumi:pulumi:Stack", custom: false };
const PROVIDER: StateResource = {
    urn: urnOf("pulumi:providers:kubernetes", "kubernetes"),
    type: "pulumi:providers:kubernetes",
    custom: true,
    id: "1",
    inputs: { kubeconfig: "/kubeconfig", context: "blue" },
    outputs: { kubeconfig: "/kubeconfig" },
    created: STARTED,
};
const kubernetes = (token: string, name: string, inputs: Record<string, unknown>, more: Partial<StateResource> = {}): StateResource => ({
    urn: urnOf(`kubernetes:${token}`, name),
    type: `kubernetes:${token}`,
    custom: true,
    inputs,
    provider: `${PROVIDER.urn}::1`,
    parent: STACK.urn,
    ...more,
});
const service = (name: string, more: Partial<StateResource> = {}) =>
    kubernetes(
        "core/v1:Service",
        name,
        { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "monitoring", labels: LABELS } },
        more,
    );
const VALUES = { prometheus: { replicas: 2 } };
const release = (more: Partial<StateResource> = {}) =>
    kubernetes("helm.sh/v3:Release", "kps", { name: "kps", namespace: "monitoring", chart: "c", values: VALUES }, more);
const creating = (resource: StateResource): PendingOperation => ({ type: "creating", resource });

const ours: LiveObject = {
    namespace: "monitoring",
    createdAt: AFTER,
    deleting: false,
    managers: ["pulumi-kubernetes", "kube-controller-manager"],
    labels: LABELS,
    annotations: {},
};
const installed = (status: string, more: Partial<LiveRelease> = {}): LiveRelease => ({ status, updatedAt: AFTER, values: VALUES, ...more });

/** A stack whose CLI keeps the state in a file, and a cluster with the given objects. */
class Fleet {
    private readonly directory = temporaryDirectory();
    private readonly file = join(this.directory, "state.json");
    readonly calls: unknown[] = [];
    objects: Record<string, LiveObject> = {};
    release: LiveRelease | undefined;
    /** What the last recovery said. */
    texts: string[] = [];

    constructor(resources: StateResource[], pending: PendingOperation[]) {
        this.write({ resources: [STACK, PROVIDER, ...resources], ...(pending.length > 0 && { pending_operations: pending }) });
        const script = `#!/bin/sh\ncase "$2" in\nexport) cat '${this.file}' ;;\nimport) cp "$4" '${this.file}'; touch '${this.imported}' ;;\nesac\n`;
        writeFileSync(join(this.directory, "pulumi"), script, { mode: 0o755 });
    }

    private get imported() {
        return join(this.directory, "imported");
    }

    private write(deployment: Checkpoint) {
        writeFileSync(this.file, JSON.stringify({ version: 3, deployment }));
    }

    get state(): Checkpoint {
        return (JSON.parse(readFileSync(this.file, "utf8")) as { deployment: Checkpoint }).deployment;
    }

    get wasImported() {
        return existsSync(this.imported);
    }

    private readonly cluster = (settings: ClusterSettings): Cluster => {
        this.calls.push(["open", settings]);
        return {
            findObject: async ({ kind, name }) => this.objects[`${kind} ${name}`],
            findRelease: async () => this.release,
            rollBackRelease: async (ref) => void this.calls.push(["roll back", ref]),
            removeRelease: async (ref) => void this.calls.push(["remove", ref]),
        };
    };

    async settle(more: Partial<SettleOptions> = {}): Promise<string[]> {
        const stack = {
            name: "blue",
            workspace: { workDir: this.directory, envVars: {}, pulumiCommand: { command: join(this.directory, "pulumi") } },
            exportStack: async () => ({ version: 3, deployment: this.state }),
            refresh: async ({ target }: { target: string[] }) => void this.calls.push(["refresh", target.map(nameOf)]),
        };
        const settled = await settlePendingOperations(stack as unknown as Stack, { openCluster: this.cluster, ...more });
        this.texts = settled.map(({ text }) => text);
        return settled.map(({ did, urn }) => `${did} ${nameOf(urn)}`);
    }

    /** What was refreshed, rolled back or removed. */
    get done() {
        return this.calls.filter((call) => (call as string[])[0] !== "open");
    }
}

const nameOf = (urn: string) => urn.split("::").at(-1) ?? "";
const problemsOf = (settling: Promise<unknown>) =>
    settling.then(
        () => assert.fail("it was settled"),
        (error) => {
            assert.ok(error instanceof ConfigError, String(error));
            return error.problems;
        },
    );

describe("after a killed operation", () => {
    it("nothing is done where nothing was interrupted", async () => {
        const fleet = new Fleet([service("query", { id: "monitoring/query", outputs: { kind: "Service" } })], []);
        assert.deepEqual(await fleet.settle(), []);
        assert.deepEqual([fleet.calls, fleet.wasImported], [[], false]);
    });

    it("an object that was created goes into the state with its id, and is read; one that was not is forgotten", async () => {
        const fleet = new Fleet([], [creating(service("query")), creating(service("store"))]);
        fleet.objects["Service query"] = ours;
        assert.deepEqual(await fleet.settle(), ["imported query", "cleared store"]);
        assert.deepEqual(fleet.state, {
            resources: [STACK, PROVIDER, service("query", { id: "monitoring/query" })],
            pending_operations: [],
        });
        assert.deepEqual(fleet.calls, [
            ["open", { kubeconfig: "/kubeconfig", context: "blue" }],
            ["refresh", ["query"]],
        ]);
    });

    it("an object without a namespace has its name as its id", async () => {
        const namespace = kubernetes("core/v1:Namespace", "monitoring", {
            apiVersion: "v1",
            kind: "Namespace",
            metadata: { name: "monitoring" },
        });
        const fleet = new Fleet([], [creating(namespace)]);
        const { namespace: _, ...live } = ours;
        fleet.objects["Namespace monitoring"] = live;
        await fleet.settle();
        assert.equal(fleet.state.resources?.at(-1)?.id, "monitoring");
    });

    it("a provider, a component, a random value and a certificate are forgotten without a look into the cluster", async () => {
        const only = (type: string, custom = true) => creating({ urn: urnOf(type, type), type, custom });
        const fleet = new Fleet(
            [],
            [only("pulumi:providers:kubernetes"), only("thanos-fleet:index:X", false), only("random:index/x:X"), only("tls:index/x:X")],
        );
        assert.equal((await fleet.settle()).filter((text) => text.startsWith("cleared")).length, 4);
        assert.deepEqual(fleet.calls, []);
    });

    it("an object that a later run has created stays as it is", async () => {
        const known = service("query", { id: "monitoring/query", outputs: { kind: "Service" } });
        const fleet = new Fleet([known], [creating(service("query"))]);
        fleet.objects["Service query"] = ours;
        assert.deepEqual(await fleet.settle(), ["cleared query"]);
        assert.deepEqual(fleet.state.resources, [STACK, PROVIDER, known]);
        assert.deepEqual(fleet.done, []);
    });

    it("updates and deletions are read anew: the next run sees what was done of them", async () => {
        const known = (name: string) => service(name, { id: `monitoring/${name}`, outputs: { kind: "Service" } });
        const fleet = new Fleet(
            [known("query"), known("store")],
            [
                { type: "updating", resource: known("query") },
                { type: "deleting", resource: known("store") },
            ],
        );
        assert.deepEqual(await fleet.settle(), ["refreshed query", "refreshed store"]);
        assert.deepEqual(fleet.done, [["refresh", ["query", "store"]]]);
    });

    it("a Patch is applied again, whether it was being created or changed: its object may be older than the stack, and is waited for again", async () => {
        const claim = (storage: string, more: Partial<StateResource> = {}) =>
            kubernetes(
                "core/v1:PersistentVolumeClaimPatch",
                "data",
                { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" }, spec: { storage } },
                more,
            );
        const known = claim("2Gi", { id: "monitoring/data", outputs: { kind: "PersistentVolumeClaim" } });
        for (const [resources, operation] of [
            [[], creating(claim("2Gi"))],
            [[known], { type: "updating", resource: claim("3Gi", { id: "monitoring/data" }) }],
        ] as const) {
            const fleet = new Fleet([...resources], [operation]);
            fleet.objects["PersistentVolumeClaim data"] = { ...ours, createdAt: LONG_BEFORE };
            assert.deepEqual(await fleet.settle(), ["cleared data"]);
            assert.deepEqual(fleet.state, { resources: [STACK, PROVIDER, ...resources], pending_operations: [] });
            assert.deepEqual(fleet.calls, []);
        }
    });

    it("an import that was itself killed before it read the object is completed", async () => {
        const fleet = new Fleet([service("query", { id: "monitoring/query" })], []);
        await fleet.settle();
        assert.deepEqual([fleet.calls, fleet.wasImported], [[["refresh", ["query"]]], false]);
    });

    describe("in a replacement", () => {
        const old = (more: Partial<StateResource>) => service("query", { id: "monitoring/old", outputs: { kind: "Service" }, ...more });
        const user = kubernetes("apps/v1:Deployment", "user", {}, { id: "monitoring/user", outputs: { a: 1 } });
        const settled = async (more: Partial<StateResource>) => {
            const fleet = new Fleet([old(more), user], [creating(service("query"))]);
            fleet.objects["Service query"] = ours;
            await fleet.settle();
            return fleet.state.resources?.slice(2).map(({ id, delete: gone }) => [id, gone]);
        };

        it("the new object takes the place of one that is deleted already", async () =>
            assert.deepEqual(await settled({ pendingReplacement: true }), [
                ["monitoring/query", undefined],
                ["monitoring/user", undefined],
            ]));

        it("the old object is marked for deletion", async () =>
            assert.deepEqual(await settled({}), [
                ["monitoring/query", undefined],
                ["monitoring/old", true],
                ["monitoring/user", undefined],
            ]));
    });

    describe("a Helm release", () => {
        const settled = async (status: string) => {
            const fleet = new Fleet([], [creating(release())]);
            fleet.release = installed(status);
            return [await fleet.settle(), fleet.done];
        };
        const kps = { name: "kps", namespace: "monitoring" };

        it("that is complete or failed is imported", async () => {
            for (const status of ["deployed", "failed"])
                assert.deepEqual(await settled(status), [["imported kps"], [["refresh", ["kps"]]]]);
        });

        it("in the middle of its installation or removal is removed", async () => {
            for (const status of ["pending-install", "uninstalling"])
                assert.deepEqual(await settled(status), [["cleared kps"], [["remove", kps]]]);
        });

        it("in the middle of an upgrade is rolled back", async () => {
            for (const status of ["pending-upgrade", "pending-rollback"])
                assert.deepEqual(await settled(status), [
                    ["imported kps"],
                    [
                        ["roll back", kps],
                        ["refresh", ["kps"]],
                    ],
                ]);
        });

        it("that was being upgraded is rolled back whatever its values", async () => {
            const known = release({ id: "monitoring/kps", outputs: { a: 1 } });
            const fleet = new Fleet([known], [{ type: "updating", resource: known }]);
            fleet.release = installed("pending-upgrade", { values: {}, updatedAt: LONG_BEFORE });
            assert.deepEqual(await fleet.settle(), ["refreshed kps"]);
            assert.deepEqual(fleet.texts, ["Release kps was being updated (pending-upgrade: rolled back): read anew"]);
            assert.deepEqual(fleet.done, [
                ["roll back", kps],
                ["refresh", ["kps"]],
            ]);
        });

        it("is recognised by its values, secret ones included", async () => {
            const secret = { [specialSigKey]: specialSecretSig, plaintext: JSON.stringify(VALUES) };
            const hidden = release();
            hidden.inputs = { ...hidden.inputs, values: secret };
            const fleet = new Fleet([], [creating(hidden)]);
            fleet.release = installed("deployed");
            assert.deepEqual(await fleet.settle(), ["imported kps"]);
        });

        it("with other values or an older one is left alone", async () => {
            const why = async (more: Partial<LiveRelease>) => {
                const fleet = new Fleet([], [creating(release())]);
                fleet.release = installed("pending-install", more);
                const [problem] = await problemsOf(fleet.settle());
                assert.deepEqual([fleet.done, fleet.wasImported], [[], false]);
                return problem?.problem;
            };
            assert.equal(
                await why({ values: { prometheus: { replicas: 3 } } }),
                "exists in the cluster, but is not provably of this stack: it was made with other values than those of the program.",
            );
            assert.match(
                (await why({ updatedAt: LONG_BEFORE })) ?? "",
                /it is of 2026-11-20T18:00:00.000Z, and what it needs was only made at/,
            );
        });
    });

    describe("what is not provably of the stack", () => {
        it("is named with what to do, all at once, and nothing is changed", async () => {
            const bucket = { urn: urnOf("aws:s3/bucket:Bucket", "blocks"), type: "aws:s3/bucket:Bucket", custom: true };
            const fleet = new Fleet([], [creating(service("query")), creating(service("store")), creating(bucket)]);
            fleet.objects["Service query"] = { ...ours, managers: ["kubectl-create"] };
            assert.deepEqual(await problemsOf(fleet.settle()), [
                {
                    path: "Service query",
                    problem:
                        "exists in the cluster, but is not provably of this stack: it was made by kubectl-create, not by Pulumi's Kubernetes plugin.",
                    remedy:
                        `If it is of this stack, run \`npm run recover -- --stack blue --import '${service("query").urn}=monitoring/query'\`. ` +
                        "If nobody needs it, run `kubectl delete service query -n monitoring`. Otherwise give one of them another name.",
                },
                {
                    path: "Bucket blocks",
                    problem: "was being created, and this command cannot look it up.",
                    remedy:
                        `Look for it in its service. If it is there, run \`npm run recover -- --stack blue --import '${bucket.urn}=ID'\`; ` +
                        `if not, \`npm run recover -- --stack blue --clear '${bucket.urn}'\`.`,
                },
            ]);
            assert.equal(fleet.wasImported, false);
            assert.deepEqual(await fleet.settle({ created: { [service("query").urn]: "monitoring/query" }, absent: [bucket.urn] }), [
                "imported query",
                "cleared store",
                "cleared blocks",
            ]);
        });

        it("keeps Helm releases of the stack as they are, too", async () => {
            const fleet = new Fleet([], [creating(release()), creating(service("query"))]);
            fleet.release = installed("pending-install");
            fleet.objects["Service query"] = { ...ours, managers: ["kubectl-create"] };
            await problemsOf(fleet.settle());
            assert.deepEqual([fleet.done, fleet.wasImported], [[], false]);
        });

        const declared = { labels: LABELS };
        const cases: [what: string, live: Partial<LiveObject>, why: RegExp | undefined][] = [
            ["an object of the plugin with the declared labels", {}, undefined],
            ["one that was updated since", { managers: ["pulumi-kubernetes-0a1b2c3d"] }, undefined],
            ["one of another program", { managers: ["helm"] }, /^it was made by helm, not by Pulumi's Kubernetes plugin$/],
            [
                "one with another label",
                { labels: { "app.kubernetes.io/part-of": "x" } },
                /^its label app.kubernetes.io\/part-of is x, not thanos-fleet$/,
            ],
            ["one without the label", { labels: {} }, /^its label app.kubernetes.io\/part-of is missing/],
            ["one that is older than its provider", { createdAt: LONG_BEFORE }, /^it is of 2026-11-20/],
            ["one that is older by less than clocks differ", { createdAt: new Date(Date.parse(STARTED) - 5000) }, undefined],
            ["one that is being deleted", { deleting: true }, /^it is being deleted/],
        ];
        for (const [what, live, why] of cases)
            it(`is decided for ${what}`, () => {
                const answer = notOurs({ ...ours, ...live }, declared, new Date(STARTED));
                if (why === undefined) assert.equal(answer, undefined);
                else assert.match(answer ?? "", why);
            });

        it("is anything whose age cannot be judged", () =>
            assert.equal(notOurs(ours, declared, undefined), "the state has no time to compare its age with"));
    });
});
