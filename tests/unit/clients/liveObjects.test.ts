import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { FakeApi, type Request } from "../../support/fakeApi";
import { compactor } from "../../support/lintCases";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";

interface Live {
    kind: string;
    metadata: { name: string; namespace?: string; uid: string } & Record<string, unknown>;
}

/** Kinds that the API server has, by the end of their path. Two objects are on two pages. */
const KINDS: Record<string, string> = { statefulsets: "StatefulSet", pods: "Pod", secrets: "Secret" };

function apiServer(objects: readonly Live[]): FakeApi {
    return new FakeApi(({ url }: Request) => {
        const { pathname, searchParams } = new URL(url, "http://api");
        const [, namespace, plural = ""] = /^\/apis?(?:\/[^/]+)*?(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(pathname) ?? [];
        const kind = KINDS[plural];
        if (kind === undefined) return undefined;
        const all = objects.filter((one) => one.kind === kind && (namespace === undefined || one.metadata.namespace === namespace));
        const from = Number(searchParams.get("continue") ?? 0);
        const more = from + 1 < all.length ? { continue: String(from + 1) } : {};
        // As an API server, without the kind of each item.
        return {
            kind: `${kind}List`,
            apiVersion: "v1",
            metadata: more,
            items: all.slice(from, from + 1).map(({ kind: _, ...item }) => item),
        };
    });
}

/** A compactor that keeps raw samples for less time than downsampling needs, as it runs: with a status, and with its pod. */
function running(name: string, namespace = "monitoring"): Live[] {
    const { metadata: _, ...fields } = parse(compactor(name, ["30h", "90d", "90d"])) as Live;
    const own = { name, namespace, uid: `${namespace}-${name}` };
    const template = (fields as unknown as { spec: { template: { spec: object } } }).spec.template;
    return [
        {
            ...fields,
            metadata: {
                ...own,
                managedFields: [{ manager: "helm" }],
                annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
            },
            status: { replicas: 1 },
        } as unknown as Live,
        {
            kind: "Pod",
            metadata: { name: `${name}-0`, namespace, uid: `${name}-0`, ownerReferences: [{ kind: "StatefulSet", name, uid: own.uid }] },
            spec: template.spec,
        } as unknown as Live,
    ];
}

describe("a running cluster that is linted", () => {
    const folder = temporaryDirectory();
    let api: FakeApi;
    const serve = async (...objects: Live[]) => {
        api = apiServer(objects);
        await api.start();
        api.writeKubeconfig(join(folder, "kubeconfig"), "arn:aws:eks:eu-west-1:1:cluster/prod");
    };
    afterEach(() => api.stop());

    const lint = async (...args: string[]) => {
        const options = { cwd: folder, env: { ...process.env, KUBECONFIG: join(folder, "kubeconfig") }, timeout: 60_000 };
        const cli = [join(ROOT, "cli", "thanos-fleet.js"), "lint", ...args];
        return promisify(execFile)(process.execPath, cli, options).then(
            ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
            ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
        );
    };
    const CONTEXT = ["--context", "arn:aws:eks:eu-west-1:1:cluster/prod"];

    it("has findings in objects that somebody has made, on every page of a list, and once", async () => {
        await serve(...running("a"), ...running("b", "other"));
        const { code, stdout } = await lint(...CONTEXT, "--json");
        assert.equal(code, 1);
        assert.deepEqual(
            (JSON.parse(stdout) as { rule: string; file: string }[]).filter(({ rule }) => rule === "L4").map(({ file }) => file),
            ["arn_aws_eks_eu-west-1_1_cluster_prod/StatefulSet.monitoring.a", "arn_aws_eks_eu-west-1_1_cluster_prod/StatefulSet.other.b"],
        );
    });

    it("is only read, and its Secrets are not", async () => {
        await serve(...running("a"), { kind: "Secret", metadata: { name: "s", namespace: "monitoring", uid: "s" } });
        await lint(...CONTEXT);
        assert.deepEqual([...new Set(api.requests.map(({ method }) => method))], ["GET"]);
        assert.deepEqual(
            api.requests.filter(({ url }) => url.includes("secrets")),
            [],
        );
    });

    it("is read in the namespaces that are named, beside files", async () => {
        await serve(...running("a"), ...running("b", "other"));
        writeFileSync(join(folder, "c.yaml"), compactor("c", ["30h", "90d", "90d"]));
        const { stdout } = await lint("c.yaml", ...CONTEXT, "--namespace", "other", "--json");
        assert.deepEqual(
            (JSON.parse(stdout) as { rule: string; file: string }[]).filter(({ rule }) => rule === "L4").map(({ file }) => file),
            ["arn_aws_eks_eu-west-1_1_cluster_prod/StatefulSet.other.b", "c.yaml"],
        );
        const lists = api.requests.map(({ url }) => url).filter((url) => url.includes("limit="));
        assert.deepEqual(
            lists.filter((url) => !url.includes("/namespaces/other/")),
            [],
        );
    });

    it("has what this user may list, and says what else there may be", async () => {
        const all = apiServer(running("a"));
        api = new FakeApi((request) =>
            request.url.includes("/configmaps") ? { kind: "Status", code: 403, message: "not you" } : all.answer(request),
        );
        await api.start();
        api.writeKubeconfig(join(folder, "kubeconfig"), "prod");
        const { code, stdout } = await lint("--context", "prod");
        assert.equal(code, 2);
        assert.match(stdout, /^prod\/StatefulSet\.monitoring\.a:\d+ L4 critical$/m);
        assert.match(stdout, /^prod:1 not read\n {2}It does not let this user list configmaps\. Get the right to list it, or name your/m);
    });

    it("that cannot be read is told with the reason, and ends with 2", async () => {
        await serve();
        const unknown = await lint("--context", "prod");
        assert.deepEqual(
            [unknown.code, unknown.stdout.split("\n").slice(0, 2)],
            [
                2,
                [
                    "prod:1 not read",
                    "  It cannot be read: there is no such context; there are arn:aws:eks:eu-west-1:1:cluster/prod. Try `kubectl get pods` with this context.",
                ],
            ],
        );
        api.stop();
        const silent = await lint(...CONTEXT);
        assert.equal(silent.code, 2);
        assert.match(silent.stdout, /^arn_aws_eks_eu-west-1_1_cluster_prod:1 not read\n {2}It cannot be read: .*ECONNREFUSED/);
        const nothing = await lint();
        assert.deepEqual(nothing, {
            code: 2,
            stdout: "",
            stderr: "Nothing to read. Name files, folders, - for standard input, or clusters with --context.\n",
        });
    });
});
