"""Rule files: opening one and reading one rule or all of them, its size, and its strings."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from typing import Any

from driven import __version__
from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Better, Figures, Work, against
from driven.benchmarks.samples import long_rules, short_rules
from driven.core import wire_layout
from driven.core.wire import Reader
from driven.core.wire_files import open_rules
from driven.format.drv import to_drv
from driven.format.rules_json import to_json
from driven.model.rule import RuleSet

RULES, MORE, MANY = 200, 2_000, 20_000
FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)
JSON = f"json ({PYTHON})"
DRIVEN = f"driven {__version__}"
Loads = Callable[[bytes], Any]


def orjson() -> tuple[Loads | None, str]:
    """The loader of orjson, None without it, and its name."""
    try:
        import orjson
    except ImportError:
        return None, "orjson"
    return orjson.loads, f"orjson {orjson.__version__}"


def libyaml() -> tuple[Loads | None, str]:
    """PyYAML's loader in C, None where it was built without, and its name."""
    import yaml

    if not yaml.__with_libyaml__:
        return None, "PyYAML with libyaml"
    return lambda data: yaml.load(data, Loader=yaml.CSafeLoader), f"PyYAML {yaml.__version__}, CSafeLoader"


class _File:
    """A rule set as a `.drv` on disk, and one of its rules."""

    def __init__(self, bench: Bench, rules: RuleSet, drv: str = "") -> None:
        self.rules = rules
        self.wanted = rules.rules[len(rules) // 3]
        self.drv = drv or bench.write("rules.drv", to_drv(rules))

    def one(self) -> str:
        """Open the file and read one rule by its id: what is measured."""
        rules = open_rules(self.drv)
        body = rules.body(rules.find(self.wanted.id))
        rules.close()
        return body

    def text(self, bench: Bench, yaml: bool = False) -> str:
        """The path of the same rules as minified JSON, or as YAML."""
        data = to_json(self.rules, source=False).encode()
        if yaml:
            import yaml as writer

            data = writer.dump(json.loads(data), Dumper=writer.CSafeDumper, sort_keys=False, encoding="utf-8")
        return bench.write("rules.yaml" if yaml else "rules.json", data)

    def parsed(self, path: str, loads: Loads) -> Work:
        """Open the same rules in another format and take the one rule's body."""
        place = self.rules.rules.index(self.wanted)
        return lambda: loads(read(path))["rules"][place]["body"]


def read(path: str) -> bytes:
    """A file in the fewest system calls: what no reader that reads a whole file can be faster than."""
    fd = os.open(path, FLAGS)
    data = os.read(fd, os.fstat(fd).st_size)
    os.close(fd)
    return data


def _file(bench: Bench, count: int = RULES) -> _File:
    """The file of `count` rules, or that of `--file`; made once."""
    key = f"drv {count}"
    if key not in bench.kept:
        if bench.given is not None:
            bench.kept[key] = _File(bench, bench.given, bench.given_path)
        else:
            bench.kept[key] = _File(bench, short_rules(count))
    made = bench.kept[key]
    assert isinstance(made, _File)
    return made


def _right(ours: Callable[[], str], theirs: Work | None) -> None:
    """Both must find the same text, or the ratio means nothing."""
    if theirs is not None and ours() != theirs():
        raise AssertionError("the two readers found different rules")


def _syscalls(bench: Bench) -> Figures:
    file = _file(bench)
    name = f"open+fstat+read+close ({platform.system()} {platform.release().partition('-')[0]})"
    return against(bench, "<=", file.one, lambda: read(file.drv), name)


def _parser(get: Callable[[], tuple[Loads | None, str]], yaml: bool = False, count: int = RULES) -> Any:
    def measure(bench: Bench) -> Figures:
        file = _file(bench, count)
        loads, name = get()
        theirs = file.parsed(file.text(bench, yaml), loads) if loads else None
        _right(file.one, theirs)
        return against(bench, ">=", file.one, theirs, name)

    return measure


def _many(bench: Bench) -> Figures:
    return against(bench, "<=", _file(bench, MANY).one, _file(bench).one, f"one of {RULES} ({DRIVEN})")


def _all(get: Callable[[], tuple[Loads | None, str]]) -> Any:
    def measure(bench: Bench) -> Figures:
        file = _file(bench)
        loads, name = get()
        data, text = read(file.drv), read(file.text(bench))
        assert [body for _, body in Reader(data).all()] == [rule.body for rule in file.rules]
        theirs = (lambda: loads(text)) if loads else None
        return against(bench, ">=", lambda: Reader(data).all(), theirs, name)

    return measure


def _size(compress: bool) -> Any:
    def measure(bench: Bench) -> Figures:
        import gzip

        rules = bench.given or long_rules(RULES)
        text = to_json(rules, source=False).encode()
        size = len(to_drv(rules, compress=compress, source=False))
        packed = len(gzip.compress(text, 9, mtime=0))
        note = f"gzip -9 of the JSON: {packed / len(text):.3f}x"
        return Figures(size, "bytes", size / len(text), f"minified JSON ({PYTHON})", note)

    return measure


def _strings(bench: Bench) -> Figures:
    reader = Reader(to_drv(_file(bench).rules))
    count = int.from_bytes(reader.section(wire_layout.STRINGS)[:4], "little")
    strings = [reader.string(i) for i in range(count)]
    return against(
        bench, "<=", lambda: list(map(reader.string, range(count))),
        lambda: list(map(strings.__getitem__, range(count))), f"list[i] ({PYTHON})", per=count,
    )  # fmt: skip


def _find(bench: Bench) -> Figures:
    file = _file(bench)
    reader = Reader(to_drv(file.rules))
    ids = [rule.id for rule in file.rules]
    index = {rule_id: i for i, rule_id in enumerate(ids)}
    return against(
        bench, "<=", lambda: list(map(reader.find, ids)), lambda: list(map(index.__getitem__, ids)),
        f"dict[id] ({PYTHON})", per=len(ids),
    )  # fmt: skip


def _json() -> tuple[Loads | None, str]:
    return json.loads, JSON


def _row(name: str, says: str, better: Better, bar: float | None, measure: Any, *, file: bool = True) -> Benchmark:
    return Benchmark(name, says, better, bar, 60, measure, takes_file=file)


_ONE = "open a .drv of 200 rules (100 KB), read one by its id"
_ALL = "id and body of all of 200 rules, the bytes of the file in memory"
_SIZE = "200 rules of about 3.3 KB as a .drv without SOURCE"

BENCHMARKS = (
    _row("open/syscalls", _ONE, "<=", 1.3, _syscalls),
    _row("open/json", _ONE, ">=", 45, _parser(_json)),
    _row("open/orjson", _ONE, ">=", None, _parser(orjson)),
    _row("open/yaml", _ONE, ">=", 1_000, _parser(libyaml, yaml=True)),
    _row("open/json-2000", "the same of 2,000 rules", ">=", 400, _parser(_json, count=MORE), file=False),
    _row("open/20000", "the same of 20,000 rules", "<=", 1.5, _many, file=False),
    _row("all/json", _ALL, ">=", 4, _all(_json)),
    _row("all/orjson", _ALL, ">=", 1.5, _all(orjson)),
    _row("size/raw", _SIZE, "<=", 1.15, _size(False)),
    _row("size/compressed", f"{_SIZE}, compressed", "<=", 0.3, _size(True)),
    _row("strings/lookup", "one string of an open .drv by its number, asked for before", "<=", None, _strings),
    _row("strings/find", "the number of one rule of an open .drv by its id", "<=", None, _find),
)
