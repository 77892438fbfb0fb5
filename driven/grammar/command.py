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


@frozen
class Argument:
    """One argument. A name that begins with `-` is an option; `flag` ones take no value.

    `complete` says what a shell may offer: `file`, `dir`, a word of `completion.DYNAMIC`, `` for nothing; `choices` are
    offered as they are. `many`: zero or more values; `optional`: a positional that may be left out.
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


@frozen
class Command:
    """One command. `run` is `module:function`, imported only when the command runs; `result` is a JSON schema of
    what `--json` puts under `data`; `capability` names what it may do (`project.write`). A command with `verbs` is a
    noun (`plugin list`). `group` is the heading it stands under in `driven --help`."""

    name: str
    help: str
    run: str = ""
    arguments: tuple[Argument, ...] = ()
    verbs: tuple[Command, ...] = ()
    capability: str = "project.read"
    band: Band = "quick"
    safety: Safety = "reads"
    stability: Stability = "stable"
    result: str = ""  # JSON text of the schema; text, so that nobody pays for it before it is asked for
    lines: str = ""  # the same, of each line that `--json` prints where the command goes on until it is ended
    examples: tuple[str, ...] = ()
    description: str = ""
    group: str = ""
