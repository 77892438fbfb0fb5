"""Keys and passwords in rule files, by the shapes that their makers gave them; checksums too, where there are any.

A rule is read by everybody who has the repository and by the maker of the model. No finding shows more of a secret than
its first four characters. Placeholders are none: `<token>`, `${TOKEN}`, `xxxx`, the keys of the vendors' own manuals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from driven.check_kit import Document, Finding, file_check
from driven.trust.everywhere import WORD, everywhere, shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Severity

VERIFIED = "2026-11-21"
# (a piece of text that every one has, the shape, what it is, where it is revoked)
SHAPES: tuple[tuple[str, str, str, str], ...] = (
    ("AKIA", r"AKIA[A-Z2-7]{16}", "an AWS access key", "the AWS console (IAM, security credentials)"),
    ("ASIA", r"ASIA[A-Z2-7]{16}", "a temporary AWS access key", "the AWS console"),
    ("aws_secret", r"aws_secret_access_key[\"']?\s{0,3}[=:]\s{0,3}[\"']?[A-Za-z0-9/+]{40}", "an AWS secret key",
     "the AWS console (IAM, security credentials)"),
    ("AWS_SECRET", r"AWS_SECRET_ACCESS_KEY[\"']?\s{0,3}[=:]\s{0,3}[\"']?[A-Za-z0-9/+]{40}", "an AWS secret key",
     "the AWS console (IAM, security credentials)"),
    ("ghp_", r"ghp_[A-Za-z0-9]{36}", "a GitHub token", "https://github.com/settings/tokens"),
    ("gho_", r"gho_[A-Za-z0-9]{36}", "a GitHub token", "https://github.com/settings/applications"),
    ("ghu_", r"ghu_[A-Za-z0-9]{36}", "a GitHub token", "https://github.com/settings/applications"),
    ("ghs_", r"ghs_[A-Za-z0-9]{36}", "a GitHub token", "https://github.com/settings/applications"),
    ("ghr_", r"ghr_[A-Za-z0-9]{36}", "a GitHub token", "https://github.com/settings/applications"),
    ("github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", "a GitHub token",
     "https://github.com/settings/tokens"),
    ("glpat-", r"glpat-[A-Za-z0-9_-]{20,300}(?:\.[0-9a-z]{2}\.?[0-9a-z]{7})?", "a GitLab token",
     "GitLab (preferences, access tokens)"),
    ("xox", r"xox[abposr]-\d{9,14}-(?:\d{9,14}-){0,2}[A-Za-z0-9]{20,64}", "a Slack token", "https://api.slack.com/apps"),
    ("xapp-", r"xapp-\d-[A-Z0-9]{9,12}-\d{10,14}-[a-f0-9]{64}", "a Slack token", "https://api.slack.com/apps"),
    ("hooks.slack.com/s", r"hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}",
     "a Slack webhook", "https://api.slack.com/apps"),
    ("_live_", r"[sr]k_live_[A-Za-z0-9]{20,250}", "a live Stripe key", "https://dashboard.stripe.com/apikeys"),
    ("AIza", r"AIza[A-Za-z0-9_-]{35}", "a Google API key", "https://console.cloud.google.com/apis/credentials"),
    ("GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}", "a Google client secret",
     "https://console.cloud.google.com/apis/credentials"),
    ("npm_", r"npm_[A-Za-z0-9]{36}", "an npm token", "https://www.npmjs.com/settings/~/tokens"),
    ("pypi-AgE", r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}", "a PyPI token",
     "https://pypi.org/manage/account/"),
    ("T3BlbkFJ", r"sk-(?:(?:proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,200}T3BlbkFJ[A-Za-z0-9_-]{20,200}",
     "an OpenAI key", "https://platform.openai.com/api-keys"),
    ("sk-proj-", r"sk-proj-[A-Za-z0-9_-]{40,300}", "an OpenAI key", "https://platform.openai.com/api-keys"),
    ("sk-ant-", r"sk-ant-(?:api|admin|oat|ort|sid)\d{2}-[A-Za-z0-9_-]{80,200}", "an Anthropic key",
     "https://console.anthropic.com/settings/keys"),
    ("hf_", r"hf_[A-Za-z]{34}", "a Hugging Face token", "https://huggingface.co/settings/tokens"),
    ("SG.", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "a SendGrid key", "https://app.sendgrid.com/settings/api_keys"),
    ("dop_v1_", r"dop_v1_[a-f0-9]{64}", "a DigitalOcean token", "https://cloud.digitalocean.com/account/api/tokens"),
    ("shpat_", r"shpat_[a-fA-F0-9]{32}", "a Shopify token", "the Shopify admin (apps)"),
    ("gsk_", r"gsk_[A-Za-z0-9]{52}", "a Groq key", "https://console.groq.com/keys"),
    ("lin_api_", r"lin_api_[A-Za-z0-9]{40}", "a Linear key", "https://linear.app/settings/api"),
)  # fmt: skip
# Every key has, or stands beside, a word of 20 letters, digits, `_` and `-`: asked first, in one pass.
_LONG = WORD * 20
_EDGE, _END = r"(?<![A-Za-z0-9])(?:", r")(?![A-Za-z0-9])"
_CHECKED = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FAKE = re.compile(
    "example|placeholder|your|fake|dummy|redacted|changeme|sample|xxxx|0000|1111|\\.\\.\\.|abcdef|fedcba|123456|654321|qwerty",
    re.IGNORECASE,
)
_FIREBASE = re.compile(r"firebaseapp\.com|firebaseConfig|authDomain|identitytoolkit|messagingSenderId")
_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----")
_CODED = re.compile(  # the key itself, behind line ends and the lines that say how it is encrypted
    r"(?:[\s>\"'+,]|\\[rn]|(?:Proc-Type|DEK-Info|Version|Comment): [^\n\\]{0,80}){0,20}[A-Za-z0-9+/=]{40}"
)
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}")
_ADDRESS = re.compile(
    r"(?<![a-z0-9])(?:https?|ftps?|ssh|git|postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|smtps?)://"
    r"([^\s:/@\"'`<>\\]{1,100}):([^\s/@\"'`<>\\]{3,200})@([^\s/:?#\"'`<>\\,;)\]]{3,255})",
    re.IGNORECASE,
)
_WORDS = """
password passwd pass pwd secret token key user username admin root test guest changeme change-me postgres mysql redis
mongo docker pw p4ssw0rd passw0rd apikey api_key api-key auth credentials x-oauth-basic x-access-token oauth2 dev local
hunter2 foobar bar foo abc123 123456 12345678 letmein s3cret s3cr3t supersecret mysecretpassword
"""
_PLACEHOLDERS = frozenset(_WORDS.split())
MOST_KEYS = 500  # headers of keys that are looked behind
_LOCAL = (".local", ".localhost", ".internal", ".test", ".example", ".invalid", ".lan")


@file_check(
    "SEC01", "a key or a password in a rule file", "*",
    why="A rule file is committed, copied into other repositories and sent to the maker of the model with every"
    " question. A key in it is known to all of them, and git keeps it when the line is gone.",
    url="https://cwe.mitre.org/data/definitions/798.html", verified=VERIFIED, security=True,
    bad="Use the key AKIA….", good="Use the key in `$AWS_ACCESS_KEY_ID`.",
)  # fmt: skip
def secrets(document: Document) -> Iterator[Finding]:
    for offset, (start, end, message, hint, severity) in everywhere(document, "SEC01", _secrets, least=20):
        yield Finding(message=message, start=start + offset, end=end + offset, hint=hint, severity=severity)


def _secrets(text: str, whole: bool) -> Iterator[tuple[int, int, str, str, Severity | None]]:
    known: set[int] = set()
    has_token = _has_token(text, shape(text))
    for piece, pattern, what, where in SHAPES if has_token else ():
        if piece not in text:
            continue
        for match in re.finditer(_EDGE + pattern + _END, text):
            token = match[0]
            start = match.end() - 40 if piece.lower() == "aws_secret" else match.start()
            token = text[start : match.end()]
            if start in known or _is_fake(token, piece):
                continue
            known.add(start)
            severity: Severity | None = None
            if piece == "AIza" and _FIREBASE.search(text, max(0, start - 300), match.end() + 300):
                severity = "warning"  # what every visitor of the site gets
            yield (
                start, match.end(), f"`{token[:4]}…` is {what}: whoever gets this file has it",
                f"revoke it at {where}, then name the environment variable that holds the new one", severity,
            )  # fmt: skip
    if "PRIVATE KEY" in text:
        for match in islice(_KEY.finditer(text), MOST_KEYS):
            if _CODED.match(text, match.end(), match.end() + 400):
                yield (
                    match.start(), match.end(), "a private key stands in a rule file: whoever gets the file has it",
                    "replace the key wherever it is trusted, then keep the new one out of the repository", None,
                )  # fmt: skip
    if has_token and "eyJ" in text:
        for match in _JWT.finditer(text):
            if _is_signed(match[0]):
                yield (
                    match.start(), match.end(), f"`{match[0][:4]}…` is a signed web token (JWT): whoever gets this file"
                    " may use it until it expires",
                    "revoke it, then say where a token is to be had", "warning",
                )  # fmt: skip
    if "@" in text and "://" in text:
        for match in _ADDRESS.finditer(text):
            user, password, host = match.groups()
            if not _is_password(user, password, host):
                continue
            yield (
                match.start(2), match.end(2), f"the address holds the password of `{user[:40]}` at `{host[:80]}`",
                "change the password, then name the environment variable that holds the address", None,
            )  # fmt: skip


def _has_token(text: str, data: bytes) -> bool:
    """Whether a word stands there that is as long as a key and has digits or capitals in it, or names one."""
    at = data.find(_LONG)
    while at >= 0:
        end = at + len(_LONG)
        while data.startswith(_LONG, end):
            end += len(_LONG)
        while data.startswith(WORD, end):
            end += 1
        word = text[at:end]
        if (not word.islower() and word.strip("-_")) or any(c in word for c in "0123456789") or "aws_secret" in word:
            return True
        at = data.find(_LONG, end)
    return False


def _is_fake(token: str, piece: str) -> bool:
    body = token.partition(piece)[2] if token.startswith(piece) else token
    if _FAKE.search(body) or len(set(body)) < min(8, len(body) // 3):
        return True
    if piece in _CHECKED:
        from zlib import crc32

        number, check = crc32(token[4:34].encode()), ""
        for _ in range(6):
            number, rest = divmod(number, 62)
            check = _BASE62[rest] + check
        return check != token[34:]
    if piece == "sk-proj-":
        return "T3BlbkFJ" in token or not (any(map(str.isdigit, body)) and any(map(str.isupper, body)))
    if piece in ("hf_", "glpat-", "npm_"):
        return body.islower() or body.isupper()
    return False


def _is_signed(token: str) -> bool:
    """Whether a JWT is one: its head names an algorithm. The one of all manuals and keys for the public are none."""
    from base64 import urlsafe_b64decode
    from json import loads

    head, payload, _ = token.split(".", 2)
    try:
        about = loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        said = loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return False
    if not isinstance(about, dict) or not isinstance(said, dict) or str(about.get("alg", "none")).lower() == "none":
        return False
    # Every local Supabase has the same keys, and says so.
    known = said.get("sub") == "1234567890" or said.get("role") == "anon" or said.get("iss") == "supabase-demo"
    return not known


def _is_password(user: str, password: str, host: str) -> bool:
    if password.lower() in _PLACEHOLDERS or password == user or _FAKE.search(password) or len(set(password)) < 3:
        return False
    if any(c in "<>{}$%*[]…|" for c in password) or password.isupper():  # `${PASS}`, `%s`, `PASSWORD`
        return False
    name = host.lower().partition(":")[0]
    if "." not in name or name.endswith(_LOCAL) or name.startswith(("127.", "0.0.", "10.", "192.168.", "localhost")):
        return False
    parts = name.split(".")
    return not any(
        part in ("example", "host", "hostname", "domain", "server", "yourdomain") for part in parts
    ) and not (any(c in "<>{}$%*[]" for c in name))
