import assert from "node:assert/strict";
import { homedir } from "node:os";
import { openBackend } from "../../../../engine/backend/openBackend";

describe("the folder behind the URL of a backend", () => {
    const located = (url: string) => openBackend(url, "/work")?.locate(".pulumi/locks");

    it("is a directory of this machine, as the CLI reads it", () => {
        assert.equal(located("file:///srv/state?no_tmp_dir=true"), "/srv/state/.pulumi/locks");
        assert.equal(located("file://state"), "/work/state/.pulumi/locks");
        assert.equal(located("file://~/state"), `${homedir()}/state/.pulumi/locks`);
    });

    it("is a bucket of S3, or a folder in it", () => {
        assert.equal(located("s3://state?region=eu-west-1"), "s3://state/.pulumi/locks");
        assert.equal(located("s3://state/fleet?region=eu-west-1"), "s3://state/fleet/.pulumi/locks");
    });

    it("is not known of Pulumi Cloud and other stores", () => {
        assert.deepEqual(["https://api.pulumi.com/me", "gs://state", "azblob://state"].map(located), [undefined, undefined, undefined]);
    });
});
