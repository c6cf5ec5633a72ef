import assert from "node:assert/strict";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { version as randomVersion } from "@pulumi/random/package.json";
import { cleanMessage, OperationEvents, resourceName } from "../../../../../engine/operation";
import { findPlugins } from "../../../../../local/offline/findPlugins";
import { decide, differences } from "../../../../../local/offline/standins/diff";
import { decideRelease, type ListedRelease, recovery, uninstallArgs, upgradeArgs } from "../../../../../local/offline/standins/helm";
import { bodyOf, managerOf, outputsOf } from "../../../../../local/offline/standins/objectLifecycle";
import { explain, podTrouble, type Reader } from "../../../../../local/offline/standins/podTrouble";
import { characters, idOutputs, make } from "../../../../../local/offline/standins/random";
import { type KubeObject, readiness } from "../../../../../local/offline/standins/readiness";
import { type Bag, keepSecrets, reveal, SECRET, SIGNATURE, secret } from "../../../../../local/offline/standins/secretValues";
import { until } from "../../../../../local/offline/standins/wait";

const rules = { namespace: "default", configMapMutable: false, secretMutable: false };
const object = (apiVersion: string, kind: string, rest: Bag = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: "x", generation: 2 },
    ...rest,
});

describe("stand-in providers", () => {
    describe("what changed", () => {
        it("lists every leaf with the path the engine uses", () => {
            const olds = { spec: { containers: [{ image: "a" }], gone: true }, metadata: { annotations: { "a.b/c": "1" } } };
            const news = { spec: { containers: [{ image: "b" }, { image: "c" }] }, metadata: { annotations: { "a.b/c": "2" } } };
            assert.deepEqual(differences(olds, news), [
                { path: 'metadata.annotations["a.b/c"]', kind: "update" },
                { path: "spec.containers[0].image", kind: "update" },
                { path: "spec.containers[1]", kind: "add" },
                { path: "spec.gone", kind: "delete" },
            ]);
        });

        it("changes nothing when the default namespace is named", () => {
            const olds = { apiVersion: "v1", kind: "Service", metadata: { name: "x" } };
            const news = { apiVersion: "v1", kind: "Service", metadata: { name: "x", namespace: "default" } };
            assert.deepEqual(decide(olds, news, rules), { changes: [], replaces: [], deleteBeforeReplace: false });
        });

        it("updates a Deployment's template in place", () => {
            const of = (image: string) => ({
                apiVersion: "apps/v1",
                kind: "Deployment",
                metadata: { name: "x" },
                spec: { template: { image } },
            });
            assert.deepEqual(decide(of("a"), of("b"), rules), {
                changes: [{ path: "spec.template.image", kind: "update" }],
                replaces: [],
                deleteBeforeReplace: false,
            });
        });

        const replaced: [string, Bag, Bag, string][] = [
            ["a new name", { kind: "Service", metadata: { name: "a" } }, { kind: "Service", metadata: { name: "b" } }, "metadata.name"],
            [
                "a StatefulSet's claim templates",
                { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "a" }, spec: { volumeClaimTemplates: [{ size: 1 }] } },
                { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "a" }, spec: { volumeClaimTemplates: [{ size: 2 }] } },
                "spec.volumeClaimTemplates[0].size",
            ],
            [
                "a Job's template",
                { apiVersion: "batch/v1", kind: "Job", metadata: { name: "a" }, spec: { template: { image: "a" } } },
                { apiVersion: "batch/v1", kind: "Job", metadata: { name: "a" }, spec: { template: { image: "b" } } },
                "spec.template.image",
            ],
            [
                "data of a ConfigMap",
                { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "1" } },
                { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "2" } },
                "data.k",
            ],
        ];
        for (const [what, olds, news, path] of replaced) {
            it(`replaces for ${what}`, () => {
                const decision = decide(olds, news, rules);
                assert.deepEqual(decision.replaces, [path]);
                assert.equal(decision.deleteBeforeReplace, path !== "metadata.name");
            });
        }

        it("updates a ConfigMap in place where the provider says so, unless it is immutable", () => {
            const of = (k: string, immutable: boolean) => ({
                apiVersion: "v1",
                kind: "ConfigMap",
                metadata: { name: "a" },
                immutable,
                data: { k },
            });
            const mutable = { ...rules, configMapMutable: true };
            assert.deepEqual(decide(of("1", false), of("2", false), mutable).replaces, []);
            assert.deepEqual(decide(of("1", true), of("2", true), mutable).replaces, ["data.k"]);
        });

        it("creates before it deletes where the name was given by the provider", () => {
            const metadata = { name: "a-1234", annotations: { "pulumi.com/autonamed": "true" } };
            const of = (k: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { k } });
            assert.equal(decide(of("1"), of("2"), rules).deleteBeforeReplace, false);
        });

        it("does not take a custom resource for a built-in one of the same kind", () => {
            const of = (selector: string) => ({
                apiVersion: "example.com/v1",
                kind: "Deployment",
                metadata: { name: "a" },
                spec: { selector },
            });
            assert.deepEqual(decide(of("1"), of("2"), rules).replaces, []);
        });
    });

    describe("readiness", () => {
        const waiting = (what: string) => ({ state: "waiting", for: what });
        const ready = { state: "ready" };
        const established = { conditions: [{ type: "Established", status: "True" }] };
        const balanced = { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } };
        const set = { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 2, currentRevision: "a", updateRevision: "b" };
        const cases: [string, KubeObject, unknown, string?][] = [
            [
                "a Deployment whose new spec is not seen",
                object("apps/v1", "Deployment", { status: { observedGeneration: 1 } }),
                waiting("the controller to see the new spec"),
            ],
            [
                "a Deployment with old replicas",
                object("apps/v1", "Deployment", {
                    spec: { replicas: 2 },
                    status: { observedGeneration: 2, updatedReplicas: 2, replicas: 3, availableReplicas: 3 },
                }),
                waiting("1 old replicas to end"),
            ],
            [
                "a Deployment that is not available",
                object("apps/v1", "Deployment", {
                    spec: { replicas: 2 },
                    status: { observedGeneration: 2, updatedReplicas: 2, replicas: 2, availableReplicas: 1 },
                }),
                waiting("1 of 2 replicas available"),
            ],
            [
                "an available Deployment",
                object("apps/v1", "Deployment", {
                    spec: { replicas: 2 },
                    status: { observedGeneration: 2, updatedReplicas: 2, replicas: 2, availableReplicas: 2 },
                }),
                ready,
            ],
            [
                "a Deployment of no replicas",
                object("apps/v1", "Deployment", { spec: { replicas: 0 }, status: { observedGeneration: 2 } }),
                ready,
            ],
            [
                "a StatefulSet in a rollout",
                object("apps/v1", "StatefulSet", { spec: { replicas: 2 }, status: set }),
                waiting("the rollout to end"),
            ],
            [
                "a rolled-out StatefulSet",
                object("apps/v1", "StatefulSet", { spec: { replicas: 2 }, status: { ...set, currentRevision: "b" } }),
                ready,
            ],
            [
                "a StatefulSet that is updated by hand",
                object("apps/v1", "StatefulSet", {
                    spec: { replicas: 2, updateStrategy: { type: "OnDelete" } },
                    status: { ...set, updatedReplicas: 0 },
                }),
                ready,
            ],
            [
                "a DaemonSet",
                object("apps/v1", "DaemonSet", {
                    status: { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
                }),
                waiting("1 of 2 nodes available"),
            ],
            ["a running Job", object("batch/v1", "Job", { status: { succeeded: 1 } }), waiting("1 completions")],
            ["a complete Job", object("batch/v1", "Job", { status: { conditions: [{ type: "Complete", status: "True" }] } }), ready],
            [
                "a failed Job",
                object("batch/v1", "Job", {
                    status: { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "no more" }] },
                }),
                { state: "failed", why: "BackoffLimitExceeded: no more" },
            ],
            ["a Service", object("v1", "Service", { spec: { type: "ClusterIP" } }), ready],
            [
                "a balanced Service without address",
                object("v1", "Service", { spec: { type: "LoadBalancer" } }),
                waiting("an address from the load balancer"),
            ],
            ["a balanced Service", object("v1", "Service", { spec: { type: "LoadBalancer" }, status: balanced }), ready],
            [
                "a claim",
                object("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }),
                waiting("the claim to be bound"),
                "Immediate",
            ],
            [
                "a claim that its first pod binds",
                object("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }),
                ready,
                "WaitForFirstConsumer",
            ],
            ["a definition", object("apiextensions.k8s.io/v1", "CustomResourceDefinition"), waiting("the definition to be established")],
            ["an established definition", object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { status: established }), ready],
            ["any other kind", object("monitoring.coreos.com/v1", "Prometheus"), ready],
        ];
        for (const [what, live, expected, mode] of cases) {
            it(`of ${what}`, () => assert.deepEqual(readiness({ ...live }, live, mode), expected));
        }

        it("is not asked for with pulumi.com/skipAwait", () => {
            const live = object("apps/v1", "Deployment");
            assert.deepEqual(readiness({ ...live, metadata: { annotations: { "pulumi.com/skipAwait": "true" } } }, live), ready);
        });

        it("follows a condition named by pulumi.com/waitFor", () => {
            const inputs = { kind: "Prometheus", metadata: { annotations: { "pulumi.com/waitFor": "condition=Available" } } };
            const of = (status: string) =>
                object("monitoring.coreos.com/v1", "Prometheus", {
                    status: { conditions: [{ type: "Available", status, message: "no pods" }] },
                });
            assert.deepEqual(readiness(inputs, of("False")), waiting("condition Available=True (no pods)"));
            assert.deepEqual(readiness(inputs, of("True")), ready);
        });
    });

    describe("secrets", () => {
        it("use the engine's own signature", () => assert.deepEqual([SIGNATURE, SECRET], [specialSigKey, specialSecretSig]));

        it("are unwrapped for the API server, and nulls left out", () => {
            assert.deepEqual(reveal({ a: secret({ b: secret("c") }), d: null, e: [secret(1)] }), { a: { b: "c" }, e: [1] });
        });

        it("stay secret where the API server repeats them", () => {
            const inputs = { data: { a: secret("s"), b: "plain" }, list: [1, secret(2)] };
            const outputs = { data: { a: "s", b: "plain", c: "new" }, list: [1, 2], status: {} };
            assert.deepEqual(keepSecrets(outputs, inputs), {
                data: { a: secret("s"), b: "plain", c: "new" },
                list: [1, secret(2)],
                status: {},
            });
        });

        it("cover all data of a Secret, and managed fields are left out", () => {
            const live = object("v1", "Secret", { data: { a: "cw==" } });
            live.metadata.managedFields = [{ manager: "me" }];
            assert.deepEqual(outputsOf({ stringData: secret({ a: "s" }) }, live, "me"), {
                apiVersion: "v1",
                kind: "Secret",
                metadata: { name: "x", generation: 2 },
                data: secret({ a: "cw==" }),
                __fieldManager: "me",
            });
        });

        it("sends stringData as data", () => {
            assert.deepEqual(bodyOf({ kind: "Secret", data: { b: "Yg==" }, stringData: { a: secret("a") } }), {
                kind: "Secret",
                data: { b: "Yg==", a: "YQ==" },
            });
        });
    });

    it("marks the objects of a resource with a name that its URN alone decides", () => {
        assert.equal(managerOf("urn:pulumi:blue::thanos-fleet::kubernetes:core/v1:Secret::tls"), "pulumi-kubernetes-450abc62");
    });

    describe("Helm releases", () => {
        const release = (status: string, revision: string): ListedRelease => ({
            name: "a",
            namespace: "b",
            revision,
            status,
            chart: "c-1",
            app_version: "1",
        });

        it("are upgraded with every argument that was given", () => {
            const args = {
                name: "kps",
                namespace: "monitoring",
                chart: "kube-prometheus-stack",
                version: "88.5.3",
                repositoryOpts: { repo: "https://charts.example.com" },
                createNamespace: true,
                skipCrds: true,
                atomic: true,
                timeout: 60,
                maxHistory: 3,
            };
            assert.deepEqual(upgradeArgs(args, "values.json", "me"), [
                ...["upgrade", "kps", "kube-prometheus-stack", "--install", "--namespace", "monitoring", "--values", "values.json"],
                ...[
                    "--version",
                    "88.5.3",
                    "--repo",
                    "https://charts.example.com",
                    "--create-namespace",
                    "--skip-crds",
                    "--wait",
                    "--atomic",
                ],
                ...["--history-max", "3", "--timeout", "60s", "--labels", "thanos-fleet-owner=me"],
            ]);
        });

        it("are not waited for with skipAwait", () => {
            assert.deepEqual(upgradeArgs({ name: "a", namespace: "b", chart: "./c", skipAwait: true }, "v", "me"), [
                ...[
                    "upgrade",
                    "a",
                    "./c",
                    "--install",
                    "--namespace",
                    "b",
                    "--values",
                    "v",
                    "--timeout",
                    "300s",
                    "--labels",
                    "thanos-fleet-owner=me",
                ],
            ]);
        });

        it("are uninstalled with a wait", () => {
            const expected = ["uninstall", "a", "--namespace", "b", "--wait", "--ignore-not-found", "--timeout", "30s"];
            assert.deepEqual(uninstallArgs({ name: "a", namespace: "b" }, 30), expected);
        });

        it("are freed from the mark of a Helm that was killed", () => {
            const steps = [
                undefined,
                release("deployed", "1"),
                release("failed", "1"),
                release("pending-install", "1"),
                release("pending-upgrade", "4"),
                release("uninstalling", "4"),
            ];
            assert.deepEqual(steps.map(recovery), ["none", "none", "none", "uninstall", "rollback", "uninstall"]);
        });

        it("change with their chart, and are replaced for a new name", () => {
            assert.deepEqual(decideRelease({ name: "a", checksum: "1" }, { name: "a", checksum: "2" }).replaces, []);
            assert.deepEqual(decideRelease({ name: "a" }, { name: "b" }).replaces, ["name"]);
        });
    });

    describe("trouble", () => {
        const pod = (waiting: Bag, lastState: Bag = {}) =>
            object("v1", "Pod", { status: { phase: "Pending", containerStatuses: [{ name: "c", state: { waiting }, lastState }] } });
        const reader = (pods: KubeObject[], warnings: string[] = []): Reader => ({
            pods: async () => pods,
            warnings: async () => warnings,
            lastLogLine: async () => "flag provided but not defined",
        });

        it("is not what only starts", () => assert.deepEqual(podTrouble(pod({ reason: "ContainerCreating" })), []));

        it("is told with the pod, the container, the reason and the last log line", async () => {
            const crashing = pod({ reason: "CrashLoopBackOff", message: "back-off" }, { terminated: { exitCode: 1 } });
            const pulling = pod({ reason: "ImagePullBackOff", message: 'Back-off pulling image "y"' });
            assert.deepEqual(await explain(reader([crashing, pulling]), object("apps/v1", "Deployment"), { app: "x" }), [
                "pod x, container c: CrashLoopBackOff: back-off (last log line: flag provided but not defined)",
                'pod x, container c: ImagePullBackOff: Back-off pulling image "y"',
            ]);
        });

        it("falls back on warnings, then on the phase of the pods", async () => {
            const idle = object("v1", "Pod", { status: { phase: "Pending" } });
            assert.deepEqual(
                await explain(reader([idle], ["Pod x: FailedMount: no secret"]), object("apps/v1", "Deployment"), { app: "x" }),
                ["Pod x: FailedMount: no secret", "pod x is Pending and not ready"],
            );
        });
    });

    describe("waiting", () => {
        it("asks once even without time", async () => {
            const wait = { seconds: 0, cancelled: new AbortController().signal, late: () => "too late" };
            assert.equal(await until(wait, async () => "here"), "here");
            await assert.rejects(
                until(wait, async () => undefined),
                { message: "too late" },
            );
        });

        it("ends at once when the user cancels", async () => {
            const control = new AbortController();
            setTimeout(() => control.abort(), 20);
            const started = Date.now();
            await assert.rejects(
                until({ seconds: 60, cancelled: control.signal, late: () => "" }, async () => undefined),
                /^Error: Cancelled/,
            );
            assert.ok(Date.now() - started < 2000);
        });
    });

    describe("random values", () => {
        it("have the length and only the characters asked for", () => {
            assert.match(characters({ length: 40, special: false }), /^[A-Za-z0-9]{40}$/);
            assert.match(characters({ length: 12, lower: false, upper: false, special: false, minNumeric: 2 }), /^[0-9]{12}$/);
            assert.throws(() => characters({ length: 2, minLower: 3 }), {
                message: "length: 2 cannot hold the 3 characters asked for. Set a length of at least that.",
            });
        });

        it("are secret when they are passwords", () => {
            const { id, outputs } = make("random:index/randomPassword:RandomPassword", { length: 8 });
            assert.equal(id, "none");
            assert.equal((outputs.result as Bag)[SIGNATURE], SECRET);
        });

        it("come in all forms of an id", () => {
            assert.deepEqual(idOutputs(Buffer.from([1, 255]), "p-"), {
                id: "Af8",
                outputs: { b64Url: "p-Af8", b64Std: "p-Af8=", hex: "p-01ff", dec: "p-511" },
            });
        });
    });

    describe("which plugin serves a provider", () => {
        let stateDir = "";
        beforeEach(() => {
            stateDir = mkdtempSync(join(tmpdir(), "engine-"));
        });
        afterEach(() => rmSync(stateDir, { recursive: true }));
        const served = async (pulumiPath: string, canDownload: boolean) => {
            const plugins = await findPlugins({ stateDir, pulumiPath }, async () => canDownload);
            for (const { name, standIn } of plugins) if (standIn) accessSync(join(standIn, `pulumi-resource-${name}`), constants.X_OK);
            return plugins.map(({ name, standIn }) => `${name} ${standIn ? "stand-in" : "official"}`);
        };

        it("is the official one where it can be downloaded", async () => {
            assert.deepEqual(await served("true", true), ["kubernetes official", "random official", "tls official"]);
        });

        it("is the stand-in where it cannot, or where the download fails", async () => {
            assert.deepEqual(await served("true", false), ["kubernetes stand-in", "random stand-in", "tls stand-in"]);
            assert.deepEqual(await served("false", true), ["kubernetes stand-in", "random stand-in", "tls stand-in"]);
        });

        it("is the official one that was installed before, with no download", async () => {
            mkdirSync(join(stateDir, "home", "plugins", `resource-random-v${randomVersion}`), { recursive: true });
            assert.deepEqual(await served("false", false), ["kubernetes stand-in", "random official", "tls stand-in"]);
        });
    });

    describe("the story of an update", () => {
        const urn = "urn:pulumi:blue::thanos-fleet::fleet:index:Observer$kubernetes:apps/v1:StatefulSet::receive";
        const said = (severity: "error" | "info", message: string, ephemeral = false) => ({
            sequence: 1,
            timestamp: 1,
            diagnosticEvent: { urn, message, color: "never", severity, ephemeral },
        });

        it("names resources shortly", () => assert.equal(resourceName(urn), "StatefulSet receive"));

        it("tells what is waited for, counts what is done, and keeps one message per problem", () => {
            const doing: string[] = [];
            const story = new OperationEvents((text) => doing.push(text));
            const metadata = { op: "create" as const, urn, type: "kubernetes:apps/v1:StatefulSet", provider: "" };
            story.onEvent({ sequence: 1, timestamp: 1, resourcePreEvent: { metadata } });
            story.onEvent(said("info", "waiting for 1 of 3 replicas ready", true));
            story.onEvent(said("error", "<{%reset%}>1 error occurred:\n\t* not ready\n\n<{%reset%}>"));
            story.onEvent(said("error", "1 error occurred:\n\t* not ready\n\n"));
            story.onEvent(said("error", "update failed"));
            story.onEvent({ sequence: 1, timestamp: 1, resOutputsEvent: { metadata } });
            assert.deepEqual(doing, ["creating StatefulSet receive", "StatefulSet receive: waiting for 1 of 3 replicas ready"]);
            assert.equal(story.message(), "StatefulSet receive: not ready");
            assert.deepEqual(story.counts, { created: 1, updated: 0, replaced: 0, deleted: 0, same: 0 });
        });

        it("leaves stack traces out", () => {
            assert.equal(cleanMessage("error: Unhandled exception: Error: no bucket\n    at x (index.ts:1:1)\n    at y"), "no bucket");
        });
    });
});
