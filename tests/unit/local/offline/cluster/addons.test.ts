import assert from "node:assert/strict";
import { corefile } from "../../../../../local/offline/cluster/addons";

describe("a built cluster's CoreDNS", () => {
    it("answers for the longest of the fleet's domains first, and for no name outside the fleet", () => {
        assert.equal(
            corefile({ "fleet.internal": "172.30.0.11", "blue.fleet.internal": "172.30.0.12" }),
            `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    prometheus :9153
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 30
    }
    cache 30
    reload
}
.:53 {
    errors
    prometheus :9153
    template IN A blue.fleet.internal {
        answer "{{ .Name }} 60 IN A 172.30.0.12"
    }
    template IN ANY blue.fleet.internal {
        rcode NOERROR
    }
    template IN A fleet.internal {
        answer "{{ .Name }} 60 IN A 172.30.0.11"
    }
    template IN ANY fleet.internal {
        rcode NOERROR
    }
    template ANY ANY . {
        rcode NXDOMAIN
    }
    cache 30
}
`,
        );
    });
});
