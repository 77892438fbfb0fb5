"""Lines of an `allowed_signers` file, as ssh-keygen reads them: who, for what, from when until when, which key.

ALLOWED SIGNERS in ssh-keygen(1) of OpenSSH 9.2, https://man.openbsd.org/ssh-keygen.1, verified 2026-11-22. What is
different here: certificates (`cert-authority`) and keys other than Ed25519 are refused, with the line.
"""

from __future__ import annotations

from driven.errors import SignatureError
from driven.frozen import frozen
from driven.trust.ssh_wire import KINDS, PublicKey, read_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LINE = 8192
MAX_LINES = 10_000
_BLANK = " \t"


@frozen
class Signer:
    """One line of a list. `principals` and `namespaces` are patterns with `*`, `?` and `!`; no namespaces: any.
    Times are seconds since 1970."""

    principals: tuple[str, ...]
    key: PublicKey
    namespaces: tuple[str, ...] = ()
    valid_after: int | None = None
    valid_before: int | None = None
    comment: str = ""
    path: str = ""
    line: int = 0

    @property
    def name(self) -> str:
        """Its principals, for a person to read."""
        return ",".join(self.principals)


def read_signers(text: str, path: str) -> list[Signer]:
    """The lines of an `allowed_signers`. SignatureError names the first that is none."""
    return [_signer(line, path, number) for number, line in _lines(text, path)]


def read_keys(text: str, path: str) -> list[tuple[PublicKey, str]]:
    """The public keys of a list of revoked ones, with their comments. SignatureError."""
    return [read_line(line, f"{path}:{number}") for number, line in _lines(text, path)]


def _lines(text: str, path: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if len(line) > MAX_LINE or number > MAX_LINES:
            raise SignatureError(f"{path}:{number}: a line of {len(line):,} characters")
        line = line.strip(_BLANK)
        if line and line[0] != "#":
            if not line.replace("\t", " ").isprintable():
                raise SignatureError(f"{path}:{number} holds what cannot be seen", hint="look at its bytes: `cat -v`")
            yield number, line


def _signer(line: str, path: str, number: int) -> Signer:
    where = f"{path}:{number}"
    principals, rest = _principals(line, where)
    options, key_line = _options(rest, where)
    if "cert-authority" in options:
        raise SignatureError(
            f"{where}: `cert-authority`: certificates are not taken", hint="list the keys themselves, one a line"
        )
    for name in options:
        if name not in ("namespaces", "valid-after", "valid-before"):
            raise SignatureError(
                f"{where}: `{name[:40]}` is no option", hint="there are namespaces, valid-after and valid-before"
            )
    key, comment = read_line(key_line, where)
    after, before = (
        parse_time(options[name], where) if name in options else None for name in ("valid-after", "valid-before")
    )
    if after is not None and before is not None and before <= after:
        raise SignatureError(f"{where}: valid-before is not after valid-after")
    return Signer(
        principals=principals, key=key, namespaces=_patterns(options.get("namespaces", ""), where), valid_after=after,
        valid_before=before, comment=comment, path=path, line=number,
    )  # fmt: skip


def _principals(line: str, where: str) -> tuple[tuple[str, ...], str]:
    if line[0] == '"':
        word, closed, rest = line[1:].partition('"')
        if not closed or rest[:1] not in (" ", "\t"):
            raise SignatureError(f"{where}: a quote is not closed")
    else:
        end = next((at for at, one in enumerate(line) if one in _BLANK), len(line))
        word, rest = line[:end], line[end:]
    found = _patterns(word, where)
    if not found or not rest.strip(_BLANK):
        raise SignatureError(
            f"{where} is no line of a list of signers", hint="NAME ssh-ed25519 AAAA…, as ssh-keygen(1) says"
        )
    return found, rest.strip(_BLANK)


def _patterns(word: str, where: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in word.split(",")) if word else ()
    if not all(found) or not word.isprintable():
        raise SignatureError(f"{where}: a list of names with an empty one")
    return found


def _options(rest: str, where: str) -> tuple[dict[str, str], str]:
    """The options before a key, and the key's line."""
    if rest.replace("\t", " ").partition(" ")[0] in KINDS:
        return {}, rest
    found: dict[str, str] = {}
    at = 0
    while True:
        start = at
        while at < len(rest) and rest[at] not in ' \t,="':
            at += 1
        name, value = rest[start:at].lower(), ""
        if rest[at : at + 2] == '="':
            end = rest.find('"', at + 2)
            if end < 0:
                raise SignatureError(f"{where}: a quote is not closed")
            value, at = rest[at + 2 : end], end + 1
        elif name not in ("cert-authority",) or rest[at : at + 1] in ("=", '"'):
            read_line(rest, where)  # says what is wrong with a key of another kind
            raise SignatureError(f"{where}: `{name[:40]}` wants a value in quotes")
        if "\\" in value or name in found:
            raise SignatureError(f"{where}: `{name[:40]}` stands twice, or holds a backslash")
        found[name] = value
        if rest[at : at + 1] != ",":
            break
        at += 1
    if rest[at : at + 1] not in (" ", "\t"):
        raise SignatureError(f"{where} is no line of a list of signers")
    return found, rest[at:].strip(_BLANK)


def line_of(signer: Signer) -> str:
    """The line that `read_signers` reads as this signer."""
    options = []
    if signer.namespaces:
        options.append(f'namespaces="{",".join(signer.namespaces)}"')
    for name, value in (("valid-after", signer.valid_after), ("valid-before", signer.valid_before)):
        if value is not None:
            options.append(f'{name}="{time_word(value)}"')
    word = ",".join(signer.principals)
    return " ".join([word, *([",".join(options)] if options else []), signer.key.line, *signer.comment.split()])


def matches(patterns: Iterable[str], word: str) -> bool:
    """As OpenSSH matches a list: one pattern must fit, and none that begins with `!`."""
    found = False
    for pattern in patterns:
        if pattern[:1] == "!":
            if _fits(pattern[1:], word):
                return False
        elif _fits(pattern, word):
            found = True
    return found


def _fits(pattern: str, word: str) -> bool:
    """`*` and `?`; in linear time but for the last `*`."""
    p = w = 0
    star = after = -1
    while w < len(word):
        if p < len(pattern) and pattern[p] == "*":
            star, after = p, w
            p += 1
        elif p < len(pattern) and pattern[p] in ("?", word[w]):
            p, w = p + 1, w + 1
        elif star >= 0:
            after += 1
            p, w = star + 1, after
        else:
            return False
    return not pattern[p:].strip("*")


def parse_time(word: str, where: str) -> int:
    """Seconds since 1970 of `YYYYMMDD` or `YYYYMMDDHHMM[SS]`; local time, or UTC with a `Z` behind. SignatureError."""
    import time

    digits = word.removesuffix("Z")
    found = -1
    if len(digits) in (8, 12, 14) and digits.isascii() and digits.isdigit():
        full = digits.ljust(14, "0")
        year, month, day, *clock = int(full[:4]), *(int(full[at : at + 2]) for at in range(4, 14, 2))
        hour, minute, second = clock
        try:
            found = (
                _utc(year, month, day, hour, minute, second)
                if digits != word
                else int(time.mktime((year, month, day, hour, minute, second, 0, 0, -1)))
            )
            made = time.gmtime(found) if digits != word else time.localtime(found)
            found = found if tuple(made)[:6] == (year, month, day, hour, minute, second) else -1
        except (ValueError, OverflowError, OSError):
            found = -1
    if found < 0:
        raise SignatureError(f"{where}: `{word[:40]}` is no time", hint="write YYYYMMDD or YYYYMMDDHHMMSSZ")
    return found


def _utc(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """As `calendar.timegm`, which costs 5 ms to import."""
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719469
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def time_word(seconds: int) -> str:
    """As it stands in a list: `20261122133000Z`."""
    import time

    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def shown_time(seconds: int) -> str:
    """For a person: `2026-11-22 13:30 UTC`."""
    import time

    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
