"""Quotas: how much foreign code may use, as names, as numbers, and as types that say what fits into what.

A tier bounds memory and processor time, a band the time on the clock. The numbers are those of the specification: a
process of Python needs 8 MB and some milliseconds before it does anything, so that none is smaller. `instant` cannot
hold the start of a process on a loaded machine: it is for rings W and T.

A type checker knows that `Quota[Small]` fits where `Quota[Large]` is asked for, and not the reverse; it cannot add, so
sums are counted at run time (`driven.trust.budget`).
"""

from __future__ import annotations

from typing import Generic, TypeVar

from driven.errors import ConfigError
from driven.format.words import similar
from driven.trust.capability import BANDS, QUOTAS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

Amounts: TypeAlias = "dict[str, int | None]"  # by kind; None is no limit

KINDS: dict[str, str] = {
    "memory": "bytes",
    "cpu": "ms",  # of the processor
    "wall": "ms",  # of the clock
    "io_bytes": "bytes",  # read and written through the broker
    "net_bytes": "bytes",  # sent and received through the broker
    "net_calls": "calls",  # to the network
    "output_bytes": "bytes",  # of answers and of what is printed
}
_MB = 1 << 20
# Memory, processor time, and then what goes through the broker, which grows with them: bytes of files, bytes and calls
# to the network, bytes of output. The first two are of the specification (clap-noun-verb's own are below one start of
# Python), the others ours.
_BOUNDED = ("memory", "cpu", "io_bytes", "net_bytes", "net_calls", "output_bytes")
TIERS: dict[str, Amounts] = {
    "tiny": dict(zip(_BOUNDED, (48 * _MB, 200, 1 * _MB, _MB // 4, 4, _MB // 4), strict=True)),
    "small": dict(zip(_BOUNDED, (96 * _MB, 1000, 8 * _MB, 1 * _MB, 16, 1 * _MB), strict=True)),
    "medium": dict(zip(_BOUNDED, (256 * _MB, 5000, 64 * _MB, 8 * _MB, 64, 4 * _MB), strict=True)),
    "large": dict(zip(_BOUNDED, (1024 * _MB, 30_000, 512 * _MB, 64 * _MB, 256, 16 * _MB), strict=True)),
    "xl": dict(zip(_BOUNDED, (4096 * _MB, 120_000, 4096 * _MB, 512 * _MB, 1024, 64 * _MB), strict=True)),
    "unlimited": dict.fromkeys(_BOUNDED),
}
WALL: dict[str, int | None] = {"instant": 100, "fast": 1000, "medium": 10_000, "slow": 60_000, "cold": None}  # in ms


def limits(quota: str, band: str) -> Amounts:
    """The limits of a tier and a band, by kind, in the order of KINDS. ConfigError when one is none."""
    found = {**TIERS[known(quota, QUOTAS, "quota")], "wall": WALL[known(band, BANDS, "band")]}
    return {kind: found[kind] for kind in KINDS}


def known(word: str, words: Iterable[str], what: str) -> str:
    """The word, when it is one of them. ConfigError."""
    if word not in words:
        near = similar(word, words)
        hint = f"did you mean `{near}`?" if near else f"write one of {', '.join(words)}"
        raise ConfigError(f"{what}: `{word}` is none", hint=hint)
    return word


# The same as types. Each fits into the next: Tiny is a Small is a Medium …
class Unlimited:
    """No limit."""

    name = "unlimited"


class XL(Unlimited):
    """4 GB, 120 s."""

    name = "xl"


class Large(XL):
    """1 GB, 30 s."""

    name = "large"


class Medium(Large):
    """256 MB, 5 s."""

    name = "medium"


class Small(Medium):
    """96 MB, 1 s."""

    name = "small"


class Tiny(Small):
    """48 MB, 0.2 s."""

    name = "tiny"


TYPES: dict[str, type[Unlimited]] = {one.name: one for one in (Tiny, Small, Medium, Large, XL, Unlimited)}


class Cold:
    """No deadline."""

    name = "cold"


class Slow(Cold):
    """60 s."""

    name = "slow"


class Mid(Slow):
    """10 s: the band `medium`, whose name a tier has."""

    name = "medium"


class Fast(Mid):
    """1 s."""

    name = "fast"


class Instant(Fast):
    """100 ms."""

    name = "instant"


BAND_TYPES: dict[str, type[Cold]] = {one.name: one for one in (Instant, Fast, Mid, Slow, Cold)}

T_co = TypeVar("T_co", bound=Unlimited, covariant=True)


class Quota(Generic[T_co]):
    """A tier as a value: `Quota(Small)` is a `Quota[Small]`, and fits where a `Quota[Large]` is asked for."""

    __slots__ = ("tier",)

    def __init__(self, tier: type[T_co]) -> None:
        if TYPES.get(getattr(tier, "name", "")) is not tier:
            raise ConfigError(f"`{getattr(tier, '__name__', tier)}` is no tier", hint=f"take one of {', '.join(TYPES)}")
        self.tier = tier

    @property
    def amounts(self) -> Amounts:
        """Its limits, but `wall`, which the band sets."""
        return dict(TIERS[self.tier.name])

    def fits(self, other: Quota[Unlimited]) -> bool:
        """Whether what this one allows, the other allows too: what the type checker says of the two."""
        return issubclass(self.tier, other.tier)
