"""What a project remembers: `outputs.lock` (ours, committed) and `state/` (this machine: stats, compiled rules)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from driven import __version__
from driven.core._rt import FormatError
from driven.core.ledger import (
    ABSENT,
    MAX_BYTES,
    OUTPUT,
    SEARCHED,
    SETTING,
    SOURCE,
    UNSURE,
    Entry,
    Ledger,
    build_ledger,
    run_key,
)
from driven.core.lock import parse_lines, render_lines
from driven.errors import ConfigError
from driven.frozen import field, frozen, replace
from driven.model.plan import Lock, Owned
from driven.model.rule import Rule
from driven.project.compiled import Compiled, read_compiled
from driven.project.disk import JOURNAL, MAX_OUTPUT, STATE, Seen, Tree
from driven.project.files import TICK, pass_tick, tick
from driven.project.reading import read_file
from driven.span import Span

LOCK = ".driven/outputs.lock"
LEDGER = STATE + "/ledger"
HEAD = "# What `driven sync` wrote, one line per path and editor, with its digest. Commit this file; do not edit it.\n"
MAX_LOCK = 1 << 26
NO_DIGEST = b"\0" * 32
PACKS = ".driven/packs"
PINS = ".driven/driven.lock"
_PACKS, _PINS = PACKS.encode(), (PINS.encode(), b"revoked_keys")
SETTINGS = (".driven/config.toml", "pyproject.toml", LOCK, PINS, PACKS)


@frozen(kw_only=False)
class Memory:
    """What the last sync left. Empty where it left nothing that holds for this run.

    `outputs` maps path -> (editors, rule ids, stat); `sources` path -> ledger entry, whose names are the rule's id.
    """

    made_ns: int = 0
    sources: dict[str, Entry] = field(default_factory=dict)
    outputs: dict[str, Entry] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    compiled: Compiled = field(default_factory=Compiled)  # the same rules, as they stand on the disk
    interrupted: bool = False  # a run was killed: what it wrote is in the journal, and only a whole run finds all of it
    current: bool = False  # the same settings, plugins and driven: what did not change need not be done again
    agrees: bool = False  # the same but for packs: what every rule has emitted is still known
    settings: tuple[Entry, ...] = ()  # what `current` hangs on, besides the ledger's `key`
    key: bytes = b""
    stamp: Seen | None = None  # the stat of the ledger that says all this
    lock: dict[Owned, frozenset[str]] | None = None  # `outputs.lock`, while `current`; None: read it


def this_run() -> bytes:
    """The key under which this run's ledger holds."""
    return run_key(__version__, sys.prefix, sys.path)


def read_memory(root: str, kept: Memory | None = None) -> Memory:
    """The memory of the project at `root`. A ledger that is missing, damaged or another run's is no error.

    `kept` is what `write_ledger` answered in this process: it is taken as long as that ledger stands.
    """
    interrupted = os.path.lexists(os.path.join(root, JOURNAL))
    if kept is not None and kept.stamp is not None and not interrupted and kept.stamp == _seen(root, LEDGER):
        return _judged(root, kept)
    try:
        data, seen = read_file(os.path.join(root, LEDGER), MAX_BYTES)
        ledger = Ledger(data)
        by_kind = ledger.tables()
    except (OSError, FormatError):
        rules = read_compiled(root, None)
        return Memory(rules=rules.rules, compiled=rules, interrupted=interrupted)
    rules = read_compiled(root, ledger.checksum)
    memory = _memory(by_kind, rules, ledger.key, (seen.st_size, seen.st_mtime_ns, seen.st_ino))
    return replace(_judged(root, memory), interrupted=interrupted)


def _judged(root: str, memory: Memory) -> Memory:
    """`memory` with what it is worth for this run."""
    agrees = memory.key == this_run() and bool(memory.rules) and _hold(root, memory.settings, packs=False)
    return replace(memory, agrees=agrees, current=agrees and _hold(root, memory.settings, packs=True))


def _memory(by_kind: Mapping[int, dict[str, Entry]], rules: Compiled, key: bytes, stamp: Seen) -> Memory:
    settings = (*by_kind.get(SEARCHED, {}).values(), *by_kind.get(SETTING, {}).values())
    return Memory(
        made_ns=stamp[1], sources=by_kind.get(SOURCE, {}), outputs=by_kind.get(OUTPUT, {}), rules=rules.rules,
        compiled=rules, settings=settings, key=key, stamp=stamp,
    )  # fmt: skip


def _seen(root: str, path: str) -> Seen | None:
    try:
        seen = os.lstat(os.path.join(root, path))
    except OSError:
        return None
    return seen.st_size, seen.st_mtime_ns, seen.st_ino


def _hold(root: str, settings: Iterable[Entry], *, packs: bool) -> bool:
    """Whether the folders of the search path and the settings files, or all files of packs and their pins, stand as
    these entries say."""
    return all(
        entry[4] == _stat_now(root, os.fsdecode(entry[1]), entry) != UNSURE
        for entry in settings
        if packs == _is_of_packs(entry[1])
    )


def _is_of_packs(path: bytes) -> bool:
    return path.startswith(_PACKS) or path.endswith(_PINS)


def _stat_now(root: str, path: str, entry: Entry) -> int:
    try:
        seen = os.stat(os.path.join(root, path))
    except OSError:
        return ABSENT
    if entry[0] == SEARCHED:
        return seen.st_mtime_ns
    same = (seen.st_size, seen.st_ino & 0x7FFFFFFFFFFFFFFF) == (entry[3], entry[5])
    return seen.st_ctime_ns if same else UNSURE


def setting_entries(root: str) -> list[Entry]:
    """Ledger entries of the settings files, which the whole run depends on.

    Made before any of them is read: what is saved while the run goes on is for the next one.
    """
    return [setting_entry(root, path) for path in SETTINGS]


def setting_entry(root: str, path: str, name: str = "") -> Entry:
    """The entry of one file, or folder, that the whole run depends on; `name` is kept with it."""
    try:
        seen = os.stat(os.path.join(root, path))
    except OSError:
        return (SETTING, os.fsencode(path), name, 0, ABSENT, 0, NO_DIGEST)
    inode = seen.st_ino & 0x7FFFFFFFFFFFFFFF  # as the ledger keeps it
    return (SETTING, os.fsencode(path), name, seen.st_size, seen.st_ctime_ns, inode, NO_DIGEST)


def pack_of(path: str) -> str:
    """The pack that a file belongs to, "" for none."""
    return path[len(PACKS) + 1 :].partition("/")[0] if path.startswith(PACKS + "/") else ""


def lock_entry(settings: Iterable[Entry]) -> Entry | None:
    """The entry of `outputs.lock` among them."""
    raw = LOCK.encode()
    return next((entry for entry in settings if entry[1] == raw), None)


def is_another_lock(root: str, settings: Iterable[Entry]) -> bool:
    """Whether `outputs.lock` is not the one that `settings` speak of: somebody put another one there meanwhile."""
    return lock_entry(settings) != setting_entry(root, LOCK)


def searched_entries(search_path: Iterable[tuple[str, int]]) -> list[Entry]:
    """Ledger entries of the folders in which plugins are found. Made last: the project itself may be among them."""
    return [(SEARCHED, os.fsencode(path), "", 0, mtime, 0, NO_DIGEST) for path, mtime in search_path]


def with_lock(root: str, settings: Iterable[Entry], wrote: Seen) -> list[Entry]:
    """`settings` after this run wrote `outputs.lock`, if that file is still the one that stands there."""
    entry = setting_entry(root, LOCK)
    if _seen(root, LOCK) != wrote:
        entry = (*entry[:4], UNSURE, *entry[5:])
    return [*(one for one in settings if one[1] != entry[1]), entry]


def output_entry(path: str, rule_ids: Mapping[str, Iterable[str]], seen: Seen | None) -> Entry:
    """The ledger entry of an output that carries these rules per editor; without `seen` the next sync looks again."""
    size, mtime, inode = seen or (0, UNSURE, 0)
    names = ";".join(f"{editor}:{','.join(ids)}" for editor, ids in rule_ids.items())
    return (OUTPUT, os.fsencode(path), names, size, mtime, inode, NO_DIGEST)


def output_rules(entry: Entry) -> dict[str, list[str]]:
    """Editor -> ids of its rules in an output: what `output_entry` was given."""
    pairs = (part.partition(":") for part in entry[2].split(";") if part)
    return {editor: ids.split(",") if ids else [] for editor, _, ids in pairs}


def write_ledger(tree: Tree, entries: list[Entry], summary: str, rules: Compiled, settled: bool) -> Memory:
    """Write the ledger: the last act of a sync, and later than the last change that it speaks of. What `read_memory`
    would make of it."""
    now = tick() + TICK  # a finer stamp may lie a tick ahead of the clock
    newest = max((entry[4] for entry in entries if entry[4] <= now), default=0)
    # A journal that could not be removed claims more than is true: the next sync must try again.
    settled = settled and tree.seen(JOURNAL) is None
    key = this_run()
    seen = tree.write_state(LEDGER, build_ledger(key, summary.encode(), rules.checksum, settled, entries))
    if seen[1] <= newest:  # stamped by the tick, not finer
        pass_tick(newest)
        tree.touch(LEDGER)
        seen = tree.seen(LEDGER) or seen
    by_kind: dict[int, dict[str, Entry]] = {}
    for entry in entries:
        raw = entry[1]
        by_kind.setdefault(entry[0], {})[raw.decode() if raw.isascii() else os.fsdecode(raw)] = entry
    return _memory(by_kind, rules, key, seen)


def forget(tree: Tree) -> None:
    """Remove the ledger: the next sync looks at everything."""
    tree.remove_state(LEDGER)


def prepare_state(tree: Tree) -> None:
    """Clear the project's own folders of the temps of killed runs. For the one who holds the `Writer`: without it the
    temps may be those of a run that goes on."""
    tree.sweep((".driven", STATE, f"{STATE}/snapshots"))


def read_lock(root: str) -> dict[Owned, frozenset[str]]:
    """`outputs.lock`, and what a killed run was about to write. ConfigError for a line that is none.

    After a merge of two branches both sides hold: git's marker lines are passed over.
    """
    try:
        text = read_file(os.path.join(root, LOCK), MAX_LOCK)[0].decode()
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"`{LOCK}` cannot be read: {error}", hint="restore it from version control") from None
    lock, odd = parse_lines(text)
    for number, line in odd:
        if not line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
            entry = _lock_line(line)
            if entry is None:
                raise ConfigError(
                    "not a line of `outputs.lock`: a path of an editor's file, the editor and a digest, tabs between",
                    hint="restore the file from version control", span=Span(path=LOCK, line=number),
                )  # fmt: skip
            lock[entry[0]] = lock.get(entry[0], frozenset()) | {entry[1]}
    for owned, known in _journal(root):
        if owned in lock or owned[2] != "file" or _stands(root, owned[0], known):
            lock[owned] = lock.get(owned, frozenset()) | {known}
    return lock


def _stands(root: str, path: str, known: str) -> bool:
    """Whether a killed run came to write this new file: if not, what is there is not ours, not even edited."""
    from driven.format.hashes import digest

    try:
        return digest(read_file(os.path.join(root, path), MAX_OUTPUT)[0]) == known
    except OSError:
        return False


def _lock_line(line: str) -> tuple[Owned, str] | None:
    """What a line says, None when it is no line of ours: a lock may come with a stranger's branch."""
    fields = line.split("\t")
    if len(fields) != 3:
        return None
    path = _unescape(fields[0])
    parts = path.split("/")
    folded = [part.casefold() for part in parts]
    if "\0" in path or "\\" in path or folded[0] == ".driven" or {"", ".", "..", ".git"}.intersection(folded):
        return None
    part, _, digest = fields[2].rpartition(":")
    if len(digest) != 32 or digest.strip("0123456789abcdef"):
        return None
    return (path, fields[1], part or "file"), digest


def _journal(root: str) -> list[tuple[Owned, str]]:
    """What a killed run was about to write; empty when the last one ended well. A damaged one says what it can."""
    try:
        text = read_file(os.path.join(root, JOURNAL), MAX_LOCK)[0].decode(errors="replace")
    except OSError:
        return []
    return [entry for entry in map(_lock_line, text.splitlines()) if entry is not None]


def render_lock(lock: Lock) -> bytes:
    """The text of `outputs.lock`: sorted, so that a branch changes only its own lines."""
    return f"{HEAD}{render_lines(dict(lock), _escape)}".encode()


def write_lock(tree: Tree, lock: Mapping[Owned, frozenset[str]], before: Lock) -> Seen | None:
    """Write `outputs.lock` when it changed, and answer its stat; remove it when nothing is ours any more."""
    if not lock:
        tree.remove_state(LOCK)
        return None
    if lock != before or tree.seen(LOCK) is None:
        return tree.write_state(LOCK, render_lock(lock), durable=True)
    if tree.seen(JOURNAL) is not None:  # `before` has what a killed run's journal says: the file may not
        data = render_lock(lock)
        if tree.read(LOCK).data != data:  # who writes what stands there wakes every watch, its own first
            return tree.write_state(LOCK, data, durable=True)
    return None


def journal_paths(root: str) -> list[str]:
    """The paths that a killed run was about to write."""
    return [owned[0] for owned, _ in _journal(root)]


def _escape(path: str) -> str:
    if path.isprintable() and not path.startswith(("#", "<", "=", ">", "|")) and "%" not in path:
        return path
    from urllib.parse import quote

    return quote(path, safe="/ !$&'()*+,;:@[]^`{}~\"?\\")


def _unescape(path: str) -> str:
    if "%" not in path:
        return path
    from urllib.parse import unquote

    return unquote(path)
