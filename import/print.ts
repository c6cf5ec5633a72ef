import type { Colors } from "picocolors/types";
import { problemText } from "../rules/problem";
import type { ImportedFleet, ImportedStack } from "./fleet";
import type { Note } from "./note";

/** A stack file, and what happened to it. */
export interface StackFileResult {
    readonly stack: ImportedStack;
    readonly file: string;
    readonly written: boolean;
}

/** What import did, for people. */
export function textOf(fleet: ImportedFleet, files: readonly StackFileResult[], color: Colors): string {
    const stacks = files.flatMap(({ stack, file, written }) => [
        color.bold(`${file}  ${stack.role} ${stack.name}${written ? "" : " (not written)"}`),
        ...section(
            "Carried over",
            stack.notes.flatMap((note) => (note.kind === "carried" ? [carriedText(note)] : [])),
        ),
        ...section(
            "Different on purpose",
            stack.notes.flatMap((note) => (note.kind === "differs" ? [`${note.from}: ${note.value} -> ${note.ours}: ${note.why}`] : [])),
        ),
        ...section(
            "Not carried over",
            stack.notes.flatMap((note) =>
                note.kind === "left" ? [`${note.place ? `${note.place} ` : ""}${note.from}: ${note.value}: ${note.why} ${note.todo}`] : [],
            ),
        ),
        ...section(
            "Rules that the releases break today",
            stack.findings.map(({ rule, severity, message, remedy }) => `${rule} ${severity} ${message} ${remedy}`),
        ),
        ...section("To settle, or the plan refuses it", stack.problems.map(problemText)),
    ]);
    const decide = fleet.decide.length === 0 ? [] : [color.bold("To decide"), ...fleet.decide.map((line) => `  ${line}`), ""];
    const next = `Next: thanos-fleet plan --stack ${files.map(({ stack }) => stack.name).join(" ")}, then docs/import.md.`;
    return `${[...stacks, ...decide, next].join("\n")}\n`;
}

const carriedText = ({ from, value, setting, to }: Extract<Note, { kind: "carried" }>) => `${from}: ${value} -> ${setting}: ${to}`;

const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`  ${title} (${lines.length})`, ...lines.map((line) => `    ${line}`), ""];

/** What import did, for programs. */
export const jsonOf = (fleet: ImportedFleet, files: readonly StackFileResult[]): string =>
    `${JSON.stringify(
        {
            stacks: files.map(({ stack: { notes, ...stack }, file, written }) => ({
                ...stack,
                file,
                written,
                carried: notes.filter(({ kind }) => kind === "carried"),
                differs: notes.filter(({ kind }) => kind === "differs"),
                left: notes.filter(({ kind }) => kind === "left"),
            })),
            decide: fleet.decide,
        },
        (key, value) => (key === "kind" ? undefined : value),
        2,
    )}\n`;
