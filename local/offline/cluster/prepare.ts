import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { type Plan, planText, readPlan } from "./clusterPlan";
import { kubeconfig, tokenFile, users } from "./configFiles";
import { makeCgroups, makeMountPoints, ownedByOther, removeCgroups, removeInterface } from "./hostResources";
import { stopTree } from "./processTree";
import type { ClusterFiles, ClusterSpec } from "./spec";

/** In the run directory: the directories that were made on this machine to mount over. */
export const MOUNT_POINTS = "mount-points";

/** Everything the programs read. Data of an earlier run of the same cluster is kept if that one got as far as a Ready node. */
export async function prepare(files: ClusterFiles, plan: Plan, runDir: string): Promise<void> {
    await stopTree(files);
    const other = ownedByOther(plan.spec, files.dir);
    if (other !== undefined) {
        throw new Error(
            `${plan.network.nodeIp} is the address of a running cluster in ${other}. Stop that fleet first, with its own --down.`,
        );
    }
    await removeInterface(plan.network.interface);
    const before = readPlan(files)?.spec;
    await removeCgroups(before ?? plan.spec);
    if (!existsSync(files.ready) || before?.index !== plan.spec.index) {
        rmSync(files.dir, { recursive: true, force: true });
    }
    mkdirSync(files.dir, { recursive: true, mode: 0o700 });
    // First of all the plan, whole: it is how `downClusters` knows that there is something to remove.
    writeFileSync(`${files.plan}.new`, planText(plan));
    renameSync(`${files.plan}.new`, files.plan);
    makeMountPoints(path.join(runDir, MOUNT_POINTS));
    makeCgroups(plan.spec);
    if (!existsSync(files.tokens)) {
        makeSecrets(files, plan);
    }
    for (const [file, text] of Object.entries(plan.files)) {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
    }
}

/** Random tokens with a kubeconfig each, the key that signs service accounts, and the API server's certificate for asking kubelet. */
function makeSecrets(files: ClusterFiles, { spec }: Plan): void {
    mkdirSync(files.pki, { recursive: true, mode: 0o700 });
    mkdirSync(path.dirname(files.kubeconfigFor("")), { recursive: true, mode: 0o700 });
    const key = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(files.serviceAccountKey, key.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(files.serviceAccountPublicKey, key.publicKey.export({ type: "spki", format: "pem" }));
    const subject = ["-subj", "/O=system:masters/CN=kube-apiserver", "-days", "3650"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const out = ["-keyout", files.kubeletClientKey, "-out", files.kubeletClientCert];
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, ...out], { stdio: ["ignore", "ignore", "pipe"], timeout: 20_000 });
    const tokens = users(spec.name).map(() => randomBytes(24).toString("base64url"));
    users(spec.name).forEach(({ file }, i) => {
        writeFileSync(files.kubeconfigFor(file), kubeconfig(spec, tokens[i]!, { file: files.ca }), { mode: 0o600 });
    });
    writeFileSync(files.tokens, tokenFile(spec.name, tokens), { mode: 0o600 });
}

/** The kubeconfig that leaves the run directory: the first token of the file is the administrator's. */
export function writeKubeconfig(files: ClusterFiles, spec: ClusterSpec): void {
    const token = readFileSync(files.tokens, "utf8").split(",")[0]!;
    writeFileSync(files.kubeconfig, kubeconfig(spec, token, { pem: readFileSync(files.ca, "utf8") }), { mode: 0o600 });
}
