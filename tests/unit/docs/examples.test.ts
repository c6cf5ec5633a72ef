import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PAGE_MARK } from "../../../rollout/previewPage";
import { VERSIONS } from "../../../upstream/versions";
import { ROOT } from "../../support/root";
import { run } from "../../support/run";

/*
 * No schema of GitHub's or GitLab's is among the dependencies: @actions/workflow-parser 0.3.61 and gitlab-ci-local 4.75.1, which have them, do not load in
 * Node 20. So the shapes are spelled out here.
 */

interface Step {
    uses?: string;
    run?: string;
    shell?: string;
    with?: Record<string, unknown>;
}
interface Workflow {
    on: unknown;
    permissions: unknown;
    concurrency: unknown;
    jobs: Record<string, { permissions: unknown; environment?: string; if?: string; needs?: string; steps: Step[] }>;
}
type GitlabJob = Record<string, unknown> & { script?: unknown[]; before_script?: unknown[] };

const textOf = (file: string) => readFileSync(join(ROOT, "examples", file), "utf8");
const github = (file: string) => parse(textOf(`github/${file}`)) as Workflow;
const gitlab = parse(textOf("gitlab/.gitlab-ci.yml")) as Record<string, GitlabJob>;

const WORKFLOWS = ["drift.yaml", "preview.yaml", "rollout.yaml"];
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps }) => steps);

/** Every script of the examples, as a shell reads it. */
const SCRIPTS = [
    ...WORKFLOWS.flatMap((file) => stepsOf(github(file)).flatMap((step) => step.run ?? [])),
    ...Object.values(gitlab).flatMap(({ before_script = [], script = [] }) => [...before_script, ...script]),
];

describe("the pipelines of examples/", () => {
    it("are these", () => {
        assert.deepEqual(readdirSync(join(ROOT, "examples", "github")).sort(), WORKFLOWS);
        assert.deepEqual(readdirSync(join(ROOT, "examples", "gitlab")), [".gitlab-ci.yml"]);
    });

    it("have scripts that a shell can read", () => {
        for (const script of SCRIPTS) {
            // YAML makes a map of a line with ": " in it.
            assert.equal(typeof script, "string", JSON.stringify(script));
            execFileSync("bash", ["-n", "-c", String(script)]);
        }
    });

    it("call commands and options that thanos-fleet has", async function () {
        this.timeout(120_000);
        const lines = SCRIPTS.flatMap((script) => [...String(script).matchAll(/thanos-fleet (?!preview -->)([^\n;&|]+)/g)]);
        const calls = [...new Set(lines.map(([, args = ""]) => args.trim()))].sort();
        assert.deepEqual(calls, ["drift", "preview --out preview.md", "up --wait 30m"]);
        for (const call of calls) {
            // Where it can read the line, it looks for the directory.
            const args = ["cli/thanos-fleet.js", ...call.split(" "), "-C", "/nowhere"];
            const { output } = await run(process.execPath, args, { cwd: ROOT, within: 60 });
            assert.match(output, /^command line: 1 problem\. Nothing was changed\.\n {2}--cwd \/nowhere: does not exist\./, call);
        }
    });

    it("find the comment of before by the page's first line", () => {
        for (const file of ["github/preview.yaml", "gitlab/.gitlab-ci.yml"])
            assert.ok(textOf(file).includes(`startswith("${PAGE_MARK}")`), file);
    });

    describe("for GitHub", () => {
        it("pin every action to a commit, and say its release", () => {
            for (const file of WORKFLOWS) {
                const uses = textOf(`github/${file}`)
                    .split("\n")
                    .filter((line) => line.includes("uses:"));
                assert.ok(uses.length > 0);
                for (const line of uses) assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
            }
        });

        it("use one commit of each action, and the engine of upstream/versions.ts", () => {
            const steps = WORKFLOWS.flatMap((file) => stepsOf(github(file)));
            const used = [...new Set(steps.flatMap(({ uses }) => uses ?? []))];
            assert.equal(new Set(used.map((action) => action.split("@")[0])).size, used.length);
            const versions = steps.flatMap((step) => step.with?.["pulumi-version"] ?? []);
            assert.deepEqual([...new Set(versions)], [VERSIONS.pulumi.replace("v", "")]);
        });

        it("give each job what it needs, and credentials to no fork", () => {
            const { permissions, jobs, on } = github("preview.yaml");
            assert.deepEqual([permissions, on], [{}, { pull_request: null }]);
            assert.deepEqual(
                Object.entries(jobs).map(([name, job]) => ({
                    name,
                    permissions: job.permissions,
                    environment: job.environment,
                    if: job.if,
                })),
                [
                    { name: "check", permissions: { contents: "read" }, environment: undefined, if: undefined },
                    {
                        name: "preview",
                        permissions: { contents: "read", "id-token": "write" },
                        environment: "preview",
                        if: "github.event.pull_request.head.repo.full_name == github.repository",
                    },
                    {
                        name: "comment",
                        permissions: { "pull-requests": "write" },
                        environment: undefined,
                        // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
                        if: "${{ !cancelled() && needs.preview.outputs.page }}",
                    },
                ],
            );
        });

        it("look for drift at night, with the role of previews, and fail where there is some", () => {
            const { on, permissions, jobs } = github("drift.yaml");
            assert.deepEqual([on, permissions], [{ schedule: [{ cron: "17 3 * * *" }], workflow_dispatch: null }, {}]);
            const { drift } = jobs;
            assert.deepEqual([drift?.environment, drift?.permissions], ["preview", { contents: "read", "id-token": "write" }]);
            // Only where it is named, GitHub's bash has pipefail.
            assert.deepEqual(drift?.steps.at(-1), { run: 'npx thanos-fleet drift | tee -a "$GITHUB_STEP_SUMMARY"', shell: "bash" });
        });

        it("roll out what was merged to main, one at a time, in an environment that can ask for approval", () => {
            const { on, permissions, concurrency, jobs } = github("rollout.yaml");
            assert.deepEqual(
                { on, permissions, concurrency },
                { on: { push: { branches: ["main"] } }, permissions: {}, concurrency: { group: "rollout", "cancel-in-progress": false } },
            );
            assert.deepEqual(
                Object.values(jobs).map((job) => [job.environment, job.permissions]),
                [["production", { contents: "read", "id-token": "write" }]],
            );
        });
    });

    describe("for GitLab", () => {
        it("have these jobs, and keys that GitLab has", () =>
            assert.deepEqual(
                Object.entries(gitlab).map(
                    ([name, job]) => `${name}: ${Array.isArray(job) ? job.join(", ") : Object.keys(job).join(", ")}`,
                ),
                [
                    "stages: check, preview, note, rollout, drift",
                    "default: image, interruptible",
                    ".in_merge_requests: rules",
                    ".with_aws: id_tokens, before_script",
                    "check: stage, rules, script",
                    "preview: stage, extends, needs, variables, script, artifacts",
                    "note: stage, needs, rules, script",
                    "rollout: stage, extends, rules, environment, resource_group, interruptible, timeout, variables, script",
                    "drift: stage, extends, rules, variables, script",
                ],
            ));

        it("ask AWS for short-lived credentials, and give them to no fork", () => {
            const { preview, note } = gitlab;
            assert.deepEqual(gitlab[".with_aws"]?.id_tokens, { AWS_TOKEN: { aud: "$CI_SERVER_URL" } });
            assert.deepEqual(preview?.extends, [".in_merge_requests", ".with_aws"]);
            const own = { if: '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID' };
            assert.deepEqual(gitlab[".in_merge_requests"]?.rules, [own]);
            assert.deepEqual(note?.rules, [{ ...own, when: "always" }]);
        });

        it("look for drift in scheduled pipelines only, with the role of previews", () => {
            const { rules, variables, script } = gitlab.drift ?? {};
            assert.deepEqual(
                { rules, variables, script },
                {
                    rules: [{ if: '$CI_PIPELINE_SOURCE == "schedule"' }],
                    variables: { AWS_ROLE_ARN: "$PREVIEW_ROLE" },
                    script: ["npx thanos-fleet drift"],
                },
            );
        });

        it("roll out what was merged, one at a time, when somebody starts it", () => {
            const { rules, environment, resource_group, interruptible, extends: parts } = gitlab.rollout ?? {};
            assert.deepEqual(
                { rules, environment, resource_group, interruptible, parts },
                {
                    rules: [{ if: '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH', when: "manual" }],
                    environment: "production",
                    resource_group: "rollout",
                    interruptible: false,
                    parts: ".with_aws",
                },
            );
        });
    });
});
