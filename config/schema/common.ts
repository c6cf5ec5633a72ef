import { z } from "zod";
import { parseDuration } from "../../rules/duration";
import { mebibytesOf } from "../size";

/** Validators that several themes of the schema share. Each says what is wrong and what to write, as the rest of a sentence that begins with the value. */

const isDuration = (text: string) => {
    try {
        parseDuration(text);
        return true;
    } catch {
        return false;
    }
};

/** A duration in Prometheus's syntax, as text. The message shows `example`. */
export const duration = (example: string) =>
    z.string().refine(isDuration, {
        error: `is not a duration. Write a number and a unit (ms, s, m, h, d, w, y), for instance ${example}.`,
    });

/** A duration that is longer than none. */
export const positiveDuration = (example: string) =>
    duration(example).refine((text) => !isDuration(text) || parseDuration(text) > 0, `is no time at all. Write for instance ${example}.`);

/** No machine has more memory, and no volume of EBS is larger. Kubernetes takes any number, and cuts what it cannot count without a word. */
const LARGEST = "64Ti";
const isSize = (text: string) => /^[1-9]\d*(Mi|Gi|Ti)$/.test(text);
const isPossible = (text: string) => !isSize(text) || mebibytesOf(text) <= mebibytesOf(LARGEST);
const IMPOSSIBLE = `is more than any machine or volume has: write at most ${LARGEST}.`;

/** Memory or disk, as a Kubernetes quantity. */
export const size = z
    .string()
    .regex(/^[1-9]\d*(Mi|Gi|Ti)$/, "is not a size. Write a whole number and Mi, Gi or Ti, for instance 50Gi.")
    .refine(isPossible, IMPOSSIBLE);

/** The size of a persistent volume. Whole gibibytes, since clouds round up to them and a stack waits until a volume has exactly its size. */
export const volumeSize = z
    .string()
    .regex(/^[1-9]\d*(Gi|Ti)$/, "is not the size of a volume. Write a whole number and Gi or Ti, for instance 50Gi.")
    .refine(isPossible, IMPOSSIBLE);

/** More than the largest machine of EC2 has (1,920). */
const MOST_CORES = 2000;

/** CPU, as a Kubernetes quantity. */
export const cpu = z
    .string()
    .regex(/^[1-9]\d*m?$/, "is not an amount of CPU. Write a whole number of cores, or of thousandths with m, for instance 250m.")
    .refine(
        (text) => !(Number.parseInt(text, 10) > (text.endsWith("m") ? 1000 * MOST_CORES : MOST_CORES)),
        `is more than any machine has: write at most ${MOST_CORES} cores.`,
    );

/**
 * A number of pods, of nodes, or of things that a pod does at once. A thousand is far above every fleet; a slipped digit would be a million objects, each of
 * which the engine has to plan.
 */
export const count = z.int().min(1).max(1000);
/** The same where none is a number, too. */
export const countOrNone = z.int().min(0).max(1000);

/** A number of samples, series or requests: as large as a JSON number counts exactly, which Go's 64 bits hold. */
export const amount = z.int().min(1);

/**
 * More pods while they are busy, and fewer again. It needs the metrics API, which metrics-server provides; without it the number stays. Where this is set, an
 * update leaves the number of running pods alone.
 */
export const autoscale = z.strictObject({
    /** Most pods. More than the fewest, which are those without autoscaling. */
    maxReplicas: z.int().min(2).max(1000),
    /**
     * CPU that the pods use on average, in percent of what they request, which more pods keep up.
     * @default 70
     */
    cpuPercent: z.int().min(1).max(1000).default(70),
});

/** Becomes a DNS label, an S3 prefix and the value of the external label `cluster`, so it has to be valid as all three. */
export const clusterName = z
    .string()
    .regex(
        /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
        "is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.",
    );

/** A DNS label, as Kubernetes demands (RFC 1123). */
export const namespace = z
    .string()
    .regex(
        /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
        "is not the name of a Kubernetes namespace. Use 1 to 63 lower-case letters, digits and hyphens.",
    );

const LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?";
/** A name as most Kubernetes objects have it: DNS labels with dots between them (RFC 1123, "DNS subdomain"). */
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
/** The name of an object of this kind, which has to exist: "a StorageClass". */
export const objectName = (kind: string) =>
    z
        .string()
        .regex(new RegExp(`^(?=.{1,253}$)${SUBDOMAIN}$`), `is not the name of ${kind}. Use lower-case letters, digits, hyphens and dots.`);

/** Name of a Secret in the namespace of the stack. The stack reads none of it: no credential is in a stack file. */
export const secretName = objectName("a Secret");

/** Names of at most 253 characters are derived from it: that of a leaf Query has a cluster's 32 and ten more (components/naming/names.ts). */
const LONGEST_DOMAIN = 200;
export const domain = z
    .string()
    .regex(
        // A last label of digits would make names below it IPv4 addresses.
        /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
        "is not a DNS domain. Write for instance fleet.example.internal.",
    )
    .max(LONGEST_DOMAIN, `is too long for the names below it: write at most ${LONGEST_DOMAIN} characters.`);

const NAME = "[A-Za-z0-9]([\\w.-]{0,61}[A-Za-z0-9])?";
/** The key of a label or taint in Kubernetes ("qualified name"): a name, with a DNS subdomain before it or not. */
export const labelKey = z
    .string()
    .regex(
        new RegExp(`^((?=.{1,253}/)${SUBDOMAIN}/)?${NAME}$`),
        "stands under a name that is no label. Write for instance example.com/pool.",
    );
/** Its value. */
export const labelValue = z
    .string()
    .regex(new RegExp(`^(${NAME})?$`), "is not the value of a label. Use up to 63 letters, digits, hyphens, dots and underscores.");

/** A label as Prometheus's text format has always taken it. */
export const labelName = z.string().regex(/^[a-zA-Z_]\w*$/, "stands under a name that is no label. Use letters, digits and underscores.");

export const arn = (service: string, resource: string, example: string) =>
    z
        .string()
        .regex(new RegExp(`^arn:aws(-cn|-us-gov)?:${service}:${resource}$`), `is not an ARN of this kind. Write for instance ${example}.`);

const byte = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
/** `prefixLengths` is a regular expression. */
export const cidr = (prefixLengths = "([12]?\\d|3[0-2])") =>
    z.string().regex(new RegExp(`^(${byte}\\.){3}${byte}/${prefixLengths}$`), "is not a CIDR block. Write for instance 10.42.0.0/16.");
