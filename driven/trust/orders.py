"""Orders to a model where a reader of the page sees none: comments, titles, folded parts, data addresses.

Only words that are aimed at a model count: to drop its instructions, to keep something from the user, to send secrets
out, to fetch and run. Notes to other authors, markers of tools and licences are what comments are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from driven.document.body import Body
from driven.model.check import Finding
from driven.trust.shell import DECODED, fetch_and_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Severity

MOST_READ = 200_000  # characters of one comment
_NOTE = re.compile(r"\s*(?:TO[D]O|FIX[M]E|X[X]X|NOTE)\b", re.IGNORECASE)

# One of these is in every text that the patterns below find: most comments have none, and are done with.
_HINT = re.compile(
    "ignor|disregard|forget|overrid|bypass|do not|don.?t|never|without|curl|wget|iwr|irm|base64|send|post|upload|exfil|"
    "forward|transmit|leak|email|system prompt|you are|mode|jailbreak|ssh|id_rsa|credentials|passwd|silently|secretly|"
    "background|quietly|covertly|script",
    re.IGNORECASE,
)
_SECRET = (
    r"(?:\benv(?:ironment)? var\w*|\bsecrets?\b|\bcredentials?\b|\bapi[ _-]?keys?\b|\btokens?\b|\bpasswords?\b|\.env\b"
    r"|\.ssh\b|id_rsa|\.aws\b|\bsource code\b|\bconversation\b|\bchat history\b)"
)
_OUT = r"(?:https?://|\bwebhook\b|[\w.]{1,60}@[\w-]{1,60}\.|\b\d{1,3}(?:\.\d{1,3}){3}\b)"
# What the model is told, the pattern, the severity. Gaps are bounded: the time is linear.
_ORDERS: tuple[tuple[str, str, Severity], ...] = (
    ("drop its other instructions",
     r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}?\b(?:previous|prior|above|earlier|preceding|your|system"
     r"|existing|other|all)\b[^.\n]{0,30}?\b(?:instructions?|prompts?|guidelines?|directives?|safeguards?|restrictions?)\b",
     "error"),
    ("drop its other instructions",
     r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,20}?\b(?:previous|prior|earlier|preceding|your|system"
     r"|all other)\b[^.\n]{0,12}?\b(?:rules|context)\b",
     "error"),
    ("keep something from the user",
     r"\b(?:do\s+not|don['’]?t|never|without)\s+(?:ever\s+)?(?:tell|inform|mention|reveal|alert|notif|warn|disclos|report)"
     r"\w{0,6}\b[^.\n]{0,40}?\b(?:user|human|developer|reviewer|operator|anyone|anybody)s?\b(?!\s{1,3}to\b)",
     "error"),
    ("act without asking the user",
     r"\b(?:do\s+not|don['’]?t|never|without)\s+(?:ever\s+)?(?:ask|show|prompt)(?:ing)?\b[^.\n]{0,20}?\bthe\s+"
     r"(?:user|human|developer|reviewer|operator)\b",
     "warning"),
    ("send secrets out",
     rf"\b(?:send|post|upload|exfiltrate|forward|transmit|leak|e?mail|curl|wget)\b[^\n]{{0,80}}?{_SECRET}[^\n]{{0,80}}?{_OUT}",
     "error"),
    ("send secrets out",
     rf"\b(?:send|post|upload|exfiltrate|forward|transmit|curl|wget)\b[^\n]{{0,80}}?{_OUT}[^\n]{{0,80}}?{_SECRET}",
     "error"),
    ("read secrets",
     r"\b(?:read|cat|open|print|include|copy|dump|collect)\b[^\n]{0,60}?(?:~/\.ssh|\bid_(?:rsa|ed25519)\b|\.aws/credentials"
     r"|/etc/(?:passwd|shadow)|~/\.netrc)",
     "error"),
    ("give its system prompt away",
     r"\b(?:(?:output|print|reveal|repeat|leak|dump)\b[^.\n]{0,30}?|(?:show|return)\b[^.\n]{0,20}?\byour\s)"
     r"\bsystem prompt\b",
     "error"),
    ("be another model than it is",
     r"\byou are (?:now (?:operating |acting |running )?in (?:developer|debug|god|unrestricted) mode"
     r"|no longer (?:acting|operating|bound))\b"
     r"|\b(?:enter|enable|activate|switch to|engage) (?:dan|god|jailbreak|unrestricted) mode\b", "error"),
    # A part that is played, and the switch of a browser or a phone, are rarely an attack.
    ("be another model than it is",
     r"\byou are now (?:an?|acting|operating)\b|\b(?:enter|switch to|engage) developer mode\b", "warning"),
    ("run something unseen",
     r"\b(?:run|execute|install|send|upload|delete|push|call)\b[^.\n]{0,60}?\b(?:silently|secretly|covertly|without"
     r" (?:confirmation|approval|permission|notice|asking|telling))\b", "warning"),
    ("put a foreign script into the code",
     r"\b(?:add|insert|inject|append|embed)\b[^\n]{0,80}?(?:<script|\bscript tag\b|https?://[^\s\"')]{1,200}\.(?:js|sh|ps1)\b)",
     "warning"),
)  # fmt: skip


# Before a verb: it says what not to do, or what something is for (`To override these rules, edit …`).
_NOT = re.compile(
    r"(?:\b(?:never|not|don['’]?t|cannot|can['’]?t|won['’]?t|shouldn['’]?t|mustn['’]?t|avoid|without|nor|neither|no)\b"
    r"(?!\s{1,3}(?:forget|fail|hesitate|only)\b)(?:[^.,;:!?\n]|\.(?=\w)){0,60}|(?:^|[.!?\n]|<!--)\s{0,3}to\s{1,3})$",
    re.IGNORECASE,
)
_OWN_NOT = ("keep something from the user", "act without asking the user")  # whose words begin with it
_HEADER = re.compile(r"\bauthorization\b|\bbearer\b|\bx-api-key\b|\bprivate-token\b", re.IGNORECASE)
MOST_TRIED = 50  # places of one pattern


def _first(what: str, pattern: str, text: str) -> re.Match[str] | None:
    """The first place that a pattern fits and that is no prohibition."""
    for match in islice(re.finditer(pattern, text, re.IGNORECASE), MOST_TRIED):
        start = match.start()
        if what in _OWN_NOT:
            # `Never push without asking the user` is a prohibition as well.
            if match[0][:7].lower() != "without" or _NOT.search(text, max(0, start - 80), start) is None:
                return match
        elif _NOT.search(text, max(0, start - 80), start) is None:
            if what == "send secrets out" and _HEADER.search(match[0]) and "$(" not in match[0]:
                continue  # a request with its key, as every manual has it
            return match
    return None


def order(text: str, *, commands: bool = True) -> tuple[int, int, str, Severity] | None:
    """What a text tells a model to do behind its reader's back: bounds, words, severity. Errors come first."""
    text = text[:MOST_READ]
    if _HINT.search(text) is None:
        return None
    found: tuple[int, int, str, Severity] | None = None
    for what, pattern, severity in _ORDERS:
        if found is not None and severity == "warning":
            break
        match = _first(what, pattern, text)
        if match is None or (severity == "warning" and _NOTE.match(text)):
            continue
        if severity == "error":
            return match.start(), match.end(), what, severity
        found = match.start(), match.end(), what, severity
    run = next(fetch_and_run(text), None) if commands and not _NOTE.match(text) else None
    if run is not None:
        return run[0], run[1], "run something decoded" if run[2] == DECODED else "run a download", "error"
    return found


def _told(text: str, start: int, end: int, where: str, *, most: Severity = "error") -> Iterator[Finding]:
    found = order(text[start:end], commands=most == "error")  # an install guide may be folded: that is EXE05's
    if found is None:
        return
    at, until, what, severity = found
    shown = " ".join(text[start + at : start + until].split()).replace("`", "'")
    shown = shown if len(shown) <= 60 else shown[:59] + "…"
    yield Finding(
        message=f"{where} tells the model to {what}: `{shown}`", start=start + at, end=start + until,
        hint="delete it, and look in the file's history who wrote it; what a model shall do belongs in plain sight",
        severity="warning" if most == "warning" else severity,
    )  # fmt: skip


def comments(body: Body) -> Iterator[Finding]:
    """HID03: an order to the model in a comment."""
    if "<!--" in body.text:
        for start, end in body.comments:
            yield from _told(body.text, start, end, "a comment that the rendered page does not show")


_FOLDED = re.compile("<details", re.IGNORECASE)
_CLOSED = re.compile("</details", re.IGNORECASE)
_DETAILS = re.compile(r"<details(?![\w-])([^>\n]{0,200})>", re.IGNORECASE)
_UNSEEN = re.compile(
    r"style\s?=\s?[\"'][^\"'\n]{0,200}?(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0(?![.\d])|opacity\s?:\s?0(?![.\d]))"
    r"[^>\n]{0,200}>", re.IGNORECASE,
)  # fmt: skip
_ATTRIBUTE = re.compile(r"\s(?:alt|title|aria-label)=(\"[^\"\n]{0,2000}\"|'[^'\n]{0,2000}')", re.IGNORECASE)


def unseen(body: Body) -> Iterator[Finding]:
    """HID04: an order to the model in a title, an alt text or a folded part."""
    text = body.text
    if "](" in text or "]:" in text:
        for link in body.links:
            if link.kind == "url":
                continue
            end = link.end
            if link.kind == "definition":  # its title stands behind it, to the end of the line
                end = text.find("\n", end)
                end = end if end >= 0 else len(text)
            yield from _told(text, link.target_end, end, "the title of a link")
            if link.kind == "image":
                yield from _told(text, link.start, link.target_start, "the text in place of a picture")
            elif link.kind == "definition":
                yield from _told(text, link.start, link.target_start, "the label of a definition")
            if link.target[:10].lower() == "data:text/":
                yield from _data(text, link.target, link.target_start, link.target_end)
    if "<" in text:
        yield from _html(body)


def _html(body: Body) -> Iterator[Finding]:
    text = body.text
    outside = _Outside(body)
    left = 10 * MOST_READ  # characters; elements may be nested, and each is read to its end
    if _FOLDED.search(text):
        for match in _DETAILS.finditer(text):
            if left <= 0 or re.search(r"\bopen\b", match[1], re.IGNORECASE) or not outside.has(match.start()):
                continue
            most = min(match.end() + left, match.end() + MOST_READ, len(text))
            closed = _CLOSED.search(text, match.end(), most)
            end = closed.start() if closed else most
            left -= end - match.end() + 1
            yield from _told(text, match.end(), end, "a folded part of the page", most="warning")
    if "style" in text or "STYLE" in text:
        for match in _UNSEEN.finditer(text):
            if left > 0 and outside.has(match.start()):
                end = text.find("</", match.end(), match.end() + 10_000)
                left -= max(end - match.end(), 0) + 1
                yield from _told(text, match.end(), max(end, match.end()), "an element that the page does not show")
    if "alt=" in text or "title=" in text or "aria-label=" in text:
        for match in _ATTRIBUTE.finditer(text):
            if outside.has(match.start()):
                yield from _told(text, match.start(1) + 1, match.end(1) - 1, "an attribute that the page does not show")


class _Outside:
    """Whether offsets, asked for in any order, stand outside of fences and comments."""

    def __init__(self, body: Body) -> None:
        self._starts: list[int] | None = None
        self._body = body
        self._ends: list[int] = []

    def has(self, offset: int) -> bool:
        from bisect import bisect_right

        if self._starts is None:
            self._starts = [start for start, _ in self._body.outside]
            self._ends = [end for _, end in self._body.outside]
        at = bisect_right(self._starts, offset) - 1
        return at >= 0 and offset < self._ends[at]


def _data(text: str, target: str, start: int, end: int) -> Iterator[Finding]:
    """The text of a `data:` address."""
    from base64 import b64decode
    from urllib.parse import unquote

    head, _, content = target.partition(",")
    if "base64" in head.lower():
        try:
            said = b64decode(content + "=" * (-len(content) % 4)).decode(errors="replace")
        except ValueError:
            return
    else:
        said = unquote(content)
    found = order(said)
    shown = " ".join("".join(c if c.isprintable() else " " for c in said[:200]).split()).replace("`", "'")
    shown = shown if len(shown) <= 60 else shown[:59] + "…"
    if found is not None:
        message, severity = f"a `data:` address holds an order to the model to {found[2]}: `{shown}`", found[3]
    elif len(said) >= 40 and said.count(" ") >= 5:
        message, severity = f"a `data:` address holds text that no reader of the page sees: `{shown}`", "warning"
    else:
        return
    yield Finding(
        message=message, start=start, end=end, hint="write the text where it can be read, or delete it",
        severity=severity,
    )  # fmt: skip
