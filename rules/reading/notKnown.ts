/** A value that the manifests do not tell, though a part of the model needs it: a flag's value comes from a Secret. */
export class NotKnownError extends Error {
    override readonly name: string = "NotKnownError";
}

/** A field whose value another program computes, such as Terraform. Reading it throws this. */
export class UncomputedError extends NotKnownError {
    override readonly name = "UncomputedError";
}

/** Undefined where the value is not known: for a field without which the others of its part are worth something. */
export function ifKnown<T>(read: () => T): T | undefined {
    try {
        return read();
    } catch (error) {
        if (error instanceof NotKnownError) return undefined;
        throw error;
    }
}
