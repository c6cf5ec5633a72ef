import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { CompactConfig, Tool } from "../../config/schema";
import { goTime } from "../../rules/duration";
import { STREAM_LABEL } from "../../rules/model";
import { childOptions } from "../kubernetes/childOptions";
import { hardenedPod } from "../kubernetes/hardenedPod";
import { networkPolicy } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { PART_OF, podsOf } from "../naming/labels";
import { objectStoreSecretName, serviceAccountOf, thanosName } from "../naming/names";
import { GRACE_PERIOD, OBJECT_STORE_DIR, OBJECT_STORE_FILE, USER_ID } from "./workload";

/** What a tool needs to know of a stream. */
type ToolSettings = Pick<CompactConfig, "retention" | "deleteDelay" | "consistencyDelay">;

interface ToolJob {
    /** The component of the stream whose service account it runs as, and so whose rights it has: a Store reads, a Compact also uploads and deletes. */
    as: "store" | "compact";
    /** Arguments after `thanos tools bucket`. `$(NAME)` is one of `values`. */
    args: (settings: ToolSettings) => string[];
    /** Environment variables that whoever starts a Job may set, with what they are otherwise. */
    values?: (settings: ToolSettings) => Record<string, string>;
}

/** The block of a Job that works on one. Without it Thanos refuses to start. */
const BLOCK = { BLOCK: "" };

/** What each tool does is in docs/tools.md. */
const JOBS: Record<Tool, ToolJob> = {
    ls: { as: "store", args: () => ["ls", "--output=wide"] },
    inspect: { as: "store", args: () => ["inspect"] },
    verify: { as: "store", args: () => ["verify", "--issues=overlapped_blocks", "--issues=index_known_issues"] },
    mark: {
        as: "compact",
        args: () => ["mark", "--id=$(BLOCK)", "--marker=$(MARKER)", "--details=$(DETAILS)"],
        // Thanos refuses `mark` without details.
        values: () => ({ ...BLOCK, MARKER: "no-compact-mark.json", DETAILS: "by hand" }),
    },
    unmark: {
        as: "compact",
        args: () => ["mark", "--id=$(BLOCK)", "--marker=$(MARKER)", "--remove"],
        values: () => ({ ...BLOCK, MARKER: "no-compact-mark.json" }),
    },
    cleanup: {
        as: "compact",
        args: ({ consistencyDelay }) => ["cleanup", "--delete-delay=$(DELAY)", `--consistency-delay=${goTime(consistencyDelay)}`],
        values: ({ deleteDelay }) => ({ DELAY: goTime(deleteDelay) }),
    },
    retention: {
        as: "compact",
        args: ({ retention, deleteDelay, consistencyDelay }) => [
            "retention",
            `--retention.resolution-raw=${retention.raw}`,
            `--retention.resolution-5m=${retention.fiveMinutes}`,
            `--retention.resolution-1h=${retention.oneHour}`,
            `--delete-delay=${goTime(deleteDelay)}`,
            `--consistency-delay=${goTime(consistencyDelay)}`,
        ],
    },
    rewrite: {
        as: "compact",
        args: () => [
            "rewrite",
            "--id=$(BLOCK)",
            "--rewrite.to-delete-config=$(DELETE)",
            `--tmp.dir=${TMP}/rewrite`,
            "--no-dry-run",
            // Marks the old block for deletion, which would overlap with the new one.
            "--delete-blocks",
        ],
        values: () => ({ ...BLOCK, DELETE: "" }),
    },
};

/** Blocks are downloaded there. */
const TMP = "/tmp";

/** Flags of a tool. */
export const toolFlags = (tool: Tool, settings: ToolSettings): string[] => [
    "tools",
    "bucket",
    ...JOBS[tool].args(settings),
    `--objstore.config-file=${OBJECT_STORE_FILE}`,
];

/** The component whose rights a tool has. */
export const toolRunsAs = (tool: Tool): ToolJob["as"] => JOBS[tool].as;

/** The environment variables of a tool's Job. */
export const toolValues = (tool: Tool, settings: ToolSettings): Record<string, string> => JOBS[tool].values?.(settings) ?? {};

export interface ToolKitArgs extends ToolSettings, Pick<CompactConfig, "memory"> {
    /** Kubernetes namespace. */
    namespace: string;
    /** The stream that they work on. */
    stream: string;
    tools: readonly Tool[];
    /** Image of Thanos. */
    image: string;
    /** Nodes of their pods. @default any node */
    placement?: Placement | undefined;
}

/** Days after which Kubernetes removes a Job that has ended, and its log. */
const KEPT_DAYS = 7;

/** The tools for one stream, one suspended CronJob each: `kubectl create job --from=cronjob/thanos-verify-blue` runs it once. */
export class ToolKit extends pulumi.ComponentResource {
    constructor(name: string, args: ToolKitArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:ToolKit", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace, stream } = args;
        const pods = { ...podsOf("tools"), [STREAM_LABEL]: stream };
        const labels = { ...pods, ...PART_OF };
        networkPolicy(thanosName(name), { namespace, labels, pods, clients: [] }, childOpts);
        for (const tool of args.tools) toolJob(tool, args, labels, childOpts);
        this.registerOutputs({});
    }
}

function toolJob(tool: Tool, args: ToolKitArgs, labels: Record<string, string>, opts: pulumi.CustomResourceOptions): void {
    const { namespace, stream } = args;
    const name = thanosName(`${tool}-${stream}`);
    const template = hardenedPod({
        name: "tools",
        image: args.image,
        args: toolFlags(tool, args),
        env: Object.entries(toolValues(tool, args)).map(([variable, value]) => ({ name: variable, value })),
        userId: USER_ID,
        ports: {},
        probes: {},
        // A tool downloads and rewrites blocks as Compact does, so it gets as much memory.
        resources: { cpu: "100m", memory: args.memory },
        gracePeriod: GRACE_PERIOD,
        serviceAccountName: serviceAccountOf(toolRunsAs(tool), stream),
        labels,
        replicaSelector: labels,
        placement: args.placement,
        tmpDir: TMP,
        restartPolicy: "Never",
        files: [{ name: "objstore", mountPath: OBJECT_STORE_DIR, secret: objectStoreSecretName(stream) }],
    });
    new k8s.batch.v1.CronJob(
        name,
        {
            metadata: { name, namespace, labels },
            spec: {
                suspend: true,
                // A CronJob must have a schedule. While it is suspended, Kubernetes never acts on it.
                schedule: "0 0 1 1 *",
                concurrencyPolicy: "Forbid",
                jobTemplate: {
                    metadata: { labels },
                    spec: {
                        // No retry: a tool that failed half-way may have changed blocks, so a person looks first.
                        backoffLimit: 0,
                        ttlSecondsAfterFinished: KEPT_DAYS * 86_400,
                        template,
                    },
                },
            },
        },
        opts,
    );
}
