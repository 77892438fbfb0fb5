"""When a rule holds: a closed union, so that every `match` over it is checked to be exhaustive."""

from __future__ import annotations

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


@frozen(kw_only=False)
class Always:
    """In every conversation."""


@frozen(kw_only=False)
class ForPaths:
    """When a file that one of `globs` matches is in play.

    `globs` are canonical: POSIX, relative to the project root, no leading `./` or `/`, `**` only as a whole segment,
    braces kept. Never empty, never universal (`**` and `**/*` are `Always`).
    """

    globs: tuple[str, ...]


@frozen(kw_only=False)
class WhenRelevant:
    """When the model decides so from `description` (one line)."""

    description: str


@frozen(kw_only=False)
class OnRequest:
    """Only when a person asks for it by name."""


Activation = Always | ForPaths | WhenRelevant | OnRequest

ALWAYS = Always()
ON_REQUEST = OnRequest()


def activation_word(activation: Activation) -> Literal["always", "paths", "model", "manual"]:
    """What a rule file's `apply` calls it; also the key of `Target.ways`."""
    match activation:
        case Always():
            return "always"
        case ForPaths():
            return "paths"
        case WhenRelevant():
            return "model"
        case OnRequest():
            return "manual"
