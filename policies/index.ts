import { PolicyPack } from "@pulumi/policy";
import { RULES } from "../rules";
import { toPolicy } from "./policy";

/** Starts a server when loaded: tests load `policy.ts` instead. */
new PolicyPack("thanos-fleet", {
    description: "Stops a Thanos deployment that would lose data, before it is made",
    policies: RULES.map(toPolicy),
});
