import * as pulumi from "@pulumi/pulumi";
import { existingOf, type ObserveeEntry, type ObserverConfig, type StackConfig, type StreamEntry } from "../../config/schema";
import { mebibytesOf } from "../../config/size";
import { stackConfigError } from "../../config/stackConfigError";
import { keepsBlocks, RULE_STREAM, streamOf } from "../../config/streams";
import { type Problem, Problems } from "../../rules/problem";
import { AWS_STORAGE_CLASS, LOCAL_STORAGE_CLASS } from "../naming/names";
import type { Contract } from "./contract";
import { ringChanges, ringSettingsOf } from "./ringChanges";

/**
 * The settings that must never change after the first deployment, or may only grow, by path: data is stored under their values. Every stack exports
 * them as `names`.
 */
export type ImmutableSettings = Record<string, Setting>;
type Setting = string | number | boolean;

export const immutableSettingsOf = (config: StackConfig): ImmutableSettings => ({
    cluster: config.cluster,
    domain: config.domain,
    namespace: config.namespace,
    ...prometheusSettings(config),
    ...(config.role === "observer" && {
        "store.storage": config.store.storage,
        "compact.storage": config.compact.storage,
        ...(config.rule && keepsBlocks(config.rule) && { "rule.storage": config.rule.storage }),
        ...ringSettingsOf(config),
        ...Object.fromEntries(config.streams.map(({ name, prefix = name }) => [`${PREFIX_OF}${name}`, prefix])),
    }),
    ...(config.cloud === "aws" && { "aws.region": config.aws.region }),
    ...(config.role === "observer" &&
        config.cloud === "aws" && {
            ...(config.aws.bucket !== undefined && {
                "aws.bucket": config.aws.bucket,
                "aws.bucketPerCluster": config.aws.bucketPerCluster,
            }),
            "aws.rolePath": config.aws.rolePath,
        }),
});

/** The folder of a stream that is listed, under its name. */
const PREFIX_OF = "streams.prefix of ";

/** What must stay of the stack's Prometheus: its volumes. Where the stack keeps an existing Prometheus, only which one, since its volumes are not the stack's. */
function prometheusSettings(config: StackConfig): ImmutableSettings {
    const existing = existingOf(config);
    if (existing) return { [EXISTING]: existing.name };
    return {
        storageClass: config.storageClass ?? (config.cloud === "aws" ? AWS_STORAGE_CLASS : LOCAL_STORAGE_CLASS),
        "prometheus.storage": config.prometheus.storage,
    };
}

const EXISTING = "prometheus.existing.name";
const OF_OWN_PROMETHEUS = ["storageClass", "prometheus.storage"];

/** What a stack exports as `names`. Not before its volumes have their sizes, with which the next update compares. */
export const deployedNames = (config: StackConfig, volumes: readonly pulumi.Resource[]): pulumi.Output<ImmutableSettings> =>
    pulumi.all(volumes.map(({ urn }) => urn)).apply(() => immutableSettingsOf(config));

/** What to do instead of changing a setting. */
const INSTEAD: Record<string, string> = {
    cluster: "A cluster under a new name is a new stack (`pulumi stack init`), and the old one's blocks stay readable while it is listed.",
    domain: "The addresses, certificates and roles of every stack contain the domain: a new domain is a new fleet.",
    namespace: "The volumes are in the old namespace, and would stay there: another namespace is a new stack.",
    storageClass: "Kubernetes cannot move a volume to another class: a cluster with another class is a new stack.",
    [EXISTING]:
        "The other one has samples that are in no bucket yet: take this stack down as docs/take-down.md says, which leaves that Prometheus alone, and deploy it anew.",
    "aws.region": "A cluster in another region is another cluster, with a stack of its own.",
    "aws.bucket": "To move, copy the objects to a new bucket and build a new fleet on it; the old bucket stays, protected.",
    "aws.bucketPerCluster":
        "To change it, copy each cluster's prefix to its new bucket and build a new fleet on these; the old buckets stay, protected.",
    "aws.rolePath": "Policies in every account name the roles by this path: a new path is a new fleet.",
};

const NEW_PREFIX = "Its blocks are there: for another prefix, list a new stream, and keep this one without writers.";

/** Compares the configuration with what this stack exported when it was last deployed, and refuses what would leave data behind. */
export async function refuseChangedSettings(config: StackConfig): Promise<void> {
    const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const deployed = new pulumi.StackReference(stack);
    const names = (await deployed.getOutputDetails("names")).value as ImmutableSettings | undefined;
    const contract = (await deployed.getOutputDetails("contract")).value as Contract | undefined;
    const problems = new Problems().add(changedSettings(names ?? {}, immutableSettingsOf(config)));
    if (config.role === "observer") {
        const before = contract?.observees ?? [];
        problems
            .add(removedObservees(before, config.observees))
            .add(removedStreams(before, config))
            .add(removedRule(names ?? {}, config))
            .add(ringChanges(names ?? {}, config));
    }
    if (problems.all().length > 0) throw stackConfigError(problems.all());
}

/** Observees that were active when the stack was last deployed, and are not listed any more. */
export const removedObservees = (deployed: readonly { name: string }[], observees: readonly { name: string }[]): Problem[] =>
    deployed
        .filter(({ name }) => !observees.some((observee) => observee.name === name))
        .map(({ name }) => ({
            path: "observees",
            problem: `${name} is not listed any more: nothing would answer queries from its blocks, or expire them.`,
            remedy: `List it with archived: true. To give up its history too, deploy that first and remove the entry then; its blocks stay where they are.`,
        }));

/** Streams that observees uploaded to when the stack was last deployed, and that nothing would read or expire any more. Removed observees are named already. */
export function removedStreams(
    deployed: readonly { name: string; stream?: string | undefined }[],
    {
        observees,
        streams,
    }: { observees: readonly (Pick<ObserveeEntry, "name"> & Partial<Pick<ObserveeEntry, "mode">>)[]; streams: readonly StreamEntry[] },
): Problem[] {
    const listed = deployed.filter(({ name }) => observees.some((observee) => observee.name === name));
    const kept = new Set([...streams.map(({ name }) => name), ...observees.map((observee) => streamOf(streams, observee))]);
    return [...new Set(listed.map(({ name, stream = name }) => stream))].filter((stream) => !kept.has(stream)).map(streamIsGone);
}

/** The stream of a stateful Rule that was deployed, and is not configured any more or has become stateless. */
export const removedRule = (deployed: ImmutableSettings, { rule, streams }: Pick<ObserverConfig, "rule" | "streams">): Problem[] =>
    "rule.storage" in deployed && !keepsBlocks(rule) && !streams.some(({ name }) => name === RULE_STREAM)
        ? [streamIsGone(RULE_STREAM)]
        : [];

const streamIsGone = (stream: string): Problem => ({
    path: "streams",
    problem: `${stream} is gone: nothing would answer queries from the blocks that are there, or expire them.`,
    remedy: `Add {name: ${stream}, writers: []}. To give up its history too, deploy that first and remove the entry then; its blocks stay where they are.`,
});

/** One problem for each deployed setting that has another value now, or a smaller one where it may grow. ringChanges.ts judges Receive's ingesters. */
export const changedSettings = (deployed: ImmutableSettings, configured: ImmutableSettings): Problem[] =>
    Object.entries(deployed).flatMap(([path, value]) => {
        if (EXISTING in configured && OF_OWN_PROMETHEUS.includes(path)) return path === "prometheus.storage" ? replaced(configured) : [];
        if (path.endsWith(".storage")) return shrunk(path, value, configured[path]);
        // A stream that is not listed any more is for removedStreams.
        if (path.startsWith(PREFIX_OF) && configured[path] === undefined) return [];
        return path.startsWith("receive.") ? [] : changed(path, value, configured[path]);
    });

/** A stack that would delete its Prometheus to keep another one. */
const replaced = (configured: ImmutableSettings): Problem[] => [
    {
        path: "prometheus.existing",
        problem: `${configured[EXISTING]} would replace the Prometheus of this stack, and with it up to 3 h of samples that are in no bucket yet.`,
        remedy: "Remove it. To keep the other one from now on, take this stack down as docs/take-down.md says, and deploy it anew with this setting.",
    },
];

function changed(path: string, deployed: Setting, now: Setting | undefined): Problem[] {
    if (now === deployed) return [];
    return [
        {
            path,
            problem: `${now === undefined ? "nothing" : JSON.stringify(now)} instead of ${JSON.stringify(deployed)}, where this stack's data is.`,
            remedy: `Write ${deployed === "" ? '""' : deployed}. ${path.startsWith(PREFIX_OF) ? NEW_PREFIX : INSTEAD[path]}`,
        },
    ];
}

/** The size of volumes may grow, and is no longer compared when the component that had them is gone. */
function shrunk(path: string, deployed: Setting, now: Setting | undefined): Problem[] {
    if (now === undefined || mebibytesOf(`${now}`) >= mebibytesOf(`${deployed}`)) return [];
    const problem = `${now} is less than the ${deployed} that are deployed. Kubernetes cannot make a volume smaller.`;
    return [{ path, problem, remedy: `Write ${deployed} or more.` }];
}
