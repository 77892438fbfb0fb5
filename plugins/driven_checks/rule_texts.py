"""What checks of the rules themselves share: a text without its layout, which files hold rules, when and where they do.

Everything here is made once for equal texts, and asks as little as it can: six hundred files are looked at in
milliseconds.
"""

from __future__ import annotations

from driven.check_kit import Body, Document, Repository
from driven.plugin_kit import is_universal
from driven_checks.globs import Pattern, patterns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Places whose files say how to work at all times or at certain files; no skills, prompts, agents and commands, which
# are a text for one task.
RULES = (
    "driven/rule", "cursor/rule", "cursor/legacy", "copilot/root", "copilot/instructions", "windsurf/rule",
    "windsurf/legacy", "claude/memory", "claude/rule", "cline/rule", "cline/legacy", "agents/memory", "gemini/memory",
    "kiro/rule", "kilo/rule", "continue/rule", "antigravity/rule", "antigravity/old", "augment/rule", "roo/rule",
    "roo/legacy", "qwen/rule", "qwen/memory", "aiassistant/rule", "junie/memory", "trae/rule", "warp/memory",
    "zed/memory", "goose/memory", "aider/conventions",
)  # fmt: skip

MAX_TEXT = 1 << 20  # characters of a body whose lines are compared with others
LEAST_LINE = 8  # bytes of a line, without blanks, that says something
_LOWER = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
_TABLE = bytes(10 if code == 13 else lower for code, lower in enumerate(_LOWER))
_LAYOUT = b" \t\x0b\x0c*_->`\"'"
_NUMBER = b"0123456789.)"


class Held:
    """A file that holds rules: when its text is loaded ("always", "paths", "model", "manual"), and for which folder."""

    __slots__ = ("_when", "body", "document", "scope")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.body = document.body
        self.scope = document.scope
        self._when = ""

    @property
    def when(self) -> str:
        """See `when_of`; looked at once."""
        if not self._when:
            self._when = when_of(self.document)
        return self._when


def held(repository: Repository) -> list[Held]:
    """Every file that holds rules, is no link to another, and that driven did not write; sorted by path within its
    place."""
    return repository.shared("driven_checks.held", lambda: _held(repository))


def _held(repository: Repository) -> list[Held]:
    return [
        Held(document)
        for document in repository.of(*RULES)
        if not document.linked and (not document.ours or not is_ours(document))
    ]  # fmt: skip


def ours(repository: Repository) -> list[Held]:
    """Every such file that driven wrote whole."""
    if not repository.managed:
        return []
    return [Held(document) for document in repository.of(*RULES) if document.ours and is_ours(document)]


def bodies(files: Iterable[Held]) -> dict[int, Held]:
    """The distinct bodies of some files, each with the first file that has it."""
    found: dict[int, Held] = {}
    for one in files:
        found.setdefault(id(one.body), one)
    return found


def plain(body: Body) -> bytes:
    """The text in lower case without blanks, quotes and the marks of lists and emphasis: equal where only layout
    differs. Lines stay. Made anew for each of the few who ask: kept, it is as much again as the text."""
    return body.text.encode("utf-8", "surrogatepass").translate(_TABLE, _LAYOUT)


def key_of(body: Body) -> bytes:
    """The same in one line."""
    return body.shared("driven_checks.key", lambda one: plain(one).replace(b"\n", b""))


def lines(body: Body) -> frozenset[bytes]:
    """The distinct lines of `plain` that say something, without the numbers of a list; none of a huge text."""
    return body.shared("driven_checks.lines", _lines)


def _lines(body: Body) -> frozenset[bytes]:
    if len(body.text) > MAX_TEXT:
        return frozenset()
    found = plain(body).split(b"\n")
    if "\n1" in body.text or body.text[:1] == "1":
        found = [line.lstrip(_NUMBER) for line in found]
    return frozenset([line for line in found if len(line) >= LEAST_LINE])


def is_ours(document: Document) -> bool:
    """Whether driven wrote the whole file."""
    ours = document.ours
    return bool(ours) and ours[0][0] == 0 and ours[0][1] >= len(document.text)


def in_ours(document: Document, offset: int) -> bool:
    """Whether driven wrote the text at an offset of the file."""
    return any(start <= offset < end for start, end in document.ours)


def folders_up(folder: str) -> Iterator[str]:
    """The folder and those above it, "" last."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def first_line(document: Document) -> tuple[int, int]:
    """Bounds of the first line of the body that holds text: where a finding about the whole text stands."""
    text = document.text
    start = document.body_start
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return start, max(start, end - 1 if text[end - 1 : end] == "\r" else end)


def when_of(document: Document) -> str:
    """When an editor loads the file, read leniently; where the file says nothing, what the editor then does."""
    place = document.place
    kind = _KINDS.get(place, "")
    if not kind:
        return "always"
    found = patterns(document)
    if kind == "paths":  # Claude, Cline, Kilo, Qwen: without patterns always
        return _with(found) if found else "always"
    if place == "driven/rule":
        said = document.key("apply")
        if said is not None and said.value in ("always", "model", "manual"):
            return str(said.value)
        return _with(found) if found else "always"
    if kind == "word":
        key = document.key(_WORD_KEYS[place])
        word = str(key.value).strip().lower() if key is not None else ""
        when = _WORDS.get(word, "manual" if place == "aiassistant/rule" else "always")
        return _with(found) if when == "paths" and found else when
    always = document.key("alwaysApply")
    if always is not None and always.value is True:
        return "always"
    if found:
        return _with(found)
    if place == "continue/rule" and (always is None or always.value is not False):
        return "always"
    return "model" if document.key("description") is not None else "manual"


def _with(found: Iterable[Pattern]) -> str:
    return "always" if any(is_universal(one.text) for one in found) else "paths"


# How the activation of a place's files is written; any other place has none and is always on.
_KINDS = {
    "cursor/rule": "flags", "copilot/instructions": "flags", "continue/rule": "flags", "trae/rule": "flags",
    "claude/rule": "paths", "cline/rule": "paths", "kilo/rule": "paths", "qwen/rule": "paths", "driven/rule": "flags",
    "windsurf/rule": "word", "antigravity/rule": "word", "antigravity/old": "word", "kiro/rule": "word",
    "augment/rule": "word", "aiassistant/rule": "word",
}  # fmt: skip
_WORD_KEYS = {
    "windsurf/rule": "trigger", "antigravity/rule": "trigger", "antigravity/old": "trigger",
    "kiro/rule": "inclusion", "augment/rule": "type", "aiassistant/rule": "apply",
}  # fmt: skip
_WORDS = {
    "always_on": "always", "always": "always", "always_apply": "always", "glob": "paths", "filematch": "paths",
    "by file patterns": "paths", "model_decision": "model", "agent": "model", "auto": "model",
    "agent_requested": "model", "by model decision": "model", "manual": "manual", "manually": "manual",
}  # fmt: skip
