"""Bundles from a server that does as it should, and from one that does not: whole and right, or an error that helps."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from delivery.conftest import Bundle
from delivery.faulty import Shelf, serving
from driven.delivery.coding import Have, etag_of
from driven.delivery.kept import Half, Kept
from driven.delivery.server import Fetched, RuleServer
from driven.delivery.wire import Patience, Unreachable
from driven.errors import DeliveryError

NAME = "acme-errors"
QUICK = Patience(connect=2.0, silence=1.0, whole=20.0)


def fetch(url: str, have: bytes | None = None, version: str = "latest", token: str = "") -> Fetched | None:
    server = RuleServer(url, token=token, patience=QUICK)
    return asyncio.run(server.fetch(NAME, version, Have.of(have) if have is not None else None))


def halves(tmp_path: Path) -> list[str]:
    folder = tmp_path / "cache/driven/packs-half"
    return os.listdir(folder) if folder.is_dir() else []


@pytest.mark.parametrize(
    ("codings", "has_old", "coding"),
    [
        ({"ops", "dcz", "zstd"}, True, "ops"), ({"dcz", "zstd"}, True, "dcz"), ({"dcz", "zstd"}, False, "zstd"),
        (set(), True, "identity"), ({"ops", "dcz"}, False, "identity"),
    ],
)  # fmt: skip
def test_the_best_coding_that_both_know(
    shelf: Shelf, url: str, bundle: Bundle, codings: set[str], has_old: bool, coding: str
) -> None:
    shelf.codings = codings
    shelf.publish(NAME, "1.1.0", bundle("1.1.0", rule="- Log it.\n"))
    found = fetch(url, bundle("1.0.0") if has_old else None)
    assert found is not None
    assert (found.coding, found.version, found.data) == (coding, "1.1.0", bundle("1.1.0", rule="- Log it.\n"))
    assert found.moved < len(found.data) or coding == "identity"


def test_what_is_here_does_not_travel(shelf: Shelf, url: str, bundle: Bundle) -> None:
    assert fetch(url, bundle("1.0.0")) is None
    assert shelf.asked(f"/packs/{NAME}/latest")[0]["if-none-match"] == f'"{etag_of(bundle("1.0.0"))}"'


def test_without_zstandard_all_else_works(
    shelf: Shelf, url: str, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driven.delivery.coding._found", False)
    shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
    found = fetch(url)
    assert found is not None and found.coding == "identity"
    found = fetch(url, bundle("1.0.0"))
    assert found is not None and found.coding == "ops"
    assert all("zstd" not in headers["accept-encoding"] for headers in shelf.asked("/packs/"))


@pytest.mark.parametrize("codings", [{"ops"}, {"dcz"}, {"zstd"}, set()])
@pytest.mark.parametrize("fault", ["cut", "corrupt", "slow", "lie"])
def test_a_fault_on_the_way_is_put_right(
    shelf: Shelf, url: str, bundle: Bundle, fault: str, codings: set[str], tmp_path: Path
) -> None:
    shelf.codings = codings
    shelf.publish(NAME, "1.1.0", bundle("1.1.0"))
    shelf.faults = [fault]
    found = fetch(url, bundle("1.0.0"))
    assert found is not None and found.data == bundle("1.1.0")
    assert halves(tmp_path) == []


def test_what_is_wrong_twice_is_an_error(shelf: Shelf, url: str, tmp_path: Path) -> None:
    for codings in ({"zstd"}, set[str]()):
        shelf.codings = codings
        shelf.faults = ["corrupt", "corrupt", "corrupt"]
        with pytest.raises(DeliveryError, match="comes otherwise than the server says"):
            fetch(url)
        assert shelf.faults == ["corrupt"], "it is begun anew once"
    assert halves(tmp_path) == []


def test_a_transfer_that_is_cut_goes_on_where_it_ended(shelf: Shelf, url: str, bundle: Bundle) -> None:
    shelf.codings = set()
    shelf.faults = ["cut", "cut", "cut"]
    found = fetch(url)
    assert found is not None and found.data == bundle("1.0.0")
    assert found.moved == len(found.data), "no byte came twice"
    ranges = [headers.get("range", "") for headers in shelf.asked("/packs/")]
    half = len(found.data) // 2
    assert ranges[:2] == ["", f"bytes={half}-"]
    assert len(set(ranges)) == 4


def test_it_goes_on_in_another_process_too(shelf: Shelf, url: str, bundle: Bundle, tmp_path: Path) -> None:
    shelf.codings = set()
    shelf.faults = ["cut"] * 6
    with pytest.raises(DeliveryError, match="cut off again and again"):
        fetch(url)
    assert len(halves(tmp_path)) == 1
    shelf.requests.clear()
    found = fetch(url)
    assert found is not None and found.data == bundle("1.0.0")
    assert 0 < found.moved < len(found.data) // 16
    assert halves(tmp_path) == []


def test_a_half_one_that_somebody_changed_is_begun_anew(shelf: Shelf, url: str, bundle: Bundle, tmp_path: Path) -> None:
    shelf.codings = set()
    data = bundle("1.0.0")
    half = Half(etag_of(data))
    half.add(b"x" + data[1:2000])
    half.close()
    found = fetch(url)
    assert found is not None and found.data == data
    half = Half(etag_of(data))
    half.add(data + b"more than there is")
    half.close()
    assert (found := fetch(url)) is not None and found.data == data
    assert halves(tmp_path) == []


def test_two_that_fetch_the_same_do_not_write_into_one_file(bundle: Bundle) -> None:
    data = bundle("1.0.0")
    one, two = Half(etag_of(data)), Half(etag_of(data))
    for at in range(0, len(data), 1000):
        one.add(data[at : at + 1000])
        two.add(data[at : at + 1000])
    assert one.whole() == two.whole() == data


def test_another_version_in_the_middle_is_no_mixture(shelf: Shelf, url: str, bundle: Bundle) -> None:
    """`latest` moves on while a transfer is cut: what is whole is one of the two."""
    shelf.codings = set()
    shelf.faults = ["cut"]

    class Moving(list[tuple[str, dict[str, str]]]):
        def append(self, one: tuple[str, dict[str, str]]) -> None:
            super().append(one)
            if len(self) == 2:
                shelf.publish(NAME, "1.1.0", bundle("1.1.0"))

    shelf.requests = Moving()
    found = fetch(url)
    assert found is not None
    assert (found.version, found.data) == ("1.0.0", bundle("1.0.0")), "the version of the first answer is asked for"


@pytest.mark.parametrize(
    ("fault", "says", "hint"),
    [
        ("error", r"cannot do that now \(503\): not now \[31m", "try again"),
        ("nonsense", "speaks no HTTP", "URL"),
        ("stall", "says nothing for 1 s", "later"),
        ("endless", "more than", "no pack"),
    ],
)
def test_an_error_says_what_to_do(shelf: Shelf, url: str, fault: str, says: str, hint: str) -> None:
    shelf.codings = set()
    shelf.faults = [fault] * 10
    with pytest.raises(DeliveryError, match=says) as wrong:
        fetch(url)
    assert hint in wrong.value.hint
    assert "\x1b" not in wrong.value.message


def test_a_server_that_is_not_there() -> None:
    with serving(Shelf()) as url:
        pass
    with pytest.raises(Unreachable, match="connection refused") as wrong:
        fetch(url)
    assert "--offline" in wrong.value.hint
    with pytest.raises(Unreachable, match="no such host is known"):
        fetch("http://nobody.invalid")


def test_a_name_or_a_version_that_it_does_not_have(shelf: Shelf, url: str, bundle: Bundle) -> None:
    server = RuleServer(url, patience=QUICK)
    with pytest.raises(DeliveryError, match="has no pack `acme-erors`") as wrong:
        asyncio.run(server.get("acme-erors"))
    assert wrong.value.hint == "did you mean `acme-errors`?"
    for number in range(1, 7):
        shelf.publish(NAME, f"1.{number}.0", bundle("1.0.0"))
    with pytest.raises(DeliveryError, match=r"has no `acme-errors 2\.0\.0`") as wrong:
        asyncio.run(server.get(NAME, "2.0.0"))
    assert wrong.value.hint == "it has 1.6.0, 1.5.0, 1.4.0, 1.3.0, 1.2.0 and 2 more"


def test_a_token_goes_where_it_may(shelf: Shelf, url: str, bundle: Bundle) -> None:
    shelf.token = "s3cret"
    with pytest.raises(DeliveryError, match="wants a token"):
        fetch(url)
    with pytest.raises(DeliveryError, match="does not take the token") as wrong:
        fetch(url, token="other-one")
    assert "other-one" not in wrong.value.message + wrong.value.hint
    assert fetch(url, token="s3cret") is not None
    assert not RuleServer("http://rules.example.org", token="s3cret").client.sends_token
    assert RuleServer("https://rules.example.org", token="s3cret").client.sends_token


def test_a_redirect_leads_to_the_same_host_and_takes_no_token_elsewhere(shelf: Shelf, url: str, bundle: Bundle) -> None:
    other = Shelf()
    with serving(other) as elsewhere:
        other.redirect = url
        with pytest.raises(DeliveryError, match="redirects to") as wrong:
            fetch(elsewhere, token="s3cret")
        assert "https only" in wrong.value.hint
        assert shelf.requests == [], "it was not followed"
        other.redirect = elsewhere
        with pytest.raises(DeliveryError, match="redirects for ever"):
            fetch(elsewhere)


def test_a_proxy_is_asked_but_not_for_this_machine(
    shelf: Shelf, url: str, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", url)
    found = fetch(url)
    assert found is not None, "this machine is asked by itself"
    with pytest.raises(DeliveryError):
        fetch("http://rules.example.org")
    assert shelf.asked("http://rules.example.org/packs/")
    monkeypatch.setenv("no_proxy", "example.org")
    with pytest.raises(Unreachable):
        fetch("http://rules.example.invalid.example.org")


def test_the_cache_keeps_what_came(shelf: Shelf, url: str, bundle: Bundle) -> None:
    kept = Kept()
    data = bundle("1.0.0")
    kept.put(data, "ab" * 32, "acme-errors 1.0.0")
    found = asyncio.run(RuleServer(url, kept=kept, patience=QUICK).get(NAME))
    assert (found.coding, found.moved, found.data) == ("cache", 0, data)
    assert kept.of_content("ab" * 32) == data
    assert kept.of_content("cd" * 32) is None


def test_a_disk_that_refuses_fails_no_transfer(
    shelf: Shelf, url: str, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: what is half there is kept in memory, and nothing is cached."""
    shelf.codings = set()
    (tmp_path / "cache").write_text("no folder")
    shelf.faults = ["cut"]
    assert (found := fetch(url)) is not None and found.data == bundle("1.0.0")
    (tmp_path / "cache").unlink()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("driven.delivery.kept.os.write", full)
    shelf.faults = ["cut"]
    assert (found := fetch(url)) is not None and found.data == bundle("1.0.0")
    kept = Kept()
    kept.put(bundle("1.0.0"), "ab" * 32, "acme")
    assert kept.of_content("ab" * 32) is None
