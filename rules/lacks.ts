import { isKnown, type NotKnown, type ThanosModel } from "./model";
import type { Lack } from "./rule";

/** What rules lack that look at the endpoints of a Query. */
export const endpointsLack = ({ endpointLists }: ThanosModel): Lack[] =>
    endpointLists.flatMap(({ path, others }) => (others ? [{ path, fact: `its endpoints are not known: ${others.notKnown}` }] : []));

/** What rules lack that look for parts which work on the same blocks. One part alone has nothing to be compared with. */
export const streamsLack = (parts: readonly { readonly path: string; readonly streamLack?: NotKnown }[]): Lack[] =>
    parts.length < 2
        ? []
        : parts.flatMap(({ path, streamLack: lack }) =>
              lack ? [{ path, fact: `where its blocks are is not known: ${lack.notKnown}` }] : [],
          );

/** What rules lack that look at hashrings. */
export const ringsLack = ({ receives }: ThanosModel): Lack[] =>
    receives.flatMap(({ path, ringsLack: lack }) => (lack ? [{ path, fact: `its hashrings are not known: ${lack.notKnown}` }] : []));

/** What rules lack that concern some releases of Thanos. */
export const releaseLack = (parts: readonly { readonly path: string }[]): Lack[] =>
    parts.map(({ path }) => ({ path, fact: "the release of Thanos is not known: its image's tag names none" }));

/** What a rule about buckets lacks where nothing says how they are: said once. */
export const bucketsLack = ({ objectStores }: ThanosModel, fact: string): Lack[] =>
    objectStores
        .filter(({ place }) => place !== undefined && isKnown(place))
        .slice(0, 1)
        .map(({ path }) => ({ path, fact }));

/** What rules lack that compare IAM roles with the pods that have them. */
export function rolesLack(model: ThanosModel): Lack[] {
    const { roles, objectStores } = model;
    const needRoles = objectStores.filter(({ place }) => place === undefined || !isKnown(place) || !place.hasKey);
    if (roles.length === 0) return bucketsLack({ ...model, objectStores: needRoles }, "no IAM role of its service account is given");
    return [
        ...roles.flatMap(({ path, accounts, rights }) =>
            [accounts, rights].flatMap((fact) => (isKnown(fact) ? [] : [{ path, fact: fact.notKnown }])),
        ),
        ...objectStores.flatMap(({ path, place, identity }) =>
            [place, identity].flatMap((fact) => (fact === undefined || isKnown(fact) ? [] : [{ path, fact: fact.notKnown }])),
        ),
    ];
}
