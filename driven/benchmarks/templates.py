"""Templates: a compiled one, verified and rendered, against Jinja2 from source and from its cache, and minijinja."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from random import Random

from driven.benchmarks import processes
from driven.benchmarks.measure import Bench, Benchmark, Figures, Work, against

SLOTS, VARIABLES, SIZE = 750, 25, 50_000
WORDS = re.findall(
    r"\S+",
    "the agent writes tests first and names what fails; an error says where it happened, what went wrong and what to "
    "do about it, never more than one line; public functions are typed, and a module does one thing that its first "
    "line says; nothing is fetched while a request waits; every query has a limit and an index that serves it",
)

_RENDER = """
import sys
from driven.fusion.dtm_file import open_dtm, render
with open(sys.argv[1], "rb") as file:
    data = file.read()
values = {f"name{i}": f"value-{i}" for i in range(25)}
print(len(render(open_dtm(data), values)))
"""
_JINJA = """
import sys
import jinja2
with open(sys.argv[1], encoding="utf-8") as file:
    source = file.read()
values = {f"name{i}": f"value-{i}" for i in range(25)}
cache = jinja2.FileSystemBytecodeCache(sys.argv[2])
environment = jinja2.Environment(loader=jinja2.DictLoader({"t": source}), bytecode_cache=cache)
print(len(environment.get_template("t").render(values)))
"""


def flat() -> str:
    """50 KB of prose with 750 slots of 25 variables. No two pieces between slots are the same."""
    random = Random(71)
    parts = []
    for slot in range(SLOTS):
        piece = f"- {slot}. " if slot % 3 == 0 else " "
        while len(piece) < SIZE // SLOTS - 13:
            piece += f"{random.choice(WORDS)} "
        parts.append(piece + f"{{{{ name{random.randrange(VARIABLES)} }}}}" + ("\n" if slot % 3 == 2 else ""))
    return "".join(parts)


def shaped() -> str:
    """What a rule template looks like, forty times over: conditions, a loop with a separator, filters."""
    part = """## {{ name0 }}: step %d
{%% if name1 == "value-1" and name2 is defined %%}
Ask before you touch `{{ name3 | upper }}`.
{%% else %%}
Write on.
{%% endif %%}
{%% for word in [name4, name5, name6] %%}
{{ loop.index }}. {{ word | replace("-", " ") | title }}{%% if not loop.last %%};{%% endif %%}

{%% endfor %%}
"""
    return "".join(part % step for step in range(40))


def values() -> dict[str, object]:
    """The values of both templates."""
    return {f"name{i}": f"value-{i}" for i in range(VARIABLES)}


def _ours(source: str) -> Work:
    from driven.fusion.compiling import compile_template
    from driven.fusion.dtm_file import open_dtm, render

    data, given = compile_template(source, name="benchmark"), values()
    return lambda: render(open_dtm(data), given)


def _cold(source: str) -> Work:
    from jinja2 import Environment

    given = values()
    return lambda: (
        Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True).from_string(source).render(given)
    )


def _cached(bench: Bench, source: str) -> Work:
    """A fresh environment each time, as a process has one, with the file that Jinja2 keeps its bytecode in."""
    from jinja2 import DictLoader, Environment, FileSystemBytecodeCache

    given, loader = values(), DictLoader({"t": source})
    folder = bench.place(bench.disk, "bytecode")
    os.mkdir(folder)

    def render() -> str:
        cache = FileSystemBytecodeCache(folder)
        return Environment(
            loader=loader, bytecode_cache=cache, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        ).get_template("t").render(given)  # fmt: skip

    return render


def _minijinja(source: str) -> tuple[Work | None, str]:
    try:
        import minijinja
    except ImportError:
        return None, "minijinja"
    from importlib.metadata import version

    environment = minijinja.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, auto_escape_callback=lambda _: False
    )
    given = values()
    return lambda: environment.render_str(source, **given), f"minijinja {version('minijinja')}, from source"


def _against(source: Callable[[], str], other: str) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        try:
            import jinja2
        except ImportError:
            return Figures(0, "µs", None, "Jinja2", "templates are compiled by it: install driven[templates]")
        text = source()
        ours = _ours(text)
        theirs: Work | None
        if other == "minijinja":
            theirs, name = _minijinja(text)
        elif other == "cache":
            theirs, name = _cached(bench, text), f"Jinja2 {jinja2.__version__}, its file of bytecode"
        else:
            theirs, name = _cold(text), f"Jinja2 {jinja2.__version__}, parsed and compiled"
        assert theirs is None or ours() == theirs()
        return against(bench, ">=", ours, theirs, name)

    return measure


def _process(bench: Bench) -> Figures:
    try:
        import jinja2
    except ImportError:
        return Figures(0, "ms", None, "Jinja2", "templates are compiled by it: install driven[templates]")
    from driven.fusion.compiling import compile_template

    source = flat()
    compiled = bench.write("t.dtm", compile_template(source, name="benchmark"))
    text = bench.write("t.md", source.encode())
    folder = bench.place(bench.disk, "bytecode")
    os.mkdir(folder)
    environment = processes.environment(False)
    ours = [sys.executable, "-c", _RENDER, compiled]
    theirs = [sys.executable, "-c", _JINJA, text, folder]
    for words in (ours, theirs):
        processes.run(words, bench.disk, environment)
    figures = processes.against(
        bench, lambda: processes.run(ours, bench.disk, environment),
        lambda: processes.run(theirs, bench.disk, environment),
        f"the same by Jinja2 {jinja2.__version__} with its file of bytecode",
        "Python's own start counted on both sides",
    )  # fmt: skip
    return Figures(figures.value, figures.unit, 1 / (figures.ratio or 1), figures.baseline, figures.note)


_FLAT = "open, verify by BLAKE3 and render 50 KB with 750 slots of 25 variables"
_SHAPED = "open, verify and render 80 conditions, 40 loops and 240 filters"

BENCHMARKS = (
    Benchmark("templates/jinja-cold", _FLAT, ">=", 500, 15, _against(flat, "cold")),
    Benchmark("templates/jinja-cache", _FLAT, ">=", 2, 40, _against(flat, "cache")),
    Benchmark("templates/minijinja", _FLAT, ">=", 5, 40, _against(flat, "minijinja")),
    Benchmark("templates/shaped-cold", _SHAPED, ">=", None, 15, _against(shaped, "cold")),
    Benchmark("templates/shaped-cache", _SHAPED, ">=", None, 40, _against(shaped, "cache")),
    Benchmark("templates/shaped-minijinja", _SHAPED, ">=", None, 40, _against(shaped, "minijinja")),
    Benchmark("templates/process", "a whole process that renders that template", ">=", None, 15, _process),
)
