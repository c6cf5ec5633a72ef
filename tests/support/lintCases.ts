import { type LintOptions, lint } from "../../lint/lint";

/** What lint finds in files given by name. */
export const lintTexts = (files: Readonly<Record<string, string>>, options: Partial<LintOptions> = {}) =>
    lint(
        Object.entries(files).map(([file, text]) => ({ file, text })),
        { today: "2026-11-22", ...options },
    );

/** A StatefulSet of `thanos compact` whose last lines are its retentions. `lines` go into its metadata. */
export const compactor = (
    name: string,
    [raw, fiveMinutes, oneHour]: readonly string[] = ["90d", "90d", "90d"],
    lines: readonly string[] = [],
) => `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: ${name}
  namespace: monitoring
${lines.map((line) => `${line}\n`).join("")}spec:
  template:
    spec:
      containers:
        - name: compact
          image: quay.io/thanos/thanos:v0.42.4
          args:
            - compact
            - --retention.resolution-raw=${raw}
            - --retention.resolution-5m=${fiveMinutes}
            - --retention.resolution-1h=${oneHour}
`;
