import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Helm, helmTime, rollbackArgs, uninstallArgs } from "../../../clients/helm";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the client of Helm", () => {
    const fake = (script: string) => {
        const file = join(temporaryDirectory(), "helm");
        writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        return file;
    };
    const kps = { name: "kps", namespace: "monitoring" };

    it("uninstalls with a wait, and rolls back without one", () => {
        assert.deepEqual(uninstallArgs(kps, 30), ["uninstall", "kps", "--namespace", "monitoring", "--wait", "--timeout", "30s"]);
        assert.deepEqual(rollbackArgs(kps), ["rollback", "kps", "--namespace", "monitoring", "--timeout", "300s"]);
    });

    it("reads the time that Helm prints", () =>
        assert.equal(helmTime("2026-11-21 19:20:03.123456789 +0100 CET").toISOString(), "2026-11-21T18:20:03.000Z"));

    it("finds a release among those whose names begin alike, in the cluster that it is given", async () => {
        const helm = fake(`echo '[{"name":"kps-2","namespace":"'"$*"'"},{"name":"kps","status":"pending-install","namespace":"'"$*"'"}]'`);
        const found = await new Helm(helm, { kubeconfig: "/kubeconfig", context: "blue" }).find(kps);
        assert.equal(found?.status, "pending-install");
        assert.equal(
            found?.namespace,
            "list --namespace monitoring --all --filter ^kps$ --output json --kube-context blue --kubeconfig /kubeconfig",
        );
    });

    it("passes the content of a kubeconfig as a file that only its user can read", async () => {
        const helm = fake(`for last; do :; done; stat -c %a "$last" 2>/dev/null || stat -f %Lp "$last"; cat "$last"`);
        assert.equal(await new Helm(helm, { kubeconfig: '{"kind":"Config"}' }).run(["list"]), '600\n{"kind":"Config"}');
    });

    it("fails with what Helm reports, or with how to install it", async () => {
        const helm = fake(
            "echo 'WARNING: x' >&2; echo 'Error: INSTALLATION FAILED: cannot re-use a name that is still in use' >&2; exit 1",
        );
        await assert.rejects(new Helm(helm, {}).run(["install", "kps"]), {
            message: "helm install kps failed: INSTALLATION FAILED: cannot re-use a name that is still in use",
        });
        await assert.rejects(
            new Helm("/no/such/helm", {}).run(["list"]),
            /^Error: Cannot find the command "\/no\/such\/helm".* set HELM_BINARY/,
        );
    });
});
