import assert from "node:assert/strict";
import { dataSources } from "../../../../components/grafana/dataSource";

const args = { namespace: "monitoring", scrapeInterval: "1m", isDefault: true };

describe("the data source", () => {
    it("is Query Frontend, as Grafana's provisioning reads it", () =>
        assert.deepEqual(dataSources(args), {
            apiVersion: 1,
            datasources: [
                {
                    type: "prometheus",
                    uid: "thanos-fleet",
                    name: "Thanos",
                    access: "proxy",
                    url: "http://thanos-query-frontend.monitoring.svc.cluster.local:10902",
                    isDefault: true,
                    editable: false,
                    jsonData: {
                        prometheusType: "Thanos",
                        httpMethod: "POST",
                        timeInterval: "1m",
                        cacheLevel: "Low",
                        incrementalQuerying: false,
                    },
                },
            ],
        }));

    it("is not the default of another Grafana, which would not start with two", () =>
        assert.equal(dataSources({ ...args, isDefault: false }).datasources[0]?.isDefault, false));
});
