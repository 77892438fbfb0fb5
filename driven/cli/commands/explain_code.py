"""`driven explain-code CODE…`: why a finding is one, and which facts are old."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driven.errors import DrivenError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driven.cli.app import App
    from driven.cli.render import Output
    from driven.registry import Registry
    from driven.validation.catalogue import Entry


def run(args: Any, app: App) -> int:
    """Explain the codes, list those that begin so, or list all kinds; with --stale, what is to be looked up again."""
    from driven.cli import render_explain_code as render
    from driven.registry import load
    from driven.validation.catalogue import catalogue

    registry = load(checks=True)
    if args.stale:
        if args.codes:
            raise UsageError("--stale takes no codes", hint="`driven explain-code --stale` lists all old facts")
        return _stale(registry, app)
    registry = _with_packs(registry, app)
    entries = catalogue(registry.checks.values())
    origins = _origins(registry)
    words = dict.fromkeys(word.upper() for word in args.codes or ())
    groups = [(word, _named(word, entries, app)) for word in words]

    def show(out: Output) -> None:
        if not groups:
            render.show_families(out, entries)
        for at, (word, found) in enumerate(groups):
            if at:
                out.line()
            if found[0].code == word:
                render.show_code(out, found[0], origins.get(word, ""))
            else:
                render.show_list(out, found)

    chosen = list({entry.code: entry for _, found in groups for entry in found}.values())
    app.answer(lambda: _data(chosen, entries, (), origins), show)
    return app.outcome()


def _with_packs(registry: Registry, app: App) -> Registry:
    """With the checks of the packs that this project accepted, as their `pack.toml` declares them: none of their code
    runs. What is wrong with the packs of a project is told by what works on it."""
    from driven.workspace import with_code

    try:
        return with_code(registry, app.base)
    except (DrivenError, OSError):
        return registry


def _origins(registry: Registry) -> dict[str, str]:
    """Code -> whose check finds it, for those that are not our own."""
    from driven.registry import OWN

    return {
        offer.removeprefix("check "): f"the plugin `{one.name}` of {_whose(one.distribution)} {one.version}"
        for one in registry.plugins
        if one.distribution != OWN
        for offer in one.offers
        if offer.startswith("check ")
    }


def _whose(distribution: str) -> str:
    return f"the {distribution}" if distribution.startswith("pack ") else distribution


def _named(word: str, entries: dict[str, Entry], app: App) -> list[Entry]:
    """The entry of a code, or those of the codes that begin so. UsageError when there is none."""
    from driven.grammar.suggest import nearest

    found = [entries[word]] if word in entries else [e for code, e in entries.items() if word and code.startswith(word)]
    if not found:
        known = entries if word[3:].isdigit() else dict.fromkeys(code[:3] for code in entries)
        meant = nearest(word.lower(), [code.lower() for code in known]).upper()
        hint = f"did you mean `driven explain-code {meant}`?" if meant else "`driven explain-code` lists all kinds"
        if os.path.isdir(os.path.join(app.base, ".driven", "packs")):
            hint += f"{'' if meant else ';'} those of a pack are known when it is accepted: `driven pack list`"
        raise UsageError(f"there is no code `{word}`", hint=hint)
    return found


def _stale(registry: Registry, app: App) -> int:
    """1 when a fact is old. What a plugin dates wrongly is its tests' business, and passed over here."""
    from datetime import date

    from driven.cli.render_explain_code import show_stale
    from driven.validation.catalogue import stale

    facts = {check.about.code: (check.about.verified, check.about.url) for check in registry.checks.values()}
    facts |= {name: (one.target.verified, one.target.docs) for name, one in registry.emitters.items()}
    today = date.today()
    rows: list[tuple[str, str, str, int]] = []
    for name, fact in facts.items():
        try:
            rows += stale({name: fact}, today)
        except ValueError:
            continue
    rows.sort(key=lambda row: (-row[3], row[0]))
    app.answer(lambda: _data((), {}, rows, {}), lambda out: show_stale(out, rows, len(facts)))
    return app.outcome(findings=bool(rows))


def _data(
    chosen: Sequence[Entry],
    entries: dict[str, Entry],
    rows: Sequence[tuple[str, str, str, int]],
    origins: dict[str, str],
) -> dict[str, Any]:
    from driven.validation.catalogue import family_title

    families: dict[str, list[str]] = {}
    for entry in chosen or entries.values():
        families.setdefault(entry.family, []).append(entry.code)
    return {
        "codes": [
            {
                "code": e.code, "family": e.family, "title": e.title, "severity": e.severity, "check": e.is_check,
                "why": e.why, "bad": e.bad, "good": e.good, "reads": e.reads, "url": e.url, "verified": e.verified,
                "fix": e.fix, "security": e.security, "silence": list(e.silence),
                "origin": origins.get(e.code, ""),
            }
            for e in chosen
        ],
        "families": [
            {"prefix": prefix, "title": family_title(prefix), "codes": codes} for prefix, codes in families.items()
        ],
        "stale": [
            {"name": name, "verified": verified, "days": days, "url": url} for name, verified, url, days in rows
        ],
    }  # fmt: skip
