"""Bundles over HTTP: tags, codings, ranges, differences; asked by curl and by Python's own client."""

from __future__ import annotations

import hashlib
import json
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.serving.packaging import Built
from driven.serving.wishes import one_range
from driven.streaming.dictionary import decompress
from driven.streaming.operations import apply
from driven.streaming.release import files_of, release_of
from driven.trust.bundle import MEDIA, read_bundle
from serving.tools import Server, curl, need

LATEST = "/packs/acme-errors/latest"


def digest(data: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(data).digest()).decode()}:"


def available(made: Built) -> str:
    return f":{b64encode(hashlib.sha256(made.data).digest()).decode()}:"


def test_the_lists_name_what_there_is(server: Server, packs: dict[str, Built]) -> None:
    (one,) = server.ask("/packs").json["packs"]
    made = packs["1.1.0"].version
    assert one == {key: value for key, value in made.to_json().items() if key != "published"}
    pack = server.ask("/packs/acme-errors").json
    assert (pack["name"], pack["latest"]) == ("acme-errors", "1.1.0")
    assert [each["version"] for each in pack["versions"]] == ["1.1.0", "1.0.0"]
    assert pack["versions"][1] == {
        key: getattr(packs["1.0.0"].version, key) for key in ("version", "etag", "sha256", "size")
    } | {"published": pack["versions"][1]["published"]}


def test_a_bundle_comes_as_it_was_published(server: Server, packs: dict[str, Built]) -> None:
    made = packs["1.0.0"]
    answer = server.ask("/packs/acme-errors/1.0.0")
    assert (answer.status, answer.body) == (200, made.data)
    assert answer.headers["content-type"] == MEDIA and answer.headers["etag"] == f'"{made.version.etag}"'
    assert answer.headers["repr-digest"] == digest(made.data)
    assert "immutable" in answer.headers["cache-control"] and "driven-version" not in answer.headers
    assert answer.headers["use-as-dictionary"] == 'match="/packs/acme-errors/*"'
    assert {"Accept-Encoding", "Available-Dictionary"} <= set(answer.headers["vary"].split(", "))
    latest = server.ask(LATEST)
    assert latest.body == packs["1.1.0"].data
    assert (latest.headers["driven-version"], latest.headers["cache-control"]) == ("1.1.0", "no-cache")


def test_head_says_the_same_without_a_body(server: Server, packs: dict[str, Built]) -> None:
    head, get = server.ask(LATEST, "HEAD"), server.ask(LATEST)
    assert head.body == b"" and head.status == 200
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


@pytest.mark.parametrize("tag", ['"{}"', 'W/"{}"', '"{}.zstd"', '"{}.dcz"', '"x", "{}.zstd"', "*", ' "{}" '])
def test_who_has_it_gets_304(tag: str, server: Server, packs: dict[str, Built]) -> None:
    etag = packs["1.1.0"].version.etag
    answer = server.ask(LATEST, if_none_match=tag.format(etag), accept_encoding="zstd", range="bytes=0-1")
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == f'"{etag}"' and answer.headers["driven-version"] == "1.1.0"
    assert "vary" in answer.headers


@pytest.mark.parametrize("version", ["1.1.0", "latest"])
def test_304_says_of_caching_and_versions_what_200_does(version: str, server: Server, packs: dict[str, Built]) -> None:
    path = f"/packs/acme-errors/{version}"
    whole = server.ask(path)
    fresh = server.ask(path, if_none_match=f'"{packs["1.1.0"].version.etag}"')
    assert (whole.status, fresh.status) == (200, 304)
    for name in ("cache-control", "vary", "driven-version", "etag"):
        assert fresh.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize("tag", ['"b3-0"', "", "{}", '"{}', '"{}x"', '"x.{}"', '"', ",,,", "W/", '"\xff"'])
def test_who_has_another_gets_it(tag: str, server: Server, packs: dict[str, Built]) -> None:
    answer = server.ask(LATEST, if_none_match=tag.format(packs["1.1.0"].version.etag))
    assert (answer.status, answer.body) == (200, packs["1.1.0"].data)


def test_curl_decodes_what_it_asked_for(server: Server, packs: dict[str, Built], tmp_path: Path) -> None:
    out = tmp_path / "pack"
    said = curl("--compressed", "-H", f"Authorization: {server.headers['Authorization']}", "-D", str(tmp_path / "head"),
                "--output", str(out), server.url + LATEST)  # fmt: skip
    head = (tmp_path / "head").read_text()
    assert said == "" and "content-encoding: zstd" in head
    assert packs["1.1.0"].data in out.read_bytes()  # -i puts the headers before it
    assert f'etag: "{packs["1.1.0"].version.etag}.zstd"' in head


def test_each_coding_has_its_own_tag_and_digest(server: Server, packs: dict[str, Built]) -> None:
    made = packs["1.1.0"]
    zstd = server.ask(LATEST, accept_encoding="gzip, zstd")
    assert zstd.headers["content-encoding"] == "zstd" and zstd.headers["etag"] == f'"{made.version.etag}.zstd"'
    assert zstandard.ZstdDecompressor().decompress(zstd.body) == made.data
    assert zstd.headers["repr-digest"] == digest(zstd.body) and len(zstd.body) < len(made.data)
    dcz = server.ask(LATEST, accept_encoding="zstd, dcz", available_dictionary=available(packs["1.0.0"]))
    assert dcz.headers["content-encoding"] == "dcz" and dcz.headers["etag"] == f'"{made.version.etag}.dcz"'
    assert decompress(dcz.body, packs["1.0.0"].data, len(made.data)) == made.data
    assert dcz.headers["repr-digest"] == digest(dcz.body) and len(dcz.body) < len(zstd.body)


@pytest.mark.parametrize(("accepted", "coding"), [
    ("", ""), ("gzip, br", ""), ("zstd;q=0", ""), ("zstd;q=0.5, identity;q=1", ""), ("*", "zstd"), ("ZSTD", "zstd"),
    ("dcz", ""), ("dcz, zstd;q=0", ""), ("\xff, zstd", "zstd"), (",;q=,=", ""), ("zstd;q=nan", ""),
])  # fmt: skip
def test_a_coding_is_the_clients_choice(accepted: str, coding: str, server: Server, packs: dict[str, Built]) -> None:
    """dcz is nothing without a dictionary that this pack has."""
    unknown = f":{b64encode(bytes(32)).decode()}:"
    answer = server.ask(LATEST, accept_encoding=accepted, available_dictionary=unknown)
    assert (answer.status, answer.headers.get("content-encoding", "")) == (200, coding)


def test_who_takes_nothing_that_there_is_is_told(server: Server) -> None:
    answer = server.ask(LATEST, accept_encoding="identity;q=0, zstd;q=0")
    assert answer.status == 406 and answer.json["hint"]


def test_operations_lead_from_the_version_that_a_client_has(server: Server, packs: dict[str, Built]) -> None:
    old, new = packs["1.0.0"], packs["1.1.0"]
    answer = server.ask(LATEST, a_im="driven-ops", if_none_match=f'"{old.version.etag}.zstd"')
    assert (answer.status, answer.headers["im"]) == (226, "driven-ops")
    assert answer.headers["delta-base"] == f'"{old.version.etag}"' and answer.headers["etag"] == f'"{new.version.etag}"'
    assert files_of(apply(release_of(read_bundle(old.data)), answer.body)) == read_bundle(new.data)
    assert len(answer.body) < len(server.ask(LATEST, accept_encoding="zstd").body)
    other = server.ask(LATEST, a_im="vcdiff, gdiff;q=0.3", if_none_match=f'"{old.version.etag}"')
    assert (other.status, other.body) == (200, new.data)
    unknown = server.ask(LATEST, a_im="driven-ops", if_none_match=f'"b3-{"0" * 64}"')
    assert (unknown.status, unknown.body) == (200, new.data)


def test_what_is_smaller_is_sent(server: Server, packs: dict[str, Built]) -> None:
    old = packs["1.0.0"]
    dcz = server.ask(LATEST, accept_encoding="dcz", available_dictionary=available(old))
    both = server.ask(LATEST, accept_encoding="dcz", available_dictionary=available(old), a_im="driven-ops",
                      if_none_match=f'"{old.version.etag}"')  # fmt: skip
    assert len(both.body) <= len(dcz.body)


@pytest.mark.parametrize(("wanted", "part"), [
    ("bytes=0-9", slice(0, 10)), ("bytes=100-", slice(100, None)), ("bytes=-7", slice(-7, None)),
    ("bytes=5-999999999", slice(5, None)), ("bytes = 0 - 0", slice(0, 1)),
])  # fmt: skip
def test_a_part_of_it(wanted: str, part: slice, server: Server, packs: dict[str, Built]) -> None:
    data = packs["1.1.0"].data
    answer = server.ask(LATEST, range=wanted, accept_encoding="zstd, dcz")
    assert (answer.status, answer.body) == (206, data[part])
    first, end, _ = part.indices(len(data))
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(data)}"
    assert "content-encoding" not in answer.headers and answer.headers["repr-digest"] == digest(data)
    same = server.ask(LATEST, range=wanted, if_range=answer.headers["etag"])
    assert (same.status, same.body) == (206, data[part])
    tag = packs["1.1.0"].version.etag
    for other in (
        '"b3-0"', 'W/"x"', f'W/"{tag}"', f'"{tag}.zstd"', f'"{tag}", "{tag}"', "*", "Sat, 01 Jan 2000 00:00:00 GMT",
    ):  # fmt: skip
        answer = server.ask(LATEST, range=wanted, if_range=other)
        assert (answer.status, answer.body) == (200, data), other


@pytest.mark.parametrize("wanted", [
    "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-1", "bytes=0-1,3-4", "lines=1-2", "bytes=0x1-2",
    "bytes=1-2-3", "bytes=--1", "bytes=\xb2-", "bytes=" + "9" * 100 + "-",
])  # fmt: skip
def test_a_range_that_is_none_is_not_there(wanted: str, server: Server, packs: dict[str, Built]) -> None:
    answer = server.ask(LATEST, range=wanted)
    assert (answer.status, answer.body) == (200, packs["1.1.0"].data)


def test_a_range_behind_the_end_is_told(server: Server, packs: dict[str, Built]) -> None:
    for wanted in (f"bytes={len(packs['1.1.0'].data)}-", "bytes=-0"):
        answer = server.ask(LATEST, range=wanted)
        assert answer.status == 416
        assert answer.headers["content-range"] == f"bytes */{len(packs['1.1.0'].data)}"
        assert server.ask(LATEST, range=wanted, if_range='W/"x"').status == 200
        assert server.ask(LATEST, range=wanted, if_none_match=f'"{packs["1.1.0"].version.etag}"').status == 304


@settings(max_examples=150)
@given(st.text(alphabet="bytes=- ,0123456789x", max_size=30), st.integers(1, 1000))
def test_any_range_is_one_within_or_none(wanted: str, size: int) -> None:
    found = one_range(wanted, size)
    if isinstance(found, tuple):
        assert 0 <= found[0] < found[1] <= size
    else:
        assert found is None or found is False


@pytest.mark.parametrize("path", [
    "/", "/packs/", "/packs/none", "/packs/acme-errors/9.9.9", "/packs/acme-errors/1.0.0/", "/packs/ACME-errors/1.0.0",
    "/packs/acme-errors/../../etc/passwd", "/packs/..%2f..%2fetc/passwd", "/packs/%2e%2e/events.log",
    "/packs/acme-errors/%00", "/packs/acme-errors/1.0.0.pack", "/packs/acme-errors/1.0.0%2f..%2f1.0.0", "/%ff%fe",
    "/packs/acme-errors/latest?x=%ff%00", "/packs//1.0.0", "/events.log", "/packs/" + "a" * 5000,
])  # fmt: skip
def test_what_is_not_there_is_a_problem(path: str, server: Server) -> None:
    answer = server.ask(path)
    if "latest" in path:
        assert answer.status == 200
        return
    assert answer.status == 404 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json.keys() == {"title", "detail", "status", "hint"} and answer.json["status"] == 404


def test_what_an_address_does_not_take_is_told(server: Server) -> None:
    answer = server.ask("/packs/acme-errors/1.0.0", "DELETE")
    assert answer.status == 405 and set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT"}
    assert server.ask("/packs", "PUT", b"x").status == 405


def test_it_says_how_it_is(server: Server) -> None:
    assert server.ask("/healthz").body == b"ok\n" and server.ask("/readyz").body == b"ready\n"
    answer = server.ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    figures = dict(
        line.rsplit(" ", 1) for line in answer.body.decode().splitlines() if line and not line.startswith("#")
    )
    assert float(figures["driven_packs"]) == 1 and float(figures["driven_last_event"]) >= 2
    assert float(figures['driven_requests_total{route="/packs/NAME/VERSION",status="201"}']) == 2
    assert any(name.startswith("driven_build_info{version=") for name in figures)
    before = float(figures.get('driven_bytes_total{coding="identity"}', 0))
    sent = len(server.ask(LATEST).body)
    after = server.ask("/metrics").body.decode()
    assert f'driven_bytes_total{{coding="identity"}} {int(before) + sent}\n' in after


def test_a_body_is_made_once(server: Server) -> None:
    def misses() -> int:
        lines = server.ask("/metrics").body.decode().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("driven_cache_misses_total "))

    server.ask(LATEST, accept_encoding="zstd")
    before = misses()
    for _ in range(5):
        assert server.ask(LATEST, accept_encoding="zstd").status == 200
        assert server.ask(LATEST).status == 200
    assert misses() <= before + 1


def test_wrk_is_answered_without_an_error(server: Server, packs: dict[str, Built]) -> None:
    done = subprocess.run(
        [need("wrk"), "-t1", "-c8", "-d1s", "-H", f'If-None-Match: "{packs["1.1.0"].version.etag}"',
         "-H", f"Authorization: {server.headers['Authorization']}", server.url + LATEST],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "requests in" in done.stdout and "Socket errors" not in done.stdout
    assert "Non-2xx" not in done.stdout  # wrk counts what is over 399


def test_answers_are_json_that_others_read(server: Server) -> None:
    said = curl("-H", f"Authorization: {server.headers['Authorization']}", f"{server.url}/packs")
    assert json.loads(said.partition("\r\n\r\n")[2])["packs"]
