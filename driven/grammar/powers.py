"""What a command may touch: the capabilities that it declares, and those of one call, with what its arguments name.

Beyond these every command may do what no call can be made without: read Python and `driven` as they are installed and
the words of the environment that describe the terminal, and write to stdout, stderr and folders for temporary files
and caches. `EnvAccess(XDG_CONFIG_HOME)` of driven's own commands is also the person's folder of driven in there: keys,
and who is trusted.
"""

from __future__ import annotations

import os

from driven.errors import ConfigError, PolicyError
from driven.frozen import frozen
from driven.grammar.command import Command
from driven.trust.capability import Capability, CapabilityManifest, capability

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

# Its cache; git, which is asked which files there are; what this person accepted and whom they trust.
_BESIDE = ("FileWrite(.driven/state)?", "ProcessSpawn(git)?", "EnvAccess(XDG_CONFIG_HOME)?")
# What a word stands for where a command does not say it exactly.
WORDS: dict[str, tuple[str, ...]] = {
    "": (),
    "commands.read": (),
    "plugins.read": (),
    "files.read": ("FileRead(.)",),
    "files.write": ("FileRead(.)", "FileWrite(.)"),
    "machine.read": ("FileRead(.)",),
    "project.read": ("FileRead(.)", *_BESIDE),
    "project.write": ("FileRead(.)", "FileWrite(.)", *_BESIDE[1:]),
}
_READ_ONLY = frozenset({"ReadOnlyFS", "Environment"})  # classes of risk that change nothing
_OPEN = frozenset({"Network", "Subprocess", "Dangerous"})  # that reach beyond this project
_SAMPLE = "sample"  # stands for what an argument would name


@frozen(kw_only=False)
class Power:
    """One declared capability. `argument` is the key of the argument that its scope stands for, and `scope` what holds
    where that is not given; or it is "" and the scope is as it stands. `optional`: the command does without it."""

    kind: str
    scope: str
    argument: str = ""
    optional: bool = False

    def __str__(self) -> str:
        named = f"{self.argument}={self.scope}" if self.scope else self.argument
        scope = "{" + named + "}" if self.argument else self.scope
        return f"{self.kind}({scope})" + "?" * self.optional if scope else self.kind + "?" * self.optional


def power(text: str) -> Power:
    """A declared capability from its text, `FileRead(src)`, `FileWrite({output})`, `ProcessSpawn(git)?`. ConfigError
    for what is none."""
    words = text.removesuffix("?")
    kind, paren, rest = words.partition("(")
    if paren and not rest.endswith(")"):
        raise ConfigError(f"`{text}` is no capability", hint="write it so: `FileRead(src)`")
    scope = rest[:-1]
    if scope[:1] == "{" and scope[-1:] == "}":
        key, _, other = scope[1:-1].partition("=")
        found = capability(kind, other or _SAMPLE)
        return Power(kind, found.scope if other else "", key, text != words)
    return Power(kind, capability(kind, scope).scope, "", text != words)


def own(command: Command) -> tuple[str, ...]:
    """The texts that a command declares by itself, its word's where it says nothing exactly."""
    if command.capabilities is not None:
        return command.capabilities
    if command.capability not in WORDS:
        known = ", ".join(word for word in WORDS if word)
        raise ConfigError(
            f"the command `{command.name}` has the capability `{command.capability}`, which is no known word",
            hint=f"declare `capabilities`, or one of {known}",
        )
    return WORDS[command.capability]


def declared(command: Command) -> tuple[Power, ...]:
    """All that a command may touch, whatever it is given. ConfigError where a text is no capability or names no
    argument of the command."""
    texts = [*own(command), *(text for argument in command.arguments for text in argument.capabilities)]
    powers = [power(text) for text in dict.fromkeys(texts)]
    names = {argument.key for argument in command.arguments}
    for one in powers:
        if one.argument and one.argument not in names:
            raise ConfigError(f"the command `{command.name}` has no argument `{one.argument}`, which `{one}` names")
    return tuple(powers)


def widest(command: Command) -> CapabilityManifest:
    """What a command may touch at most, as a manifest: what an argument names may be anything of the project."""
    found = [
        Capability(one.kind, "." if one.argument and one.kind in ("FileRead", "FileWrite") else one.scope)  # type: ignore[arg-type]
        for one in declared(command)
    ]
    return CapabilityManifest.of(_by_kind(one for one in found if one.scope or one.kind == "ShellExec"), quota="large")


def only_reads(command: Command) -> bool:
    """Whether nothing of what it cannot do without changes anything."""
    return command.safety == "reads" and all(
        risk_class(one) in _READ_ONLY for one in declared(command) if not one.optional
    )


def reaches_out(command: Command) -> bool:
    """Whether it speaks with more than this project: a network, a program that it needs."""
    return any(risk_class(one) in _OPEN for one in declared(command) if not one.optional)


def risk_class(one: Power) -> str:
    """The class of risk of a declared capability."""
    return Capability(one.kind, one.scope).name  # type: ignore[arg-type]


def is_idempotent(command: Command) -> bool:
    """Whether a second run right after the first changes nothing."""
    return command.idempotent or command.safety == "reads"


def is_dry(command: Command, given: Mapping[str, Any]) -> bool:
    """Whether a flag is given with which it writes nothing."""
    return any(argument.dry and given.get(argument.key) for argument in command.arguments)


def needs_review(command: Command, given: Mapping[str, Any]) -> str:
    """Why a person must agree to this call: the command or the option that asks for it, "" when none does."""
    if is_dry(command, given):
        return ""
    if command.review:
        return command.name
    named = (a.name for a in command.arguments if a.review and given.get(a.key))
    return next(named, "")


def for_call(command: Command, given: Mapping[str, Any], root: str, *, optional: bool = True) -> CapabilityManifest:
    """What one call may touch. `given`: values by the keys of arguments; `root`: the project's folder,
    to which paths are relative, absolute.

    PolicyError where an argument names a file outside of it: what lies there is nobody's to grant here.
    """
    texts = list(own(command))
    texts += [t for a in command.arguments if given.get(a.key) for t in a.capabilities]
    dry = is_dry(command, given)
    found: list[Capability] = []
    for one in map(power, dict.fromkeys(texts)):
        if (one.optional and not optional) or (dry and one.kind == "FileWrite" and not one.optional):
            continue
        found += _scoped(one, given, root) if one.argument else [Capability(one.kind, one.scope)]  # type: ignore[arg-type]
    return CapabilityManifest.of(_by_kind(found), quota="large", band="cold")


def _scoped(one: Power, given: Mapping[str, Any], root: str) -> Iterator[Capability]:
    value = given.get(one.argument) or one.scope
    for word in value if isinstance(value, list | tuple) else [value] if value not in (None, "", False) else []:
        scope = str(word)
        if one.kind == "NetworkAccess" and not (scope := _host(scope)):
            continue
        if one.kind in ("FileRead", "FileWrite"):
            scope = below(root, scope)
            if one.kind == "FileWrite":  # through a temporary file beside it
                scope = os.path.dirname(scope) or "."
        yield capability(one.kind, scope)


def _host(word: str) -> str:
    """The host and port that a URL or `HOST:PORT` names; "" for a path, which names none."""
    scheme, _, rest = word.removeprefix("git+").partition("://")
    if not rest:
        return "" if "/" in word else word
    host = rest.partition("/")[0].rpartition("@")[2]
    port = {"http": 80, "https": 443, "ssh": 22}.get(scheme)
    if port is None or not host:
        return ""
    return host if host[-1:] != "]" and ":" in host.rpartition("]")[2] else f"{host}:{port}"


def below(root: str, path: str) -> str:
    """The place of a file as a scope, links followed. PolicyError where that is not below the project."""
    top = os.path.realpath(root)
    try:
        place = os.path.relpath(os.path.realpath(os.path.join(top, path)), top)
    except ValueError:  # another drive, a null byte
        place = ".."
    place = place.replace(os.sep, "/")
    if place == ".." or place.startswith("../"):
        raise PolicyError(f"`{path}` lies outside of the project", hint=f"name a file below {top}")
    return place


def _by_kind(found: Iterable[Capability]) -> dict[str, list[str]]:
    scopes: dict[str, list[str]] = {}
    for one in found:
        scopes.setdefault(one.kind, []).append(one.scope)
    return scopes
