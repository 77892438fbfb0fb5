"""Text: the tokenizer, front matter, globs, conditions and hashes."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Callable
from typing import Any

from driven import __version__
from driven.benchmarks.files import libyaml
from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Figures, Work, against, compare, scaled
from driven.benchmarks.samples import RULE_FILE, paths
from driven.core.globs import Glob, expand
from driven.core.tokens import parse_front, scan_steps, split_front, step_texts
from driven.errors import UsageError
from driven.format.condition import Facts, compile_condition, evaluate

PATHS = 44_000  # in a large repository: the size of the largest tree that the glob dialect was checked on
LINE = re.compile(rb"[^\n]*\n?")


def _bodies(bench: Bench) -> list[bytes]:
    if bench.given is not None:
        return [rule.body.encode() for rule in bench.given]
    data = RULE_FILE.encode()
    return [data[split_front(data)[2] :]]


def _markdown() -> tuple[Callable[[str], object] | None, str]:
    try:
        import markdown_it
    except ImportError:
        return None, "markdown-it-py"
    return markdown_it.MarkdownIt("commonmark").parse, f"markdown-it-py {markdown_it.__version__}"


def _tokens(tokenize: Callable[[bytes], object]) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        bodies = _bodies(bench)
        parse, name = _markdown()
        texts = [body.decode() for body in bodies]
        theirs = _each(parse, texts) if parse else None
        return against(bench, ">=", _each(tokenize, bodies), theirs, name, per=len(bodies))

    return measure


def _each(work: Callable[[Any], object], items: list[Any]) -> Work:
    """Do all of them; one alone without a loop around it."""
    if len(items) == 1:
        (item,) = items
        return lambda: work(item)

    def run() -> None:
        for item in items:
            work(item)

    return run


def _lines(bench: Bench) -> Figures:
    bodies = _bodies(bench)

    def lines(body: bytes) -> list[bytes]:
        return [found.group() for found in LINE.finditer(body)]

    return against(
        bench, ">=", _each(scan_steps, bodies), _each(lines, bodies), f"re.finditer, the lines alone ({PYTHON})",
        per=len(bodies),
    )  # fmt: skip


def _front(bench: Bench) -> Figures:
    """The front matter of one rule file; of those of `--file` all that the subset understands."""
    files = [RULE_FILE] if bench.given is None else [rule.source.front for rule in bench.given]
    datas = [file.encode() for file in files]
    datas = [data for data in datas if _parse_front(data)]
    if not datas:
        raise UsageError("that file holds no front matter of the subset", hint="leave out `front-matter/yaml`")
    loads, name = libyaml()
    theirs = None
    if loads:
        bounds = [split_front(data) for data in datas]
        texts: list[Any] = [
            data[start:end].decode() for data, (start, end, _) in zip(datas, bounds, strict=True)
        ]  # fmt: skip
        for data, text in zip(datas, texts, strict=True):
            assert {key: value for key, value, _ in _parse_front(data) or ()} == loads(text)
        theirs = _each(loads, texts)
    return against(bench, ">=", _each(_parse_front, datas), theirs, name, per=len(datas))


def _parse_front(data: bytes) -> list[tuple[str, object, int]] | None:
    start, end, _ = split_front(data)
    return parse_front(data, start, end) if end > start else None


def _glob(pattern: str) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        tree = paths(PATHS)
        match = Glob(pattern).match
        translate: Any = getattr(glob, "translate", None)
        theirs: Work | None = None
        if translate is not None:
            lines = [translate(line, recursive=True, include_hidden=True, seps="/") for line in expand(pattern)]
            oracle = re.compile("|".join(lines)).match
            assert [*map(match, tree)] == [oracle(path) is not None for path in tree]
            theirs = lambda: sum(1 for path in tree if oracle(path))  # noqa: E731 - None where there is no translate
        name = f"re, glob.translate ({PYTHON})" if theirs else "Python 3.13, for glob.translate,"
        return against(bench, "<=", lambda: sum(map(match, tree)), theirs, name, per=PATHS)

    return measure


def _condition(bench: Bench) -> Figures:
    tree = paths(PATHS)
    facts = Facts(tree)
    program = compile_condition('lang("python") and files("**/*.tf") > 0')
    seconds, ratio = compare(
        lambda: evaluate(program, facts), lambda: evaluate(program, Facts(tree)), min(bench.rounds, 5)
    )  # fmt: skip
    value, unit = scaled(seconds)
    return Figures(value, unit, ratio, f"the first evaluation (driven {__version__})")


def _blake3(size: int) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        from blake3 import blake3

        data = bytes(i * 31 & 255 for i in range(size))
        seconds, ratio = compare(
            lambda: blake3(data).digest(), lambda: hashlib.sha256(data).digest(), bench.rounds
        )  # fmt: skip
        return Figures(size / seconds / 1e9, "GB/s", 1 / ratio, f"hashlib.sha256 ({_openssl()})")

    return measure


def _openssl() -> str:
    try:
        from ssl import OPENSSL_VERSION
    except ImportError:  # Python was built without it, and hashes with its own code
        return PYTHON
    return " ".join(OPENSSL_VERSION.split()[:2])


_RULE = "a rule file of 1 KB"

BENCHMARKS = (
    Benchmark(
        "tokenizer/markdown-it", f"the steps of {_RULE}, with their text", ">=", 100, 60, _tokens(step_texts), True
    ),
    Benchmark("tokenizer/scan", f"the steps of {_RULE}, as offsets", ">=", 120, 60, _tokens(scan_steps), True),
    Benchmark("tokenizer/lines", f"the steps of {_RULE}, as offsets", ">=", 1, 60, _lines, True),
    Benchmark("front-matter/yaml", f"the front matter of {_RULE}, by the subset", ">=", 8, 60, _front, True),
    Benchmark("globs/suffix", "`**/*.tf` against each of 44,000 paths", "<=", 1, 25, _glob("**/*.tf")),
    Benchmark("globs/braces", "`src/**/*.{ts,tsx}` against each of them", "<=", 1, 25, _glob("src/**/*.{ts,tsx}")),
    Benchmark("globs/middle", "`**/test/**/*.py` against each of them", "<=", 1, 25, _glob("**/test/**/*.py")),
    Benchmark("globs/top", "`*.py` against each of them", "<=", 1, 25, _glob("*.py")),
    Benchmark(
        "condition/again", "a condition over facts of 44,000 paths that are known", "<=", 0.01, 9, _condition
    ),
    Benchmark("blake3/100-kb", "BLAKE3 of 100 KB", ">=", None, 60, _blake3(100_000)),
    Benchmark("blake3/500-b", "BLAKE3 of 500 bytes: small texts hash faster by sha256", ">=", None, 60, _blake3(500)),
)  # fmt: skip
