"""ETags and what a client says it has and can read: RFC 9110, RFC 3229 (A-IM) and RFC 9842 (dictionaries).

https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 and #section-12.5.3, verified 2026-11-22. Header in, decision out:
no request is seen here. Each list is read once from left to right; a header that is too long or malformed says nothing.
"""

from __future__ import annotations

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

MAX_HEADER = 16 << 10  # characters that are read
ANY = "*"
CODINGS = ("dcz", "zstd", "identity")  # the best first
TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
BLANKS = " \t"
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


@frozen(kw_only=False)
class Tag:
    """An entity tag as a client sent it: `name` without the quotes."""

    name: str
    weak: bool = False

    @property
    def content(self) -> str:
        """The name without its coding: `b3-12ab` of `b3-12ab.zstd`."""
        return self.name.partition(".")[0]


@frozen(kw_only=False)
class ETagNegotiator:
    """The answers about one content. `name`: `b3-` and the hex digits of its BLAKE3; each coding has its own tag."""

    name: str

    def tag(self, coding: str = "identity") -> str:
        """The ETag of the content in a coding, as the header has it."""
        return f'"{self.name}"' if coding == "identity" else f'"{self.name}.{coding}"'

    def is_known(self, if_none_match: str | None) -> bool:
        """Whether the client has the content, in whichever coding: the answer is 304."""
        tags = entity_tags(if_none_match)
        return tags == ANY or any(tag.content == self.name for tag in tags if isinstance(tag, Tag))

    def may_continue(self, if_range: str | None, coding: str = "identity") -> bool:
        """Whether a `Range` is to be served: `If-Range` is missing, or exactly the tag in this coding. A date is not:
        it is no strong validator."""
        if if_range is None:
            return True
        tags = entity_tags(if_range)
        one = tags[0] if len(tags) == 1 else None
        return isinstance(one, Tag) and not one.weak and f'"{one.name}"' == self.tag(coding)


def entity_tags(value: str | None) -> Sequence[Tag] | str:
    """The tags of `If-None-Match` or `If-Range`, or `*`. Nothing for what is malformed."""
    if value is None or len(value) > MAX_HEADER:
        return ()
    text = value.strip(BLANKS)
    if text == ANY:
        return ANY
    tags: list[Tag] = []
    at = 0
    while at < len(text):
        if text[at] in BLANKS or text[at] == ",":
            at += 1
            continue
        weak = text.startswith("W/", at)
        start = at + 2 if weak else at
        end = text.find('"', start + 1)
        if text[start : start + 1] != '"' or end < 0:
            return ()
        name = text[start + 1 : end]
        if any(char <= " " or char == "\x7f" for char in name):
            return ()
        after = (
            text[end + 1 :].lstrip(BLANKS)[:1]
            if end + 1 < len(text) and text[end + 1] in BLANKS
            else text[end + 1 : end + 2]
        )
        if after not in ("", ","):
            return ()
        tags.append(Tag(name, weak))
        at = end + 1
    return tuple(tags)


def weights(value: str | None) -> Mapping[str, float]:
    """Name (lower case) -> weight (0 to 1) of a list like `Accept-Encoding` or `A-IM`. An item that is malformed is
    left out."""
    found: dict[str, float] = {}
    if value is None or len(value) > MAX_HEADER:
        return found
    for item in value.split(","):
        name, *parameters = [part.strip(BLANKS) for part in item.split(";")]
        if not name or not TOKEN.issuperset(name):
            continue
        weight: float | None = 1.0
        for parameter in parameters:
            key, _, number = parameter.partition("=")
            if key.strip(BLANKS).lower() == "q":
                weight = _weight(number.strip(BLANKS))
        if weight is not None:
            found[name.lower()] = weight
    return found


def _weight(text: str) -> float | None:
    """RFC 9110 section 12.4.2: `0` or `1`, and three digits at most behind the point."""
    whole, _, digits = text.partition(".")
    if whole not in ("0", "1") or len(digits) > 3 or not (digits + "0").isascii() or not (digits + "0").isdigit():
        return None
    weight = float(f"{whole}.{digits or '0'}")
    return weight if weight <= 1 else None


def choose(accept_encoding: str | None, offered: Collection[str] = CODINGS) -> str:
    """The coding to answer in, of those that are offered: the client's weight decides, then the order of `CODINGS`.
    `identity` without a header; "" where the client takes none that there is (406). Who offers `dcz` has the
    dictionary that the client's `Available-Dictionary` names."""
    if accept_encoding is None:
        return "identity" if "identity" in offered else ""
    given = weights(accept_encoding)
    best, most = "", 0.0
    for coding in CODINGS:
        if coding not in offered:
            continue
        weight = given.get(coding)
        if weight is None:
            weight = given.get(ANY, 0.0001 if coding == "identity" else 0.0)
            if coding == "dcz" and ANY in given:
                weight = 0.0  # who reads dcz says so
        if weight > most:
            best, most = coding, weight
    return best


def byte_sequence(value: str | None) -> bytes | None:
    """The bytes of a structured field `:base64:` (RFC 9651 section 4.2.7), parameters aside; None for any other."""
    if value is None or len(value) > MAX_HEADER:
        return None
    text = value.strip(" ")
    end = text.find(":", 1)
    if not text.startswith(":") or end < 0 or text[end + 1 : end + 2] not in ("", ";"):
        return None
    digits = text[1:end]
    if not _BASE64.issuperset(digits):
        return None
    from base64 import b64decode

    try:
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        return None


def as_byte_sequence(data: bytes) -> str:
    """Bytes as a structured field."""
    from base64 import b64encode

    return f":{b64encode(data).decode()}:"


def accepts_manipulation(a_im: str | None, name: str = "driven-ops") -> bool:
    """Whether the client takes this instance manipulation (RFC 3229)."""
    return weights(a_im).get(name, 0.0) > 0


def bases(if_none_match: str | None) -> tuple[str, ...]:
    """The contents that a client has, by name and without their codings: what a delta may start from."""
    tags = entity_tags(if_none_match)
    return tuple(dict.fromkeys(tag.content for tag in tags if isinstance(tag, Tag)))
