import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localFolder } from "../../../engine/backend/localFolder";
import { examineStacks } from "../../../rollout/examine";
import { problemText } from "../../../rules/problem";
import { FakePrograms } from "../../support/fakePrograms";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const operation = (type: string, name: string) => ({
    type,
    resource: { urn: `urn:pulumi:red::thanos-fleet::kubernetes:core/v1:Service::${name}` },
});

describe("before a rollout, every stack", () => {
    const programs = new FakePrograms();
    const root = temporaryDirectory();
    const state = (...pending: object[]) => JSON.stringify({ version: 3, deployment: { pending_operations: pending } });
    before(() => {
        const red = state(
            ...["a", "b"].map((name) => operation("creating", name)),
            ...["c", "d", "e"].map((name) => operation("updating", name)),
        );
        programs.add("pulumi", `case "$*" in *red*) echo '${red}' ;; *) echo '${state()}' ;; esac`);
        programs.install();
        for (const stack of ["blue", "green"]) {
            const folder = join(root, ".pulumi", "locks", "organization", "thanos-fleet", stack);
            mkdirSync(folder, { recursive: true });
            const lock = { pid: 7, username: "me", hostname: "laptop", timestamp: "2026-11-22T09:00:00Z" };
            if (stack !== "blue") continue;
            writeFileSync(join(folder, "lock.json"), JSON.stringify(lock));
            // As the file backend writes it beside every file.
            writeFileSync(join(folder, "lock.json.attrs"), '{"user.cache_control":"","md5":"aGk="}');
        }
    });
    after(() => programs.restore());

    it("is looked at, and each problem says who has it since when, or what was interrupted, and what to run", async () => {
        const { locked, interrupted } = await examineStacks(root, ["red", "green", "blue"], localFolder(root), 2);
        assert.deepEqual(locked.map(problemText), [
            "blue: is locked by me@laptop (process 7) since 2026-11-22T09:00:00Z. " +
                "Wait until that update ends. If its process is gone, run `pulumi cancel --stack blue`.",
        ]);
        assert.deepEqual(interrupted.map(problemText), [
            "red: an update was killed while it was creating Service a, creating Service b, updating Service c and 2 more. " +
                "Run `npx thanos-fleet recover --stack red` (docs/recover.md).",
        ]);
    });

    it("is only read: nothing is cancelled, cleared or selected", () => {
        assert.deepEqual(programs.calls().sort(), [
            "pulumi stack export --stack green --non-interactive",
            "pulumi stack export --stack red --non-interactive",
        ]);
    });

    it("may be running where the backend does not show its locks", async () => {
        const { interrupted } = await examineStacks(root, ["red"], undefined, 2);
        assert.deepEqual(interrupted.map(problemText), [
            "red: an update is running, or was killed while it was creating Service a, creating Service b, updating Service c and 2 more. " +
                "If none runs, run `npx thanos-fleet recover --stack red` (docs/recover.md).",
        ]);
    });
});
