import assert from "node:assert/strict";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { propertiesOf, UnknownValueError } from "../../../policies/properties";

const UNKNOWN_NUMBER = "3eeb2bf0-c639-47a8-9e75-3b44932eb421";
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** As the engine sends it. */
const secret = (value: JavaScriptValue) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });
const received = (properties: Record<string, JavaScriptValue>) => propertiesOf(Struct.fromJavaScript(properties));

describe("the properties of a resource, in the policy pack", () => {
    it("are what the engine sends, with secrets in the clear", () => {
        const ports = [{ port: 80 }, { port: 443 }];
        assert.deepEqual(received({ a: null, b: true, ports, stringData: secret({ file: secret("text") }) }), {
            a: null,
            b: true,
            ports,
            stringData: { file: "text" },
        });
        assert.deepEqual(propertiesOf(undefined), {});
    });

    it("throw where an unknown value is read, wherever it is, and nowhere else", () => {
        const { spec, data } = received({
            spec: { replicas: UNKNOWN_NUMBER, args: ["compact", secret(UNKNOWN_TEXT)] },
            data: UNKNOWN_TEXT.slice(1),
        }) as { spec: { replicas: number; args: string[] }; data: string };
        assert.equal(data, UNKNOWN_TEXT.slice(1));
        assert.equal(spec.args[0], "compact");
        assert.equal(spec.args.length, 2);
        assert.throws(() => spec.replicas, new UnknownValueError("number", ["spec", "replicas"]));
        assert.throws(() => spec.args.filter(Boolean), new UnknownValueError("string", ["spec", "args", "1"]));
    });
});
