"""What a person silenced: by a comment at the place, by path in the configuration, or in a baseline of known findings.

    <!-- driven-ignore CUR03 GEN05: the reason -->     this line, or the next one when it stands alone
    # driven-ignore CUR02                              the same in front matter and YAML (`//` in JSON)
    <!-- driven-ignore-file GEN05 -->                  the whole file

A comment that silences nothing is told (SUP01), and one with a code that is none (SUP02). Findings of security checks
stay visible as notices: whoever hides a text could write the comment too.
"""

from __future__ import annotations

import re
from itertools import islice

from driven.core.globs import Glob
from driven.document.document import Document
from driven.frozen import record, replace
from driven.model.diagnostic import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

WORD = "driven-ignore"
SHORT = 400  # characters around a comment that stands alone on its line
MOST = 1_000  # comments of one file
_COMMENT = re.compile(r"driven-ignore(-file)?(?![\w-])[ \t:]*([^\n\r]{0,300})")
_CODE = re.compile(r"[A-Za-z]{3}[0-9]{0,3}(?![\w-])")
_BEFORE = re.compile(r"\ufeff?[ \t>*-]{0,200}(?:(?:<!--|#{1,6}|//|/\*)[ \t]{0,200}){0,3}")


@record
class Silence:
    """One comment: the codes (or their beginnings) that it names, the lines that it is for (none: the whole file)."""

    path: str
    codes: list[tuple[str, int]]  # with their offsets
    lines: tuple[int, ...]
    used: set[str]


def silences_of(document: Document) -> list[Silence]:
    """The comments of a file, in order."""
    found: list[Silence] = []
    text = document.text
    if WORD not in text:
        return found
    for match in islice(_COMMENT.finditer(text), MOST):
        codes: list[tuple[str, int]] = []
        at = match.start(2)
        while one := _CODE.match(text, at, match.end(2)):
            codes.append((one[0].upper(), one.start()))
            at = one.end()
            while text[at : at + 1] in (" ", ",", "\t") and at < match.end(2):
                at += 1
        line = document.line_of(match.start())
        start, end = document.line_bounds(line)
        alone = match.start() - start <= SHORT and end - match.start() <= 2 * SHORT
        if match[1]:
            lines: tuple[int, ...] = ()
        elif alone and _BEFORE.fullmatch(text, start, match.start()) and _ends(text[match.start() : end]):
            lines = (line, _next(document, line))
        else:
            lines = (line,)
        found.append(Silence(path=document.path, codes=codes, lines=lines, used=set()))
    return found


def _ends(rest: str) -> bool:
    """Whether nothing stands behind the comment on its line."""
    close = rest.find("-->")
    return close < 0 or not rest[close + 3 :].strip()


def _next(document: Document, line: int) -> int:
    """The next line that is not blank."""
    while True:
        line += 1
        start, end = document.line_bounds(line)
        if start >= len(document.text) or document.text[start:end].strip():
            return line


def apply_comments(
    found: Iterable[Diagnostic], documents: Sequence[Document], security: Collection[str]
) -> tuple[list[Diagnostic], int, list[Silence]]:
    """The findings that no comment silences, how many are, and the comments with what each was used for."""
    by_path: dict[str, list[Silence]] = {}
    every: list[Silence] = []
    for document in documents:
        made = silences_of(document)
        if made:
            by_path[document.path] = made
            every += made
    if not every:
        return list(found), 0, []
    kept: list[Diagnostic] = []
    count = 0
    for told in found:
        hit = False
        for silence in by_path.get(told.span.path, ()):
            if silence.lines and told.span.line not in silence.lines:
                continue
            for code, _ in silence.codes:
                if told.code.startswith(code):
                    silence.used.add(code)
                    hit = True
        if hit and told.code in security:
            kept.append(replace(told, severity="info", message=f"{told.message} (a comment asks to ignore it)"))
        elif hit:
            count += 1
        else:
            kept.append(told)
    return kept, count, every


def odd_comments(
    silences: Iterable[Silence],
    documents: Sequence[Document],
    known: Callable[[str], bool],
    asked: Callable[[str], bool],
) -> Iterable[Diagnostic]:
    """SUP01 for a comment that silenced nothing, SUP02 for a code that is none. `asked`: whether codes that begin so
    were looked for at all."""
    by_path = {document.path: document for document in documents}
    for silence in silences:
        document = by_path[silence.path]
        for code, at in silence.codes:
            span = document.span(at, at + len(code))
            if not known(code):
                yield Diagnostic(
                    code="SUP02", severity="warning", message=f"`{code}` is no code of a check", span=span,
                    hint="`driven explain-code` lists them all",
                )  # fmt: skip
            elif code not in silence.used and asked(code):
                yield Diagnostic(
                    code="SUP01", severity="warning", span=span,
                    message=f"nothing to ignore: {code} finds nothing here",
                    hint="delete the comment, or this code in it",
                )  # fmt: skip


def by_paths(
    found: Iterable[Diagnostic], ignores: Mapping[str, Sequence[str]]
) -> tuple[list[Diagnostic], int]:  # fmt: skip
    """The findings that `[validate.per_path_ignores]` leaves, and how many it takes."""
    globs = [(Glob(pattern), tuple(codes)) for pattern, codes in ignores.items()]
    kept = []
    count = 0
    for told in found:
        if any(told.code.startswith(codes) and glob.match(told.span.path) for glob, codes in globs):
            count += 1
        else:
            kept.append(told)
    return kept, count
