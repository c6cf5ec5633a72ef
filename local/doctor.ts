import type { Problem } from "../rules/problem";
import { FLEETS, type FleetName } from "./fleet/settings";
import type { SourceKind } from "./fleet/state";
import type { MachineFacts } from "./machineFacts";
import { BUILT_NETWORK } from "./offline/builtClusters";

/** Whether a machine can run the fleet. Every verdict follows from facts alone. */

export interface Verdict {
    /** What was looked at. */
    check: string;
    /** `warning`: it may go well; `failed`: it cannot. */
    state: "ok" | "warning" | "failed";
    /** What was found, as the rest of a sentence that begins with `check`. */
    found: string;
    /** What to do about it. Absent if it is ok. */
    remedy?: string;
}

const GIB = 1024 ** 3;
/**
 * The observer's pods request 7 GiB on its one node, with agents 11 GiB (local/fleet/settings.ts), and what Kubernetes itself runs needs the rest; each agent's
 * cluster needs about 1 GiB. A machine of 8 GB has a little less than 8 GiB.
 */
export const MEMORY: Record<FleetName, { gib: number; machineGb: number }> = {
    sidecars: { gib: 7.5, machineGb: 8 },
    agents: { gib: 13, machineGb: 16 },
};
/**
 * CPUs of a machine that runs kind. The scheduler counts what pods request: what kubeadm and kind put into each node requests 0.95 (API server 0.25, controllers
 * 0.2, etcd, scheduler, kindnet and each of two CoreDNS 0.1), and the pods of the observer about as much, with agents half as much again (local/fleet/settings.ts).
 */
export const KIND_CPUS: Record<FleetName, number> = { sidecars: 2, agents: 3 };
/** Tools, images, volumes and their history. A fleet that is there has most of it. */
const DISK_GIB = { first: 10, again: 1 };
/** kind's own advice (kind.sigs.k8s.io, known issues, "Pod errors due to too many open files"). Linux has 128. */
const INOTIFY_INSTANCES = 512;

const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;

/** The checks that matter to a fleet whose clusters come from `how`. `hasFleet`: whether the machine has the fleet already. */
export function verdicts(fleet: FleetName, how: SourceKind, facts: MachineFacts, hasFleet: boolean): Verdict[] {
    const here =
        how === "kind"
            ? [memoryOf(fleet, facts, facts.dockerMemory), cpus(fleet, facts), inotify(fleet, facts)]
            : how === "built"
              ? [memoryOf(fleet, facts, facts.memory), addresses(facts)]
              : [];
    return [...here, ...facts.free.map((free) => disk(free, hasFleet)), proxy(facts)];
}

function memoryOf(fleet: FleetName, { platform }: MachineFacts, bytes: number | undefined): Verdict {
    const { gib: needed, machineGb } = MEMORY[fleet];
    const check = "memory";
    if (bytes === undefined)
        return { check, state: "warning", found: "is not known: Docker does not say it.", remedy: `The fleet needs ${needed} GiB.` };
    if (bytes >= needed * GIB) return { check, state: "ok", found: gib(bytes) };
    return {
        check,
        state: "failed",
        found: `${gib(bytes)} is less than the ${needed} GiB that the fleet's pods need: some would never start.`,
        remedy: largerMachine(platform, `${machineGb} GB`),
    };
}

const largerMachine = (platform: string, size: string) =>
    platform === "linux" ? `Use a machine with ${size}.` : `Give Docker's virtual machine ${size}, in its settings under Resources.`;

/** Of kind's nodes: the control plane of a cluster that is built here requests no CPU. */
function cpus(fleet: FleetName, { platform, dockerCpus }: MachineFacts): Verdict {
    const needed = KIND_CPUS[fleet];
    const check = "CPUs";
    if (dockerCpus === undefined)
        return { check, state: "warning", found: "are not known: Docker does not say it.", remedy: `The fleet needs ${needed}.` };
    if (dockerCpus >= needed) return { check, state: "ok", found: `${dockerCpus}` };
    return {
        check,
        state: "failed",
        found: `${dockerCpus} are fewer than the ${needed} that the fleet's pods request: some would never start.`,
        remedy: largerMachine(platform, `${needed} CPUs`),
    };
}

function disk({ directory, bytes }: MachineFacts["free"][number], hasFleet: boolean): Verdict {
    const needed = hasFleet ? DISK_GIB.again : DISK_GIB.first;
    const check = `disk ${directory}`;
    if (bytes >= needed * GIB) return { check, state: "ok", found: `${gib(bytes)} free` };
    return {
        check,
        state: "failed",
        found: `has ${gib(bytes)} free: tools, images and volumes need ${needed} GiB.`,
        remedy: "Free some, or set XDG_STATE_HOME and XDG_CACHE_HOME to another disk.",
    };
}

function inotify(fleet: FleetName, { inotifyInstances }: MachineFacts): Verdict {
    const check = "inotify";
    if (inotifyInstances === undefined || inotifyInstances >= INOTIFY_INSTANCES)
        return { check, state: "ok", found: inotifyInstances === undefined ? "is Docker's own" : `${inotifyInstances} instances` };
    return {
        check,
        state: "warning",
        found: `allows ${inotifyInstances} instances: with ${FLEETS[fleet].length} kind nodes, pods may fail with "too many open files".`,
        remedy: `Run sudo sysctl fs.inotify.max_user_instances=${INOTIFY_INSTANCES} fs.inotify.max_user_watches=524288.`,
    };
}

/** Built clusters have fixed addresses on a bridge of their own. */
function addresses({ addresses }: MachineFacts): Verdict {
    const { interface: bridge, prefix } = BUILT_NETWORK;
    const check = "addresses";
    const other = addresses.find((each) => each.interface !== bridge && each.address.startsWith(prefix));
    if (!other) return { check, state: "ok", found: `${prefix}0/24 is free, or this fleet's` };
    return {
        check,
        state: "failed",
        found: `${other.address} of interface ${other.interface} is in ${prefix}0/24, where the clusters' nodes are.`,
        remedy: `Take ${other.interface} down while the fleet runs, or name clusters with --context.`,
    };
}

function proxy({ proxies }: MachineFacts): Verdict {
    const check = "proxy";
    return { check, state: "ok", found: proxies.length === 0 ? "none is set" : `downloads go through ${proxies.join(", ")}` };
}

/** What fails, as a refusal tells it. */
export const failures = (all: readonly Verdict[]): Problem[] =>
    all.filter(({ state }) => state === "failed").map(({ check, found, remedy = "" }) => ({ path: check, problem: found, remedy }));

/** A verdict in one line. */
export const verdictLine = ({ check, state, found, remedy }: Verdict): string =>
    `${state.padEnd(8)} ${check}: ${[found, remedy].filter(Boolean).join(" ")}`;
