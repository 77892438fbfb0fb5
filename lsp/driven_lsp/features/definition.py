"""Where what stands at the cursor is defined: rule, file, editor's table; of a rule, the files it is written to."""

from __future__ import annotations

from driven.project.config import CONFIG
from driven_lsp.marks import link_at, marks_of
from driven_lsp.mentions import is_file, mention_at, rule_id_of, rule_ids
from driven_lsp.subjects import heading_bounds, title_at, title_bounds
from driven_lsp.values import Place, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.document.document import Document
    from driven_lsp.mentions import Mention
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here

MOST = 50  # places of one answer
MOST_MATCHES = 20  # files of a glob that are places to go to
# Keys that editors have for what a rule says in another word.
_SAME = {
    "globs": "paths", "applyTo": "paths", "paths": "paths", "fileMatchPattern": "paths", "description": "description",
    "alwaysApply": "apply", "trigger": "apply", "inclusion": "apply", "name": "description",
}  # fmt: skip


def definition(here: Here) -> list[Target]:
    """Where to go from the cursor, the nearest first."""
    snapshot = here.snapshot
    document = snapshot.document(here.path)
    if document is None:
        return []
    mention = mention_at(snapshot, document, here.offset, text=True)
    if mention is not None:
        start, end = mention.start, mention.end
        if not start <= here.offset <= end:
            start, end, _ = link_at(document, here.offset)
        return [
            Target(place=place, origin_start=start, origin_end=end)
            for place in _of_mention(snapshot, document, mention)[:MOST]
        ]
    rule_id = rule_id_of(document.path)
    if rule_id:
        titled = title_at(document, here.offset)
        places = written_places(snapshot, rule_id) if titled is not None else []
        start, end = titled or (0, 0)
    else:
        places = origins(snapshot, document, here.offset)
        start, end = _line(document.text, here.offset)
    return [Target(place=place, origin_start=start, origin_end=end) for place in places[:MOST]]


def written_places(snapshot: Snapshot, rule_id: str) -> list[Place]:
    """Where a rule stands in the files that are written of it."""
    from driven_lsp.origin_text import parts_of

    found = []
    for output in snapshot.outputs_of(rule_id):
        document = snapshot.document(output.path)
        if document is None:
            continue  # not written yet
        start = end = 0
        for part in parts_of(snapshot, document):
            if rule_id not in part.rule_ids:
                continue
            marked = [at for at, one in part.marks if one == rule_id]
            if part.whole and len(part.rule_ids) == 1:
                bounds = title_bounds(document)
                start, end = bounds if bounds is not None else (0, 0)
            else:
                at = marked[0] if marked else part.start
                if document.text.startswith("<!-- driven:begin", at):  # the heading stands below the marker
                    at = document.text.find("\n", at) + 1 or at
                start, end = _line(document.text, at)
            break
        found.append(Place(path=output.path, start=start, end=end))
    return found


def origins(snapshot: Snapshot, document: Document, offset: int) -> list[Place]:
    """Where what stands in an emitted file comes from: the same line of its rule, else the rule."""
    if document.path not in snapshot.outputs:
        return []
    from driven_lsp.origin_text import part_at, parts_of

    part = part_at(parts_of(snapshot, document), offset)
    if part is None:
        return []
    rule_id = part.rule_at(offset)
    if not rule_id or not part.marks:
        return [place for one in part.rule_ids if (place := rule_place(snapshot, one)) is not None]
    begin = max((at for at, _ in part.marks if at <= offset), default=part.start)
    place = rule_place(snapshot, rule_id, document, begin, offset)
    return [place] if place is not None else []


def rule_place(
    snapshot: Snapshot, rule_id: str, document: Document | None = None, begin: int = 0, offset: int = 0
) -> Place | None:  # fmt: skip
    """The file of a rule; in it the line that stands at `offset` of an emitted file, in which the rule begins at
    `begin`."""
    path = rule_ids(snapshot).get(rule_id)
    if path is None:
        return None
    rule = snapshot.document(path)
    if rule is None or document is None:
        return Place(path=path)
    start, end = _same_line(document, begin, offset, rule)
    return Place(path=path, start=start, end=end)


def _same_line(document: Document, begin: int, offset: int, rule: Document) -> tuple[int, int]:
    """The line of the rule that says what an emitted line says."""
    text = document.text
    start, end = _line(text, offset)
    line = text[start:end].strip()
    if not line:
        return 0, 0
    if start < document.body_start:
        name = _SAME.get(line.partition(":")[0].strip())
        key = rule.key(name) if name else None
        return (key.start, key.end) if key is not None else (0, 0)
    bare = rule.text[rule.body_start :]
    times = sum(1 for one in text[max(begin, document.body_start) : start].split("\n") if one.strip() == line)
    at = rule.body_start
    last = (0, 0)
    for one in bare.split("\n"):
        if one.strip() == line:
            last = (at + len(one) - len(one.lstrip()), at + len(one.rstrip()))
            if times == 0:
                return last
            times -= 1
        at += len(one) + 1
    if last == (0, 0) and line.startswith("#"):  # a heading that was made of the description
        key = rule.key("description")
        bounds = title_bounds(rule)
        if key is not None:
            return key.start, key.value_end
        return bounds if bounds is not None else last
    return last


def _of_mention(snapshot: Snapshot, document: Document, mention: Mention) -> list[Place]:
    match mention.kind:
        case "url":
            return []
        case "target" | "marker":
            word = document.text[mention.start : mention.end]
            if document.path == CONFIG:
                found = [output for output in snapshot.outputs.values() if word in output.editors]
                return [Place(path=output.path) for output in found if snapshot.document(output.path) is not None]
            return _editor_place(snapshot, word)
        case "glob" if not mention.path:
            glob = document.text[mention.start : mention.end]
            files = snapshot.files.matching(glob, snapshot.stopped)
            return [Place(path=path) for path in files] if len(files) <= MOST_MATCHES else []
    if not mention.exists or not is_file(snapshot, mention.path):
        return []
    return [_aimed(snapshot, document, mention)]


def _editor_place(snapshot: Snapshot, name: str) -> list[Place]:
    """The line of the configuration that is about an editor, else the configuration."""
    config = snapshot.document(CONFIG)
    if config is None:
        return []
    for kind, start, end, word in marks_of(config):
        if kind == "target" and word == name:
            return [Place(path=CONFIG, start=start, end=end)]
    at = config.text.find("[editors]")
    return [Place(path=CONFIG, start=max(at, 0), end=at + len("[editors]") if at >= 0 else 0)]


def _aimed(snapshot: Snapshot, document: Document, mention: Mention) -> Place:
    """The place in a file that a link means: its heading (`#part`), its line (`:12`, `#L12`), else its beginning."""
    from driven_lsp.paths import split_target

    word = document.text[mention.start : mention.end]
    tail = split_target(word, mention.kind)[2]
    if mention.kind == "path" and not tail:  # a code span's line stands behind the path
        tail = document.text[mention.end : mention.end + 12].partition("`")[0]
    if len(tail) < 2:
        return Place(path=mention.path)
    target = snapshot.document(mention.path)
    if target is None:
        return Place(path=mention.path)
    number = tail[1:].lstrip("L").partition("-")[0].partition(":")[0]
    if number.isascii() and number.isdigit() and len(number) < 9 and (tail[0] == ":" or tail[:2] == "#L"):
        start, _ = target.line_bounds(max(1, int(number)))
        return Place(path=mention.path, start=start, end=_line(target.text, start)[1])
    if tail[0] == "#":
        from urllib.parse import unquote

        wanted = _core(unquote(tail[1:]))
        for index in range(len(target.body.headings)):
            start, end = heading_bounds(target, index)
            if _core(target.text[start:end]) == wanted:
                return Place(path=mention.path, start=start, end=end)
    return Place(path=mention.path)


def _core(text: str) -> str:
    """The letters and digits of a heading: how tools join them to an anchor differs."""
    return "".join([char for char in text.casefold() if char.isalnum()])


def _line(text: str, offset: int) -> tuple[int, int]:
    """The bounds of a line, its end left out."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    ends = [at for char in "\r\n" if (at := text.find(char, offset)) >= 0]
    return start, min(ends, default=len(text))
