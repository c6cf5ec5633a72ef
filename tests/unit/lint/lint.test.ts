import assert from "node:assert/strict";
import { stringify } from "yaml";
import type { Finding } from "../../../lint/finding";
import { summaryOf } from "../../../lint/print/text";
import { compactor, lintTexts } from "../../support/lintCases";

const brief = ({ rule, file, line, message }: Finding) => `${file}:${line} ${rule} ${message.split(":")[0]}`;
const found = (files: Record<string, string>) => lintTexts(files).findings.map(brief);
/** Raw samples are deleted before they are downsampled. */
const SHORT = ["30h", "30h", "30h"];

const cache = `apiVersion: v1
kind: ConfigMap
metadata: {name: cache}
data: {cache.yml: "type: IN-MEMORY"}
`;
const frontend = `apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - image: quay.io/thanos/thanos:v0.42.4
          args: [query-frontend, --query-range.response-cache-config-file=/c/cache.yml]
          volumeMounts: [{name: c, mountPath: /c}]
      volumes: [{name: c, configMap: {name: cache}}]
`;

describe("lint", () => {
    it("reports a rule with file, line, message, remedy, reason and excerpt", () => {
        const [finding, ...others] = lintTexts({ "a.yaml": compactor("c", ["30h", "90d", "90d"]) }).findings;
        assert.deepEqual(finding, {
            rule: "L4",
            severity: "critical",
            file: "a.yaml",
            line: 14,
            message:
                "StatefulSet c.retention.raw: 30h is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired.",
            remedy: "Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            why:
                "Thanos downsamples raw blocks to 5m after 40h, and 5m blocks to 1h after 10d. A shorter retention deletes blocks before they are downsampled: " +
                "with downsampling on, compact refuses to start and the stream is neither compacted nor expired; with --downsampling.disable it accepts the value and the data is lost.",
            excerpt: "- --retention.resolution-raw=30h",
        });
        assert.deepEqual(others.map(brief), ["a.yaml:14 L34 StatefulSet c.retention"]);
    });

    it("says which components it recognised, and which rules had nothing to decide on", () => {
        const { components, undecided, findings, unreadable } = lintTexts({
            "a.yaml": compactor("c"),
            "b.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: c}\n",
        });
        assert.deepEqual({ components, findings, unreadable }, { components: ["StatefulSet c"], findings: [], unreadable: [] });
        assert.deepEqual(
            undecided.filter(({ rule }) => ["L2", "L4", "L7"].includes(rule)),
            [{ rule: "L7", reason: "no receives given" }],
        );
    });

    it("finds the line of a field, of a flag, and of a flag that begins like the field; else the object", () => {
        const replicas = compactor("c").replace("spec:\n", "spec:\n  replicas: 2\n");
        const deployment = compactor("c").replace("StatefulSet", "Deployment");
        assert.deepEqual(found({ "a.yaml": replicas }), ["a.yaml:7 L2 StatefulSet c.replicas"]);
        assert.deepEqual(found({ "a.yaml": compactor("c", ["0d", "90d", "90d"]) }), ["a.yaml:14 L34 StatefulSet c.retention"]);
        assert.deepEqual(found({ "a.yaml": `# a comment\n---\n\n${deployment}` }), ["a.yaml:4 L2 Deployment c.strategy"]);
    });

    it("takes no label for a field of the same name", () => {
        const labelled = compactor("c", ["30h", "30h", "30h"], ["  labels: {retention: long, raw: yes}"]);
        assert.deepEqual(found({ "a.yaml": labelled }), [
            "a.yaml:15 L4 StatefulSet c.retention.raw",
            "a.yaml:16 L4 StatefulSet c.retention.fiveMinutes",
        ]);
    });

    it("counts lines through documents, Lists, Windows line ends and anchors", () => {
        const item = compactor("c", SHORT).replace(/^/gm, "    ").replace("    apiVersion", "  - apiVersion");
        assert.deepEqual(found({ "list.yaml": `apiVersion: v1\nkind: List\nitems:\n${item}` }), [
            "list.yaml:17 L4 StatefulSet c.retention.raw",
            "list.yaml:18 L4 StatefulSet c.retention.fiveMinutes",
        ]);
        assert.deepEqual(found({ "two.yaml": `a: 1\n---\n${compactor("c", SHORT)}`.replaceAll("\n", "\r\n") }), [
            "two.yaml:16 L4 StatefulSet c.retention.raw",
            "two.yaml:17 L4 StatefulSet c.retention.fiveMinutes",
        ]);
        const anchors = compactor("c")
            .replace("90d", "&raw 30h")
            .replace("--retention", "--retention")
            .replace("kind:", "x: &r 2\nkind:")
            .replace("spec:\n", "spec:\n  <<: {replicas: *r}\n");
        assert.deepEqual(found({ "anchors.yaml": anchors.replace("&raw 30h", "90d") }), ["anchors.yaml:8 L2 StatefulSet c.replicas"]);
    });

    it("reads JSON, and shows a part of a long line", () => {
        const object = {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "c" },
            spec: {
                replicas: 3,
                template: { spec: { containers: [{ image: "thanos", args: ["compact", `--debug.name=${"x".repeat(500)}`] }] } },
            },
        };
        const { findings } = lintTexts({ "a.json": JSON.stringify({ kind: "List", apiVersion: "v1", items: [object] }) });
        assert.deepEqual(findings.map(brief), ["a.json:1 L2 Deployment c.replicas", "a.json:1 L2 Deployment c.strategy"]);
        assert.deepEqual(
            findings.map(({ excerpt }) => excerpt.length),
            [160, 160],
        );
        assert.match(findings[0]?.excerpt ?? "", /"replicas":3/);
    });

    it("compares the parts of one deployment, and no environments that describe the same object", () => {
        const twin = compactor("c").replace("name: c\n", "name: d\n");
        const secret = "      volumes: [{name: s, secret: {secretName: objstore}}]\n";
        const mounted = (text: string) =>
            text
                .replace("- compact\n", "- compact\n            - --objstore.config-file=/s/o.yml\n")
                .replace("          args:", "          volumeMounts: [{name: s, mountPath: /s}]\n          args:") + secret;
        const [c, d] = [mounted(compactor("c")), mounted(twin)];
        assert.deepEqual(found({ "one/c.yaml": c, "one/d.yaml": d }), ["one/d.yaml:1 L2 StatefulSet d.stream"]);
        assert.deepEqual(found({ "base/c.yaml": c, "prod/c.yaml": c, "prod/e.yaml": "a: 1" }), []);
        assert.deepEqual(found({ "prod.yaml": c, "staging.yaml": c }), []);
        const account = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: thanos, namespace: monitoring}\n";
        assert.deepEqual(found({ "one/c.yaml": c + account, "one/d.yaml": d + account }), ["one/d.yaml:1 L2 StatefulSet d.stream"]);
        assert.deepEqual(found({ "base/c.yaml": c, "base/d.yaml": d, "prod/c.yaml": c }), ["base/d.yaml:1 L2 StatefulSet d.stream"]);
        assert.deepEqual(found({ "all.yaml": `${c}---\n${c}` }), []);
    });

    it("names other parts as a person does, too", () => {
        const compact = "image: thanos:v0.42.4, command: [compact, '--objstore.config-file=/b.yml']";
        const services = ["compact", "compact-again"].map((name) => `  ${name}: {${compact}, volumes: ['./b.yml:/b.yml']}\n`);
        const [finding] = lintTexts({ "docker-compose.yml": `services:\n${services.join("")}` }).findings;
        assert.equal(
            finding?.message,
            "service compact.stream: the blocks of File b.yml already has a compactor (service compact-again). Compact takes no lock: two of them corrupt it.",
        );
    });

    it("takes files of a folder together, but for those with variants of an object", () => {
        const variant = compactor("b");
        const files = { "cache.yaml": cache, "frontend.yaml": frontend, "compact.yaml": variant, "compact-volatile.yaml": variant };
        assert.deepEqual(found(files), ["frontend.yaml:5 L14 Deployment frontend.replicas"]);
    });

    it("reads OpenShift's Templates, and services of docker-compose", () => {
        const template = {
            kind: "Template",
            apiVersion: "template.openshift.io/v1",
            objects: [{ apiVersion: "v1", kind: "List", items: [] }],
        };
        assert.deepEqual(lintTexts({ "t.yaml": stringify(template) }).components, []);
        const compose = (command: string, more = "") =>
            `services:\n  minio: {image: minio/minio, command: server /data}\n  thanos-compact:\n    image: thanosio/thanos:v0.42.4\n${more}    command:${command}\n`;
        const retention = "--retention.resolution-raw=30h --retention.resolution-5m 30h --retention.resolution-1h='30h'";
        assert.deepEqual(
            lintTexts({ "docker-compose.yml": compose(` compact ${retention}`) }).findings.map(({ line, message }) => [
                line,
                message.slice(0, 60),
            ]),
            [
                [5, "service thanos-compact.retention.raw: 30h is shorter than 40"],
                [5, "service thanos-compact.retention.fiveMinutes: 30h is shorter"],
            ],
        );
        assert.deepEqual(found({ "docker-compose.yml": compose("\n      - compact\n      - --retention.resolution-raw=30h") }), [
            "docker-compose.yml:7 L4 service thanos-compact.retention.raw",
            "docker-compose.yml:7 L34 service thanos-compact.retention",
        ]);
        assert.deepEqual(found({ "docker-compose.yml": compose(" compact", "    deploy: {replicas: 2}\n") }), [
            "docker-compose.yml:5 L2 service thanos-compact.replicas",
        ]);
    });

    it("reads services of docker-compose that are built, and names them where others are compared with them", () => {
        const text = [
            "services:",
            "  store: {build: ., command: thanos store --objstore.config-file=/b.yml, volumes: ['./b.yml:/b.yml']}",
            "  compact: {build: ., command: thanos compact --delete-delay=1h --objstore.config-file=/b.yml, volumes: ['./b.yml:/b.yml']}",
        ].join("\n");
        assert.deepEqual(
            lintTexts({ "compose.yml": text }).findings.map(({ message }) => message),
            [
                "service store.ignoreDeletionMarksDelay: 1d is not shorter than the 1h after which service compact deletes a block (deleteDelay): Store would ask for deleted blocks.",
            ],
        );
    });

    it("knows the blocks of docker-compose's services by the file that they mount", () => {
        const service = (name: string, command: string, volume: string) =>
            `  ${name}:\n    image: quay.io/thanos/thanos:v0.42.4\n    command: ${command} --objstore.config-file=/etc/thanos/bucket.yml\n    volumes: [${volume}]\n`;
        const compose = (...services: string[]) => `services:\n${services.join("")}`;
        const second = "service second.stream: the blocks of File";
        const streams = (files: Record<string, string>) => lintTexts(files).findings.map(({ message }) => message.split(" already")[0]);
        const two = (volume: string, other: string) => compose(service("first", "compact", volume), service("second", "compact", other));
        assert.deepEqual(
            streams({
                "demo/compose.yml": two(
                    "./bucket.yml:/etc/thanos/bucket.yml:ro",
                    "{type: bind, source: ./bucket.yml, target: /etc/thanos/bucket.yml}",
                ),
            }),
            [`${second} demo/bucket.yml`],
        );
        assert.deepEqual(streams({ "compose.yml": two("./conf:/etc/thanos", "./conf/:/etc/thanos") }), [`${second} conf/bucket.yml`]);
        assert.deepEqual(streams({ "compose.yml": two("./a.yml:/etc/thanos/bucket.yml", "./b.yml:/etc/thanos/bucket.yml") }), []);
        const single = (name: string) => compose(service(name, "compact", "./bucket.yml:/etc/thanos/bucket.yml"));
        assert.deepEqual(streams({ "a/compose.yml": single("first"), "b/compose.yml": single("second") }), []);
        const named = lintTexts({ "compose.yml": two("data:/etc/thanos", "data:/etc/thanos") });
        assert.deepEqual(
            [named.findings, named.undecided.filter(({ rule }) => rule === "L2").map(({ part }) => part)],
            [[], ["service first", "service second"]],
        );
    });

    it("reads kube-prometheus-stack in a HelmRelease and in an Application, where its values are all there", () => {
        const values = "prometheus: {prometheusSpec: {thanos: {image: x}, replicas: 1}}";
        const flux = (more = "") =>
            `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: kps}\nspec:\n  chart: {spec: {chart: kube-prometheus-stack}}\n${more}  values:\n    grafana: {replicas: 1}\n    ${values}\n`;
        const argo = (helm: string) =>
            `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: kps}\nspec:\n  source:\n    chart: kube-prometheus-stack\n    helm:\n${helm}`;
        assert.deepEqual(found({ "r.yaml": flux() }), ["r.yaml:8 L31 HelmRelease kps.replicas"]);
        assert.deepEqual(found({ "r.yaml": flux("  valuesFrom: [{kind: ConfigMap, name: more}]\n") }), []);
        assert.deepEqual(found({ "r.yaml": flux().replace("{image: x}", "{}") }), []);
        assert.deepEqual(found({ "r.yaml": argo(`      valuesObject:\n        ${values}\n`) }), ["r.yaml:9 L31 Application kps.replicas"]);
        assert.deepEqual(found({ "r.yaml": argo(`      values: |\n        ${values}\n`) }), ["r.yaml:1 L31 Application kps.replicas"]);
        assert.deepEqual(found({ "r.yaml": argo(`      parameters: []\n      values: |\n        ${values}\n`) }), []);
        // By a reference to the chart's own source, one of several sources, and k3s.
        const chartRef = flux().replace("chart: {spec: {chart: kube-prometheus-stack}}", "chartRef: {kind: OCIRepository, name: kps}");
        assert.deepEqual(found({ "r.yaml": chartRef }), ["r.yaml:8 L31 HelmRelease kps.replicas"]);
        const sources = `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: kps}\nspec:\n  sources:\n    - repoURL: x\n    - chart: kube-prometheus-stack\n      helm:\n        valuesObject:\n          ${values}\n`;
        assert.deepEqual(found({ "r.yaml": sources }), ["r.yaml:10 L31 Application kps.replicas"]);
        const k3s = `apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: kps}\nspec:\n  chart: kube-prometheus-stack\n  valuesContent: |\n    ${values}\n`;
        assert.deepEqual(found({ "r.yaml": k3s }), ["r.yaml:1 L31 HelmChart kps.replicas"]);
    });

    it("reads an alias as the key of a map, with and without a blank before its colon, as Kubernetes does", () => {
        const aliased = (key: string) =>
            compactor("c").replace("metadata:", `metadata:\n  annotations:\n    example.com/app: &app app\n    ${key} c`);
        for (const key of ["*app:", "*app :"])
            assert.deepEqual(
                found({ "c.yaml": aliased(key).replace("StatefulSet", "Deployment") }),
                ["c.yaml:1 L2 Deployment c.strategy"],
                key,
            );
    });

    it("reads kube-prometheus-stack among the charts of a kustomization, where its values are all there", () => {
        const charts = (values: string) =>
            `namespace: monitoring\nhelmCharts:\n  - name: grafana\n  - name: kube-prometheus-stack\n    releaseName: kps\n    ${values}\n`;
        const inline = "valuesInline:\n      prometheus: {prometheusSpec: {thanos: {image: x}, replicas: 1}}";
        assert.deepEqual(found({ "kustomization.yaml": charts(inline) }), ["kustomization.yaml:7 L31 HelmChart kps.replicas"]);
        assert.deepEqual(found({ "kustomization.yaml": charts(inline.replace("replicas: 1", "replicas: 2")) }), []);
        assert.deepEqual(found({ "kustomization.yaml": charts(`valuesFile: more.yaml\n    ${inline}`) }), []);
        assert.deepEqual(found({ "chart.yaml": charts(inline) }), []);
    });

    it("says what it passes over, though it has to do with Thanos, and what to lint instead", () => {
        const passed = (text: string, file = "a.yaml") =>
            lintTexts({ [file]: text }).passedOver.map(({ line, title, reason }) => `${line} ${title}: ${reason}`);
        const object = (apiVersion: string, kind: string, spec = "{}") =>
            `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: main}\nspec: ${spec}\n`;
        const flux = (spec: string) => passed(object("helm.toolkit.fluxcd.io/v2", "HelmRelease", spec));
        const instead = "lint what `helm template` renders";
        assert.deepEqual(passed(object("monitoring.thanos.io/v1alpha1", "ThanosCompact")), [
            "1 ThanosCompact main: a kind of thanos-operator: lint the workloads that it makes",
        ]);
        assert.deepEqual(passed(`---\n${object("monitoring.banzaicloud.io/v1alpha1", "Receiver")}`), [
            "2 Receiver main: a kind of Banzai's operator of Thanos: lint the workloads that it makes",
        ]);
        assert.deepEqual(passed(object("monitoring.rhobs/v1alpha1", "ThanosQuerier")), [
            "1 ThanosQuerier main: a kind of OpenShift's observability operator: lint the workloads that it makes",
        ]);
        assert.deepEqual(flux("{chart: {spec: {chart: thanos}}, values: {compactor: {enabled: true}}}"), [
            `4 HelmRelease main: a release of a chart of Thanos: ${instead}`,
        ]);
        assert.deepEqual(flux("{chart: {spec: {chart: kube-prometheus-stack}}, valuesFrom: [{kind: ConfigMap, name: a}]}"), [
            `1 HelmRelease main: valuesFrom decide on its values, too: ${instead}`,
        ]);
        const values = "{prometheus: {prometheusSpec: {thanos: {image: x}}}}";
        assert.deepEqual(flux(`{values: ${values}}`), [
            `1 HelmRelease main: the release that it is a patch of decide on its values, too: ${instead}`,
        ]);
        const argo = "{source: {chart: kube-prometheus-stack, helm: {valueFiles: [a.yaml], parameters: []}}}";
        assert.deepEqual(passed(object("argoproj.io/v1alpha1", "Application", argo)), [
            `1 Application main: valueFiles and parameters decide on its values, too: ${instead}`,
        ]);
        const inGit = (helm: string) => object("argoproj.io/v1alpha1", "Application", `{source: {path: charts/thanos${helm}}}`);
        assert.deepEqual(passed(inGit(", helm: {values: '{}'}")), [`1 Application main: a release of a chart of Thanos: ${instead}`]);
        assert.deepEqual(passed(inGit("")), []);
        assert.deepEqual(flux("{chart: {spec: {chart: grafana}}, valuesFrom: [{kind: ConfigMap, name: a}]}"), []);
        const patches = "patches: [{path: a.yaml}, {patch: x}]\npatchesStrategicMerge: [b.yaml]\n";
        assert.deepEqual(passed(patches, "prod/kustomization.yaml"), [
            "1 prod/kustomization.yaml: 3 patches: lint what `kustomize build` renders",
        ]);
        assert.deepEqual(passed("resources: [a.yaml]\nimages: [{name: grafana, newTag: x}]\n", "kustomization.yaml"), []);
        const images = "images: [{name: quay.io/thanos/thanos, newTag: v0.42.4}]\n";
        assert.deepEqual(passed(`patches: [{path: a.yaml}]\n${images}`, "kustomization.yaml"), [
            "1 kustomization.yaml: 1 patch and other images: lint what `kustomize build` renders",
        ]);
        const both = ["ThanosQuery", "ThanosStore"].map((kind) => object("monitoring.thanos.io/v1alpha1", kind)).join("---\n");
        assert.match(
            summaryOf(lintTexts({ "a.yaml": both })),
            /; 2 passed over: ThanosQuery main, ThanosStore main \(a kind of thanos-operator: lint the workloads that it makes\);/,
        );
    });

    it("says together what several components lack", () => {
        const mounted = (name: string) =>
            compactor(name)
                .replace("- compact\n", "- compact\n            - --objstore.config-file=/s/o.yml\n")
                .replace("          args:", "          volumeMounts: [{name: s, mountPath: /s}]\n          args:")
                .concat(`      volumes: [{name: s, secret: {secretName: objstore-${name}}}]\n`);
        const lacks = (...names: string[]) => {
            const report = lintTexts(Object.fromEntries(names.map((name) => [`${name}.yaml`, mounted(name)])));
            return summaryOf(report).match(/L29 \([^)]*\)[^)]*\)/g);
        };
        const missing = (name: string) => `StatefulSet ${name}: Secret monitoring/objstore-${name} (o.yml) is not among the manifests)`;
        assert.deepEqual(lacks("c"), [`L29 (${missing("c")}`]);
        assert.deepEqual(lacks("c", "d"), [`L29 (${missing("c")}`, `L29 (${missing("d")}`]);
        const same = [mounted("c"), mounted("c").replace("name: c\n", "name: d\n")];
        assert.match(summaryOf(lintTexts({ "c.yaml": same.join("---\n") })), /L29 \(2 components: Secret monitoring\/objstore-c /);
    });

    it("reads a Prometheus of OpenShift's observability operator as one of prometheus-operator", () => {
        const prometheus = "apiVersion: monitoring.rhobs/v1\nkind: Prometheus\nmetadata: {name: p}\nspec:\n  replicas: 1\n  thanos: {}\n";
        assert.deepEqual(found({ "p.yaml": prometheus }), ["p.yaml:5 L31 Prometheus p.replicas"]);
    });

    it("leaves a Prometheus alone that has nothing to do with Thanos", () => {
        const prometheus = (spec: string) => `apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: ${spec}\n`;
        assert.deepEqual(found({ "p.yaml": prometheus("{replicas: 1}") }), []);
        assert.deepEqual(found({ "p.yaml": prometheus("{replicas: 1, remoteWrite: [{url: http://mimir/api/v1/push}]}") }), []);
        assert.deepEqual(found({ "p.yaml": prometheus("{replicas: 1, thanos: {}}") }), ["p.yaml:4 L31 Prometheus p.replicas"]);
        assert.deepEqual(found({ "p.yaml": prometheus("{remoteWrite: [{url: http://receive:19291/api/v1/receive}]}") }), [
            "p.yaml:1 L31 Prometheus p.replicas",
        ]);
    });

    it("keeps findings in files that changed, and those that a changed file causes", () => {
        const files = { "c.yaml": compactor("c", SHORT), "d.yaml": compactor("d", SHORT) };
        const changed = lintTexts(files, { isChanged: (file) => file === "d.yaml" }).findings.map(({ file }) => file);
        assert.deepEqual(changed, ["d.yaml", "d.yaml"]);
        const label = ["  labels: {thanos-fleet/stream: blue}"];
        const shared = { "c.yaml": compactor("c", undefined, label), "d.yaml": compactor("d", undefined, label) };
        const isChanged = (name: string) => (file: string) => file === name;
        assert.deepEqual(lintTexts(shared, { isChanged: isChanged("c.yaml") }).findings.map(brief), ["d.yaml:1 L2 StatefulSet d.stream"]);
        assert.deepEqual(lintTexts(shared, { isChanged: isChanged("e.yaml") }).findings, []);
    });
});
