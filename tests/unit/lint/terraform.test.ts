import assert from "node:assert/strict";
import fc from "fast-check";
import { readFiles, readHcl } from "../../../lint/files";
import { withHcl } from "../../../lint/hcl";
import { lintTexts } from "../../support/lintCases";

const found = (files: Record<string, string>, fileAt?: (path: string) => string | undefined) =>
    lintTexts(files, fileAt && { fileAt }).findings.map(
        ({ file, line, rule, message }) => `${file}:${line} ${rule} ${message.split(": ")[0]}`,
    );

/** A compactor that keeps blocks of bucket `blocks` for a year. */
const COMPACT = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: compact}
spec:
  template:
    spec:
      containers:
        - image: quay.io/thanos/thanos:v0.42.4
          args:
            - compact
            - "--objstore.config={type: S3, config: {bucket: blocks}}"
            - --retention.resolution-raw=1y
            - --retention.resolution-5m=1y
            - --retention.resolution-1h=1y
`;

const expiring = (days: unknown, bucket: unknown = `\${aws_s3_bucket.b.id}`) => ({
    bucket,
    rule: [{ status: "Enabled", filter: [{ prefix: "" }], expiration: [{ days }] }],
});

const configuration = (lifecycle: object, bucket: object = { bucket: "blocks" }, more: object = {}) =>
    JSON.stringify(
        { resource: { aws_s3_bucket: { b: bucket }, aws_s3_bucket_lifecycle_configuration: { b: lifecycle } }, ...more },
        null,
        2,
    );

const L30 = "L30 aws_s3_bucket_lifecycle_configuration.b.rules[0].expiration";

describe("Terraform", () => {
    it("is read in its JSON syntax, with references and locals", () => {
        assert.deepEqual(found({ "main.tf.json": configuration(expiring(90)), "c.yaml": COMPACT }), [`main.tf.json:19 ${L30}`]);
        const local = { locals: { names: { a: 1 }, bucket: "blocks" } };
        assert.deepEqual(found({ "main.tf.json": configuration(expiring(90), { bucket: `\${local.bucket}` }, local), "c.yaml": COMPACT }), [
            `main.tf.json:19 ${L30}`,
        ]);
        assert.deepEqual(found({ "main.tf.json": configuration(expiring(400)), "c.yaml": COMPACT }), []);
    });

    it("refers to what other files of its folder describe", () => {
        const [bucket, lifecycle] = [
            { aws_s3_bucket: { b: { bucket: "blocks" } } },
            { aws_s3_bucket_lifecycle_configuration: { b: expiring(90) } },
        ];
        const file = (resource: object) => JSON.stringify({ resource });
        assert.deepEqual(found({ "a/s3.tf.json": file(bucket), "a/rules.tf.json": file(lifecycle), "c.yaml": COMPACT }), [
            `a/rules.tf.json:1 ${L30}`,
        ]);
        assert.deepEqual(found({ "a/s3.tf.json": file(bucket), "b/rules.tf.json": file(lifecycle), "c.yaml": COMPACT }), []);
    });

    it("leaves rules undecided where an expression is not known", () => {
        const undecided = (lifecycle: object) => {
            const report = lintTexts({ "main.tf.json": configuration(lifecycle), "c.yaml": COMPACT });
            assert.deepEqual(report.findings, []);
            return report.undecided.filter(({ rule }) => rule === "L30").map(({ part, reason }) => `${part}: ${reason}`);
        };
        assert.deepEqual(undecided(expiring(90, `\${var.bucket}`)), [
            "aws_s3_bucket_lifecycle_configuration.b.rules[0]: the name of its bucket is not known",
        ]);
        assert.deepEqual(undecided(expiring(`\${var.days}`)), ["StatefulSet compact: no lifecycle of its bucket is given"]);
    });

    it("is read as a plan, and as a state", () => {
        const resource = (type: string, values: object) => ({ address: `${type}.b`, mode: "managed", type, name: "b", values });
        const { bucket: _, ...known } = expiring(90);
        const lifecycle = "aws_s3_bucket_lifecycle_configuration";
        const plan = (references: readonly string[]) => ({
            format_version: "1.2",
            planned_values: { root_module: { resources: [resource("aws_s3_bucket", { bucket: "blocks" }), resource(lifecycle, known)] } },
            resource_changes: [
                { address: `${lifecycle}.b`, change: { after_unknown: { bucket: true, id: true, rule: [{ filter: [{}] }] } } },
            ],
            configuration: {
                root_module: {
                    resources: [{ address: `${lifecycle}.b`, type: lifecycle, name: "b", expressions: { bucket: { references } } }],
                },
            },
        });
        const state = {
            format_version: "1.0",
            values: { root_module: { child_modules: [{ address: "module.a", resources: [resource(lifecycle, expiring(90, "blocks"))] }] } },
        };
        assert.deepEqual(found({ "plan.json": JSON.stringify(plan(["aws_s3_bucket.b.id", "aws_s3_bucket.b"])), "c.yaml": COMPACT }), [
            `plan.json:1 ${L30}`,
        ]);
        assert.deepEqual(found({ "plan.json": JSON.stringify(plan(["var.bucket"])), "c.yaml": COMPACT }), []);
        assert.deepEqual(found({ "state.json": JSON.stringify(state), "c.yaml": COMPACT }), [`state.json:1 ${L30}`]);
    });

    const release = (values: readonly string[], more: object = {}) => ({
        "main.tf.json": JSON.stringify({ resource: { helm_release: { kps: { chart: "kube-prometheus-stack", values, ...more } } } }),
    });
    const SIDECAR = "prometheus: {prometheusSpec: {thanos: {version: v0.42.4}}}";

    it("gives a release its values, one merged into the other, and those of files", () => {
        const twice = "prometheus: {prometheusSpec: {replicas: 2}}";
        const file = (path: string) => ({ "values/kps.yaml": SIDECAR })[path];
        assert.deepEqual(found(release([SIDECAR])), ["main.tf.json:1 L31 helm_release.kps.replicas"]);
        assert.deepEqual(found(release([SIDECAR, twice])), []);
        assert.deepEqual(found(release([`\${file("\${path.module}/values/kps.yaml")}`]), file), [
            "main.tf.json:1 L31 helm_release.kps.replicas",
        ]);
    });

    it("passes over a release whose values are not all written there", () => {
        const passedOver = (files: Record<string, string>) => lintTexts(files).passedOver.map(({ reason }) => reason.split(" decide")[0]);
        assert.deepEqual(passedOver(release([SIDECAR], { set: [{ name: "a", value: "b" }] })), ["set"]);
        assert.deepEqual(passedOver(release([`\${file("values.yaml")}`])), ["expressions"]);
        assert.deepEqual(passedOver(release([SIDECAR], { set: [] })), []);
    });

    it("says of a module about Thanos that it is passed over", () =>
        assert.deepEqual(
            lintTexts({ "main.tf.json": JSON.stringify({ module: { a: { source: "./thanos" }, b: { source: "./vpc" } } }) }).passedOver.map(
                ({ title, reason }) => `${title}: ${reason}`,
            ),
            ["module.a: a module: lint the plan (`terraform show -json`)"],
        ));

    it("may describe objects of Kubernetes, as they are and as resources of the provider", () => {
        const container = { name: "c", image: "quay.io/thanos/thanos:v0.42.4", args: ["compact"] };
        const resource = {
            kubernetes_manifest: {
                a: {
                    manifest: {
                        apiVersion: "apps/v1",
                        kind: "Deployment",
                        metadata: { name: "a" },
                        spec: { template: { spec: { containers: [container] } } },
                    },
                },
            },
            kubectl_manifest: { b: { yaml_body: COMPACT.replace("StatefulSet", "Deployment") } },
            kubernetes_deployment_v1: {
                c: { metadata: [{ name: "c" }], spec: [{ replicas: "2", template: [{ spec: [{ container: [container] }] }] }] },
            },
        };
        assert.deepEqual(found({ "main.tf.json": JSON.stringify({ resource }) }), [
            "main.tf.json:1 L2 kubectl_manifest.b.strategy",
            "main.tf.json:1 L2 kubernetes_deployment_v1.c.replicas",
            "main.tf.json:1 L2 kubernetes_deployment_v1.c.strategy",
            "main.tf.json:1 L2 kubernetes_manifest.a.strategy",
        ]);
    });

    it("is read in HCL, and a mistake in it is told with its line", async () => {
        const read = await withHcl([
            { file: "a.tf", text: 'resource "aws_s3_bucket" "b" {\n  bucket = jsonencode({ a = [1, "x"] })\n}\n' },
            { file: "b.tf", text: 'resource "a" "b" {\n  c = = 1\n}\n' },
        ]);
        assert.deepEqual(
            read.map((file) => ("problem" in file ? `${file.file}:${file.line} ${file.problem}` : file.value)),
            [
                { resource: { aws_s3_bucket: { b: [{ bucket: '{"a":[1,"x"]}' }] } } },
                "b.tf:2 is not HCL: Invalid expression; Expected the start of an expression, but found an invalid expression token.",
            ],
        );
    });

    it("is said to be missing where no such file is there", () =>
        assert.deepEqual(
            [...readFiles(["nowhere.tf"]), ...readHcl(["nowhere.tf"])],
            [
                {
                    file: "nowhere.tf",
                    line: 1,
                    problem: "does not exist.",
                    remedy: "Name files or folders that exist, or - for standard input.",
                },
            ],
        ));

    it("is read, or refused, whatever it says in any place", function () {
        // LINT_FUZZ_SECONDS=600 searches for ten minutes.
        const seconds = Number(process.env.LINT_FUZZ_SECONDS ?? 5);
        this.timeout((seconds + 60) * 1000);
        const types = ["aws_s3_bucket_lifecycle_configuration", "aws_iam_role", "helm_release", "kubernetes_manifest", "kubernetes_secret"];
        const attributes = ["bucket", "rule", "assume_role_policy", "values", "set", "manifest", "metadata", "data", "name"];
        const text = fc.oneof(fc.string(), fc.constantFrom(`\${local.a}`, `\${aws_iam_role.a.arn}`, `\${file("a")}`, COMPACT));
        const any = fc.oneof(text, fc.jsonValue(), fc.array(fc.dictionary(fc.constantFrom(...attributes), fc.jsonValue())));
        const block = fc.oneof(any, fc.dictionary(fc.constantFrom(...attributes), any));
        const blocks = fc.dictionary(fc.constantFrom(...types), fc.oneof(any, fc.dictionary(fc.constantFrom("a", "b"), block)));
        fc.assert(
            fc.property(fc.record({ resource: fc.oneof(any, blocks), locals: any, module: any, data: any }), blocks, (written, values) => {
                const resources = Object.entries(values).map(([type, one]) => ({ type, name: "a", address: `${type}.a`, values: one }));
                const changes = resources.map(({ address }) => ({ address, change: { after_unknown: { bucket: true, rule: [true] } } }));
                const plan = { format_version: "1.2", planned_values: { root_module: { resources } }, resource_changes: changes };
                lintTexts({ "main.tf.json": JSON.stringify(written), "plan.json": JSON.stringify(plan) });
            }),
            { interruptAfterTimeLimit: seconds * 1000, numRuns: Number.MAX_SAFE_INTEGER },
        );
    });
});
