"""Did you mean …? The nearest known word to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 64  # a longer word is no typing slip, and comparing it would cost time for nothing


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that `word` was most likely meant to be, or "": its only completion, else the most alike."""
    words = sorted(set(known))
    if not word or len(word) > _LONGEST:
        return ""
    begins = [w for w in words if w.startswith(word)]
    if len(begins) == 1:
        return begins[0]
    from difflib import get_close_matches

    # The dashes are alike in all options, so they say nothing: `--bogus` is not `--verbose`.
    bare = {w.lstrip("-"): w for w in words}
    found = get_close_matches(word.lstrip("-").lower(), bare, 1, 0.6)
    return bare[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str], *, prefix: str = "", otherwise: str = "") -> str:
    """A hint: ``did you mean `driven sync`?`` with `prefix` before the word, or `otherwise` when nothing is near."""
    found = nearest(word, known)
    return f"did you mean `{prefix}{found}`?" if found else otherwise
