"""Who may do what: tokens, TLS, addresses, signers; and what a server refuses to begin with."""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
import ssl
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from trust.packs import making

from driven.errors import ConfigError, PolicyError, UsageError
from driven.serving.packaging import Built
from driven.serving.tokens import Tokens, add_token, read_tokens
from serving.tools import WAIT, Server, curl, driven, serving, token_of, wait, within


@pytest.mark.parametrize("path", ["/packs", "/packs/acme-errors", "/packs/acme-errors/latest", "/events", "/metrics"])
@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer nonsense", "Basic YTpi", "Bearer \xff", "bearer"])
def test_without_a_token_nothing_is_told(path: str, token: str, server: Server) -> None:
    answer = server.ask(path, authorization=token)
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
    assert "acme" not in answer.body.decode() and answer.headers["www-authenticate"].startswith("Bearer")


def test_whether_it_lives_everybody_may_know(server: Server) -> None:
    assert [server.ask(path, authorization="").status for path in ("/healthz", "/readyz")] == [200, 200]


def test_a_token_to_read_does_not_publish(server: Server, place: Path, packs: dict[str, Built]) -> None:
    ben = f"Bearer {(place / 'ben.token').read_text()}"
    assert server.ask("/packs", authorization=ben).status == 200
    answer = server.put(packs["1.2.0"], authorization=ben)
    assert answer.status == 403 and "ben" in answer.json["detail"]
    assert server.put(packs["1.2.0"], authorization="").status == 401
    assert server.ask("/packs/acme-errors/1.2.0").status == 404


def test_a_file_holds_no_token(place: Path) -> None:
    text = (place / "tokens.txt").read_text()
    for name in ("ana", "ben"):
        assert (place / f"{name}.token").read_text() not in text
    assert [(one.name, one.grant) for one in read_tokens(str(place / "tokens.txt"))] == [
        ("ana", "publish"), ("ben", "read"),
    ]  # fmt: skip
    assert (place / "tokens.txt").stat().st_mode & 0o777 == 0o600


def test_a_line_that_is_taken_out_holds_no_longer(tmp_path: Path) -> None:
    first = token_of(tmp_path, "first")
    with serving(tmp_path, "--store", "s", "--tokens", "tokens.txt") as server:
        assert server.ask("/packs", authorization=f"Bearer {first}").status == 200
        second = token_of(tmp_path, "second")
        wait(lambda: server.ask("/packs", authorization=f"Bearer {second}").status == 200)
        lines = (tmp_path / "tokens.txt").read_text().splitlines(keepends=True)
        (tmp_path / "tokens.txt").write_text(lines[1])
        wait(lambda: server.ask("/packs", authorization=f"Bearer {first}").status == 401)
        (tmp_path / "tokens.txt").write_text("nonsense\n")
        wait(lambda: server.ask("/packs", authorization=f"Bearer {second}").status == 503)


@pytest.mark.parametrize("line", [
    "ana", "ana publish", "ana write " + "a" * 64, "ana read " + "A" * 64, "ana read " + "a" * 63,
    "an/a read " + "a" * 64, "ana read " + "a" * 64 + " more", "ana read drv_0123",
])  # fmt: skip
def test_a_line_that_is_none_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# tokens\n\n{line}\n")
    with pytest.raises(ConfigError, match="line 3"):
        Tokens(str(path))


def test_a_list_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    add_token(str(path), "ana", "read")
    path.chmod(0o666)
    with pytest.raises(PolicyError):
        Tokens(str(path))
    path.chmod(0o600)
    with pytest.raises(UsageError, match="has a token"):
        add_token(str(path), "ana", "publish")
    with pytest.raises(UsageError):
        add_token(str(path), "a b", "publish")


@pytest.mark.parametrize(("words", "said"), [
    (["--host", "0.0.0.0"], "--tokens"),
    (["--host", "::", "--tokens", "tokens.txt"], "--cert"),
    (["--host", "0.0.0.0", "--tokens", "tokens.txt"], "--behind-proxy"),
    (["--cert", "tokens.txt"], "both"),
    (["--cert", "no.pem", "--key", "no.pem"], "PEM"),
    (["--cert", "tokens.txt", "--key", "tokens.txt"], "PEM"),
    (["--store", "s", "--nats", "nats://127.0.0.1:1"], "leave one"),
    (["--nats", "nats://127.0.0.1:1"], "nats-server"),
    (["--port", "99999"], "65535"), (["--port", "x"], "65535"), (["--clients", "200000"], "100,000"),
    (["--tokens", "none.txt"], "driven token add"), (["--signers", "none.txt"], "path"),
    (["--host", "256.1.2.3", "--tokens", "tokens.txt", "--behind-proxy"], "port"),
    (["--store", "tokens.txt"], ""),
])  # fmt: skip
def test_a_server_that_would_let_strangers_in_does_not_begin(words: list[str], said: str, place: Path) -> None:
    done = within(place, "serve", "--port", "0", *words)
    assert done.returncode in (2, 6), done
    assert said in done.stderr and done.stdout == "" and "Traceback" not in done.stderr


def test_a_port_that_somebody_has_is_told(server: Server, tmp_path: Path) -> None:
    done = within(tmp_path, "serve", "--port", str(server.port))
    assert done.returncode == 2 and "cannot be had" in done.stderr


def test_on_loopback_everybody_reads_and_nobody_publishes(tmp_path: Path, packs: dict[str, Built]) -> None:
    with serving(tmp_path, "--store", "s") as server:
        assert server.ask("/packs").json == {"packs": []}
        answer = server.put(packs["1.0.0"])
        assert answer.status == 403 and "--tokens" in answer.json["hint"]


def test_a_page_of_the_web_that_leads_its_name_here_gets_nothing(tmp_path: Path) -> None:
    """DNS rebinding: a browser would let the page read what came from its own name."""
    with serving(tmp_path, "--store", "s") as server:
        for host in ("evil.example", f"evil.example:{server.port}", "", f"localhost.evil.example:{server.port}"):
            assert server.ask("/packs", host=host).status == 421
        for host in (f"localhost:{server.port}", "LOCALHOST", f"[::1]:{server.port}", "127.0.0.1"):
            assert server.ask("/packs", host=host).status == 200


def test_an_upload_is_held_to_its_size(server: Server) -> None:
    large = server.raw(
        b"PUT /packs/a/1.0 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n"
        + f"Authorization: {server.headers['Authorization']}\r\n\r\n".encode()
    )
    assert large.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("body", [b"", b"x", bytes(512), bytes(4096), b"PK\3\4" + bytes(600)])
def test_what_is_no_bundle_is_not_taken(body: bytes, server: Server) -> None:
    answer = server.ask("/packs/acme-errors/3.0.0", "PUT", body)
    assert answer.status == 422 and answer.json["detail"]


@pytest.mark.parametrize("path", ["acme-errors/latest", "ACME/1.0", "acme-errors/v1", "-a/1.0", "a_b/1.0", "a/1%2f2"])
def test_a_name_that_cannot_be_one_is_not_published(path: str, server: Server, packs: dict[str, Built]) -> None:
    assert server.ask(f"/packs/{path}", "PUT", packs["1.0.0"].data).status in (404, 422)


def test_another_content_under_a_version_is_a_conflict(server: Server, packs: dict[str, Built]) -> None:
    assert server.put(packs["1.0.0"]).status == 200
    answer = server.put(packs["other"])
    assert answer.status == 409 and "version" in answer.json["hint"]
    assert server.ask("/packs/acme-errors/1.0.0").body == packs["1.0.0"].data
    other = server.ask("/packs/acme-errors/1.1.5", "PUT", packs["1.1.0"].data)
    assert other.status == 422 and "1.1.0" in other.json["detail"]


def test_a_bundle_that_was_changed_after_it_was_signed_is_not_taken(server: Server, packs: dict[str, Built]) -> None:
    data = packs["1.2.0"].data.replace(b"And one more", b"And two more")
    answer = server.ask("/packs/acme-errors/1.2.0", "PUT", data)
    assert answer.status == 422 and "not as it was signed" in answer.json["detail"]


def test_only_whom_the_list_names_may_have_signed(tmp_path: Path, key: Path, packs: dict[str, Built]) -> None:
    ana = token_of(tmp_path, "ana", publish=True)
    other = making.new_key(tmp_path, "other")
    words = ("--store", "s", "--tokens", "tokens.txt", "--signers", "signers")
    (tmp_path / "signers").write_text(f"other@example.org {Path(f'{other}.pub').read_text()}")
    with serving(tmp_path, *words, token=ana) as server:
        refused = server.put(packs["1.0.0"])
        assert refused.status == 422 and "trusted" in refused.json["detail"]
        (tmp_path / "signers").write_text(f"ana@example.org {Path(f'{key}.pub').read_text()}")
        taken = server.put(packs["1.0.0"])
        assert (taken.status, taken.json["signer"]) == (201, "ana@example.org")


def certificate(folder: Path) -> ssl.SSLContext:
    """`cert.pem` and `key.pem` of 127.0.0.1, by itself; a context that trusts it."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "driven test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(secret, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ssl.create_default_context(cafile=os.fspath(folder / "cert.pem"))


def test_by_tls_it_serves_the_same(tmp_path: Path, key: Path, packs: dict[str, Built]) -> None:
    context = certificate(tmp_path)
    ana = token_of(tmp_path, "ana", publish=True)
    (tmp_path / "pack").write_bytes(packs["1.0.0"].data)
    words = ("--store", "s", "--tokens", "tokens.txt", "--host", "0.0.0.0", "--cert", "cert.pem", "--key", "key.pem")
    with serving(tmp_path, *words) as server:
        url = f"https://127.0.0.1:{server.port}"
        done = driven(tmp_path, "pack", "publish", "pack", "--to", url, DRIVEN_TOKEN=ana, SSL_CERT_FILE="cert.pem")
        assert done.returncode == 0, done.stderr
        asked = urllib.request.Request(f"{url}/packs/acme-errors/1.0.0", headers={"Authorization": f"Bearer {ana}"})
        with urllib.request.urlopen(asked, context=context, timeout=30) as answer:
            assert answer.read() == packs["1.0.0"].data
        strange = driven(tmp_path, "pack", "publish", "pack", "--to", url, DRIVEN_TOKEN=ana)
        assert strange.returncode == 2 and "certificate" in strange.stderr.lower()
        assert server.raw(b"GET /packs HTTP/1.1\r\n\r\n")[:1] in (b"", b"\x15"), "no plain HTTP beside it"


def shown(port: int) -> bytes:
    """The certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=WAIT) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as one,
    ):
        return one.getpeercert(binary_form=True) or b""


def test_a_certificate_that_is_renewed_is_used_without_a_restart(tmp_path: Path) -> None:
    """Through links, as ACME clients have them; first the certificate alone, then its key."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        certificate(tmp_path / name)
    first, second = (
        ssl.PEM_cert_to_DER_cert((tmp_path / name / "cert.pem").read_text()) for name in ("one", "two")
    )  # fmt: skip

    def use(file: str, name: str) -> None:
        (tmp_path / "fresh").symlink_to(tmp_path / name / file)
        os.replace(tmp_path / "fresh", tmp_path / file)

    for file in ("cert.pem", "key.pem"):
        use(file, "one")
    with serving(tmp_path, "--store", "s", "--cert", "cert.pem", "--key", "key.pem") as server:
        assert shown(server.port) == first
        use("cert.pem", "two")
        wait(lambda: "are not used" in server.said())
        assert shown(server.port) == first
        use("key.pem", "two")
        wait(lambda: shown(server.port) == second)
        use("key.pem", "one")
        wait(lambda: server.said().count("are not used") == 2)
        assert shown(server.port) == second, "what does not belong together is not used"


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_on_the_loopback_of_ipv6(tmp_path: Path, packs: dict[str, Built]) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
    (tmp_path / "a.pack").write_bytes(packs["1.0.0"].data)
    ana = token_of(tmp_path, "ana", publish=True)
    with serving(tmp_path, "--store", "s", "--host", "::1", "--tokens", "tokens.txt") as server:
        assert server.url == f"http://[::1]:{server.port}"
        done = driven(tmp_path, "pack", "publish", "a.pack", "--to", server.url, DRIVEN_TOKEN=ana)
        assert done.returncode == 0, done.stderr
    with serving(tmp_path, "--store", "s", "--host", "::1") as server:
        assert '"version":"1.0.0"' in curl("-g", f"{server.url}/packs")
        assert " 200 " in curl("-g", "-H", f"Host: localhost:{server.port}", f"{server.url}/packs").splitlines()[0]
        assert " 421 " in curl("-g", "-H", "Host: evil.example", f"{server.url}/packs").splitlines()[0]
