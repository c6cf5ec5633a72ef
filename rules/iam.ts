import { isKnown, type PodRole, type S3Place } from "./model";

/**
 * Whether a text fits a pattern of IAM, in which `*` stands for any characters and `?` for one. Not as a regular expression: several `*` would let it take
 * for ever.
 */
export function fits(pattern: string, text: string): boolean {
    let [p, t, star, from] = [0, 0, -1, 0];
    while (t < text.length)
        if (pattern[p] === "*") {
            star = p++;
            from = t;
        } else if (pattern[p] === "?" || pattern[p] === text[t]) {
            p++;
            t++;
        } else if (star !== -1) {
            p = star + 1;
            t = ++from;
        } else return false;
    while (pattern[p] === "*") p++;
    return p === pattern.length;
}

/** The name of a role: the last part of its ARN. */
export const roleNameOf = (arn: string | undefined) => arn?.split("/").at(-1);

/** Whether one of the patterns of ARNs names the blocks of a place: a file of a block is tried. */
export const covers = (arns: readonly string[], { bucket, prefix }: S3Place): boolean => {
    const file = [bucket, ...(prefix === "" ? [] : [prefix]), "01JZ0000000000000000000000/meta.json"].join("/");
    return arns.some((arn) => fits(arn.replace(/^arn:[^:]*:s3:::/, ""), file));
};

/** Whether pods of a service account get a role. */
export const isGivenTo = ({ accounts }: PodRole, account: string): boolean =>
    isKnown(accounts) &&
    accounts.some(({ serviceAccount, by }) => (by === "like" ? fits(serviceAccount, account) : serviceAccount === account));
