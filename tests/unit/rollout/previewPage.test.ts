import assert from "node:assert/strict";
import { NO_CHANGES } from "../../../engine/counts";
import type { StackPreview } from "../../../rollout/preview";
import { PAGE_LIMIT, previewPage } from "../../../rollout/previewPage";
import type { Change } from "../../../rollout/stackReport";

const preview = (name: string, more: Partial<StackPreview> = {}): StackPreview => ({
    name,
    role: name === "observer" ? "observer" : "observee",
    state: "previewed",
    counts: NO_CHANGES,
    changes: [],
    risks: [],
    findings: [],
    outputsChange: false,
    ...more,
});

const change = (op: Change["op"], resource: string, more: Partial<Change> = {}): Change => ({
    op,
    urn: `urn:${resource}`,
    resource,
    stays: false,
    holdsData: false,
    paths: [],
    replacedBy: [],
    ...more,
});

const lines = (...previews: StackPreview[]) => previewPage({ previews }).split("\n");
/** The row of the only stack. */
const outcome = (more: Partial<StackPreview>) => lines(preview("blue", more))[5];

describe("the page of a preview", () => {
    it("has what matters most first, and every change behind a fold", () =>
        assert.deepEqual(
            lines(
                preview("observer", {
                    counts: { created: 1, updated: 1, replaced: 1, deleted: 1, same: 9 },
                    changes: [
                        change("delete", "PersistentVolumeClaimPatch data-1", { holdsData: true, stays: true }),
                        change("replace", "PersistentVolumeClaimPatch data-0", {
                            holdsData: true,
                            paths: ["metadata.name", "spec.size"],
                            replacedBy: ["metadata.name"],
                        }),
                        change("update", "StatefulSet a", { holdsData: true, paths: ["spec.replicas"] }),
                        change("create", "Service a"),
                    ],
                    risks: [{ risk: "replaces a volume", text: "PersistentVolumeClaimPatch data-0: it is empty." }],
                    findings: [
                        { policy: "one", pack: "own", level: "mandatory", resource: "Service a", message: "It is wrong." },
                        { policy: "two", pack: "own", level: "advisory", message: "It may be wrong." },
                    ],
                    state: "refused",
                }),
                preview("blue", { state: "failed", message: "The preview failed.\n  no such plugin", provisional: "observer" }),
            ),
            [
                "<!-- thanos-fleet preview -->",
                "## Preview: 4 resources of 2 stacks would change",
                "",
                "| stack | what would happen |",
                "| --- | --- |",
                "| `observer` | **refused by a policy**; **1 deleted**, **1 replaced**, 1 updated, 1 created |",
                "| `blue` | **the preview failed**; nothing found; **provisional**: `observer` changes first, and with it what this stack reads |",
                "",
                "### Risks",
                "",
                "- `observer` **replaces a volume**: `PersistentVolumeClaimPatch data-0: it is empty.`",
                "",
                "### Policies",
                "",
                "- `observer` **is refused** by `one` for `Service a`: `It is wrong.`",
                "- `observer` is warned by `two`: `It may be wrong.`",
                "",
                "### Not previewed",
                "",
                "- `blue`: `The preview failed. no such plugin`",
                "",
                "<details><summary>observer: 1 deleted, 1 replaced, 1 updated, 1 created</summary>",
                "",
                "- deleted (**holds data**, the old one stays) `PersistentVolumeClaimPatch data-1`",
                "- replaced (**holds data**) `PersistentVolumeClaimPatch data-0` because of `metadata.name`: `spec.size`",
                "- updated `StatefulSet a`: `spec.replicas`",
                "- created `Service a`",
                "",
                "</details>",
                "",
            ],
        ));

    it("says in a word what would happen to a stack, and never that a dependent does not change", () => {
        const after = "; **provisional**: `observer` changes first, and with it what this stack reads |";
        assert.deepEqual(
            [
                outcome({}),
                outcome({ outputsChange: true }),
                outcome({ provisional: "observer" }),
                outcome({ provisional: "observer", counts: { ...NO_CHANGES, updated: 2 } }),
                outcome({ state: "waits", provisional: "observer" }),
                outcome({ state: "unknown" }),
            ],
            [
                "| `blue` | no change |",
                "| `blue` | outputs change |",
                `| \`blue\` | nothing found${after}`,
                `| \`blue\` | 2 updated${after}`,
                "| `blue` | **cannot be previewed** before `observer` is updated, whose exports it reads |",
                "| `blue` | **has no stack** in Pulumi's backend: `pulumi stack init` makes it |",
            ],
        );
    });

    it("counts in its title only the stacks that were previewed", () => {
        const title = (...states: StackPreview["state"][]) => lines(...states.map((state) => preview("blue", { state })))[1];
        assert.equal(title("previewed", "refused", "failed"), "## Preview: 0 resources of 3 stacks would change");
        assert.equal(title("previewed", "waits", "unknown"), "## Preview: 0 resources of 1 stack would change, 2 stacks not previewed");
    });

    it("names ten properties of a resource, and how many more there are", () => {
        const paths = Array.from({ length: 12 }, (_, i) => `spec.a${i}`);
        const line = lines(preview("blue", { changes: [change("update", "Service a", { paths })] })).find((text) => text.startsWith("- "));
        assert.equal(
            line,
            `- updated \`Service a\`: ${paths
                .slice(0, 10)
                .map((path) => `\`${path}\``)
                .join(", ")}, 2 more`,
        );
    });

    it("shows texts of others as they are: no Markdown, no mention, no second line, no endless one", () => {
        const shown = (message: string) => lines(preview("blue", { state: "failed", message })).find((line) => line.startsWith("- `blue`"));
        assert.equal(shown("@all <b>*x*</b>\n\n## y"), "- `blue`: `@all <b>*x*</b> ## y`");
        assert.equal(shown("run `a` or ``b``"), "- `blue`: ``` run `a` or ``b`` ```");
        assert.equal(shown("x".repeat(2000)), `- \`blue\`: \`${"x".repeat(1500)} ...\``);
    });

    describe("that is too long for GitHub", () => {
        const many = (name: string, count: number) =>
            preview(name, {
                counts: { ...NO_CHANGES, created: count },
                changes: Array.from({ length: count }, (_, i) => change("create", `ConfigMap ${"ä".repeat(50)}-${i}`)),
            });

        it("is cut there, between lines, and says what it lacks and where that is", () => {
            const page = previewPage({ previews: [many("blue", 1000), ...Array.from({ length: 8 }, (_, i) => many(`red-${i}`, 10))] });
            assert.ok(Buffer.byteLength(page) <= PAGE_LIMIT && Buffer.byteLength(page) > PAGE_LIMIT - 2000, `${Buffer.byteLength(page)}`);
            const shown = page.split("\n").filter((line) => line.startsWith("- created")).length;
            assert.equal(
                page.split("\n").at(-2),
                "**This page is cut at 65536 characters, the most that GitHub takes.** " +
                    `It lacks ${1000 - shown} lines about blue, 10 lines about red-0, 10 lines about red-1, 10 lines about red-2, 10 lines about red-3, ` +
                    "those of 4 more stacks. `thanos-fleet preview --json` has them.",
            );
            assert.equal(page.split("<details>").length, page.split("</details>").length);
        });

        it("is bounded whatever is long: stacks, risks, policies, failures", () => {
            const text = "x".repeat(1600);
            const long = (i: number) =>
                preview(`stack-${i}`, {
                    state: "failed",
                    message: text,
                    risks: [{ risk: "replaces a volume", text }],
                    findings: [{ policy: text, pack: "", level: "mandatory", message: text }],
                });
            for (const count of [1, 10, 30, 1500]) {
                const page = previewPage({ previews: Array.from({ length: count }, (_, i) => long(i)) });
                assert.ok(Buffer.byteLength(page) <= PAGE_LIMIT, `${count} stacks: ${Buffer.byteLength(page)}`);
            }
        });
    });
});
