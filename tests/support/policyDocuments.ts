import type { Statement } from "../../components/cloud/aws/iam/statements";
import type { PlannedResource } from "../../engine/runInProcess";

/** A statement of a policy of a stack. Single values, which JSON allows in place of lists, are lists here. */
interface FoundStatement {
    /** Type and name of the resource that carries the policy, and the statement's Sid. */
    where: string;
    effect: Statement["Effect"];
    principals: string[];
    actions: string[];
}

/** Every statement of every policy document in the inputs of these resources, whatever the property is called. */
export const statementsOf = (resources: Pick<PlannedResource, "type" | "name" | "props">[]): FoundStatement[] =>
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

/** Wildcards in principals and actions of statements that allow. There may be none. */
export const wildcards = (found: FoundStatement[]): string[] =>
    found
        .filter(({ effect }) => effect === "Allow")
        .flatMap(({ where, principals, actions }) =>
            [...principals, ...actions].filter((word) => word.includes("*")).map((word) => `${where}: ${word}`),
        );
