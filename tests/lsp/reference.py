"""What an editor does with a text: it counts code units, and splices them. Shares nothing with the server's way."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

# All that could be taken for the end of a line, what needs two or four units, and a byte order mark.
PIECES = [
    "a", "b c", "\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\ufeff", "é", "漢",
    "😀", "𝔘", "e\u0301", "\t", "# x\n", "\n\n", "\r\r\n", "\0",
]  # fmt: skip

texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


class Editor:
    """A text in one encoding, as a list of code units."""

    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.units = self._units(text)

    def _units(self, text: str) -> list[bytes]:
        codec, width = CODECS[self.encoding]
        data = text.encode(codec)
        return [data[at : at + width] for at in range(0, len(data), width)]

    @property
    def text(self) -> str:
        return b"".join(self.units).decode(CODECS[self.encoding][0])

    def spots(self) -> list[tuple[int, int, int]]:
        """Line, character and index of every place where a caret can stand."""
        text = self.text
        found = []
        line = character = index = 0
        previous = ""
        for at, letter in enumerate(text):
            inside = previous == "\r" and letter == "\n"
            if not inside:
                found.append((line, character, index))
            width = len(self._units(letter))
            index += width
            character += width
            if letter == "\n" or (letter == "\r" and text[at + 1 : at + 2] != "\n"):
                line, character = line + 1, 0
            previous = letter
        found.append((line, character, index))
        return found

    def replace(self, start: int, end: int, new: str) -> None:
        self.units[start:end] = self._units(new)


@st.composite
def sessions(draw: st.DrawFn, encoding: str) -> tuple[str, list[tuple[list[Any], str]]]:
    """A first text, and notifications: their changes as LSP says them, and the text that they leave."""
    first = draw(texts)
    editor = Editor(first, encoding)
    notifications = []
    for _ in range(draw(st.integers(1, 4))):
        changes: list[Any] = []
        for _ in range(draw(st.integers(1, 4))):
            new = draw(texts)
            if draw(st.integers(0, 9)) == 0:
                editor = Editor(new, encoding)
                changes.append({"text": new})
                continue
            spots = editor.spots()
            start, end = sorted(draw(st.tuples(st.integers(0, len(spots) - 1), st.integers(0, len(spots) - 1))))
            (line, character, left), (end_line, end_character, right) = spots[start], spots[end]
            editor.replace(left, right, new)
            where = {
                "start": {"line": line, "character": character},
                "end": {"line": end_line, "character": end_character},
            }
            changes.append({"range": where, "text": new})
        notifications.append((changes, editor.text))
    return first, notifications


def as_changes(changes: list[Any]) -> list[Any]:
    """LSP's changes as `Text.apply` takes them."""
    found: list[Any] = []
    for change in changes:
        where = change.get("range")
        if where is not None:
            start, end = where["start"], where["end"]
            where = (start["line"], start["character"], end["line"], end["character"])
        found.append((where, change["text"]))
    return found
