import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { query, scalar, stores, warnings } from "../../../clients/thanos";

describe("the client of Thanos", () => {
    let server: Server;
    let baseUrl = "";
    let asked = "";
    let answer: { status: number; body: unknown };
    const success = (data: unknown) => ({ status: 200, body: { status: "success", data } });
    before(async () => {
        server = createServer((request, response) => {
            asked = request.url ?? "";
            response.writeHead(answer.status).end(JSON.stringify(answer.body));
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => server.close());

    it("returns the series of an instant query with numbers as values", async () => {
        answer = success({ result: [{ metric: { cluster: "blue" }, value: [1_700_000_000, "3.5"] }] });
        assert.deepEqual(await query(baseUrl, "up == 1"), [{ metric: { cluster: "blue" }, value: 3.5 }]);
        assert.equal(asked, "/api/v1/query?query=up+%3D%3D+1&dedup=true");
    });

    it("passes on whether to merge replicas, and the time", async () => {
        answer = success({ result: [] });
        await query(baseUrl, "up", { dedup: false, time: 1_700_000_000 });
        assert.equal(asked, "/api/v1/query?query=up&dedup=false&time=1700000000");
    });

    it("returns the value of the only series, and 0 without one", async () => {
        answer = success({ result: [{ metric: {}, value: [0, "7"] }] });
        assert.equal(await scalar(baseUrl, "sum(up)"), 7);
        answer = success({ result: [] });
        assert.equal(await scalar(baseUrl, "sum(up)"), 0);
    });

    it("returns the warnings of an answer, and none where it has none", async () => {
        answer = { status: 200, body: { status: "success", data: { result: [] }, warnings: ["no answer from query.blue"] } };
        assert.deepEqual(await warnings(baseUrl, "up"), ["no answer from query.blue"]);
        answer = success({ result: [{ metric: {}, values: [[0, "7"]] }] });
        assert.deepEqual(await warnings(baseUrl, "up[1h]"), []);
    });

    it("throws Thanos's own error", async () => {
        answer = { status: 422, body: { status: "error", errorType: "execution", error: "expanding series: no store" } };
        await assert.rejects(query(baseUrl, "up"), /\/api\/v1\/query\?.* answered 422: expanding series: no store$/);
    });

    it("lists the StoreAPI endpoints with their kinds", async () => {
        const blue = { name: "10.0.0.1:10901", lastError: null, labelSets: [{ cluster: "blue" }], minTime: 1, maxTime: 2 };
        answer = success({ store: [blue], sidecar: [] });
        assert.deepEqual(await stores(baseUrl), [{ kind: "store", ...blue }]);
    });
});
