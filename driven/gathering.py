"""Finding the rule files that editors have: by their importers' patterns, by name, and by what one takes in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from driven.core.globs import Glob, literal_prefix
from driven.errors import UsageError
from driven.format.hashes import digest
from driven.format.parts import ownership_of, read_part
from driven.format.text import MAX_RULE_BYTES
from driven.frozen import field, frozen, record
from driven.hookspecs import Importer, SourceFile
from driven.model.diagnostic import Diagnostic, Severity
from driven.model.plan import Lock
from driven.planning import fold
from driven.project.finder import Finder, walk
from driven.project.reading import read_file
from driven.span import Span

HOPS = 4  # how deep a file may take in others (https://code.claude.com/docs/en/memory, verified 2026-11-21)
MAX_TAKEN_IN = 1_000  # files that others take in
# What looks like rules and is none: code, editor, patterns, what is said of it, what to do. The pages of the
# editors say so: https://cursor.com/docs/rules,
# https://docs.github.com/en/copilot/how-tos/configure-custom-instructions,
# https://agents.md (verified 2026-11-21).
_UNREAD = (
    (
        "CUR01", "cursor", (".cursor/rules/**/*.{md,txt}",), "Cursor loads only `.mdc` files from there",
        "end its name in `.mdc`, then import again",
    ),
    (
        "COP02", "copilot", (".github/instructions/**/*.md",), "Copilot reads only `*.instructions.md` from there",
        "end its name in `.instructions.md`, then import again",
    ),
    (
        "AGM03", "agents", ("**/AGENT.md", "**/agents.md"), "most tools read no name but AGENTS.md",
        "rename it to AGENTS.md, then import again",
    ),
)  # fmt: skip
_PROMPTS = {
    "claude": (".claude/commands/**/*.md",),
    "copilot": (".github/prompts/**/*.prompt.md",),
    "cursor": (".cursor/commands/**/*.md",),
    "windsurf": (".windsurf/workflows/**/*.md", ".devin/workflows/**/*.md"),
}
_DEEP = 32  # folders above a file that may tell whose it is


@frozen(kw_only=False)
class Found:
    """A file for an importer. `base` is the folder that its path is relative to, "" where its place tells nothing;
    `inside`: it stands in the project, at that very path, so that a sync may write it one day."""

    file: SourceFile
    base: str
    inside: bool
    by: str = ""  # the file that takes it in


@record
class Gathered:
    """What was found. `files` is editor -> path -> file; `ours` are paths that a sync wrote and nobody changed since;
    `natives` maps a path to other editors that read its text by themselves: through a link, or by taking it in."""

    files: dict[str, dict[str, Found]] = field(default_factory=dict)
    ours: dict[str, None] = field(default_factory=dict)
    natives: dict[str, dict[str, None]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Editor -> how many files of its own were read."""
        own = {name: sum(not self.is_lent(name, path) for path in paths) for name, paths in self.files.items()}
        return {name: count for name, count in own.items() if count}

    def is_lent(self, name: str, path: str) -> bool:
        """Whether the importer `name` was shown a file that another one reads as its own: the rule is that one's."""
        return bool(self.files[name][path].by) and name in self.natives.get(path, ())


def gather(root: str, paths: Sequence[str], importers: Mapping[str, Importer], lock: Lock) -> Gathered:
    """The files at `paths` (folders are searched), or without any all that an importer knows; and what those take in.

    A file outside the project is read as if it stood where its editor looks. UsageError for a path that holds nothing.
    """
    search = _Search(root, importers, lock)
    if paths:
        for given in paths:
            search.named(given)
    else:
        search.everything()
    search.taken_in()
    return search.out


class _Search:
    def __init__(self, root: str, importers: Mapping[str, Importer], lock: Lock) -> None:
        self.root = os.path.realpath(root)
        self.importers = importers
        self.globs = {name: [Glob(pattern) for pattern in one.patterns] for name, one in importers.items()}
        self.lock: dict[str, list[tuple[str, frozenset[str]]]] = {}  # path -> part, digests
        for (path, _, part), digests in lock.items():
            if part in ("file", "outside"):
                self.lock.setdefault(path, []).append((part, digests))
        self.out = Gathered()
        self.folded: dict[tuple[str, str], str] = {}
        self.told: set[tuple[str, str]] = set()

    def everything(self) -> None:
        finder = Finder(self.root)
        for name, importer in self.importers.items():
            for pattern in importer.patterns:
                for path in finder.matching(pattern):
                    self.standing(name, path)
        for path in sorted(finder.links):
            for name, below in self.behind(path):
                self.standing(name, below)
        self.unread(finder)

    def unread(self, finder: Finder) -> None:
        """Tell of files that a person may take for rules, or wish to be: one line for each kind."""
        for code, editor, patterns, why, hint in _UNREAD:
            if paths := self.strange(finder, editor, patterns):
                what = f"`{paths[0]}`" + (f" and {len(paths) - 1} more like it" if paths[1:] else "")
                self.tell(code, "warning", paths[0], f"{what}: {why}: left out", hint)
        prompts = [path for name, patterns in _PROMPTS.items() for path in self.strange(finder, name, patterns)]
        if prompts:
            folders = ", ".join(dict.fromkeys(f"`{'/'.join(path.split('/')[:2])}/`" for path in prompts))
            message = f"commands, prompts and workflows are not rules, and are left alone: {folders}"
            self.tell("IMP18", "info", prompts[0], message, "")

    def strange(self, finder: Finder, editor: str, patterns: Sequence[str]) -> list[str]:
        """The files that `patterns` match, but no importer, if that editor's files are read at all."""
        found = [path for pattern in patterns if editor in self.importers for path in finder.matching(pattern)]
        return [
            path
            for path in found
            if path not in self.lock
            and path.rpartition("/")[2].lower() != "readme.md"
            and (editor, fold(path)) not in self.folded
            and not any(self.takes(name, path) for name in self.importers)
        ]

    def behind(self, path: str) -> Iterator[tuple[str, str]]:
        """What an importer would read at, or behind, the link at `path`."""
        full = os.path.join(self.root, path)
        inside = os.path.realpath(full).startswith(self.root + os.sep)
        below = [path]
        if os.path.isdir(full) and inside:
            below = [f"{path}/{os.path.relpath(one, full)}".replace(os.sep, "/") for one in sorted(walk(full))]
        elif os.path.isdir(full):
            self.left_out(path)
        for name in self.importers:
            yield from ((name, one) for one in below if self.takes(name, one))

    def takes(self, name: str, path: str) -> bool:
        return any(glob.match(path) for glob in self.globs[name])

    def standing(self, name: str, path: str, by: str = "", named: bool = False) -> bool:
        """Take a file that stands in the project at `path` for the importer `name`; whether it is one for it."""
        full = os.path.join(self.root, path)
        real = os.path.realpath(full)
        found = Found(SourceFile(path=path, data=b""), self.root, True, by)
        if real == full:
            return self.add(name, path, full, found, named)
        inner = os.path.relpath(real, self.root).replace(os.sep, "/")
        if inner.startswith("../") or real == self.root or inner.split("/")[0] in (".driven", ".git"):
            self.left_out(path)
            return False
        if any(self.takes(editor, inner) for editor in self.importers):
            self.out.natives.setdefault(inner, {})[name] = None
            self.tell("IMP10", "info", path, f"`{path}` is `{inner}`, by a link: it is read as that", "")
            return False
        if not os.path.islink(full):  # it stands in a folder that a link leads to: a sync writes there
            return self.add(name, path, full, found, named)
        message = f"`{path}` is a link to `{inner}`: it was left out, because a sync writes through no link"
        self.tell("IMP10", "warning", path, message, "make it a file of its own, then import again")
        return False

    def left_out(self, path: str) -> None:
        """Tell of a link out of the project, once for all that stands behind it."""
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            if os.path.islink(os.path.join(self.root, *parts[:end])):
                path = "/".join(parts[:end])
                break
        message = f"`{path}` is a link out of the project: what it leads to was left out"
        self.tell("IMP10", "warning", path, message, "name a file of it to import that: `driven import PATH`")

    def named(self, given: str) -> None:
        """A file or a folder of the command line."""
        top = os.path.abspath(given)
        if not os.path.lexists(top):
            raise UsageError(f"no file or folder `{given}`", hint="without a path, `driven import` finds them itself")
        folder = top if os.path.isdir(top) else os.path.dirname(top)
        taken = 0
        for full in sorted(walk(top)) if os.path.isdir(top) else [top]:
            relative = os.path.relpath(full, self.root).replace(os.sep, "/")
            own = [] if relative.startswith("../") else [name for name in self.importers if self.takes(name, relative)]
            if own and os.path.realpath(full) == full:
                taken += len(own)
                for name in own:
                    self.standing(name, relative, named=full == top)
                continue
            placed = self.placed(full, os.path.relpath(full, folder).replace(os.sep, "/"))
            if len(placed) > 1:
                names = " or ".join(f"`{name}`" for name in sorted(placed))
                message = f"`{relative}` was left out: it could be a file of {names}"
                self.tell("IMP14", "error", relative, message, "say whose it is: `driven import PATH --editor NAME`")
                taken += 1
            for name, path in placed.items() if len(placed) == 1 else ():
                taken += 1
                base = full[: -len(path) - 1] if full.endswith("/" + path) else ""
                self.add(name, path, full, Found(SourceFile(path=path, data=b""), base, False), True)
        if not taken:
            patterns = ", ".join(f"`{pattern}`" for one in self.importers.values() for pattern in one.patterns)
            raise UsageError(f"`{given}` holds no file that can be imported", hint=f"these can: {patterns}")

    def placed(self, full: str, below: str) -> dict[str, str]:
        """Editor -> path in a project of a file that stands elsewhere, given its path below the folder named.

        Its place says whose it is, as far as it goes; else its name does, the longer the end that a pattern asks for.
        """
        parts = full.strip("/").split("/")
        tails = ["/".join(parts[at:]) for at in range(len(parts) - 1, max(-1, len(parts) - _DEEP), -1)]
        for path in (below, *(tail for tail in tails if len(tail) > len(below))):
            for name in self.importers:
                if self.takes(name, path):
                    return {name: path}
        found: dict[str, tuple[int, str]] = {}
        for name, importer in self.importers.items():
            for pattern in importer.patterns:
                path = f"{literal_prefix(pattern)}/{below}".lstrip("/")
                if Glob(pattern).match(path):
                    end = len(pattern) - max(pattern.rfind(wild) for wild in "*?]}/") - 1
                    found[name] = max(found.get(name, (-1, "")), (end, path), key=lambda item: item[0])
        best = max((end for end, _ in found.values()), default=0)
        return {name: path for name, (end, path) in found.items() if end == best}

    def add(self, name: str, path: str, full: str, found: Found, named: bool) -> bool:
        if path in self.out.files.get(name, ()) or (not named and path in self.out.ours):
            return True
        first = self.folded.setdefault((name, fold(path)), path)
        if first != path or not path.isprintable():
            why = f"it and `{first}` are one file on some disks" if first != path else "its name is no plain text"
            message = f"`{path}` was left out: {why}"
            self.tell("IMP02", "error", path, message, "rename it, then import again")
            return False
        try:
            data = read_file(full, MAX_RULE_BYTES)[0]
        except OSError as error:
            message = f"`{path}` was left out, it cannot be read: {(error.strerror or 'unknown').lower()}"
            hint = f"correct it, or leave it out; a rule is a file of at most {MAX_RULE_BYTES:,} bytes"
            self.tell("IMP01", "error", path, message, hint)
            return False
        if found.inside and not named and path in self.lock:
            if self.is_ours(path, data):
                self.out.ours[path] = None
            else:
                message = f"`{path}` was left out: it was edited since a sync wrote it"
                self.tell("IMP11", "warning", path, message, "`driven sync` brings the edit into its rule")
            return True
        self.out.files.setdefault(name, {})[path] = Found(
            SourceFile(path=path, data=data), found.base, found.inside, found.by
        )  # fmt: skip
        return True

    def is_ours(self, path: str, data: bytes) -> bool:
        """Whether it is what a sync, or an earlier import, left there; git may have made the line ends CRLF."""
        from driven.errors import SourceError

        for part, digests in self.lock[path]:
            ownership, _ = ownership_of(part)
            for text in (data, data.replace(b"\r\n", b"\n")):
                try:
                    mine = read_part(ownership, text, b"")
                except SourceError:
                    continue
                if mine is not None and digest(mine) in digests:
                    return True
        return False

    def taken_in(self) -> None:
        """What the files take in, and what that takes in, is read for the same importer."""
        for name, importer in self.importers.items():
            level = list(self.out.files.get(name, {}).values())
            count = 0
            for hop in range(HOPS + 1):
                following: list[Found] = []
                for found in level:
                    for path in dict.fromkeys(importer.follows(found.file)):
                        if not found.base or path in self.out.files.get(name, ()):
                            continue
                        if hop == HOPS or count >= MAX_TAKEN_IN:
                            what = f"`{found.file.path}` takes in `{path}`"
                            deep = f"more than {HOPS} files deep" if hop == HOPS else "one file too many"
                            self.tell("IMP12", "warning", found.file.path, f"{what}, {deep}: it was not read", "")
                            continue
                        taken = self.follow(name, path, found)
                        if taken is not None:
                            following.append(taken)
                            count += 1
                level = following

    def follow(self, name: str, path: str, by: Found) -> Found | None:
        """One file that `by` takes in, when it is not read for this importer anyway. One that is not there is for the
        importer to tell. Where another importer reads it as its own, this one is shown it all the same."""
        if not path.isprintable():
            return None
        full = os.path.normpath(os.path.join(by.base, path))
        real = os.path.realpath(full)
        outside = path.startswith(("/", "~")) or not real.startswith(os.path.realpath(by.base) + os.sep)
        if outside or path.split("/")[0] in (".git", ".driven"):
            message = f"`{by.file.path}` takes in `{path}`, which is not in the project: it was not read"
            hint = "its editor goes on reading it; copy what other editors shall know into a rule"
            self.tell("IMP12", "warning", by.file.path, message, hint)
            return None
        if not os.path.isfile(real):
            return None
        inner = os.path.relpath(real, os.path.realpath(by.base)).replace(os.sep, "/")
        if self.takes(name, inner):
            return None
        if any(self.takes(editor, inner) for editor in self.importers):
            self.out.natives.setdefault(inner, {})[name] = None
        path = os.path.relpath(full, by.base).replace(os.sep, "/")
        # What is taken in is read where the link leads: nothing will ever be written there.
        self.add(name, path, real, Found(SourceFile(path=path, data=b""), by.base, by.inside, by.file.path), True)
        return self.out.files.get(name, {}).get(path)

    def tell(self, code: str, severity: Severity, path: str, message: str, hint: str) -> None:
        if (message, path) not in self.told:
            self.told.add((message, path))
            self.out.diagnostics.append(
                Diagnostic(code=code, severity=severity, message=message, span=Span(path=path), hint=hint)
            )
