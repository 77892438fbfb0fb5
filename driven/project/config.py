"""`.driven/config.toml`, or `[tool.driven]` in pyproject.toml: which editors, how to sync."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping

from driven import __version__
from driven.errors import ConfigError
from driven.frozen import field, frozen, replace
from driven.model.diagnostic import Diagnostic
from driven.project.reading import read_file
from driven.project.tables import meant, one_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from driven.project.disk import Tree

    Options = Mapping[str, Collection[str]]

CONFIG = ".driven/config.toml"
PYPROJECT = "pyproject.toml"
KEPT = ".driven/state/config"  # what the file said when it was parsed last
MAX_BYTES = 1 << 20
MAX_EDITORS = 500  # more are nobody's configuration, and each wrong one costs a search for what was meant

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


def read_config(root: str, options: Options | None = None) -> Config:
    """The configuration of the project at `root`; the defaults when there is none. ConfigError as of `parse_config`."""
    kept = _kept(root)
    if kept is not None:
        return kept
    for path in (CONFIG, PYPROJECT):
        found = _read(os.path.join(root, path))
        if found is not None and (path == CONFIG or b"tool.driven" in found[0]):
            return replace(parse_config(found[0], path, options), stamp=_stamp(path, found[1]))
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


def parse_config(data: bytes, path: str, options: Options | None = None) -> Config:
    """A configuration from TOML. ConfigError for what cannot be used: each mistake with its place and what to write,
    the first one as the error itself, all others in its `more`; with `options` (see `known_editors`) also those editors
    that are none. They alone are no error: the others can be written all the same."""
    from driven.project.config_text import error_of, read_text

    config, found = read_text(data, path, options)
    if any(one.code == ConfigError.code for one in found):
        raise error_of(found)
    return config


def known_editors(config: Config, options: Options) -> tuple[Config, list[Diagnostic]]:
    """The configuration without the editors that no plugin knows, or not with these options; each is an error.

    `options`: editor name -> `Target.allowed`, or just the names of its options where no value is to be checked. What
    such an editor has on disk stays as it is: its name goes to `unsure`.
    """
    named = (*config.editors, *config.disabled)
    unsure = {name for name in named[:MAX_EDITORS] if not _is_known(name, config, options)}
    found: list[Diagnostic] = []
    if unsure:
        from driven.project.config_text import editor_mistakes

        found = editor_mistakes(config, unsure, options)
    unsure.update(named[MAX_EDITORS:])
    kept = {name: value for name, value in config.editors.items() if name not in unsure}
    return replace(config, editors=kept, unsure=frozenset(unsure)), found


def _is_known(name: str, config: Config, options: Options) -> bool:
    known = options.get(name)
    if known is None:
        return False
    given = config.editors.get(name, {}).items()
    return all(option in known and not _wrong(value, choices_of(known, option)) for option, value in given)


def choices_of(known: Collection[str], option: str) -> Collection[str]:
    """What an option may be, empty where it is a path: of `options[name]` as `known_editors` takes them."""
    return known.get(option, ()) if isinstance(known, Mapping) else ()


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
