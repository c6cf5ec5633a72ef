/** How many resources an operation created, updated, ...; the stack itself and its providers are left out. */
export interface Counts {
    created: number;
    updated: number;
    replaced: number;
    deleted: number;
    same: number;
}

/** The counts of an operation that did nothing. */
export const NO_CHANGES: Counts = { created: 0, updated: 0, replaced: 0, deleted: 0, same: 0 };
