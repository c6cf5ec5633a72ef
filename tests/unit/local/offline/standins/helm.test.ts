import assert from "node:assert/strict";
import type { Helm } from "../../../../../clients/helm";
import type { ApiServer } from "../../../../../local/offline/standins/apiServer";
import { decideRelease, HelmReleases, installArgs, upgradeArgs } from "../../../../../local/offline/standins/helm";
import type { Bag } from "../../../../../local/offline/standins/secretValues";
import { NotReady, type Request } from "../../../../../local/offline/standins/server";

const ARGS = {
    name: "kps",
    namespace: "monitoring",
    chart: "kube-prometheus-stack",
    version: "88.5.3",
    repositoryOpts: { repo: "https://charts.example.com" },
    createNamespace: true,
    skipCrds: true,
    atomic: true,
    cleanupOnFail: true,
    timeout: 60,
    maxHistory: 3,
};

const request = (fields: Partial<Request> = {}): Request => ({
    urn: "urn:pulumi:blue::thanos-fleet::kubernetes:helm.sh/v3:Release::kps",
    type: "kubernetes:helm.sh/v3:Release",
    name: "kps",
    id: "monitoring/kps",
    inputs: {},
    oldInputs: {},
    oldOutputs: {},
    timeout: 0,
    say: () => {},
    ...fields,
});

/** Helm with one release, at most. `fails`: the message of its failure, by command. */
function fakeHelm(release?: { revision: string; status: string }, fails: Record<string, { message: string; leaves?: string }> = {}) {
    const calls: string[] = [];
    let current = release;
    const helm = {
        find: async ({ name, namespace }: { name: string; namespace: string }) =>
            current && { name, namespace, updated: "", app_version: "v0.93.0", chart: "kube-prometheus-stack-88.5.3-standin", ...current },
        values: async () => ({ a: 1 }),
        run: async ([command = "", ...rest]: string[]) => {
            calls.push([command, ...rest.slice(0, 1)].join(" "));
            const failure = fails[command];
            if (failure?.leaves) current = { revision: String(Number(current?.revision ?? 0) + 1), status: failure.leaves };
            if (failure) throw new Error(failure.message);
            if (command === "install" || command === "upgrade")
                current = { revision: String(Number(current?.revision ?? 0) + 1), status: "deployed" };
            return "version: 88.5.3-standin\n";
        },
    };
    const apiServer = { namespace: "default", pods: async () => [], warnings: async () => [] } as unknown as ApiServer;
    return { calls, releases: new HelmReleases(apiServer, new AbortController().signal, helm as unknown as Helm) };
}
const INPUTS = { name: "kps", namespace: "monitoring", chart: "/chart", values: { a: 1 } };

describe("Helm releases", () => {
    it("are installed and upgraded with every given argument", () => {
        const common = [
            ...["kps", "kube-prometheus-stack", "--namespace", "monitoring", "--values", "v", "--version", "88.5.3"],
            ...["--repo", "https://charts.example.com", "--wait", "--atomic", "--timeout", "60s"],
        ];
        assert.deepEqual(installArgs(ARGS, "v"), ["install", ...common, "--create-namespace", "--skip-crds"]);
        assert.deepEqual(upgradeArgs(ARGS, "v"), ["upgrade", ...common, "--cleanup-on-fail", "--history-max", "3"]);
    });

    it("are not waited for with skipAwait", () => {
        assert.deepEqual(installArgs({ name: "a", namespace: "b", chart: "./c", skipAwait: true }, "v"), [
            ...["install", "a", "./c", "--namespace", "b", "--values", "v", "--timeout", "300s"],
        ]);
    });

    it("are not installed over one of the same name", async () => {
        const message = "helm install kps failed: INSTALLATION FAILED: cannot re-use a name that is still in use";
        const { releases } = fakeHelm({ revision: "1", status: "pending-install" }, { install: { message } });
        await assert.rejects(releases.create(request({ inputs: INPUTS })), (error: Error) => {
            assert.deepEqual([error.message, error instanceof NotReady], [message, false]);
            return true;
        });
    });

    it("are not upgraded in the middle of another operation, and not rolled back either", async () => {
        const message = "helm upgrade kps failed: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress";
        const { releases, calls } = fakeHelm({ revision: "2", status: "pending-upgrade" }, { upgrade: { message } });
        await assert.rejects(releases.update(request({ inputs: INPUTS })), (error: Error) => {
            assert.deepEqual([error.message, error instanceof NotReady], [message, false]);
            return true;
        });
        assert.deepEqual(calls, ["upgrade kps"]);
    });

    it("that failed after Helm began are kept in the state", async () => {
        const { releases } = fakeHelm(undefined, { install: { message: "its objects are not ready after 300s", leaves: "failed" } });
        await assert.rejects(releases.create(request({ inputs: INPUTS })), (error: Error) => {
            assert.ok(error instanceof NotReady, String(error));
            assert.deepEqual([error.id, (error.outputs.status as Bag).status], ["monitoring/kps", "failed"]);
            return true;
        });
    });

    it("that are gone cannot be deleted", async () => {
        const message = "helm uninstall kps failed: uninstall: Release not loaded: kps: release: not found";
        const { releases } = fakeHelm(undefined, { uninstall: { message } });
        await assert.rejects(releases.delete(request()), { message });
    });

    it("have the version of their chart as an input, and a time limit", async () => {
        const { releases, calls } = fakeHelm();
        assert.deepEqual(await releases.check(request({ inputs: INPUTS }), 0), { ...INPUTS, timeout: 300, version: "88.5.3-standin" });
        assert.deepEqual(calls, ["show chart"]);
    });

    it("of a changed chart directory are updated if the chart has another version, and only then", () => {
        const of = (version: string) => ({ ...INPUTS, version });
        assert.deepEqual(decideRelease(of("1.0.0"), of("1.0.0")).changes, []);
        assert.deepEqual(decideRelease(of("1.0.0"), of("1.0.1")), {
            changes: [{ path: "version", kind: "update" }],
            replaces: [],
            deleteBeforeReplace: false,
        });
    });

    it("are replaced for a new name", () => assert.deepEqual(decideRelease({ name: "a" }, { name: "b" }).replaces, ["name"]));

    it("are imported with what Helm knows of them", async () => {
        const { releases } = fakeHelm({ revision: "1", status: "deployed" });
        const read = await releases.read(request());
        assert.deepEqual(read?.inputs, {
            name: "kps",
            namespace: "monitoring",
            chart: "kube-prometheus-stack",
            version: "88.5.3-standin",
            values: { a: 1 },
            timeout: 300,
        });
    });
});
