import { ConfigError } from "../config/configError";
import { documentsOf, readDocument, type SourceDocument, TEMPLATES } from "../lint/documents";
import { readFiles } from "../lint/files";
import { type Asked, askedBy } from "../lint/helm";
import { isMap } from "../rules/isMap";
import type { Problem } from "../rules/problem";
import { CHARTS, type Chart, chartOf, nested } from "./charts";
import type { ReleaseInput } from "./fleet";
import { placesIn } from "./place";

/** `blue=values.yaml`: a cluster, and the values of a release in it. */
const NAMED = /^([a-z][a-z0-9-]*)=(.+)$/;

/** Values that were found, with what is written beside them. */
interface Found {
    /** As the user named the file, with the object in it. */
    readonly file: string;
    readonly values: Readonly<Record<string, unknown>>;
    readonly document: SourceDocument;
    readonly keys: readonly (string | number)[];
    /** What asks for the release. Absent: the file has values only. */
    readonly asked?: Asked;
}

/** Reads the values that the arguments name. Throws a ConfigError with everything that cannot be read. `chart`: the chart of all of them, where the user says it. */
export function readReleases(args: readonly string[], chart: Chart | undefined): ReleaseInput[] {
    const problems: Problem[] = [];
    const releases = args.flatMap((arg) => {
        const [, cluster, file = arg] = NAMED.exec(arg) ?? [];
        return valuesIn(file, problems).flatMap((found): ReleaseInput[] => {
            const inner = releasesIn(found, chart);
            if (inner.length === 0)
                problems.push({
                    path: found.file,
                    problem: "has no values by which a chart of Thanos, or kube-prometheus-stack, could be recognised.",
                    remedy: `If it is one, say which with --chart: ${CHARTS.join(", ")}.`,
                });
            return inner.map((release) => ({ ...release, ...(cluster !== undefined && { cluster }) }));
        });
    });
    if (problems.length > 0) throw new ConfigError("values", problems);
    return releases;
}

/** The releases that values are of: of one chart, or of a chart of charts, which has the values of each below its name. */
function releasesIn({ file, values, document, keys, asked }: Found, chart: Chart | undefined): ReleaseInput[] {
    const recognised = chartOf(values);
    const inner = recognised === undefined ? nested(values).filter(({ name }) => chart === undefined || name === chart.name) : [];
    if (inner.length > 0)
        return inner.map(({ key, name, values: own }) => ({
            file: `${file} ${key}`,
            values: own,
            chart: chart ?? { name },
            whereIs: placesIn(document, [...keys, key]),
        }));
    const name = chart?.name ?? CHARTS.find((known) => known === asked?.chart) ?? recognised;
    if (name === undefined) return [];
    const version = chart?.version ?? versionIn(asked?.version);
    return [
        {
            file,
            values,
            chart: { name, ...(version !== undefined && { version }) },
            whereIs: placesIn(document, keys),
            ...(asked && asked.others.length > 0 && { others: asked.others }),
        },
    ];
}

/** A version, which a range (`~12.20`) does not say. */
const versionIn = (text: unknown) => /^v?(\d+(?:\.\d+)*)$/.exec(String(text))?.[1];

/** The maps of values in a file: each document, or the values in a Helm release of Flux or Argo CD. */
function valuesIn(file: string, problems: Problem[]): Found[] {
    return [...readFiles([file])].flatMap((source) => {
        if ("problem" in source) {
            problems.push({ path: source.file, problem: source.problem, remedy: source.remedy });
            return [];
        }
        const before = problems.length;
        const found = documentsOf(source).flatMap((document) => {
            const read = readDocument(document);
            if ("problem" in read) {
                const remedy = read.problem === TEMPLATES ? "Give import what Helm has: helm get values RELEASE -o yaml." : read.remedy;
                problems.push({ path: `${read.file}:${read.line}`, problem: read.problem, remedy });
                return [];
            }
            const { value } = read;
            if (value === null || value === undefined) return [];
            if (isMap(value))
                return isObject(value) ? asked(document, value, []) : [{ file: source.file, values: value, document, keys: [] }];
            problems.push({
                path: source.file,
                problem: "is no map of values.",
                remedy: "Name the file that you give to helm with --values.",
            });
            return [];
        });
        if (found.length === 0 && problems.length === before)
            problems.push({
                path: source.file,
                problem: "has no values of a release.",
                remedy: "Name the file that you give to helm with --values, or a HelmRelease or an Application that has them.",
            });
        return found;
    });
}

const isObject = (value: Readonly<Record<string, unknown>>) => typeof value.apiVersion === "string" && typeof value.kind === "string";

/** The values of the releases that an object asks for, or the objects of a List. */
function asked(document: SourceDocument, fields: Record<string, unknown>, keys: readonly (string | number)[]): Found[] {
    const { apiVersion, kind, metadata, items } = fields;
    if (String(kind).endsWith("List") && Array.isArray(items))
        return items.flatMap((item: unknown, i) => (isMap(item) ? asked(document, item, [...keys, "items", i]) : []));
    const name = isMap(metadata) ? String(metadata.name) : "without a name";
    return askedBy({ apiVersion: String(apiVersion), kind: String(kind), fields }).flatMap((one) =>
        isMap(one.values)
            ? [{ file: `${document.file} ${kind} ${name}`, values: one.values, document, keys: [...keys, ...one.keys], asked: one }]
            : [],
    );
}

/** `bitnami@17.6.0`, or undefined where it is no chart that is known. */
export function chartFrom(text: string): Chart | undefined {
    const [, name, version] = /^([a-z-]+)(?:@v?(\d+(?:\.\d+)*))?$/.exec(text) ?? [];
    const known = CHARTS.find((chart) => chart === name);
    return known && { name: known, ...(version !== undefined && { version }) };
}
