import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { isTyped, takeDownLine } from "../../../cli/destroy";
import type { StateResource } from "../../../engine/checkpoint";
import { takeDownOf } from "../../../engine/takeDown";
import { takeDownProblems, takeDownWaves } from "../../../rollout/takeDown";
import type { FleetStack } from "../../../rollout/waves";
import { problemText } from "../../../rules/problem";

const resource = (type: string, name: string, more: Partial<StateResource> = {}): StateResource => ({
    urn: `urn:pulumi:observer::thanos-fleet::${type}::${name}`,
    type,
    custom: true,
    id: `id-of-${name}`,
    ...more,
});
const bucket = resource("aws:s3/bucket:Bucket", "blocks", { protect: true, retainOnDelete: true });
const claim = resource("kubernetes:core/v1:PersistentVolumeClaimPatch", "data", { retainOnDelete: true });
const cluster = resource("aws:eks/cluster:Cluster", "eks", { protect: true });
const service = resource("kubernetes:core/v1:Service", "query");
const refersTo = (observer: string) =>
    resource("pulumi:pulumi:StackReference", observer, { external: true, inputs: { name: `organization/thanos-fleet/${observer}` } });

describe("what a destruction does to a stack", () => {
    it("is that it deletes what is neither kept nor protected, and names what stays", () =>
        assert.deepEqual(takeDownOf([service, claim, bucket]), {
            deleted: 1,
            kept: ["Bucket blocks (id-of-blocks)", "PersistentVolumeClaimPatch data (id-of-data)"],
            refused: [],
            unprotect: [bucket.urn],
        }));

    it("is refused where something is protected that would be deleted, whose protection stays", () => {
        const { refused, unprotect } = takeDownOf([cluster, bucket]);
        assert.deepEqual([refused, unprotect], [["Cluster eks (id-of-eks)"], [bucket.urn]]);
    });

    it("leaves out what exists in the state only", () => {
        const component = resource("thanos-fleet:index:Observer", "observer", { custom: false });
        const provider = resource("pulumi:providers:aws", "aws");
        const lookedUp = resource("aws:eks/cluster:Cluster", "existing", { external: true });
        assert.equal(takeDownOf([component, provider, lookedUp, refersTo("observer")]).deleted, 0);
    });

    it("is told in a line", () => {
        const line = (...resources: StateResource[]) => takeDownLine("blue", takeDownOf(resources));
        assert.equal(line(service, bucket), "blue                   1 resource is deleted; these stay: Bucket blocks (id-of-blocks)");
        assert.equal(line(), "blue                   0 resources are deleted");
    });
});

describe("a fleet that is taken down", () => {
    const stack = (name: string, role: FleetStack["role"] = "observee"): FleetStack => ({ name, role, cluster: name, labels: {} });
    const [observer, red, blue] = [stack("observer", "observer"), stack("red"), stack("blue")];

    it("loses its observees before its observer", () => {
        const waves = (...stacks: FleetStack[]) => takeDownWaves(stacks).map(({ stacks: names }) => names);
        assert.deepEqual(waves(observer, red, blue), [["blue", "red"], ["observer"]]);
        assert.deepEqual(waves(red), [["red"]]);
        assert.deepEqual(waves(observer), [["observer"]]);
    });

    const problems = (stacks: FleetStack[], states: Record<string, StateResource[]>) =>
        takeDownProblems(stacks, new Map(Object.entries(states))).map(problemText);

    it("keeps an observer that deployed observees use, whoever has their files, and says what to do", () => {
        const states = {
            observer: [refersTo("observer")],
            red: [refersTo("observer")],
            blue: [refersTo("observer")],
            green: [refersTo("other")],
        };
        assert.deepEqual(problems([observer, red], states), [
            "observer: is the observer of blue, and has the certificate authorities, the bucket and the roles that they use. " +
                "Take blue down first, or together with it: `thanos-fleet destroy --stack blue observer`.",
        ]);
        assert.deepEqual(problems([observer, red, blue], states), []);
        assert.deepEqual(problems([observer], { ...states, red: [], blue: [] }), []);
        assert.deepEqual(problems([blue], states), []);
    });

    it("keeps a stack that protects what would be deleted, and says what to do", () =>
        assert.deepEqual(problems([red], { red: [cluster, bucket] }), [
            "red: protects what would be deleted: Cluster eks (id-of-eks). " +
                "Give up the protection first (docs/take-down.md), or take the resource out of the stack.",
        ]));
});

describe("the question before a destruction", () => {
    /** What follows where a person types this. */
    async function typed(text: string, signal = new AbortController().signal): Promise<[boolean, string]> {
        const [input, output] = [new PassThrough(), new PassThrough()];
        input.end(text);
        const isYes = await isTyped("destroy blue", input, output, signal);
        return [isYes, String(output.read() ?? "")];
    }
    const asked = 'Type "destroy blue" to go on: ';

    it("is answered by what it names, and by nothing else", async () => {
        assert.deepEqual(await typed("destroy blue\n"), [true, asked]);
        for (const answer of ["yes\n", "\n", "destroy 3 stacks\n", ""]) assert.deepEqual(await typed(answer), [false, asked]);
    });

    it("is answered by Ctrl-C, too: no", async () => assert.deepEqual(await typed("destroy blue\n", AbortSignal.abort()), [false, ""]));
});
