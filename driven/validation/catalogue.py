"""Everything that is known of a code, whether a check finds it or driven itself tells it: one answer for
`driven explain-code`, docs/checks.md and the reports of `driven validate`."""

from __future__ import annotations

from driven.document.places import FOLDERS, NAMES
from driven.frozen import frozen
from driven.validation.own_codes import OWN_CODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from driven.hookspecs import Check
    from driven.model.check import About
    from driven.model.diagnostic import Severity

STALE_DAYS = 180  # after so long, a vendor's fact must be looked up again

# The beginnings of codes, in the order in which people read of them.
FAMILIES: dict[str, str] = {
    "CUR": "Cursor",
    "COP": "GitHub Copilot",
    "WND": "Windsurf and Devin",
    "CLA": "Claude Code",
    "CLN": "Cline",
    "AID": "Aider",
    "AGM": "AGENTS.md and those who read it",
    "KIR": "Kiro",
    "KIL": "Kilo Code",
    "OPC": "OpenCode",
    "CON": "Continue",
    "AMP": "Amp",
    "ANT": "Antigravity",
    "AUG": "Augment",
    "SKL": "Skills",
    "GEN": "The rule files of every editor",
    "TXT": "Text that cannot be read",
    "GLB": "Globs beside one another",
    "LNK": "Links inside rules",
    "SIZ": "Sizes and budgets",
    "VAG": "Rules that ask for nothing",
    "DUP": "Rules that repeat one another",
    "CTR": "Rules that contradict one another",
    "RCH": "Rules that reach nobody",
    "COV": "What no rule covers",
    "REF": "Paths and commands that rules name",
    "HID": "Hidden text and disguises",
    "SEC": "Secrets",
    "EXE": "What would be executed",
    "RUL": "Rules in .driven/rules",
    "CFG": "The configuration",
    "SUP": "Comments that silence findings",
    "PLG": "Plugins",
    "PLN": "Planning",
    "SYN": "A sync",
    "DSK": "The disk",
    "WCH": "The watch",
    "LSP": "The language server",
    "IMP": "An import",
    "TPL": "A template",
    "DRV": "What ends a run",
}
ELSEWHERE = "Checks of other plugins"
# Told by other commands: `driven validate` neither finds nor silences them.
_NO_FINDINGS = frozenset(("SYN", "DSK", "WCH", "LSP", "IMP", "TPL", "DRV"))


@frozen
class Entry:
    """One code. `reads` names the files that are looked at, "" where that is no question; `url`, `verified` and
    `security` are those of its check. `silence`: the ways to silence it, as text to copy."""

    code: str
    title: str
    severity: Severity
    why: str
    bad: str
    good: str
    reads: str
    url: str
    verified: str
    fix: str
    is_check: bool
    security: bool
    silence: tuple[str, ...]

    @property
    def family(self) -> str:
        """`CUR` of `CUR03`."""
        return self.code[:3]


def catalogue(checks: Iterable[Check]) -> dict[str, Entry]:
    """Every code, by family and number."""
    found = {code: _of_own(code) for code in OWN_CODES}
    found |= {check.about.code: _of_check(check.about) for check in checks}
    return dict(sorted(found.items(), key=lambda item: (_rank(item[0][:3]), item[0])))


def family_title(prefix: str) -> str:
    """`Cursor` of `CUR`."""
    return FAMILIES.get(prefix, ELSEWHERE)


def age(verified: str, today: date) -> int:
    """The days since a fact was verified; negative in the future. ValueError for what is no YYYY-MM-DD."""
    from datetime import date

    if len(verified) != 10 or verified[4] + verified[7] != "--":
        raise ValueError(f"{verified!r} is no date YYYY-MM-DD")
    return (today - date.fromisoformat(verified)).days


def stale(facts: Mapping[str, tuple[str, str]], today: date) -> list[tuple[str, str, str, int]]:
    """(name, verified, url, days) of the facts that are older than `STALE_DAYS`, the oldest first. `facts`: name ->
    date and URL. ValueError as in `age`."""
    found = [(name, verified, url, age(verified, today)) for name, (verified, url) in facts.items()]
    return sorted((row for row in found if row[3] > STALE_DAYS), key=lambda row: (-row[3], row[0]))


def _rank(prefix: str) -> tuple[int, str]:
    order = list(FAMILIES)
    return (order.index(prefix), "") if prefix in FAMILIES else (order.index("GEN"), prefix)


def _of_check(about: About) -> Entry:
    comment = f"<!-- driven-ignore {about.code}: why -->"
    ways = [
        f"`{comment}` on the line, or alone on the line above it; in YAML `# driven-ignore {about.code}`",
        f"`<!-- driven-ignore-file {about.code} -->` anywhere in the file",
        f'`ignore = ["{about.code}"]` below `[validate]` in .driven/config.toml, or below `[tool.driven.validate]` in'
        " pyproject.toml",
        f'`"docs/**" = ["{about.code}"]` below `[validate.per_path_ignores]` there, for some files',
    ]
    if about.security:
        ways[:2] = [f"`{comment}` makes it a notice: a comment cannot hide a finding of security"]
    return Entry(
        code=about.code, title=about.title, severity=about.severity, why=about.why, bad=about.bad, good=about.good,
        reads=reads(about), url=about.url, verified=about.verified, fix=about.fix, is_check=True,
        security=about.security, silence=tuple(ways),
    )  # fmt: skip


def _of_own(code: str) -> Entry:
    own = OWN_CODES[code]
    ways: tuple[str, ...] = ()
    if code[:3] not in _NO_FINDINGS:
        ways = (
            f'`ignore = ["{code}"]` below `[validate]` in .driven/config.toml: `driven validate` then leaves it out',
        )
    return Entry(
        code=code, title=own.title, severity=own.severity, why=own.why, bad=own.bad, good=own.good, reads="", url="",
        verified="", fix=own.fix, is_check=False, security=False, silence=ways,
    )  # fmt: skip


def reads(about: About) -> str:
    """Which files a check looks at, in words: "`.cursor/rules/`"."""
    places = about.places
    if about.scope == "body" or places == ("text",):
        return "every file that a model gets as instructions"
    if not places or "*" in places:
        return "the whole project" if about.scope == "repository" else "every rule file"
    names = [name for place in places for name in _files_of(place)]
    more = ["every other file that a model gets as instructions"] if "text" in places else []
    return ", ".join([*(f"`{name}`" for name in dict.fromkeys(names)), *more])


def _files_of(place: str) -> list[str]:
    """Where the files of a place stand: `cursor/rule` -> `.cursor/rules/`."""
    found = [_cased(name) for name, known in NAMES.items() if known == place]
    for folder, (whole, parts) in FOLDERS.items():
        if whole == place:
            found.append(f"{folder}/")
        for part, known in parts.items():
            if known == place:
                found.append(f"{folder}/{part}" if "." in part else f"{folder}/{part}/")
    return found


def _cased(name: str) -> str:
    """`AGENTS.md` of `agents.md`: names are looked up in lower case."""
    if not name.endswith(".md") or name[0] == "." or "-" in name or "_" in name:
        return name
    stem, dot, rest = name.partition(".")
    return stem.upper() + dot + rest
