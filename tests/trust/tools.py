"""Real tools that these tests ask for a second opinion: where one is missing a test is skipped, and fails in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str, package: str = "") -> str:
    """The path of a program. Skips the test where it is missing; in CI that is a failure."""
    found = shutil.which(program)
    if found is not None:
        return found
    said = f"`{program}` is not on this machine" + (f": install `{package}`" if package else "")
    if os.environ.get("CI"):
        pytest.fail(said, pytrace=False)
    pytest.skip(said)
