"""The place that verbs are run in."""

from __future__ import annotations

import pytest

from trust.honesty.held import Place, place_of


@pytest.fixture(scope="session")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A project of somebody; each run gets a copy."""
    return place_of(tmp_path_factory)
