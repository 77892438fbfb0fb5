"""The table of commands: every word of the command line, what it takes, what it may touch and what it answers.

One table, so longer than 350 lines.
"""

from __future__ import annotations

from driven.grammar import results
from driven.grammar.command import Argument, Command

# Of several outcomes in one run the worst decides, in this order: 70 7 6 5 2 4 1 0.
EXIT_CODES: dict[int, str] = {
    0: "clean: done, or nothing to do; also a status or explain that could answer, whatever drift or conflict it shows",
    1: "something to do: drift found by --check, findings of validate, a failed check of doctor",
    2: "yours to fix: usage, configuration, a rule file that cannot be read (status and explain may then lack it)",
    4: "conflict: a file was edited by hand, or a stranger's file stands where ours must go",
    5: "denied by policy",
    6: "a signature is missing or wrong",
    7: "a sandbox that is required is not available",
    70: "a bug in driven; the message names a log file to paste into a report",
    130: "interrupted",
    141: "whoever read the output closed it early",
}

# Taken before and after the command word.
OPTIONS: tuple[Argument, ...] = (
    Argument(name="--json", help="print one JSON object on stdout, everything else on stderr", flag=True),
    Argument(name="--root", help="the project's folder, instead of the one found from here", metavar="DIR",
             complete="dir"),
    Argument(name="--quiet", short="-q", help="print errors and what was asked for, nothing else", flag=True),
    Argument(name="--verbose", short="-v", help="print every file, loss and notice", flag=True),
    Argument(name="--color", help="colour: when the output is a terminal, always or never",
             choices=("auto", "always", "never"), default="auto", metavar="WHEN"),
    Argument(name="--help", short="-h", help="say what a command does and takes", flag=True),
)  # fmt: skip
# Stand for a command.
TOP_OPTIONS: tuple[Argument, ...] = (
    Argument(name="--version", short="-V", help="print the version", flag=True),
    Argument(name="--install-completion", help="install completion for your shell (bash, zsh or fish)", flag=True),
)

_EDITOR = Argument(
    name="--editor", short="-e", help="only this editor", metavar="NAME", complete="editor"
)  # fmt: skip
_NO_SOURCE = Argument(
    name="--no-source", help="leave out front matter as written: smaller, and text is written anew", flag=True
)  # fmt: skip
_COMPRESS = Argument(name="--compress", help="deflate each section of the .drv", flag=True)
_DRY_RUN = Argument(name="--dry-run", short="-n", help="write nothing, print the plan as a diff", flag=True)

_SNAPSHOT = Argument(name="number", help="the number of a snapshot", type="int", metavar="N")
_GO_BACK_FORCE = Argument(
    name="--force", help="go back over what was edited since; it is kept in a snapshot", flag=True
)  # fmt: skip


def _run(name: str) -> str:
    """Where a built-in command's function stands: one word, one file, one function."""
    return f"driven.cli.commands.{name}:run"


COMMANDS: tuple[Command, ...] = (
    Command(
        name="init",
        help="set up .driven/ here: finds your editors and offers to import their rules",
        run=_run("init"),
        arguments=(
            Argument(name="--yes", short="-y", help="ask nothing: every editor found, every rule imported", flag=True),
            Argument(name="--editor", short="-e", help="write for this editor (may be repeated)", metavar="NAME",
                     many=True, complete="editor"),
            Argument(name="--no-import", help="leave the rule files that are there alone", flag=True),
        ),
        capability="project.write",
        band="work",
        safety="writes",
        result=results.INIT,
        examples=("driven init", "driven init --yes --editor cursor --editor claude"),
        group="Start",
    ),
    Command(
        name="import",
        help="turn editors' rule files into rules; nothing is deleted",
        description="Without PATH, every rule file of every editor known is read. What several editors hold in common"
        " becomes one rule. On a terminal it shows what it would do and asks.",
        run=_run("import_"),
        arguments=(
            Argument(name="paths", help="files or folders to read", many=True, metavar="PATH", complete="file"),
            Argument(name="--editor", short="-e", help="read the files as this editor's", metavar="NAME",
                     complete="editor"),
            Argument(name="--yes", short="-y", help="ask nothing", flag=True),
            _DRY_RUN,
        ),
        capability="project.write",
        band="work",
        safety="writes",
        result=results.IMPORT,
        examples=("driven import", "driven import .cursor/rules --dry-run"),
        group="Start",
    ),
    Command(
        name="sync",
        help="bring every editor's files and the rules in line",
        description="Plans first, then writes exactly what was planned. An edit of an editor's file flows back into its"
        " rule, and from there to every other editor. Where the rule was changed in the same place, that is a conflict:"
        " the file is left alone, and so is everything else of its rule.",
        run=_run("sync"),
        arguments=(
            _DRY_RUN,
            Argument(name="--check", help="write nothing, exit 1 when files differ from the rules", flag=True),
            Argument(name="--adopt", help="take the edited side of every conflict that has two sides", flag=True),
            Argument(name="--force", help="take the rules' side of every conflict; a snapshot keeps the other",
                     flag=True),
            Argument(name="--watch", short="-w", help="stay, and sync whenever something changes; Ctrl-C ends it",
                     flag=True),
            Argument(name="--poll", help="with --watch: look every second, where the system tells of no changes"
                     " (network drives)", flag=True),
        ),
        capability="project.write",
        band="work",
        safety="deletes",
        result=results.SYNC,
        lines=results.WATCH,
        examples=("driven sync", "driven sync --dry-run", "driven sync --check", "driven sync --watch"),
        group="Every day",
    ),
    Command(
        name="status",
        help="one screen: rules, editors, drift, conflicts, losses, sizes",
        run=_run("status"),
        arguments=(Argument(name="--all", short="-a", help="list every rule, however many", flag=True),),
        result=results.STATUS,
        examples=("driven status",),
        group="Every day",
    ),
    Command(
        name="explain",
        help="which rules hold for a file in each editor, why, and what they cost",
        run=_run("explain"),
        arguments=(
            Argument(name="path", help="a file of the project; it need not exist", metavar="PATH", complete="file"),
            _EDITOR,
            Argument(name="--all", short="-a", help="list the rules that do not hold, too", flag=True),
        ),
        result=results.EXPLAIN,
        examples=("driven explain src/api/orders.ts", "driven explain README.md --editor cursor"),
        group="Every day",
    ),
    Command(
        name="validate",
        help="find every mistake in the rules and in every editor's files, and repair what can be",
        description="Works in any folder: where there is no .driven/, the files of all editors are looked at as they"
        " stand. `driven explain-code CODE` says why a finding is one.",
        run=_run("validate"),
        arguments=(
            Argument(name="paths", help="tell only what is found in these files and folders", many=True,
                     metavar="PATH", complete="file"),
            Argument(name="--fix", help="repair what can be without changing what is meant", flag=True),
            Argument(name="--unsafe-fixes", help="repair the rest, too: renames, and what may mean something else",
                     flag=True),
            Argument(name="--diff", help="write nothing, show what a repair would change", flag=True),
            Argument(name="--strict", help="warnings fail, too", flag=True),
            Argument(name="--select", help="only these codes, or codes that begin so: CUR,GEN05 (may be repeated)",
                     metavar="CODES", many=True),
            Argument(name="--ignore", help="not these codes (may be repeated)", metavar="CODES", many=True),
            Argument(name="--format", help="how findings are printed", default="text", metavar="FORMAT",
                     choices=("text", "json", "sarif", "github", "junit")),
            Argument(name="--baseline", help="tell only what is not in this file of known findings", metavar="FILE",
                     complete="file"),
            Argument(name="--update-baseline", help="write the findings of now to that file", flag=True),
        ),
        result=results.VALIDATE,
        capability="project.write",
        safety="writes",
        examples=("driven validate", "driven validate --fix", "driven validate --select CUR,GEN05 .cursor"),
        group="Every day",
    ),
    Command(
        name="explain-code",
        help="why a finding is one: the reason, an example, the source, how to repair and to silence it",
        description="Takes codes (`CUR03`) and their beginnings (`CUR`); without any it lists the kinds of codes.",
        run=_run("explain_code"),
        arguments=(
            Argument(name="codes", help="codes, or beginnings of codes", many=True, metavar="CODE", complete="code"),
            Argument(name="--stale", help="list the facts that were last looked up more than 180 days ago; 1 when there"
                     " are any", flag=True),
        ),
        capability="plugins.read",
        result=results.EXPLAIN_CODE,
        examples=("driven explain-code CUR03", "driven explain-code GEN", "driven explain-code --stale"),
        group="Every day",
    ),
    Command(
        name="lsp",
        help="the language server that editors start",
        description="Speaks the Language Server Protocol on stdin and stdout until its client ends it. Editors start it"
        " by themselves: docs/editors has a page for each.",
        run="driven_lsp.main:run",
        arguments=(
            Argument(name="--stdio", help="speak on stdin and stdout, which it does anyway", flag=True),
            Argument(name="--tcp", help="listen for clients on a TCP port of this machine", metavar="HOST:PORT"),
            Argument(name="--ws", help="listen for clients on a WebSocket; needs the extra `ws`", metavar="HOST:PORT"),
        ),
        capability="project.write",
        band="work",
        safety="deletes",
        result=results.LSP,
        examples=("driven lsp", "driven lsp --tcp 127.0.0.1:2087"),
        group="Every day",
    ),
    Command(
        name="undo",
        help="take back what the last sync did; once more, and it is done again",
        description="Rules and editors' files are as they were before it. What stands there now is kept in a snapshot;"
        " a file that was edited since is a conflict, and then nothing is changed.",
        run=_run("undo"),
        arguments=(_GO_BACK_FORCE,),
        capability="project.write",
        safety="deletes",
        result=results.RESTORE,
        examples=("driven undo",),
        group="Go back",
    ),
    Command(
        name="snapshot",
        help="every sync that wrote is a snapshot: list, look, go back",
        verbs=(
            Command(
                name="list",
                help="every snapshot, newest first",
                run="driven.cli.commands.snapshot:run_list",
                result=results.SNAPSHOT_LIST,
            ),
            Command(
                name="show",
                help="what one snapshot changed; as diffs with --verbose",
                run="driven.cli.commands.snapshot:run_show",
                arguments=(_SNAPSHOT,),
                result=results.SNAPSHOT_SHOW,
            ),
            Command(
                name="diff",
                help="what changed since a snapshot, or from one to another",
                run="driven.cli.commands.snapshot:run_diff",
                arguments=(
                    _SNAPSHOT,
                    Argument(name="other", help="the snapshot to compare with, instead of the present", type="int",
                             metavar="M", optional=True),
                ),
                result=results.SNAPSHOT_DIFF,
            ),
            Command(
                name="restore",
                help="bring rules and editors' files back to what they were right after a snapshot",
                run="driven.cli.commands.snapshot:run_restore",
                arguments=(_SNAPSHOT, _GO_BACK_FORCE),
                capability="project.write",
                safety="deletes",
                result=results.RESTORE,
            ),
        ),
        examples=("driven snapshot list", "driven snapshot diff 12", "driven snapshot restore 12"),
        group="Go back",
    ),
    Command(
        name="convert",
        help="turn any form of rules into any other: .md, .drv, .json, an editor's files",
        description="The form is read off the name; an editor's files are told by --from and --to. OUT must not"
        " exist unless --force is given.",
        run=_run("convert"),
        arguments=(
            Argument(name="input", help="a rule folder or file, .drv, .json, or an editor's files", metavar="IN",
                     complete="file"),
            Argument(name="output", help="the file or folder to write", metavar="OUT", complete="file"),
            Argument(name="--from", help="what IN is: rules, drv, json, or an editor", metavar="FORM",
                     complete="form"),
            Argument(name="--to", help="what OUT shall be: rules, drv, json, or an editor", metavar="FORM",
                     complete="form"),
            _COMPRESS,
            _NO_SOURCE,
            Argument(name="--force", help="write over what stands at OUT", flag=True),
        ),
        capability="files.write",
        safety="writes",
        result=results.CONVERT,
        examples=("driven convert rules.drv rules.json", "driven convert .cursor/rules out/ --to claude"),
        group="Exchange",
    ),
    Command(
        name="build",
        help="compile the rules into one .drv file",
        run=_run("build"),
        arguments=(
            Argument(name="--output", short="-o", help="the file to write (default: .driven/rules.drv)",
                     metavar="FILE", complete="file"),
            _COMPRESS,
            _NO_SOURCE,
        ),
        capability="project.write",
        safety="writes",
        result=results.BUILD,
        examples=("driven build", "driven build --compress --output team.drv"),
        group="Exchange",
    ),
    Command(
        name="show",
        help="look inside a .drv file: header, sections, rules, or one rule",
        run=_run("show"),
        arguments=(
            Argument(name="file", help="the .drv file", metavar="FILE", complete="file"),
            Argument(name="rule", help="the id of one rule to print", metavar="RULE", optional=True, complete="rule"),
        ),
        capability="files.read",
        result=results.SHOW,
        examples=("driven show .driven/rules.drv", "driven show .driven/rules.drv backend/errors"),
        group="Exchange",
    ),
    Command(
        name="plugin",
        help="what is plugged in, and what is broken",
        verbs=(
            Command(
                name="list",
                help="every plugin: where it comes from, what it offers, whether it loads",
                run="driven.cli.commands.plugin:run_list",
                capability="plugins.read",
                result=results.PLUGIN_LIST,
            ),
            Command(
                name="show",
                help="one plugin, and the error if it has one",
                run="driven.cli.commands.plugin:run_show",
                arguments=(Argument(name="name", help="the plugin's name", metavar="NAME", complete="plugin"),),
                capability="plugins.read",
                result=results.PLUGIN_LIST,
            ),
        ),
        examples=("driven plugin list", "driven plugin show cursor"),
        group="Housekeeping",
    ),
    Command(
        name="doctor",
        help="check this machine and this project, and say what to do about what is wrong",
        run=_run("doctor"),
        capability="machine.read",
        result=results.DOCTOR,
        examples=("driven doctor",),
        group="Housekeeping",
    ),
    Command(
        name="benchmark",
        help="measure this machine against named baselines",
        run=_run("benchmark"),
        arguments=(
            Argument(name="names", help="benchmarks to run (default: all)", many=True, metavar="NAME",
                     complete="benchmark"),
            Argument(name="--iterations", help="rounds per benchmark", type="int", metavar="N"),
            Argument(name="--file", help="measure with this file instead of the built-in data", metavar="F",
                     complete="file"),
        ),
        capability="machine.measure",
        band="work",
        result=results.BENCHMARK,
        examples=("driven benchmark", "driven benchmark tokenizer --iterations 50"),
        group="Housekeeping",
    ),
    Command(
        name="grammar",
        help="print this grammar: commands, options, result schemas, exit codes",
        run=_run("grammar"),
        capability="commands.read",
        result=results.GRAMMAR,
        examples=("driven grammar", "driven grammar --json"),
        group="Housekeeping",
    ),
)  # fmt: skip
