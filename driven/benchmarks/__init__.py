"""The suite of benchmarks: every speed that driven claims, measured on this machine against a named baseline."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from driven.errors import SourceError, UsageError
from driven.frozen import frozen

if TYPE_CHECKING:
    from driven.benchmarks.measure import Bench, Benchmark
    from driven.model.rule import RuleSet

MIN_ROUNDS = 5  # below it the median says too little for a verdict
MAX_ROUNDS = 10_000
MAX_FILE = 64 << 20  # bytes of `--file`


@frozen
class Row:
    """One measurement.

    name      what can be given to `run` to measure it alone; the part before `/` is its group
    value     the time, size or speed of driven's side, in `unit` (ns, µs, ms, s, bytes, GB/s)
    ratio     with `better` `<=` a multiple of what the baseline takes, with `>=` how many times as fast as it; None
              when the baseline is a package that is not installed
    baseline  what it is measured against, with its version
    bar       what `ratio` should reach, None where nothing is promised
    ok        whether it does; None without a bar, for a pure-Python build, with too few rounds, with `--file`
    note      what is measured, and under which circumstances
    claim     the founding claim that it stands for, "" for none
    """

    name: str
    value: float
    unit: str
    ratio: float | None
    baseline: str
    bar: float | None
    better: Literal["<=", ">="]
    ok: bool | None
    note: str
    claim: str = ""


def build() -> str:
    """Which driven is measured, in one line: the bars hold for a compiled one."""
    import platform

    from driven import __version__

    kind = "compiled core" if is_compiled() else "pure-Python core, no bars"
    return f"driven {__version__}, {kind}, {platform.python_implementation()} {platform.python_version()}"


def is_compiled() -> bool:
    """Whether the core was compiled by mypyc."""
    from driven.core import wire

    return not (wire.__file__ or "").endswith(".py")


def names() -> list[str]:
    """The names of all benchmarks, in the order in which they run."""
    return [benchmark.name for benchmark in _all()]


def run(
    names: Sequence[str] | None = None,
    iterations: int | None = None,
    file: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Row]:
    """Measure the benchmarks called `names`, or in groups of that name; all without names.

    `iterations` are the rounds of each. `file` is a `.drv`, `.json` or `.md` to measure with instead of the built-in
    rules; without names it runs what can use it. `progress` is called between benchmarks with (name, done, total).
    UsageError for an unknown name, a number of rounds out of range and a file of another kind; SourceError for a file
    that cannot be read; DiskError when there is no room to work in.
    """
    from driven.benchmarks.measure import Bench

    if iterations is not None and not 1 <= iterations <= MAX_ROUNDS:
        raise UsageError(f"{iterations} rounds cannot be run", hint=f"give --iterations 1 to {MAX_ROUNDS:,}")
    chosen = _chosen(names or (), file is not None)
    rules = _read(file) if file is not None else None
    rows = []
    with Bench(iterations, rules, os.path.abspath(file) if file and file.endswith(".drv") else "") as bench:
        for done, benchmark in enumerate(chosen):
            if progress:
                progress(benchmark.name, done, len(chosen))
            rows.append(_row(bench, benchmark))
    if progress:
        progress("done", len(chosen), len(chosen))
    return rows


def _all() -> list[Benchmark]:
    from driven.benchmarks import (
        caches,
        files,
        lsp,
        merge,
        patches,
        processes,
        serving,
        streams,
        templates,
        text,
        trust,
        validate,
        watch,
    )  # fmt: skip

    return [
        *files.BENCHMARKS,
        *text.BENCHMARKS,
        *patches.BENCHMARKS,
        *templates.BENCHMARKS,
        *caches.BENCHMARKS,
        *streams.BENCHMARKS,
        *merge.BENCHMARKS,
        *processes.BENCHMARKS,
        *validate.BENCHMARKS,
        *watch.BENCHMARKS,
        *trust.BENCHMARKS,
        *serving.BENCHMARKS,
        *lsp.BENCHMARKS,
    ]


def _chosen(wanted: Sequence[str], with_file: bool) -> list[Benchmark]:
    known = _all()
    groups = {benchmark.name.split("/")[0] for benchmark in known}
    for name in wanted:
        if name not in groups and all(name != benchmark.name for benchmark in known):
            from driven.grammar.suggest import did_you_mean

            hint = did_you_mean(name, [*groups, *names()], otherwise=f"one of: {', '.join(sorted(groups))}")
            raise UsageError(f"no benchmark is called `{name}`", hint=hint)
    if not wanted:
        return [benchmark for benchmark in known if benchmark.takes_file or not with_file]
    return [benchmark for benchmark in known if benchmark.name in wanted or benchmark.name.split("/")[0] in wanted]


def _row(bench: Bench, benchmark: Benchmark) -> Row:
    from driven.benchmarks.claims import claim_of

    bench.rounds = bench.iterations or benchmark.rounds
    found = benchmark.measure(bench)
    other_data = bench.given is not None and benchmark.takes_file
    bar = None if other_data else benchmark.bar
    ok, why = None, ""
    if bar is not None and found.ratio is not None:
        if not is_compiled():
            why = "pure Python: no verdict"
        elif bench.rounds < MIN_ROUNDS:
            why = f"fewer than {MIN_ROUNDS} rounds: no verdict"
        else:
            ok = found.ratio <= bar if benchmark.better == "<=" else found.ratio >= bar
    says = "with the rules of --file" if other_data else benchmark.says
    return Row(
        name=benchmark.name, value=found.value, unit=found.unit, ratio=found.ratio, baseline=found.baseline, bar=bar,
        better=benchmark.better, ok=ok, note="; ".join(part for part in (says, found.note, why) if part),
        claim=claim_of(benchmark.name),
    )  # fmt: skip


def _read(path: str) -> RuleSet:
    """The rules of `--file`. UsageError for another kind of file, SourceError for one that cannot be read."""
    import stat

    from driven.format.drv import from_drv
    from driven.format.rules_json import from_json
    from driven.format.text import parse_rule
    from driven.model.rule import RuleSet

    if not path.endswith((".drv", ".json", ".md")):
        raise UsageError(f"`{path}` is not a .drv, .json or .md file", hint="`driven convert` makes one of others")
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SourceError(f"`{path}` is not a plain file", hint="name a file")
            data = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SourceError(f"`{path}` cannot be read: {reason.lower()}", hint="check the path") from None
    if len(data) > MAX_FILE:
        raise SourceError(f"`{path}` is larger than {MAX_FILE:,} bytes", hint="it cannot be a file of rules")
    if path.endswith(".drv"):
        rules = from_drv(data, path=path)
    elif path.endswith(".json"):
        try:
            rules = from_json(data.decode(), path=path)
        except UnicodeDecodeError:
            raise SourceError(f"`{path}` is not UTF-8", hint="save it as UTF-8") from None
    else:
        rule, found = parse_rule(data, path=path, rule_id="rule")
        if rule is None:
            first = next(finding for finding in found if finding.severity == "error")
            raise SourceError(first.message, hint=first.hint, span=first.span)
        rules = RuleSet.of([rule])
    if not len(rules):
        raise UsageError(f"`{path}` holds no rule", hint="name a file with rules")
    return rules
