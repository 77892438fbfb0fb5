"""Keys are found by their shapes and checksums, placeholders are none, and no message says more than four characters.

The keys are made here, so that nobody takes this file for a leak.
"""

from __future__ import annotations

import base64
import json
import random
import zlib

import pytest

from driven_checks.secrets import _secrets

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM = random.Random(11)


def some(length: int, alphabet: str = BASE62) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(length))


def checked(prefix: str) -> str:
    """A token with the checksum that GitHub and npm put behind it."""
    body = some(30)
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        check = BASE62[rest] + check
    return prefix + body + check


def token(head: dict[str, str], payload: dict[str, str]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, payload)]
    return ".".join([*parts, some(43)])


PEM = "-----BEGIN RSA " + "PRIVATE KEY-----"
KEYS = {
    "aws": "AKIA" + some(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "aws secret": some(40, BASE62 + "/+"),
    "github": checked("ghp_"),
    "github app": checked("ghs_"),
    "github fine-grained": f"github_pat_{some(22)}_{some(59)}",
    "npm": checked("npm_"),
    "gitlab": "glpat-" + some(20),
    "slack": f"xoxb-{some(12, '0123456789')}-{some(13, '0123456789')}-{some(24)}",
    "stripe": "sk_live_" + some(24),
    "google": "AIza" + some(35),
    "pypi": "pypi-AgEIcHlwaS5vcmc" + some(80),
    "openai": f"sk-proj-{some(74)}T3BlbkFJ{some(74)}",
    "anthropic": f"sk-ant-api03-{some(93)}AA",
    "jwt": token({"alg": "RS256"}, {"sub": "42"}),
}
PLACES = ["Use {}.", "`{}`", "KEY={}", '"k": "{}",', "export A='{}'\n", "{}"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [name for name in KEYS if name != "aws secret"])
def test_keys(name: str, place: str) -> None:
    text = place.format(KEYS[name])
    found = list(_secrets(text, True))
    assert [text[start:end] for start, end, *_ in found] == [KEYS[name]]
    assert_tells_little(found[0][2] + found[0][3], KEYS[name])


def test_aws_secret() -> None:
    text = f'aws_secret_access_key = "{KEYS["aws secret"]}"'
    ((start, end, *_),) = _secrets(text, True)
    assert text[start:end] == KEYS["aws secret"]


@pytest.mark.parametrize("end", ["\n", "\\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n"])
def test_private_keys(end: str) -> None:
    assert len(list(_secrets(f"{PEM}{end}{some(64)}", True))) == 1


def test_passwords() -> None:
    password = some(12)
    text = f"postgres://app:{password}@db.prod.acme.io:5432/app"
    ((start, end, message, hint, _),) = _secrets(text, True)
    assert text[start:end] == password
    assert password[:4] not in message + hint


def assert_tells_little(told: str, secret: str) -> None:
    assert not any(secret[at : at + 5] in told for at in range(2, len(secret) - 4))


NONE = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "ghp_" + "x" * 36,
    "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    checked("ghp_")[:-1] + "!",
    "npm_" + some(36),  # the checksum does not fit
    "sk-ant-api03-...",
    "sk-proj-your-key-here-" + "0" * 40,
    "glpat-" + "x" * 20,
    "AIza" + "Sy" + "X" * 33,
    "<your-token>",
    "$GITHUB_TOKEN and ${NPM_TOKEN}",
    "postgres://postgres:postgres@localhost:5432/app",
    "postgresql://user:password@db.acme.io/app",
    "https://user:pass@host/x",
    "https://$USER:$PASS@git.acme.com",
    "https://{user}:{password}@git.acme.com",
    "mongodb+srv://<user>:<password>@cluster0.mongodb.net",
    "redis://:secret@cache.acme.io",
    token({"alg": "none"}, {"sub": "42"}),
    token({"alg": "HS256"}, {"sub": "1234567890"}),
    token({"alg": "HS256"}, {"role": "anon"}),
    "eyJhbGciOi.eyJub3RoaW5nIGhlcmU.aaaaaaaaaaaaaaaaaaaaaaaaa",
    f"Never commit `{PEM}`, it opens every door; see the documentation of the vault.",
    f"{PEM}\n...\n",
]


@pytest.mark.parametrize("text", NONE)
def test_placeholders(text: str) -> None:
    assert list(_secrets(text, True)) == []
