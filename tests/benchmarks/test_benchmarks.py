"""The benchmarks run, measure what they say, and judge only what they may. No test looks at a clock."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

import pytest

import driven
from driven.benchmarks import MIN_ROUNDS, Row, build, is_compiled, names, run
from driven.benchmarks.__main__ import BEGIN, END, table
from driven.benchmarks.caches import BENCHMARKS as CACHES
from driven.benchmarks.claims import CLAIMS, claim_of
from driven.benchmarks.files import BENCHMARKS as FILES
from driven.benchmarks.files import read
from driven.benchmarks.lsp import BENCHMARKS as LSP
from driven.benchmarks.measure import Bench, compare, scaled
from driven.benchmarks.merge import BENCHMARKS as MERGE
from driven.benchmarks.patches import BENCHMARKS as PATCHES
from driven.benchmarks.processes import BENCHMARKS as PROCESSES
from driven.benchmarks.processes import command, environment
from driven.benchmarks.processes import run as run_process
from driven.benchmarks.samples import RULE_FILE, front_matter, long_rules, paths, short_rules, write_tree
from driven.benchmarks.serving import BENCHMARKS as SERVING
from driven.benchmarks.streams import BENCHMARKS as STREAMS
from driven.benchmarks.templates import BENCHMARKS as TEMPLATES
from driven.benchmarks.text import BENCHMARKS as TEXT
from driven.benchmarks.trust import BENCHMARKS as TRUST
from driven.benchmarks.validate import BENCHMARKS as VALIDATE
from driven.benchmarks.watch import BENCHMARKS as WATCH
from driven.core import wire
from driven.errors import DiskError, DrivenError, SourceError, UsageError
from driven.format.drv import to_drv
from driven.format.rules_json import to_json

ROOT = Path(__file__).resolve().parents[2]
ALL = (
    *FILES, *TEXT, *PATCHES, *TEMPLATES, *CACHES, *STREAMS, *MERGE, *PROCESSES, *VALIDATE, *WATCH, *TRUST, *SERVING,
    *LSP,
)  # fmt: skip
OTHERS = [name for name in names() if not name.startswith("lsp/")]
UNITS = {"ns", "µs", "ms", "s", "bytes", "GB/s", "MB", "req/s"}
OPTIONAL = {
    "orjson", "markdown-it-py", "PyYAML with libyaml", "Python 3.13, for glob.translate,", "agnix", "skillsaw",
    "yaml-language-server", "jedi-language-server", "ruff server", "zstandard", "cachetools", "lru-dict", "minijinja",
    "Jinja2", "wrk",
}  # fmt: skip


def check(row: Row) -> None:
    assert row.value > 0 and row.unit in UNITS
    assert row.better in ("<=", ">=")
    assert row.note
    if row.ratio is None:
        assert row.baseline in OPTIONAL and "install" in row.note
        assert row.ok is None
    else:
        assert row.ratio > 0
        assert re.search(r"\d+\.\d+", row.baseline), f"{row.name}: a baseline has a version"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """All of them, once, with the fewest rounds; those of the language server stand in test_lsp.py."""
    return run(OTHERS, iterations=1)


def test_every_row(rows: list[Row]) -> None:
    assert [(row.name, row.bar) for row in rows] == [(one.name, one.bar) for one in ALL if one.name in OTHERS]
    for row in rows:
        check(row)
        assert row.ok is None, "one round is no ground for a verdict"


def test_names_are_unique_and_say_their_group() -> None:
    assert len(set(names())) == len(names()) == len(ALL)
    assert all(re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", name) for name in names())
    assert not {name.split("/")[0] for name in names()} & set(names())


def test_processes_leave_the_user_where_he_was() -> None:
    here = os.getcwd()
    run(["process/version"], 1)
    assert os.getcwd() == here


@pytest.mark.parametrize("group", ["tokenizer", "size"])
def test_a_verdict_is_what_the_bar_says(group: str) -> None:
    found = run([group], MIN_ROUNDS)
    assert {row.name for row in found} == {name for name in names() if name.startswith(f"{group}/")}
    for row in found:
        check(row)
        if not is_compiled() or row.bar is None or row.ratio is None:
            assert row.ok is None
        else:
            assert row.ok == (row.ratio <= row.bar if row.better == "<=" else row.ratio >= row.bar)


def test_sizes_do_not_depend_on_the_build() -> None:
    """They are no times: the bars hold everywhere."""
    raw, packed = run(["size"], 1)
    assert raw.ratio is not None and raw.bar is not None and raw.ratio <= raw.bar
    assert packed.ratio is not None and packed.bar is not None and packed.ratio <= packed.bar
    assert "gzip" in raw.note and "gzip" in packed.note


def test_one_row_by_its_name_and_a_group_twice() -> None:
    assert [row.name for row in run(["strings/find", "strings", "blake3/500-b"], 1)] == [
        "strings/lookup", "strings/find", "blake3/500-b",
    ]  # fmt: skip


def test_progress_is_told() -> None:
    said: list[tuple[str, int, int]] = []
    run(["strings"], 1, None, lambda *words: said.append(words))
    assert said == [("strings/lookup", 0, 2), ("strings/find", 1, 2), ("done", 2, 2)]


@pytest.mark.parametrize(
    "module, name", [("orjson", "open/orjson"), ("orjson", "all/orjson"), ("markdown_it", "tokenizer/markdown-it")]
)
def test_a_missing_package_gives_a_row_without_a_ratio(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as Python says it of a package that is not there
    (row,) = run([name], 1)
    check(row)
    assert row.ratio is None and row.note.endswith(f"install {row.baseline} to compare")


@pytest.mark.parametrize("suffix", [".drv", ".json", ".md"])
def test_with_the_rules_of_a_file(tmp_path: Path, suffix: str) -> None:
    rules = short_rules(30)
    made = {".drv": to_drv(rules), ".json": to_json(rules).encode(), ".md": RULE_FILE.encode()}
    file = tmp_path / f"rules{suffix}"
    file.write_bytes(made[suffix])
    found = run(["open/json", "all/json", "size", "tokenizer/scan"], 1, str(file))
    for row in found:
        check(row)
        assert row.bar is None and row.ok is None and "--file" in row.note
    if suffix == ".md":
        (front,) = run(["front-matter"], 1, str(file))
        assert front.ratio
        assert [row.name for row in run(None, 1, str(file))] == [b.name for b in ALL if b.takes_file]
    else:
        with pytest.raises(UsageError, match="no front matter"):
            run(["front-matter"], 1, str(file))


@pytest.mark.parametrize("compress", [False, True])
def test_a_drv_is_read_where_it_lies(tmp_path: Path, compress: bool) -> None:
    file = tmp_path / "rules.drv"
    file.write_bytes(to_drv(short_rules(300), compress=compress))
    before = file.stat().st_mtime_ns
    run(["open/syscalls", "all/json"], 1, str(file))
    assert (file.stat().st_mtime_ns, os.listdir(tmp_path)) == (before, ["rules.drv"])


@pytest.mark.parametrize(
    "name, data, error, words",
    [
        ("missing.drv", None, SourceError, "cannot be read: no such file"),
        ("rules.txt", b"x", UsageError, "not a .drv, .json or .md"),
        ("rules.drv", b"DXI\0" + bytes(60), SourceError, "offset"),
        ("rules.json", b"{", SourceError, "not JSON"),
        ("rules.json", b"\xff", SourceError, "not UTF-8"),
        ("none.json", b'{"driven": 1, "rules": []}', UsageError, "no rule"),
        ("rule.md", b"---\napply: [\n---\nText.\n", SourceError, "YAML"),
        ("nul\0.md", None, SourceError, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used(
    tmp_path: Path, name: str, data: bytes | None, error: type[DrivenError], words: str
) -> None:
    file = os.path.join(tmp_path, name)
    if data is not None:
        Path(file).write_bytes(data)
    with pytest.raises(error, match=re.escape(words)) as caught:
        run(None, 1, file)
    assert caught.value.hint


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rules.md")
    with pytest.raises(SourceError, match="not a plain file"):
        run(None, 1, str(tmp_path / "rules.md"))


def test_words_that_mean_nothing() -> None:
    with pytest.raises(UsageError, match="no benchmark is called `tokenizr`") as caught:
        run(["tokenizr"])
    assert "tokenizer" in caught.value.hint
    for rounds in (0, -1, 10_001):
        with pytest.raises(UsageError, match="rounds"):
            run(["strings"], rounds)


def test_a_process_that_fails_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(DrivenError, match="ended with exit code 3"):
        run_process([sys.executable, "-I", "-c", "raise SystemExit(3)"], str(tmp_path), dict(os.environ))
    words, _ = command()
    with pytest.raises(DrivenError, match="ended with exit code 2"):
        run_process([*words, "sync"], str(tmp_path), environment(len(words) == 1))


def test_settings_of_the_user_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVEN_DISABLE_PLUGINS", "cursor")
    assert "DRIVEN_DISABLE_PLUGINS" not in environment(True)


def test_the_work_folder_goes_and_a_full_disk_is_said() -> None:
    with Bench() as bench:
        folder = bench.folder
        assert bench.place(folder, "a") != bench.place(folder, "a")
        assert read(bench.write("file", b"text")) == b"text"
        folders = [folder, bench.disk]
    assert not any(map(os.path.exists, folders))
    with pytest.raises(DiskError, match="no space left") as caught, Bench() as bench:
        folder = bench.folder
        raise OSError(28, "No space left on device")
    assert "TMPDIR" in caught.value.hint
    assert not os.path.exists(folder)


def test_compare_takes_turns() -> None:
    calls: list[str] = []

    def ours() -> None:
        calls.append("a")
        sum(range(200_000))

    def theirs() -> None:
        calls.append("b")
        sum(range(200_000))

    compare(ours, theirs, 3)
    assert re.fullmatch(r"a+b+(a+b+){3}", "".join(calls))


def test_units() -> None:
    assert [scaled(s)[1] for s in (5e-9, 5e-6, 5e-3, 5.0)] == ["ns", "µs", "ms", "s"]
    assert scaled(0.0025) == (pytest.approx(2.5), "ms")


def test_the_data_is_the_same_everywhere(tmp_path: Path) -> None:
    long, short = long_rules(200), short_rules(200)
    assert len(long) == len(short) == 200
    assert 3_150 <= sum(len(rule.body) for rule in long) / 200 <= 3_600
    assert 240 <= sum(len(rule.body.encode()) for rule in short) / 200 <= 280
    text = to_json(long) + to_json(short) + "".join(map(front_matter, long)) + "".join(paths(1_000))
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "90cbfd700703310c70b00eae870f2ca3894148a23f982ebe3ed53504b161d39d"
    write_tree(str(tmp_path), 250)
    assert sum(len(files) for _, _, files in os.walk(tmp_path)) == 250


def test_the_documentation_shows_the_suite() -> None:
    """The table of docs/benchmarks.md has these rows, these bars, and no others."""
    text = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    shown = text.partition(BEGIN)[2].partition(END)[0]

    def columns(markdown: str) -> list[tuple[str, str]]:
        lines = [line.split(" | ") for line in markdown.splitlines() if line.startswith("| `")]
        return [(cells[0], cells[5]) for cells in lines]

    told = [
        Row(
            name=one.name, value=1, unit="s", ratio=1, baseline="", bar=one.bar, better=one.better, ok=None,
            note=one.says,
        )
        for one in ALL
    ]  # fmt: skip
    assert columns(shown) == columns(table(told))
    assert "compiled core" in shown


def test_the_build_is_named() -> None:
    assert build().startswith(f"driven {driven.__version__}, ")
    assert ("compiled core" in build()) == is_compiled() == (not str(wire.__file__).endswith(".py"))


def test_every_founding_claim_has_its_rows() -> None:
    known = set(names())
    for claim in CLAIMS:
        assert claim.rows and set(claim.rows) <= known, claim.text
        assert claim.truth and all(claim_of(name) == claim.text for name in claim.rows)
    assert claim_of("sync/cold") == ""


def test_a_row_says_the_claim_that_it_stands_for() -> None:
    (row,) = run(["strings/lookup"], 1)
    assert row.claim == "a string looked up in 15 ns"
    (row,) = run(["size/raw"], 1)
    assert f"| {row.claim} |" in table([row])
