import { execute } from "./execute";

/** What a Docker engine answered: its version, or why it has none. The client may be installed without an engine. */
export type DockerAnswer = { version: string } | { silent: string };

/** Docker Desktop takes more than five seconds to answer while it wakes up. */
const WITHIN_MS = 20_000;

/** Asks the Docker engine for its version. Without a client the answer comes at once. */
export const askDocker = (withinMs = WITHIN_MS): Promise<DockerAnswer> =>
    execute("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: withinMs }).then(
        ({ stdout }) => ({ version: stdout.trim() }),
        (error: NodeJS.ErrnoException & { killed?: boolean; stderr?: string }) => ({ silent: reasonOf(error, withinMs) }),
    );

function reasonOf(error: NodeJS.ErrnoException & { killed?: boolean; stderr?: string }, withinMs: number): string {
    if (error.code === "ENOENT") return "there is no `docker` on PATH";
    if (error.killed) return `no answer within ${withinMs / 1000} s`;
    return error.stderr?.trim().split("\n").at(-1) || error.message;
}

/** Memory, in bytes, and CPUs of the machine on which the engine's containers run; what it does not say is absent. */
export const dockerMachine = (): Promise<{ dockerMemory?: number; dockerCpus?: number }> =>
    execute("docker", ["info", "--format", "{{.MemTotal}} {{.NCPU}}"], { timeout: WITHIN_MS }).then(
        ({ stdout }) => {
            const [dockerMemory, dockerCpus] = stdout.split(" ").map(Number);
            return { ...(dockerMemory && { dockerMemory }), ...(dockerCpus && { dockerCpus }) };
        },
        () => ({}),
    );
