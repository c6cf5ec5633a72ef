import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../../config/configError";
import { keepChoices, readChoices } from "../../../../local/offline/choices";
import { findChart } from "../../../../local/offline/findChart";
import { quiet } from "../../../support/quiet";
import { temporaryDirectory } from "../../../support/temporaryDirectory";

describe("the chart", () => {
    let stateDir = "";
    beforeEach(() => {
        stateDir = temporaryDirectory();
    });
    /** With a Helm that can or cannot download. */
    const find = (script: string) => {
        const helm = join(stateDir, "helm");
        writeFileSync(helm, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        return findChart(helm, quiet, new AbortController().signal, stateDir);
    };
    const OFFICIAL = "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack";
    const OFFLINE = "echo 'Error: no such host' >&2; exit 1";

    it("is the official one where it can be downloaded, and stays it", async () => {
        assert.equal(await find("exit 0"), OFFICIAL);
        assert.deepEqual(await readChoices(stateDir), { chart: "official" });
    });

    it("of a fleet that has the official one is never replaced by the stand-in", async () => {
        await keepChoices(stateDir, { chart: "official" });
        await assert.rejects(find(OFFLINE), (error) => {
            assert.ok(error instanceof ConfigError, String(error));
            assert.deepEqual(error.problems, [
                {
                    path: "chart",
                    problem: "was the official one when the fleet was made, and now it is not to be had: no such host.",
                    remedy: "Make it reachable again, or remove the fleet with `npm start -- --down`.",
                },
            ]);
            return true;
        });
    });
});
