import assert from "node:assert/strict";
import { renames } from "../../components/past";

const past = { cluster: "observer", domain: "fleet.test", bucket: "blocks" };

describe("names that data is kept under", () => {
    it("may be anything the first time", () => assert.deepEqual(renames(undefined, past), []));

    it("may stay", () => assert.deepEqual(renames(past, { ...past }), []));

    it("may be added: a fleet that kept its blocks elsewhere gets a bucket", () =>
        assert.deepEqual(renames({ cluster: "observer", domain: "fleet.test" }, past), []));

    it("may not change, and every change is told at once, with what to write", () =>
        assert.deepEqual(
            renames(past, { cluster: "watcher", domain: "other.test", bucket: "other" }).map(({ path, problem, remedy }) => [
                path,
                problem,
                remedy.split(/[:;.] /)[0],
            ]),
            [
                ["cluster", '"watcher" instead of "observer", where this stack\'s data is.', "Write observer"],
                ["domain", '"other.test" instead of "fleet.test", where this stack\'s data is.', "Write fleet.test"],
                ["aws.bucket", '"other" instead of "blocks", where this stack\'s data is.', "Write blocks"],
            ],
        ));

    it("may not be left out", () =>
        assert.deepEqual(
            renames(past, { cluster: "observer", domain: "fleet.test" }).map(({ problem }) => problem),
            ['nothing instead of "blocks", where this stack\'s data is.'],
        ));
});
