import assert from "node:assert/strict";
import { join } from "node:path";
import type { ServiceError } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { SECRET, SIGNATURE } from "../../../../../local/offline/standins/secretValues";
import { PluginClient } from "../../../../support/pluginClient";
import { ROOT } from "../../../../support/root";

const standIn = (name: string) => PluginClient.start(join(ROOT, "local", "offline", "standins", "bin", name, `pulumi-resource-${name}`));
const secret = (value: unknown) => ({ [SIGNATURE]: SECRET, value });
const isSecret = (value: unknown) => (value as Record<string, unknown> | undefined)?.[SIGNATURE] === SECRET;

/** What only the wire shows: each stand-in in its own process, called by gRPC as the engine does. */
describe("a stand-in, as the engine calls it,", () => {
    let plugin: PluginClient;
    afterEach(() => plugin.stop());

    for (const name of ["kubernetes", "random", "tls"])
        it(`of the plugin ${name} takes secrets as secrets: otherwise the engine would send and store them in the clear`, async () => {
            plugin = await standIn(name);
            assert.equal((await plugin.configure({})).getAcceptsecrets(), true);
        });

    it("of the plugin random replaces a password of another length", async () => {
        plugin = await standIn("random");
        const type = "random:index/randomPassword:RandomPassword";
        assert.deepEqual(await plugin.diff(type, "key", { length: 40 }, { length: 41 }), {
            replaces: ["length"],
            deleteBeforeReplace: false,
        });
        assert.deepEqual(await plugin.diff(type, "key", { length: 40 }, { length: 40 }), { replaces: [], deleteBeforeReplace: false });
        const { id, outputs } = await plugin.create(type, "key", { length: 12 });
        assert.deepEqual([id, isSecret(outputs.result)], ["none", true]);
    });

    it("of the plugin tls returns what was secret as a secret", async () => {
        plugin = await standIn("tls");
        const key = await plugin.create("tls:index/privateKey:PrivateKey", "key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
        assert.ok(isSecret(key.outputs.privateKeyPem));
        const inputs = { privateKeyPem: key.outputs.privateKeyPem, subject: { commonName: secret("observer") } };
        const { outputs } = await plugin.create("tls:index/certRequest:CertRequest", "request", inputs);
        assert.ok(isSecret(outputs.privateKeyPem));
        assert.ok(isSecret((outputs.subject as Record<string, unknown>).commonName));
        assert.match(String(outputs.certRequestPem), /^-----BEGIN CERTIFICATE REQUEST-----/);
    });

    it("of the plugin kubernetes says that an object with the same name is deleted before its replacement", async () => {
        plugin = await standIn("kubernetes");
        await plugin.configure({ kubeconfig: KUBECONFIG });
        const service = (name: string, clusterIP: string) => ({
            apiVersion: "v1",
            kind: "Service",
            metadata: { name },
            spec: { clusterIP },
        });
        assert.deepEqual(await plugin.diff("kubernetes:core/v1:Service", "query", service("query", "None"), service("query", "10.0.0.1")), {
            replaces: ["spec.clusterIP"],
            deleteBeforeReplace: true,
        });
        assert.deepEqual(await plugin.diff("kubernetes:core/v1:Service", "query", service("query", "None"), service("other", "None")), {
            replaces: ["metadata.name"],
            deleteBeforeReplace: false,
        });
    });

    it("says of an object that is not ready that it exists, with its outputs, so that the engine keeps it in the state", async () => {
        plugin = await PluginClient.start(process.execPath, [
            ...["-r", join(ROOT, "register.js")],
            join(ROOT, "tests", "support", "notReadyPlugin.ts"),
        ]);
        const failure = (await plugin.create("kubernetes:apps/v1:StatefulSet", "receive", { replicas: 3 }).then(
            () => assert.fail("it was created"),
            (error: unknown) => error,
        )) as ServiceError;
        const [packed] = failure.metadata.get("grpc-status-details-bin") as [Buffer];
        const [detail] = Status.deserializeBinary(packed).getDetailsList();
        const said = ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
        assert.deepEqual(
            { id: said.getId(), outputs: said.getProperties()?.toJavaScript(), reasons: said.getReasonsList() },
            { id: "monitoring/receive", outputs: { replicas: 3, status: { replicas: 0 } }, reasons: ["receive is not ready after 1 s."] },
        );
    });
});

/** The content of a kubeconfig: nothing is asked of this cluster. */
const KUBECONFIG = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "none",
    clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "none", user: {} }],
    contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
});
