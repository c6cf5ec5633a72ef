import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promqlError } from "../../../config/promql";
import { problemsIn, ruleFileProblems } from "../../../config/ruleFiles";
import { problemText } from "../../../rules/problem";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const texts = (file: string) => problemsIn(file).map(({ line, problem, remedy }) => `${line}: ${problem} ${remedy}`.trimEnd());
/** The problems of a file with one rule, whose lines begin at 4. */
const ofRule = (...lines: string[]) =>
    texts(["groups:", "- name: a", "  rules:", ...lines.map((line, i) => `  ${i === 0 ? "-" : " "} ${line}`)].join("\n"));
const CORRECT = "Correct it; Query Frontend's page shows what it answers.";

describe("a rule file", () => {
    it("is taken with everything that Thanos reads", () =>
        assert.deepEqual(
            texts(`
groups:
  - name: "a b"
    interval: 15s
    query_offset: 1m
    limit: 10
    partial_response_strategy: warn
    labels: { team: shop }
    rules:
      - record: cluster:up:sum
        expr: sum by (cluster) (up)
        labels: { level: 1, on: true }
      - record: all:up:sum
        # The labels of clusters may be aggregated away.
        expr: sum(up)
      - record: one
        expr: 1
      - alert: Down
        expr: |
          # A comment.
          up{job="shop"} == 0
            and on (cluster) all:up:sum > 0
        for: 1d12h
        keep_firing_for: 5m
        labels:
        annotations: { summary: '{{ $labels.cluster }}: {{ $value | humanize }}' }
  - name: empty
    partial_response_strategy: ABORT
    rules: []
`),
            [],
        ));

    it("is refused with every problem at once, each with its line", () =>
        assert.deepEqual(
            texts(`groups:
  - name: a
    interval: 1x
    intervall: 1m
    limit: few
    partial_response_strategy: maybe
    rules:
      - alert: X
        expr: rate(up)
        labels: {1a: b, __name__: c}
        annotations:
          summary: "{{ $value"
      - record: "a b"
        expr: |
          sum by (cluster) (
            rate(up[5m])
          ) >>= 1
        for: 5m
      - expr: sum(up
      - record: a:b
        alert: c
        expr: up
      - record: d
  - name: a
    rules: none
`),
            [
                '3: groups[0].interval "1x" is not a duration. Write a number and a unit (ms, s, m, h, d, w, y), for instance 1m.',
                "4: groups[0].intervall is not known to Thanos. Remove it, or correct its name.",
                '5: groups[0].limit "few" is not a whole number. Write 0 for no limit.',
                '6: groups[0].partial_response_strategy "maybe" is not known. Write abort or warn.',
                `9: groups[0].rules[0].expr "rate(up)" is wrong: expected type matrix in call to function "rate", got vector. ${CORRECT}`,
                '10: groups[0].rules[0].labels.1a "b" stands under a name that is no label. Use letters, digits and underscores.',
                '10: groups[0].rules[0].labels.__name__ "c" stands under a name that is no label. Use letters, digits and underscores.',
                '12: groups[0].rules[0].annotations.summary "{{ $value" opens and closes a different number of braces. Write each template as {{ ... }}.',
                '13: groups[0].rules[1].record "a b" is no name of a metric. Use letters, digits, underscores and colons.',
                `17: groups[0].rules[1].expr "sum by (cluster) (\\n  rate(up[5m])\\n) >>= 1\\n" is no PromQL at ">= 1". ${CORRECT}`,
                '18: groups[0].rules[1].for "5m" means nothing for a rule that records. Remove it.',
                `19: groups[0].rules[2].expr "sum(up" is not complete. ${CORRECT}`,
                "19: groups[0].rules[2] neither alerts nor records. Give it a name under `alert` or `record`.",
                '21: groups[0].rules[3].alert "c" stands beside `record`. Make two rules of it.',
                "23: groups[0].rules[4].expr is not text. Put it in quotes.",
                '25: groups[1].rules "none" is not a list.',
            ],
        ));

    it("is refused with two groups of one name, and where a rule that records annotates or goes on firing", () => {
        assert.deepEqual(texts("groups:\n- name: a\n  rules: []\n- name: a\n  rules: []\n"), [
            '4: groups[1].name "a" is used twice in this file. Rename one.',
        ]);
        assert.deepEqual(ofRule("record: a", "expr: up", "keep_firing_for: 1m", "annotations: { a: b }"), [
            '6: groups[0].rules[0].keep_firing_for "1m" means nothing for a rule that records. Remove it.',
            "7: groups[0].rules[0].annotations means nothing for a rule that records. Remove it.",
        ]);
    });

    it("is refused where it is no YAML, empty, or more than Thanos reads", () => {
        assert.deepEqual(
            texts("groups:\n- name: a\n  rules: [\n").map((problem) => problem.split(":")[0]),
            ["4"],
        );
        assert.deepEqual(texts("groups:\n- name: a\n  name: b\n  rules: []\n"), ["3: is no YAML: Map keys must be unique."]);
        assert.deepEqual(texts(""), ["1: has no rules. Write `groups:`, or leave the file out."]);
        assert.deepEqual(texts("groups: []\n---\ngroups: []\n"), [
            "2: begins a second document: Thanos does not read it. Remove the `---`.",
        ]);
    });
});

describe("an expression of a rule", () => {
    for (const expr of [
        "1",
        "sum(rate(x[5m])) by (a) / on (a) group_left () y",
        "up offset -5m",
        "x @ end()",
        "avg_over_time((rate(x[1m]))[5m:])",
        'count_values("v", x)',
        "histogram_quantile(0.9, sum by (le, cluster) (rate(b_bucket[5m])))",
        "quantile_over_time(scalar(q), x[5m])",
        "# of a shop\nsum( # all of it\n  up # here\n)",
        `up{job=~"${"x|".repeat(3000)}x"}`,
    ])
        it(`may be ${expr.slice(0, 60)}`, () => assert.equal(promqlError(expr), undefined));

    for (const [expr, message, offset] of [
        ["", "is not complete.", 0],
        ["up >", "is not complete.", 4],
        ["up)", 'is no PromQL at ")".', 2],
        ["foo(up)", 'is no PromQL at "(up)".', 3],
        ["x[5x]", 'is no PromQL at "x]".', 3],
        ["1 == 1", "is wrong: comparisons between scalars must use BOOL modifier.", 0],
        ["round(up, 1, 2)", 'is wrong: expected at most 2 argument(s) in call to "round", got 3.', 0],
        ["{}", "is wrong: vector selector must contain at least one non-empty matcher.", 0],
        ["x[5m]", "is a matrix: a rule needs a number for each series at one time.", 0],
        ['"text"', "is a string: a rule needs a number for each series at one time.", 0],
        ["sum(mad_over_time(x[5m]))", "calls mad_over_time, which Thanos does not have or leaves off.", 4],
        ["limitk(2, up)", "calls limitk, which Thanos does not have or leaves off.", 0],
        ["step()", "calls step, which Thanos does not have or leaves off.", 0],
    ] as const)
        it(`may not be ${expr === "" ? "nothing" : expr}`, () => assert.deepEqual(promqlError(expr), { message, offset }));
});

describe("the rule files of a configuration", () => {
    const directory = temporaryDirectory();
    const file = (name: string, text: string) => {
        writeFileSync(join(directory, name), text);
        return join(directory, name);
    };
    const problems = (files: string[]) => ruleFileProblems(files).map((problem) => problemText(problem).replaceAll(directory, "DIR"));

    it("are named by their place in the list, their path and the line", () => {
        const good = file("good.yml", "groups: []\n");
        assert.deepEqual(problems([good, file("bad.yml", "groups:\n- rules: []\n")]), [
            "rule.files[1] DIR/bad.yml:2: groups[0].name is not text. Put it in quotes.",
        ]);
    });

    it("are refused where they cannot be read or mounted side by side", () => {
        const good = file("a b.yml", "groups: []\n");
        assert.deepEqual(problems([good, "rules/missing.yml", "missing.yml", directory]), [
            'rule.files[0]: "DIR/a b.yml" cannot be mounted. Use letters, digits, dots, hyphens and underscores.',
            'rule.files[1]: "rules/missing.yml" cannot be read (ENOENT). Write a path that begins where Pulumi.yaml is.',
            'rule.files[2]: "missing.yml" is used twice (also rule.files[1]): all files are mounted into one folder. Rename one.',
            'rule.files[2]: "missing.yml" cannot be read (ENOENT). Write a path that begins where Pulumi.yaml is.',
            'rule.files[3]: "DIR" cannot be read (EISDIR). Write a path that begins where Pulumi.yaml is.',
        ]);
    });

    it("are refused where a ConfigMap does not hold them", () => {
        const half = (name: string, bytes: number) => file(name, `groups: []\n#${"x".repeat(bytes - 12)}`);
        const [a, b, c] = [half("a.yml", 524_288), half("b.yml", 524_288), half("c.yml", 524_289)];
        assert.deepEqual(problems([a, b]), []);
        assert.deepEqual(problems([a, c]), [
            "rule.files: have 1048577 bytes together, a ConfigMap takes 1048576. Write shorter rules: annotations that many rules have in common belong into Alertmanager's templates.",
        ]);
    });
});
