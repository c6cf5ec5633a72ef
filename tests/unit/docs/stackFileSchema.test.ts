import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type ValidateFunction } from "ajv";
import { parse } from "yaml";
import { assertFile } from "../../support/golden";
import { ROOT } from "../../support/root";
import { documentedSettings } from "../../support/settings";
import { stackFileSchema } from "../../support/stackFileSchema";
import { EXPOSED, observeeConfig, observerConfig } from "../../support/testFleet";

const FILE = "docs/stack-file.schema.json";

describe(FILE, () => {
    const what = new Map([...documentedSettings()].map(([setting, row]) => [setting, row.what]));
    const committed = () => JSON.parse(readFileSync(join(ROOT, FILE), "utf8")) as object;
    let validate: ValidateFunction | undefined;
    /** What the schema refuses of a stack file: where, and why. */
    function refused(file: unknown): string[] {
        validate ??= new Ajv({ strict: false, validateFormats: false }).compile(committed());
        return validate(file) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
    }
    const stackFile = (config: object) => ({
        config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`thanos-fleet:${key}`, value])),
    });

    it("is that of the configuration (UPDATE_GOLDEN=1 writes it)", () =>
        assertFile(join(ROOT, FILE), `${JSON.stringify(stackFileSchema(what), null, 1)}\n`));

    for (const name of ["observer", "observee"])
        it(`accepts the worked example of an ${name}, whose editor finds it`, () => {
            const text = readFileSync(join(ROOT, `Pulumi.${name}.yaml`), "utf8");
            assert.match(text, new RegExp(`^# yaml-language-server: \\$schema=${FILE}$`, "m"));
            assert.deepEqual(refused(parse(text)), []);
        });

    it("accepts every role and cloud, pages with a login, encrypted texts, and settings of other packages", () => {
        for (const config of [
            observerConfig("local"),
            observerConfig("aws", EXPOSED["alb-login"]),
            observeeConfig("blue", "local"),
            observeeConfig("blue", "aws"),
        ])
            assert.deepEqual(refused(stackFile(config)), []);
        const store = { type: "S3", config: { bucket: "b", endpoint: "s3:9000", access_key: "k", secret_key: { secure: "v1:a:b" } } };
        for (const objectStore of [store, { secure: "v1:a:b" }])
            assert.deepEqual(refused(stackFile(observerConfig("local", { objectStore }))), []);
        const { config } = stackFile(observeeConfig("blue", "local"));
        assert.deepEqual(refused({ encryptionsalt: "v1:abc:", config: { ...config, "aws:region": "eu-west-1" } }), []);
    });

    it("refuses what is no setting, is missing, or is not of its shape", () => {
        const wrong: [file: unknown, where: RegExp][] = [
            [stackFile(observerConfig("local", { querry: {} })), /^\/config: must NOT have additional properties$/],
            [
                stackFile(observerConfig("local", { query: { replica: 2 } })),
                /^\/config\/thanos-fleet:query: must NOT have additional properties$/,
            ],
            [stackFile(observerConfig("local", { query: { replicas: "2" } })), /^\/config\/thanos-fleet:query\/replicas: must be integer$/],
            [
                stackFile(observerConfig("local", { query: { replicas: 1001 } })),
                /^\/config\/thanos-fleet:query\/replicas: must be <= 1000$/,
            ],
            [stackFile(observerConfig("local", { cluster: "Blue" })), /^\/config\/thanos-fleet:cluster: must match pattern/],
            [
                stackFile(observeeConfig("blue", "local", { observer: undefined })),
                /^\/config: must have required property 'thanos-fleet:observer'$/,
            ],
            // The setting of the other role.
            [stackFile(observeeConfig("blue", "local", { observees: [] })), /^\/config: must NOT have additional properties$/],
            [{ confg: {} }, /^: must NOT have additional properties$/],
        ];
        for (const [file, where] of wrong) {
            const { config, ...rest } = JSON.parse(JSON.stringify(file)) as { config?: object };
            const [first] = refused({ ...rest, ...(config && { config }) });
            assert.match(first ?? "accepted", where);
        }
    });

    it("says what a setting is", () => {
        const at = (...keys: string[]) => keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], committed());
        const query = at("definitions", "query", "properties", "replicas");
        assert.equal((query as { description: string }).description, what.get("query.replicas"));
        assert.ok(what.get("query.replicas"));
    });
});
