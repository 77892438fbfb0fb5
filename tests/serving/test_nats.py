"""Servers on a real nats-server: they share what is published, and outlive its restart."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

import pytest

from driven.serving.packaging import Built
from serving.tools import Answer, Events, Nats, Server, built, driven, serving, token_of, wait


def test_several_servers_on_one_nats_all_tell(tmp_path: Path, nats: Nats, packs: dict[str, Built]) -> None:
    ana = token_of(tmp_path, "ana", publish=True)
    words = ("--nats", nats.url, "--tokens", "tokens.txt")
    with serving(tmp_path, *words, token=ana) as one, serving(tmp_path, *words, token=ana) as two:
        with contextlib.closing(Events(one)) as first, contextlib.closing(Events(two)) as second:
            assert one.put(packs["1.0.0"]).status == 201
            wait(lambda: two.ask("/packs").json["packs"] != [])
            assert two.put(packs["1.0.0"]).status == 200 and two.put(packs["other"]).status == 409
            assert two.put(packs["1.1.0"]).status == 201
            for each in (first, second):
                assert each.versions(2) == [(1, "1.0.0"), (2, "1.1.0")]
        for each in (one, two):
            assert each.ask("/packs/acme-errors/latest").body == packs["1.1.0"].data
    with serving(tmp_path, *words, token=ana) as third:
        assert third.ask("/packs/acme-errors/1.0.0").body == packs["1.0.0"].data
        with contextlib.closing(Events(third, last=1)) as late:
            assert late.versions(1) == [(2, "1.1.0")]


def test_a_nats_that_is_restarted_during_a_publication(tmp_path: Path, nats: Nats, packs: dict[str, Built]) -> None:
    """The publication waits for it, and comes to its end; who listens hears of it."""
    ana = token_of(tmp_path, "ana", publish=True)
    with serving(tmp_path, "--nats", nats.url, "--tokens", "tokens.txt", token=ana) as server:
        assert server.put(packs["1.0.0"]).status == 201
        with contextlib.closing(Events(server)) as events:
            nats.kill()
            answers: list[Answer] = []
            publishing = threading.Thread(target=lambda: answers.append(server.put(packs["1.1.0"])))
            publishing.start()
            time.sleep(0.5)
            assert (
                server.ask("/packs/acme-errors/latest", if_none_match=f'"{packs["1.0.0"].version.etag}"').status == 304
            )
            assert server.ask("/readyz").status == 503 and answers == []
            nats.start()
            publishing.join(60)
            assert [one.status for one in answers] == [201]
            assert events.versions(1) == [(2, "1.1.0")]
        assert server.ask("/packs/acme-errors/latest").body == packs["1.1.0"].data
        wait(lambda: server.ask("/readyz").status == 200)


def test_of_two_servers_that_publish_at_once_one_wins_and_both_serve_it(tmp_path: Path, nats: Nats, key: Path) -> None:
    """Another content under the same version, at both, at the same moment; several times."""
    ana = token_of(tmp_path, "ana", publish=True)
    words = ("--nats", nats.url, "--tokens", "tokens.txt")
    rounds = [f"3.{number}.0" for number in range(8)]
    made = {
        (version, text): built(tmp_path / f"{version}-{text}", key, version, f"Of {text}.\n")
        for version in rounds
        for text in ("one", "two")
    }
    with serving(tmp_path, *words, token=ana) as one, serving(tmp_path, *words, token=ana) as two:
        for version in rounds:
            ready, answers = threading.Barrier(2), dict[str, Answer]()

            def put(
                text: str, server: Server, version: str = version, ready: threading.Barrier = ready,
                answers: dict[str, Answer] = answers,
            ) -> None:  # fmt: skip
                ready.wait()
                answers[text] = server.put(made[version, text])

            clients = [threading.Thread(target=put, args=each) for each in (("one", one), ("two", two))]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            assert sorted(each.status for each in answers.values()) == [201, 409]
            won = next(text for text, answer in answers.items() if answer.status == 201)
            for server in (one, two):
                wait(lambda server=server, version=version: server.ask(f"/packs/acme-errors/{version}").status == 200)
                assert server.ask(f"/packs/acme-errors/{version}").body == made[version, won].data
                assert server.put(made[version, won]).status == 200
        for server in (one, two):
            said = server.ask("/events?poll=1&after=0").json["events"]
            assert [(event["id"], event["version"]) for event in said] == list(enumerate(rounds, 1))


@pytest.mark.parametrize(("words", "login", "wrong"), [
    (("--user", "driven", "--pass", "s3cret:with-colon"), "driven:s3cret:with-colon", "driven:other"),
    (("--auth", "t0ken"), "t0ken", "another"),
])  # fmt: skip
def test_who_it_is_at_nats_stands_in_a_file(
    words: tuple[str, ...], login: str, wrong: str, tmp_path: Path, packs: dict[str, Built]
) -> None:
    """And so in no list of processes."""
    nats, file = Nats(tmp_path / "jetstream", *words), tmp_path / "login"
    nats.start()
    try:
        file.touch(0o600)
        file.write_text(f"{wrong}\n")
        given = ("--nats", nats.url, "--nats-login", "login")
        refused = driven(tmp_path, "serve", *given, "--port", "0")
        said = refused.stderr.lower()
        assert refused.returncode == 2 and "--nats-login" in said, said
        assert "authorization" in said or "reset by peer" in said or "broken pipe" in said
        assert wrong not in refused.stderr
        file.write_text(f"{login}\n")
        ana = token_of(tmp_path, "ana", publish=True)
        with serving(tmp_path, *given, "--tokens", "tokens.txt", token=ana) as server:
            assert server.put(packs["1.0.0"]).status == 201
            command = Path(f"/proc/{server.process.pid}/cmdline")
            assert not command.exists() or login.encode() not in command.read_bytes()
            assert login not in server.said()
        file.chmod(0o644)
        assert driven(tmp_path, "serve", *given, "--port", "0").returncode == 5
    finally:
        nats.kill()
    alone = driven(tmp_path, "serve", "--nats-login", "login", "--port", "0")
    assert alone.returncode == 2 and "--nats URL" in alone.stderr
