import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

describe("checks of a configuration", () => {
    it("refuse an observee with the observer's own name", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { observees: [{ name: "observer", mode: "sidecar" }] })), [
            'observees[0].name: "observer" is used twice (also cluster). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
        ]);
    });

    it("refuse fewer ingesters than copies", () => {
        assert.deepEqual(
            problemsOf(observerConfig("local", { receive: { ingesters: 2 } })).map((p) => p.split(":")[0]),
            ["receive.ingesters"],
        );
    });

    it("refuse a single Prometheus", () => {
        assert.deepEqual(
            problemsOf(observeeConfig("blue", "local", { prometheus: { replicas: 1 } })).map((p) => p.split(":")[0]),
            ["prometheus.replicas"],
        );
    });

    it("refuse a Store that serves marked blocks longer than Compact keeps them", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { store: { ignoreDeletionMarksDelay: "48h" } })), [
            "store.ignoreDeletionMarksDelay: 48h is not shorter than compact.deleteDelay (48h): Store would ask for deleted blocks. Write half of compact.deleteDelay, as Thanos's defaults do.",
        ]);
    });

    it("let retentions differ with allowUnequalRetention", () => {
        const compact = { allowUnequalRetention: true, retention: { raw: "30d", fiveMinutes: "90d", oneHour: "0d" } };
        assert.deepEqual(problemsOf(observerConfig("local", { compact })), []);
    });

    it("refuse certificates that are renewed after their end, and parts of hours", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { certificates: { validity: "30m", renewBefore: "1d" } })), [
            "certificates.validity: 30m is not a number of whole hours. Write whole hours, days or weeks.",
            "certificates.renewBefore: 1d is not shorter than certificates.validity (30m): every update would renew every certificate. Write a third of the validity, which leaves time for a failed update.",
        ]));

    it("refuse a Prometheus that keeps fewer than three blocks", () =>
        assert.deepEqual(problemsOf(observeeConfig("blue", "local", { prometheus: { blockDuration: "12h" } })), [
            "prometheus.retention: 24h is shorter than three blocks (36h): a block could be deleted before it is uploaded. Write 36h or longer; 24h survives a night without S3.",
        ]));
});
