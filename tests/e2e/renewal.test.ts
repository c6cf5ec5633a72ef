import assert from "node:assert/strict";
import * as tls from "@pulumi/tls";
import type { Counts } from "../../engine/counts";
import { runOperation } from "../../engine/operation";
import { stackFor } from "../../engine/stack";
import { findPlugins } from "../../local/offline/findPlugins";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

describe("a certificate in the real engine", () => {
    const stateDir = temporaryDirectory();

    /** Updates a stack of a key and a certificate of two hours. */
    async function up(earlyRenewalHours: number): Promise<Omit<Counts, "same">> {
        const { pulumi } = await tools("pulumi");
        const engine = { pulumiPath: pulumi.path, stateDir };
        const program = async () => {
            const key = new tls.PrivateKey("key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
            new tls.SelfSignedCert("certificate", {
                privateKeyPem: key.privateKeyPem,
                subject: { commonName: "fleet.test" },
                allowedUses: ["server_auth"],
                validityPeriodHours: 2,
                earlyRenewalHours,
            });
        };
        const stack = await stackFor({ ...engine, stackName: "renewal", program, config: {}, plugins: await findPlugins(engine) });
        const { same: _, ...changes } = (await runOperation(stack, "up")).counts;
        return changes;
    }
    const none = { created: 0, updated: 0, replaced: 0, deleted: 0 };

    it("is kept while it is young, and renewed by the first update after its time has come, without any other change", async () => {
        assert.deepEqual(await up(1), { ...none, created: 2 });
        assert.deepEqual(await up(1), none);
        // Two hours before the end of a certificate of two hours: due at once, and again at the next update.
        assert.deepEqual(await up(2), { ...none, replaced: 1 });
        assert.deepEqual(await up(2), { ...none, replaced: 1 });
    });
});
