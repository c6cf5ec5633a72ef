import { RULES } from "../../rules";
import type { Finding, Place, Report, Severity } from "../finding";

/** GitHub's code scanning sorts by this number: above 9 is critical, from 7 high, from 4 medium. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = { critical: "9.5", high: "8.0", medium: "5.0" };

const DESCRIPTORS = [
    ...RULES.map(({ id, name, title, why, remedy, source, severity }) => ({
        id,
        name,
        shortDescription: { text: title },
        fullDescription: { text: why },
        help: { text: `${why} ${remedy}` },
        helpUri: source,
        properties: { "security-severity": SECURITY_SEVERITY[severity] },
    })),
    { id: "suppression", name: "suppression", shortDescription: { text: "A suppression has a reason, and has not ended" } },
];

/** A SARIF 2.1.0 log (docs.oasis-open.org/sarif/sarif/v2.1.0). `results` is there even if nothing was found: without it, uploads keep old findings. */
export function sarifOf({ findings, suppressed, unreadable, passedOver }: Report, version: string): string {
    const log = {
        $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [
            {
                tool: { driver: { name: "thanos-fleet", version, rules: DESCRIPTORS } },
                invocations: [
                    {
                        executionSuccessful: unreadable.length === 0,
                        toolExecutionNotifications: [
                            ...unreadable.map((place) => ({
                                level: "error",
                                message: { text: `${place.file} ${place.problem} ${place.remedy}` },
                                locations: [location(place)],
                            })),
                            ...passedOver.map((place) => ({
                                level: "note",
                                message: { text: `${place.title} is passed over (${place.reason}).` },
                                locations: [location(place)],
                            })),
                        ],
                    },
                ],
                results: [
                    ...findings.map(result),
                    ...suppressed.map((finding) => ({
                        ...result(finding),
                        suppressions: [{ kind: "inSource", justification: finding.reason }],
                    })),
                ],
            },
        ],
    };
    return `${JSON.stringify(log, null, 2)}\n`;
}

const result = (finding: Finding) => ({
    ruleId: finding.rule,
    ruleIndex: DESCRIPTORS.findIndex(({ id }) => id === finding.rule),
    level: finding.severity === "medium" ? "warning" : "error",
    message: { text: `${finding.message} ${finding.remedy}` },
    locations: [location(finding)],
});

/** A URI relative to the folder that lint runs in, which is the checkout in CI. */
const location = ({ file, line }: Place) => ({
    physicalLocation: {
        artifactLocation: { uri: file.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/") },
        region: { startLine: line },
    },
});
