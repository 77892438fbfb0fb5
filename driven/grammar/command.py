"""What a command is, as data: a noun or verb, its arguments, what it may touch, what it costs, what it answers."""

from __future__ import annotations

from collections.abc import Callable

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

# `run(args, app) -> exit code`; `args` is argparse's namespace, `app` is `driven.cli.app.App`.
Run: TypeAlias = "Callable[[Any, Any], int]"

Band: TypeAlias = 'Literal["instant", "quick", "work"]'
# instant  under two interpreter starts, nothing imported that is not needed
# quick    reads the project once
# work     may take seconds and shows progress
Safety: TypeAlias = 'Literal["reads", "writes", "deletes"]'
Stability: TypeAlias = 'Literal["stable", "preview"]'
Interactive: TypeAlias = 'Literal["never", "may", "only"]'
# never  asks nothing, wherever it runs
# may    asks where a person sits at a terminal, and does without elsewhere and with --json
# only   is nothing without a person or an editor at its other end: no tool of `driven mcp`


@frozen
class Argument:
    """One argument. A name that begins with `-` is an option; `flag` ones take no value.

    `complete` says what a shell may offer: `file`, `dir`, a word of `completion.DYNAMIC`, `` for nothing; `choices` are
    offered as they are. `many`: zero or more values; `optional`: a positional that may be left out.

    `capabilities`: what the command may touch beyond its own when this is given, written as `Command.capabilities`.
    `dry`: a flag with which the command writes nothing. `review`: a person must agree when a machine gives it.
    `terminal`: means something only to who sits at a terminal; no part of a tool of `driven mcp`.
    """

    name: str
    help: str
    short: str = ""
    flag: bool = False
    many: bool = False
    optional: bool = False
    default: str | int | None = None
    type: Literal["str", "int"] = "str"
    choices: tuple[str, ...] = ()
    metavar: str = ""
    complete: str = ""
    capabilities: tuple[str, ...] = ()
    dry: bool = False
    review: bool = False
    terminal: bool = False

    @property
    def key(self) -> str:
        """Its name where it is a key: `--dry-run` -> `dry_run`."""
        return self.name.lstrip("-").replace("-", "_")


@frozen
class Command:
    """One command. `run` is `module:function`, imported only when the command runs; `result` is a JSON schema of
    what `--json` puts under `data`. A command with `verbs` is a noun (`plugin list`). `group` is the heading it stands
    under in `driven --help`.

    `capability` says in a word what it may do (`project.write`). `capabilities` says it exactly, as capabilities of
    `driven.trust.capability`: `FileRead(.)` the project, `FileRead({input})` what the argument `input` names,
    `FileWrite({output})` the folder of what `output` names, `{output=a/b}` that of `a/b` where it is not given.
    One that ends in `?` is used where it may be, and done without where not. None: those that its word stands for
    (`driven.grammar.powers.WORDS`).

    `exits`: the exit codes that it comes to by itself; 70, 130 and 141 can end every command. `idempotent`: a second
    run right after the first changes nothing; a command that only reads need not say it. `review`: a person must
    agree each time that a machine asks for it.
    """

    name: str
    help: str
    run: str = ""
    arguments: tuple[Argument, ...] = ()
    verbs: tuple[Command, ...] = ()
    capability: str = "project.read"
    capabilities: tuple[str, ...] | None = None
    exits: tuple[int, ...] = (0, 2)
    idempotent: bool = False
    interactive: Interactive = "never"
    review: bool = False
    band: Band = "quick"
    safety: Safety = "reads"
    stability: Stability = "stable"
    result: str = ""  # JSON text of the schema; text, so that nobody pays for it before it is asked for
    lines: str = ""  # the same, of each line that `--json` prints where the command goes on until it is ended
    examples: tuple[str, ...] = ()
    description: str = ""
    group: str = ""
