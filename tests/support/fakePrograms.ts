import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "./temporaryDirectory";

/** Shell scripts that stand in for programs of the machine: first on PATH from `install` to `restore`. Each records how it is called. */
export class FakePrograms {
    readonly directory = temporaryDirectory();
    private readonly log = join(this.directory, "calls");
    private original: string | undefined;

    /** Puts a program on PATH. `script` may read the arguments as in any shell script. */
    add(name: string, script: string): void {
        const bin = join(this.directory, "bin");
        mkdirSync(bin, { recursive: true });
        writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${this.log}'\n${script}\n`, { mode: 0o755 });
    }

    /** @param rest what comes after the programs on PATH. By default everything that was there. */
    install(rest = process.env.PATH): void {
        this.original = process.env.PATH;
        process.env.PATH = `${join(this.directory, "bin")}:${rest}`;
    }

    restore(): void {
        process.env.PATH = this.original;
    }

    /** The calls so far, in order: "docker start node". */
    calls(): string[] {
        return existsSync(this.log) ? readFileSync(this.log, "utf8").trim().split("\n") : [];
    }
}
