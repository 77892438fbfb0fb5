"""Whether a glob matches any file of a project, by the most generous reading that an editor may have of it.

A pattern is taken for right when any reading matches: in either case, a bare `*.ts` at any depth, a folder's name for
all below it, brackets as a class or as text. Where the editor's documentation does not say that a path begins at the
root, any depth will do.

A hundred globs over fifty thousand files take well under half a second: the parts of a pattern that are no wildcards
are looked for in one text of all paths, and only paths that hold the longest of them are matched.
"""

from __future__ import annotations

from driven.plugin_kit import FormatError, Glob, expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MOST_LINES = 200  # alternatives of one pattern that are looked at; with more it is taken for right
MOST_NEAR = 100  # missing folders for which a like one is looked for
MOST_TRIED = 200_000  # paths that are matched against one pattern
_WILD = "*?["


class Listing:
    """The files of a project; `rules` are those among them that are rule files themselves."""

    def __init__(self, files: Sequence[str], rules: Collection[str]) -> None:
        self._files = files
        self._rules = rules
        self._known: dict[tuple[str, tuple[str, ...], bool], bool] = {}
        self._all = ""
        self._folders = ""
        self._ends: set[str] = set()
        self._tops: list[str] | None = None
        self._nearest: dict[str, str] = {}

    @property
    def has_files(self) -> bool:
        """Whether there is any file that is no rule: else nothing can be said of globs."""
        rules = self._rules
        return any(path not in rules and path[:1] != "." for path in self._files)

    def matches(self, text: str, bases: tuple[str, ...], anywhere: bool) -> bool:
        """Whether a reading of the pattern matches a file, relative to one of the folders `bases`, or at any depth."""
        asked = (text, bases, anywhere)
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = self._look(text, bases, anywhere)
        return known

    def has_folder(self, folder: str) -> bool:
        """Whether any listed file stands below a folder."""
        return f"\n/{_lower(folder)}/" in self._text()

    def advice(self, text: str, bases: tuple[str, ...]) -> tuple[str, bool]:
        """What to do about a pattern that matches nothing, and whether its folder is missing."""
        bare = text.removeprefix("./")
        first = bare.split("/")[0]
        if "/" not in bare or any(char in first for char in "*?[{"):
            return "correct the pattern, or delete it", False
        top = bases[-1]
        if self.matches(bare, bases, True):
            where = f"not in `{top}`" if top else "not at the project's root"
            return f"`{first}` is {where}: write `**/{bare}`, or the whole path", True
        if any(f"\n/{_lower(base + '/' if base else '')}{_lower(first)}/" in self._text() for base in bases):
            return "correct the pattern, or delete it", False
        near = self._near(first[:100])
        last = f"; is it `{near}`?" if near else ": correct the pattern, or delete it"
        return f"there is no folder `{first}`{last}", True

    def _near(self, first: str) -> str:
        """The folder at the root that is most like a name; of many names no more is said."""
        if first not in self._nearest and len(self._nearest) < MOST_NEAR:
            from difflib import get_close_matches

            if self._tops is None:
                self._tops = sorted({path[: path.index("/")] for path in self._files if "/" in path})[:1_000]
            self._nearest[first] = (get_close_matches(first, self._tops, 1, 0.7) or [""])[0]
        return self._nearest.get(first, "")

    def _text(self) -> str:
        """All paths, each on a line of its own with `/` in front and none behind."""
        if not self._all:
            self._all = _lower("\n/" + "\n/".join(self._files) + "\n")
            paths = self._all[1:-1].split("\n")
            self._folders = "\n" + "/\n".join({path.rpartition("/")[0] for path in paths}) + "/\n"
            self._ends = {path.rpartition(".")[2] for path in paths}
        return self._all

    def _look(self, text: str, bases: tuple[str, ...], anywhere: bool) -> bool:
        lower = _lower(text)
        while lower[:2] == "./":
            lower = lower[2:]
        lower = lower.lstrip("/")
        if "\\" in lower or ("(" in lower and "|" in lower):
            return True  # escapes, groups of alternatives: readers differ
        try:
            lines = expand(lower)
        except FormatError:
            return True  # of broken braces other checks tell
        if len(lines) > MOST_LINES:
            return True
        return any(self._line(line, bases, anywhere) for line in lines)

    def _line(self, line: str, bases: tuple[str, ...], anywhere: bool) -> bool:
        """A pattern without braces."""
        line = line.rstrip("/")
        if line in ("", ".", "*", "**", "**/*"):
            return True
        heads = ["\n/" + _lower(base) + "/" if base else "\n/" for base in bases]
        if anywhere or "/" not in line:
            heads = ["/"]
        if not _is_wild(line):
            text = self._text()
            return any(head + line + end in text for head in heads for end in ("\n", "/"))
        readings = [line] if "[" not in line else [line, line.replace("[", "[[]")]
        return any(self._reading(reading, heads) for reading in readings)

    def _reading(self, line: str, heads: list[str]) -> bool:
        try:
            glob = Glob(_separate(line), anywhere=heads == ["/"], braces=False)
        except FormatError:
            return True
        return any(self._under(glob, line, head) for head in heads)

    def _may_match(self, parts: list[str]) -> bool:
        """A look at the folders and the extensions, which are few."""
        for part in parts:
            if part[-1] == "/":
                if part not in self._folders:
                    return False
            elif part[-1] == "\n" and "." in part and part[part.rindex(".") + 1 : -1] not in self._ends:
                return False
        return True

    def _under(self, glob: Glob, line: str, head: str) -> bool:
        text = self._text()
        parts = _literals(line, head)
        if not self._may_match(parts) or any(part not in text for part in parts):
            return False
        longest = max(parts, key=len)
        folder = len(head) - 1 if head != "/" else 1
        at = 0
        for _ in range(MOST_TRIED):
            at = text.find(longest, at)
            if at < 0:
                return False
            start = at if text[at] == "\n" else text.rfind("\n", 0, at)
            end = text.find("\n", start + 1)
            path = text[start : end + 1]
            if all(part in path for part in parts) and glob.match(path[folder + 1 : -1]):
                return True
            at = end
        return True


def _literals(line: str, head: str) -> list[str]:
    """Parts that stand in every path that the pattern matches: `/src/`, `.ts` at the end of a line; `head` at least."""
    names = line.split("/")
    last = len(names) - 1
    parts = [head]
    run = head if head != "/" else ""
    for at, name in enumerate(names):
        end = "\n" if at == last else "/"
        if name == "**":
            run = ""
        elif not _is_wild(name):
            run = (run or "/") + name + end
            parts.append(run)
        else:
            run = ""
            if "[" not in name:
                pieces = name.replace("?", "*").split("*")
                if len(pieces[0]) > 1:
                    parts.append("/" + pieces[0])
                if pieces[-1]:
                    parts.append(pieces[-1] + end)
                parts += [piece for piece in pieces[1:-1] if piece]
    return parts


def _separate(line: str) -> str:
    """`**.ts` as those who write it mean it: `**/*.ts`."""
    if "**" not in line:
        return line
    names = []
    for name in line.split("/"):
        if name[:2] == "**" and name != "**" and "**" not in name[2:]:
            names += ["**", name[1:]]
        else:
            names.append(name if name == "**" or "**" not in name else name.replace("**", "*"))
    return "/".join(names)


def _is_wild(text: str) -> bool:
    return any(char in text for char in _WILD)


def _lower(text: str) -> str:
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFC", text)
    return text.lower()
