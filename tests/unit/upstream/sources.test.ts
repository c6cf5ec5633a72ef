import assert from "node:assert/strict";
import { moduleVersion, newest, releaseOf, UPSTREAM } from "../../../upstream/sources";

describe("versions of Go modules", () => {
    const prometheus = UPSTREAM.prometheus.goModule;

    for (const [release, version] of [
        ["v3.15.0", "v0.315.0"],
        ["v3.5.2", "v0.305.2"],
    ] as const)
        it(`are translated for Prometheus: release ${release} is ${version}`, () => {
            assert.equal(moduleVersion(prometheus, release), version);
            assert.equal(releaseOf(prometheus, version), release);
        });

    it("of Prometheus before v0.300.0 are not releases", () =>
        assert.deepEqual(
            ["v0.55.1", "v0.299.0", "v1.8.2", "v0.316.0-rc.0"].map((version) => releaseOf(prometheus, version)),
            [undefined, undefined, undefined, undefined],
        ));

    it("are the releases of other upstreams", () => {
        assert.equal(moduleVersion(UPSTREAM.thanos.goModule, "v0.42.4"), "v0.42.4");
        assert.equal(releaseOf(UPSTREAM.thanos.goModule, "v0.42.4"), "v0.42.4");
    });
});

describe("the newest of several tags", () => {
    it("is the highest version that is no pre-release", () =>
        assert.equal(newest(["v1.9.0", "v1.10.0", "v1.10.1-rc.0", "v2.0.0-alpha.1", "nightly"]), "v1.10.0"));
    it("is none where there is no version", () => assert.equal(newest(["nightly"]), undefined));
});
