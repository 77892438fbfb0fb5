"""textDocument/hover: what the word under the cursor means for every editor."""

from __future__ import annotations

from driven_lsp import mentions, origin_text
from driven_lsp.code_text import code_text
from driven_lsp.editor_text import editor_text, unknown_editor
from driven_lsp.front_text import front_hover
from driven_lsp.glob_text import glob_text, scope_of, targets_for
from driven_lsp.landing_text import about_rule, code, counted, file_link, landings_table, plain, tokens_of
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
    mention = mentions.mention_at(snapshot, document, offset)
    if mention is None:
        return None
    text = _mention_text(snapshot, document, mention, offset)
    return Hover(markdown=text, start=mention.start, end=mention.end) if text else None


def _mention_text(snapshot: Snapshot, document: Document, mention: Mention, offset: int) -> str:
    word = document.text[mention.start : mention.end]
    match mention.kind:
        case "glob":
            return glob_text(snapshot, word, targets_for(snapshot, document), scope_of(document))
        case "target":
            target = snapshot.targets.get(word)
            rule = snapshot.rule_at(document.path)
            return unknown_editor(snapshot, word) if target is None else editor_text(snapshot, target, rule)
        case "marker":
            part = origin_text.part_at(origin_text.parts_of(snapshot, document), offset)
            if part is not None:
                return origin_text.origin_text(snapshot, document.path, part)
            target = snapshot.targets.get(word)
            return editor_text(snapshot, target) if target is not None else ""
        case "url":
            return ""
        case _:
            return _leads_to(snapshot, mention)


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
    """The first line: of a rule where it lands, of a file that driven writes where it comes from."""
    end = document.line_bounds(1)[1]
    first = document.text[:end].rstrip("\r\n")
    if offset > len(first) or not (first.lstrip("\ufeff").rstrip() == "---" or document.place != "driven/rule"):
        return None
    if document.place == "driven/rule":
        return _of_rule(snapshot, document, 0, len(first))
    part = origin_text.part_at(origin_text.parts_of(snapshot, document), 0)
    if part is None:
        return None
    text = origin_text.origin_text(snapshot, document.path, part, part.rule_at(0) if not part.whole else "")
    return Hover(markdown=text, start=0, end=len(first))


def _of_heading(snapshot: Snapshot, document: Document, offset: int) -> Hover | None:
    """The first heading of a rule; in a file that driven writes, a heading of any rule in it."""
    shift = document.body_start
    if offset < shift:
        return None
    for at, heading in enumerate(document.body.headings):
        start, end = heading.start + shift, heading.end + shift
        if start > offset:
            return None
        if offset > end:
            continue
        text = document.text[start:end].rstrip("\r\n")
        if document.place == "driven/rule":
            return _of_rule(snapshot, document, start, start + len(text)) if at == 0 else None
        part = origin_text.part_at(origin_text.parts_of(snapshot, document), offset)
        if part is None:
            return None
        told = origin_text.origin_text(snapshot, document.path, part, part.rule_at(offset))
        return Hover(markdown=told, start=start, end=start + len(text))
    return None


def _of_rule(snapshot: Snapshot, document: Document, start: int, end: int) -> Hover | None:
    rule = snapshot.rule_at(document.path)
    if rule is None:
        return None
    table = landings_table(snapshot, rule)
    text = about_rule(snapshot, rule) + (f"\n\n{table}" if table else "")
    return Hover(markdown=text, start=start, end=end)
