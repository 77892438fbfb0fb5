"""Words that ask for nothing: “follow best practices”, and headings with nothing under them."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Body, Finding, Heading, Statement, body_check
from driven_checks.rule_texts import lines

VERIFIED = "2026-11-21"
MEMORY = "https://code.claude.com/docs/en/memory"

_GOOD = (
    "good", "clean", "great", "nice", "proper", "quality", "high-quality", "high quality", "readable", "maintainable",
    "robust", "elegant", "efficient", "professional", "well-structured", "production-ready", "production-quality",
    "clear", "simple", "modular", "reusable", "scalable", "idiomatic", "modern", "concise", "beautiful",
)  # fmt: skip
_PAIRED = (
    "clean", "readable", "maintainable", "efficient", "concise", "modular", "scalable", "robust", "simple", "reusable",
    "well-structured", "idiomatic", "clear", "elegant",
)  # fmt: skip
_WRITE = ("write", "produce", "generate", "create", "always write", "always produce", "ensure", "maintain")
_PHRASES = """
    follow best practices|follow the best practices|always follow best practices|use best practices
    apply best practices|adhere to best practices|follow industry best practices|follow industry standards
    follow coding best practices|follow coding standards|follow good coding practices|follow good practices
    use good practices|use common sense|follow general best practices|follow standard conventions
    follow common conventions|follow conventions|be careful|be careful with changes|be thorough|be smart|be precise
    be accurate|be consistent|be helpful|do your best|be professional|think carefully|think before you code
    think before coding|pay attention to detail|pay attention to details|be mindful of performance|keep code clean
    keep the code clean|keep your code clean|keep it clean|keep it simple|keep things simple|keep code simple
    keep the code simple|keep code readable|code should be clean|code should be readable
    code should be clean and readable|make it good|make it work|make sure the code works|make sure everything works
    make sure it works|ensure code quality|maintain code quality|ensure high code quality|maintain high code quality
    write quality code|handle errors properly|handle errors gracefully|handle errors appropriately
    handle errors correctly|handle all errors properly|use proper error handling|implement proper error handling
    use proper naming|use good naming|use good names|use good naming conventions|use proper naming conventions
    name things well|use meaningful names|write good tests|write proper tests|write good comments
    write good documentation|avoid bad practices|avoid bad code|avoid mistakes|do not make mistakes
    don't make mistakes|avoid errors|avoid bugs|don't write bad code|do not write bad code|no bugs|test your changes
    test your code|test everything|format code properly|format your code properly|organize code well
    organise code well|structure code well|keep files organized|keep files organised|optimize performance
    optimise performance|optimize for performance|ensure good performance|write performant code|ensure security
    follow security best practices|make the code secure|ensure accessibility|follow solid principles
    follow clean code principles|use clean code|clean code|best practices|code quality|high quality code|good code
"""
_TABLE = str.maketrans("", "", " *_->`\"'")


def _phrases() -> frozenset[bytes]:
    found = {phrase.strip() for line in _PHRASES.split("\n") for phrase in line.split("|")}
    found |= {f"{verb} {good} code" for verb in _WRITE for good in _GOOD}
    pairs = [f"{one}{join}{other}" for one in _PAIRED for other in _PAIRED if one != other for join in (" and ", ", ")]
    found |= {f"write {pair} code" for pair in pairs}
    bare = {phrase.translate(_TABLE) for phrase in found} - {""}
    return frozenset(text.encode() for phrase in bare for text in (phrase, phrase + ".", phrase + "!"))


_VAGUE: list[frozenset[bytes]] = []
# Lines that the phrases can begin with: asked first, for most texts hold none.
_BEGIN_WORDS = b"""
    write produce generate create always ensure maintain follow use apply adhere be dont donot doyour think pay keep
    code make handle implement namethings avoid nobugs test format organi structure optimi cleancode high goodcode
"""
_BEGIN = tuple(_BEGIN_WORDS.split())
_LONGEST = 48  # bytes of a phrase


@body_check(
    "VAG01", "a rule that asks for nothing in particular", severity="info",
    why="A model that is told to follow best practices does what it would have done anyway. Such a line costs tokens in"
    " every request and hides the rules that say something: write what can be verified.",
    url=MEMORY, verified=VERIFIED, bad="- Follow best practices.", good="- Validate every request body with zod.",
)  # fmt: skip
def vague(body: Body) -> Iterator[Finding]:
    likely = [line for line in lines(body) if len(line) <= _LONGEST and line.startswith(_BEGIN)]
    if not likely:
        return
    if not _VAGUE:
        _VAGUE.append(_phrases())
    if _VAGUE[0].isdisjoint(likely):
        return
    statements = body.statements
    for at, statement in enumerate(statements):
        text = statement.text
        if len(text) > 80 or text.lower().translate(_TABLE).encode("utf-8", "surrogatepass") not in _VAGUE[0]:
            continue
        if at + 1 < len(statements) and _leads(body.text, statement, statements[at + 1]):
            continue
        yield Finding(
            message=f"“{text.strip('*_ ')}” asks for nothing that could be checked", start=statement.start,
            end=statement.end, hint="say what is meant: a tool, a file, a number, an example; or delete it",
        )  # fmt: skip


def _leads(text: str, one: Statement, following: Statement) -> bool:
    """Whether what follows belongs to it: a list below a paragraph, an item that is indented further, or code."""
    between = text[one.end : following.start]
    if "\n#" in between or not following.is_item:
        return False
    if not one.is_item:
        return True
    return _column(text, following) > _column(text, one)


def _column(text: str, statement: Statement) -> int:
    return statement.start - text.rfind("\n", 0, statement.start)


@body_check(
    "VAG02", "a heading with nothing under it", severity="info",
    why="A heading names a subject and says nothing of it. The text was forgotten, or deleted without its heading; a"
    " model may take the heading itself for a rule and guess what it means.",
    url=MEMORY, verified=VERIFIED, bad="## Testing\n\n## Style\n- Use tabs.", good="## Style\n- Use tabs.",
)  # fmt: skip
def empty_heading(body: Body) -> Iterator[Finding]:
    text = body.text
    if not _may_be_empty(text):
        return
    headings = body.headings
    for at, heading in enumerate(headings):
        after = headings[at + 1] if at + 1 < len(headings) else None
        if after is not None and after.level > heading.level:
            continue
        stop = after.start if after is not None else len(text)
        if not text[heading.end : stop].strip(" \t\r\n>=-*_") and not _says_it(text, heading):
            name = " ".join(text[heading.text_start : heading.end].strip("# \t\r").split())
            yield Finding(
                message=f"nothing stands under the heading “{name}”" if name else "this heading is empty",
                start=heading.start, end=heading.end, hint="write the rules that belong there, or delete the heading",
            )  # fmt: skip


_ORDER_WORDS = """
    always never do don't dont use avoid prefer write keep make run add no must should only when if please follow ensure
    check read test
"""
_ORDERS = frozenset(_ORDER_WORDS.split())


def _says_it(text: str, heading: Heading) -> bool:
    """Whether the heading is a rule in itself: `## Never commit secrets`."""
    words = text[heading.text_start : heading.end].lower().split()
    return len(words) > 5 or (len(words) > 1 and words[0].strip("*_`") in _ORDERS)


def _may_be_empty(text: str) -> bool:
    """Whether a line that begins with `#` has another one, or nothing, below it."""
    at = 0 if text[:1] == "#" else text.find("\n#") + 1
    if at == 0 and text[:1] != "#":
        return "\n=" in text or "\n-" in text[-200:]
    size = len(text)
    while True:
        following = text.find("\n#", at)
        end = text.find("\n", at)
        if end < 0:
            return True
        while end < size and text[end] in "\n\r \t":
            end += 1
        if end >= size or (text[end] == "#" and _level(text, end) <= _level(text, at)):
            return True
        if following < 0:
            return False
        at = following + 1


def _level(text: str, at: int) -> int:
    """How many `#` stand there; at most 7."""
    line = text[at : at + 7]
    return len(line) - len(line.lstrip("#"))
