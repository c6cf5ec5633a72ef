import type { ThanosModel } from "./model";
import type { Lack } from "./rule";

/** What rules lack that look at the endpoints of a Query. */
export const endpointsLack = ({ endpointLists }: ThanosModel): Lack[] =>
    endpointLists.flatMap(({ path, others }) => (others ? [{ path, fact: `its endpoints are not known: ${others.notKnown}` }] : []));

/** What rules lack that look at hashrings. */
export const ringsLack = ({ receives }: ThanosModel): Lack[] =>
    receives.flatMap(({ path, ringsLack: lack }) => (lack ? [{ path, fact: `its hashrings are not known: ${lack.notKnown}` }] : []));

/** What rules lack that concern some releases of Thanos. */
export const releaseLack = (parts: readonly { readonly path: string }[]): Lack[] =>
    parts.map(({ path }) => ({ path, fact: "the release of Thanos is not known: its image's tag names none" }));
