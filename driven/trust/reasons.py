"""Reasons for asking for more: how long one must be, and what does not count as one.

A reason proves nothing about what is true. It makes the log readable, and stops who escalates by reflex.
"""

from __future__ import annotations

from typing import Generic, Literal, TypeVar, overload

from driven.errors import PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Least: TypeAlias = "Literal[20, 30, 50]"
# By the class that is moved to, wherever one comes from: a move to a lower risk, or to the same, is a move too. 20, 30
# and 50 are the numbers of clap-noun-verb, src/kernel/typestate.rs (read 2026-11-22), which lets the first go without.
LEAST: dict[str, Least] = {"ReadOnlyFS": 20, "Environment": 20, "ReadWriteFS": 20, "Network": 30, "Subprocess": 50}
MAX = 2000  # characters
L_contra = TypeVar("L_contra", bound=int, contravariant=True)


class Justified(Generic[L_contra]):
    """A reason that was found long enough for a step that asks for `L_contra`: one for 50 fits where 30 is asked for
    (`Justified[Literal[20, 30, 50]]`), not the reverse. Made by `justify` alone."""

    __slots__ = ("least", "text")

    def __init__(self, text: str, least: int, token: object) -> None:
        if token is not _TOKEN:
            raise PolicyError("a reason is made by `justify`")
        self.text = text
        self.least = least


_TOKEN = object()


@overload
def justify(text: str, least: Literal[20]) -> Justified[Literal[20]]: ...
@overload
def justify(text: str, least: Literal[30]) -> Justified[Literal[20, 30]]: ...
@overload
def justify(text: str, least: Literal[50]) -> Justified[Literal[20, 30, 50]]: ...
def justify(text: str, least: int) -> Any:
    """The reason, for steps that ask for up to `least` characters (20, 30 or 50). PolicyError when it is none."""
    return Justified(collapsed(text, least), least, _TOKEN)


def collapsed(text: str, least: int) -> str:
    """The reason with each run of blanks as one, and none around it. PolicyError when it is shorter than `least` then,
    says one thing again and again, is longer than MAX, or carries what cannot be seen."""
    import unicodedata

    from driven.trust.hidden import hidden

    if not isinstance(text, str):
        raise PolicyError("a reason is text")
    if len(text) > MAX:
        raise PolicyError(f"a reason of {len(text):,} characters: at most {MAX:,} are read", hint="say it shorter")
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if not plain.isprintable() or next(hidden(text), None) is not None:
        raise PolicyError("a reason with characters that nobody sees", hint="write it anew, without pasting")
    if len(plain) < least:
        raise PolicyError(
            f"a reason of {len(plain)} characters, and this step asks for {least}",
            hint="say what it is needed for, so that a reader of the log understands it",
        )
    if _repeats("".join(plain.split()).casefold()):
        raise PolicyError("a reason that repeats itself is none", hint="say what it is needed for")
    return plain


def _repeats(text: str) -> bool:
    """Whether it is one piece of up to 8 characters again and again."""
    return any(text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, 9) if size < len(text))
