import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/**
 * SHA-256 of a file that a pod reads only when it starts. As an annotation of the pods it makes Kubernetes replace them, one by one, when the file changes.
 * Not secret, even of a secret file: nobody can guess a file that contains a random key.
 */
export const checksum = (file: pulumi.Input<string>): pulumi.Output<string> =>
    pulumi.unsecret(pulumi.output(file).apply((text) => createHash("sha256").update(text).digest("hex")));

/** The annotations of the pods that read these files, by file name. */
export const checksumAnnotations = <T>(checksums: Record<string, T> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(checksums).map(([file, sum]) => [`checksum/${file}`, sum]));
