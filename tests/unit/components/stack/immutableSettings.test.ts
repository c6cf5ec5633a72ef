import assert from "node:assert/strict";
import { changedSettings, immutableSettingsOf } from "../../../../components/stack/immutableSettings";
import { loadConfig } from "../../../../config/load";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

const past = immutableSettingsOf(loadConfig(observerConfig("aws")));

describe("names that data is kept under", () => {
    it("are these of an observer on AWS", () =>
        assert.deepEqual(past, {
            cluster: "observer",
            domain: "fleet.test",
            "aws.region": "eu-west-1",
            "aws.bucket": "blocks-of-the-fleet",
            "aws.bucketPerCluster": false,
            "aws.rolePath": "/thanos-fleet/",
        }));

    it("are these of an observee", () =>
        assert.deepEqual(immutableSettingsOf(loadConfig(observeeConfig("blue", "aws"))), {
            cluster: "blue",
            domain: "fleet.test",
            "aws.region": "eu-west-1",
        }));

    it("may be anything the first time", () => assert.deepEqual(changedSettings({}, past), []));

    it("may stay", () => assert.deepEqual(changedSettings(past, { ...past }), []));

    it("may be added: a fleet that kept its blocks elsewhere gets a bucket", () =>
        assert.deepEqual(changedSettings({ cluster: "observer", domain: "fleet.test" }, past), []));

    it("may not change, and every change is told at once, with what to write", () => {
        const now = {
            cluster: "watcher",
            domain: "other.test",
            "aws.region": "eu-west-3",
            "aws.bucket": "other",
            "aws.bucketPerCluster": true,
            "aws.rolePath": "/",
        };
        assert.deepEqual(
            changedSettings(past, now).map(({ path, problem, remedy }) => `${path}: ${problem} ${remedy.split(". ")[0]}`),
            [
                'cluster: "watcher" instead of "observer", where this stack\'s data is. Write observer',
                'domain: "other.test" instead of "fleet.test", where this stack\'s data is. Write fleet.test',
                'aws.region: "eu-west-3" instead of "eu-west-1", where this stack\'s data is. Write eu-west-1',
                'aws.bucket: "other" instead of "blocks-of-the-fleet", where this stack\'s data is. Write blocks-of-the-fleet',
                "aws.bucketPerCluster: true instead of false, where this stack's data is. Write false",
                'aws.rolePath: "/" instead of "/thanos-fleet/", where this stack\'s data is. Write /thanos-fleet/',
            ],
        );
    });

    it("may not be left out", () => {
        const { "aws.bucket": _, ...rest } = past;
        assert.deepEqual(
            changedSettings(past, rest).map(({ problem }) => problem),
            ['nothing instead of "blocks-of-the-fleet", where this stack\'s data is.'],
        );
    });

    it("all have a remedy", () =>
        assert.deepEqual(
            changedSettings(past, {}).filter(({ remedy }) => remedy.includes("undefined")),
            [],
        ));
});
