"""The text of a condition, read into Python's syntax tree: signs and limits checked, every place led back to the text.

The tokens are checked before Python's parser sees them, so that no text can make it recurse, warn or read a comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from driven.errors import SourceError
from driven.format.words import shown
from driven.span import Span

if TYPE_CHECKING:
    import ast

MAX_LENGTH = 4096  # code points
MAX_TOKENS = 512
MAX_DEPTH = 32  # of parentheses, and of `not not …`
SUBSET = 'a condition has and, or, not, in, comparisons, lang("…") and files("…")'
_ALIASES = {"&&": "and", "||": "or", "!": "not"}
_INSTEAD = {"=": "==", "&": "and", "|": "or"}
_OPERATORS = ("&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", "-", "=", "&", "|")


class Source:
    """The text as Python reads it: aliases replaced, one blank between tokens; `offsets` leads back to the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.python = ""
        self.offsets: list[int] = []
        if len(text) > MAX_LENGTH:
            self.fail(f"a condition has at most {MAX_LENGTH} characters", "split the rule", 0, len(text))
        pieces: list[str] = []
        depth = run = 0
        end = 0
        for count, (token, start) in enumerate(self._tokens()):
            if count >= MAX_TOKENS:
                self.fail(f"a condition has at most {MAX_TOKENS} words and signs", "split the rule", start, len(text))
            run = run + 1 if token in ("not", "!", "-") else 0
            depth += (token in ("(", "[")) - (token in (")", "]"))
            if depth + run > MAX_DEPTH:
                self.fail("the condition is nested too deeply", "write it flatter", start, start + len(token))
            if token in _INSTEAD:
                self.fail(f"`{token}` means nothing here", f"write `{_INSTEAD[token]}`", start, start + 1)
            if pieces:
                self.offsets.append(end)  # the blank between two tokens
            end = start + len(token)
            alias = _ALIASES.get(token)
            pieces.append(alias or token)
            self.offsets.extend([start] * len(alias) if alias else range(start, end))
        self.python = " ".join(pieces)
        self.offsets.append(end)
        if not pieces:
            self.fail("the condition is empty", 'leave `when` out, or write lang("python")', 0, len(text))

    def _tokens(self) -> Iterable[tuple[str, int]]:
        text, at = self.text, 0
        while at < len(text):
            char, start = text[at], at
            if char.isspace():
                at += 1
            elif char in "'\"":
                at = text.find(char, start + 1) + 1
                inside = text[start:at]
                if at == 0:
                    self.fail("text without a closing quote", f"end it with `{char}`", start, len(text))
                if "\\" in inside or "\n" in inside or "\0" in inside:
                    self.fail("text holds a backslash or a line break", "write `/` in globs", start, at)
                yield inside, start
            elif char.isascii() and (char.isalnum() or char == "_"):
                while at < len(text) and text[at].isascii() and (text[at].isalnum() or text[at] in "_."):
                    at += 1
                word = text[start:at]
                if at < len(text) and text[at] in "'\"":
                    self.fail(f"`{word}` before a quote", "write plain text in quotes", start, at)
                if char.isdigit() and not word.isdigit():
                    self.fail(f"`{word}` is no whole number", "write digits alone", start, at)
                yield word, start
            else:
                sign = next((sign for sign in _OPERATORS if text.startswith(sign, at)), "")
                if not sign:
                    self.fail(f"`{shown(char)}` means nothing here", SUBSET, start, start + 1)
                at += len(sign)
                yield sign, start

    def place(self, node: ast.expr) -> tuple[int, int]:
        """Where a node stands in the text. The parser counts bytes."""
        return self._offset(node.col_offset, False), self._offset(node.end_col_offset or 0, True)

    def _offset(self, column: int, is_end: bool) -> int:
        at = len(self.python.encode()[:column].decode())
        return self.offsets[at - 1] + 1 if is_end and at else self.offsets[at]

    def fail(self, message: str, hint: str, start: int, end: int) -> NoReturn:
        span = Span(path="", line=1, column=start + 1, end_line=1, end_column=end + 1)
        raise SourceError(message, hint=hint, span=span)


def parse(text: str) -> tuple[ast.expr, Source]:
    import ast

    source = Source(text)
    try:
        return ast.parse(source.python, mode="eval").body, source
    except SyntaxError as error:
        at = min(max((error.offset or 1) - 1, 0), len(source.offsets) - 1)
        reason = error.msg.removesuffix(". Perhaps you forgot a comma?").removesuffix(". Maybe you meant '==' or ':='?")
        source.fail(f"the condition does not read: {reason}", SUBSET, source.offsets[at], len(text))
    except (ValueError, RecursionError, MemoryError):
        source.fail("the condition does not read", SUBSET, 0, len(text))
