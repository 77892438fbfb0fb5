"""What all tests share: `tests/` on the path (for `strategies`), and the corpus of rule files from public projects."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parent
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

CORPUS_SIZE = 43

# Real editors are opened by `make e2e` alone.
collect_ignore = [] if os.environ.get("DRIVEN_E2E") else ["clients"]

# Machines differ in speed, so no example has a deadline, and how long or large the making of examples came out is no
# failure; in CI every run tries the same examples, so that a failure is the change's own and not the day's.
SPARED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
settings.register_profile("local", deadline=None, suppress_health_check=SPARED)
settings.register_profile("ci", deadline=None, suppress_health_check=SPARED, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own: answers of validations are kept in the person's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    """Cursor rule files of public projects: below $DRIVEN_CORPUS, else ../shared/corpus beside the repository."""
    folder = Path(os.environ.get("DRIVEN_CORPUS") or TESTS.parent.parent / "shared" / "corpus")
    files = sorted((folder / "cursor").glob("*.mdc"))
    if not files:
        message = f"no corpus in {folder}: set DRIVEN_CORPUS to the folder that holds cursor/*.mdc"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    assert len(files) >= CORPUS_SIZE, f"{len(files)} files in {folder}, not {CORPUS_SIZE}"
    return files


# Real processes that are killed, watched or left to work for a while: on one Python they are run whole, on the others
# `.ci/run` leaves them out (`-m "not slow"`).
SLOW = {
    "test_build.py", "test_clients.py", "test_conflicts.py", "test_crash.py", "test_feed.py", "test_hostile.py",
    "test_live.py", "test_lsp.py", "test_protocol.py", "test_published.py", "test_race.py", "test_session.py",
    "test_soak.py", "test_streams.py", "test_trust.py", "test_watch.py", "test_watch_ends.py", "test_watch_limits.py",
}  # fmt: skip


# What says the same beside either build of the core, for it builds wheels by itself or asks little of the core: `make
# test` has it in the second of its two runs alone.
ONCE = {
    "test_action.py", "test_build.py", "test_config_text.py", "test_crash.py", "test_demo.py", "test_hostile.py",
    "test_pre_commit.py", "test_third_party.py",
}  # fmt: skip
ONCE_FOLDERS = tuple(
    str(TESTS / folder) + os.sep
    for folder in (
        "benchmarks", "cli", "delivery", "docs", "grammar", "lsp", "mcp_server", "serving", "soak", "streaming",
        "templates", "trust",
    )
)  # fmt: skip
EACH = "test_these_tests_run_on_the_build_they_claim"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what takes long; leave out what the next run has."""
    for item in items:
        if item.path.name in SLOW:
            item.add_marker(pytest.mark.slow)
    if os.environ.get("DRIVEN_ONCE") == "later":
        later = {item for item in items if _is_once(item)}
        config.hook.pytest_deselected(items=list(later))
        items[:] = [item for item in items if item not in later]


def _is_once(item: pytest.Item) -> bool:
    return (item.path.name in ONCE and item.name != EACH) or str(item.path).startswith(ONCE_FOLDERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """In CI a test that skips because something is not installed is a failure: `.ci/run` installs it all."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
