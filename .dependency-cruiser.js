/**
 * Which part may import which. `npm run check` refuses every other import and every circle, type imports included.
 * Each entry is a folder, and what it may import besides itself and npm packages. docs/adr/0013-layout.md has the reasons.
 */
const PARTS = {
    "^upstream/": [],
    "^rules/(?!reading/)": [],
    "^rules/reading/": ["^rules/"],
    "^config/": ["^rules/(?!reading/)", "^upstream/"],
    "^policies/": ["^register\\.js$", "^rules/"],
    "^lint/": ["^rules/"],
    // Of lint, the reading of files.
    "^import/": ["^lint/(documents|files|helm)\\.ts$", "^config/", "^rules/"],
    "^components/": ["^config/", "^rules/(?!reading/)", "^upstream/"],
    "^index\\.ts$": ["^components/", "^config/"],
    "^terminal/": [],
    "^clients/": [],
    "^engine/": ["^index\\.ts$", "^components/", "^config/", "^rules/(?!reading/)", "^upstream/"],
    "^plan/": ["^engine/", "^terminal/", "^components/", "^config/", "^rules/(?!reading/)", "^upstream/"],
    "^rollout/": ["^register\\.js$", "^engine/", "^index\\.ts$", "^clients/", "^config/", "^rules/"],
    "^cli/": [
        // `thanos-fleet local` calls these.
        "^local/(up|down|doctor|examine|status|fleet/(failure|state)|offline/findTools)\\.ts$",
        ...[
            "^register\\.js$",
            "^rollout/",
            "^lint/",
            "^import/",
            "^policies/config\\.ts$",
            "^plan/",
            "^engine/",
            "^clients/",
            "^terminal/",
            "^config/",
            "^rules/(index|problem|duration)\\.ts$",
            "^upstream/",
            "^package\\.json$",
        ],
    ],
    "^local/(?!offline/)": [
        "^rules/(?!reading/)",
        // The four doors to code that only a machine without downloads needs.
        "^local/offline/(findTools|findPlugins|findChart|builtClusters)\\.ts$",
        ...["^plan/", "^engine/", "^clients/", "^terminal/", "^index\\.ts$", "^components/", "^config/", "^upstream/", "^package\\.json$"],
    ],
    "^local/offline/": [
        "^local/(fleet|services)/",
        "^engine/",
        "^clients/",
        "^terminal/",
        "^components/",
        "^config/",
        "^rules/isMap\\.ts$",
        "^upstream/",
    ],
    "^bench/": [
        "^register\\.js$",
        "^policies/server\\.ts$",
        "^local/fleet/",
        "^local/offline/(findTools|findPlugins|findChart)\\.ts$",
        "^components/naming/",
        "^lint/",
        "^plan/",
        "^engine/",
        "^index\\.ts$",
        "^rollout/",
        "^terminal/",
        "^upstream/",
    ],
};

/** The folders of `components`: each may import those before it. */
const COMPONENTS = ["naming", "kubernetes", "tls", "blocks", "thanos", "prometheus", "alerts", "grafana", "exposure", "cloud", "stack"];

/** The folders of `components/cloud/aws`, in the same way. Files directly in `components/cloud/aws` may import all of them. */
const AWS = ["iam", "storage", "addOns", "cluster"];

const ordered = (folder, names) =>
    names.slice(0, -1).map((name, i) => ({
        name: `${folder}${name}-imports-downwards`,
        severity: "error",
        comment: `${folder}${name} may import ${[...names.slice(0, i), "itself"].join(", ")} only.`,
        from: { path: `^${folder}${name}/` },
        to: { path: `^${folder}(${names.slice(i + 1).join("|")})/` },
    }));

module.exports = {
    forbidden: [
        ...Object.entries(PARTS).map(([part, allowed]) => ({
            name: `${part
                .replace(/\(\?!.*\)/, "")
                .replace(/[^a-z]+/g, " ")
                .trim()
                .replaceAll(" ", "-")}-imports-downwards`,
            severity: "error",
            comment: `${part} may import ${allowed.join(", ") || "nothing else of this project"}. See .dependency-cruiser.js.`,
            from: { path: part },
            to: { path: "^[^/]", pathNot: [part, "(^|/)node_modules/", ...allowed], dependencyTypesNot: ["core", "npm", "npm-dev"] },
        })),
        ...ordered("components/", COMPONENTS),
        ...ordered("components/cloud/aws/", AWS),
        {
            name: "the-two-clouds-are-apart",
            severity: "error",
            comment: "The interface of both clouds is components/cloud/cloud.ts.",
            from: { path: "^components/cloud/(aws|local)/" },
            to: { path: "^components/cloud/(aws|local)/", pathNot: "^components/cloud/$1/" },
        },
        {
            name: "what-is-packed-needs-no-development-package",
            severity: "error",
            comment: "Who installs the package has its dependencies only. Move the package there.",
            from: { pathNot: "^(tests|bench)/" },
            to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
        },
        { name: "no-circle-of-files", severity: "error", from: {}, to: { circular: true } },
        { name: "no-circle-of-folders", scope: "folder", severity: "error", from: {}, to: { circular: true } },
    ],
    options: {
        doNotFollow: { path: "node_modules" },
        exclude: { path: "^reports/" },
        tsPreCompilationDeps: true,
        tsConfig: { fileName: "tsconfig.json" },
        // What a package names in its `exports` is not found otherwise.
        enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["require", "node", "default", "types"] },
    },
};
