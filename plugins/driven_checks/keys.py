"""Reading and rewriting one key of front matter, also where that is no YAML: what several checks of editors need."""

from __future__ import annotations

from driven.check_kit import Document, Edit, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def is_empty(key: Key) -> bool:
    """Whether nothing stands there that an editor could use."""
    value = key.value
    if isinstance(value, str):
        return value.strip() in ("", "~")
    return value is None or (isinstance(value, (list, dict)) and not value)


def value_bounds(key: Key) -> tuple[int, int]:
    """Where the value itself stands: without the comment behind it, where it is on one line."""
    raw = key.raw
    if (" #" not in raw and raw[:1] != "#") or "\n" in raw:
        return key.value_start, key.value_end
    if raw[:1] in ("'", '"'):
        end = raw.find(raw[0], 1) + 1
        if not raw[end:].lstrip().startswith("#") or "\\" in raw:
            end = len(raw)
    else:
        end = 0 if raw[:1] == "#" else len(raw[: raw.find(" #")].rstrip())
    return key.value_start, key.value_start + end


def word(document: Document, key: Key) -> str:
    """The value as text: a word or a number as written, `true`; "" for nothing, a list or a map."""
    value = key.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        return ""
    front = document.front
    if front is None or not front.problem:
        return value.strip()
    start, end = value_bounds(key)
    return _bare(document.text[start:end].strip())


def items(document: Document, key: Key) -> list[tuple[str, int, int]]:
    """The texts in a value, one or a list, with their places; what is no text is left out."""
    value = key.value
    if isinstance(value, list):
        texts: Sequence[str] = [item for item in value if isinstance(item, str)]
    elif isinstance(value, str) and value[:1] == "[" and value[-1:] == "]" and key.raw[:1] == "[":
        texts = [_bare(part.strip()) for part in value[1:-1].split(",")]  # the front matter is no YAML
    elif isinstance(value, str) and value[:2] == "- " == key.raw[:2]:
        texts = [_bare(line.strip()[1:].strip()) for line in value.split("\n") if line.strip()[:1] == "-"]
    else:
        text = word(document, key)
        texts = [text] if text else []
    found = []
    at, end = value_bounds(key)
    for text in texts[:1_000]:
        start = document.text.find(text, at, end)
        if start < 0:  # written with escapes
            found.append((text, key.value_start, end))
        else:
            at = start + len(text)
            found.append((text, start, at))
    return found


def stands_alone(document: Document, key: Key) -> bool:
    """Whether the key begins its line, without quotes, so that the line can be rewritten."""
    return document.line_bounds(key.line)[0] == key.start and document.text.startswith(key.name, key.start)


def removal(document: Document, key: Key) -> Edit:
    """Take a key out, with all lines of its value."""
    start = document.line_bounds(key.line)[0]
    return Edit(start=start, end=document.line_bounds(document.line_of(key.value_end))[1], text="")


def is_shifted(document: Document) -> bool:
    """Whether front matter stands below blank lines, where nothing reads it: that is GEN02, and says it all."""
    text = document.text
    return text[:1] in ("\n", "\r", " ", "\t") and text[:256].lstrip()[:4].rstrip("\r\n") == "---"


def line_end(document: Document) -> str:
    """The line end that the file begins with."""
    at = document.text.find("\n")
    return "\r\n" if at > 0 and document.text[at - 1] == "\r" else "\n"


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
