/** A value that the manifests do not tell, though a part of the model needs it: a flag's value comes from a Secret. */
export class NotKnownError extends Error {
    override readonly name = "NotKnownError";
}
