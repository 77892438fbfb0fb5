"""A command of the grammar -> what argparse reads off the command line; its mistakes as `UsageError`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from driven.errors import UsageError
from driven.grammar.command import Argument, Command
from driven.grammar.commands import OPTIONS
from driven.grammar.suggest import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any, NoReturn


def destination(argument: Argument) -> str:
    """The attribute of the namespace: `--dry-run` -> `dry_run`; `from` cannot be one, so it is `from_`."""
    name = argument.key
    return name + "_" if name in ("from", "import") else name


def split_words(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands before the first word that is neither an option nor a value of one, and the rest from it on.

    Only the options of `OPTIONS` may stand before the command word, so only their values are skipped.
    """
    valued = {o.name for o in OPTIONS if not o.flag}
    i = 0
    while i < len(argv) and argv[i].startswith("-") and argv[i] not in ("-", "--"):
        i += 2 if argv[i] in valued else 1
    return list(argv[:i]), list(argv[i:])


def parse(command: Command, words: str, argv: Sequence[str]) -> Namespace:
    """Read `argv` (without the command's own `words`) as `command`. UsageError names what is wrong and the nearest
    right word.

    argparse only takes the options and their values out of the words: what is unknown, required, of which type and of
    which choice is decided here, so that the messages are ours and the same on every Python. After `--` no word is an
    option.
    """
    arguments = (*OPTIONS, *command.arguments)
    if not argv and not any(a.name[0] != "-" and not a.optional and not a.many for a in arguments):
        return _defaults(arguments)
    cut = list(argv).index("--") if "--" in argv else len(argv)
    if any(word.startswith("-") for word in argv):
        args, rest = _parser(words, arguments).parse_known_args(list(argv[:cut]))
    else:  # no option, so nothing for argparse to find: importing it takes as long as Python takes to start
        args, rest = _defaults(arguments), list(argv)
    for word in rest:
        if word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            known = [a.name for a in arguments if a.name.startswith("-")]
            hint = did_you_mean(name, known, otherwise=f"`{words} --help` lists the options")
            raise UsageError(f"unknown option `{name}` of `{words}`", hint=hint)
    values = [*rest, *argv[cut + 1 :]]
    for argument in command.arguments:
        if not argument.name.startswith("-"):
            taken = values if argument.many else values[:1]
            setattr(args, destination(argument), list(taken) if argument.many else next(iter(taken), None))
            values = values[len(taken) :]
    if values:
        raise UsageError(f"`{words}` does not take `{values[0]}`", hint=f"usage: {usage(command, words)}")
    for argument in arguments:
        _check(argument, args, command, words)
    return args


def _defaults(arguments: Iterable[Argument]) -> Namespace:
    """What no words at all mean, without argparse (5 ms to import and to build)."""
    from types import SimpleNamespace

    values: dict[str, Any] = {destination(a): False if a.flag else [] if a.many else a.default for a in arguments}
    made: Any = SimpleNamespace(**values)
    namespace: Namespace = made
    return namespace


def _parser(words: str, arguments: Iterable[Argument]) -> ArgumentParser:
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            # What is left to argparse: `argument --root: expected one argument`.
            raise UsageError(message, hint=f"`{words} --help` shows how")

    parser = Parser(prog=words, add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS)
    for argument in arguments:
        dest = destination(argument)
        if not argument.name.startswith("-"):
            continue
        names = [argument.name, argument.short] if argument.short else [argument.name]
        if argument.flag:
            parser.add_argument(*names, dest=dest, action="store_true")
        elif argument.many:
            parser.add_argument(*names, dest=dest, action="append", default=[])
        else:
            parser.add_argument(*names, dest=dest, default=argument.default)
    return parser


def _check(argument: Argument, args: Namespace, command: Command, words: str) -> None:
    dest = destination(argument)
    value: Any = getattr(args, dest)
    label = argument.name if argument.name.startswith("-") else argument.metavar or argument.name
    if not argument.name.startswith("-") and not argument.optional and not argument.many and value is None:
        raise UsageError(f"`{words}` needs {label}: {argument.help}", hint=f"usage: {usage(command, words)}")
    for one in value if argument.many else [value]:
        if argument.choices and one is not None and one not in argument.choices:
            listed = ", ".join(argument.choices)
            hint = did_you_mean(str(one), argument.choices, otherwise=f"one of: {listed}")
            raise UsageError(f"`{one}` is no value of `{label}`", hint=hint)
    if argument.type == "int" and value is not None and not isinstance(value, int):
        if not (value.isascii() and value.isdigit() and 0 < len(value) <= 9 and int(value) > 0):
            raise UsageError(f"`{value}` is no value of `{label}`", hint="a whole number from 1 to 999999999")
        setattr(args, dest, int(value))


def usage(command: Command, words: str) -> str:
    """One line: `driven explain PATH [--editor NAME] [--all]`."""
    parts = [words]
    if command.verbs:
        parts.append("|".join(verb.name for verb in command.verbs))
    for a in command.arguments:
        value = a.metavar or a.name.lstrip("-").upper()
        if a.name.startswith("-"):
            parts.append(f"[{a.name}]" if a.flag else f"[{a.name} {value}]{'…' if a.many else ''}")
        else:
            parts.append(f"[{value}…]" if a.many else f"[{value}]" if a.optional else value)
    return " ".join(parts)
