"""`pack.toml`: what a pack says of itself. Rules from elsewhere, and the code that comes with them.

name = "acme-errors"          # of the folder too
version = "1.2.0"
description = "How we handle errors"
driven = "0.1.0"              # the least version that understands it
[capabilities]                # what its plugins want of this project; nothing, where it is not there
FileRead = ["docs"]
[plugins.owners]
run = "plugins/owners.py"
min_ring = "L"
[[plugins.owners.checks]]     # what it offers, said before it runs
code = "ACM01"
title = "a rule without an owner"
why = "…"
"""

from __future__ import annotations

from driven.errors import ConfigError
from driven.format.words import similar
from driven.frozen import field, frozen
from driven.trust.capability import BANDS, QUOTAS, RINGS, CapabilityManifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

ABOUT = "pack.toml"
MAX_BYTES = 1 << 16
MAX_NAME = 64
MOST = 32  # plugins of a pack, and what one of them offers
_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_KEYS = ("name", "version", "description", "driven", "capabilities", "plugins", "min_ring", "quota", "band")
_PLUGIN_KEYS = ("run", "min_ring", "checks", "editor")
_CHECK_KEYS = ("code", "title", "why", "severity", "places")
_EDITOR_KEYS = ("name", "title", "docs", "files")


@frozen
class PackCheck:
    """A check that a plugin of a pack offers: `places` as in `driven.check_kit.file_check`."""

    code: str
    title: str
    why: str
    severity: str = "warning"
    places: tuple[str, ...] = ("text",)


@frozen
class PackEditor:
    """An editor that a plugin of a pack writes for; it may write what `files` (globs) match, and nothing else."""

    name: str
    title: str
    docs: str
    files: tuple[str, ...]


@frozen
class PackPlugin:
    """Code that comes with a pack. `run` is its file, relative to the pack."""

    name: str
    run: str
    min_ring: str = "L"
    checks: tuple[PackCheck, ...] = ()
    editor: PackEditor | None = None


@frozen
class About:
    """What `pack.toml` says. `wants` is what its plugins ask for."""

    name: str
    version: str
    description: str = ""
    driven: str = ""
    wants: CapabilityManifest = CapabilityManifest()
    plugins: tuple[PackPlugin, ...] = field(default_factory=tuple)


def read_about(data: bytes, where: str) -> About:
    """The text of a `pack.toml`. ConfigError says what is wrong in `where`."""
    import tomllib

    if len(data) > MAX_BYTES:
        raise ConfigError(f"`{where}` has {len(data):,} bytes: more than {MAX_BYTES:,}")
    try:
        table = tomllib.loads(data.decode())
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ConfigError(f"`{where}` does not parse: {error}", hint="it is TOML, in UTF-8") from None
    try:
        return _about(table)
    except ConfigError as error:
        raise ConfigError(f"`{where}`: {error.message}", hint=error.hint) from None


def is_name(word: object) -> bool:
    """Whether it can be the name of a pack: small letters, digits and `-`, as in the names of PyPI."""
    return isinstance(word, str) and 0 < len(word) <= MAX_NAME and set(word) <= _WORD and word[0] != "-" != word[-1]


def version_of(text: str) -> tuple[int, ...]:
    """The numbers of a version, `1.2.0` -> (1, 2, 0); what follows the numbers (`rc1`) counts for nothing. () for
    what is no version."""
    numbers = []
    for part in text.split(".")[:8]:
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits or len(digits) > 9:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)


def _about(table: Mapping[str, Any]) -> About:
    _known(table, _KEYS, "")
    name, version = table.get("name"), _text(table, "version", "")
    if not is_name(name):
        raise ConfigError(f"`name` is {name!r:.80}", hint=f"small letters, digits and `-`, at most {MAX_NAME}")
    if not version_of(version):
        raise ConfigError(f"`version` is {version!r:.80}", hint='write one like version = "1.0.0"')
    least = _text(table, "driven", "")
    if least and not version_of(least):
        raise ConfigError(f"`driven` is {least!r:.80}", hint='the least version that it needs: driven = "0.1.0"')
    wanted = _table(table, "capabilities")
    limits = {key: _text(table, key, "") for key in ("min_ring", "quota", "band") if key in table}
    for key, known in (("min_ring", RINGS), ("quota", QUOTAS), ("band", BANDS)):
        if key in limits and limits[key] not in known:
            raise ConfigError(f"`{key}` is {limits[key]!r:.40}", hint=f"one of {', '.join(known)}")
    plugins = _table(table, "plugins")
    if len(plugins) > MOST:
        raise ConfigError(f"{len(plugins)} plugins: more than {MOST}")
    return About(
        name=str(name), version=version, description=_text(table, "description", ""), driven=least,
        wants=CapabilityManifest.of(wanted, **limits),
        plugins=tuple(_plugin(key, _table(plugins, key, "plugins.")) for key in sorted(plugins)),
    )  # fmt: skip


def _plugin(name: str, table: Mapping[str, Any]) -> PackPlugin:
    where = f"plugins.{name}"
    if not is_name(name):
        raise ConfigError(f"[plugins.{name:.80}] is no name", hint="small letters, digits and `-`")
    _known(table, _PLUGIN_KEYS, where)
    run = _text(table, "run", where)
    parts = run.split("/")
    if not run or run.startswith("/") or "\\" in run or {"", ".", ".."} & set(parts):
        raise ConfigError(f"`run` of [{where}] is {run!r:.80}", hint='a file of the pack: run = "plugins/owners.py"')
    ring = _text(table, "min_ring", where) or "L"
    if ring not in RINGS or ring == "T":
        raise ConfigError(f"`min_ring` of [{where}] is {ring!r:.40}", hint="one of W, N, L: code of a pack is confined")
    checks = table.get("checks", [])
    if not isinstance(checks, list) or len(checks) > MOST:
        raise ConfigError(f"`checks` of [{where}] is no list of at most {MOST} tables")
    editor = _table(table, "editor", where + ".") if "editor" in table else None
    return PackPlugin(
        name=name, run=run, min_ring=ring, checks=tuple(_check(one, where) for one in checks),
        editor=None if editor is None else _editor(editor, f"{where}.editor"),
    )  # fmt: skip


def _check(table: object, where: str) -> PackCheck:
    where += ".checks"
    if not isinstance(table, dict):
        raise ConfigError(f"[[{where}]] holds something that is no table")
    _known(table, _CHECK_KEYS, where)
    code = _text(table, "code", where)
    letters = code.rstrip("0123456789")
    if not (len(letters) == 3 and letters.isascii() and letters.isalpha() and letters.isupper() and code != letters):
        hint = 'three letters and a number: code = "ACM01"'
        raise ConfigError(f"`code` in [[{where}]] is {code!r:.40}", hint=hint)
    severity = _text(table, "severity", where) or "warning"
    if severity not in ("error", "warning", "info"):
        raise ConfigError(f"`severity` in [[{where}]] is {severity!r:.40}", hint="error, warning or info")
    return PackCheck(
        code=code, title=_text(table, "title", where), why=_text(table, "why", where), severity=severity,
        places=_texts(table, "places", where) or ("text",),
    )  # fmt: skip


def _editor(table: Mapping[str, Any], where: str) -> PackEditor:
    _known(table, _EDITOR_KEYS, where)
    name, files = _text(table, "name", where), _texts(table, "files", where)
    if not is_name(name):
        raise ConfigError(f"`name` of [{where}] is {name!r:.80}", hint="small letters, digits and `-`")
    if not files:
        raise ConfigError(
            f"[{where}] names no `files`", hint='the globs of what it writes: files = [".acme/rules/*.md"]'
        )
    return PackEditor(
        name=name, title=_text(table, "title", where) or name, docs=_text(table, "docs", where), files=files
    )  # fmt: skip


def _known(table: Mapping[str, Any], keys: Collection[str], where: str) -> None:
    for key in table:
        if key not in keys:
            near = similar(key, keys)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(keys)}"
            raise ConfigError(f"unknown key {key!r:.80}" + (f" in [{where}]" if where else ""), hint=hint)


def _table(within: Mapping[str, Any], key: str, above: str = "") -> dict[str, Any]:
    value = within.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"`{above}{key}` is no table", hint=f"write a table, [{above}{key}]")
    return value


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or len(value) > 2000 or not value.isprintable():
        raise ConfigError(f"`{key}`" + (f" of [{where}]" if where else "") + " is no plain text of one line")
    return value


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or len(value) > MOST or not all(isinstance(one, str) and one for one in value):
        raise ConfigError(f"`{key}` of [{where}] is no list of at most {MOST} texts")
    return tuple(value)
