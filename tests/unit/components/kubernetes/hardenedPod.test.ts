import assert from "node:assert/strict";
import { type HardenedPodArgs, hardenedPod } from "../../../../components/kubernetes/hardenedPod";

const CACHE: HardenedPodArgs = {
    name: "memcached",
    image: "memcached:1.6",
    args: ["--memory-limit=900"],
    env: [],
    userId: 11211,
    ports: { memcached: 11211 },
    probes: { readinessProbe: { tcpSocket: { port: "memcached" } } },
    resources: { cpu: "100m", memory: "1Gi" },
    gracePeriod: 30,
    serviceAccountName: "cache",
    labels: { app: "cache", "part-of": "fleet" },
    replicaSelector: { app: "cache" },
    files: [],
};

describe("a hardened pod", () => {
    it("runs any image without root, privileges or API token, and spreads its replicas", () => {
        const spread = (topologyKey: string) => ({
            maxSkew: 1,
            topologyKey,
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: { app: "cache" } },
        });
        assert.deepEqual(hardenedPod(CACHE), {
            metadata: { labels: { app: "cache", "part-of": "fleet" } },
            spec: {
                serviceAccountName: "cache",
                automountServiceAccountToken: false,
                securityContext: {
                    runAsNonRoot: true,
                    runAsUser: 11211,
                    runAsGroup: 11211,
                    fsGroup: 11211,
                    fsGroupChangePolicy: "OnRootMismatch",
                    seccompProfile: { type: "RuntimeDefault" },
                },
                terminationGracePeriodSeconds: 30,
                topologySpreadConstraints: [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
                containers: [
                    {
                        name: "memcached",
                        image: "memcached:1.6",
                        imagePullPolicy: "IfNotPresent",
                        args: ["--memory-limit=900"],
                        env: [],
                        ports: [{ name: "memcached", containerPort: 11211 }],
                        readinessProbe: { tcpSocket: { port: "memcached" } },
                        resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "1Gi" } },
                        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
                        volumeMounts: [],
                    },
                ],
                volumes: [],
            },
        });
    });

    it("serves on for a while after it has left its Services, and has its grace period after that", () => {
        const { spec } = hardenedPod({ ...CACHE, drainSeconds: 20 }) as {
            spec: { terminationGracePeriodSeconds: number; containers: { lifecycle: object }[] };
        };
        assert.equal(spec.terminationGracePeriodSeconds, 50);
        assert.deepEqual(spec.containers[0]?.lifecycle, { preStop: { sleep: { seconds: 20 } } });
    });

    it("mounts files read-only, and the data volume writable", () => {
        const { spec } = hardenedPod({
            ...CACHE,
            dataDir: "/data",
            files: [
                { name: "config", mountPath: "/etc/config", configMap: "settings" },
                { name: "tls", mountPath: "/etc/tls", secret: "certificate" },
            ],
        }) as { spec: { volumes: unknown; containers: { volumeMounts: unknown }[] } };
        assert.deepEqual(spec.containers[0]?.volumeMounts, [
            { name: "data", mountPath: "/data" },
            { name: "config", mountPath: "/etc/config", readOnly: true },
            { name: "tls", mountPath: "/etc/tls", readOnly: true },
        ]);
        assert.deepEqual(spec.volumes, [
            { name: "config", configMap: { name: "settings" } },
            { name: "tls", secret: { secretName: "certificate" } },
        ]);
    });
});
