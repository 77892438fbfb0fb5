"""Where a rule lands, in words: the lines and tables that hover, code lenses and inlay hints show."""

from __future__ import annotations

from driven.model.activation import Always, ForPaths, OnRequest, WhenRelevant
from driven_lsp.held import held_words
from driven_lsp.snapshot import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from driven.document.document import Document
    from driven.model.activation import Activation
    from driven.model.artefact import Loss
    from driven.model.rule import Rule
    from driven.model.target import Limit, Target
    from driven_lsp.snapshot import Landing, Snapshot

LONG = 12_000  # characters of a body: to divide longer ones among the files of an editor takes long (20 ms for 80,000)
MOST = 300  # characters of a text of the project's that are shown
NEAR = 0.5  # of a limit, from which on it is told
FILES = 3  # of one editor, named before the rest is counted


def counted(number: int, word: str, words: str = "") -> str:
    """`1 file`, `1,204 files`."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def plain(text: str) -> str:
    """A text of the project's as one line of Markdown that is nothing but text: no image in it is loaded."""
    from driven.format.words import shown

    return "".join(["\\" + char if char in "\\`*_[]<>|!&~#" else char for char in shown(" ".join(text.split()), MOST)])


def code(text: str) -> str:
    """A text as Markdown code, on one line."""
    from driven.format.words import shown
    from driven.plugin_kit import code_span

    return code_span(shown(text, MOST))


def uri_of(snapshot: Snapshot, path: str) -> str:
    """The URI of a file of the project."""
    from urllib.parse import quote

    return "file://" + quote(f"{snapshot.root.rstrip('/')}/{path}", safe="/", errors="surrogateescape")


def file_link(snapshot: Snapshot, path: str, text: str = "") -> str:
    """A file of the project, to be opened with a click."""
    return f"[{code(text or path)}]({uri_of(snapshot, path)})"


def tokens_of(snapshot: Snapshot, text: str) -> str:
    """`430 tokens`, `~430 tokens` where they are estimated."""
    number, exact = snapshot.tokens(text)
    return ("" if exact else "~") + counted(number, "token")


def activation_text(activation: Activation) -> str:
    """When a rule holds, in a few words of Markdown."""
    match activation:
        case Always():
            return "always"
        case ForPaths(globs):
            named = ", ".join(code(glob) for glob in globs[:4])
            return f"for {named}{f' and {len(globs) - 4:,} more' if len(globs) > 4 else ''}"
        case WhenRelevant():
            return "when the model finds it relevant"
        case OnRequest():
            return "on request"


def about_rule(snapshot: Snapshot, rule: Rule) -> str:
    """A rule in two or three lines: title, description, and what is to be known of it."""
    lines = [f"**{plain(rule.title)}**, rule {file_link(snapshot, rule.span.path, rule.id)}"]
    if rule.description and rule.description != rule.title:
        lines.append(plain(rule.description))
    facts = [activation_text(rule.activation), tokens_of(snapshot, rule.body)]
    if rule.kind != "standard":
        facts.insert(0, rule.kind)
    if rule.priority != 100:
        facts.append(f"priority {rule.priority}")
    if not snapshot.view.active.get(rule.id, True):
        facts.append(f"**not emitted**: {code(rule.when)} is false here")
    held = held_words(snapshot, rule.id)
    return "\n\n".join([*lines, " · ".join(facts), *([plain(held)] if held else [])])


def landings_of(snapshot: Snapshot, rule: Rule) -> Sequence[Landing]:
    """Where a rule lands. Of a long one, its files and losses are those of the last look at the whole folder, where
    nothing but its text was edited since."""
    before, emitted = snapshot.view.rules.get(rule.id), snapshot.view.emitted
    project = snapshot.view.project
    if len(rule.body) <= LONG or before is None or emitted is None or project is None or _head(before) != _head(rule):
        return snapshot.landings(rule)
    held: dict[str, dict[str, None]] = {}
    for piece in emitted.pieces:
        if rule.id in piece.artefact.rule_ids:
            held.setdefault(piece.editor, {})[piece.artefact.path] = None
    lost = [loss for loss in emitted.losses if loss.rule_id == rule.id]
    return [
        snapshot.landing(
            rule, emitter.target, tuple(held.get(name, ())), tuple(loss for loss in lost if loss.editor == name)
        )
        for name, emitter in project.emitters.items()
    ]


def carriers(snapshot: Snapshot, rule: Rule, target: Target) -> list[str]:
    """The files of other editors that this one reads as well and that hold the rule."""
    return [
        output.path
        for output in snapshot.outputs_of(rule.id)
        if any(matches(pattern, output.path) for pattern in target.also_reads)
    ]


def landing_row(snapshot: Snapshot, rule: Rule, landing: Landing) -> tuple[str, str, str]:
    """Of one editor: the files ("" for none), what becomes of the rule there, and their size; all Markdown."""
    files = [file_link(snapshot, path) for path in landing.files[:FILES]]
    if len(landing.files) > FILES:
        files.append(f"{len(landing.files) - FILES:,} more")
    if landing.files:
        return ", ".join(files), _how(landing), size_text(snapshot, landing)
    others = carriers(snapshot, rule, landing.target) if rule.for_editor(landing.target.name) else []
    if others and not any(loss.kind == "dropped" for loss in landing.losses):
        read = ", ".join(file_link(snapshot, path) for path in others[:FILES])
        return f"reads {read}", _how(landing, "approximated" if landing.losses else "native"), ""
    return "", f"**not written**: {landing.why}", ""


def landings_table(snapshot: Snapshot, rule: Rule) -> str:
    """The table of editors; a sentence where there is none to show."""
    landings = landings_of(snapshot, rule)
    if not landings:
        if not snapshot.is_managed:
            return ""
        return "No editor is enabled: see `[editors]` in `.driven/config.toml`."
    lines = ["| Editor | File | How | Size |", "|---|---|---|---|"]
    absent: dict[str, list[str]] = {}
    for landing in landings:
        row = landing_row(snapshot, rule, landing)
        title = plain(landing.target.title)
        if row[0]:
            lines.append("| " + " | ".join(_cell(cell) for cell in (title, *row)) + " |")
        else:
            absent.setdefault(landing.why, []).append(title)
    told = [f"Not written for {', '.join(titles)}: {why}" for why, titles in absent.items()]
    return "\n\n".join([*(["\n".join(lines)] if len(lines) > 2 else []), *told])


def size_text(snapshot: Snapshot, landing: Landing) -> str:
    """How large the largest of the files is, beside the editor's limit; "" while nothing was written of it."""
    if not landing.size:
        return ""
    sizes = [output for path in landing.files if (output := snapshot.output(path)) is not None]
    largest = max(sizes, key=lambda output: len(output.text))
    ratio, used, most, limit = nearest_limit(landing.target.limits, largest.text)
    if limit is None or ratio < 0.05:
        return counted(landing.size, "character")
    over = "" if ratio <= 1 else " **over the limit**" if limit.hard else " **over**"
    return f"{used:,} of {most:,} {unit_of(limit)}{over}"


def size_words(snapshot: Snapshot, document: Document) -> str:
    """What a text for a model costs: tokens, and its size where that comes near to a limit of its editor. "" for what
    is no such text."""
    from driven.document.places import TEXT

    if document.place not in TEXT or not document.text.strip():
        return ""
    words = tokens_of(snapshot, document.text[document.body_start :])
    target = snapshot.targets.get(document.editor)
    ratio, used, most, limit = nearest_limit(target.limits, document.text) if target is not None else (0.0, 0, 0, None)
    if limit is None or ratio < NEAR:
        return words
    return f"{words} · {used:,} of {most:,} {unit_of(limit)}"


def section_end(document: Document, at: int) -> int:
    """Where the text below a heading ends: the offset of the next one of its level."""
    headings = document.body.headings
    level = headings[at].level
    after = next((other.start for other in headings[at + 1 :] if other.level <= level), -1)
    return after + document.body_start if after >= 0 else len(document.text)


def unit_of(limit: Limit) -> str:
    """What a limit counts."""
    return "characters" if limit.characters else "lines" if limit.lines else "bytes"


def nearest_limit(limits: Sequence[Limit], text: str) -> tuple[float, int, int, Limit | None]:
    """(used / most, used, most, limit) of the limit that a text comes nearest to."""
    best: tuple[float, int, int, Limit | None] = (0.0, 0, 0, None)
    for limit in limits:
        if limit.characters:
            used, most = len(text), limit.characters
        elif limit.lines:
            used, most = text.count("\n"), limit.lines
        elif limit.bytes:
            used, most = len(text) if text.isascii() else len(text.encode("utf-8", "replace")), limit.bytes
        else:
            continue
        if used / most > best[0]:
            best = (used / most, used, most, limit)
    return best


def loss_words(losses: Sequence[Loss], written: Collection[str]) -> str:
    """What the editors cannot be told of a rule: `approximated in 3 editors, not written for 1`; "" for nothing.
    `written`: the names of those that get it."""
    nearest = {loss.editor for loss in losses if loss.kind == "approximated"}
    dropped = {loss.editor for loss in losses if loss.kind == "dropped"}
    counts = {
        "approximated in": len(nearest), "in part left out of": len(dropped & {*written}),
        "not written for": len(dropped - {*written}),
    }  # fmt: skip
    told = [f"{words} {number:,}" for words, number in counts.items() if number]
    if told:
        told[0] += " editor" if told[0].endswith(" 1") else " editors"
    return ", ".join(told)


def _how(landing: Landing, fidelity: str = "") -> str:
    fidelity = fidelity or landing.fidelity
    if fidelity == "native":
        return f"native: {landing.way}" if landing.way else "native"
    nearest = [loss.reason for loss in landing.losses if loss.kind == "approximated"]
    dropped = [loss.reason for loss in landing.losses if loss.kind == "dropped"]
    if dropped and not nearest:  # what is lost is told behind it
        fidelity = next((way.fidelity for way in landing.target.ways.values() if way.words == landing.way), fidelity)
    words = f"{fidelity}: {'; '.join(nearest) or landing.way}"
    return f"{words}; lost: {'; '.join(dropped)}" if dropped else words


def _head(rule: Rule) -> object:
    """All of a rule but its text."""
    return (
        rule.activation, rule.description, rule.kind, rule.priority, rule.targets, rule.when, rule.extra,
    )  # fmt: skip


def _cell(text: str) -> str:
    """A text inside a table: a bar in it would end the cell."""
    if "|" not in text:
        return text.replace("\n", " ")
    return "".join(
        ["\\|" if char == "|" and text[at - 1 : at] != "\\" else char for at, char in enumerate(text)]
    ).replace("\n", " ")
