"""The picture of `driven grammar`: a tree of commands, their arguments, and what each may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from driven.cli.render import Output
from driven.cli.render_help import label_of
from driven.grammar.command import Argument, Command
from driven.grammar.commands import EXIT_CODES, OPTIONS, TOP_OPTIONS
from driven.grammar.powers import declared

if TYPE_CHECKING:
    from rich.tree import Tree


def show_grammar(out: Output, commands: Iterable[Command]) -> None:
    """Every command with its arguments, then the exit codes."""
    from rich.tree import Tree

    tree = Tree(out.text(("driven", "bold")), guide_style="dim")
    for a in (*OPTIONS, *TOP_OPTIONS):
        _argument(out, tree, a)
    for command in commands:
        _command(out, tree, command)
    out.show(tree)
    out.line()
    rows = [[str(code), (words, "dim")] for code, words in EXIT_CODES.items()]
    out.show(out.table(rows, head=["Exit", "means"], right=(0,), wrap=(1,), indent=0))


def _command(out: Output, tree: Tree, command: Command) -> None:
    traits = [command.capability, command.safety, command.band] if command.run else []
    if command.stability != "stable":
        traits.append(command.stability)
    words = f"  [{', '.join(t for t in traits if t)}]" if traits else ""
    branch = tree.add(out.text((command.name, "bold cyan"), f"  {command.help}", (words, "dim")))
    for a in command.arguments:
        _argument(out, branch, a)
    if command.run:
        powers = ", ".join(str(one) for one in declared(command)) or "nothing"
        exits = ", ".join(map(str, command.exits))
        branch.add(out.text((f"touches {powers}; exits {exits}", "dim")))
    for verb in command.verbs:
        _command(out, branch, verb)


def _argument(out: Output, tree: Tree, a: Argument) -> None:
    tree.add(out.text((label_of(a).strip(), "cyan"), (f"  {a.help}", "dim")))
