"""The rule server: how fast it says that nothing changed, and how soon a thousand clients have what did.

The server has one core of its own where the system lets it be pinned; who asks has the others. Requests are counted by
wrk, for the server and for a hello-world of the same framework in the same run. The thousand are driven's own clients
(`serving_clients`), in a few processes: a thousand interpreters would be what is measured otherwise.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median

from driven.benchmarks import processes
from driven.benchmarks.measure import Bench, Benchmark, Figures
from driven.errors import DrivenError

PACK = "team-rules"
RULES = 60
REQUESTS_BAR, SECONDS_BAR, MEMORY_BAR = 3000.0, 2.0, 150.0  # requests/s; seconds; MB
CLIENTS = 1000
_ENOUGH, _FEW = 5, 100  # rounds for a verdict; clients where there are fewer
_AT_WRK = 32  # connections
_WRK_SECONDS = 2
_PROCESSES = 4
_PATIENCE = 120.0  # seconds
_NEEDS = ("starlette", "uvicorn", "httptools", "zstandard")
_HELLO = """
import socket, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
async def hello(request):
    return PlainTextResponse("hello, world")
app = Starlette(routes=[Route("/", hello)])
made = socket.create_server(("127.0.0.1", 0), backlog=2048)
print(made.getsockname()[1], flush=True)
config = uvicorn.Config(app, http="httptools", ws="none", access_log=False, log_config=None, lifespan="off")
uvicorn.Server(config).run(sockets=[made])
"""


def _missing() -> str:
    """The package without which nothing is served here, "" for none."""
    from importlib.util import find_spec

    return next((name for name in _NEEDS if find_spec(name) is None), "")


def _left_out(what: str, unit: str) -> Figures:
    return Figures(0.0, unit, None, what, f"not measured: {what} is not installed")


def _unchanged(bench: Bench) -> Figures:
    """Requests per second on one core that end in 304."""
    if missing := _missing():
        return _left_out(missing, "req/s")
    wrk = shutil.which("wrk")
    if wrk is None:
        return _left_out("wrk", "req/s")
    with _served(bench) as (url, pid, etag), _hello() as (other, other_pid):
        for one in (pid, other_pid):
            _pin(one)
        header = ["-H", f'If-None-Match: "{etag}"', "-H", f"Authorization: Bearer {bench.kept['serving-token']}"]
        path = f"{url}/packs/{PACK}/latest"
        rounds = max(1, min(bench.rounds, 5))
        long = _WRK_SECONDS if bench.rounds >= _ENOUGH else 1
        pairs = [(_wrk(wrk, path, long, header), _wrk(wrk, other, long, [])) for _ in range(rounds)]
    ours, theirs = (median(pair[side] for pair in pairs) for side in (0, 1))
    return Figures(
        ours, "req/s", ours / REQUESTS_BAR, f"{REQUESTS_BAR:,.1f} req/s",
        f"Starlette's hello-world beside it: {theirs:,.0f} req/s, {ours / theirs:.2f}x of it",
    )  # fmt: skip


def _fanout(bench: Bench) -> Figures:
    """Seconds from the beginning of a publication until 95 of 100 clients have applied it."""
    if missing := _missing():
        return _left_out(missing, "s")
    times, cpu, memory = _published(bench)
    p95 = times[int(len(times) * 0.95)]
    bench.kept["serving"] = memory
    return Figures(
        p95, "s", p95 / SECONDS_BAR, f"{SECONDS_BAR:.1f} s",
        f"{len(times):,} of driven's own clients in {_PROCESSES} processes, each by event, difference (dcz), check of"
        f" the signature and of every digest, to a file of its own (a process parses the manifest once);"
        f" p50 {median(times):.2f} s, the last {times[-1]:.2f} s,"
        f" from the word to publish on; {cpu * 1e3:.1f} ms of CPU for each client",
    )  # fmt: skip


def _memory(bench: Bench) -> Figures:
    """What the server holds once all of them have applied it."""
    if missing := _missing():
        return _left_out(missing, "MB")
    found = bench.kept.get("serving")
    memory = found if isinstance(found, float) else _published(bench)[2]
    if not memory:
        return Figures(0.0, "MB", None, "/proc", "not measured: this system does not say it")
    return Figures(memory, "MB", memory / MEMORY_BAR, f"{MEMORY_BAR:.1f} MB", "its highest")


def _published(bench: Bench) -> tuple[list[float], float, float]:
    """(the seconds of each client, sorted; the seconds of CPU of one; MB of the server at its highest)."""
    words, _ = processes.command()
    with _served(bench) as (url, pid, _):
        folder = bench.place(bench.folder, "clients")
        os.mkdir(folder)
        share = (CLIENTS if bench.rounds >= _ENOUGH else _FEW) // _PROCESSES
        told = [url, PACK, _key(bench), folder, str(share)]
        program = [sys.executable, "-m", "driven.benchmarks.serving_clients", *told]
        env = processes.environment(False) | {"DRIVEN_TOKEN": str(bench.kept["serving-token"])}
        clients = [
            subprocess.Popen(program, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env, text=True)
            for _ in range(_PROCESSES)
        ]
        try:
            for one in clients:
                assert one.stdout is not None
                if one.stdout.readline() != "ready\n":
                    raise DrivenError("a client of the benchmark could not begin")
            _write_pack(_folder_of(bench), "1.1.0", 7)
            _run(bench, [*words, "sign", PACK])
            _run(bench, [*words, "pack", "build", PACK, "--out", "new.pack"])
            began = time.time()
            _publish(bench, url)
            said = [json.loads(one.communicate(timeout=_PATIENCE)[0] or "{}") for one in clients]
        finally:
            for one in clients:
                if one.poll() is None:
                    one.kill()
                one.wait()
        times = sorted(moment - began for one in said for moment in one.get("times", ()))
        if len(times) != share * _PROCESSES:
            raise DrivenError(f"{share * _PROCESSES - len(times)} clients did not come to their end")
        return times, sum(one["cpu"] for one in said) / len(times), _highest(pid)


def _key(bench: Bench) -> str:
    """The fingerprint of who signed the pack, as a project pins it."""
    from driven.trust import sshsig
    from driven.trust.manifest import SIG

    with open(os.path.join(_folder_of(bench), PACK, SIG), "rb") as file:
        return sshsig.parse(file.read(), SIG).key.fingerprint


def _publish(bench: Bench, url: str) -> None:
    """Hand in what was built, as `driven pack publish` does, without a process of its own."""
    import http.client

    with open(os.path.join(_folder_of(bench), "new.pack"), "rb") as file:
        data = file.read()
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_PATIENCE)
    try:
        headers = {"Authorization": f"Bearer {bench.kept['serving-token']}"}
        connection.request("PUT", f"/packs/{PACK}/1.1.0", body=data, headers=headers)
        answer = connection.getresponse()
        if answer.status != 201:
            raise DrivenError(f"the server answered {answer.status}: {answer.read(500)!r}")
    finally:
        connection.close()


def _folder_of(bench: Bench) -> str:
    return str(bench.kept["serving-folder"])


@contextmanager
def _served(bench: Bench) -> Iterator[tuple[str, int, str]]:
    """A server with one pack, signed and published by driven: (its address, its process, the pack's ETag)."""
    words, _ = processes.command()
    folder = bench.place(bench.disk, "serving")
    os.mkdir(folder)
    bench.kept["serving-folder"] = folder
    _write_pack(folder, "1.0.0", 0)
    _run(bench, [*words, "key", "generate", "ana", "--no-passphrase"])
    _run(bench, [*words, "sign", PACK])
    _run(bench, [*words, "pack", "publish", PACK, "--to", "store"])
    token = _said(bench, [*words, "token", "add", "ana", "--publish", "--tokens", "tokens", "--json"])["token"]
    bench.kept["serving-token"] = token
    with open(os.path.join(folder, "store", "events.log"), encoding="utf-8") as log:
        etag = str(json.loads(log.readline())["etag"])
    with _serving(
        bench, [*words, "serve", "--json", "--store", "store", "--tokens", "tokens", "--port", "0", "--clients", "5000"]
    ) as found:
        yield found[0], found[1], etag


@contextmanager
def _serving(bench: Bench, words: list[str]) -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(
        words, cwd=_folder_of(bench), env=_environment(bench), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith('{"event"'):
            raise DrivenError("the server of the benchmark could not begin", hint="try `driven serve` by itself")
        yield str(json.loads(line)["url"]), process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


@contextmanager
def _hello() -> Iterator[tuple[str, int]]:
    """The framework's hello-world: (its address, its process)."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HELLO], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/", process.pid
    finally:
        process.kill()
        process.wait()


def _wrk(wrk: str, url: str, seconds: int, words: list[str]) -> float:
    """Requests per second."""
    said = subprocess.run(
        [wrk, "-t1", f"-c{_AT_WRK}", f"-d{seconds}s", *words, url], check=True, capture_output=True, text=True
    ).stdout
    if "Socket errors" in said or "Non-2xx" in said:
        raise DrivenError(f"wrk was not answered: {said.strip().splitlines()[-1]}")
    return float(said.partition("Requests/sec:")[2].split()[0])


def _pin(pid: int) -> None:
    """One core, the first that this process may use."""
    if hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})


def _highest(pid: int) -> float:
    """MB that a process held at its highest; 0 where the system does not say."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0.0


def _environment(bench: Bench) -> dict[str, str]:
    kept = processes.environment(len(processes.command()[0]) == 1)
    return kept | {"XDG_CONFIG_HOME": os.path.join(_folder_of(bench), "home")}


def _run(bench: Bench, words: list[str]) -> None:
    processes.run(words, _folder_of(bench), _environment(bench))


def _said(bench: Bench, words: list[str]) -> dict[str, str]:
    done = subprocess.run(
        words, cwd=_folder_of(bench), env=_environment(bench), check=True, capture_output=True, text=True
    )
    found: dict[str, str] = json.loads(done.stdout)["data"]
    return found


def _write_pack(folder: str, version: str, changed: int) -> None:
    """A pack of some rules as teams have them; one of them says something new where `changed` is not 0."""
    rules = os.path.join(folder, PACK, "rules")
    os.makedirs(rules, exist_ok=True)
    with open(os.path.join(folder, PACK, "pack.toml"), "w", encoding="utf-8") as file:
        file.write(f'name = "{PACK}"\nversion = "{version}"\ndescription = "What the benchmark serves"\n')
    for number in range(RULES):
        lines = [f"- Case {line} of rule {number}: name the file, the line and the value." for line in range(25)]
        if number == changed != 0:
            lines.append("- And say what to do about it.")
        with open(os.path.join(rules, f"rule-{number}.md"), "w", encoding="utf-8") as file:
            file.write(f"---\ndescription: Rule {number}\n---\n\n# Rule {number}\n\n" + "\n".join(lines) + "\n")


BENCHMARKS = (
    Benchmark("serve/304", "a bundle that a client has already, asked for by wrk, the server on one core", ">=", 1, 5,
              _unchanged),
    Benchmark("serve/fanout", "a version published, until 95 of 100 clients that listened have applied it", "<=", 1, 5,
              _fanout),
    Benchmark("serve/memory", "the server's memory after that", "<=", 1, 5, _memory),
)  # fmt: skip
