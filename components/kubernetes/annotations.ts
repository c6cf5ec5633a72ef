import type * as pulumi from "@pulumi/pulumi";

/** The annotations of an object's metadata. The API server drops an empty set, so none is written. */
export const withAnnotations = (annotations: Record<string, pulumi.Input<string>> = {}) =>
    Object.keys(annotations).length > 0 ? { annotations } : {};
