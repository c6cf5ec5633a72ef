import assert from "node:assert/strict";
import { type Contract, checkContract } from "../../../../components/stack/contract";

const reader = { stack: "organization/thanos-fleet/observer", cluster: "blue", domain: "fleet.test" };
const good: Contract = {
    version: 2,
    domain: "fleet.test",
    thanos: "v0.42.4",
    observees: [{ name: "blue", mode: "sidecar" }],
    receiveUrl: "https://receive.fleet.test:19291/api/v1/receive",
};

const refusal = (found: unknown, who = reader) => {
    try {
        checkContract(found, who);
    } catch (error) {
        return (error as Error).message;
    }
    return "accepted";
};

describe("the contract between stacks", () => {
    it("is accepted as it is", () => assert.deepEqual(checkContract(good, reader), good));

    it("of the future is refused: the reader has to move", () => {
        assert.equal(
            refusal({ ...good, version: 3 }),
            [
                "contract between organization/thanos-fleet/observer and blue: 1 problem. Nothing was changed.",
                "  contract.version: organization/thanos-fleet/observer exports version 3, blue reads version 2. Update this checkout of thanos-fleet to the one that deployed organization/thanos-fleet/observer.",
            ].join("\n"),
        );
    });

    it("of the past is refused: the observer has to move", () => {
        assert.match(
            refusal({ ...good, version: 0 }),
            /Run `pulumi up` on organization\/thanos-fleet\/observer with this checkout first\.$/,
        );
    });

    it("that is not there is refused: the observer comes first", () => {
        assert.match(refusal(undefined), /exports none\. Deploy the observer first/);
    });

    it("for another domain is refused", () => {
        assert.match(
            refusal(good, { ...reader, domain: "other.test" }),
            /domain: "other\.test" is not the fleet's: .* has "fleet\.test"\. Write the same domain/,
        );
    });

    it("without this cluster is refused", () => {
        assert.match(refusal(good, { ...reader, cluster: "green" }), /cluster: "green" is not among the observees of .* \(blue\)\. Add it/);
    });

    it("with a part missing is refused by name", () => {
        assert.match(refusal({ ...good, receiveUrl: undefined }), /contract: receiveUrl: /);
    });
});
