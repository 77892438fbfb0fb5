"""Commands that fetch a program and run it unseen, or decode one and run it: found in a command or in any text.

One pass over the tokens of a line: what fetches or decodes is remembered until its command ends, what runs its input is
looked at when something before it fetched. No pattern looks further than a bounded length, so time is linear.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PIPED = "pipes a download into a program that runs it"
DECODED = "decodes something and runs it"
SAVED = "downloads a file and runs it"

# One of these is in every such command; lines without any are not read.
_WORDS = (
    "curl", "wget", "base64", "iwr ", "irm http", "irm -", "irm '", 'irm "', "irm $", "irm (", "iex", "invoke-", "xxd",
    "openssl", "downloadstring", "-enc", "atob", "buffer.from",
)  # fmt: skip
_SHELL = r"(?:(?:/usr)?/bin/)?(?:env\s{1,3})?(?:ba|z|da|k|a)?sh"
_TOKENS = re.compile(
    # bash <(curl …), sh -c "$(curl …)", eval "$(…)", source <(…)
    rf"(?P<into>\b(?:{_SHELL}|eval|source)\s{{1,3}}(?:-\w{{1,8}}\s{{1,3}}){{0,3}}[\"'\\]{{0,2}}(?:<\(|\$\(|`)\s{{0,3}}"
    r"(?:curl|wget|base64|echo\s[^|\n)]{1,300}\|\s{0,3}base64)\b)"
    r"|(?P<fetch>\b(?:curl(?:\.exe)?|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\s{1,3}[-\"'$<{h(\\])"
    r"|(?P<decode>\bbase64\s{1,3}(?:-d|-D|--decode)\b|\bxxd\s{1,3}-r\b|\bopenssl\s{1,3}(?:enc|base64)\s[^|\n]{0,40}?-d\b"
    r"|\bFromBase64String\b)"
    # A shell takes any input for commands; other languages only where no program is named.
    rf"|(?P<run>\|\s{{0,3}}(?:sudo\s{{1,3}}(?:-\w{{1,8}}\s{{1,3}}){{0,3}})?(?:{_SHELL}(?![\w./-])(?!\s{{1,3}}-\w{{0,3}}c\b)"
    r"|(?:python[23]?|node|perl|ruby|php)(?:\s{1,3}-)?(?=\s{0,3}(?:$|[\n;&\"'`)|]))"
    r"|(?:iex|Invoke-Expression|pwsh|powershell)\b))"
    # … -o /tmp/x && sh /tmp/x
    rf"|(?P<then>(?:&&|;)\s{{0,3}}(?:sudo\s{{1,3}})?(?:{_SHELL}\s{{1,3}}(?!-)|chmod\s{{1,3}}(?:-\w{{1,3}}\s{{1,3}})?(?:\+x|[0-7]{{3,4}})\s{{1,3}})"
    r"(?P<file>[^\s;&|\"'`)]{1,200}))"
    # iex (irm …), iex ((New-Object Net.WebClient).DownloadString(…)), powershell -enc …
    r"|(?P<iex>\b(?:iex|Invoke-Expression)\b[\s\"'(&$]{0,12}(?:irm|iwr|curl|wget|Invoke-WebRequest|Invoke-RestMethod"
    r"|New-Object\s{1,3}(?:System\.)?Net\.WebClient|\[(?:System\.)?(?:Text\.)?Encoding)\b)"
    r"|(?P<coded>\b(?:powershell|pwsh)(?:\.exe)?\s[^\n|]{0,80}?-e(?:nc|ncodedcommand)?\s{1,3}[A-Za-z0-9+/=]{20}"
    r"|\bexec\s{0,2}\(\s{0,2}(?:__import__\(\s{0,2}[\\\"']{1,2}base64[\\\"']{1,2}\s{0,2}\)|base64)\.b64decode"
    r"|\beval\s{0,2}\(\s{0,2}(?:atob|Buffer\.from)\s{0,2}\()"
    r"|(?P<next>(?:;|&&|\|\|)\s)",
    re.IGNORECASE,
)  # fmt: skip
_SAVES = re.compile(
    r"\s(?:-[A-Za-z]{0,6}[oO]|--output|--output-document|-OutFile)[\s=]{0,3}[\"']?([^\s;&|\"'`)]{1,200})"
)
MOST_BETWEEN = 300  # characters of a command


def fetch_and_run(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what it does) of every such command."""
    lowered = text.lower()
    if not any(word in lowered for word in _WORDS):
        return
    if len(lowered) != len(text):  # a letter that is two in lower case: offsets would not fit
        lowered = text.translate(_LOWER)
    for start, end in _lines(text, lowered):
        yield from _in_line(text, start, end)


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _lines(text: str, lowered: str) -> Iterator[tuple[int, int]]:
    """The lines that hold one of the words, each with those that continue it."""
    places = {word: at for word in _WORDS if (at := lowered.find(word)) >= 0}
    while places:
        at = min(places.values())
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        while end > 0 and text[max(0, end - 2) : end].rstrip("\r")[-1:] == "\\":
            end = text.find("\n", end + 1)
        end = end if end >= 0 else len(text)
        yield start, end
        for word, place in list(places.items()):
            if place < end:
                place = lowered.find(word, end)
                if place < 0:
                    del places[word]
                else:
                    places[word] = place


def _in_line(text: str, low: int, high: int) -> Iterator[tuple[int, int, str]]:
    fetched = decoded = saving = -1
    for token in _TOKENS.finditer(text, low, high):
        kind = token.lastgroup if token.lastgroup != "file" else "then"
        start, end = token.span()
        if kind == "next":
            fetched = decoded = -1
        elif kind == "fetch":
            saving = start
            fetched = start if fetched < 0 else fetched
        elif kind == "decode":
            decoded = start if decoded < 0 else decoded
        elif kind == "into":
            closed = text.find(")", end, end + MOST_BETWEEN)
            yield start, closed + 1 if closed >= 0 else end, DECODED if "base64" in token[0] else PIPED
            fetched = decoded = saving = -1
        elif kind == "iex":
            yield start, end, PIPED if "ncoding" not in token[0] else DECODED
            fetched = decoded = saving = -1
        elif kind == "coded":
            yield start, end, DECODED
            fetched = decoded = saving = -1
        elif kind == "run" and (fetched >= 0 or decoded >= 0):
            first = min(at for at in (fetched, decoded) if at >= 0)
            if not _is_row(text, first, start):
                yield first, end, DECODED if decoded >= 0 else PIPED
            fetched = decoded = saving = -1
        elif kind == "then":
            if saving >= 0 and start - saving < MOST_BETWEEN and _is_saved(text[saving : start + 1], token["file"]):
                yield saving, end, SAVED
                saving = -1
            fetched = decoded = -1


def _is_saved(command: str, file: str) -> bool:
    """Whether a command that fetches writes that file."""
    saved = _SAVES.search(command)
    if saved is not None:
        return saved[1].removeprefix("./") == file.removeprefix("./")
    return f"/{file.removeprefix('./')} " in command.replace("&", " ").replace(";", " ") and "wget" in command


def _is_row(text: str, start: int, pipe: int) -> bool:
    """Whether that pipe parts the cells of a table: in one, a pipe of code is written `\\|`."""
    line = text.rfind("\n", max(0, start - 2_000), start) + 1
    return text[line:start].lstrip()[:1] == "|" and text[pipe - 1 : pipe] != "\\"
