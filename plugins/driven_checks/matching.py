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
    """The files of a project. Answers are kept."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = files
        self._known: dict[tuple[str, tuple[str, ...], bool], bool] = {}
        self._all = ""
        self._folders = ""
        self._ends: set[str] = set()
        self._below: dict[str, dict[str, list[str]]] = {}
        self._nearest: dict[str, str] = {}

    def has_files(self, rules: Collection[str]) -> bool:
        """Whether there is any file that is none of `rules`, the rule files: else nothing can be said of globs."""
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

    def advice(self, text: str, bases: tuple[str, ...]) -> tuple[str, bool, str]:
        """What to do about a pattern that matches nothing, whether its folder is missing, and the pattern that was
        meant, which matches, "" where there is none that is like it."""
        bare = text.removeprefix("./")
        names = bare.split("/")
        wild = next((at for at, name in enumerate(names) if any(char in name for char in "*?[{")), len(names) - 1)
        if not wild or (len(names) > 1 and self._has(names[: wild or 1], bases)):
            meant = self._other_end(bare, bases)
            if not meant and not _is_wild(bare) and (near := self._near("/".join(names[:-1]), names[-1][:100], "file")):
                meant = "/".join([*names[:-1], near])
            return (f"did you mean `{meant}`?" if meant else "correct the pattern, or delete it"), False, meant
        first, top = names[0], bases[-1]
        if self.matches(bare, bases, True):
            where = f"not in `{top}`" if top else "not at the project's root"
            return f"`{first}` is {where}: write `**/{bare}`, or the whole path", True, f"**/{bare}"
        at = next(at for at in range(wild) if not self._has(names[: at + 1], bases))
        folder = "/".join(names[: at + 1])
        near = self._near("/".join(names[:at]), names[at][:100])
        if not near:
            return f"there is no folder `{folder}`: correct the pattern, or delete it", True, ""
        meant = "/".join([*names[:at], near, *names[at + 1 :]])
        if not self.matches(meant, bases, False):
            return f"there is no folder `{folder}`; is it `{'/'.join([*names[:at], near])}`?", True, ""
        return f"there is no folder `{folder}`: did you mean `{meant}`?", True, meant

    def _has(self, names: list[str], bases: tuple[str, ...]) -> bool:
        """Whether a folder is there, below one of `bases`."""
        folder = _lower("/".join(names))
        return any(f"\n/{_lower(base + '/' if base else '')}{folder}/" in self._text() for base in bases)

    def _other_end(self, bare: str, bases: tuple[str, ...]) -> str:
        """The pattern with the extension of other files that is most like its own, "" for none."""
        stem, dot, end = bare.rpartition(".")
        self._text()
        if not dot or not stem.endswith("*") or not end.isalnum() or len(end) > 20 or len(self._nearest) >= MOST_NEAR:
            return ""
        key = f".{end}"
        if key not in self._nearest:
            from difflib import get_close_matches

            likely = sorted(one for one in self._ends if 0 < len(one) <= 20 and one.isalnum())[:1_000]
            self._nearest[key] = (get_close_matches(_lower(end), likely, 1, 0.6) or [""])[0]
        meant = f"{stem}.{self._nearest[key]}"
        return meant if self._nearest[key] and self.matches(meant, bases, False) else ""

    def _near(self, above: str, name: str, kind: str = "folder") -> str:
        """The folder, or the file, in `above` that is most like a name; of many names no more is said."""
        key = f"{kind} {above}/{name}"
        if key not in self._nearest and len(self._nearest) < MOST_NEAR:
            from difflib import get_close_matches

            if above not in self._below:
                start = _lower(above) + "/" if above else ""
                inside = [path[len(start) :] for path in self._files if _lower(path).startswith(start)]
                self._below[above] = {
                    "folder": sorted({path[: path.index("/")] for path in inside if "/" in path})[:1_000],
                    "file": [path for path in inside if "/" not in path][:1_000],
                }
            near = get_close_matches(name, self._below[above][kind], 1, 0.6 if kind == "folder" else 0.8)
            self._nearest[key] = near[0] if near else ""
        return self._nearest.get(key, "")

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
