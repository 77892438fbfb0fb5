"""Changes of a rule that a person asks for: a part of it becomes a rule of its own, `paths` a list, `apply` another."""

from __future__ import annotations

from driven.project.sources import RULES
from driven_lsp.ignoring import newline_of
from driven_lsp.values import Action, Edit, Edits, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from driven.document.document import Document, Key
    from driven.validation.repairs import Cut
    from driven_lsp.values import Here

_SAYS = {
    "always": "in every conversation",
    "paths": "when a matching file is in play",
    "model": "when the model finds it relevant",
    "manual": "when somebody asks for it",
}
_EXAMPLE = "src/**"  # what `paths` begins with, for the person to change
_SHARED = ("apply", "paths", "kind", "category", "priority", "targets", "tags", "when")  # with a rule that it leaves


def refactors(here: Here, document: Document) -> Iterator[Action]:
    """What can be done to the rule here."""
    if document.place != "driven/rule" or document.broken >= 0:
        return
    front = document.front
    first, last = sorted((here.offset, here.end or here.offset))
    if first != last and (action := _extract(here, document, first, last)) is not None:
        yield action
    if front is not None and front.end >= 0 and not front.problem:
        if front.start <= first <= front.end:
            yield from _lists(document, first)
            yield from _conversions(here, document)
    elif front is None and document.line_of(first) == 1:
        yield from _conversions(here, document)


def _action(document: Document, title: str, kind: str, cuts: Sequence[Cut]) -> Action:
    edits = tuple(Edit(place=Place(path=document.path, start=start, end=end), text=text) for start, end, text in cuts)
    return Action(title=title, kind=kind, edits=Edits(edits=edits))


# A part of a rule as a rule of its own


def _extract(here: Here, document: Document, first: int, last: int) -> Action | None:
    from driven.format.text import rule_id_for
    from driven.validation.repairs import is_free

    text = document.text
    if first < document.body_start:
        return None
    if last > first and document.line_bounds(document.line_of(last))[0] == last:
        last -= 1  # the cursor stands before the line, of which nothing is selected
    start, end = document.line_bounds(document.line_of(first))[0], document.line_bounds(document.line_of(last))[1]
    while start < end and not text[slice(*(bounds := document.line_bounds(document.line_of(start))))].strip():
        start = bounds[1]
    part = text[start:end].rstrip()
    if not part or start < document.body_start or not text[document.body_start : start].strip() + text[end:].strip():
        return None  # nothing, or all of it
    newline = newline_of(text)
    title, levelled = _as_rule(part, newline)
    words = "-".join(rule_id_for(title.replace("/", " ")).split("-")[:6])[:50].strip("-") or "part"
    folder = document.folder
    path = f"{folder}/{words}.md"
    for number in range(2, 100):
        if is_free(here.snapshot.root, {}, path) and here.snapshot.document(path) is None:
            break
        path = f"{folder}/{words}-{number}.md"
    link = f"[{title.translate({91: None, 93: None}) or words}]({path.rpartition('/')[2]})"
    new = "".join(line + newline for line in [*_front(document), *levelled])
    edit = Edit(place=Place(path=document.path, start=start, end=start + len(part)), text=link)
    rule_id = rule_id_for(path.removeprefix(RULES + "/"))
    return Action(
        title=f"Extract to a new rule `{rule_id}`", kind="refactor.extract",
        edits=Edits(edits=(edit,), creates={path: new}),
    )  # fmt: skip


def _as_rule(part: str, newline: str) -> tuple[str, list[str]]:
    """A title for a part of a rule, and its lines: with headings as far up as those of a rule are."""
    from driven.core.tokens import first_heading
    from driven.document.body import Body

    unix = part.replace("\r\n", "\n").replace("\r", "\n")
    headings = [heading for heading in Body(unix).headings if unix[heading.start :].lstrip(" ")[:1] == "#"]
    up = min((heading.level for heading in headings), default=1) - 1
    for heading in reversed(headings) if up else ():
        at = unix.index("#", heading.start)
        unix = unix[:at] + unix[at + up :]
    title = first_heading(unix)
    lines = unix.split("\n")
    if not headings:
        words = [word for word in lines[0].strip(" \t>-*+#0123456789.").split() if word]
        title = title or " ".join(words[:6]).strip(".,:;!? `*_")
        lines = [f"# {title}", "", *lines] if title else lines
    return title, lines


def _front(document: Document) -> list[str]:
    """Front matter that says for a new rule what it says for this one, without a description."""
    front = document.front
    if front is None or front.end < 0 or front.problem:
        return []
    lines = []
    for key in front.keys:
        if key.name in _SHARED:
            at = document.line_of(key.value_end)
            whole = document.text[document.line_bounds(key.line)[0] : document.line_bounds(at)[1]]
            lines += whole.rstrip("\r\n").replace("\r\n", "\n").split("\n")
    return ["---", *lines, "---", ""] if lines else []


# Front matter


def _lists(document: Document, offset: int) -> Iterator[Action]:
    from driven.core.globs import split_list
    from driven.format.canonical import quoted

    key = document.key("paths")
    if key is None or not isinstance(key.value, str) or "\n" in key.raw or document.line_of(offset) != key.line:
        return
    globs = split_list(key.value)
    if globs:
        text = ", ".join(quoted(glob) for glob in globs)
        end = _value_end(key)
        yield _action(document, "Write `paths` as a list", "refactor.rewrite", [(key.value_start, end, f"[{text}]")])


def _value_end(key: Key) -> int:
    """The end of a value on one line, without the comment behind it."""
    raw = key.raw
    if raw[:1] in ("'", '"'):
        close = raw.rfind(raw[0])
        return key.value_start + close + 1 if close else key.value_end
    cut = min((at for at in (raw.find(" #"), raw.find("\t#")) if at >= 0), default=len(raw))
    return key.value_start + len(raw[:cut].rstrip())


def _conversions(here: Here, document: Document) -> Iterator[Action]:
    from driven.model.activation import activation_word

    rule = here.snapshot.rule_at(document.path)
    if rule is None:
        return
    now = activation_word(rule.activation)
    for word, says in _SAYS.items():
        if word != now and (cuts := _converted(document, word, rule.title)) is not None:
            yield _action(document, f"Convert to `apply: {word}`: {says}", "refactor.rewrite", cuts)


def _converted(document: Document, word: str, title: str) -> list[Cut] | None:
    from driven.format.canonical import scalar

    front, newline = document.front, newline_of(document.text)
    apply, paths, described = (document.key(name) for name in ("apply", "paths", "description"))
    lines = [f"apply: {word}"]
    if word == "paths" and (paths is None or not paths.value):
        lines.append(f'paths: ["{_EXAMPLE}"]')
    if word == "model" and (described is None or not described.value):
        lines.insert(0, f"description: {scalar(title)}")
    if front is None:
        head = 1 if document.text[:1] == "\ufeff" else 0
        return [(head, head, newline.join(["---", *lines, "---", "", ""]))]
    cuts: list[Cut] = []
    gone = [key for key in (described if len(lines) > 1 and word == "model" else None, apply) if key is not None]
    if paths is not None and (word != "paths" or len(lines) > 1):
        gone.append(paths)
    elif word == "paths" and len(lines) == 1 and paths is not None:
        lines = []  # `paths` says it
    at = front.start if not gone else document.line_bounds(min(key.line for key in gone))[0]
    if described is not None and described not in gone and not gone:
        at = document.line_bounds(document.line_of(described.value_end))[1]
    new = "".join(line + newline for line in lines)
    for key in gone:
        start, end = document.line_bounds(key.line)[0], document.line_bounds(document.line_of(key.value_end))[1]
        if document.text[start : key.start].strip() or key.name not in document.text[start:end]:
            return None
        cuts.append((start, end, new if start == at else ""))
    return sorted(cuts) if cuts else [(at, at, new)]
