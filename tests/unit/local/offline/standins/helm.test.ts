import assert from "node:assert/strict";
import { decideRelease, type ListedRelease, recovery, uninstallArgs, upgradeArgs } from "../../../../../local/offline/standins/helm";

describe("Helm releases", () => {
    const release = (status: string, revision: string): ListedRelease => ({
        name: "a",
        namespace: "b",
        revision,
        status,
        chart: "c-1",
        app_version: "1",
    });

    it("are upgraded with every given argument", () => {
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
            ...["--version", "88.5.3", "--repo", "https://charts.example.com", "--create-namespace", "--skip-crds", "--wait", "--atomic"],
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

    it("are recovered where a killed Helm left them pending", () => {
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

    it("are updated for a new chart, and replaced for a new name", () => {
        assert.deepEqual(decideRelease({ name: "a", checksum: "1" }, { name: "a", checksum: "2" }).replaces, []);
        assert.deepEqual(decideRelease({ name: "a" }, { name: "b" }).replaces, ["name"]);
    });
});
