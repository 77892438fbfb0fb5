"""Names and addresses that are not what they look like: the checks of what `driven.trust.lookalikes` finds."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Finding, file_check
from driven.trust import lookalikes

VERIFIED = "2026-11-21"
UTS39 = "https://www.unicode.org/reports/tr39/#Confusable_Detection"


@file_check(
    "HID01", "a name of look-alike letters", "*",
    why="`сonfig` with a Cyrillic `с` is another name than `config`: a glob matches nothing, a command is not found, or"
    " finds what an attacker put there. No reviewer can see the difference.",
    url=UTS39, verified=VERIFIED, fix="unsafe", security=True, bad="Run `dеploy`.", good="Run `deploy`.",
)  # fmt: skip
def names(document: Document) -> Iterator[Finding]:
    return lookalikes.names(document)


@file_check(
    "HID02", "an address that is not what it looks like", "*",
    why="A model and a browser go where the characters say, a reviewer sees where they seem to lead: a host with one"
    " Cyrillic letter, the same as `xn--…`, or a known name in front of an `@`, is somebody else's server.",
    url=UTS39, verified=VERIFIED, security=True,
    bad="[Docs](https://gіthub.com/acme/docs)", good="[Docs](https://github.com/acme/docs)",
)  # fmt: skip
def hosts(document: Document) -> Iterator[Finding]:
    return lookalikes.hosts(document)
