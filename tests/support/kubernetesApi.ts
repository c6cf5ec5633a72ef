import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { serviceAccountKeys } from "../../local/offline/cluster/keys";
import { freePort, type Processes } from "./processes";
import type { tools } from "./runningFleet";

type Binaries = Awaited<ReturnType<typeof tools<"etcd" | "kube-apiserver">>>;

/** A real API server, without nodes and controllers: nothing runs in it, and operators find in it what they look for. */
export interface KubernetesApi {
    /** `https://127.0.0.1:...`. */
    url: string;
    /** Path of a kubeconfig of an administrator. */
    kubeconfig: string;
    config: KubeConfig;
    /** The administrator's token. */
    token: string;
    /** Certificate and key of the server, in PEM. The certificate is its own authority's, too. */
    certificate: string;
    key: string;
}

const TOKEN = "administrator-of-the-test";

/** Starts etcd and an API server on 127.0.0.1. */
export async function startKubernetesApi(processes: Processes, binaries: Binaries): Promise<KubernetesApi> {
    const at = (file: string) => join(processes.directory, file);
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()].map(String);
    const [etcd, peers, url] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`, `https://127.0.0.1:${port}`];
    await processes.start(
        "etcd",
        binaries.etcd.path,
        [
            `--data-dir=${at("etcd")}`,
            `--listen-client-urls=${etcd}`,
            `--advertise-client-urls=${etcd}`,
            `--listen-peer-urls=${peers}`,
            `--initial-advertise-peer-urls=${peers}`,
            `--initial-cluster=default=${peers}`,
            "--unsafe-no-fsync",
        ],
        `${etcd}/health`,
    );
    const { privateKey, publicKey } = serviceAccountKeys();
    writeFileSync(at("service-account.key"), privateKey);
    writeFileSync(at("service-account.pub"), publicKey);
    writeFileSync(at("tokens.csv"), `${TOKEN},admin,admin,"system:masters"\n`);
    await processes.start(
        "kube-apiserver",
        binaries["kube-apiserver"].path,
        [
            `--etcd-servers=${etcd}`,
            "--bind-address=127.0.0.1",
            `--secure-port=${port}`,
            `--cert-dir=${at("pki")}`,
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.99.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            `--service-account-key-file=${at("service-account.pub")}`,
            `--service-account-signing-key-file=${at("service-account.key")}`,
            `--token-auth-file=${at("tokens.csv")}`,
            "--authorization-mode=RBAC",
            // Nothing makes service accounts here.
            "--disable-admission-plugins=ServiceAccount",
        ],
        `tcp://127.0.0.1:${port}`,
    );
    const certificate = readFileSync(at("pki/apiserver.crt"), "utf8");
    const config = new KubeConfig();
    config.loadFromOptions({
        clusters: [{ name: "test", server: url, caData: Buffer.from(certificate).toString("base64") }],
        users: [{ name: "test", token: TOKEN }],
        contexts: [{ name: "test", cluster: "test", user: "test" }],
        currentContext: "test",
    });
    writeFileSync(at("kubeconfig"), config.exportConfig());
    return { url, kubeconfig: at("kubeconfig"), config, token: TOKEN, certificate, key: readFileSync(at("pki/apiserver.key"), "utf8") };
}
