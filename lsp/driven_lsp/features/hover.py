"""textDocument/hover: what the word under the cursor means for every editor."""

from __future__ import annotations

from driven_lsp import mentions, origin_text
from driven_lsp.code_text import code_text
from driven_lsp.editor_text import editor_text, unknown_editor
from driven_lsp.front_text import front_hover
from driven_lsp.glob_text import glob_text, scope_of, targets_for
from driven_lsp.landing_text import (
    about_rule,
    code,
    counted,
    file_link,
    landings_table,
    plain,
    section_end,
    size_words,
    tokens_of,
)
from driven_lsp.marks import link_at
from driven_lsp.values import Hover

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.document.document import Document
    from driven_lsp.mentions import Mention
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here


def hover(here: Here) -> Hover | None:
    """What stands at the cursor, None where there is nothing to tell."""
    snapshot = here.snapshot
    document = snapshot.document(here.path)
    if document is None or not document.place:
        return None
    offset = max(0, min(here.offset, len(document.text)))
    return (
        _of_code(snapshot, document, offset)
        or _of_mention(snapshot, document, offset)
        or front_hover(snapshot, document, offset)
        or _of_marker(snapshot, document, offset)
        or _of_top(snapshot, document, offset)
        or _of_heading(snapshot, document, offset)
    )


def _of_code(snapshot: Snapshot, document: Document, offset: int) -> Hover | None:
    """A code in a `driven-ignore` comment."""
    if "driven-ignore" not in document.text:
        return None
    from driven.validation.silence import silences_of

    for silence in silences_of(document):
        for name, at in silence.codes:
            if at <= offset <= at + len(name):
                return Hover(markdown=code_text(snapshot, name), start=at, end=at + len(name))
    return None


def _of_mention(snapshot: Snapshot, document: Document, offset: int) -> Hover | None:
    mark = next((one for one in mentions.marks(snapshot, document) if one[1] <= offset <= one[2]), None)
    if mark is None:
        start, end, target_at = link_at(document, offset)  # a link's text
        mention = mentions.mention_at(snapshot, document, target_at) if target_at >= 0 else None
        if mention is None or mention.kind == "url":
            return None
        return _hover(_leads_to(snapshot, mention), start, end)
    kind, start, end, word = mark
    match kind:
        case "glob":
            text = glob_text(snapshot, word, targets_for(snapshot, document), scope_of(document))
        case "target":
            target = snapshot.targets.get(word)
            rule = snapshot.rule_at(document.path)
            text = unknown_editor(snapshot, word) if target is None else editor_text(snapshot, target, rule)
        case "marker" | "url":
            return None
        case _:  # only here what all of them lead to is looked up
            mention = mentions.mention_at(snapshot, document, offset)
            if mention is None or mention.kind == "url":
                return None
            start, end, text = mention.start, mention.end, _leads_to(snapshot, mention)
    return _hover(text, start, end)


def _leads_to(snapshot: Snapshot, mention: Mention) -> str:
    """A link, an import, a path or the id of a rule."""
    rule = snapshot.rule(mention.rule_id) if mention.rule_id else None
    if rule is not None:
        table = landings_table(snapshot, rule)
        return f"{about_rule(snapshot, rule)}\n\n{table}" if table else about_rule(snapshot, rule)
    if mention.rule_id and not mention.exists:
        return f"No rule is called {code(mention.rule_id)}: there is no {code(mention.path)}."
    if mention.rule_id:
        return f"Rule {file_link(snapshot, mention.path, mention.rule_id)}: it cannot be read."
    if not mention.exists:
        return f"There is no {code(mention.path)}."
    target = snapshot.document(mention.path)
    if target is None:
        return file_link(snapshot, mention.path)
    lines = [file_link(snapshot, mention.path)]
    headings = target.body.headings
    if headings:
        shift = target.body_start
        lines.append(f"**{plain(target.text[headings[0].text_start + shift : headings[0].end + shift])}**")
    lines.append(f"{counted(len(target.text), 'character')} · {tokens_of(snapshot, target.text)}")
    return "\n\n".join(lines)


def _of_top(snapshot: Snapshot, document: Document, offset: int) -> Hover | None:
    """The first line: of a rule where it lands, of any other file where it comes from and what it costs."""
    end = document.line_bounds(1)[1]
    first = document.text[:end].rstrip("\r\n")
    if offset > len(first):
        return None
    if document.place == "driven/rule":
        return _of_rule(snapshot, document, 0, len(first)) if first.lstrip("\ufeff").rstrip() == "---" else None
    part = origin_text.part_at(origin_text.parts_of(snapshot, document), 0)
    told = [size_words(snapshot, document)]
    if part is not None:
        told.insert(0, origin_text.origin_text(snapshot, document.path, part, "" if part.whole else part.rule_at(0)))
    return _hover("\n\n".join(text for text in told if text), 0, len(first))


def _of_marker(snapshot: Snapshot, document: Document, offset: int) -> Hover | None:
    """A line that opens or closes a section."""
    start, end = document.line_bounds(document.line_of(offset))
    line = document.text[start:end].strip()
    if not line.startswith("<!-- driven:"):
        return None
    part = origin_text.part_at(origin_text.parts_of(snapshot, document), offset)
    if part is None:
        return None
    return _hover(origin_text.origin_text(snapshot, document.path, part), start, start + len(line))


def _of_heading(snapshot: Snapshot, document: Document, offset: int) -> Hover | None:
    """The first heading of a rule; in a file that driven writes, a heading of any rule in it; any other tells what the
    text below it costs."""
    shift = document.body_start
    if offset < shift:
        return None
    for at, heading in enumerate(document.body.headings):
        start, end = heading.start + shift, heading.end + shift
        if start > offset:
            return None
        if offset > end:
            continue
        end = start + len(document.text[start:end].rstrip("\r\n"))
        if document.place == "driven/rule" and at == 0:
            return _of_rule(snapshot, document, start, end)
        told = [tokens_of(snapshot, document.text[start : section_end(document, at)]) + " in this section"]
        part = origin_text.part_at(origin_text.parts_of(snapshot, document), offset)
        if part is not None:
            told.insert(0, origin_text.origin_text(snapshot, document.path, part, part.rule_at(offset)))
        return _hover("\n\n".join(told), start, end)
    return None


def _of_rule(snapshot: Snapshot, document: Document, start: int, end: int) -> Hover | None:
    rule = snapshot.rule_at(document.path) or snapshot.rule(snapshot.id_of(document.path))
    if rule is None:
        return None
    table = landings_table(snapshot, rule)
    return _hover(about_rule(snapshot, rule) + (f"\n\n{table}" if table else ""), start, end)


def _hover(text: str, start: int, end: int) -> Hover | None:
    return Hover(markdown=text, start=start, end=end) if text and end > start else None
