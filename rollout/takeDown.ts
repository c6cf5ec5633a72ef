/** The order in which a fleet is taken down, and what stands against it (docs/take-down.md). */
import type { StateResource } from "../engine/checkpoint";
import { takeDownOf } from "../engine/takeDown";
import type { Problem } from "../rules/problem";
import type { FleetStack, Wave } from "./waves";

/** Observees first: the observer has the certificate authorities, the bucket and the roles that they use. */
export function takeDownWaves(stacks: readonly FleetStack[]): Wave[] {
    const of = (role: FleetStack["role"]) => stacks.flatMap((stack) => (stack.role === role ? [stack.name] : [])).sort();
    return [
        { stacks: of("observee"), why: "observees, before the observer that they use" },
        { stacks: of("observer"), why: "the observer, which nobody uses any more" },
    ].filter((wave) => wave.stacks.length > 0);
}

/** By name of the stack: the resources in its state. */
type States = ReadonlyMap<string, readonly StateResource[]>;

/** Why these stacks cannot be taken down. `states`: those of every stack in the backend. */
export function takeDownProblems(stacks: readonly FleetStack[], states: States): Problem[] {
    return stacks.flatMap(({ name, role }) => [
        ...(role === "observer" ? observeesLeft(name, stacks, states) : []),
        ...protectedProblems(name, states.get(name) ?? []),
    ]);
}

/** Who uses an observer is known from states, which a stack has also where its file is elsewhere: each refers to the observer whose contract it read. */
function observeesLeft(observer: string, stacks: readonly FleetStack[], states: States): Problem[] {
    const left = [...states].flatMap(([name, resources]) =>
        resources.some((resource) => refersTo(resource, observer)) && !stacks.some((stack) => stack.name === name) ? [name] : [],
    );
    if (left.length === 0) return [];
    const names = left.sort().join(", ");
    return [
        {
            path: observer,
            problem: `is the observer of ${names}, and has the certificate authorities, the bucket and the roles that they use.`,
            remedy: `Take ${names} down first, or together with it: \`thanos-fleet destroy --stack ${left.join(" ")} ${observer}\`.`,
        },
    ];
}

const refersTo = ({ type, inputs }: StateResource, observer: string) =>
    type === "pulumi:pulumi:StackReference" && String(inputs?.name).split("/").at(-1) === observer;

/** What is protected and would be deleted, as an EKS cluster. */
export function protectedProblems(stack: string, resources: readonly StateResource[]): Problem[] {
    const { refused } = takeDownOf(resources);
    return refused.length === 0
        ? []
        : [
              {
                  path: stack,
                  problem: `protects what would be deleted: ${refused.join(", ")}.`,
                  remedy: "Give up the protection first (docs/take-down.md), or take the resource out of the stack.",
              },
          ];
}
