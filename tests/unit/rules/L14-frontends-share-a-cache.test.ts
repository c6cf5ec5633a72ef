import { frontendsShareACache as rule } from "../../../rules/L14-frontends-share-a-cache";
import { reports } from "../../support/ruleExamples";

describe("rule L14, frontends-share-a-cache", () => {
    reports(
        rule,
        [
            "query-frontend.replicas: 2 pods would each have a cache of their own: the same graph differs from pod to pod while samples arrive late (thanos#8276). Write 1, or let them share a cache: memcached or Redis.",
            "query-frontend.autoscale: up to 3 pods would each have a cache of their own: the same graph differs from pod to pod while samples arrive late (thanos#8276). Remove it, or let them share a cache: memcached or Redis.",
        ],
        [
            "Deployment query-frontend.replicas: 2 pods would each have a cache of their own: the same graph differs from pod to pod while samples arrive late (thanos#8276). Write 1, or let them share a cache: memcached or Redis.",
        ],
    );
});
