"""A budget that is lent out and comes back: what all children use and hold is never more than what their parent has.

Of each kind (`driven.trust.quota.KINDS`) a pool has used, lent and left, and these three always make its limit. What
is refused changes nothing. A child that comes back returns what it did not use; memory it returns whole, for what has
ended holds none, and what it took in time, bytes and calls stays taken.
"""

from __future__ import annotations

import threading

from driven.errors import ConfigError, PolicyError, SandboxError
from driven.trust.quota import KINDS, Amounts, limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.trust.capability import CapabilityManifest


_DEEPEST = 64  # children of children


class BudgetPool:
    """How much of each kind may still be used. A kind that is not named is 0: nothing; None is no limit.

    Threads may share one, and a tree of them has one lock. ConfigError for a kind that is none."""

    def __init__(self, amounts: Mapping[str, int | None]) -> None:
        self._limit: Amounts = {**dict.fromkeys(KINDS, 0), **_checked(amounts)}
        self._used = dict.fromkeys(KINDS, 0)
        self._lent = dict.fromkeys(KINDS, 0)
        self._children: set[BudgetPool] = set()
        self._parent: BudgetPool | None = None
        self._guard = threading.RLock()
        self._spent = False
        self._depth = 0

    @classmethod
    def of(cls, manifest: CapabilityManifest) -> BudgetPool:
        """With the limits of a manifest's quota and band."""
        return cls(limits(manifest.quota, manifest.band))

    def __enter__(self) -> BudgetPool:
        return self

    def __exit__(self, *_: object) -> None:
        parent = self._parent
        if parent is not None and not self._spent:
            parent.join(self)

    @property
    def limit(self) -> Amounts:
        """What it was made with, or lent."""
        return dict(self._limit)

    @property
    def used(self) -> dict[str, int]:
        """What it took itself, and what children that came back had taken."""
        with self._guard:
            return dict(self._used)

    @property
    def lent(self) -> dict[str, int]:
        """What its children hold."""
        with self._guard:
            return dict(self._lent)

    @property
    def left(self) -> Amounts:
        """What may still be taken or lent; None where there is no limit."""
        with self._guard:
            return {kind: self._left(kind) for kind in KINDS}

    def _left(self, kind: str) -> int | None:
        limit = self._limit[kind]
        return None if limit is None else limit - self._used[kind] - self._lent[kind]

    def take(self, kind: str, amount: int) -> None:
        """Use that much. SandboxError when it does not fit: then nothing was taken."""
        _checked({kind: amount})
        with self._guard:
            self._living()
            left = self._left(kind)
            if left is not None and amount > left:
                raise SandboxError(
                    f"the budget for {kind} is spent: {said(kind, amount)} asked for, {said(kind, left)} left of"
                    f" {said(kind, self._limit[kind])}",
                    hint="ask for a larger `quota` or `band` in the manifest",
                )
            self._used[kind] += amount

    def free(self, amount: int) -> None:
        """Give back memory that was taken. ValueError when it is more than that: no other kind ever comes back."""
        with self._guard:
            if not 0 <= amount <= self._used["memory"]:
                raise ValueError(f"{amount} bytes were never taken")
            self._used["memory"] -= amount

    def split(self, amounts: Mapping[str, int | None]) -> BudgetPool:
        """A child with these limits, lent by this one. PolicyError when one of them does not fit: then nothing was
        lent. Without a limit can only be what has none here."""
        child = BudgetPool(amounts)
        with self._guard:
            self._living()
            if self._depth >= _DEEPEST:
                raise PolicyError(f"a budget is lent on at most {_DEEPEST} times")
            for kind, wanted in child._limit.items():
                left = self._left(kind)
                if left is not None and (wanted is None or wanted > left):
                    raise PolicyError(
                        f"{said(kind, wanted)} of {kind} cannot be lent: {said(kind, left)} left",
                        hint="lend less, or wait for others to come back",
                    )
            for kind, wanted in child._limit.items():
                self._lent[kind] += wanted or 0
            child._parent, child._depth = self, self._depth + 1
            child._guard = self._guard
            self._children.add(child)
        return child

    def join(self, child: BudgetPool) -> dict[str, int]:
        """Take a child back, and before it those that it lent to; from then on it is spent. What came back, by kind;
        of what was lent without limit nothing. ValueError when it is no child of this one, or came back before."""
        with self._guard:
            if child not in self._children:
                raise ValueError("it is no child of this budget, or came back before")
            for one in [*child._children]:
                child.join(one)
            returned = {}
            for kind, lent in child._limit.items():
                kept = 0 if kind == "memory" else child._used[kind]
                self._lent[kind] -= lent or 0
                self._used[kind] += kept
                returned[kind] = 0 if lent is None else lent - kept
            self._children.remove(child)
            child._spent = True
            return returned

    def _living(self) -> None:
        if self._spent:
            raise SandboxError("this budget was given back: nothing can be taken of it")


def said(kind: str, amount: int | None) -> str:
    """`4 ms`, `12 calls`, `any number of bytes`."""
    return f"any number of {KINDS[kind]}" if amount is None else f"{amount:,} {KINDS[kind]}"


def _checked(amounts: Mapping[str, int | None]) -> Amounts:
    for kind, amount in amounts.items():
        if kind not in KINDS:
            raise ConfigError(f"a budget has no `{kind}`", hint=f"it has {', '.join(KINDS)}")
        if amount is not None and (type(amount) is not int or amount < 0):
            raise ConfigError(f"a budget for {kind} is a whole number from 0, not {amount!r:.40}")
    return dict(amounts)
