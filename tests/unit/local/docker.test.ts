import assert from "node:assert/strict";
import { askDocker } from "../../../local/docker";
import { FakePrograms } from "../../support/fakePrograms";

describe("askDocker", () => {
    let programs: FakePrograms;
    beforeEach(() => {
        programs = new FakePrograms();
        programs.add("unused", "");
        // `sleep` is a program of the machine; any docker of its own must not answer.
        programs.install("/bin");
    });
    afterEach(() => programs.restore());

    it("returns the engine's version", async () => {
        programs.add("docker", "echo 28.5.1");
        assert.deepEqual(await askDocker(), { version: "28.5.1" });
        assert.deepEqual(programs.calls(), ["docker version --format {{.Server.Version}}"]);
    });

    it("says that there is no client", async () => {
        programs.restore();
        programs.install("/nonexistent");
        assert.deepEqual(await askDocker(), { silent: "there is no `docker` on PATH" });
    });

    it("returns the client's last line where there is no engine", async () => {
        programs.add("docker", "echo 'warning: x' >&2; echo 'Cannot connect to the Docker daemon' >&2; exit 1");
        assert.deepEqual(await askDocker(), { silent: "Cannot connect to the Docker daemon" });
    });

    it("waits for a slow engine, and not for ever", async () => {
        programs.add("docker", "exec sleep 30");
        const started = Date.now();
        assert.deepEqual(await askDocker(300), { silent: "no answer within 0.3 s" });
        assert.ok(Date.now() - started < 10_000);
    });
});
