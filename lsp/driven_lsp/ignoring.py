"""Comments that silence a finding, put where they spoil nothing: on the line or the one above it, or for the file.

What a comment does to front matter and settings is tried: the file must read as before, else none is proposed.
"""

from __future__ import annotations

from driven.validation.repairs import apply_cuts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.document.document import Document
    from driven.validation.repairs import Cut

# Languages of code blocks, by how a line of them becomes a comment.
_COMMENTS = {
    "#": "sh bash zsh shell console python py yaml yml toml ruby rb perl r make makefile dockerfile tf hcl",
    "//": "js javascript ts typescript jsx tsx json5 jsonc java c cpp cs csharp go rust rs swift kotlin php",
    "<!--": "html xml svg vue md markdown",
}
# JSON that its editor reads with comments: VS Code's and Zed's settings say so.
_COMMENTED = (".vscode/settings.json", ".zed/settings.json")


def on_line(document: Document, code: str, line: int) -> Cut | None:
    """The edit that silences `code` on a line, None where there is no good place for a comment."""
    from driven.document.document import Document
    from driven.validation.silence import silences_of

    for silence in silences_of(document):
        if line in silence.lines and silence.codes:
            word, at = silence.codes[-1]
            return at + len(word), at + len(word), f" {code}"
    cut = _on_line(document, code, line)
    if cut is None:
        return None
    after = Document(document.path, apply_cuts(document.text, [cut]).encode("utf-8", "surrogatepass"))
    now = line + cut[2].endswith(("\n", "\r"))
    hits = any(now in silence.lines and (code in dict(silence.codes)) for silence in silences_of(after))
    return cut if hits else None


def _on_line(document: Document, code: str, line: int) -> Cut | None:
    start, end = document.line_bounds(line)
    start += start == 0 and document.text[:1] == "\ufeff"
    comment = f"driven-ignore {code}"
    front = document.front
    if front is not None and front.end >= 0 and start < document.body_start:
        return _in_front(document, comment, start, end) if front.start <= start < front.end else None
    mark = _mark(document)
    if mark == "<!--":
        return _in_body(document, comment, start, end)
    if not mark:
        return None
    return _as_before(document, _above(document, f"{mark} {comment}", start, end))


def in_file(document: Document, code: str) -> Cut | None:
    """The edit that silences `code` in the whole file."""
    from driven.validation.silence import silences_of

    for silence in silences_of(document):
        if not silence.lines and silence.codes:
            word, at = silence.codes[-1]
            return at + len(word), at + len(word), f" {code}"
    comment = f"driven-ignore-file {code}"
    text, newline = document.text, newline_of(document.text)
    head = 1 if text[:1] == "\ufeff" else 0
    mark = _mark(document)
    if mark != "<!--":
        return _as_before(document, (head, head, f"{mark} {comment}{newline}")) if mark else None
    front = document.front
    if front is not None and front.end < 0:
        return None
    if document.place == "driven/rule":  # front matter does not go to the editors' files
        if front is None:
            return head, head, f"---{newline}# {comment}{newline}---{newline}{newline}"
        cut = _as_before(document, (front.start, front.start, f"# {comment}{newline}"))
        if cut is not None:
            return cut
    return document.body_start, document.body_start, f"<!-- {comment} -->{newline}{newline}"


def newline_of(text: str) -> str:
    """The line end of the first line that has one."""
    feed, back = text.find("\n"), text.find("\r")
    if back < 0 or 0 <= feed < back:
        return "\n"
    return "\r\n" if feed == back + 1 else "\r"


def _mark(document: Document) -> str:
    """What begins a comment in such a file, "" where there are none."""
    name = document.path
    if name.endswith((".yml", ".yaml", ".toml")):
        return "#"
    if name.endswith(".jsonc") or name.endswith(_COMMENTED):
        return "//"
    return "" if name.endswith(".json") else "<!--"


def _above(document: Document, comment: str, start: int, end: int) -> Cut:
    """The comment alone on a line above, as far in as that line."""
    line = document.text[start:end]
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    return start, start, f"{indent}{comment}{newline_of(document.text)}"


def _behind(line: str, start: int, comment: str) -> Cut:
    """The comment at the end of a line, before what must be the last on it: blanks, the `\\` of a line break, the `|`
    of a table."""
    bare = line.rstrip(" \t\r\n")
    if bare.endswith("\\"):
        bare = bare[:-1].rstrip(" \t")
    if bare.lstrip().startswith("|") and bare.endswith("|") and len(bare) > 1:
        bare = bare[:-1].rstrip(" \t")
    at = start + len(bare)
    return at, at, f" {comment}" if bare else comment


def _in_front(document: Document, comment: str, start: int, end: int) -> Cut | None:
    line = document.text[start:end]
    above = _as_before(document, _above(document, f"# {comment}", start, end))
    if above is not None or document.path.endswith(".mdc"):
        return above  # Cursor takes all of a line for its key's value
    return _as_before(document, _behind(line, start, f" # {comment}"))


def _in_body(document: Document, comment: str, start: int, end: int) -> Cut | None:
    body, shift = document.body, document.body_start
    line = document.text[start:end]
    markup = f"<!-- {comment} -->"
    at = start - shift
    if any(a <= at < b or a < end - shift - 1 < b for a, b in body.comments if b - a > 0 and a < at):
        return None  # inside of a comment
    for fence in body.fences:
        if fence.start <= at < fence.end and at >= fence.content_start:
            word = fence.info.partition(" ")[0].lower().strip("{}.")
            mark = next((mark for mark, words in _COMMENTS.items() if word in words.split()), "")
            is_last = not line.strip("`~ \t\r\n>")
            if not mark or is_last:
                return None
            return _above(document, markup if mark == "<!--" else f"{mark} {comment}", start, end)
        if fence.start <= at < fence.end:
            return _above(document, markup, start, end)
    if not line.strip():
        return start, start, markup
    if any(heading.start <= at <= heading.end for heading in body.headings) or any(
        link.kind == "definition" and at <= link.start < end - shift for link in body.links
    ):
        return _above(document, markup, start, end)
    first = at + len(line) - len(line.lstrip())
    if not any(a <= first < b for a, b in body.outside):
        return None  # indented code
    if any(at <= statement.start < end - shift for statement in body.statements) and line.lstrip()[0] != "|":
        return _above(document, markup, start, end)  # on the line it would be part of what is said there
    return _behind(line, start, markup)


def _as_before(document: Document, cut: Cut) -> Cut | None:
    """The edit, when the file's keys and values are the same with it."""
    before = _read(document.path, document.text, document)
    return (
        cut if before is not None and before == _read(document.path, apply_cuts(document.text, [cut]), None) else None
    )


def _read(path: str, text: str, document: Document | None) -> Any:
    from driven.document.document import Document

    if path.endswith(".toml"):
        import tomllib

        try:
            return tomllib.loads(text)
        except (ValueError, RecursionError):
            return None
    if path.endswith((".json", ".jsonc")):
        return True
    if path.endswith((".yml", ".yaml")):
        from driven.format.yaml12 import load_yaml

        loaded = load_yaml(text, path=path)
        return None if loaded.diagnostics else loaded.values
    front = (document or Document(path, text.encode("utf-8", "surrogatepass"))).front
    if front is None or front.end < 0:
        return None
    return front.problem, [(key.name, key.value) for key in front.keys]
