import assert from "node:assert/strict";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { ROOT } from "../support/root";
import { npmStart, run } from "../support/run";
import { temporaryDirectory } from "../support/temporaryDirectory";

describe("before anything is created, the commands refuse", () => {
    const directory = temporaryDirectory();

    it("a wrong configuration: they report every problem with path and remedy, and exit with 2 and no stack trace", async () => {
        await cp(join(ROOT, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
        const config = {
            "thanos-fleet:role": "observator",
            "thanos-fleet:cluster": "observer",
            "thanos-fleet:domain": "fleet.test",
            "thanos-fleet:aws": { region: "eu-west-1", cluster: { name: "eks" } },
            "thanos-fleet:observees": [
                { name: "blue", mode: "sidecar" },
                { name: "blue", mode: "sidecar" },
            ],
            "thanos-fleet:compact": { retention: { raw: "24h", fiveMinutes: "24h", oneHour: "24h" } },
        };
        await writeFile(join(directory, "Pulumi.wrong.yaml"), stringify({ config }));
        const { code, output } = await run("npm", ["run", "-s", "plan", "--", "--cwd", directory, "--stack", "wrong"], { within: 60 });
        assert.equal(code, 2, output);
        assert.deepEqual(
            output
                .split("\n")
                .filter((line) => line.startsWith("  "))
                .map((line) => line.trim().split(/ |: /)[0]),
            ["role", "aws.bucket", "observees[1].name", "compact.retention.raw", "compact.retention.fiveMinutes"],
        );
        assert.match(output, /5 problems\. Nothing was changed\./);
        assert.doesNotMatch(output, /\n +at /);
    });

    it("contexts for only some clusters", async () => {
        const { code, output } = await npmStart(["--context", "observer=some-context"], { within: 60 });
        assert.equal(code, 2, output);
        assert.match(output, /--context: blue has none\. Add --context blue=CONTEXT/);
        assert.match(output, /--context: red has none\./);
    });

    describe("a machine with a real fault, which --doctor names:", () => {
        /** Runs --doctor in namespaces of its own, without Docker, after `fault`. */
        const doctor = async (fault: string, ...namespaces: string[]) => {
            const state = join(directory, "faulty");
            await mkdir(state, { recursive: true });
            const env = { ...process.env, XDG_STATE_HOME: state, XDG_CACHE_HOME: state, DOCKER_HOST: "unix:///nonexistent" };
            const { code, output } = await run("unshare", [...namespaces, "sh", "-c", `${fault} npm start --silent -- --doctor`], {
                env,
                within: 60,
            });
            return { code, failed: output.split("\n").filter((line) => line.startsWith("failed")) };
        };

        it("a full disk", async () => {
            const { code, failed } = await doctor('mount -t tmpfs -o size=64m none "$XDG_STATE_HOME" &&', "--mount");
            assert.equal(code, 2);
            assert.equal(failed.length, 2);
            for (const line of failed)
                assert.match(line, /^failed {3}disk .*\/faulty\/thanos-fleet: has 0\.1 GiB free: tools, images and volumes need 10 GiB\./);
        });

        it("an interface with an address of the clusters' nodes", async () => {
            const { code, failed } = await doctor(
                "ip link add tun0 type veth peer name tun1 && ip address add 172.30.0.9/24 dev tun0 && ip link set tun0 up && ip link set tun1 up &&",
                "--net",
            );
            assert.equal(code, 2);
            assert.match(failed.join("\n"), /^failed {3}addresses: 172\.30\.0\.9 of interface tun0 is in 172\.30\.0\.0\/24/);
        });

        it("a user who is not root", async () => {
            // With the maps of a user namespace: another user cannot read this checkout everywhere.
            const { code, failed } = await doctor("", "--user", "--map-user=1000");
            assert.equal(code, 2);
            assert.match(
                failed.join("\n"),
                /^failed {3}clusters: cannot be made: Docker does not answer \(.*\), and without it they need Linux and root; this user is not root\. Start Docker, name clusters with --context, or run this as root on Linux\.$/,
            );
        });
    });

    it("a machine without tools, Go and network: they report what was tried and what to install, and leave no file", async () => {
        const state = join(directory, "state");
        const cache = join(directory, "cache");
        for (const folder of [state, cache]) await mkdir(folder);
        // A mount namespace hides Go behind an empty directory, and a network namespace has no network.
        const hideGoAndStart = `mount -t tmpfs none "$(dirname "$(dirname "$(realpath "$(command -v go)")")")" && exec npm start`;
        const env = { ...process.env, XDG_CACHE_HOME: cache, XDG_STATE_HOME: state };
        const { code, output } = await run("unshare", ["--mount", "--net", "sh", "-c", hideGoAndStart], { env, within: 120 });
        assert.equal(code, 1, output);
        for (const tool of ["pulumi", "helm", "thanos", "kube-apiserver", "versitygw"])
            assert.match(output, new RegExp(`^ *${tool} `, "m"));
        assert.doesNotMatch(output, /\n +at /);
        assert.deepEqual(await readdir(state), []);
        assert.deepEqual(
            (await readdir(cache, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()),
            [],
        );
    });
});
