import type { Mode } from "../config/schema";

/** What the mode of an observee means for its users, as a topic and a sentence. docs/modes.md says how a cluster changes its mode. */
export const MODE_MEANING: Record<Mode, (cluster: string) => [topic: string, meaning: string][]> = {
    sidecar: (cluster) => [
        ["recent data", `from ${cluster}'s own Prometheus; while it cannot be reached, answers lack it and say so`],
        ["alerts", `evaluated in ${cluster}, also while it is cut off`],
        ["network", "blocks once every two hours, and each query over recent data"],
        ["when cut off", "nothing is lost, if the bucket can be reached again within prometheus.retention"],
    ],
    "sidecar-remote-write": (cluster) => [
        ["recent data", `from Receive, seconds old, and from ${cluster}'s own Prometheus where it can be reached`],
        ["alerts", `evaluated in ${cluster}, also while it is cut off`],
        ["network", "every sample as it is scraped, its copies between ingesters (across zones, which AWS charges), and blocks"],
        ["when cut off", "after about 2 hours Receive lacks samples until blocks have them; nothing is lost, as with sidecar"],
    ],
    agent: (cluster) => [
        ["recent data", "from Receive, seconds old"],
        ["alerts", `none are evaluated in ${cluster}; the observer's Rule evaluates its rule.files, and alerts about agents`],
        [
            "network",
            "every sample as it is scraped, and its copies between ingesters (across zones, which AWS charges), which upload them all",
        ],
        ["when cut off", "samples wait in the agents for prometheus.retention, unless both restart, and are lost after that"],
    ],
};
