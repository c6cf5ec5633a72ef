import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FakePrograms } from "./fakePrograms";

/**
 * kind and docker as shell scripts that go through the steps of the real ones and leave behind what those leave (kind, pkg/cluster/internal/create/create.go and
 * providers/docker): each node is a file with the steps that were done in it. kind runs docker, refuses a cluster that has a node, and removes the cluster by its
 * name where a step fails; it locks a kubeconfig by a file, also to delete a cluster, and docker refuses a second container of the same name.
 */
export class SteppingKind {
    /** The steps of `kind create cluster`, in order. */
    static readonly STEPS = [
        "pull the node image",
        "make the network",
        "run the node",
        "write the configuration",
        "kubeadm init",
        "install the CNI",
        "install the StorageClass",
        "wait until it is ready",
        "lock the kubeconfig",
        "write the kubeconfig",
    ] as const;

    private readonly nodes: string;
    private readonly steps: string;

    /** @param seconds that each step takes */
    constructor(programs: FakePrograms, kubeconfig: string, seconds: number) {
        this.nodes = join(programs.directory, "nodes");
        this.steps = join(programs.directory, "steps");
        mkdirSync(this.nodes);
        writeFileSync(this.steps, "");
        writeFileSync(join(programs.directory, "kubeconfig"), kubeconfig);
        programs.add(
            "docker",
            `nodes='${this.nodes}'
case "$1" in
run) sleep ${seconds}; set -C; : 2>/dev/null >"$nodes/$3" || { echo "Conflict. The container name \\"/$3\\" is already in use" >&2; exit 1; } ;;
exec) sleep ${seconds}; [ -e "$nodes/$2" ] || { echo "No such container: $2" >&2; exit 1; }
  ! grep -qx "$3" "$nodes/$2" || { echo "$3: it is done already" >&2; exit 1; }
  echo "$3" >>"$nodes/$2" ;;
pull) case "$2" in kindest/*) sleep ${seconds} ;; esac ;;
network) sleep ${seconds} ;;
rm) rm -f "$nodes/$4" ;;
ps) ls "$nodes" ;;
start) [ -e "$nodes/$2" ] ;;
inspect) echo 172.18.0.2 ;;
esac`,
        );
        const [pull, network, runs, ...rest] = SteppingKind.STEPS;
        const inNode = rest.slice(0, -2);
        const [lock, write] = rest.slice(-2);
        programs.add(
            "kind",
            `begin() { echo "$1" >>'${this.steps}'; echo " * $1" >&2; }
node="$4-control-plane"
lock() { (set -C; : 2>/dev/null >"$6.lock") || { echo 'ERROR: failed to lock config file' >&2; return 1; }; }
delete() { docker ps | grep -qx "$node" && docker rm -f -v "$node"; lock "$@" || return 1; rm -f "$6.lock"; }
fail() { delete "$@" "$6"; echo 'ERROR: failed to create cluster' >&2; exit 1; }
case "$1 $2" in
"get clusters") docker ps | sed 's/-control-plane$//' ;;
"export kubeconfig") cp '${programs.directory}/kubeconfig' "$6" ;;
"delete cluster") delete "$@" ;;
"create cluster")
  ! docker ps | grep -qx "$node" || { echo "ERROR: node(s) already exist for a cluster with the name" >&2; exit 1; }
  begin '${pull}'; docker pull kindest/node || fail "$@"
  begin '${network}'; docker network create kind || fail "$@"
  begin '${runs}'; docker run --name "$node" || fail "$@"
${inNode.map((step) => `  begin '${step}'; docker exec "$node" '${step}' || fail "$@"`).join("\n")}
  begin '${lock}'; lock "$@" || exit 1; sleep ${seconds}
  begin '${write}'; cp '${programs.directory}/kubeconfig' "$6"; sleep ${seconds}; rm -f "$6.lock" ;;
esac`,
        );
    }

    /** Whether `kind create cluster` has begun a step. */
    hasBegun = (step: string): boolean => existsSync(this.steps) && readFileSync(this.steps, "utf8").split("\n").includes(step);

    /** The steps that were done in each node. */
    done = (): Record<string, string[]> =>
        Object.fromEntries(readdirSync(this.nodes).map((node) => [node, readFileSync(join(this.nodes, node), "utf8").trim().split("\n")]));

    /** The steps that are done in a node of a cluster that is complete. */
    static readonly COMPLETE = SteppingKind.STEPS.slice(3, -2);
}
