import assert from "node:assert/strict";
import { type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { buildObserver, ON_AWS, observerConfig } from "../../support/testFleet";

const observer = (more: Record<string, unknown>, cloud: "local" | "aws" = "local") =>
    runInProcess("observer", toEngineConfig(observerConfig(cloud, more)));

const names = (run: Run) => run.resources.map((r) => `${r.type.slice(r.type.lastIndexOf(":") + 1)} ${r.name}`);

/** Every object whose inputs differ between two runs, by `Kind name`. */
function changed(before: Run, after: Run): string[] {
    const inputs = (run: Run) => new Map(run.resources.map((r, i) => [names(run)[i] as string, JSON.stringify([r.props, r.secrets])]));
    const [old, now] = [inputs(before), inputs(after)];
    return [...now].filter(([name, props]) => old.has(name) && old.get(name) !== props).map(([name]) => name);
}

const without = (some: string[], others: string[]) => some.filter((name) => !others.includes(name));

const ARCHIVED_RED = {
    observees: [
        { name: "blue", mode: "sidecar" },
        { name: "red", mode: "sidecar-remote-write", archived: true },
        { name: "green", mode: "sidecar-remote-write" },
    ],
};
const ALL_ACTIVE = { observees: ARCHIVED_RED.observees.map(({ archived: _, ...observee }) => observee) };

describe("an archived observee", () => {
    it("loses its certificates and nothing else: Store, Compact and the objstore file stay", async () => {
        const [active, archived] = [await observer(ALL_ACTIVE), await observer(ARCHIVED_RED)];
        assert.deepEqual(without(names(active), names(archived)).sort(), [
            "CertRequest leaf-red",
            "CertRequest writer-red",
            "LocallySignedCert leaf-red",
            "LocallySignedCert writer-red",
            "PrivateKey leaf-red",
            "PrivateKey writer-red",
        ]);
        assert.deepEqual(without(names(archived), names(active)), []);
    });

    it("is neither asked by Query nor taken by Receive", async () => {
        const [active, archived] = [await observer(ALL_ACTIVE), await observer(ARCHIVED_RED)];
        assert.deepEqual(changed(active, archived).sort(), [
            "ConfigMap thanos-query",
            "ConfigMap thanos-receive-router",
            "PrometheusRule alerts",
        ]);
        const file = (name: string, key: string) => {
            const data = archived.resources.find((r) => r.name === name && r.type.endsWith(":ConfigMap"))?.props.data;
            return (data as Record<string, string>)[key] ?? "";
        };
        assert.deepEqual(
            file("thanos-query", "endpoints.yml")
                .match(/address: .*/g)
                ?.filter((address) => address.includes("query.")),
            ["address: query.blue.fleet.test:10901", "address: query.green.fleet.test:10901"],
        );
        assert.deepEqual(JSON.parse(file("thanos-receive-router", "hashrings.json"))[0].tenants, ["green"]);
    });

    it("is no longer expected to answer, to upload or to write", async () => {
        const { resources } = await observer(ARCHIVED_RED);
        const spec = resources.find(({ name }) => name === "alerts")?.props.spec as {
            groups: { rules: { alert: string; labels: Record<string, string> }[] }[];
        };
        const about = spec.groups
            .flatMap(({ rules }) => rules)
            .flatMap(({ alert, labels }) => (labels.cluster || labels.stream ? [`${alert} ${labels.cluster ?? labels.stream}`] : []));
        assert.deepEqual(about, [
            "FleetClusterAbsent blue",
            "FleetClusterAbsent green",
            "FleetBlocksMissing observer",
            "FleetBlocksMissing blue",
            "FleetBlocksMissing green",
            "FleetRemoteWriteSilent green",
            // Receive says who is limited.
            "FleetTenantLimited {{ $labels.tenant }}",
        ]);
    });

    it("gets no access any more, and is not in the contract", async () => {
        const { outputs } = await observer(ARCHIVED_RED);
        assert.deepEqual(Object.keys(outputs.access as object), ["blue", "green"]);
        assert.deepEqual((outputs.contract as { observees: unknown }).observees, [
            { name: "blue", mode: "sidecar" },
            { name: "green", mode: "sidecar-remote-write" },
        ]);
    });

    it("may no longer write to the bucket", async () => {
        const observees = ON_AWS.accounts?.observer.observees as { name: string }[];
        const archived = observees.map((o) => ({ ...o, archived: o.name === "red" }));
        const rolesOf = async (observees: unknown) => {
            const run = await observer({ observees }, "aws");
            return [...new Set(JSON.stringify(run.resources.map((r) => r.props)).match(/(?<=role\/thanos-fleet\/)red-[a-z]+/g))].sort();
        };
        const [before, after] = [await rolesOf(observees), await rolesOf(archived)];
        assert.deepEqual(without(before, after), ["red-blocks", "red-prometheus"]);
        assert.deepEqual(without(after, before), []);
    });
});

describe("a rotated key of the object store", () => {
    const withKey = (secret_key: string) =>
        observer({ objectStore: { type: "S3", config: { bucket: "b", endpoint: "s3.test", access_key: "a", secret_key } } });

    it("replaces the pods of every reader: Prometheus, Stores, Compacts", async () => {
        assert.deepEqual(changed(await withKey("first-of-many-keys"), await withKey("second-of-many-keys")).sort(), [
            "PrometheusRule config-info",
            "Release kps",
            "Secret thanos-objstore-blue",
            "Secret thanos-objstore-observer",
            "Secret thanos-objstore-red",
            "StatefulSet thanos-compact-blue",
            "StatefulSet thanos-compact-observer",
            "StatefulSet thanos-compact-red",
            "StatefulSet thanos-store-blue",
            "StatefulSet thanos-store-observer",
            "StatefulSet thanos-store-red",
        ]);
    });
});

describe("shared caches", () => {
    const memcached = { queryFrontend: { cache: { type: "memcached" } }, store: { cache: { type: "memcached" } } };
    const STORES = ["blue", "observer", "red"].map((stream) => `thanos-store-${stream}`);

    it("are two memcached with all that belongs to them, and a file for each Store", async () => {
        const [own, shared] = [await buildObserver("local"), await observer(memcached)];
        const parts = ["Memcached", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount", "StatefulSet"];
        const objects = ["memcached-answers", "memcached-store"].flatMap((name) =>
            parts.map((kind) => `${kind} ${kind === "Memcached" ? name : `thanos-${name}`}`),
        );
        assert.deepEqual(without(names(shared), names(own)).sort(), [...objects, ...STORES.map((name) => `Secret ${name}-start`)].sort());
        assert.deepEqual(without(names(own), names(shared)), []);
    });

    it("are known to their clients by names, and run before the Stores, which need them to start", async () => {
        const { resources } = await observer(memcached);
        const store = resources.find(({ type, name }) => type.endsWith(":StatefulSet") && name === "thanos-store-blue");
        assert.ok(store?.dependsOn.includes("thanos-memcached-store"), store?.dependsOn.join());
        const files = resources.flatMap(({ name, secrets }) => (name.endsWith("-start") ? [JSON.stringify(secrets)] : []));
        assert.equal(files.length, 4);
        for (const file of files)
            assert.match(file, /dnssrvnoa\+_memcached\._tcp\.thanos-memcached-(answers|store)\.monitoring\.svc\.cluster\.local/);
    });

    it("accept connections of their own clients only", async () => {
        const { resources } = await observer(memcached);
        const clients = resources.flatMap(({ type, name, props }) =>
            type.endsWith(":NetworkPolicy") && name.includes("memcached") ? [[name, (props.spec as { ingress: unknown }).ingress]] : [],
        );
        const only = (component: string) => [
            {
                ports: [{ port: 11211, protocol: "TCP" }],
                from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "thanos", "app.kubernetes.io/component": component } } }],
            },
        ];
        assert.deepEqual(Object.fromEntries(clients), {
            "thanos-memcached-answers": only("query-frontend"),
            "thanos-memcached-store": only("store"),
        });
    });

    it("of another size replace no pod of their clients; of another address they replace all", async () => {
        const of = (cache: Record<string, unknown>) => observer({ store: { cache } });
        const [small, large] = [await of({ type: "memcached" }), await of({ type: "memcached", memory: "2Gi" })];
        assert.deepEqual(changed(small, large), ["StatefulSet thanos-memcached-store"]);
        const at = (address: string) => of({ type: "own-memcached", addresses: [address] });
        assert.deepEqual(
            changed(await at("a:11211"), await at("b:11211")).sort(),
            [...STORES.map((name) => `Secret ${name}-start`), ...STORES.map((name) => `StatefulSet ${name}`)].sort(),
        );
    });
});

describe("a namespace that exists", () => {
    it("is used as it is: the stack neither creates nor deletes it", async () => {
        const [own, existing] = [await buildObserver("local"), await observer({ createNamespace: false })];
        assert.deepEqual(without(names(own), names(existing)), ["Namespace monitoring"]);
    });
});

describe("the namespace of a stack", () => {
    const podSecurity = (run: Run) =>
        run.resources.filter(({ type }) => type.endsWith(":Namespace")).map(({ props }) => (props.metadata as { labels: object }).labels);

    it("admits node-exporter, which needs the node's own network, where the stack installs it, and warns of it and of others like it", async () =>
        assert.deepEqual(podSecurity(await buildObserver("local")), [
            {
                "pod-security.kubernetes.io/enforce": "privileged",
                "pod-security.kubernetes.io/warn": "restricted",
                "pod-security.kubernetes.io/audit": "restricted",
            },
        ]));

    it("enforces the Pod Security Standard restricted where it does not", async () =>
        assert.deepEqual(podSecurity(await observer({ prometheus: { nodeExporter: "unmanaged" } })), [
            {
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
                "pod-security.kubernetes.io/audit": "restricted",
            },
        ]));
});
