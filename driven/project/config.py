"""`.driven/config.toml`, or `[tool.driven]` in pyproject.toml: which editors, how to sync."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping

from driven import __version__
from driven.core._rt import FormatError
from driven.core.globs import check
from driven.errors import ConfigError
from driven.frozen import field, frozen, replace
from driven.model.diagnostic import Diagnostic
from driven.project.reading import read_file
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from driven.project.disk import Tree

CONFIG = ".driven/config.toml"
PYPROJECT = "pyproject.toml"
KEPT = ".driven/state/config"  # what the file said when it was parsed last
MAX_BYTES = 1 << 20
MAX_EDITORS = 500  # more are nobody's configuration, and each wrong one costs a search for its place

SYNC_KEYS = {
    "mode": ("two-way", "one-way"), "always": ("native", "agents"), "debounce_ms": int, "header": bool,
    "snapshots": int, "snapshot_days": int,
}  # fmt: skip
RANGES = {  # of the whole numbers: least, most, unit
    "debounce_ms": (0, 60_000, "milliseconds"),
    "snapshots": (1, 10_000, "how many are kept"),
    "snapshot_days": (1, 36_500, "days that they are kept"),
}
VALIDATE_KEYS = ("select", "ignore", "per_path_ignores", "baseline", "strict")
TOP_KEYS = ("version", "editors", "sync", "validate")


@frozen
class Config:
    """What a project says. `editors` holds the enabled ones with their options, in the order of the file;
    `disabled` those that are named with `false`. `path` is the file it came from, "" for none."""

    editors: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    disabled: tuple[str, ...] = ()
    unsure: frozenset[str] = frozenset()  # named, but not as any plugin knows them: left alone
    mode: Literal["two-way", "one-way"] = "two-way"
    always: Literal["native", "agents"] = "native"
    debounce_ms: int = 75
    header: bool = False
    snapshots: int = 100
    snapshot_days: int = 30
    select: tuple[str, ...] = ()  # of validate, as all below
    ignore: tuple[str, ...] = ()
    per_path_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str = ""
    strict: bool = False
    path: str = ""
    text: str = field(default="", repr=False)
    stamp: str = field(
        default="", repr=False, compare=False
    )  # of the file that was parsed; "" when it need not be kept


def read_config(root: str) -> Config:
    """The configuration of the project at `root`; the defaults when there is none. ConfigError with line and column."""
    kept = _kept(root)
    if kept is not None:
        return kept
    for path in (CONFIG, PYPROJECT):
        found = _read(os.path.join(root, path))
        if found is not None and (path == CONFIG or b"tool.driven" in found[0]):
            return replace(parse_config(found[0], path), stamp=_stamp(path, found[1]))
    return Config()


def keep_config(tree: Tree, config: Config) -> None:
    """Keep what was parsed for the next run: `tomllib` costs it 10 ms, as much as a third of its work."""
    seen_ns = int(config.stamp.rpartition(" ")[2] or 0)
    if not config.stamp or config.unsure or seen_ns >= tree.began:  # saved this very moment: it may yet change unseen
        return
    import marshal

    from driven.format.hashes import digest

    made = ("stamp", "unsure")  # not of the file
    try:
        payload = marshal.dumps({name: getattr(config, name) for name in Config.__annotations__ if name not in made}, 4)
    except ValueError:
        return  # a date
    tree.write_state(KEPT, f"{config.stamp}\n{digest(payload)}\n".encode() + payload)


def _kept(root: str) -> Config | None:
    """What was kept, while the file is still the one that was parsed.

    The inode's change time, which nobody can set, stands in it: what comes with a stranger's project cannot fit, and
    not a byte of it is looked at. Damage is told by the digest.
    """
    try:
        data, _ = read_file(os.path.join(root, KEPT), 2 * MAX_BYTES)
    except OSError:
        return None
    stamp, _, rest = data.partition(b"\n")
    for path in (CONFIG, PYPROJECT):
        try:
            seen = os.stat(os.path.join(root, path))
        except OSError:
            continue
        if _stamp(path, seen).encode() != stamp:
            return None
        import marshal

        from driven.format.hashes import digest

        told, _, payload = rest.partition(b"\n")
        return Config(**marshal.loads(payload)) if digest(payload).encode() == told else None
    return None


def _stamp(path: str, seen: os.stat_result) -> str:
    """What must be the same for a kept configuration to hold: the change time comes last."""
    head = f"driven {__version__} {sys.implementation.cache_tag} {path}"
    return f"{head} {seen.st_dev} {seen.st_ino} {seen.st_size} {seen.st_ctime_ns}"


def _read(path: str) -> tuple[bytes, os.stat_result] | None:
    try:
        return read_file(path, MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise ConfigError(f"`{os.path.basename(path)}` cannot be read: {reason}") from None


def parse_config(data: bytes, path: str) -> Config:
    """A configuration from TOML. ConfigError that points at the line, with a did-you-mean for an unknown key."""
    import tomllib

    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8", span=Span(path=path, line=line), hint="save the file as UTF-8") from None
    try:
        whole = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        raise _unparsable(str(error), text, path) from None
    prefix = ""
    if path == PYPROJECT:
        prefix = "tool.driven"
        whole = _table(whole.get("tool", {}), "tool", text, path).get("driven", {})
    table = _table(whole, prefix or "the file", text, path)
    _known(table, TOP_KEYS, prefix, text, path)
    if table.get("version", 1) != 1:
        raise ConfigError(
            f"version `{table['version']}` is not known to this driven", hint="this driven reads version 1",
            span=_span(text, path, prefix, "version"),
        )  # fmt: skip
    editors: dict[str, Mapping[str, object]] = {}
    disabled: list[str] = []
    section = _join(prefix, "editors")
    for name, value in _table(table.get("editors", {}), section, text, path).items():
        if value is False:
            disabled.append(name)
        elif value is True or isinstance(value, dict):
            editors[name] = {} if value is True else value
        else:
            raise ConfigError(
                f"`{name}` is {_kind(value)}", hint="write true, false or a table of that editor's options",
                span=_span(text, path, section, name),
            )  # fmt: skip
    sync = _sync(_table(table.get("sync", {}), _join(prefix, "sync"), text, path), _join(prefix, "sync"), text, path)
    validate = _validate(table, _join(prefix, "validate"), text, path)
    return Config(
        editors=editors, disabled=tuple(disabled), path=path, text=text, **sync, **validate
    )  # fmt: skip


def _validate(whole: dict[str, Any], section: str, text: str, path: str) -> dict[str, Any]:
    """`[validate]`: which findings are told."""
    table = _table(whole.get("validate", {}), section, text, path)
    _known(table, VALIDATE_KEYS, section, text, path)

    def codes(value: object, key: str, section: str) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(code, str) and is_code(code) for code in value):
            return tuple(value)
        raise ConfigError(
            f"`{key}` is not a list of codes", hint='write `["CUR14"]`, or `["CUR"]` for all of a kind',
            span=_span(text, path, section, key),
        )  # fmt: skip

    made: dict[str, Any] = {key: codes(table[key], key, section) for key in ("select", "ignore") if key in table}
    inner = _join(section, "per_path_ignores")
    ignores = _table(table.get("per_path_ignores", {}), inner, text, path)
    made["per_path_ignores"] = {glob: codes(value, glob, inner) for glob, value in ignores.items()}
    for glob in ignores:
        try:
            check(glob)
        except FormatError as error:
            raise ConfigError(
                f"`{glob}` is no glob: {error.message}", hint="write it as in the `paths` of a rule",
                span=_span(text, path, inner, glob),
            ) from None  # fmt: skip
    for key, kind in (("baseline", str), ("strict", bool)):
        value = table.get(key, kind())
        if not isinstance(value, kind):
            hint = "write true or false" if kind is bool else "write the path of a file"
            raise ConfigError(f"`{key}` is {_kind(value)}", hint=hint, span=_span(text, path, section, key))
        made[key] = value
    return made


def is_code(text: str) -> bool:
    """Whether a text is a code or the beginning of one: `CUR`, `CUR03`."""
    return 3 <= len(text) <= 6 and text[:3].isalpha() and text.isascii() and text.isupper() and (
        text[3:].isdigit() or len(text) == 3
    )  # fmt: skip


def known_editors(config: Config, options: Mapping[str, Iterable[str]]) -> tuple[Config, list[Diagnostic]]:
    """The configuration without the editors that no plugin knows, or not with these options; each is an error.

    `options`: editor name -> `Target.allowed`, or just the names of its options where no value is to be checked. What
    such an editor has on disk stays as it is: its name goes to `unsure`.
    """
    section = "tool.driven.editors" if config.path == PYPROJECT else "editors"
    found: list[Diagnostic] = []
    unsure: set[str] = set()

    def report(name: str, message: str, hint: str, span: Span) -> None:
        unsure.add(name)
        found.append(Diagnostic(code="CFG01", severity="error", message=message, span=span, hint=hint))

    for name in (*config.editors, *config.disabled)[:MAX_EDITORS]:
        if name not in options:
            meant = _meant(name, options)
            hint = f"{meant}{'' if meant.endswith('?') else ';'} `driven plugin list` shows them all"
            report(name, f"unknown editor `{name}`", hint, _span(config.text, config.path, section, name))
            continue
        for option, value in config.editors.get(name, {}).items():
            known = options[name]
            if option not in known:
                names = list(known)
                hint = _meant(option, names) if names else f"write `{name} = true`"
                message = f"`{name}` has no option `{option}`"
            else:
                hint = _wrong(value, known.get(option, ()) if isinstance(known, Mapping) else ())
                message = f"the option `{option}` of `{name}` is {_kind(value)}"
            if hint:
                report(name, message, hint, _span(config.text, config.path, f"{section}.{name}", option))
    unsure.update((*config.editors, *config.disabled)[MAX_EDITORS:])
    kept = {name: value for name, value in config.editors.items() if name not in unsure}
    return replace(config, editors=kept, unsure=frozenset(unsure)), found


def _sync(table: dict[str, Any], section: str, text: str, path: str) -> dict[str, Any]:
    _known(table, SYNC_KEYS, section, text, path)
    for key, value in table.items():
        wanted = SYNC_KEYS[key]
        if isinstance(wanted, tuple):
            due = "" if value in wanted else " or ".join(f'"{word}"' for word in wanted)
        else:
            due = "" if type(value) is wanted else "true or false" if wanted is bool else "a whole number"
        if due:
            raise ConfigError(f"`{key}` is {_kind(value)}", hint=f"write {due}", span=_span(text, path, section, key))
    for key, (least, most, unit) in RANGES.items():
        if not least <= table.get(key, least) <= most:
            raise ConfigError(
                f"`{key}` is out of range", hint=f"write {least} to {most} ({unit})",
                span=_span(text, path, section, key),
            )  # fmt: skip
    return table


def _unparsable(error: str, text: str, path: str) -> ConfigError:
    import re

    found = re.search(r"\(at line (\d+), column (\d+)\)", error)
    message = error[: found.start()].strip() if found else error.replace("(at end of document)", "").strip()
    lines = text.splitlines() or [""]
    line, column = (int(found[1]), int(found[2])) if found else (len(lines), len(lines[-1]) + 1)
    return ConfigError(
        f"not valid TOML: {message[:1].lower()}{message[1:]}", span=Span(path=path, line=line, column=column),
        hint="strings need quotes, tables `[name]`; nothing was written",
    )  # fmt: skip


def _table(value: object, name: str, text: str, path: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    parent, _, key = name.rpartition(".")
    span = _span(text, path, parent, key)
    raise ConfigError(f"`{name}` is {_kind(value)}", hint=f"write a table, [{name}]", span=span)


def _known(table: Mapping[str, object], keys: Iterable[str], section: str, text: str, path: str) -> None:
    for key in table:
        if key not in keys:
            where = f" in [{section}]" if section else ""
            raise ConfigError(
                f"unknown key `{key}`{where}", hint=_meant(key, keys), span=_span(text, path, section, key)
            )


def _meant(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(word[:64], names, 1, 0.5)
    return f"did you mean `{close[0]}`?" if close else _one_of(names)


def _one_of(names: Iterable[str]) -> str:
    return "it can be " + ", ".join(f"`{name}`" for name in names)


def _wrong(value: object, allowed: Collection[str]) -> str:
    """What to write instead of an option's value, `""` when it may stay: one of `allowed`, if any, else a path that
    files may be written below."""
    if allowed:
        return "" if value in allowed else _meant(value, allowed) if isinstance(value, str) else _one_of(allowed)
    hint = "write a path inside the project, with `/` between names and none at its ends"
    if not isinstance(value, str) or not value.isprintable() or "\\" in value:
        return hint
    parts = value.split("/")
    if any(part in ("", ".", "..") for part in parts) or ":" in parts[0]:
        return hint
    return "no editor's files stand in `.git` or `.driven`" if parts[0].casefold() in (".git", ".driven") else ""


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 40 else "a text"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "a date"


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _span(text: str, path: str, section: str, key: str) -> Span:
    """Where `key` of `section` stands, as near as a scan of lines can tell (tomllib keeps no places)."""
    import re

    here = ""
    dotted = f"{section}.{key}" if section else key
    fallback = Span(path=path)
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line)
        if head:
            here = re.sub(r"[\"'\s]", "", head[1])
            if here == dotted:
                return Span(path=path, line=number, column=line.index("[") + 1)
            if here.startswith(dotted + "."):
                fallback = Span(path=path, line=number, column=line.index("[") + 1)
            continue
        name = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        full = _join(here, re.sub(r"[\"']", "", name[1])) if name else ""
        if name and (full == dotted or full.startswith(dotted + ".")):
            return Span(path=path, line=number, column=name.start(1) + 1)
        inline = re.search(rf"[{{,]\s*[\"']?({re.escape(key)})[\"']?\s*=", line)
        if inline and (here == section or section.startswith(full)):
            fallback = Span(path=path, line=number, column=inline.start(1) + 1)
    return fallback
