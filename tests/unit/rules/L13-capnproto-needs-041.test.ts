import { capnprotoNeeds041 as rule } from "../../../rules/L13-capnproto-needs-041";
import { reports } from "../../support/ruleExamples";

describe("rule L13, capnproto-needs-041", () => {
    reports(
        rule,
        ["receive.protocol: capnproto loses connections for ever in Thanos 0.40.1. Run Thanos 0.41 or newer, or use protobuf."],
        ["Deployment router.protocol: capnproto loses connections for ever in Thanos 0.40.1. Run Thanos 0.41 or newer, or use protobuf."],
    );
});
