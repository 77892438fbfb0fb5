"""Names and addresses that are not what they look like: Cyrillic, Greek and other letters among Latin ones.

Prose is not looked at: words of two alphabets are common there. Names in code, globs, file names and hosts have no
reason to mix them. The letters are those that Unicode's confusables.txt maps to a Latin one and that fonts draw alike
(`make_confusables.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.document.document import Document
from driven.model.check import Edit, Finding, Repair
from driven.trust.confusable_tables import ALIKE

_PAIRS = (
    "аaсcеeһhіiјjӏlоoрpԛqѕsуyԝwхxԁdѵvАAВBСCЕEԌGНHІIЈJКKМMОOРPԚQЅSТTҮYѴVԜWХXУYӀIοoϲcϳjΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXϹCͿJ"
)
LATIN = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
# All that Unicode says; of Greek and Cyrillic, which stand beside Latin in many texts, `_PAIRS` is what fonts bear out.
_TABLE = {chr(int(word[:-1], 16)): word[-1] for word in ALIKE.split()}
LATIN = {letter: like for letter, like in _TABLE.items() if not "\u0370" <= letter <= "\u052f"} | LATIN
# Alike enough in a host, which is read at a glance; in a formula these are themselves.
LATIN_IN_HOSTS = _TABLE | LATIN | dict(zip("αιυνργκτωσпгткмвнз", "aiuvpyktwonrtkmbh3", strict=True))
# Greek and Cyrillic, Armenian, Georgian, Cherokee, Coptic, Lisu.
_RANGES = (
    "\u0370-\u052f\u0531-\u0587\u10a0-\u10ff\u13a0-\u13fd\u1c80-\u1cbf\u1d26-\u1d2b\u2c80-\u2cff\ua4d0-\ua4ff"
    "\ua640-\ua69f\uab70-\uabbf"
)
_OTHER = re.compile(f"[{_RANGES}]")
_WORD = re.compile(f"[A-Za-z0-9_{_RANGES}]+")
_CAMEL = re.compile("[a-zа-я][A-ZА-Я]")
_PROSE_KEYS = frozenset(("description", "name", "title", "instructions"))


def names(document: Document) -> Iterator[Finding]:
    """HID01: a name of look-alike letters."""
    if not document.path.isascii():
        for word, latin in _mixed(document.path.rpartition("/")[2]):
            yield Finding(
                message=f"the file's name {_says(word, latin)}",
                hint=f"rename it, with `{latin}` written in Latin letters",
            )
    text = document.text
    if text.isascii() or _OTHER.search(text) is None:
        return
    told = set()
    for start, end in _regions(document):
        if text[start:end].isascii():
            continue
        for word, latin, at in _found(text, start, end, only_names=False):
            told.add(at)
            yield _finding(word, latin, at)
    if document.body_start or document.name.endswith((".md", ".mdc")):
        for word, latin, at in _found(text, document.body_start, len(text), only_names=True):
            if at not in told:
                yield _finding(word, latin, at)


def _finding(word: str, latin: str, at: int) -> Finding:
    edits = (Edit(start=at, end=at + len(word), text=latin),)
    return Finding(
        message=_says(word, latin, quoted=True), start=at, end=at + len(word),
        hint=f"write `{latin}` in Latin letters", repair=Repair(title="Write it in Latin letters", edits=edits),
    )  # fmt: skip


def _says(word: str, latin: str, quoted: bool = False) -> str:
    letter = next(c for c in word if c in LATIN)
    script = _name(letter).split(" ")[0].capitalize()
    article = "an" if script == "Armenian" else "a"
    subject = f"`{word}` " if quoted else ""
    return (
        f"{subject}holds {article} {script} letter (`\\u{ord(letter):04x}`) that looks like a Latin `{LATIN[letter]}`:"
        f" it is another name than `{latin}`"
    )  # fmt: skip


def _name(letter: str) -> str:
    from unicodedata import name

    return name(letter, "FOREIGN LETTER")


def _regions(document: Document) -> Iterator[tuple[int, int]]:
    """Where names stand: code, and the front matter but for its prose; the whole of a file that is no Markdown."""
    front = document.front
    if front is not None:
        for key in front.keys:
            if key.name not in _PROSE_KEYS:
                yield key.value_start, key.value_end
    elif not document.name.lower().endswith((".md", ".mdc", ".txt", "rules", "hints")):
        yield 0, len(document.text)
        return
    body, start = document.body, document.body_start
    for fence in body.fences:
        yield fence.content_start + start, fence.end + start
    for at, end in body.code:
        yield at + start, end + start


def _found(text: str, start: int, end: int, *, only_names: bool) -> Iterator[tuple[str, str, int]]:
    at = start
    native = None
    while (other := _OTHER.search(text, at, end)) is not None:
        # The word around the letter: at most 100 characters of it are of interest.
        low = other.start()
        while low > max(at, other.start() - 100) and _WORD.match(text[low - 1]):
            low -= 1
        match = _WORD.match(text, low, end)
        assert match is not None
        at = match.end()
        word = match[0]
        if len(word) > 100 or word.isdigit():
            continue
        if only_names and "_" not in word and not _CAMEL.search(word) and text[at : at + 1] != "(":
            continue
        if native is None:
            native = _is_native(text)
        latin = _latin(word, native)
        if latin:
            yield word, latin, match.start()


def _mixed(name: str) -> Iterator[tuple[str, str]]:
    for match in _WORD.finditer(name):
        latin = _latin(match[0], _is_native(name))
        if latin:
            yield match[0], latin


def _is_native(text: str) -> bool:
    """Whether a text has words of Cyrillic or Greek."""
    sample = text[:200_000]
    return any(c.isalpha() and c not in LATIN for c in set(sample) if _OTHER.match(c) and c not in "λμπΔΣΩαβγδεθσφ")


def _latin(word: str, native: bool) -> str:
    """The Latin word that a mixed one looks like, "" for one of one alphabet, or with a letter that has no twin."""
    latin = sum(c.isascii() and c.isalpha() for c in word)
    others = [c for c in word if not c.isascii()]
    if not latin or not others or any(c not in LATIN for c in others):
        return ""
    if native:
        # `PRа`, `APIх`: an acronym with an ending; and a foreign letter in a word of the other alphabet is a slip.
        stem = word.rstrip("".join(LATIN))
        if latin < len(others) or (stem.isascii() and stem.isupper() and len(word) - len(stem) <= 3):
            return ""
    return "".join(LATIN.get(c, c) for c in word)


# --- HID02

_AUTHORITY = re.compile("://([^\\s/?#<>\"'`()\\[\\]{}|\\\\,;]{1,255})")
_PATH = re.compile("[^\\s<>\"'`()\\[\\]{}|\\\\]{1,1000}")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+){0,8}\.(?:com|org|net|io|dev|ai|app|gov|edu)", re.IGNORECASE)
_TOGETHER = frozenset(("LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"))


def hosts(document: Document) -> Iterator[Finding]:
    """HID02: an address that is not what it looks like."""
    text = document.text
    plain = text.isascii()
    if "://" not in text or (plain and "xn--" not in text and "@" not in text):
        return
    for match in _AUTHORITY.finditer(text):
        authority = match[1]
        user, at, host = authority.rpartition("@")
        host = host.rstrip(".:").partition(":")[0]
        start = match.end() - len(authority) + len(user) + len(at)
        if at and _HOST.fullmatch(user) and user.lower() != host.lower() and "." in host:
            yield Finding(
                message=f"the address leads to `{host}`; `{user}` before the `@` is only a user's name",
                start=match.start(1), end=match.end(1), hint="write the host that is meant, without the `@`",
            )  # fmt: skip
        if "xn--" in host or not host.isascii():
            said = _host(host)
            if said:
                yield Finding(
                    message=said,
                    start=start,
                    end=start + len(host),
                    hint="write the host in Latin letters, or delete it",
                )
                continue
        if plain:
            continue
        path = _PATH.match(text, match.end())
        if path is not None and not path[0].isascii():
            for word, latin, found in _found(text, match.end(), path.end(), only_names=False):
                yield Finding(
                    message=f"the address: {_says(word, latin, quoted=True)}", start=found, end=found + len(word),
                    hint=f"write `{latin}` in Latin letters",
                )  # fmt: skip


def _host(host: str) -> str:
    """What is wrong with the name of a host, "" when nothing is."""
    labels = host.lower().split(".")
    shown = []
    for label in labels:
        if label.startswith("xn--") and len(label) <= 63:
            try:
                label = label[4:].encode().decode("punycode")
            except (UnicodeError, ValueError, IndexError, OverflowError):
                return ""
        shown.append(label)
    if len(host) > 255 or all(label.isascii() for label in shown):
        return ""
    from unicodedata import name

    latin_end = labels[-1].isascii() and not labels[-1].startswith("xn--")
    for label in shown:
        if label.isascii():
            continue
        scripts = {name(c, "?").split()[0].split("-")[0] for c in label if c.isalpha()}
        mixed = "LATIN" in scripts and not scripts <= _TOGETHER
        alike = all(c in LATIN_IN_HOSTS for c in label if not c.isascii() and c.isalpha())
        if mixed or (latin_end and alike and scripts & {"CYRILLIC", "GREEK"}):
            seen = ".".join("".join(LATIN_IN_HOSTS.get(c, c) for c in part) for part in shown)
            written = ".".join("".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in part) for part in shown)
            other = ", ".join(sorted(script.capitalize() for script in scripts - {"LATIN"}))
            looks = f"looks like `{seen}`" if seen.isascii() else "mixes alphabets"
            same = f" (`{host}`)" if "xn--" in host else ""
            return f"the host `{written}`{same} {looks} and is another: it has {other} letters"
    return ""
