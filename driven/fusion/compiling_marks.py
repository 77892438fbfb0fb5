"""Where Jinja's marks stand in a text, and what is wrong with one that Jinja2 cannot read: place, words, what to do.

Jinja2 itself says a line, and stops at the first mistake. This is asked only once it has refused a text.
"""

from __future__ import annotations

from driven.format.words import similar
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jinja2 import Environment

_ENDS = ("if", "for", "block", "filter", "with", "raw", "set", "macro", "call", "autoescape")
_WORDS = (*_ENDS, *(f"end{word}" for word in _ENDS), "elif", "else", "include", "extends", "import", "from")
_HINT = "docs/dtm.md lists what can be written; text that looks like Jinja goes between raw and endraw"
_BETWEEN = {"elif": ("if",), "else": ("if", "for")}


@frozen(kw_only=False)
class Mark:
    """One part of a template: from `start` to `end` in its text. `word` of a statement is its first one."""

    start: int
    end: int
    begins: str
    ends: str
    is_closed: bool
    inside: str

    @property
    def word(self) -> str:
        """The first word of a statement."""
        return self.inside.strip("-+ \t\n").partition(" ")[0].rstrip("-+")


@frozen(kw_only=False)
class Mistake:
    """What is wrong with a text. `start` and `end` say where; `mended` is the text without it, so that the next mistake
    can be looked for, "" where that would only give others."""

    start: int
    end: int
    message: str
    hint: str
    mended: str = ""


def mistake(environment: Environment, source: str, line: int, said: str) -> Mistake:
    """Why Jinja2 refuses `source`: it said `said` of `line`."""
    marks = _marks(environment, source)
    for one in marks:
        if not one.is_closed:
            return _open(environment, source, one)
    is_of_blocks = said.startswith(("Encountered unknown tag", "Unexpected end of template"))
    if is_of_blocks and (found := _unbalanced(environment, marks)):
        return found
    here = [one for one in marks if _line(source, one.start) <= line <= _line(source, one.end)]
    for one in here:
        if one.begins == environment.variable_start_string and (
            why := _refused(environment, source[one.start : one.end])
        ):
            blank = "".join(char if char == "\n" else " " for char in source[one.start : one.end])
            mended = source[: one.start] + blank + source[one.end :]
            return Mistake(one.start, one.end, _words(why, one), _HINT, mended)
    for one in here:
        if one.begins == environment.block_start_string:
            return Mistake(one.start, one.end, _words(said, one), _HINT)
    start = _offset(source, line)
    return Mistake(start, start, _plain(said), _HINT)


def _marks(environment: Environment, source: str) -> list[Mark]:
    """The expressions and statements of a text; what stands in comments and between raw and endraw is none."""
    pairs = (
        (environment.comment_start_string, environment.comment_end_string),
        (environment.variable_start_string, environment.variable_end_string),
        (environment.block_start_string, environment.block_end_string),
    )
    found: list[Mark] = []
    at, raw = 0, False
    while True:
        starts = [(where, begins, ends) for begins, ends in pairs if (where := source.find(begins, at)) >= 0]
        if not starts:
            return found
        start, begins, ends = min(starts)
        is_comment = begins == environment.comment_start_string
        if raw or is_comment:
            end = source.find(ends, start + len(begins))
        else:
            end = _end(source, start + len(begins), ends, (pairs[1][0], pairs[2][0]))
        is_closed = end >= 0
        stop = end + len(ends) if is_closed else start + len(begins)
        one = Mark(start, stop, begins, ends, is_closed, source[start + len(begins) : end] if is_closed else "")
        at = stop
        if raw:
            if begins != environment.block_start_string or one.word != "endraw":
                at = start + len(begins)
                continue
            raw = False
        elif one.begins == environment.block_start_string and one.word == "raw":
            raw = True
        if not is_comment or not is_closed:
            found.append(one)


def _end(source: str, at: int, ends: str, begins: tuple[str, ...]) -> int:
    """Where a part ends that began before `at`: not in a quote, and before another begins. -1 for nowhere."""
    quote = ""
    while at < len(source):
        char = source[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif source.startswith(ends, at):
            return at
        elif source.startswith(begins, at):
            return -1
        elif char in "\"'":
            quote = char
        at += 1
    return -1


def _open(environment: Environment, source: str, one: Mark) -> Mistake:
    line_end = source.find("\n", one.start)
    rest = source[one.end : line_end if line_end >= 0 else len(source)]
    mended = source[: one.start] + " " * len(one.begins) + source[one.end :]
    raw = f"{environment.block_start_string} raw {environment.block_end_string}"
    message = f"`{one.begins}` is not closed: there is no `{one.ends}` after it"
    if any(rest.count(quote) % 2 for quote in "\"'"):
        message += ", or a quote stays open"
    hint = f"write `{one.ends}` where it ends; text that looks like Jinja goes behind `{raw}`"
    return Mistake(one.start, one.end, message, hint, mended)


def _unbalanced(environment: Environment, marks: list[Mark]) -> Mistake | None:
    """A statement that is none, that ends what never began, or that is not ended."""
    begin, end = environment.block_start_string, environment.block_end_string
    waiting: list[Mark] = []
    for one in marks:
        if one.begins != begin:
            continue
        word = one.word
        if word not in _WORDS:
            near = similar(word, _WORDS)
            hint = f"did you mean `{begin} {near} {end}`?" if near else f"there are {', '.join(_WORDS[:7])} and more"
            said = f"`{word}` is no statement" if word else "a statement without a word"
            return Mistake(one.start, one.end, said, hint)
        if word in _ENDS and not (word == "set" and "=" in one.inside):
            waiting.append(one)
        elif word in _BETWEEN or word.startswith("end"):
            wanted = _BETWEEN.get(word, (word[3:],))
            last = waiting[-1].word if waiting else ""
            if last not in wanted:
                what = f"`{begin} {last} {end}` is open" if last else "nothing is open"
                hint = f"write `{begin} end{last} {end}` before it" if last else "leave it out, or write its beginning"
                return Mistake(one.start, one.end, f"`{begin} {word} {end}` stands where {what}", hint)
            if word.startswith("end"):
                waiting.pop()
    if waiting:
        one = waiting[-1]
        message = f"`{begin} {one.word} … {end}` is not ended"
        return Mistake(one.start, one.end, message, f"write `{begin} end{one.word} {end}` where it ends")
    return None


def _refused(environment: Environment, text: str) -> str:
    """Why Jinja2 does not read a text that is one expression, "" where it does."""
    from jinja2 import TemplateSyntaxError

    try:
        environment.parse(text)
    except TemplateSyntaxError as error:
        return error.message or "it cannot be read"
    except ValueError as error:
        return str(error)
    return ""


def _words(said: str, one: Mark) -> str:
    for theirs in ("end of print statement", "end of statement block"):
        said = said.replace(f"'{theirs}'", f"`{one.ends}`").replace(theirs, f"`{one.ends}`")
    return _plain(said)


def _plain(said: str) -> str:
    said = said.strip().rstrip(".").replace("xpected token ", "xpected ")
    return said[:1].lower() + said[1:]


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _offset(source: str, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = source.find("\n", at) + 1
    return max(at, 0)


def place_of(source: str, start: int, end: int) -> tuple[int, int, int, int]:
    """Line and column of `start` and of `end`, from 1."""
    first, last = _line(source, start), _line(source, end)
    return first, start - source.rfind("\n", 0, start), last, end - source.rfind("\n", 0, end)
