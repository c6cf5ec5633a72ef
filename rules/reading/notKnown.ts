/** A value that the manifests do not tell, though a part of the model needs it: a flag's value comes from a Secret. */
export class NotKnownError extends Error {
    override readonly name: string = "NotKnownError";
}

/** A field whose value another program computes, such as Terraform. Reading it throws this. */
export class UncomputedError extends NotKnownError {
    override readonly name = "UncomputedError";
}
