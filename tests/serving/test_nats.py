"""Servers on a real nats-server: they share what is published, and outlive its restart."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

from driven.serving.packaging import Built
from serving.tools import Answer, Events, Nats, serving, token_of, wait


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
