/** What a destruction does to the resources in a stack's state. The engine decides by two marks that the program has given each of them (docs/take-down.md). */
import type { StateResource } from "./checkpoint";
import { resourceName } from "./resourceName";

export interface TakeDown {
    /** How many resources are deleted. */
    deleted: number;
    /** What stays where it is and is forgotten (`retainOnDelete`): "Bucket blocks (my-bucket)". */
    kept: string[];
    /** What would be deleted, and may not be (`protect`): it has to be given up first. */
    refused: string[];
    /** URNs of what is kept and protected. It cannot be deleted, yet the engine refuses also to forget it as long as it is protected. */
    unprotect: string[];
}

export function takeDownOf(resources: readonly StateResource[]): TakeDown {
    const isProtected = ({ protect }: StateResource) => protect === true;
    const isKept = ({ retainOnDelete }: StateResource) => retainOnDelete === true;
    // Components, providers and what is only looked up exist outside of no state.
    const real = resources.filter(({ custom, external, type }) => custom && external !== true && !type.startsWith("pulumi:"));
    return {
        deleted: real.filter((resource) => !isKept(resource)).length,
        kept: real.filter(isKept).map(described).sort(),
        refused: resources
            .filter((resource) => isProtected(resource) && !isKept(resource))
            .map(described)
            .sort(),
        unprotect: resources.filter((resource) => isProtected(resource) && isKept(resource)).map(({ urn }) => urn),
    };
}

const described = ({ urn, id }: StateResource) => `${resourceName(urn)}${id ? ` (${id})` : ""}`;
