"""One entry of a top-level YAML list in a file that a person also writes, `read:` of `.aider.conf.yml`.

The text is edited at the places that PyYAML's node marks give, not serialised anew, so that comments, key order and
quoting stay. Every edit is proven: read back, it must differ from the original by exactly that entry. Entries are
paths, so `./CONVENTIONS.md` is the entry `CONVENTIONS.md`.
"""

from __future__ import annotations

import posixpath

from driven.errors import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from yaml.nodes import MappingNode, Node

MAX_BYTES = 1 << 18  # far above any real configuration; keeps a hostile one from costing time
MAX_DEPTH = 64
LEFT_ALONE = "correct it; the file was left alone"


def find_entry(data: bytes, key: str, entry: bytes) -> bytes | None:
    """`entry` when the list under `key` holds it, else None. SourceError when the file is no YAML map, or what stands
    under `key` no list of texts."""
    if data == _fresh(key, entry):  # the file that we make ourselves: PyYAML (15 ms to import) has nothing to add
        return entry
    return entry if _held(_entries(_load(_text(data)), key), entry.decode()) else None


def _fresh(key: str, entry: bytes) -> bytes:
    return f"{key}:\n  - ".encode() + entry + b"\n"


def put_entry(data: bytes | None, key: str, entry: bytes) -> bytes:
    """`data` with `entry` at the end of the list under `key`. SourceError when no edit of the text can do that."""
    if not data:
        return _fresh(key, entry)
    item = entry.decode()
    text = _text(data)
    before = _load(text)
    entries = _entries(before, key)
    if _held(entries, item):
        return data
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _find(text, key)
    if found is None:
        gap = "" if not text or text.endswith("\n") else newline
        edited = f"{text}{gap}{key}:{newline}  - {item}{newline}"
    else:
        edited = _append(text, found[1], item, newline)
    return _proven(data, edited, before, key, [*entries, item])


def take_entry(data: bytes, key: str, entry: bytes) -> bytes | None:
    """`data` without `entry`, and without `key` when it was the last one; None when nothing but white space is left."""
    text = _text(data)
    before = _load(text)
    entries = _entries(before, key)
    found = _find(text, key)
    item = _held(entries, entry.decode())
    if found is None or not item:
        return data
    rest = [other for other in entries if other != item]
    edited = _remove(text, found[1], item) if rest else _cut_lines(text, found[0], found[1])
    return _proven(data, edited, before, key, rest or None) if edited.strip() else None


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise SourceError(f"the file has {len(data):,} bytes; a configuration has at most {MAX_BYTES:,}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 at byte {error.start}", hint=LEFT_ALONE) from None


def _compose(text: str) -> MappingNode | None:
    """The root node of `text`, None when there is no content."""
    import yaml

    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise SourceError("YAML aliases are not followed here", hint="write the values out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:  # PyYAML's time grows with the square of it
                raise SourceError("YAML that is nested too deeply", hint=LEFT_ALONE)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SourceError(
            f"not valid YAML{where}: {getattr(error, 'problem', None) or 'it does not parse'}", hint=LEFT_ALONE
        ) from None
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise SourceError("the file is not a map of settings", hint=LEFT_ALONE)
    return root


def _load(text: str) -> dict[str, Any]:
    import yaml

    root = _compose(text)
    try:
        return {} if root is None else dict(yaml.SafeLoader("").construct_document(root))
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise SourceError(f"not valid YAML: {error}", hint=LEFT_ALONE) from None


def _entries(value: dict[str, Any], key: str) -> list[str]:
    found = value.get(key)
    entries = [] if found is None else found if isinstance(found, list) else [found]
    if not all(isinstance(entry, str) for entry in entries):
        raise SourceError(f"`{key}` is not a text or a list of texts", hint=LEFT_ALONE)
    return entries


def _held(entries: list[str], item: str) -> str:
    """The entry as the file spells it, `""` when there is none."""
    if item in entries:
        return item
    path = posixpath.normpath(item)
    return next((entry for entry in entries if posixpath.normpath(entry) == path), "")


def _find(text: str, key: str) -> tuple[Node, Node] | None:
    root = _compose(text)
    pairs = [] if root is None else [pair for pair in root.value if pair[0].value == key]
    if len(pairs) > 1:
        raise SourceError(f"`{key}` stands there twice, and only the last one counts", hint="merge the two lists")
    return pairs[0] if pairs else None


def _append(text: str, node: Node, item: str, newline: str) -> str:
    import yaml

    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.SequenceNode) and node.flow_style:
        inner = text[start : end - 1].rstrip()
        comma = "" if inner.endswith((",", "[")) else ","
        return f"{inner}{comma}{' ' if node.value else ''}{item}]".join((text[:start], text[end:]))
    if isinstance(node, yaml.SequenceNode):
        last = node.value[-1].end_mark
        at = text.find("\n", last.index)
        indent = " " * node.start_mark.column
        if at < 0:
            return f"{text}{newline}{indent}- {item}{newline}"
        return f"{text[: at + 1]}{indent}- {item}{newline}{text[at + 1 :]}"
    if node.tag == "tag:yaml.org,2002:null":
        return f"{text[:start]}{' ' if text[start - 1] == ':' else ''}[{item}]{text[end:]}"
    return f"{text[:start]}[{text[start:end]}, {item}]{text[end:]}"


def _remove(text: str, sequence: Node, item: str) -> str:
    import yaml

    if not isinstance(sequence, yaml.SequenceNode):
        return text
    at = next(i for i, child in enumerate(sequence.value) if child.value == item)
    child = sequence.value[at]
    if not sequence.flow_style:
        start = text.rfind("\n", 0, child.start_mark.index) + 1
        end = text.find("\n", child.end_mark.index) + 1
        return text[:start] + (text[end:] if end else "")
    if at:
        return text[: sequence.value[at - 1].end_mark.index] + text[child.end_mark.index :]
    return text[: child.start_mark.index] + text[sequence.value[1].start_mark.index :]


def _cut_lines(text: str, key: Node, value: Node) -> str:
    """`text` without the lines of a pair: from the key's line to the end of the last line that holds its value."""
    children = value.value if isinstance(value.value, list) else []
    flow = getattr(value, "flow_style", True)
    last = value.end_mark.index if flow or not children else children[-1].end_mark.index
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    end = text.find("\n", last) + 1
    return text[:start] + (text[end:] if end else "")


def _proven(data: bytes, edited: str, before: dict[str, Any], key: str, entries: list[str] | None) -> bytes:
    wanted = {name: value for name, value in before.items() if name != key}
    if entries is not None:
        wanted[key] = entries
    try:
        proven = _load(edited) == wanted
    except SourceError:
        proven = False
    if not proven:
        raise SourceError(
            f"the list `{key}` is written in a way that cannot be edited line by line",
            hint=f"write it as a plain list, one `- entry` a line, below `{key}:`",
        )
    return (b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b"") + edited.encode()
