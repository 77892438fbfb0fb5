"""`driven lsp`, from the side of an editor: how soon it answers, what it takes, how it ends; beside other servers.

What a bar promises in milliseconds is a ratio here: to that bar. Latencies are those of the wall clock, as a person
waits for them; the CPU that the server used beside them stands in the note. Fewer rounds than a verdict needs are a
trial: in it projects and trees are small. More than 350 lines: all rows share a project and how they ask.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from driven.benchmarks import MIN_ROUNDS
from driven.benchmarks.lsp_client import Client, Message
from driven.benchmarks.measure import PYTHON, Bench, Benchmark, Figures, scaled
from driven.benchmarks.processes import command, environment, run
from driven.benchmarks.samples import EDITORS, long_rules, write_project, write_tree
from driven.errors import DrivenError
from driven.frozen import frozen

TOOLS = os.path.join("~", ".cache", "driven-e2e", "npm", "node_modules", ".bin")  # of the tests with real editors
RULE = ".driven/rules/a-long-one.md"
BIDI = "\u202e"  # what our own check finds wherever it stands
TYPING = 0.03  # seconds between two edits
THINKING = 0.6  # seconds of a pause now and then, in which the server looks at everything
BURST = 12  # edits between two pauses
REST = 0.7  # seconds between two saves
IDLE = 5.0  # seconds for which an idle server is looked at
CLOCK = hasattr(time, "clock_gettime") and sys.platform == "linux"


@frozen
class Sizes:
    """How much there is of everything."""

    rules: int = 200
    usual: int = 50  # rules of a project that is not among the largest
    sections: int = 499  # of the long rule; four lines each
    files: int = 50_000
    folders: int = 5_000
    edits: int = 10_000


FULL, TRIAL = Sizes(), Sizes(rules=12, usual=6, sections=24, files=500, folders=50, edits=200)


def _sizes(bench: Bench) -> Sizes:
    return FULL if bench.rounds >= MIN_ROUNDS else TRIAL


class _Project:
    """A project of all rules, one of which is long, for seven editors; synced."""

    def __init__(self, bench: Bench, rules: int, name: str = "served", sections: int = FULL.sections) -> None:
        self.root = bench.place(bench.folder, name)
        self.rules = long_rules(rules)
        self.words, self.how = command()
        self.env = {**environment(len(self.words) == 1), "XDG_CACHE_HOME": os.path.join(bench.folder, "cache")}
        write_project(self.root, self.rules)
        with open(os.path.join(self.root, ".driven", "config.toml"), "a", encoding="utf-8") as file:
            file.write("agents = true\n")
        self.text = _long(sections)
        self.path = os.path.join(self.root, *RULE.split("/"))
        with open(self.path, "w", encoding="utf-8", newline="\n") as file:
            file.write(self.text)
        run([*self.words, "sync"], self.root, self.env)

    @property
    def server(self) -> list[str]:
        return [*self.words, "lsp"]

    def client(self, patience: float = 120.0) -> Client:
        return Client(self.server, self.root, self.env, patience)


def _long(sections: int) -> str:
    """A rule of four lines a section."""
    pick = random.Random(3)
    words = "always never prefer small functions explicit errors typed names one place tests first".split()  # noqa: SIM905
    parts = (
        f"## Part {number}\n\n- {' '.join(pick.choices(words, k=9)).capitalize()}.\n\n" for number in range(sections)
    )
    return f"---\ndescription: All of it\napply: manual\n---\n\n# All of it\n\n{''.join(parts)}"


def _project(bench: Bench, rules: int = 0) -> _Project:
    sizes = _sizes(bench)
    rules = rules or sizes.rules
    name = f"served-{rules}"
    if name not in bench.kept:
        bench.kept[name] = _Project(bench, rules, name, sections=sizes.sections)
    made = bench.kept[name]
    assert isinstance(made, _Project)
    return made


def _most(times: Sequence[float], share: float = 0.95) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _to_bar(found: float, bar: float, note: str, unit: str = "") -> Figures:
    """A time and how many times its bar it is."""
    value, unit = scaled(max(found, 1e-9)) if not unit else (found, unit)
    named, its = scaled(bar)
    return Figures(value, unit, max(found, 1e-9) / bar, f"{named:.1f} {its}", note)


# Start


def _starts(bench: Bench) -> tuple[list[float], list[float], list[float]]:
    """Seconds of CPU to the reply of `initialize`, those of a bare pygls server right after it, ours on the wall."""
    kept = bench.kept.get("starts")
    if isinstance(kept, tuple) and len(kept[0]) == bench.rounds:
        return kept
    project = _project(bench)
    bare = bench.write(
        "bare.py",
        b"""\
# A language server that does nothing: what any server on pygls takes at least.
from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("bare", "1.0")


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(ls, params):
    return None


server.start_io()
""",
    )

    def start(words: Sequence[str]) -> tuple[float, float]:
        began = time.perf_counter()
        with Client(words, project.root, project.env) as client:
            client.initialize(project.root)
            return client.cpu() if CLOCK else time.perf_counter() - began, time.perf_counter() - began

    pygls = [sys.executable, bare]
    start(project.server), start(pygls)
    pairs = [(start(project.server), start(pygls)) for _ in range(bench.rounds)]
    made = [mine[0] for mine, _ in pairs], [other[0] for _, other in pairs], [mine[1] for mine, _ in pairs]
    bench.kept["starts"] = made
    return made


def _start(bench: Bench) -> Figures:
    ours, theirs, wall = _starts(bench)
    value, unit = scaled(statistics.median(ours))
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    note = f"CPU; {statistics.median(wall) * 1000:.0f} ms on the wall; {_project(bench).how}"
    return Figures(value, unit, ratio, f"a bare server, pygls {version('pygls')} ({PYTHON})", note)


def _start_cpu(bench: Bench) -> Figures:
    ours, _, _ = _starts(bench)
    return _to_bar(statistics.median(ours), 0.35, f"CPU; {_project(bench).how}")


# Edits


class _Edited:
    """A long document in one server, and a fault in it that comes and goes, each time elsewhere."""

    def __init__(
        self, client: Client, root: str, path: str, language: str, text: str, fault: str,
        is_fault: Callable[[Message], bool],
    ) -> None:  # fmt: skip
        self.client = client
        self.fault = fault
        self.is_fault = is_fault
        self.pick = random.Random(5)
        self.lines = text.count("\n")
        self.where: int | None = None
        client.begin(root)
        self.uri = client.open(path, language, text)
        self.edit(), self.edit()

    def edit(self) -> float:
        """Seconds from an edit to the findings that it changes."""
        wanted = self.where is None
        began = time.perf_counter()
        if self.where is None:
            self.where = self.pick.randrange(8, self.lines)
            sent = self.client.edit(self.uri, self.where, 0, self.fault)
        else:
            newline = self.fault.endswith("\n")
            until = (self.where + 1, 0) if newline else (self.where, len(self.fault))
            sent = self.client.edit(self.uri, self.where, 0, "", until)
            self.where = None
        self.client.told(self.uri, lambda found: any(map(self.is_fault, found)) == wanted, sent)
        return time.perf_counter() - began


def _ours(client: Client, project: _Project) -> _Edited:
    return _Edited(
        client, project.root, project.path, "markdown", project.text, BIDI, lambda one: one["code"] == "GEN07"
    )


def _edit(bench: Bench) -> Figures:
    project = _project(bench)
    with project.client() as client:
        edited = _ours(client, project)
        times, cpu = [], []
        for number in range(bench.rounds):
            time.sleep(THINKING if number % BURST == 0 and bench.rounds >= MIN_ROUNDS else TYPING)
            before = client.cpu() if CLOCK else 0.0
            times.append(edited.edit())
            cpu.append(client.cpu() - before if CLOCK else 0.0)
    note = f"median {statistics.median(times) * 1000:.1f} ms"
    if CLOCK:
        note += f"; CPU {statistics.median(cpu) * 1000:.1f} ms, 95 of 100 {_most(cpu) * 1000:.1f} ms"
    return _to_bar(_most(times), 0.025, f"{note}; {project.how}")


_YAML = "".join(f"key_{at}:\n  name: value {at}\n  list: [a, b, {at}]\n  text: some words\n" for at in range(500))
_CODE = "".join(f"def function_{at}(x):\n    y = x + {at}\n    return y\n\n" for at in range(500))


def _peer(bench: Bench, package: str, words: Sequence[str], suffix: str, fault: str, named: str = "") -> Figures:
    """Edits of equally long documents in turn, ours and another server's. `words`: what is said to it at its start."""
    project = _project(bench)
    found = _program(package)
    with project.client() as client:
        edited = _ours(client, project)
        if found is None:
            value, unit = scaled(_most([edited.edit() for _ in range(bench.rounds)]))
            return Figures(value, unit, None, named or package, f"install `{package}` to compare; {project.how}")
        text, language = (_YAML, "yaml") if suffix == "yaml" else (_CODE, "python")
        folder = bench.place(bench.disk, "peer")
        os.makedirs(folder)
        path = os.path.join(folder, f"long.{suffix}")
        text = "".join(text.splitlines(True)[: project.text.count("\n")])
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        with Client([found, *words], folder, project.env) as other:
            theirs = _Edited(other, folder, path, language, text, fault, lambda _one: True)
            pairs = []
            for _ in range(bench.rounds):
                time.sleep(TYPING)
                pairs.append((edited.edit(), theirs.edit()))
            name = f"{named or package} {_version_of(found) or other.version}"
    mine, its = _most([one for one, _ in pairs]), _most([one for _, one in pairs])
    value, unit = scaled(mine)
    note = f"theirs {its * 1000:.1f} ms, of {suffix}; {project.how}"
    return Figures(value, unit, its / mine, name, note)


def _yaml(bench: Bench) -> Figures:
    return _peer(bench, "yaml-language-server", ["--stdio"], "yaml", "key_0: again\n")


def _jedi(bench: Bench) -> Figures:
    return _peer(bench, "jedi-language-server", [], "py", "x = = 1\n")


def _ruff(bench: Bench) -> Figures:
    return _peer(bench, "ruff", ["server"], "py", "x = = 1\n", "ruff server")


def _program(name: str) -> str | None:
    """Where another server is installed: beside this Python, on the path, or among the tools of the editors' tests."""
    tools = os.environ.get("DRIVEN_E2E_TOOLS")
    places = [
        os.path.dirname(sys.executable), *os.environ.get("PATH", "").split(os.pathsep),
        os.path.join(tools, "npm", "node_modules", ".bin") if tools else os.path.expanduser(TOOLS),
    ]  # fmt: skip
    return shutil.which(name, path=os.pathsep.join(filter(None, places)))


def _version_of(program: str) -> str:
    """The version of a package of npm by one of its programs; of another, what it says itself, "" when it does not."""
    for folder in Path(os.path.realpath(program)).parents:
        package = folder / "package.json"
        if package.is_file():
            return str(json.loads(package.read_text(encoding="utf-8")).get("version") or "")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    found = re.search(r"\d+\.\d+\S*", said)
    return found[0] if found else ""


# Questions

_QUESTIONS = """\
---
description: What is asked about
apply: paths
targets: [cursor, copilot]
paths: ["src/**/*.py", "tests/**"]

---

# What is asked about

See @.driven/rules/tests.md and `http-api`.

## More of it

Words.
"""
# Lines and columns of it, with what is typed there first; "" asks about what stands there.
_COMPLETED = ((5, 0, ""), (5, 0, "pri"), (2, 7, "p"), (3, 18, "cla"), (4, 20, "x"), (10, 22, "t"), (14, 0, "@"))
_HOVERED = ((1, 3, ""), (2, 8, ""), (3, 12, ""), (4, 12, ""), (4, 25, ""), (8, 4, ""), (10, 20, ""), (10, 36, ""))


def _asked(bench: Bench, method: str, places: Sequence[tuple[int, int, str]]) -> Figures:
    """One kind of question at several places in turn, each right after an edit, as people type."""
    project = _project(bench)
    path = os.path.join(project.root, ".driven", "rules", f"asked-{method}.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_QUESTIONS)
    times: list[float] = []
    used = 0.0
    answered = set()
    try:
        with project.client() as client:
            client.begin(project.root)
            uri = client.open(path, "markdown", _QUESTIONS)
            client.at(method, uri, 1, 0)
            time.sleep(3 * THINKING)  # the first looks at everything
            for number in range(bench.rounds):
                time.sleep(THINKING if number % (4 * BURST) == 0 and bench.rounds >= MIN_ROUNDS else TYPING)
                line, column, typed = places[number % len(places)]
                before, began = client.cpu() if CLOCK else 0.0, time.perf_counter()
                if typed:
                    client.edit(uri, line, column, typed)
                else:
                    client.edit(uri, 14, 0, "x")
                if client.at(method, uri, line, column + len(typed)):
                    answered.add(number % len(places))
                times.append(time.perf_counter() - began)
                used += client.cpu() - before if CLOCK else 0.0
                client.edit(uri, *((line, column, "", (line, column + len(typed))) if typed else (14, 0, "", (14, 1))))
    finally:
        os.unlink(path)
    if bench.rounds >= len(places) and len(answered) < len(places):
        missing = [places[at] for at in range(len(places)) if at not in answered]
        raise DrivenError(f"`driven lsp` answers nothing to {method} at {missing}", hint="this is a bug")
    note = f"median {statistics.median(times) * 1000:.1f} ms, {len(places)} kinds of places"
    if CLOCK:
        note += f", CPU {used / bench.rounds * 1000:.1f} ms each"
    return _to_bar(_most(times), 0.015, f"{note}; {project.how}")


def _completion(bench: Bench) -> Figures:
    return _asked(bench, "completion", _COMPLETED)


def _hover(bench: Bench) -> Figures:
    return _asked(bench, "hover", _HOVERED)


# Globs

_GLOBS = '---\ndescription: Globs\napply: paths\npaths: ["src/**/*.py"]\n---\n\n# Globs\n\nWords.\n'
_TYPED = ("src/**/*.py", "**/*.py", "web/part7*/**", "src/api/**", "**/file1*.py", "{src,tests}/**/*.py", "docs/*/*")
FIRST = 7  # servers that are started for the first answer


def _globs(bench: Bench, method: str) -> tuple[list[float], list[float]]:
    """Seconds of the first answer of a server that has just begun, and of those that follow."""
    kept = bench.kept.get(f"globs-{method}")
    if isinstance(kept, tuple) and len(kept[1]) == bench.rounds:
        return kept
    if "tree" not in bench.kept:
        made = _Project(bench, 12, "tree", 24)
        write_tree(made.root, _sizes(bench).files)
        bench.kept["tree"] = made
    project = bench.kept["tree"]
    assert isinstance(project, _Project)
    path = os.path.join(project.root, ".driven", "rules", "globs.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_GLOBS)
    first, then = [], []
    servers = FIRST if bench.rounds >= MIN_ROUNDS else 1
    for _ in range(servers):
        with project.client() as client:
            client.begin(project.root)
            began = time.perf_counter()
            uri = client.open(path, "markdown", _GLOBS)
            column = 12 if method == "hover" else 9
            if not client.at(method, uri, 3, column):
                raise DrivenError(f"`driven lsp` answers nothing to {method} in a glob", hint="this is a bug")
            first.append(time.perf_counter() - began)
            time.sleep(3 * THINKING)
            end = 8 + len("src/**/*.py")
            for number in range(-(-bench.rounds // servers)):
                time.sleep(TYPING)
                glob = _TYPED[number % len(_TYPED)]
                if number >= len(_TYPED):  # others than those that were asked about before
                    glob = glob.replace("py", f"p{'y' * (number % 3)}").replace("file1", f"file{number}")
                typed = glob if method == "hover" else glob[: 1 + number % len(glob)]
                began = time.perf_counter()
                client.edit(uri, 3, 8, typed, (3, end))
                end = 8 + len(typed)
                client.at(method, uri, 3, 12 if method == "hover" else end)
                then.append(time.perf_counter() - began)
    del then[bench.rounds :]
    bench.kept[f"globs-{method}"] = first, then
    return first, then


def _glob_first(method: str) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        first, _ = _globs(bench, method)
        return _to_bar(statistics.median(first), 0.4, f"from the file being opened; {command()[1]}, {bench.where}")

    return measure


def _glob_then(method: str) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        _, then = _globs(bench, method)
        note = f"median {statistics.median(then) * 1000:.1f} ms; {command()[1]}, {bench.where}"
        return _to_bar(_most(then), 0.02, note)

    return measure


# Saves


def _save(bench: Bench) -> Figures:
    project = _project(bench)
    chosen = project.rules.rules
    with project.client(600) as client:
        client.begin(project.root)
        times = []
        for number in range(bench.rounds + 1):
            rule_id = chosen[number * 7 % len(chosen)].id
            path = os.path.join(project.root, ".driven", "rules", f"{rule_id}.md")
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
            uri = client.open(path, "markdown", text)
            followers = _files(project.root, rule_id)
            before = {one: _seen(one) for one in followers}
            more = f"- Changed {number} times.\n"
            client.edit(uri, text.count("\n"), 0, more)
            time.sleep(REST if bench.rounds >= MIN_ROUNDS else REST / 4)
            began = time.perf_counter()
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text + more)
            client.save(uri)
            until = began + 20
            while any(_seen(one) in (None, was) for one, was in before.items()):
                if time.perf_counter() > until or client.process.poll() is not None:
                    raise DrivenError("`driven lsp` did not sync after a save", hint="run `driven doctor`")
                time.sleep(0.0003)
            times.append(time.perf_counter() - began)
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    del times[0]
    note = f"median {statistics.median(times) * 1000:.1f} ms; {project.how}, {bench.where}"
    return _to_bar(_most(times), 0.1, note)


def _files(root: str, rule_id: str) -> list[str]:
    """The files that the editors have of one rule alone, or of all rules."""
    with open(os.path.join(root, ".driven", "outputs.lock"), encoding="utf-8") as file:
        paths = {line.split("\t")[0] for line in file if line[0] not in "#\n"}
    found = [path for path in paths if path == "CONVENTIONS.md" or os.path.basename(path).split(".")[0] == rule_id]
    if len(found) < len(EDITORS) - 1:
        raise DrivenError(f"the rule `{rule_id}` is in {len(found)} files only")
    return [os.path.join(root, path) for path in found]


def _seen(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


# Memory


def _memory(bench: Bench, rules: int) -> tuple[int, int]:
    """Bytes after a tenth of all edits, and after all of them."""
    kept = bench.kept.get(f"lsp-memory-{rules}")
    if isinstance(kept, tuple):
        return kept
    project = _project(bench, rules)
    edits = _sizes(bench).edits
    pick = random.Random(9)
    early = 0
    with project.client(900) as client:
        edited = _ours(client, project)
        time.sleep(THINKING)
        for number in range(edits):
            line = pick.randrange(8, edited.lines)
            if line == edited.where:
                line -= 1  # the fault stays where it is
            client.edit(edited.uri, line, 0, "x" if number % 2 else "", (line, 0 if number % 2 else 1))
            if number % 10 == 9:
                edited.edit()
            if number % (edits // 40) == 0 and edits == FULL.edits:
                time.sleep(THINKING)
            if number == edits // 10:
                time.sleep(THINKING)
                early = client.memory()
        time.sleep(2 * THINKING)
        late = client.memory()
    bench.kept[f"lsp-memory-{rules}"] = early, late
    return early, late


def _resident(rules: Callable[[Sizes], int]) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        sizes = _sizes(bench)
        _, late = _memory(bench, rules(sizes))
        note = f"resident after {sizes.edits:,} edits; {_project(bench, rules(sizes)).how}"
        return Figures(late, "bytes", late / 60e6, f"{60:.1f} MB", note)

    return measure


def _growth(rules: Callable[[Sizes], int]) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        sizes = _sizes(bench)
        early, late = _memory(bench, rules(sizes))
        grown = max(late - early, 1)
        note = f"from edit {sizes.edits // 10:,} to edit {sizes.edits:,}; {_project(bench, rules(sizes)).how}"
        return Figures(grown, "bytes", grown / 3e6, f"{3:.1f} MB", note)

    return measure


def _usual(sizes: Sizes) -> int:
    return sizes.usual


def _all(sizes: Sizes) -> int:
    return sizes.rules


# The end


def _end(how: str, bar: float) -> Callable[[Bench], Figures]:
    def measure(bench: Bench) -> Figures:
        project = _project(bench)
        times = []
        for _ in range(bench.rounds):
            with project.client() as client:
                edited = _ours(client, project)
                if how == "exit":
                    client.ask("shutdown")
                else:
                    client.edit(edited.uri, 9, 0, "y")  # it is at work
                began = time.perf_counter()
                if how == "exit":
                    client.notify("exit")
                elif how == "eof":
                    client.close_input()
                else:
                    client.process.send_signal(getattr(signal, how))
                code = client.wait()
                times.append(time.perf_counter() - began)
                if code != 0:
                    raise DrivenError(f"`driven lsp` ended with exit code {code} after {how}", hint="this is a bug")
        return _to_bar(max(times), bar, f"the slowest of {bench.rounds}, exit code 0; {project.how}")

    return measure


# Many folders


def _folders(bench: Bench) -> tuple[float, float, float]:
    """The share of a core that the idle server uses, and seconds from a file's change to its findings: the slowest, the
    median."""
    kept = bench.kept.get("folders")
    if isinstance(kept, tuple):
        return kept
    project = _Project(bench, 12, "folders", 24)
    count = _sizes(bench).folders
    for number in range(count):
        os.makedirs(os.path.join(project.root, "tree", f"part{number // 50}", f"folder{number}"))
    path = os.path.join(project.root, ".driven", "rules", f"{project.rules.rules[0].id}.md")
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    times = []
    with project.client() as client:
        edited = _ours(client, project)
        trial = bench.rounds < MIN_ROUNDS
        time.sleep(THINKING if trial else 3)
        before, began = client.cpu(), time.perf_counter()
        time.sleep(IDLE / 10 if trial else IDLE)
        share = (client.cpu() - before) / (time.perf_counter() - began)
        for number in range(bench.rounds):
            time.sleep(THINKING)
            wrong = number % 2 == 0
            began = time.perf_counter()
            with open(path + "~", "w", encoding="utf-8", newline="") as file:
                file.write(text + (f"Words {BIDI} turned.\n" if wrong else ""))
            os.replace(path + "~", path)
            client.told(Path(path).as_uri(), lambda found: any(map(edited.is_fault, found)) == wrong)  # noqa: B023
            times.append(time.perf_counter() - began)
    shutil.rmtree(project.root, ignore_errors=True)
    made = share, max(times), statistics.median(times)
    bench.kept["folders"] = made
    return made


def _folders_idle(bench: Bench) -> Figures:
    share, _, _ = _folders(bench)
    used = max(share * IDLE, 1e-9)
    value, unit = scaled(used)
    note = f"CPU in {IDLE:.0f} s; {command()[1]}, {bench.where}"
    return Figures(value, unit, max(share, 1e-9) / 0.2, f"{20:.1f} % of a core", note)


def _folders_event(bench: Bench) -> Figures:
    _, slowest, median = _folders(bench)
    note = f"the slowest of {bench.rounds}, median {median * 1000:.0f} ms; {command()[1]}, {bench.where}"
    return _to_bar(slowest, 1.0, note)


def _row(name: str, says: str, bar: float | None, rounds: int, measure: Callable[[Bench], Figures]) -> Benchmark:
    return Benchmark(f"lsp/{name}", says, "<=", bar, rounds, measure)


_EDITORS = f"{len(EDITORS) + 1} editors"
_WHAT = f"{FULL.rules} rules, {_EDITORS}"
_LONG = "edit of a rule of 2,000 lines to its findings, 95 of 100"
_TREE = f"a tree of {FULL.files:,} files"
_MANY = f"beside {FULL.folders:,} folders"

BENCHMARKS: tuple[Benchmark, ...] = (
    _row("start", f"`driven lsp` to the reply of `initialize`: {_WHAT}", 1.15, 15, _start),
    _row("start-cpu", "the same", 1, 15, _start_cpu),
    _row("edit", f"{_LONG}: {_WHAT}", 1, 120, _edit),
    Benchmark("lsp/edit-yaml", f"{_LONG}, in turn with another server", ">=", 8, 60, _yaml),
    Benchmark("lsp/edit-jedi", "the same", ">=", None, 15, _jedi),
    Benchmark("lsp/edit-ruff", "the same", ">=", None, 60, _ruff),
    _row("completion", f"an edit and a completion, 95 of 100: {_WHAT}", 1, 140, _completion),
    _row("hover", f"an edit and a hover, 95 of 100: {_WHAT}", 1, 160, _hover),
    _row("glob-hover-first", f"the first hover of a server, over a glob in {_TREE}", 1, 98, _glob_first("hover")),
    _row("glob-hover", "those that follow, each after an edit, 95 of 100", 1, 98, _glob_then("hover")),
    _row("glob-completion-first", f"the first completion, in a glob in {_TREE}", 1, 98, _glob_first("completion")),
    _row("glob-completion", "those that follow, each after an edit, 95 of 100", 1, 98, _glob_then("completion")),
    _row("save", f"a saved rule to the last editor's file, 95 of 100: {_WHAT}", 1, 60, _save),
)  # fmt: skip
if CLOCK:
    BENCHMARKS += (
        _row("memory", f"a rule of 2,000 lines is edited: {_WHAT}", 1, 5, _resident(_all)),
        _row("memory-growth", "how much more it gets", 1, 5, _growth(_all)),
        _row("memory-50", f"a rule of 2,000 lines is edited: {FULL.usual} rules, {_EDITORS}", 1, 5, _resident(_usual)),
        _row("memory-50-growth", "how much more it gets", 1, 5, _growth(_usual)),
        _row("exit", "`exit` after `shutdown`, to the end of the process", 1, 9, _end("exit", 0.2)),
        _row("sigterm", "SIGTERM while it looks at an edit, to the end of the process", 1, 9, _end("SIGTERM", 0.5)),
        _row("sigint", "SIGINT, the same", 1, 9, _end("SIGINT", 0.5)),
        _row("stdin-closed", "its stdin closed, the same", 1, 9, _end("eof", 0.5)),
        _row("folders-idle", f"while nothing happens, {_MANY}", 1, 10, _folders_idle),
        _row("folders-event", f"a rule that another program writes to its findings, {_MANY}", 1, 10, _folders_event),
    )
