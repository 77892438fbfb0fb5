"""The rule files of a project: found by stat, read and parsed only where they changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping

from blake3 import blake3

from driven.core.ledger import FOLDER, SOURCE, UNSURE, Entry
from driven.errors import ProjectError
from driven.format.text import BOM, MAX_RULE_BYTES, parse_rule, rule_id_for
from driven.frozen import field, record
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Rule
from driven.project.disk import Seen
from driven.project.files import tick
from driven.project.ledger import NO_DIGEST, Memory
from driven.project.reading import read_file
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.project.accepted import Loaded

RULES = ".driven/rules"
MAX_FILES = 100_000
MAX_DEPTH = 32


@record
class Sources:
    """What stands in `.driven/rules` now.

    rules     id -> rule; for a file that fails, its last good form where this machine knows one
    changed   ids whose rule is new, different or gone
    failed    ids of files that cannot be used, last good form or not
    lost      whether a failed file may have emitted something that is not known here: then nothing may be deleted
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    lost: bool = False
    known: bool = True  # this machine knows what every rule has emitted
    diagnostics: list[Diagnostic] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


class _Found:
    """A rule file as the scan met it; `path` is relative to the project root. Plain: there is one for each file.

    `mtime` is the inode's change time: unlike the mtime, nobody can set it back after an edit.
    """

    __slots__ = ("inode", "mtime", "path", "problem", "size")

    def __init__(self, path: str, size: int, mtime: int, inode: int, problem: str = "") -> None:
        self.path = path
        self.size = size
        self.mtime = mtime
        self.inode = inode
        self.problem = problem


def load_sources(root: str, memory: Memory, *, emitted: bool = True, packs: Loaded | None = None) -> Sources:
    """Every rule of the project and of its `packs`. A file that is of no use is a diagnostic and keeps its last rule.

    `emitted` says whether `outputs.lock` has a line at all: without one, nothing hangs on any rule.

    ProjectError when the folder itself is missing or unreadable: then nothing may be concluded, and nothing deleted.
    """
    began = tick()
    sources = Sources(known=memory.agrees or not emitted)
    names: dict[str, str] = {}  # id -> path
    for found in _scan(root, began, sources.entries):
        if found.problem and not found.path.endswith(".md"):
            # A folder that cannot be followed may hold any rule: nothing may be deleted.
            sources.diagnostics.append(_diagnostic("RUL25", found.problem, found.path, "restore it, or remove it"))
            sources.lost = True
            continue
        entry = memory.sources.get(found.path) if memory.current else None
        if entry is not None:
            rule_id = entry[2]  # the same driven made it of the same path
        else:
            rule_id = rule_id_for(found.path.removeprefix(RULES + "/")) if found.path.isprintable() else ""
        if not rule_id:
            message = f"`{found.path}` gives no rule id: a part of its name has neither a letter nor a digit"
            sources.diagnostics.append(_diagnostic("RUL23", message, found.path, "rename the file"))
            continue
        if rule_id in names:
            sources.diagnostics.append(
                _diagnostic(
                    "RUL24", f"`{found.path}` and `{names[rule_id]}` give one rule id, `{rule_id}`", found.path,
                    "rename one of them",
                )
            )  # fmt: skip
            sources.rules.pop(rule_id, None)
            _fail(sources, memory, rule_id)
            continue
        names[rule_id] = found.path
        _load_one(root, found, rule_id, memory, sources, began)
    if packs is not None:
        _take_packs(sources, packs, memory, names)
    sources.changed.update(memory.rules.keys() - sources.rules.keys())
    return sources


def _take_packs(sources: Sources, packs: Loaded, memory: Memory, names: Mapping[str, str]) -> None:
    sources.entries += packs.entries
    sources.diagnostics += packs.diagnostics
    sources.lost = sources.lost or packs.lost
    sources.failed |= packs.held
    for rule_id, rule in packs.rules.items():
        known = memory.rules.get(rule_id)
        if rule_id in names:
            message = f"`{names[rule_id]}` and `{rule.span.path}` give one rule id, `{rule_id}`"
            sources.diagnostics.append(_diagnostic("RUL24", message, names[rule_id], "rename the first of them"))
            sources.rules.pop(rule_id, None)
            _fail(sources, memory, rule_id)
            continue
        sources.rules[rule_id] = rule
        if known is None or (rule is not known and (rule != known or rule.source != known.source)):
            sources.changed.add(rule_id)


def source_bytes(rule: Rule) -> bytes:
    """The bytes of the file that `rule` was read from."""
    return (BOM if rule.source.bom else b"") + (rule.source.front + rule.body).encode("utf-8", "surrogatepass")


def refresh(root: str, sources: Sources, written: Mapping[str, Seen]) -> None:
    """Bring the ledger's entries up to date with rule files that this run has written, whose stats were `written`.

    What anybody else changed meanwhile must be looked at again: a folder is believed only with the names that it had.
    """
    folders = {path.rpartition("/")[0] for path in written}
    names: dict[str, set[str]] = {folder: set() for folder in folders}
    for _, raw, *_ in sources.entries:
        folder, _, name = os.fsdecode(raw).rpartition("/")
        if folder in names:
            names[folder].add(name)
    for at, entry in enumerate(sources.entries):
        path = os.fsdecode(entry[1])
        if path not in written and path not in folders:
            continue
        full = os.path.join(root, path)
        try:
            seen = os.stat(full)
            if path in folders:
                with os.scandir(full) as listing:
                    rules = {child.name for child in listing if child.name.endswith(".md") or child.is_dir()}
                size, known = seen.st_size, {name for name in rules if name[0] != "."} == names[path]
            else:
                size = seen.st_size
                known = (size, seen.st_mtime_ns, seen.st_ino) == written[path]
        except OSError:
            size, known = entry[3], False
        when = seen.st_ctime_ns if known else UNSURE
        digest = entry[6]
        if path in written:
            digest = blake3(read_file(full, MAX_RULE_BYTES)[0]).digest() if known else NO_DIGEST
        sources.entries[at] = (entry[0], entry[1], entry[2], size, when, seen.st_ino if known else 0, digest)


def _load_one(root: str, found: _Found, rule_id: str, memory: Memory, sources: Sources, began: int) -> None:
    entry = memory.sources.get(found.path)
    known = memory.rules.get(rule_id)
    if (
        entry is not None and known is not None and entry[2] == rule_id
        and (entry[3], entry[4], entry[5]) == (found.size, found.mtime, found.inode)
        and found.mtime < memory.made_ns
    ):  # fmt: skip
        sources.rules[rule_id] = known
        sources.entries.append(entry)
        return
    data, problem = _read(root, found)
    digest = NO_DIGEST if problem else blake3(data).digest()
    rule: Rule | None = None
    if problem:
        hint = "correct it, or move it out of the folder"
        sources.diagnostics.append(
            _diagnostic("RUL22" if found.size > MAX_RULE_BYTES else "RUL25", problem, found.path, hint)
        )
    elif entry is not None and known is not None and entry[2] == rule_id and entry[6] == digest:
        rule = known
    else:
        rule, findings = parse_rule(data, path=found.path, rule_id=rule_id)
        sources.diagnostics.extend(findings)
        if rule is not None and (known is None or rule != known or rule.source != known.source):
            sources.changed.add(rule_id)
    if rule is None:
        _fail(sources, memory, rule_id)
    else:
        sources.rules[rule_id] = rule
    # A file saved within the tick of this scan may yet change without a trace in its stat.
    mtime = UNSURE if rule is None or found.mtime >= began else found.mtime
    kept = NO_DIGEST if rule is None else digest  # what failed must be read, and said, again
    sources.entries.append((SOURCE, os.fsencode(found.path), rule_id, found.size, mtime, found.inode, kept))


def _fail(sources: Sources, memory: Memory, rule_id: str) -> None:
    """The rule keeps its last good form, where this machine remembers one."""
    sources.failed.add(rule_id)
    known = memory.rules.get(rule_id)
    if known is None:
        # Where this machine's memory agrees with `outputs.lock`, the rule has never been emitted: nothing hangs on it.
        sources.lost = sources.lost or not sources.known
    else:
        sources.rules[rule_id] = known


def _read(root: str, found: _Found) -> tuple[bytes, str]:
    """The bytes of a rule file, or what is wrong with it."""
    if found.problem:
        return b"", found.problem
    if found.size > MAX_RULE_BYTES:
        return b"", f"the file has {found.size:,} bytes; a rule has at most {MAX_RULE_BYTES:,}"
    try:
        with open(os.path.join(root, found.path), "rb", buffering=0) as file:
            data = file.read(MAX_RULE_BYTES + 1)
    except OSError as error:
        return b"", f"cannot be read: {(error.strerror or 'unknown').lower()}"
    if data is None or len(data) > MAX_RULE_BYTES:
        return b"", "the file grows while it is read"
    return data, ""


def _scan(root: str, began: int, entries: list[Entry]) -> Iterator[_Found]:
    """The rule files in sorted order; the stats of the folders go to `entries`."""
    top = os.path.join(root, RULES)
    if not os.path.lexists(top):
        raise ProjectError(f"`{RULES}` is missing; nothing was changed", hint="restore it, or start with `driven init`")
    if not os.path.isdir(top):
        raise ProjectError(f"`{RULES}` is not a folder; nothing was changed", hint="it must be a folder of rule files")
    inside = os.path.realpath(root) + os.sep
    if not os.path.realpath(top).startswith(inside):
        raise ProjectError(
            f"`{RULES}` is a link out of the project; nothing was changed", hint="it must be a folder here"
        )
    todo = [(RULES, 0)]
    seen_folders: set[tuple[int, int]] = set()
    files: list[_Found] = []
    while todo:
        folder, depth = todo.pop()
        full = os.path.join(root, folder)
        try:
            own = os.stat(full)
            with os.scandir(full) as listing:
                children = list(listing)
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
            raise ProjectError(f"`{folder}` cannot be read ({reason}); nothing was changed") from None
        if (own.st_dev, own.st_ino) in seen_folders:
            continue
        seen_folders.add((own.st_dev, own.st_ino))
        mtime = UNSURE if own.st_ctime_ns >= began else own.st_ctime_ns
        entries.append((FOLDER, os.fsencode(folder), "", own.st_size, mtime, own.st_ino, NO_DIGEST))
        for child in children:
            path = f"{folder}/{child.name}"
            if child.name.startswith("."):
                continue
            problem = _bad_link(root, path, inside) if child.is_symlink() else ""
            if problem:
                files.append(_Found(path, 0, UNSURE, 0, problem))
            elif child.is_dir():
                if depth >= MAX_DEPTH:
                    raise ProjectError(f"`{path}` is nested more than {MAX_DEPTH} folders deep")
                todo.append((path, depth + 1))
            elif child.name.endswith(".md"):
                files.append(_stat_file(path, child))
        if len(files) > MAX_FILES:
            raise ProjectError(f"more than {MAX_FILES:,} rule files in `{RULES}`")
    files.sort(key=lambda found: found.path)
    yield from files


def _stat_file(path: str, child: os.DirEntry[str]) -> _Found:
    try:
        seen = child.stat()
    except OSError as error:
        return _Found(path, 0, UNSURE, 0, f"cannot be read: {(error.strerror or 'unknown').lower()}")
    problem = "" if stat.S_ISREG(seen.st_mode) else "it is not a file"
    return _Found(path, seen.st_size, seen.st_ctime_ns, seen.st_ino, problem)


def _bad_link(root: str, path: str, inside: str) -> str:
    full = os.path.join(root, path)
    try:
        os.stat(full)
    except OSError as error:
        return f"it is a link that leads nowhere: {(error.strerror or 'unknown').lower()}"
    return "" if os.path.realpath(full).startswith(inside) else "it is a link out of the project"


def _diagnostic(code: str, message: str, path: str, hint: str) -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, span=Span(path=path), hint=hint)
