"""Proposals for globs and paths, from the files that there are: folders, files, endings, each with how many files."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from weakref import WeakKeyDictionary

from driven_lsp.features.completion_kit import MOST, Proposals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driven_lsp.files import FileIndex
    from driven_lsp.snapshot import Snapshot

    Below = tuple[list[tuple[str, int]], list[str]]

WILD = frozenset("*?{[")
ENDINGS = 12  # that are proposed for one folder
NAMES = 20  # of folders that are proposed anywhere
MANY = 50  # folders in one folder
DIRECT = 4_000  # entries of one folder that are looked at
KEPT = 256  # folders of which all this is kept
LAST = "\U0010ffff"


class Listing:
    """What is asked again and again of one list of files."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files
        self._children: dict[str, Below | None] = {}
        self._endings: dict[str, list[tuple[str, int]]] = {}
        self._ends: list[str] | None = None  # of each file, in their order
        self._names: list[tuple[str, int]] | None = None
        self._languages: list[tuple[str, int]] | None = None

    def bounds(self, prefix: str) -> tuple[int, int]:
        """Which of the files begin with `prefix`."""
        if not prefix:
            return 0, len(self.files)
        low = bisect_left(self.files, prefix)
        return low, bisect_left(self.files, prefix + LAST, low)

    def children(self, prefix: str, tail: str = "") -> tuple[list[tuple[str, int]], list[str]]:
        """(folders with how many files are below each, files) directly below `prefix`, "" or `src/`. Of very many,
        those that begin with `tail`."""
        known = self._children.get(prefix)
        if known is None:
            found, is_all = self._look(prefix, *self.bounds(prefix))
            known = found if is_all else None
            if len(self._children) >= KEPT:
                self._children.clear()
            self._children[prefix] = known
        if known is not None:
            return known
        return self._look(prefix, *self.bounds(prefix + tail))[0]

    def _look(self, prefix: str, at: int, end: int) -> tuple[Below, bool]:
        """What is directly below `prefix` from `at` on, and whether that is all of it."""
        folders: list[tuple[str, int]] = []
        names: list[str] = []
        files, size = self.files, len(prefix)
        looked = 0
        while at < end and looked < DIRECT:
            looked += 1
            path = files[at]
            slash = path.find("/", size)
            if slash < 0:
                names.append(path[size:])
                at += 1
                continue
            after = bisect_left(files, path[:slash] + "0", at, end)  # `0` follows `/`
            folders.append((path[size:slash], after - at))
            at = max(after, at + 1)
        return (folders, names), at >= end

    def endings(self, prefix: str) -> list[tuple[str, int]]:
        """The endings of the files below `prefix` with how many have each, the most frequent first."""
        known = self._endings.get(prefix)
        if known is None:
            if self._ends is None:
                self._ends = [_ending(path) for path in self.files]
            low, high = self.bounds(prefix)
            counts = Counter(self._ends[low:high])
            known = [(ending, count) for ending, count in counts.most_common() if ending and WILD.isdisjoint(ending)]
            if len(self._endings) >= KEPT:
                self._endings.clear()
            self._endings[prefix] = known
        return known

    def names(self, folders: Sequence[str]) -> list[tuple[str, int]]:
        """The names of folders with how many are called so."""
        if self._names is None:
            counts = Counter(folder[folder.rfind("/") + 1 :] for folder in folders)
            self._names = counts.most_common(400)
        return self._names

    def languages(self) -> list[tuple[str, int]]:
        """The languages of the files, the most frequent first."""
        if self._languages is None:
            from driven.format.languages import lang_of

            counts: Counter[str] = Counter()
            for ending, count in self.endings(""):
                counts[lang_of(f"x.{ending}")] += count
            del counts[""]
            self._languages = counts.most_common()
        return self._languages


def _ending(path: str) -> str:
    """What follows the last dot of a name, "" where there is none or it is the first letter."""
    dot = path.rfind(".")
    return path[dot + 1 :] if dot > path.rfind("/") + 1 else ""


_kept: WeakKeyDictionary[FileIndex, Listing] = WeakKeyDictionary()


def listing_of(snapshot: Snapshot) -> Listing:
    """The listing of the project's files, kept until they change."""
    files = snapshot.files.files()
    known = _kept.get(snapshot.files)
    if known is None or known.files is not files:
        known = _kept[snapshot.files] = Listing(files)
    return known


def warm(snapshot: Snapshot) -> None:
    """Make now, beside other work, what the first completion of a glob would have to make."""
    listing = listing_of(snapshot)
    listing.endings("")
    listing.names(snapshot.files.folders())
    listing.children("")


def counted(number: int, word: str = "file") -> str:
    """`12 files`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def literal(name: str) -> str:
    """A name as a glob that matches it alone."""
    if WILD.isdisjoint(name):
        return name
    return "".join(f"[{char}]" if char in WILD else char for char in name)


def _plain(head: str) -> str | None:
    """What a glob without wildcards matches; None when it has one."""
    out = []
    at = 0
    while at < len(head):
        char = head[at]
        if char == "[" and head[at + 2 : at + 3] == "]" and head[at + 1] in WILD:
            out.append(head[at + 1])
            at += 3
            continue
        if char in WILD:
            return None
        out.append(char)
        at += 1
    return "".join(out)


def add_globs(into: Proposals, snapshot: Snapshot, typed: str, scope: str = "", *, inside: bool = False) -> None:
    """Globs that begin as `typed`, relative to the folder `scope`. More come when more is typed. `inside`: a slash and
    more stand behind already, so that only the name of a folder fits."""
    into.incomplete = True
    listing = listing_of(snapshot)
    base = f"{scope}/" if scope else ""
    lead = "/" if typed[:1] == "/" else "./" if typed[:2] == "./" else ""
    path = typed[len(lead) :]
    slash = path.rfind("/") + 1
    head, tail = path[:slash], path[slash:]
    plain = _plain(head)
    if plain is None and inside:
        return
    if plain is None:
        _below_wild(into, snapshot, listing, base, lead + head, head)
        return
    prefix = base + plain
    low, high = listing.bounds(prefix)
    if low == high:
        return
    folders, names = listing.children(prefix, _plain(tail) or "")
    begins = lead + head
    if inside:
        for name, count in _fitting(folders, tail):
            into.add(f"{begins}{literal(name)}", "folder", detail=counted(count), final=False)
        return
    if tail[:1] == "*" or not path:
        _endings(into, listing, prefix, begins)
    if tail[:1] == "*":
        direct = Counter(name[name.rfind(".") + 1 :] for name in names if name.rfind(".") > 0)
        for ending, count in direct.most_common(ENDINGS):
            if WILD.isdisjoint(ending):
                _glob(into, f"{begins}*.{ending}", counted(count))
    patterns = head and tail[:1] != "*"
    if patterns and len(folders) > MANY:  # or they would not be seen
        _whole(into, listing, prefix, begins, high - low)
    for name, count in _fitting(folders, tail):
        into.add(f"{begins}{literal(name)}/", "folder", detail=counted(count), final=False)
    if patterns:
        _whole(into, listing, prefix, begins, high - low)
    for name, _ in _fitting([(name, 1) for name in names], tail):
        into.add(f"{begins}{literal(name)}", "file", detail="1 file")


def _whole(into: Proposals, listing: Listing, prefix: str, begins: str, count: int) -> None:
    """All that is below a folder."""
    _glob(into, f"{begins}**", counted(count))
    _endings(into, listing, prefix, begins)


def _endings(into: Proposals, listing: Listing, prefix: str, begins: str) -> None:
    for ending, count in listing.endings(prefix)[:ENDINGS]:
        _glob(into, f"{begins}**/*.{ending}", counted(count))


def _below_wild(into: Proposals, snapshot: Snapshot, listing: Listing, base: str, begins: str, head: str) -> None:
    """Behind a wildcard: endings, and names of folders. Counts are told where they are sure."""
    wild = next(at for at, char in enumerate(head) if char in WILD)
    above = head[: head.rfind("/", 0, wild) + 1]
    sure = head == f"{above}**/"
    endings = listing.endings(base + above)
    for ending, count in endings[: ENDINGS * 3]:
        _glob(into, f"{begins}*.{ending}", counted(count) if sure else "")
    if head.endswith("**/"):
        for name, count in listing.names(snapshot.files.folders())[:NAMES]:
            if name[:1] != ".":
                into.add(f"{begins}{literal(name)}/", "folder", detail=counted(count, "folder"), final=False)
    elif endings:
        _glob(into, f"{begins}**", "")


def _glob(into: Proposals, glob: str, detail: str) -> None:
    into.add(glob, "glob", detail=detail, data={"kind": "glob", "glob": glob})


def add_endings(into: Proposals, snapshot: Snapshot, used: Sequence[str]) -> None:
    """Endings inside of braces: `*.{ts,tsx}`."""
    for ending, count in listing_of(snapshot).endings("")[:MOST]:
        if ending not in used:
            into.add(ending, "glob", detail=counted(count), raw=True)


def add_paths(
    into: Proposals, snapshot: Snapshot, folders: Sequence[str], typed: str, write: Callable[[str], str] = str,
    lead: str = "",
) -> None:  # fmt: skip
    """Files and folders that begin as `typed`, relative to the first of `folders` that has any; where no folder is
    typed yet, relative to the last as well. `write`: how a name stands in the text; `lead`: what stands before it."""
    from driven.document.paths import joined
    from driven_lsp.paths import unescaped

    into.incomplete = True
    listing = listing_of(snapshot)
    slash = typed.rfind("/") + 1
    head, tail = typed[:slash], typed[slash:]
    bases = list(dict.fromkeys(folders if head else (folders[0], folders[-1])))
    for folder in bases:
        where = joined(folder, unescaped(head).replace("\\ ", " "))
        if where is None:
            continue
        prefix = f"{where}/" if where else ""
        below, names = listing.children(prefix, tail)
        for name, count in _fitting(below, tail):
            into.add(f"{lead}{head}{write(name)}/", "folder", detail=counted(count), final=False)
        for name, _ in _fitting([(name, 1) for name in names], tail):
            into.add(f"{lead}{head}{write(name)}", "file", data={"kind": "file", "path": prefix + name})
        if head and (below or names):
            return


def _fitting(found: list[tuple[str, int]], tail: str) -> list[tuple[str, int]]:
    """Those that hold the typed letters, others between them or not; what begins so comes first, hidden ones last."""
    if not tail:
        return sorted(found, key=lambda one: one[0][:1] == ".")
    wanted = tail.lower()
    ranked = []
    for name, count in found:
        low = name.lower()
        rank = 0 if name.startswith(tail) else 1 if low.startswith(wanted) else 2 if wanted in low else 3
        if rank < 3 or holds(low, wanted):
            ranked.append((rank, name[:1] == ".", name, count))
    return [(name, count) for _, _, name, count in sorted(ranked)]


def holds(name: str, wanted: str) -> bool:
    """Whether the letters of `wanted` stand in `name` in that order."""
    at = 0
    for char in wanted:
        at = name.find(char, at) + 1
        if not at:
            return False
    return True
