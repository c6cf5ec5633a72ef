import { RULES } from "../rules";
import { today } from "../rules/date";
import { EASED_RULES } from "../rules/easing";
import { easingsCount, readEasings } from "./easings";
import { description, version } from "./package.json";
import { loadReader, toPolicy } from "./policy";
import { serve } from "./server";

/** Loading this file starts a server, so tests load `policy.ts` and `easings.ts` instead. */
void serve({
    name: "thanos-fleet",
    version,
    description,
    policies: (config) => {
        // Easings have this project's name in stacks of other projects, too.
        const eased = readEasings(config.get(`thanos-fleet:${EASED_RULES}`), today());
        return [...RULES.map((rule) => toPolicy(rule, eased.easings)), easingsCount(eased)];
    },
    onReady: loadReader,
});
