import { ConfigError } from "../config/configError";
import { documentsOf, readDocument } from "../lint/documents";
import { readFiles } from "../lint/files";
import { objectsOf } from "../lint/objects";
import { isMap } from "../rules/isMap";
import type { Problem } from "../rules/problem";
import { CHARTS, type Chart, type ChartName, chartOf, nested } from "./charts";
import type { ReleaseInput } from "./fleet";

/** `blue=values.yaml`: a cluster, and the values of a release in it. */
const NAMED = /^([a-z][a-z0-9-]*)=(.+)$/;

/** Reads the values that the arguments name. Throws a ConfigError with everything that cannot be read. `chart`: the chart of all of them, where the user says it. */
export function readReleases(args: readonly string[], chart: Chart | undefined): ReleaseInput[] {
    const problems: Problem[] = [];
    const releases = args.flatMap((arg) => {
        const [, cluster, file = arg] = NAMED.exec(arg) ?? [];
        return valuesIn(file, problems).flatMap(({ values, path }): ReleaseInput[] => {
            const name = chart?.name ?? chartOf(values);
            if (name !== undefined) return [{ file: path, values, chart: chart ?? { name }, ...(cluster !== undefined && { cluster }) }];
            // A chart of charts has the values of each below its name.
            const inner = nested(values).map((found) => ({
                file: `${path} ${found.key}`,
                values: found.values,
                chart: { name: chartOf(found.values) as ChartName },
                ...(cluster !== undefined && { cluster }),
            }));
            if (inner.length === 0)
                problems.push({
                    path,
                    problem: "has no values by which a chart of Thanos, or kube-prometheus-stack, could be recognised.",
                    remedy: `If it is one, say which with --chart: ${CHARTS.join(", ")}.`,
                });
            return inner;
        });
    });
    if (problems.length > 0) throw new ConfigError("values", problems);
    return releases;
}

/** The maps of values in a file: each document, or the values in a Helm release of Flux or Argo CD. */
function valuesIn(file: string, problems: Problem[]): { path: string; values: Record<string, unknown> }[] {
    return [...readFiles([file])].flatMap((source) => {
        if ("problem" in source) {
            problems.push({ path: source.file, problem: source.problem, remedy: source.remedy });
            return [];
        }
        return documentsOf(source).flatMap((document) => {
            const read = readDocument(document);
            if ("problem" in read) {
                problems.push({ path: `${read.file}:${read.line}`, problem: read.problem, remedy: read.remedy });
                return [];
            }
            const { value } = read;
            if (value === null || value === undefined) return [];
            const objects = objectsOf(document, value);
            if (objects.length > 0)
                return objects.flatMap(({ manifest, title }) =>
                    manifest.kind === "Release" && isMap(manifest.fields.values)
                        ? [{ path: `${source.file} ${title}`, values: manifest.fields.values }]
                        : [],
                );
            if (isMap(value)) return [{ path: source.file, values: value }];
            problems.push({
                path: source.file,
                problem: "is no map of values.",
                remedy: "Name the file that you give to helm with --values.",
            });
            return [];
        });
    });
}

/** `bitnami@17.6.0`, or undefined where it is no chart that is known. */
export function chartFrom(text: string): Chart | undefined {
    const [, name, version] = /^([a-z-]+)(?:@v?(\d+(?:\.\d+)*))?$/.exec(text) ?? [];
    const known = CHARTS.find((chart) => chart === name);
    return known && { name: known, ...(version !== undefined && { version }) };
}
