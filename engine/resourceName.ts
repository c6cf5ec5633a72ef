/** Shortens `urn:pulumi:blue::thanos-fleet::a$kubernetes:core/v1:Secret::tls` to "Secret tls". */
export function resourceName(urn: string): string {
    const [, , types = "", ...name] = urn.split("::");
    return `${types.split(":").pop()} ${name.join("::")}`;
}
