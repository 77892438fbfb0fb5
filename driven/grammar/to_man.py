"""The grammar -> a manual page for man(1), in the macros of man(7): `driven grammar --man > driven.1`."""

from __future__ import annotations

from driven.grammar.command import Argument, Command
from driven.grammar.commands import COMMANDS, EXIT_CODES, OPTIONS, TOP_OPTIONS
from driven.grammar.powers import declared, is_idempotent
from driven.grammar.to_argparse import usage
from driven.grammar.to_mcp import leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SEE = "git(1), ssh-keygen(1), bwrap(1)"
_WIDTH = 72  # columns of a line that is not filled: man indents it by 7, and a terminal has 80
_CLOSED = {"[": "]", '"': '"', "'": "'"}


def to_man(version: str, commands: Iterable[Command] = COMMANDS) -> str:
    """The page, whole."""
    return "\n".join(_page(version, tuple(commands))) + "\n"


def _page(version: str, commands: tuple[Command, ...]) -> Iterator[str]:
    yield f'.TH DRIVEN 1 "" "driven {_text(version)}" "User Commands"'
    yield from (".SH NAME", r"driven \- one source of rules for AI coding agents, for every editor")
    yield from (".SH SYNOPSIS", ".B driven", r"[\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGUMENTS\fR]")
    yield from (".SH DESCRIPTION", _line("Writes the rules of .driven/ into every editor's own rule files, and back."))
    yield ".SH COMMANDS"
    for words, command in leaves(commands):
        yield from _command(words, command)
    yield from (".SH OPTIONS", _line("Before or after the command word:"))
    yield from _arguments(OPTIONS)
    yield _line("Without a command:")
    yield from _arguments(TOP_OPTIONS)
    yield ".SH EXIT STATUS"
    for code, words in EXIT_CODES.items():
        yield from (".TP", f".B {code}", _line(words[:1].upper() + words[1:] + "."))
    yield from (".SH SEE ALSO", _line(_SEE))


def _command(words: str, command: Command) -> Iterator[str]:
    yield f'.SS "driven {_quoted(words)}"'
    yield from (_line(command.help[:1].upper() + command.help[1:] + "."),)
    if command.description:
        yield from (".PP", _line(command.description))
    yield from (".PP", ".nf", *map(_line, _broken(usage(command, f"driven {words}"))), ".fi")
    yield from _arguments(command.arguments)
    powers = ", ".join(str(one) for one in declared(command)) or "nothing"
    traits = [command.safety, "idempotent" if is_idempotent(command) else "", command.stability]
    yield from (".PP", _line(f"Touches {powers}; {', '.join(filter(None, traits))}."))
    yield _line(f"Exits with {', '.join(map(str, command.exits))}.")
    if command.examples:
        lines = [line for example in command.examples for line in _broken(example, " \\")]
        yield from (".PP", ".nf", *map(_line, lines), ".fi")


def _arguments(arguments: Iterable[Argument]) -> Iterator[str]:
    for a in arguments:
        name = a.name if a.name.startswith("-") else a.metavar or a.name
        label = rf"\fB{_text(name)}\fR" + ("" if a.flag or name == a.metavar else rf" \fI{_text(a.metavar)}\fR")
        if a.short:
            label = rf"\fB{_text(a.short)}\fR, {label}"
        choices = f" ({', '.join(a.choices)})" if a.choices else ""
        yield from (".TP", label, _line(a.help[:1].upper() + a.help[1:] + choices + "."))
    yield ".PP"


def _broken(text: str, end: str = "") -> Iterator[str]:
    """Words as lines that fit, each but the last with `end`. What stands in brackets or quotes is one word."""
    words, closing = [""], ""
    for char in text:
        if char == " " and not closing:
            words.append("")
            continue
        closing = ("" if char == closing else closing) if closing else _CLOSED.get(char, "")
        words[-1] += char
    line = words[0]
    for word in words[1:]:
        if len(line) + 1 + len(word) + len(end) > _WIDTH and line.strip():
            yield line + end
            line = "   "
        line += " " + word
    yield line


def _text(text: str) -> str:
    """Text that troff takes as it is: no escape, and a hyphen that can be copied."""
    return "".join(char if char.isprintable() else " " for char in text).replace("\\", r"\e").replace("-", r"\-")


def _line(text: str) -> str:
    """The same, as a line of its own: a leading dot or quote would be a request."""
    made = _text(text)
    return rf"\&{made}" if made[:1] in (".", "'") else made


def _quoted(text: str) -> str:
    return _text(text).replace('"', r"\(dq")
