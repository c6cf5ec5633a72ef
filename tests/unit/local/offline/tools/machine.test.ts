import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import * as path from "node:path";
import { rememberingHosts, run } from "../../../../../local/offline/tools/machine";
import { proxiedFetch } from "../../../../../local/offline/tools/proxiedFetch";
import { eventually } from "../../../../support/eventually";
import { temporaryDirectory } from "../../../../support/temporaryDirectory";

const never = new AbortController().signal;

describe("this machine", () => {
    it("asks a silent host once, and an answering one for each file", async () => {
        const asked: string[] = [];
        const fetch = rememberingHosts(async (url, init) => {
            asked.push(`${init.method ?? "GET"} ${url}`);
            if (url.includes("silent")) throw new TypeError("fetch failed", { cause: { code: "ENOTFOUND" } });
            return url.endsWith("/missing") ? new Response("", { status: 404 }) : new Response("content");
        });
        const silent = { message: "silent.example does not answer (ENOTFOUND)" };
        await assert.rejects(fetch("https://silent.example/a", never), silent);
        await assert.rejects(fetch("https://silent.example/b", never), silent);
        assert.equal(await (await fetch("https://good.example/a", never)).text(), "content");
        await assert.rejects(fetch("https://good.example/missing", never), { message: "https://good.example/missing answered 404" });
        assert.deepEqual(asked, [
            "HEAD https://silent.example",
            "HEAD https://good.example",
            "GET https://good.example/a",
            "GET https://good.example/missing",
        ]);
    });

    it("downloads through the proxy of the environment, where nothing else leads out, and without it where NO_PROXY says so", async () => {
        const answers = createServer((_, response) => response.end("published")).listen(0, "127.0.0.1");
        const connected: string[] = [];
        // A forward proxy (RFC 9110, CONNECT) that alone knows where the host is.
        const proxy = createServer().on("connect", ({ url = "" }, client, head) => {
            connected.push(url);
            const upstream = connect((answers.address() as AddressInfo).port, "127.0.0.1", () => {
                client.write("HTTP/1.1 200 Connection established\r\n\r\n");
                upstream.write(head);
                upstream.pipe(client).pipe(upstream);
            });
        });
        proxy.listen(0, "127.0.0.1");
        await Promise.all([once(answers, "listening"), once(proxy, "listening")]);
        const before = { ...process.env };
        try {
            Object.assign(process.env, {
                http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
                no_proxy: "direct.invalid",
            });
            const fetch = rememberingHosts(proxiedFetch());
            assert.equal(await (await fetch("http://downloads.invalid/tool", never)).text(), "published");
            assert.deepEqual([...new Set(connected)], ["downloads.invalid:80"]);
            await assert.rejects(fetch("http://direct.invalid/tool", never), /direct\.invalid does not answer/);
            assert.deepEqual([...new Set(connected)], ["downloads.invalid:80"]);
        } finally {
            for (const key of ["http_proxy", "no_proxy"]) {
                if (before[key] === undefined) delete process.env[key];
                else process.env[key] = before[key];
            }
            for (const server of [answers, proxy]) {
                server.close();
                server.closeAllConnections();
            }
        }
    });

    it("ends a whole process group on a stop", async () => {
        const stop = new AbortController();
        const file = path.join(temporaryDirectory(), "pid");
        const ran = run(["sh", "-c", `sleep 300 & echo $! > ${file}; wait`], { signal: stop.signal, deadline: 60 });
        while (!existsSync(file) || readFileSync(file, "utf8") === "") await new Promise((r) => setTimeout(r, 10));
        stop.abort(new Error("Ctrl-C"));
        await assert.rejects(ran, { message: "Ctrl-C" });
        const grandchild = Number(readFileSync(file, "utf8"));
        // Gone, or (where nobody reaps orphans) a zombie. It has been killed by now; the kernel takes a moment to end it on a busy machine.
        await eventually("the grandchild has ended", 5, async () => {
            const state = /^State:\s+(\S)/m.exec(
                existsSync(`/proc/${grandchild}/status`) ? readFileSync(`/proc/${grandchild}/status`, "utf8") : "",
            );
            assert.ok(state === null || state[1] === "Z");
        });
    });
});
