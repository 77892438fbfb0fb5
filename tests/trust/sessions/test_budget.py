"""Budgets: nothing is lent or taken that is not there, nothing comes back that was not lent, whoever asks at once."""

from __future__ import annotations

import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from driven.errors import ConfigError, PolicyError, SandboxError
from driven.trust.budget import BudgetPool
from driven.trust.capability import BANDS, QUOTAS, CapabilityManifest
from driven.trust.quota import BAND_TYPES, KINDS, TYPES, WALL, Large, Quota, Small, Tiny, limits


def test_a_manifest_names_its_limits() -> None:
    pool = BudgetPool.of(CapabilityManifest.of({}, quota="tiny", band="instant"))
    assert (pool.left["memory"], pool.left["cpu"], pool.left["wall"]) == (48 << 20, 200, 100)
    assert BudgetPool.of(CapabilityManifest.of({}, quota="unlimited", band="cold")).left == dict.fromkeys(KINDS)
    assert list(limits("small", "fast")) == list(KINDS)
    for quota, band in (("smal", "fast"), ("small", "fasst")):
        with pytest.raises(ConfigError, match="is none"):
            limits(quota, band)


def test_tiers_grow_and_fit_as_their_types_say() -> None:
    assert tuple(TYPES) == QUOTAS and tuple(BAND_TYPES) == BANDS == tuple(WALL)
    ordered = [limits(one, "cold") for one in QUOTAS]
    for small, large in pairwise(ordered):
        assert all(large[kind] is None or (small[kind] or 0) < large[kind] for kind in KINDS if kind != "wall")  # type: ignore[operator]
    for one in TYPES.values():
        for other in TYPES.values():
            mine, its = Quota(one), Quota(other)
            fits = all(
                b is None or (a is not None and a <= b)
                for a, b in zip(mine.amounts.values(), its.amounts.values(), strict=True)
            )
            assert mine.fits(its) == issubclass(one, other) == fits
    assert Quota(Tiny).fits(Quota(Large)) and not Quota(Large).fits(Quota(Small))
    with pytest.raises(ConfigError):
        Quota(type("Huge", (Tiny,), {}))
    with pytest.raises(ConfigError):
        Quota(int)  # type: ignore[type-var]


def test_take_split_and_join() -> None:
    pool = BudgetPool({"cpu": 100, "net_calls": 3, "memory": 1000})
    pool.take("cpu", 10)
    child = pool.split({"cpu": 50, "memory": 600})
    child.take("cpu", 20)
    child.take("memory", 600)
    assert (pool.left["cpu"], pool.lent["cpu"], pool.used["cpu"]) == (40, 50, 10)
    assert pool.join(child) == {**dict.fromkeys(KINDS, 0), "cpu": 30, "memory": 600}
    assert (pool.left["cpu"], pool.lent["cpu"], pool.used["cpu"]) == (70, 0, 30)
    assert pool.left["memory"] == 1000, "what has ended holds no memory"
    assert pool.left["io_bytes"] == 0, "what is not named is nothing"


def test_what_is_denied_changes_nothing() -> None:
    pool = BudgetPool({"cpu": 100, "wall": None})
    before = pool.left, pool.used, pool.lent
    with pytest.raises(PolicyError, match="101 ms of cpu cannot be lent: 100 ms left"):
        pool.split({"wall": 5, "cpu": 101})
    with pytest.raises(PolicyError, match="any number of ms of cpu"):
        pool.split({"cpu": None})
    with pytest.raises(SandboxError, match="budget for cpu is spent: 101 ms asked for, 100 ms left of 100 ms"):
        pool.take("cpu", 101)
    for kind, amount in (("cpu", -1), ("cpu", 1.5), ("cpu", True), ("cpus", 1), ("cpu", "1")):
        with pytest.raises(ConfigError):
            pool.take(kind, amount)  # type: ignore[arg-type]
        with pytest.raises(ConfigError):
            pool.split({kind: amount})  # type: ignore[dict-item]
    assert (pool.left, pool.used, pool.lent) == before


def test_a_child_comes_back_once_and_is_spent_then() -> None:
    pool, other = BudgetPool({"cpu": 100}), BudgetPool({"cpu": 100})
    with pool.split({"cpu": 50}) as child:
        grandchild = child.split({"cpu": 30})
        grandchild.take("cpu", 5)
        with pytest.raises(ValueError, match="no child"):
            pool.join(grandchild)
        with pytest.raises(ValueError, match="no child"):
            other.join(child)
    assert pool.used["cpu"] == 5 and pool.left["cpu"] == 95
    for one in (child, grandchild):
        for use in (lambda one=one: one.take("cpu", 1), lambda one=one: one.split({"cpu": 1})):
            with pytest.raises(SandboxError, match="given back"):
                use()
    with pytest.raises(ValueError, match="no child"):
        pool.join(child)


def test_memory_alone_may_be_freed() -> None:
    pool = BudgetPool({"memory": 10})
    pool.take("memory", 10)
    pool.free(4)
    assert pool.left["memory"] == 4
    for amount in (7, -1):
        with pytest.raises(ValueError, match="never taken"):
            pool.free(amount)


def test_it_is_lent_on_so_many_times_and_no_more() -> None:
    pool = last = BudgetPool({"cpu": 1})
    with pytest.raises(PolicyError, match="at most"):
        while True:
            last = last.split({"cpu": 1})
    assert pool.lent["cpu"] == 1


AMOUNTS = st.integers(0, 60)


class Pools(RuleBasedStateMachine):
    """Any order of steps. Of each pool: used + lent + left is its limit; what children have is what it lent."""

    pools = Bundle("pools")

    def __init__(self) -> None:
        super().__init__()
        self.root = BudgetPool({"cpu": 100, "net_bytes": None, "memory": 50})
        self.open = {self.root: [None, []]}  # pool -> its parent, its children

    @rule(target=pools)
    def begin(self) -> BudgetPool:
        return self.root

    @rule(pool=pools, kind=st.sampled_from(["cpu", "net_bytes", "memory"]), amount=st.integers(0, 60))
    def take(self, pool: BudgetPool, kind: str, amount: int) -> None:
        before = pool.left, pool.used
        try:
            pool.take(kind, amount)
        except SandboxError:
            assert (pool.left, pool.used) == before
            assert pool not in self.open or (before[0][kind] is not None and before[0][kind] < amount)
        else:
            assert pool in self.open and pool.used[kind] == before[1][kind] + amount

    @rule(
        target=pools, pool=pools, cpu=st.integers(0, 60), net=st.none() | st.integers(0, 60), memory=st.integers(0, 60)
    )
    def split(self, pool: BudgetPool, cpu: int, net: int | None, memory: int) -> BudgetPool:
        before = pool.left, pool.lent
        try:
            child = pool.split({"cpu": cpu, "net_bytes": net, "memory": memory})
        except (PolicyError, SandboxError):
            assert (pool.left, pool.lent) == before
            return pool
        self.open[child] = [pool, []]
        self.open[pool][1].append(child)
        return child

    @rule(pool=consumes(pools))
    def join(self, pool: BudgetPool) -> None:
        parent = self.open.get(pool, [None])[0]
        if parent is None:
            return
        lent, before = pool.limit, parent.left
        returned = parent.join(pool)
        for kind in KINDS:
            assert 0 <= returned[kind] <= (lent[kind] or 0)
            assert before[kind] is None or parent.left[kind] == before[kind] + returned[kind]
        self.open[parent][1].remove(pool)
        ended = [pool]
        while ended:
            one = ended.pop()
            ended += self.open.pop(one)[1]

    @invariant()
    def conserved(self) -> None:
        for pool, (_, children) in self.open.items():
            limit, used, lent, left = pool.limit, pool.used, pool.lent, pool.left
            for kind in KINDS:
                assert lent[kind] == sum(one.limit[kind] or 0 for one in children)
                if limit[kind] is not None:
                    assert used[kind] + lent[kind] + left[kind] == limit[kind] and left[kind] >= 0
                else:
                    assert left[kind] is None


TestPools = Pools.TestCase
TestPools.settings = settings(max_examples=40, stateful_step_count=30)


@settings(max_examples=8)
@given(st.lists(st.lists(st.integers(1, 9), max_size=12), min_size=2, max_size=4))
def test_threads_take_and_lend_no_more_than_there_is(work: list[list[int]]) -> None:
    pool = BudgetPool({"cpu": 60})
    taken: list[int] = []
    start = threading.Barrier(len(work))

    def use(amounts: list[int]) -> None:
        start.wait()
        for amount in amounts:
            try:
                with pool.split({"cpu": amount}) as child:
                    child.take("cpu", amount)
                    taken.append(amount)
                    with pytest.raises(SandboxError):
                        child.take("cpu", 1)
            except PolicyError:
                pass
            left: Any = pool.left["cpu"]
            assert 0 <= left <= 60

    threads = [threading.Thread(target=use, args=(one,)) for one in work]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert pool.used["cpu"] == sum(taken) <= 60
    assert pool.left["cpu"] == 60 - sum(taken) and pool.lent["cpu"] == 0
