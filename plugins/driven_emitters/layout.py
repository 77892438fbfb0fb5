"""What a rule remembers of the file it came from: written back byte for byte, and an edit of that file read back.

`extra.<editor>.$path` is that file, `$front` its front matter verbatim (delimiters, the blank line below, a BOM). A
layout is used for as long as the file so written says what the rule says.
"""

from __future__ import annotations

from collections.abc import Callable

from driven.errors import DrivenError
from driven.frozen import field, record, replace
from driven.hookspecs import ReadBack
from driven.model.activation import ON_REQUEST, Activation, Always, ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Artefact, Loss, Outside, Settings
from driven.model.fidelity import Outcome
from driven.model.rule import Rule, Value
from driven.plugin_kit import FormatError, expand, one_line
from driven_emitters.shared import approximated, note, skill_description, without_note

FEW_GLOBS = 64  # of more, an edit is taken as it stands, without looking for the braces it came from
_MARKER = "<!-- driven:"  # what begins and ends a section in a file that a person also writes
_GUARD = "<!-- -->\n"  # what `document` writes above a body that begins like front matter


@record
class Read:
    """What a file says. `front`: its text up to where `body` starts, so that joined they are the file.

    `broken`: why a hand edit cannot be meant, at `broken_line`; an import is lenient and takes the rest.
    """

    front: str
    body: str
    activation: Activation = ON_REQUEST
    description: str = ""
    extra: dict[str, Value] = field(default_factory=dict)
    findings: list[tuple[str, int, str, str]] = field(default_factory=list)  # code, line, message, hint
    constructs: list[tuple[str, Outcome, str, int]] = field(default_factory=list)  # name, outcome, note, line
    broken: str = ""
    broken_line: int = 1
    broken_hint: str = ""

    def find(self, code: str, line: int, message: str, hint: str) -> None:
        """Note a finding."""
        self.findings.append((code, line, message, hint))

    def tell(self, name: str, outcome: Outcome, about: str = "", line: int = 0) -> None:
        """Note what became of a construct."""
        self.constructs.append((name, outcome, about, line))

    def breaks(self, why: str, line: int, hint: str) -> None:
        """Note why this cannot be meant."""
        self.broken, self.broken_line, self.broken_hint = why, line, hint


Reader = Callable[[str, str], Read]


def body_of(found: Read) -> str:
    """The body as a rule has it: without the comment and without the guard that an emitter writes above it."""
    body = without_note(found.body)
    if not found.front and body.startswith(_GUARD) and body[len(_GUARD) :].lstrip().startswith("---"):
        return body[len(_GUARD) :]
    return body


def own_keys(rule: Rule, editor: str) -> dict[str, Value]:
    """The editor's own keys, without our memory of the layout."""
    return {key: value for key, value in rule.extra.get(editor, {}).items() if not key.startswith("$")}


def as_imported(rule: Rule, editor: str, path: str, settings: Settings, read: Reader) -> str | None:
    """The rule in the layout of the file it was imported from, or None: it had none, or it means something else now."""
    held = rule.extra.get(editor)
    front = held.get("$front") if held else None
    if held is None or not isinstance(front, str):
        return None
    try:
        if not means(rule, editor, path, front, read):
            return None
    except UnicodeEncodeError:  # a lone surrogate: no file ever read so
        return None
    body = rule.body
    if rule.source.newline == "\r\n" and "\r" not in front:
        body = body.replace("\r\n", "\n")  # the rule was saved with other line ends since: the layout is the file's own
    comment = note(rule, settings)
    if not comment:
        return front + body
    newline = "\r\n" if "\r\n" in (front if "\n" in front else body) else "\n"
    gap = "" if not front or front.endswith(("\n", "\r", "\ufeff")) else newline
    return f"{front}{gap}{comment}{newline}{newline}{body}"


def outside(rule: Rule, editor: str, path: str) -> tuple[Artefact, list[Loss]]:
    """What a person wrote in a shared file, as it was imported: all that stands outside the marked sections."""
    held = rule.extra.get(editor, {})
    front = held.get("$front")
    text = front + rule.body if isinstance(front, str) else rule.body
    losses: list[Loss] = []
    if _MARKER in text and not _is_outside(text):
        text = text.replace(_MARKER, "<!-- driven :")
        losses.append(approximated(rule, editor, f"`{_MARKER}` is written `<!-- driven :`: it would mark a section"))
    return Artefact(path=path, text=text, ownership=Outside(), rule_ids=(rule.id,)), losses


def _is_outside(text: str) -> bool:
    from driven.plugin_kit import outside_text

    try:
        return outside_text(text) == text
    except DrivenError:
        return False


def means(rule: Rule, editor: str, path: str, front: str, read: Reader) -> bool:
    """Whether the file at `path` with `front` above the rule's body says what the rule says."""
    text = front + rule.body
    text.encode()
    found = read(text, path)
    model = rule.activation.description if isinstance(rule.activation, WhenRelevant) else ""
    silent = not found.description and isinstance(rule.activation, Always | OnRequest)
    activation = found.activation
    if path.endswith("/SKILL.md") and found.description == skill_description(rule):
        silent = True  # it has a description even where the rule has none, and no long one
        activation = rule.activation if type(activation) is type(rule.activation) else activation
    return (
        found.front == front
        and found.body == rule.body
        and _same(activation, rule.activation)
        and (silent or found.description == (one_line(rule.description) or model))
        # As text, so that a NaN is itself and 1 is not True.
        and repr(list(found.extra.items())) == repr(list(own_keys(rule, editor).items()))
    )


def _same(one: Activation, two: Activation) -> bool:
    """Whether both hold for the same files, however their globs are written and ordered."""
    if one == two or not (isinstance(one, ForPaths) and isinstance(two, ForPaths)):
        return one == two
    try:
        globs = [{text for glob in each.globs for text in expand(glob)} for each in (one, two)]
    except FormatError:
        return False
    return globs[0] == globs[1]


def back(
    rule: Rule,
    path: str,
    text: str,
    editor: str,
    read: Reader,
    canonical: Callable[[Rule], tuple[str, str] | None],
) -> ReadBack:
    """`rule` as the whole file `text` says it: what differs from what the emitter writes for the rule.

    So whatever the emitter cannot say, or says in another form, stays as it is in `rule`. `canonical`: the path and
    the text that the editor's emitter writes for a rule, layout memory included.
    """
    found = read(text, path)
    written = canonical(rule)
    mine = read(written[1], written[0]) if written else None
    if found.broken and (mine is None or found.broken != mine.broken):
        return ReadBack(problem=found.broken, line=found.broken_line, hint=found.broken_hint)
    theirs = body_of(found)
    if not theirs.strip() and (body_of(mine) if mine else rule.body).strip():
        hint = "delete the file, or its rule, when it is not wanted"
        return ReadBack(problem="the text is gone", line=found.front.count("\n") + 1, hint=hint)
    if mine is None:
        mine = Read("", "")
    activation = rule.activation
    as_there = activation  # its globs in the order of the file
    if found.activation != mine.activation:
        activation = as_there = found.activation
        if isinstance(activation, ForPaths) and isinstance(rule.activation, ForPaths):
            globs = _globs(rule, activation.globs, read, canonical)
            activation = ForPaths(tuple(globs))
            as_there = ForPaths(tuple(sorted(globs, key=lambda glob: globs[glob])))
    description = rule.description
    unsaid = not found.description and isinstance(found.activation, Always | OnRequest)
    if found.description != mine.description and not unsaid:
        description = found.description
    own = _own(rule, editor, found, mine)
    held = {key: value for key, value in rule.extra.get(editor, {}).items() if key.startswith("$")}

    def made(body: str, front: str | None, activation: Activation = activation) -> Rule:
        kept = held if front is None else held | {"$front": front}
        extra = {**rule.extra, editor: own | kept}
        if not extra[editor] and editor not in rule.extra:
            del extra[editor]
        return replace(rule, activation=activation, description=description, body=body, extra=extra)

    body = relaid(rule.body, body_of(mine), theirs) if written else theirs
    plain = without_note(found.body)
    empty = not theirs.strip() and found.front.rstrip() == mine.front.rstrip()  # the comment below it was text
    choices: list[Rule] = []
    remembered = isinstance(held.get("$front"), str)
    if found.front == mine.front or empty or not remembered:
        choices += [made(body, None), made(plain, None)]
        if as_there != activation:
            choices += [made(body, None, as_there), made(plain, None, as_there)]
    if remembered or body == plain:  # else the rule's text has a layout of its own, and the file has the usual one
        choices += [made(body, found.front), made(plain, found.front)]
    meant = {found.front + plain}
    if plain != found.body and not found.front:
        meant.add(_GUARD + plain)  # which the comment was instead of
    for choice in choices:
        again = canonical(choice)
        if empty or (again is not None and again[1] in meant):
            return ReadBack(rule=choice)
    return ReadBack(rule=choices[0])


def _own(rule: Rule, editor: str, found: Read, mine: Read) -> dict[str, Value]:
    """The editor's own keys: those of the rule, with the changes from `mine` to `found`."""
    own = own_keys(rule, editor)
    if repr(list(found.extra.items())) == repr(list(mine.extra.items())):
        return own
    kept = {key: value for key, value in own.items() if key not in mine.extra}  # which no file of this editor can hold
    for key, value in found.extra.items():
        same = key in own and key in mine.extra and repr(mine.extra[key]) == repr(value)
        kept[key] = own[key] if same else value
    return kept


def _globs(
    rule: Rule, found: tuple[str, ...], read: Reader, canonical: Callable[[Rule], tuple[str, str] | None]
) -> dict[str, int]:
    """The globs of an edited file, and at which of its own each begins: those of the rule stay as they are (their
    braces) where all that is written for them still stands there; then come the others."""
    assert isinstance(rule.activation, ForPaths)
    places = {glob: at for at, glob in enumerate(found)}
    if len(rule.activation.globs) > FEW_GLOBS:
        return places
    globs: dict[str, int] = {}
    covered: set[str] = set()
    for glob in rule.activation.globs:
        written = canonical(replace(rule, activation=ForPaths((glob,))))
        alone = read(written[1], written[0]).activation if written else None
        if isinstance(alone, ForPaths) and set(alone.globs) <= set(found):
            globs[glob] = min([places[one] for one in alone.globs], default=0)
            covered |= set(alone.globs)
    return globs | {glob: at for glob, at in places.items() if glob not in covered and glob not in globs}


def relaid(body: str, emitted: str, edited: str) -> str:
    """`edited`, in the layout of `body`: what is as in `emitted`, which was made from `body`, stays as it is there.

    Line ends, a missing final newline and old links differ between the two. Lines above and below the edit keep
    theirs; those of the edit get the line end that `body` has first.
    """
    if edited == emitted:
        return body
    old, made, new = _lines(body), _lines(emitted), _lines(edited)
    if len(old.texts) != len(made.texts):
        return edited
    few = min(len(made.texts), len(new.texts))
    head = 0
    while head < few and made.texts[head] == new.texts[head]:
        head += 1
    tail = 0
    while tail < few - head and made.texts[-1 - tail] == new.texts[-1 - tail]:
        tail += 1
    usual = old.ends[0] or old.last or "\n"
    middle = new.texts[head : len(new.texts) - tail]
    texts = [*old.texts[:head], *middle, *old.texts[len(old.texts) - tail :]]
    ends = [*old.ends[:head], *[usual] * len(middle), *old.ends[len(old.ends) - tail :]]
    ends = [*[end or usual for end in ends[:-1]], ""]
    last = old.last if new.last == made.last else new.last.replace("\r\n", "\n").replace("\n", usual)
    return "".join([text + end for text, end in zip(texts, ends, strict=True)]) + last


@record
class _Lines:
    """A text as lines and their ends, but for the line ends at its end (`last`)."""

    texts: list[str]
    ends: list[str]
    last: str


def _lines(text: str) -> _Lines:
    """Lines end with LF, CRLF or a lone CR, and no other character."""
    import re

    core = text.rstrip("\r\n")
    parts = re.split("(\r\n|\r|\n)", core)
    return _Lines(parts[::2], [*parts[1::2], ""], text[len(core) :])
