import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Certificates } from "../../../../components/tls/certificates";

describe("the first expiry of a fleet's certificates", () => {
    const OTHERS = "2027-05-01T12:00:00Z";

    /** The output of the component if certificates end at these times, by name, and all others at `OTHERS`. */
    async function firstExpiry(ends: Record<string, string>): Promise<string> {
        await pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => ({
                id: name,
                state: { ...inputs, certPem: "", privateKeyPem: "", certRequestPem: "", validityEndTime: ends[name] ?? OTHERS },
            }),
            call: () => ({}),
        });
        const observees = [
            { name: "blue", mode: "sidecar" },
            { name: "red", mode: "sidecar-remote-write" },
        ] as const;
        const args = { clusterName: "observer", domain: "fleet.test", validity: "90d", renewBefore: "30d", observees, alertmanager: true };
        const { firstExpiry: output } = new Certificates("certificates", args);
        return new Promise((resolve) => void output.apply(resolve));
    }

    for (const name of [
        "reader",
        "receive",
        "leaf-blue",
        "leaf-red",
        "writer-red",
        "alertmanager",
        "alerts-observer",
        "alerts-blue",
        "alerts-red",
    ])
        it(`is that of ${name} where it is the first`, async () =>
            assert.equal(await firstExpiry({ [name]: "2027-04-30T12:00:00Z" }), "2027-04-30T12:00:00Z"));

    it("is the first in time, not in the alphabet: each machine writes times in its own time zone", async () =>
        assert.equal(await firstExpiry({ reader: "2027-05-01T13:00:00+02:00" }), "2027-05-01T13:00:00+02:00"));
});
