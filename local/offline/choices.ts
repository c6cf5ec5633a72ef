/**
 * What a fleet was made with: official plugins and chart, or stand-ins. State that one plugin has written is not what the other expects (it would
 * replace every workload), so a choice is kept beside the state, and goes with it.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../../config/configError";

export type Choice = "official" | "stand-in";

const fileOf = (stateDir: string) => join(stateDir, "backend", "choices.json");

/** The choices that the fleet's state was made with, by what was chosen; none before the first run. */
export async function readChoices(stateDir: string): Promise<Record<string, Choice>> {
    const text = await readFile(fileOf(stateDir), "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        return "{}";
    });
    return JSON.parse(text) as Record<string, Choice>;
}

export async function keepChoices(stateDir: string, choices: Record<string, Choice>): Promise<void> {
    await mkdir(join(stateDir, "backend"), { recursive: true });
    await writeFile(fileOf(stateDir), JSON.stringify({ ...(await readChoices(stateDir)), ...choices }));
}

/** Why a choice would have to change. */
export interface Change {
    /** The rest of a sentence that begins with what was chosen. */
    why: string;
    remedy: string;
}

export const DOWN_FIRST = "Remove the fleet with `npm start -- --down` first.";

/** The official part of a fleet is no longer there. */
export const notToBeHad = (reason: string): Change => ({
    why: `was the official one when the fleet was made, and now it is not to be had: ${reason}.`,
    remedy: "Make it reachable again, or remove the fleet with `npm start -- --down`.",
});

export function refuseChanges(changes: readonly (Change & { path: string })[]): void {
    if (changes.length > 0)
        throw new ConfigError(
            "the fleet on this machine",
            changes.map(({ path, why, remedy }) => ({ path, problem: why, remedy })),
        );
}
