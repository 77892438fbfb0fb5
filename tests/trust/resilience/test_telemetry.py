"""Telemetry arrives at a real collector, as part of the right trace; costs nothing when off; never stops a command."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driven.mcp.calls import Job
from driven.trust import telemetry
from driven.trust.resilience import Guard, Retry
from driven.trust.telemetry import ENDPOINT, PARENT, STATE, incoming

from .collector import Collector, attributes, collector

TRACE, ONE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{ONE}-01"
NAMES = ("OTEL_", PARENT, STATE, "DRIVEN_")
SECRET = "a-word-that-no-collector-may-see"


def environment(**more: str) -> dict[str, str]:
    """This process's, without anything of telemetry."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(NAMES)}
    return {**kept, **more}


def driven(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "driven", *words], cwd=folder, env=environment(**more), capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rules = tmp_path / ".driven" / "rules"
    rules.mkdir(parents=True)
    (tmp_path / ".driven" / "config.toml").write_text("[editors]\ncursor = true\nclaude = true\n")
    (rules / "one.md").write_text(f"# One\n\nDo {SECRET}.\n")
    return tmp_path


@pytest.fixture
def here() -> Iterator[Collector]:
    """Telemetry of this very process, told to a collector."""
    with pytest.MonkeyPatch.context() as patch, collector() as found:
        for name in os.environ:
            if name.startswith(NAMES):
                patch.delenv(name)
        patch.setenv(ENDPOINT, found.address)
        patch.setenv(PARENT, GIVEN)
        assert telemetry.start() == "" and telemetry.is_on()
        yield found
        telemetry.finish()


# Whole commands


def test_a_command_and_its_plugins_arrive_as_part_of_the_trace_that_it_was_started_in(project: Path) -> None:
    with collector() as found:
        given_ = {ENDPOINT: found.address, PARENT: GIVEN, STATE: "acme=1", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=secret"}
        done = driven(project, "sync", "--json", **given_)
        assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("{") and driven(project, "sync", "--check").returncode == 0
    command = found.span("driven sync")
    assert (command.trace_id.hex(), command.parent_span_id.hex(), command.trace_state) == (TRACE, ONE, "acme=1")
    assert attributes(command) == {"driven.command": "driven sync", "driven.exit_code": 0}
    assert command.end_time_unix_nano > command.start_time_unix_nano and command.status.code == 0
    plugins = [one for one in found.spans if one.name.startswith("plugin ")]
    assert {one.name for one in plugins} == {"plugin cursor", "plugin claude"}
    assert {(one.trace_id, one.parent_span_id) for one in plugins} == {(command.trace_id, command.span_id)}
    assert found.resources[0]["service.name"] == "driven" and found.resources[0]["service.version"]
    assert all(one["x-key"] == "secret" for one in found.headers)
    counted = {(name, *attributes(point).values()): point.count for name, point in found.points}
    assert counted == {
        ("driven.command.duration", "driven sync"): 1,
        ("driven.plugin.duration", "cursor"): 1,
        ("driven.plugin.duration", "claude"): 1,
    }
    for word in (SECRET, str(project), "one.md"):
        assert word.encode() not in found.raw, "what no collector may see"


def test_what_the_user_calls_it_is_how_it_is_called(project: Path) -> None:
    with collector() as found:
        driven(project, "status", **{ENDPOINT: found.address, "OTEL_SERVICE_NAME": "rules of ours"})
    assert found.resources[0]["service.name"] == "rules of ours"
    assert found.span("driven status").parent_span_id == b""


def test_an_error_is_told_by_its_kind_alone(project: Path) -> None:
    with collector() as found:
        done = driven(project, "explain", f"../{SECRET}", **{ENDPOINT: found.address})
    assert done.returncode == 2
    command = found.span("driven explain")
    assert command.status.code == 2 and command.status.message == ""
    assert attributes(command)["error.type"].endswith("Error")
    assert SECRET.encode() not in found.raw


@pytest.mark.parametrize("how", ["refused", "hangs", "error", "nonsense"])
def test_a_collector_that_is_of_no_use_stops_no_command(project: Path, how: str) -> None:
    plain = driven(project, "status")
    with collector() as found, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]  # bound and not listening: refused
        if how == "hangs":
            silent.listen()
        found.status = 500
        address = {"error": found.address, "nonsense": "not an address"}.get(how, f"http://127.0.0.1:{port}")
        done = driven(project, "status", **{ENDPOINT: address})
        quiet = driven(project, "status", "--quiet", **{ENDPOINT: address}) if how == "nonsense" else None
    assert (done.returncode, done.stdout) == (plain.returncode, plain.stdout)
    assert done.stderr == f"note: not all of the telemetry arrived where {ENDPOINT} says\n"
    assert quiet is None or quiet.stderr == ""


@pytest.mark.parametrize(
    "more, said",
    [
        ({}, ""),
        ({ENDPOINT: ""}, ""),
        ({ENDPOINT: "ADDRESS", "OTEL_SDK_DISABLED": "true"}, ""),
        ({ENDPOINT: "ADDRESS", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "driven speaks http/protobuf alone"),
    ],
)
def test_where_it_is_off_nothing_arrives_and_nothing_is_imported(project: Path, more: dict, said: str) -> None:
    code = (
        "import sys\nfrom driven.cli.app import main\nmain(['status', '--verbose'])\n"
        "print(sorted(name for name in sys.modules if 'opentelemetry' in name or 'telemetry_otel' in name))\n"
        "print('driven.trust.telemetry' in sys.modules)\n"
    )
    with collector() as found:
        given_ = {name: text.replace("ADDRESS", found.address) for name, text in more.items()}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=project, env=environment(**given_), capture_output=True, text=True,
            timeout=120, check=True,
        )  # fmt: skip
    assert done.stdout.splitlines()[-2:] == ["[]", str(bool(more))]
    assert said in done.stderr and (said or not done.stderr)
    assert found.raw == b""


def test_without_the_extra_it_stays_off_and_says_so_only_when_asked(project: Path) -> None:
    code = (
        "import sys\nsys.modules['opentelemetry.exporter'] = None\n"  # as Python says it of a package that is not there
        "from driven.cli.app import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    for words, said in ((["status"], ""), (["status", "--verbose"], "is not installed: pip install 'driven[otel]'")):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=project, env=environment(**{ENDPOINT: "http://127.0.0.1:9"}),
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode in (0, 1) and said in done.stderr and bool(said) == bool(done.stderr)


def test_what_is_off_imports_nothing() -> None:
    code = (
        "import sys\nfrom driven import errors, frozen, span\nbefore = set(sys.modules)\n"
        "from driven.trust import telemetry as t\n"
        "assert t.start() == '' and not t.is_on()\n"
        "with t.span('call', 'x') as one: one.set('a', 1)\n"
        "t.count('c'); t.duration('d', 1.0); t.outgoing(); t.finish()\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "['driven.trust', 'driven.trust.telemetry']\n"


# Inside of one process


def test_what_is_started_goes_on_in_the_trace_of_who_started_it(here: Collector) -> None:
    show = "import os; print(os.environ.get('TRACEPARENT'), os.environ.get('TRACESTATE'))"
    with telemetry.span("hook", "before-sync", ring="L"):
        sent = telemetry.outgoing()
        done = subprocess.run([sys.executable, "-c", show], env=sent, capture_output=True, text=True, check=True)
    outside = telemetry.outgoing()
    telemetry.finish()
    hook = here.span("hook before-sync")
    assert done.stdout == f"00-{TRACE}-{hook.span_id.hex()}-01 None\n"
    assert outside == {PARENT: GIVEN}, "where nothing is under way, the trace of the process"
    assert hook.parent_span_id.hex() == ONE and attributes(hook)["driven.ring"] == "L"
    assert telemetry.outgoing() == {PARENT: GIVEN}, "and so it does where nobody is told"


def test_threads_and_requests_have_their_parents(here: Collector) -> None:
    other = {PARENT: f"00-{TRACE[::-1]}-{ONE[::-1]}-01", STATE: "b=2"}

    def work() -> None:
        with telemetry.span("tool", "in a thread"):
            pass
        with telemetry.span("tool", "for somebody", parent=other), telemetry.span("tool", "below"):
            assert telemetry.outgoing()[STATE] == "b=2"

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    telemetry.finish()
    assert here.span("tool in a thread").parent_span_id.hex() == ONE
    asked, below = here.span("tool for somebody"), here.span("tool below")
    assert (asked.trace_id.hex(), asked.parent_span_id.hex()) == (TRACE[::-1], ONE[::-1])
    assert (below.trace_id, below.parent_span_id) == (asked.trace_id, asked.span_id)


def test_what_a_server_does_in_its_threads_belongs_to_it(
    here: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of `driven mcp serve` is a process of its own, started in a thread."""
    program, seen = tmp_path / "python", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\nprintf %s "$TRACEPARENT" > {seen}\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

    def work() -> None:
        Job().run(["status"], os.curdir, 60.0)

    with telemetry.Command("driven mcp serve"):
        with telemetry.Command("driven inner"):
            pass
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    telemetry.finish()
    server = here.span("driven mcp serve")
    assert seen.read_text() == f"00-{TRACE}-{server.span_id.hex()}-01" and server.parent_span_id.hex() == ONE


def test_a_guarded_call_its_tries_and_its_failure_are_told(here: Collector) -> None:
    answers = iter([ConnectionError(SECRET), ConnectionError(SECRET), None])

    def work() -> str:
        found = next(answers)
        if found:
            raise found
        return "answer"

    one = Guard("fetch example.org", retry=Retry(first=0.0))
    assert one.call(work, idempotent=True) == "answer"
    with pytest.raises(ZeroDivisionError):
        one.call(lambda: 1 // 0)
    telemetry.count("overflow", 7, stream=1)
    telemetry.duration("wait", 0.25)
    telemetry.finish()
    good, bad = [one for one in here.spans if one.name == "call fetch example.org"]
    assert good.status.code == 0 and attributes(good) == {"driven.call": "fetch example.org"}
    assert bad.status.code == 2 and attributes(bad)["error.type"] == "ZeroDivisionError" and not bad.events
    points = {(name, *attributes(point).values()): point for name, point in here.points}
    assert points["driven.retries", "fetch example.org"].as_int == 2
    assert points["driven.overflow", 1].as_int == 7 and points["driven.wait.duration",].sum == 0.25
    assert points["driven.call.duration", "fetch example.org", "ZeroDivisionError"].count == 1
    assert SECRET.encode() not in here.raw


def test_texts_are_cut(here: Collector) -> None:
    with telemetry.span("call", "x" * 5000, text="y" * 5000):
        pass
    telemetry.finish()
    (one,) = here.spans
    assert len(one.name) == 256 and {len(text) for text in attributes(one).values()} == {256}


def test_a_command_in_a_command_turns_nothing_off(here: Collector) -> None:
    with telemetry.Command("driven outer"):
        with telemetry.Command("driven inner"):
            pass
        assert telemetry.is_on()
    assert telemetry.is_on(), "who turned it on turns it off"
    telemetry.finish()
    assert here.span("driven inner").parent_span_id == here.span("driven outer").span_id


# What comes in

HEX = st.text("0123456789abcdef", max_size=34)
PARENTS = st.one_of(
    st.just(GIVEN),
    st.builds("-".join, st.lists(HEX, max_size=6)),
    st.builds(
        lambda version, trace, one, flags, end: f"{version}-{trace}-{one}-{flags}{end}",
        st.sampled_from(["00", "01", "fe", "ff", "0", "000", "0G"]),
        st.sampled_from([TRACE, "0" * 32, TRACE.upper(), TRACE[1:]]),
        st.sampled_from([ONE, "0" * 16, ONE + "0"]),
        st.sampled_from(["00", "01", "03", "ff", "1", "zz"]),
        st.sampled_from(["", "-", "-more", "\n", "\0", "-" + "x" * 600]),
    ),
    st.text(max_size=60),
)


@given(PARENTS, st.one_of(st.just("a=1,b=2"), st.text(max_size=30), st.just("a=" + "x" * 600)))
def test_what_comes_in_is_a_trace_or_nothing(parent: str, state: str) -> None:
    """OpenTelemetry's own reading is the judge of what it takes; what we take, it takes."""
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found = incoming({PARENT: parent, STATE: state})
    assert set(found) <= {PARENT, STATE} and (not found or PARENT in found)
    if found:
        context = TraceContextTextMapPropagator().extract({"traceparent": found[PARENT]}, Context())
        read = trace.get_current_span(context).get_span_context()
        assert read.is_valid and found[PARENT].startswith(f"00-{read.trace_id:032x}-{read.span_id:016x}-0")
        assert incoming(found) == found, "it has one spelling"
        assert len(found.get(STATE, "")) <= 512 and found.get(STATE, "=").isprintable()


@pytest.mark.parametrize(
    "text, wanted",
    [
        (GIVEN, GIVEN),
        (f" {GIVEN} ", GIVEN),
        (GIVEN[:-2] + "00", GIVEN[:-2] + "00"),
        (GIVEN[:-2] + "ff", GIVEN[:-2] + "03"),
        (f"cc{GIVEN[2:]}-what-comes", GIVEN),
        (f"{GIVEN}-what-comes", None),
        (f"ff{GIVEN[2:]}", None),
        (GIVEN.upper(), None),
        (f"00-{'0' * 32}-{ONE}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (GIVEN[:-1], None),
        ("", None),
    ],
)
def test_a_parent(text: str, wanted: str | None) -> None:
    assert incoming({PARENT: text}).get(PARENT) == wanted
