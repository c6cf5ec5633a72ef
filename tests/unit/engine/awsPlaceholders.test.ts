import assert from "node:assert/strict";
import { ACCOUNT, expectedCaller } from "../../../engine/awsPlaceholders";

describe("the caller that a plan assumes", () => {
    const admins = ["arn:aws:iam::444444444444:role/Ops", "arn:aws:iam::555555555555:role/teams/Fleet"];

    it("is an administrator of the cluster that the stack creates, in the account that the observer has for it", () => {
        assert.deepEqual(
            [expectedCaller(admins, undefined), expectedCaller(admins, "555555555555")],
            [
                { account: "444444444444", role: "Ops" },
                { account: "555555555555", role: "Fleet" },
            ],
        );
    });

    it("is a role of that account where the cluster exists", () => {
        assert.deepEqual([expectedCaller([], "555555555555").account, expectedCaller([], undefined).account], ["555555555555", ACCOUNT]);
    });
});
