import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { down, withoutProtection } from "../../../local/down";
import { FleetFailure } from "../../../local/fleet/failure";
import { kubeconfigFile, stateDirectory } from "../../../local/fleet/settings";
import type { Progress } from "../../../terminal/progress";
import { FakePrograms } from "../../support/fakePrograms";
import { quiet } from "../../support/quiet";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the state of a user's cluster, before everything in it is removed,", () => {
    it("protects and keeps nothing", () =>
        assert.deepEqual(
            withoutProtection({
                version: 3,
                deployment: { resources: [{ urn: "namespace", protect: true, retainOnDelete: true }, { urn: "query" }], manifest: {} },
            }),
            {
                version: 3,
                deployment: {
                    resources: [
                        { urn: "namespace", protect: false, retainOnDelete: false },
                        { urn: "query", protect: false, retainOnDelete: false },
                    ],
                    manifest: {},
                },
            },
        ));

    it("may be empty", () => assert.deepEqual(withoutProtection({ deployment: {} }), { deployment: {} }));
});

describe("npm start -- --down while Docker does not answer", () => {
    const state = process.env.XDG_STATE_HOME;
    let programs: FakePrograms;
    let done: string[];
    beforeEach(() => {
        process.env.XDG_STATE_HOME = temporaryDirectory();
        programs = new FakePrograms();
        programs.add("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
        // This machine's rules are none of the test's business.
        programs.add("iptables", "exit 1");
        programs.install();
        done = [];
    });
    afterEach(() => {
        programs.restore();
        if (state === undefined) delete process.env.XDG_STATE_HOME;
        else process.env.XDG_STATE_HOME = state;
    });

    const run = () => {
        const step = { update: () => {}, done: (text: string) => void done.push(text), fail: () => {} };
        const progress: Progress = { ...quiet, step: () => step };
        return down(progress, new AbortController().signal);
    };

    it("fails and names the kind clusters that it could not remove, and keeps the record of them", async () => {
        for (const name of ["observer", "blue"] as const) {
            mkdirSync(dirname(kubeconfigFile(name)), { recursive: true });
            writeFileSync(join(dirname(kubeconfigFile(name)), "kind"), "made");
        }
        for (const _again of [1, 2])
            await assert.rejects(run(), (error) => {
                assert.ok(error instanceof FleetFailure);
                assert.equal(
                    error.message,
                    "Docker does not answer (Cannot connect to the Docker daemon), so these kind clusters are left: thanos-fleet-observer, thanos-fleet-blue. Start Docker, then run `npm start -- --down` again.",
                );
                return true;
            });
        assert.deepEqual(done, []);
    });

    it("removes the state of a fleet that was not in kind", async () => {
        mkdirSync(join(stateDirectory(), "engine"), { recursive: true });
        await run();
        assert.equal(existsSync(stateDirectory()), false);
        assert.deepEqual(done, ["state"]);
    });

    it("says that nothing was there", async () => {
        await run();
        assert.deepEqual(done, ["nothing was there"]);
    });
});
