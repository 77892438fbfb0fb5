"""What a glob matches, in words, and what an editor makes of it that reads globs in another way than rules do."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from driven.core._rt import FormatError
from driven.core.globs import Glob, check, expand, is_universal, literal_prefix
from driven_lsp.landing_text import code, counted, file_link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from driven.document.document import Document
    from driven.model.target import Dialect, Target
    from driven_lsp.files import FileIndex, Listing
    from driven_lsp.snapshot import Snapshot

SHOWN = 5  # files that are named
KEPT = 64  # answers of one folder
_kept: WeakKeyDictionary[FileIndex, tuple[Sequence[str], dict[object, tuple[str, ...]]]] = WeakKeyDictionary()


def problem_of(pattern: str) -> str:
    """Why a text is no glob, "" when it is one."""
    try:
        expand(check(pattern))
    except FormatError as error:
        return error.message
    return ""


def glob_text(snapshot: Snapshot, pattern: str, targets: Iterable[Target] = (), scope: str = "") -> str:
    """Markdown: how many files a glob matches and the first of them; what differs in each of the editors `targets`.
    `scope`: the folder that it is relative to."""
    problem = problem_of(pattern)
    if problem:
        return f"{code(pattern)} is no glob: {problem}."
    found = matching(snapshot, pattern, scope)
    below = f" below {code(scope + '/')}" if scope else ""
    if is_universal(pattern):
        lines = [f"{code(pattern)}: every file{below} ({len(found):,})"]
    elif not found:
        lines = [f"{code(pattern)} matches **no file**{below}{_meant(snapshot, pattern, scope)}"]
    else:
        lines = [f"{code(pattern)}: **{counted(len(found), 'file')}**{below}"]
    lines.append(_list(snapshot, found, "\n"))
    lines += [text for target in targets if (text := _differs(snapshot, pattern, found, target, scope))]
    return "\n\n".join(line for line in lines if line)


def matching(snapshot: Snapshot, pattern: str, scope: str = "") -> tuple[str, ...]:
    """The files that a glob matches as rules mean it, below `scope`."""
    if not scope:
        return snapshot.files.matching(pattern.removeprefix("/"), snapshot.stopped)
    return snapshot.files.matching(f"{scope}/{pattern.lstrip('/')}", snapshot.stopped)


def in_dialect(snapshot: Snapshot, pattern: str, dialect: Dialect) -> tuple[str, ...]:
    """The files that an editor takes a glob to match. Answers are kept until the files change."""
    answers = answers_of(snapshot)
    key = (pattern, dialect)
    if key not in answers:
        base = snapshot.files.matching(pattern, snapshot.stopped)
        found = _look(pattern, dialect, snapshot.files.listing(), base, snapshot.stopped)
        if found is None:
            return ()
        answers[key] = found
    return answers[key]


def answers_of(snapshot: Snapshot) -> dict[object, tuple[str, ...]]:
    """What was found out about the files of a folder, kept until they change."""
    files = snapshot.files.files()
    known = _kept.get(snapshot.files)
    if known is None or known[0] is not files or len(known[1]) >= KEPT:
        known = _kept[snapshot.files] = (files, {})
    return known[1]


def targets_for(snapshot: Snapshot, document: Document) -> list[Target]:
    """The editors whose reading of a document's globs counts: of a rule all that it goes to, else the one it is of."""
    targets = snapshot.targets
    if document.place != "driven/rule":
        return [targets[document.editor]] if document.editor in targets else []
    rule = snapshot.rule_at(document.path)
    names = snapshot.enabled
    return [targets[name] for name in names if name in targets and (rule is None or rule.for_editor(name))]


def scope_of(document: Document) -> str:
    """The folder that the globs of a document are relative to."""
    return "" if document.editor == "driven" else document.scope


def _look(
    pattern: str, dialect: Dialect, listing: Listing, base: tuple[str, ...], stopped: Callable[[], bool],
) -> tuple[str, ...] | None:  # fmt: skip
    """The dialect's answer, from `base`, the one that rules mean; None when nobody waits for it any more."""
    try:
        glob = Glob(pattern, dialect.ignore_case, dialect.dot, dialect.anywhere, dialect.braces)
        parts = expand(pattern) if dialect.braces else [pattern]
    except FormatError:
        return base
    if not dialect.braces:
        sure: tuple[str, ...] = ()
        pairs: Sequence[tuple[str, str]] = listing.pairs
    else:  # then a dialect only matches more, but for names that begin with a dot
        hidden = [] if dialect.dot else [path for path in base if path[:1] == "." or "/." in path]
        gone = set(hidden)
        sure = tuple(path for path in base if path not in gone) if gone else base
        pairs = likely = [(path, "") for path in hidden]
        deeper = dialect.anywhere and not pattern.startswith("**/")
        if pattern.isascii() and pattern == pattern.casefold():
            if deeper:
                likely += _likely(listing, parts, deeper=True)
            if dialect.ignore_case:
                likely += listing.mixed
        else:
            likely += _likely(listing, parts, deeper=False)
    known = set(sure) if pairs else set()
    more = []
    for at, (path, _) in enumerate(pairs):
        if at & 4095 == 4095 and stopped():
            return None
        if path not in known and glob.match(path):
            more.append(path)
    return tuple(sorted({*sure, *more})) if more else sure


def _likely(listing: Listing, patterns: Sequence[str], *, deeper: bool) -> list[tuple[str, str]]:
    """The files, with their paths case folded, that may match one of the patterns; one may come twice. With `deeper`,
    those alone that match it below some folder."""
    found: list[tuple[str, str]] = []
    for pattern in patterns:
        part, tail = _needle(pattern)
        prefix = literal_prefix(pattern)
        if deeper and prefix:
            part = f"/{prefix}/"
        if part and part not in listing.text:
            continue
        pairs = listing.ending(tail) if tail else listing.pairs
        found += [pair for pair in pairs if part in pair[1]] if part else pairs
    return found


def _needle(pattern: str) -> tuple[str, str]:
    """The longest part of a pattern that must stand in what it matches, and what that must end with, both with case
    folded; "" where there is none, and for letters beside ASCII, which have several forms."""
    if not pattern.isascii() or "[" in pattern:
        return "", ""
    parts = pattern.replace("?", "*").split("*")
    best = max((part.strip("/") for part in parts), key=len)
    return best.casefold(), parts[-1].rpartition("/")[2].casefold()


def _list(snapshot: Snapshot, found: Sequence[str], gap: str) -> str:
    lines = [f"- {file_link(snapshot, path)}" for path in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"- … {len(found) - SHOWN:,} more")
    return gap.join(lines)


def _meant(snapshot: Snapshot, pattern: str, scope: str) -> str:
    """What a pattern that matches nothing may have meant."""
    tries = []
    if not pattern.startswith(("**/", "/")):
        tries.append(f"**/{pattern}")
    bare = pattern.rstrip("/")
    if "*" not in bare.rpartition("/")[2]:
        tries.append(f"{bare}/**")
    for meant in tries:
        found = matching(snapshot, meant, scope)
        if found:
            return f"; {code(meant)} would match {counted(len(found), 'file')}"
    return ""


def _differs(snapshot: Snapshot, pattern: str, found: tuple[str, ...], target: Target, scope: str) -> str:
    """What an editor reads into a glob that rules do not, "" when that is the same."""
    dialect = target.dialect
    name = dialect.name or target.title
    if dialect.anywhere and pattern == "*":
        return f"{name} takes a bare `*` for every file."
    if scope or (dialect.anywhere, dialect.ignore_case, dialect.dot, dialect.braces) == (False, False, True, True):
        return ""
    theirs = in_dialect(snapshot, pattern, dialect)
    if theirs == found:
        return ""
    here = set(found)
    more = [path for path in theirs if path not in here]
    less = len(here) - (len(theirs) - len(more))
    if not more and not less:
        return ""
    ways = [
        words
        for words, holds in (
            ("at any depth", dialect.anywhere and not pattern.startswith(("/", "**/"))),
            ("in either case", dialect.ignore_case),
            ("without names that begin with a dot", not dialect.dot),
            ("braces as text", not dialect.braces),
        )
        if holds
    ]
    also = ", ".join(file_link(snapshot, path) for path in more[:3])
    tail = f", also {also}{' …' if len(more) > 3 else ''}" if more else f", {less:,} fewer"
    return f"{name} reads it {' and '.join(ways)}: **{counted(len(theirs), 'file')}**{tail}"
