import { Command } from "commander";

/** `commandsOf`: every command with its name and options. */
export const completionCommand = (commandsOf: () => readonly Command[]) =>
    new Command()
        .description(
            "Prints a script with which bash and zsh complete the commands and options of `thanos-fleet`, and paths everywhere else. It is for `thanos-fleet` on PATH: a shell asks `npx` " +
                "what it completes after `npx`.",
        )
        .addHelpText("after", "\nExamples:\n  thanos-fleet completion >> ~/.bashrc\n  source <(thanos-fleet completion)\n")
        .action(() => void process.stdout.write(completionScript(commandsOf())));

/** The names of the commands come first, options after them; where neither fits, the shell offers paths. */
export function completionScript(commands: readonly Command[]): string {
    const optionsOf = (command: Command) =>
        [...command.options.flatMap(({ hidden, long }) => (hidden || !long ? [] : [long])), "--help"].join(" ");
    return `# bash and zsh completion of thanos-fleet
if [ -n "$ZSH_VERSION" ]; then
    autoload -U +X compinit && compinit
    autoload -U +X bashcompinit && bashcompinit
fi
_thanos_fleet() {
    local word="\${COMP_WORDS[COMP_CWORD]}" words=""
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="${[...commands.map((command) => command.name()), "--help", "--version"].join(" ")}"
    elif [ "\${word#-}" != "$word" ]; then
        case "\${COMP_WORDS[1]}" in
${commands.map((command) => `        ${command.name()}) words="${optionsOf(command)}" ;;`).join("\n")}
        esac
    fi
    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); fi
}
complete -o default -F _thanos_fleet thanos-fleet
`;
}
