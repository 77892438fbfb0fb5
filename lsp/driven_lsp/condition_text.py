"""What is told of a `when`: whether it is true in this project, and what each of its functions answers."""

from __future__ import annotations

import re
from itertools import islice

from driven_lsp.glob_text import answers_of, glob_text
from driven_lsp.landing_text import code, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from driven_lsp.snapshot import Snapshot

MOST = 50  # calls of one condition
CALL = re.compile(r"""\b(lang|files)\b[ \t]*(?:\([ \t]*(?:"([^"\n]*)"|'([^'\n]*)'))?""")


def calls_in(text: str) -> Iterator[tuple[str, str, int, int, int, int]]:
    """(function, argument, start and end of its name, start and end of the argument or -1) of each call."""
    for match in islice(CALL.finditer(text), MOST):
        group = 2 if match[2] is not None else 3
        yield match[1], match[group] or "", match.start(1), match.end(1), match.start(group), match.end(group)


def condition_text(snapshot: Snapshot, text: str, rule_id: str) -> str:
    """Markdown about a condition of a rule. Whether it holds is known of the last look at the whole folder."""
    lines = []
    state = snapshot.view.active.get(rule_id)
    before = snapshot.view.rules.get(rule_id)
    if state is not None and before is not None and before.when == text.strip():
        lines.append("**True** in this project." if state else "**False** in this project: the rule is not emitted.")
    parts = {call_line(snapshot, name, argument) for name, argument, *_ in calls_in(text) if argument}
    return "\n\n".join([*lines, *["\n".join(sorted(parts))] * bool(parts)])


def call_text(snapshot: Snapshot, name: str, argument: str) -> str:
    """Markdown about one call."""
    if name == "files" and argument:
        return f"How many files of the project match.\n\n{glob_text(snapshot, argument)}"
    if name == "files":
        return '`files("**/*.tf")`: how many files of the project a glob matches; alone, it holds when there is one.'
    if not argument:
        return '`lang("python")`: whether the project has a file in that language.'
    return call_line(snapshot, name, argument).removeprefix("- ")


def call_line(snapshot: Snapshot, name: str, argument: str) -> str:
    """What a call answers, as an item of a list."""
    if name == "files":
        found = snapshot.files.matching(argument, snapshot.stopped)
        call = f'files("{argument}")'
        return f"- {code(call)}: {counted(len(found), 'file')}"
    from driven.format.languages import LANGUAGES, language
    from driven.format.words import similar

    known = language(argument)
    if not known:
        near = similar(argument, LANGUAGES)
        return f"- no language is called {code(argument)}{f'; did you mean {code(near)}?' if near else ''}"
    call = f'lang("{argument}")'
    first = _first_in(snapshot, known)
    return f"- {code(call)}: {f'true, {code(first)} is one' if first else 'false, no file is in it'}"


def _first_in(snapshot: Snapshot, known: str) -> str:
    """The first file in a language, "" for none."""
    from driven.format.languages import lang_of

    answers = answers_of(snapshot)
    key = ("lang", known)
    if key not in answers:
        answers[key] = (next((path for path in snapshot.files.files() if lang_of(path) == known), ""),)
    return answers[key][0]
