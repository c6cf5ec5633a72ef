import assert from "node:assert/strict";
import { ConfigError } from "../../../config/configError";
import { toEngineConfig } from "../../../engine/stackFile";
import { PLACEHOLDER_ZONE, toAwsStack, withPlaceholderZone } from "../../../plan/awsStack";
import { observerConfig } from "../../support/testFleet";
import { observerWith } from "./stackInputs";

describe("withPlaceholderZone", () => {
    it("puts a placeholder and a warning where only the zone's id is missing", () => {
        const { config, warnings } = withPlaceholderZone(observerWith({ addOns: { externalDns: "install" } }));
        assert.equal(JSON.parse(config["thanos-fleet:aws"] ?? "").zoneId, PLACEHOLDER_ZONE);
        assert.deepEqual(warnings, [
            `aws.zoneId is missing: planned with ${PLACEHOLDER_ZONE} in its place. \`pulumi up\` refuses the stack until the zone exists.`,
        ]);
    });

    it("returns a stack with another mistake as it is", () => {
        const stack = observerWith({ addOns: { externalDns: "install" }, replicationRegion: "eu-west-1" });
        assert.equal(withPlaceholderZone(stack), stack);
    });

    it("returns a complete stack as it is", () => {
        const stack = observerWith({});
        assert.equal(withPlaceholderZone(stack), stack);
    });
});

describe("toAwsStack", () => {
    it("checks the configuration of a stack on AWS", () => {
        assert.equal(toAwsStack(observerWith({}))?.config.aws.region, "eu-west-1");
        assert.throws(() => toAwsStack(observerWith({ region: "nowhere" })), ConfigError);
    });

    it("returns nothing for a local stack", () => {
        const config = toEngineConfig({ ...observerConfig("local") });
        assert.equal(toAwsStack({ name: "observer", config }), undefined);
    });
});
