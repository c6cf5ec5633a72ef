import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { allEnded } from "../../../local/deploy";

describe("allEnded", () => {
    it("waits for the others when one fails, and throws every failure as one", async () => {
        let ended = false;
        const slow = sleep(20).then(() => {
            ended = true;
            throw new Error("The up of stack red failed.");
        });
        await assert.rejects(
            allEnded([Promise.reject(new Error("The up of stack blue failed.")), slow, Promise.resolve()]),
            new Error("The up of stack blue failed.\nThe up of stack red failed."),
        );
        assert.ok(ended);
    });
});
