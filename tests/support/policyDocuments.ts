import type { Statement } from "../../components/cloud/aws/iam/statements";
import type { PlannedResource } from "../../engine/runInProcess";

/** A statement of some policy of a stack. As JSON has it, a list of one may be the one. */
interface Found {
    /** The resource that carries it, and its identifier there. */
    where: string;
    effect: Statement["Effect"];
    principals: string[];
    actions: string[];
}

/** Every statement of every policy document that the resources of a stack carry, whatever the property is called. */
export const statementsOf = (resources: Pick<PlannedResource, "type" | "name" | "props">[]): Found[] =>
    resources.flatMap(({ type, name, props }) =>
        Object.values(props)
            .flatMap(document)
            .map(({ Sid, Effect, Principal, Action }) => ({
                where: `${type.split(":")[2]} ${name}: ${Sid}`,
                effect: Effect,
                principals: Principal === undefined ? [] : typeof Principal === "string" ? [Principal] : Object.values(Principal).flat(),
                actions: [Action].flat(),
            })),
    );

function document(value: unknown): Statement[] {
    if (typeof value !== "string" || !value.startsWith('{"Version":"2012-10-17"')) return [];
    return (JSON.parse(value) as { Statement: Statement[] }).Statement;
}

/** What no statement that allows may have: a principal that is everybody, an action that is several. */
export const wildcards = (found: Found[]): string[] =>
    found
        .filter(({ effect }) => effect === "Allow")
        .flatMap(({ where, principals, actions }) =>
            [...principals, ...actions].filter((word) => word.includes("*")).map((word) => `${where}: ${word}`),
        );
