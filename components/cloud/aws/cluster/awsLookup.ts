/** What AWS answered, or why the lookup failed. */
export type Lookup<T> = { value: T } | { failure: string };

/**
 * Turns an error into its first line. Lookups fail for what is missing and for missing rights: the user can mend either without a stack
 * trace.
 */
export const lookUp = <T>(call: Promise<T>): Promise<Lookup<T>> =>
    call.then(
        (value) => ({ value }),
        (error: unknown) => ({ failure: /^.*?(?=\.?$)/m.exec(error instanceof Error ? error.message : String(error))?.[0] ?? "" }),
    );

/** Whether the provider says that something does not exist. */
export const isAbsence = (failure: string) => /couldn't find resource|not ?found|empty result/i.test(failure);
