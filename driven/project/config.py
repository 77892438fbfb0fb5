"""`.driven/config.toml`, or `[tool.driven]` in pyproject.toml: which editors, how to sync."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping

from driven import __version__
from driven.errors import ConfigError
from driven.frozen import field, frozen, replace
from driven.model.diagnostic import Diagnostic
from driven.project.reading import read_file
from driven.project.tables import joined, kind_of, known_keys, meant, one_of, span_of, table_of
from driven.project.validate_table import validate_table
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
        whole = table_of(whole.get("tool", {}), "tool", text, path).get("driven", {})
    table = table_of(whole, prefix or "the file", text, path)
    known_keys(table, TOP_KEYS, prefix, text, path)
    if table.get("version", 1) != 1:
        raise ConfigError(
            f"version `{table['version']}` is not known to this driven", hint="this driven reads version 1",
            span=span_of(text, path, prefix, "version"),
        )  # fmt: skip
    editors: dict[str, Mapping[str, object]] = {}
    disabled: list[str] = []
    section = joined(prefix, "editors")
    for name, value in table_of(table.get("editors", {}), section, text, path).items():
        if value is False:
            disabled.append(name)
        elif value is True or isinstance(value, dict):
            editors[name] = {} if value is True else value
        else:
            raise ConfigError(
                f"`{name}` is {kind_of(value)}", hint="write true, false or a table of that editor's options",
                span=span_of(text, path, section, name),
            )  # fmt: skip
    sync = _sync(
        table_of(table.get("sync", {}), joined(prefix, "sync"), text, path), joined(prefix, "sync"), text, path
    )
    validate = validate_table(table, joined(prefix, "validate"), text, path)
    return Config(
        editors=editors, disabled=tuple(disabled), path=path, text=text, **sync, **validate
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
            close = meant(name, options)
            hint = f"{close}{'' if close.endswith('?') else ';'} `driven plugin list` shows them all"
            report(name, f"unknown editor `{name}`", hint, span_of(config.text, config.path, section, name))
            continue
        for option, value in config.editors.get(name, {}).items():
            known = options[name]
            if option not in known:
                names = list(known)
                hint = meant(option, names) if names else f"write `{name} = true`"
                message = f"`{name}` has no option `{option}`"
            else:
                hint = _wrong(value, known.get(option, ()) if isinstance(known, Mapping) else ())
                message = f"the option `{option}` of `{name}` is {kind_of(value)}"
            if hint:
                report(name, message, hint, span_of(config.text, config.path, f"{section}.{name}", option))
    unsure.update((*config.editors, *config.disabled)[MAX_EDITORS:])
    kept = {name: value for name, value in config.editors.items() if name not in unsure}
    return replace(config, editors=kept, unsure=frozenset(unsure)), found


def _sync(table: dict[str, Any], section: str, text: str, path: str) -> dict[str, Any]:
    known_keys(table, SYNC_KEYS, section, text, path)
    for key, value in table.items():
        wanted = SYNC_KEYS[key]
        if isinstance(wanted, tuple):
            due = "" if value in wanted else " or ".join(f'"{word}"' for word in wanted)
        else:
            due = "" if type(value) is wanted else "true or false" if wanted is bool else "a whole number"
        if due:
            raise ConfigError(
                f"`{key}` is {kind_of(value)}", hint=f"write {due}", span=span_of(text, path, section, key)
            )
    for key, (least, most, unit) in RANGES.items():
        if not least <= table.get(key, least) <= most:
            raise ConfigError(
                f"`{key}` is out of range", hint=f"write {least} to {most} ({unit})",
                span=span_of(text, path, section, key),
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


def _wrong(value: object, allowed: Collection[str]) -> str:
    """What to write instead of an option's value, `""` when it may stay: one of `allowed`, if any, else a path that
    files may be written below."""
    if allowed:
        return "" if value in allowed else meant(value, allowed) if isinstance(value, str) else one_of(allowed)
    hint = "write a path inside the project, with `/` between names and none at its ends"
    if not isinstance(value, str) or not value.isprintable() or "\\" in value:
        return hint
    parts = value.split("/")
    if any(part in ("", ".", "..") for part in parts) or ":" in parts[0]:
        return hint
    return "no editor's files stand in `.git` or `.driven`" if parts[0].casefold() in (".git", ".driven") else ""
