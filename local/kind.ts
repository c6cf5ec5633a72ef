import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { hostsStanza } from "./cluster/addons";

const run = promisify(execFile);

export interface KindCluster {
    kubeconfig: string;
    context: string;
    nodeIp: string;
    /** Teaches the cluster's DNS the fleet's names. */
    answerNames(hosts: Record<string, string>): Promise<void>;
}

const kindName = (name: string) => `thanos-fleet-${name}`;

/** `kind create cluster`: its argument list. Pure. */
export const createArgs = (name: string, kubeconfig: string) => [
    "create",
    "cluster",
    "--name",
    kindName(name),
    "--kubeconfig",
    kubeconfig,
    "--wait",
    "180s",
];
export const deleteArgs = (name: string, kubeconfig: string) => ["delete", "cluster", "--name", kindName(name), "--kubeconfig", kubeconfig];

/** A cluster in a container of the Docker engine; one that is there already is kept. */
export async function kindCluster(name: string, kind: string, directory: string, signal: AbortSignal): Promise<KindCluster> {
    await mkdir(directory, { recursive: true });
    const kubeconfig = join(directory, `${name}.kubeconfig`);
    const options = { signal, timeout: 600_000 };
    const { stdout: known } = await run(kind, ["get", "clusters"], options);
    if (known.split("\n").includes(kindName(name)))
        await run(kind, ["export", "kubeconfig", "--name", kindName(name), "--kubeconfig", kubeconfig], options);
    else await run(kind, createArgs(name, kubeconfig), options);
    const node = `${kindName(name)}-control-plane`;
    const { stdout: ip } = await run(
        "docker",
        ["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", node],
        options,
    );
    return { kubeconfig, context: `kind-${kindName(name)}`, nodeIp: ip.trim(), answerNames: (hosts) => answerNames(kubeconfig, hosts) };
}

/** Puts the fleet's names in front of what kind's CoreDNS answers by itself; it rereads its file. */
async function answerNames(kubeconfig: string, hosts: Record<string, string>): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    const where = { name: "coredns", namespace: "kube-system" };
    const map = await api.readNamespacedConfigMap(where);
    const corefile = withStanza(map.data?.Corefile ?? "", hostsStanza(hosts));
    await api.replaceNamespacedConfigMap({ ...where, body: { ...map, data: { ...map.data, Corefile: corefile } } });
}

/** The Corefile with the stanza first in its server block, once. Pure. */
export const withStanza = (corefile: string, stanza: string) =>
    corefile.includes(stanza) ? corefile : corefile.replace(/\.:53 \{\n/, (open) => `${open}${stanza}`);
