import { PolicyPack } from "@pulumi/policy";
import { RULES } from "../rules";
import { easingsCount, easingsOfStack } from "./easings";
import { toPolicy } from "./policy";

const eased = easingsOfStack();

/** Loading this file starts a server, so tests load `policy.ts` and `easings.ts` instead. */
new PolicyPack("thanos-fleet", {
    description: "Stops a Thanos deployment that would lose data, before it is created",
    policies: [...RULES.map((rule) => toPolicy(rule, eased.easings)), easingsCount(eased)],
});
