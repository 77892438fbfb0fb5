"""Which rules of `.driven/rules` reach nobody, and which subjects no rule covers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from driven.check_kit import Document, Finding, Repository, repository_check
from driven.model.rule import CATEGORIES, Rule
from driven.plugin_kit import FormatError, Glob

VERIFIED = "2026-11-21"
MEMORY = "https://code.claude.com/docs/en/memory"
CONFIG = ".driven/config.toml"

LEAST_RULES = 5  # with a category: fewer say nothing about what is meant to be covered


@repository_check(
    "RCH01", "a rule that reaches no editor", "driven/rule", severity="warning",
    why="The rule is written, reviewed and kept, and no editor is given it: its `targets` leave out every editor that"
    " is enabled, or none is.",
    url=MEMORY, verified=VERIFIED, bad="targets: [aider] (only Cursor is enabled)",
    good="targets: [cursor, aider]",
)  # fmt: skip
def reaches_nobody(repository: Repository) -> Iterator[Finding]:
    if not repository.managed or not repository.rules:
        return
    names = repository.editors
    if not names:
        yield Finding(
            message="no editor is enabled: none of the rules reaches one", path=_config(repository),
            hint="write `cursor = true` (or another editor) below `[editors]`",
        )  # fmt: skip
        return
    for rule in repository.rules:
        if not rule.targets or any(rule.for_editor(name) for name in names):
            continue
        start, end = _value(repository, rule, "targets")
        yield Finding(
            message=f"this rule reaches no editor: its targets leave out {_words(names, 'and')}, which"
            f" {'is all that is' if len(names) == 1 else 'are all that are'} enabled",
            start=start, end=end, path=rule.span.path, hint="change `targets`, or enable an editor that it names",
        )  # fmt: skip


@repository_check(
    "RCH02", "a condition that no file of the project meets", "driven/rule", severity="info",
    why="The rule's `when` names files or a language that the project does not have, so that no editor is given the"
    " rule. The pattern may be misspelt, or the files have moved.",
    url=MEMORY, verified=VERIFIED, bad='when: files("infra/**/*.tf") > 0 (the files are in deploy/)',
    good='when: files("deploy/**/*.tf") > 0',
)  # fmt: skip
def never_true(repository: Repository) -> Iterator[Finding]:
    if not repository.managed:
        return
    for rule in repository.rules:
        if not rule.when or repository.active.get(rule.id, True):
            continue
        missing = _missing(rule.when, repository)
        if missing:
            start, end = _value(repository, rule, "when")
            document = repository.document(rule.span.path)
            if document is not None:
                at = document.text.find(missing[0], start, end)
                start, end = (at, at + len(missing[0])) if at >= 0 else (start, end)
            yield Finding(
                message=f"no file of the project {missing[1]} `{missing[0]}`: the condition is false, and no editor is"
                " given this rule",
                start=start, end=end, path=rule.span.path,
                hint="check the spelling; leave it where such files are still to come",
            )  # fmt: skip


_CALL = re.compile(r"\b(lang|files)\(\s{0,9}([\"'])([^\"']{1,400})\2\s{0,9}\)")
_ABOVE_NONE = re.compile(r"\bcall\s{0,9}(?:>\s{0,9}0|>=\s{0,9}1|!=\s{0,9}0)(?![0-9])")
_PLAIN = re.compile(r"[\s()]|\bcall\b|\band\b|\bor\b|&&|\|\|")


def _missing(when: str, repository: Repository) -> tuple[str, str] | None:
    """(what a false condition names and no file has, how), None where that is not certain."""
    calls = [(found[1], found[3]) for found in _CALL.finditer(when)]
    rest = _ABOVE_NONE.sub("call", _CALL.sub("call", when))
    if not calls or _PLAIN.sub("", rest):
        return None  # `not`, or a number: then it may be the files that are there
    languages = [name for function, name in calls if function == "lang"]
    for function, pattern in calls:
        if function == "files" and not _matches(pattern, repository):
            return pattern, "matches"
    all_false = not re.search(r"\band\b|&&", rest)
    if languages and (len(languages) == 1 or all_false):
        return languages[0], "is written in"
    return None


def _matches(pattern: str, repository: Repository) -> bool:
    try:
        return repository.matches(Glob(pattern))
    except FormatError:
        return True


@repository_check(
    "COV01", "categories that no rule covers", "driven/rule", severity="info",
    why="The rules of this project say what they are about. Where one of the usual subjects has no rule at all, that"
    " may be meant so, or nobody thought of it.",
    url=MEMORY, verified=VERIFIED, bad="rules of the categories style, naming and testing alone",
    good="rules for security and errors beside them",
)  # fmt: skip
def uncovered(repository: Repository) -> Iterator[Finding]:
    if not repository.managed:
        return
    covered = [rule.category for rule in repository.rules if rule.category != "custom"]
    missing = [name for name in CATEGORIES if name != "custom" and name not in covered]
    if len(covered) >= LEAST_RULES and missing:
        yield Finding(
            message=f"no rule covers {_words(missing, 'or')} ({len(missing)} of {len(CATEGORIES) - 1} categories)",
            path=_config(repository), hint="write a rule for those that matter in this project",
        )  # fmt: skip


def _config(repository: Repository) -> str:
    """The file that says which editors there are."""
    return CONFIG if repository.document(CONFIG) is not None or not repository.exists("pyproject.toml") else (
        "pyproject.toml"
    )  # fmt: skip


def _value(repository: Repository, rule: Rule, name: str) -> tuple[int, int]:
    """Where the value of a key of a rule stands."""
    document: Document | None = repository.document(rule.span.path)
    key = document.key(name) if document is not None else None
    return (0, 0) if key is None else (key.value_start, key.value_end)


def _words(names: Sequence[str], join: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {join} {names[-1]}"
