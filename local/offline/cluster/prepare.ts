import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Plan, planText, readPlan } from "./clusterPlan";
import { identities, kubeconfig, tokenFile } from "./configFiles";
import { makeCgroups, makeMountPoints, ownedByOther, removeCgroups, removeInterface } from "./hostResources";
import { kubeletClientCertificate, serviceAccountKeys } from "./keys";
import { stopTree } from "./processTree";
import type { ClusterFiles } from "./spec";

/** A file in the run directory. It lists the mount points that were made on this machine. */
export const MOUNT_POINTS = "mount-points";

/** Writes everything that the programs read. Data of an earlier run of the cluster is kept if its node was ever Ready. */
export async function prepare(files: ClusterFiles, plan: Plan, runDir: string): Promise<void> {
    await stopTree(files);
    const other = ownedByOther(plan.spec, files.dir);
    if (other !== undefined)
        throw new Error(
            `${plan.network.nodeIp} is the address of a running cluster in ${other}. Stop that fleet first, with its own --down.`,
        );
    await removeInterface(plan.network.interface);
    const before = readPlan(files)?.spec;
    await removeCgroups(before ?? plan.spec);
    if (!existsSync(files.ready) || before?.index !== plan.spec.index) rmSync(files.dir, { recursive: true, force: true });
    mkdirSync(files.dir, { recursive: true, mode: 0o700 });
    // The plan is written first and atomically: by it `downClusters` finds what there is to remove.
    writeFileSync(`${files.plan}.new`, planText(plan));
    renameSync(`${files.plan}.new`, files.plan);
    makeMountPoints(join(runDir, MOUNT_POINTS));
    makeCgroups(plan.spec);
    if (!existsSync(files.tokens)) await makeSecrets(files, plan);
    for (const [file, text] of Object.entries(plan.files)) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
    }
}

/** Writes the keys, a random token and a kubeconfig for each identity, and last the token file: it marks them all as complete. */
async function makeSecrets(files: ClusterFiles, { spec, network }: Plan): Promise<void> {
    mkdirSync(files.pki, { recursive: true, mode: 0o700 });
    mkdirSync(dirname(files.kubeconfigFor("")), { recursive: true, mode: 0o700 });
    const serviceAccount = serviceAccountKeys();
    writeFileSync(files.serviceAccountKey, serviceAccount.privateKey, { mode: 0o600 });
    writeFileSync(files.serviceAccountPublicKey, serviceAccount.publicKey);
    const kubeletClient = await kubeletClientCertificate();
    writeFileSync(files.kubeletClientKey, kubeletClient.key, { mode: 0o600 });
    writeFileSync(files.kubeletClientCert, kubeletClient.certificate);
    const tokens = identities(spec.name).map(() => randomBytes(24).toString("base64url"));
    identities(spec.name).forEach(({ file }, i) => {
        writeFileSync(files.kubeconfigFor(file), kubeconfig(spec.name, network, tokens[i]!, { file: files.ca }), { mode: 0o600 });
    });
    writeFileSync(files.tokens, tokenFile(spec.name, tokens), { mode: 0o600 });
}

/** Writes the administrator's kubeconfig, for use outside the run directory. The administrator's token is the first of the token file. */
export function writeKubeconfig(files: ClusterFiles, { spec, network }: Plan): void {
    const token = readFileSync(files.tokens, "utf8").split(",")[0]!;
    writeFileSync(files.kubeconfig, kubeconfig(spec.name, network, token, { pem: readFileSync(files.ca, "utf8") }), { mode: 0o600 });
}
