import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../config/configError";
import { objectStore } from "../../../config/schema/objectStore";
import { readStackFile, toEngineConfig } from "../../../engine/stackFile";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("readStackFile", () => {
    let directory = "";
    before(() => {
        directory = temporaryDirectory();
        writeFileSync(
            join(directory, "Pulumi.yaml"),
            "config:\n  cloud: {type: string, default: aws}\n  namespace: {default: monitoring}\n  role: {type: string}\n",
        );
        writeFileSync(
            join(directory, "Pulumi.blue.yaml"),
            "config:\n  thanos-fleet:namespace: metrics\n  thanos-fleet:query: {replicas: 2}\n  aws:region: eu-west-1\n",
        );
        writeFileSync(join(directory, "Pulumi.empty.yaml"), "{}\n");
        // As `pulumi config set --secret` writes it: a whole setting, and with --path a value in one.
        writeFileSync(
            join(directory, "Pulumi.secret.yaml"),
            [
                "config:",
                "  thanos-fleet:kubeconfig: {secure: v1:abc:def}",
                "  thanos-fleet:objectStore: {type: S3, config: {bucket: b, secret_key: {secure: v1:abc:def}}}",
                "  thanos-fleet:list: [{secure: v1:abc:def}, {secure: {nested: true}}]",
                "",
            ].join("\n"),
        );
        writeFileSync(join(directory, "Pulumi.store.yaml"), "config:\n  thanos-fleet:objectStore: {secure: v1:abc:def}\n");
    });

    it("overrides the defaults of Pulumi.yaml by the stack file", () =>
        assert.deepEqual(readStackFile(directory, "blue"), {
            "thanos-fleet:cloud": "aws",
            "thanos-fleet:namespace": "metrics",
            "thanos-fleet:query": '{"replicas":2}',
            "aws:region": "eu-west-1",
        }));

    it("returns the defaults for a stack file without config", () =>
        assert.deepEqual(readStackFile(directory, "empty"), { "thanos-fleet:cloud": "aws", "thanos-fleet:namespace": "monitoring" }));

    it("returns placeholders for encrypted values, wherever they are", () => {
        const { "thanos-fleet:cloud": _, "thanos-fleet:namespace": __, ...own } = readStackFile(directory, "secret");
        assert.deepEqual(own, {
            "thanos-fleet:kubeconfig": "<secret>",
            "thanos-fleet:objectStore": '{"type":"S3","config":{"bucket":"b","secret_key":"<secret>"}}',
            "thanos-fleet:list": '["<secret>",{"secure":{"nested":true}}]',
        });
    });

    it("returns a store that the schema accepts for an encrypted object store", () => {
        const store = JSON.parse(readStackFile(directory, "store")["thanos-fleet:objectStore"] ?? "");
        assert.deepEqual(objectStore.parse(store), store);
    });

    it("refuses a stack without a file", () =>
        assert.throws(
            () => readStackFile(directory, "green"),
            (error) => {
                assert.ok(error instanceof ConfigError);
                assert.deepEqual(
                    error.problems.map(({ path, problem }) => `${path} ${problem}`),
                    ["Pulumi.green.yaml does not exist."],
                );
                return true;
            },
        ));
});

describe("toEngineConfig", () => {
    it("adds the project to keys without a namespace, and writes values as JSON", () =>
        assert.deepEqual(toEngineConfig({ cluster: "blue", replicas: 2, query: { a: [1] }, "aws:region": "eu-west-1", none: undefined }), {
            "thanos-fleet:cluster": "blue",
            "thanos-fleet:replicas": "2",
            "thanos-fleet:query": '{"a":[1]}',
            "aws:region": "eu-west-1",
        }));
});
