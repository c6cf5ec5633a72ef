import { PolicyPack } from "@pulumi/policy";
import { RULES } from "../rules";
import { toPolicy } from "./policy";

/** Loading this file starts a server, so tests load `policy.ts` instead. */
new PolicyPack("thanos-fleet", {
    description: "Stops a Thanos deployment that would lose data, before it is created",
    policies: RULES.map(toPolicy),
});
