import { RULES, undecided as undecidedFor } from "../rules";
import { today as todayInUtc } from "../rules/date";
import { isMap } from "../rules/isMap";
import type { PartKind } from "../rules/model";
import { type Problem, problemText } from "../rules/problem";
import { FlagError } from "../rules/reading/commandLine";
import { UncomputedError } from "../rules/reading/notKnown";
import { type Reading, readModel } from "../rules/reading/readModel";
import { type Rule, thresholdsOf } from "../rules/rule";
import { deploymentsOf } from "./deployments";
import { documentsOf, readDocument, type SourceFile } from "./documents";
import { byPlace, type Finding, type PassedOver, type Report, type Suppressed, type Undecided, type Unreadable } from "./finding";
import { locate } from "./locate";
import { objectsOf, type SourceObject } from "./objects";
import { Suppressions } from "./suppressions";
import { isTerraform, terraformObjects } from "./terraform";

export interface LintOptions {
    /**
     * A date as in `2027-01-01`: suppressions that ended before it do not count.
     * @default today, in UTC
     */
    readonly today?: string;
    /** Whether a finding or an unreadable file is of interest. A deployment is read as a whole all the same. */
    readonly isChanged?: (file: string) => boolean;
    /**
     * The text of a file that docker-compose mounts or Terraform reads, if it can be read.
     * @default none is
     */
    readonly fileAt?: (path: string) => string | undefined;
}

/** Runs every rule on the deployments that files describe. */
export function lint(
    files: Iterable<SourceFile | Unreadable>,
    { today = todayInUtc(), isChanged = () => true, fileAt }: LintOptions,
): Report {
    const { objects, unreadable } = readObjects(files, fileAt);
    const suppressions = new Suppressions(
        RULES.map(({ id }) => id),
        today,
    );
    for (const object of objects) suppressions.add(object);

    const found: { readonly finding: Finding; readonly object: SourceObject; readonly isNew: boolean }[] = [];
    const components: string[] = [];
    const kinds = new Set<string>();
    const undecided: Undecided[] = [];
    for (const deployment of deploymentsOf(objects)) {
        const reading = readDeployment(deployment, fileAt);
        for (const [kind, parts] of Object.entries(reading.model)) if (parts.length > 0) kinds.add(kind);
        for (const { kind } of reading.lacks) kinds.add(kind);
        undecided.push(...uncomputedIn(deployment, reading));
        components.push(...componentsOf(deployment, reading));
        unreadable.push(...unreadObjects(deployment, reading));
        for (const rule of RULES)
            try {
                for (const problem of rule.check(reading.model, thresholdsOf(rule)))
                    found.push(findingOf(rule, problem, deployment, reading, isChanged));
                for (const { path, fact } of undecidedFor(rule, reading.model, reading.lacks))
                    undecided.push({ rule: rule.id, part: titleOf(path, deployment, reading), reason: fact });
            } catch (error) {
                // Anything else is a fault of the rule.
                if (!(error instanceof TypeError)) throw error;
                undecided.push({
                    rule: rule.id,
                    reason: `a field that it reads has another type than Kubernetes demands (${error.message})`,
                });
            }
    }
    undecided.push(...RULES.flatMap((rule) => nothingFor(rule, kinds)));

    const isNew = ({ file }: { readonly file: string }) => isChanged(file);
    const shown = found.filter((entry) => entry.isNew);
    const suppressed = shown.flatMap(({ finding, object }): Suppressed[] => {
        const reason = suppressions.reasonFor(finding, object);
        return reason === undefined ? [] : [{ ...finding, reason }];
    });
    const findings = shown
        .filter(({ finding, object }) => suppressions.reasonFor(finding, object) === undefined)
        .map(({ finding }) => finding);
    return {
        findings: [...findings, ...suppressions.problems.filter(isNew)].sort(byPlace),
        suppressed: suppressed.sort(byPlace),
        unreadable: unreadable.filter(isNew).sort(byPlace),
        passedOver: objects.flatMap(passedOverBy).filter(isNew).sort(byPlace),
        components,
        undecided,
    };
}

function readObjects(
    files: Iterable<SourceFile | Unreadable>,
    fileAt: LintOptions["fileAt"] = () => undefined,
): { objects: SourceObject[]; unreadable: Unreadable[] } {
    const objects: SourceObject[] = [];
    const unreadable: Unreadable[] = [];
    const terraform: Parameters<typeof terraformObjects>[0][number][] = [];
    const add = (object: SourceObject, isRight: boolean) =>
        isRight ? objects.push(object) : unreadable.push(ofAnotherType(object, object.title));
    for (const file of files) {
        if ("problem" in file) {
            unreadable.push(file);
            continue;
        }
        for (const document of documentsOf(file)) {
            const read = readDocument(document);
            if ("problem" in read) unreadable.push(read);
            else if (isTerraform(document, read.value)) terraform.push({ source: document, value: read.value });
            else
                for (const object of objectsOf(document, read.value))
                    add(object, hasTypesOfKubernetes(object) || hasTypesOfKubernetes(withoutNulls(object)));
        }
    }
    for (const object of terraformObjects(terraform, fileAt)) add(object, hasTypesOfKubernetes(object));
    return { objects, unreadable };
}

const isUncomputed = (error: unknown) => error instanceof UncomputedError;

const KINDS: readonly PartKind[] = [...new Set(RULES.flatMap(({ reads }) => reads))];

/** Reading trusts the types of the fields: a text where Kubernetes demands a list makes it throw. */
function hasTypesOfKubernetes({ manifest }: SourceObject): boolean {
    try {
        readModel([manifest], KINDS, isUncomputed);
        return true;
    } catch (error) {
        if (error instanceof TypeError) return false;
        throw error;
    }
}

/** Kubernetes drops a field that is null, as templates leave many: `args:`. Few objects stop readers with them, so they are dropped in those only. */
function withoutNulls(object: SourceObject): SourceObject {
    dropNulls(object.manifest.fields, new Set());
    return object;
}

/** An alias may make a map its own value. */
function dropNulls(value: unknown, seen: Set<unknown>): void {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    for (const [key, child] of Object.entries(value))
        if (child === null && isMap(value)) delete value[key];
        else dropNulls(child, seen);
}

function ofAnotherType(object: SourceObject, path: string): Unreadable {
    const problem = `${object.title} has a field of another type than Kubernetes demands.`;
    const { file, line } = locate(object, { path, problem: "", remedy: "" });
    return { file, line, problem, remedy: "Check it with `kubectl apply --dry-run=server`." };
}

function passedOverBy(object: SourceObject): PassedOver[] {
    const { title, passedOver: reason } = object;
    if (reason === undefined) return [];
    const { file, line } = locate(object, { path: "apiVersion", problem: "", remedy: "" });
    return [{ file, line, title, reason }];
}

/** What is only read together with others, such as a ConfigMap that somebody mounts, may still throw. */
const readDeployment = (objects: readonly SourceObject[], fileAt: LintOptions["fileAt"]): Reading =>
    readModel(
        objects.map(({ manifest }) => manifest),
        KINDS,
        (error) => error instanceof TypeError || isUncomputed(error),
        fileAt,
    );

function unreadObjects(objects: readonly SourceObject[], { unread }: Reading): Unreadable[] {
    return unread.flatMap(({ path, id, error }) => {
        const object = objects.find(({ manifest }) => manifest.id === id);
        if (object === undefined || isUncomputed(error)) return [];
        if (!(error instanceof FlagError)) return [ofAnotherType(object, path)];
        const { file, line } = locate(object, { path, problem: error.message, remedy: "" });
        return [{ file, line, problem: `${object.title} cannot be read: ${error.message}`, remedy: `${error.refusedBy} refuses it too.` }];
    });
}

function findingOf(
    rule: Rule,
    problem: Problem,
    objects: readonly SourceObject[],
    { ids }: Reading,
    isChanged: (file: string) => boolean,
): { finding: Finding; object: SourceObject; isNew: boolean } {
    const part = partOf(problem.path, ids);
    const byId = new Map(objects.map((object) => [object.manifest.id, object]));
    const object = byId.get(ids.get(part) ?? "");
    if (object === undefined) throw new Error(`${rule.id} reports ${problem.path}, which is no part of any object.`);
    const text = problemText({ ...problem, path: `${object.title}${problem.path.slice(part.length)}`, remedy: "" });
    // A message names other parts by their paths: the kind and the name as which they are read, or an id. The longest first: one may begin another.
    const message = [...ids]
        .sort(([a], [b]) => b.length - a.length)
        .reduce((known, [path, id]) => {
            const title = byId.get(id)?.title ?? path;
            return title === path ? known : known.replace(named(path), () => title);
        }, text);
    const finding: Finding = {
        rule: rule.id,
        severity: rule.severity,
        ...locate(object, problem),
        message,
        remedy: problem.remedy,
        why: rule.why,
    };
    const others = [...ids].filter(([path]) => problem.problem.includes(path)).flatMap(([, id]) => byId.get(id) ?? []);
    return { finding, object, isNew: [object, ...others].some(({ source }) => isChanged(source.file)) };
}

/** A path as a whole word. */
const named = (path: string) => new RegExp(`(?<![\\w-])${path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w-])`, "g");

/** Objects that no rule can read before another program has computed a value. */
const uncomputedIn = (objects: readonly SourceObject[], reading: Reading): Undecided[] =>
    reading.unread
        .filter(({ error }) => isUncomputed(error))
        .map(({ path, error }) => ({ rule: "every rule", part: titleOf(path, objects, reading), reason: error.message }));

/** Titles of the objects that are a part of Thanos or a Prometheus. An Ingress before one is none, nor are buckets and roles. */
function componentsOf(objects: readonly SourceObject[], { model: { pages, lifecycles, roles, ...parts }, ids }: Reading): string[] {
    const described = Object.values(parts).flatMap((kind: readonly { readonly path: string }[]) => kind.map(({ path }) => ids.get(path)));
    return objects.filter(({ manifest }) => described.includes(manifest.id)).map(({ title }) => title);
}

/** The path of a part begins with the title of its object; with its id, where another object has that title. */
function titleOf(path: string, objects: readonly SourceObject[], { ids }: Reading): string {
    const part = partOf(path, ids);
    const object = objects.find(({ manifest }) => manifest.id === ids.get(part));
    return object === undefined ? path : `${object.title}${path.slice(part.length)}`;
}

/** Where both `a` and `a.b` fit, `a.b` is the part. */
const partOf = (path: string, ids: Reading["ids"]): string =>
    ids.has(path) ? path : ([...ids.keys()].filter((part) => path.startsWith(`${part}.`)).sort((a, b) => b.length - a.length)[0] ?? "");

/** A rule none of whose parts is described cannot be decided. */
function nothingFor(rule: Rule, kinds: ReadonlySet<string>): Undecided[] {
    const isGiven = rule.reads.some((kind) => kinds.has(kind));
    return isGiven ? [] : [{ rule: rule.id, reason: `no ${rule.reads.map(wordsOf).join(" or ")} given` }];
}

/** `endpointLists` are endpoint lists. */
const wordsOf = (kind: string) => kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
