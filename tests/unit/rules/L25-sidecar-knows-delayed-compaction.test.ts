import { sidecarKnowsDelayedCompaction as rule } from "../../../rules/L25-sidecar-knows-delayed-compaction";
import { reports } from "../../support/ruleExamples";

describe("rule L25, sidecar-knows-delayed-compaction", () => {
    reports(
        rule,
        [
            "prometheus.thanos.version: is 0.41.0, whose sidecar ends at once with the flags that prometheus-operator 0.93.0 gives it. Write v0.42.4 and the image of that release, or set disableCompaction: true.",
        ],
        [
            "Prometheus k8s.thanos.version: is 0.41.0, whose sidecar ends at once with the flags that prometheus-operator 0.93.0 gives it. Write v0.42.4 and the image of that release, or set disableCompaction: true.",
        ],
    );
});
