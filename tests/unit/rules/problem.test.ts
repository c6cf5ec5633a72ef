import assert from "node:assert/strict";
import { Problems, problemText } from "../../../rules/problem";

describe("Problems", () => {
    it("keeps the problems whose condition holds, in the order of the checks", () => {
        const elsewhere = { path: "c", problem: "is missing.", remedy: "Set it." };
        const problems = new Problems()
            .when(true, "a", "is wrong.", "Mend it.")
            .when(false, "b", "is fine.", "Leave it.")
            .add([elsewhere])
            .when(true, "d", "is wrong too.", "Remove it.");
        assert.deepEqual(problems.all(), [
            { path: "a", problem: "is wrong.", remedy: "Mend it." },
            elsewhere,
            { path: "d", problem: "is wrong too.", remedy: "Remove it." },
        ]);
    });

    it("has none where nothing is wrong", () => assert.deepEqual(new Problems().when(false, "a", "is wrong.", "Mend it.").all(), []));
});

describe("problemText", () => {
    it("is path, problem and remedy in one line", () =>
        assert.equal(
            problemText({ path: "a.b", problem: "0 is less than 1.", remedy: "Set it to 1." }),
            "a.b: 0 is less than 1. Set it to 1.",
        ));

    it("ends with the problem where there is no remedy", () =>
        assert.equal(problemText({ path: "a", problem: "is wrong.", remedy: "" }), "a: is wrong."));
});
