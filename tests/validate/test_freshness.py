"""Facts about vendors grow old. Those that nobody looked up for 180 days are listed as warnings; the suite does not
turn red by the passing of time. A date that is none, or that lies ahead, is a mistake and fails."""

from __future__ import annotations

import warnings
from datetime import date, timedelta

import pytest

from driven.registry import load
from driven.validation.catalogue import STALE_DAYS, age, stale

TOLERANCE = 2  # days: dates are of somebody's time zone
REGISTRY = load(checks=True)
FACTS = {check.about.code: (check.about.verified, check.about.url) for check in REGISTRY.checks.values()} | {
    name: (one.target.verified, one.target.docs) for name, one in REGISTRY.emitters.items()
}


@pytest.mark.parametrize("name", sorted(FACTS))
def test_a_fact_is_dated(name: str) -> None:
    verified, url = FACTS[name]
    assert age(verified, date.today()) >= -TOLERANCE, f"{name} was verified on {verified}, which is in the future"
    assert url.startswith(("https://", "http://"))


def test_old_facts_are_listed() -> None:
    for name, verified, url, days in stale(FACTS, date.today()):
        warnings.warn(f"{name}: verified {verified}, {days} days ago; look it up again: {url}", stacklevel=1)


def test_what_is_old() -> None:
    today = date(2027, 6, 1)
    facts = {
        "NEW01": ("2027-05-31", "https://a"),
        "EDGE1": ((today - timedelta(STALE_DAYS)).isoformat(), "https://b"),
        "OLD01": ((today - timedelta(STALE_DAYS + 1)).isoformat(), "https://c"),
        "OLD02": ("2020-01-01", "https://d"),
    }
    assert [row[0] for row in stale(facts, today)] == ["OLD02", "OLD01"]
    assert stale(facts, today)[1] == ("OLD01", "2026-12-02", "https://c", STALE_DAYS + 1)
    assert age("2027-06-02", today) == -1


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13-01", "2026-1-1", "20261121", "2026-11-21 ", "yesterday", "2026-W47-1"]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"\d|date|Invalid|month"):
        age(text, date(2027, 6, 1))
