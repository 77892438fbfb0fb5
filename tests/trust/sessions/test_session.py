"""Sessions at run time: what holds when the types were cast away. T1, T2 and T3 are those of the specification."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

from driven.errors import DiskError, DrivenError, PolicyError
from driven.trust.audit import AuditLog
from driven.trust.audit_read import last, verify
from driven.trust.capability import Capability, CapabilityManifest, capability
from driven.trust.contract import (
    Contract,
    Dangerous,
    Environment,
    Grant,
    Network,
    Pure,
    ReadOnlyFS,
    ReadWriteFS,
    ValidatedCommand,
    contract,
)
from driven.trust.quota import Fast, Instant
from driven.trust.reasons import justify
from driven.trust.session import KEPT, Session
from tests.trust.sessions.contracts import WANTED, made, manifest

LONG: Any = justify("this is said at length, so that every step there is finds it long enough", 50)


def opened(*names: str, **more: Any) -> Any:
    return Session.open("plugin", **more).verify(made(*names))


def outcomes(session: Any) -> list[str]:
    return [f"{one['event']} {one['outcome']}" for one in session.audit]


# T1: the type is tied to what is there.


def test_t1_a_cast_gives_nothing() -> None:
    session: Any = opened("ReadOnlyFS")  # as good as a cast: any type would be believed

    def work(grant: Grant[Network]) -> str:
        grant.need(capability("NetworkAccess", "example.org"))
        return "reached"

    with pytest.raises(PolicyError, match="lacks it"):
        session.run(work)
    with pytest.raises(PolicyError, match=r"lacks NetworkAccess\(example.org:443\)"):
        session.execute(ValidatedCommand("fetch", made("Network"), Fast, work))
    assert outcomes(session)[-3:] == ["session.run allowed", "session.use denied", "session.run denied"]


@pytest.mark.parametrize("scope", ["docs/../secret", "docs//a", "docs/./a", "docs\\..\\a", "docs/\x00", 7, None])
def test_t1_a_scope_in_another_spelling_is_denied(scope: Any) -> None:
    session = opened("ReadOnlyFS")
    with pytest.raises(PolicyError, match="no capability"):
        session.run(lambda grant: grant.need(Capability("FileRead", scope)))
    with pytest.raises(PolicyError, match="no capability"):
        session.run(lambda grant: grant.need(scope))
    assert outcomes(session)[-1] == "session.use denied"
    raw = CapabilityManifest(capabilities=(Capability("FileRead", scope),))
    with pytest.raises(DrivenError):
        contract(raw, ReadOnlyFS)
    with pytest.raises(DrivenError):
        contract(CapabilityManifest(capabilities=(Capability("Nothing", ""),)), ReadOnlyFS)  # type: ignore[arg-type]


def test_t1_a_contract_whose_insides_were_changed_is_refused() -> None:
    changed = made("ReadOnlyFS")
    changed.manifest = manifest("Network")
    with pytest.raises(PolicyError, match="not of its manifest"):
        Session.open("x").verify(changed)
    changed.classes = frozenset(("Dangerous",))
    with pytest.raises(PolicyError, match="a shell"):
        Session.open("x").verify(changed)
    for strange in (None, "Network", object()):
        with pytest.raises(PolicyError, match="no contract"):
            Session.open("x").verify(strange)  # type: ignore[arg-type]


# T2: what was denied stays in the log, and the session stays what it was.


def test_t2_the_log_outlives_a_denial_and_so_does_the_session(tmp_path: Path) -> None:
    path = str(tmp_path / "audit.jsonl")
    with AuditLog(path) as log:
        session = opened("ReadOnlyFS", record=log.record)
        with pytest.raises(PolicyError, match="3 characters, and this step asks for 30"):
            session.escalate(made("Network"), _short("why"))
        assert not session.spent and str(session.contract) == "ReadOnlyFS"
        session.run(lambda grant: grant.need(capability("FileRead", "docs/a.md")))
        with pytest.raises(PolicyError):
            session.run(lambda grant: grant.need(capability("FileRead", "secret")))
        session.end()
    told = [(one["event"], one["outcome"], one["target"]) for one in last(path, 0)[1:]]
    assert told == [
        ("session.open", "note", ""),
        ("session.verify", "allowed", "ReadOnlyFS"),
        ("session.escalate", "denied", "ReadOnlyFS -> Network"),
        ("session.run", "allowed", "<lambda>"),
        ("session.use", "allowed", "FileRead(docs/a.md)"),
        ("session.run", "allowed", "<lambda>"),
        ("session.use", "denied", "FileRead(secret)"),
        ("session.end", "note", ""),
    ]
    assert [one["target"] for one in session.audit] == [target for _, _, target in told]
    assert verify(path).whole
    assert "why" in last(path, 6)[0]["why"], "the reason that was too short is kept"


def _short(text: str) -> Any:
    reason: Any = justify("a reason that is long enough for the first step", 20)
    reason.text = text
    reason.least = 50
    return reason


def test_what_cannot_be_told_is_not_done(tmp_path: Path) -> None:
    log = AuditLog(str(tmp_path / "log" / "audit.jsonl"))
    session = opened("ReadOnlyFS", record=log.record)
    log.close()
    (tmp_path / "log" / "audit.jsonl").unlink()
    (tmp_path / "log" / "audit.jsonl").symlink_to("/dev/null")
    with pytest.raises(DiskError):
        session.escalate(made("Network"), LONG)
    assert not session.spent and str(session.contract) == "ReadOnlyFS"
    with pytest.raises(DiskError):
        session.run(lambda grant: pytest.fail("it ran"))


# T3: each move needs a reason, whatever the numbers of risk say.


@pytest.mark.parametrize("first", [*WANTED, "Pure"])
@pytest.mark.parametrize("then", [*WANTED, "Pure"])
def test_t3_a_move_to_the_same_risk_or_a_lower_one_needs_its_reason_too(first: str, then: str) -> None:
    least = {"Network": 30, "Subprocess": 50}.get(then, 20)
    session = opened(*[first] * (first != "Pure"))
    wanted = made(*[then] * (then != "Pure"))
    text = "the page says where it is to be found, and so on and on"
    with pytest.raises(PolicyError, match=f"{least - 1} characters, and this step asks for {least}"):
        session.escalate(wanted, _short(text[: least - 1].replace(" ", "-")))
    with pytest.raises(PolicyError):
        session.escalate(wanted, None)
    moved = session.escalate(wanted, _short(text[:least].replace(" ", "-")))
    assert str(moved.contract) == then and session.spent
    assert moved.audit[-1]["target"] == f"{first} -> {then}" and moved.audit[-1]["why"].startswith("the-page-says")


def test_of_several_classes_the_longest_reason_counts() -> None:
    session = opened()
    with pytest.raises(PolicyError, match="asks for 50"):
        session.escalate(made("ReadOnlyFS", "Subprocess"), _short("thirty characters are not enough"))
    with pytest.raises(PolicyError, match="asks for 30"):
        session.escalate(made("ReadOnlyFS", "Network"), _short("twenty characters are not"))


# Dangerous is denied, whoever says yes.


def test_a_shell_is_never_granted() -> None:
    shell = CapabilityManifest.of({"ShellExec": [""], "FileRead": ["docs"]})
    for classes in ((Dangerous,), (Dangerous, ReadOnlyFS), (ReadOnlyFS,)):
        with pytest.raises(PolicyError):
            contract(shell, *classes)  # type: ignore[call-overload]
    asked: list[str] = []
    session = opened("ReadOnlyFS", approve=lambda wanted, reason: not asked.append(reason))
    forged = made("ReadOnlyFS")  # as good as a private token: its insides were changed
    forged.manifest, forged.classes = shell, frozenset(("Dangerous", "ReadOnlyFS"))
    with pytest.raises(PolicyError, match="a shell is never granted"):
        session.escalate(forged, LONG)
    forged.classes = frozenset(("ReadOnlyFS",))
    with pytest.raises(PolicyError, match="a shell is never granted"):
        session.escalate(forged, LONG)
    assert asked == [], "nobody is asked what nobody may grant"
    session._core.contract, session._core.granted, session._contract = forged, shell, forged  # and even one that has it
    with pytest.raises(PolicyError):
        session.run(lambda grant: grant.need(capability("ShellExec")))
    assert outcomes(session)[-1] == "session.use denied"


def test_t1_a_contract_that_is_changed_after_it_was_granted_grants_nothing() -> None:
    granted = made("ReadOnlyFS")
    session = Session.open("plugin").verify(granted)
    session.run(lambda grant: None)
    granted.manifest = manifest("ReadOnlyFS", "Network")
    for step in (lambda: session.run(lambda grant: None), lambda: session.escalate(made("Network"), LONG)):
        with pytest.raises(PolicyError, match="changed after it was granted"):
            step()
        assert session.audit[-1]["outcome"] == "violation"
    other: Any = opened("ReadOnlyFS")
    other._contract = made("Network")
    with pytest.raises(PolicyError, match="changed after it was granted"):
        other.run(lambda grant: None)


def test_above_a_risk_of_five_somebody_is_asked() -> None:
    asked: list[tuple[str, str]] = []
    answer: list[Any] = [False]

    def approve(wanted: Contract[Any], reason: str) -> bool:
        asked.append((str(wanted), reason))
        return answer[0]  # type: ignore[no-any-return]

    session = opened("Network", approve=approve)
    assert asked == []
    for refusal in (False, None, "yes"):
        answer[0] = refusal
        with pytest.raises(PolicyError, match="nobody agreed: this is said at length"):
            session.escalate(made("ReadWriteFS"), LONG)
    answer[0] = True
    session.escalate(made("ReadWriteFS"), LONG)
    assert asked[-1] == ("ReadWriteFS", LONG.text) and len(asked) == 4


# What is spent is spent.


def test_a_session_that_was_spent_raises() -> None:
    new = Session.open("plugin")
    reader = new.verify(contract(manifest("ReadOnlyFS"), ReadOnlyFS))
    kept: list[Grant[ReadOnlyFS]] = []
    reader.run(kept.append)
    writer = reader.escalate(contract(manifest("ReadWriteFS"), ReadWriteFS), LONG)
    steps = [
        lambda: new.verify(made("Network")),
        lambda: reader.run(lambda grant: None),
        lambda: reader.execute(ValidatedCommand("think", contract(manifest(), Pure), Instant, lambda grant: None)),
        lambda: reader.escalate(made("Network"), LONG),
        lambda: kept[0].need(capability("FileRead", "docs")),  # a grant ends with its session
    ]
    for step in steps:
        with pytest.raises(PolicyError, match="was spent"):
            step()
        assert writer.audit[-1]["outcome"] == "violation"
    assert not writer.spent
    writer.end()
    writer.end()
    with pytest.raises(PolicyError, match="was spent"):
        writer.run(lambda grant: None)


def test_of_several_threads_one_takes_the_step() -> None:
    together = threading.Barrier(4)  # all are asked for, and have passed every check, before one of them goes on

    def approve(wanted: Contract[Any], reason: str) -> bool:
        together.wait(30)
        return True

    session = opened("ReadOnlyFS", approve=approve)
    won: list[Any] = []
    lost: list[PolicyError] = []

    def step() -> None:
        try:
            won.append(session.escalate(made("ReadWriteFS"), LONG))
        except PolicyError as error:
            lost.append(error)

    threads = [threading.Thread(target=step) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(won), len(lost)) == (1, 3) and all("was spent" in one.message for one in lost)
    assert outcomes(won[0]).count("session.escalate allowed") == 1 and not won[0].spent


def test_it_is_not_made_or_copied_by_hand() -> None:
    session = opened("ReadOnlyFS")
    for make in (
        lambda: Session(session._core, object()),
        lambda: Contract(manifest("Network"), frozenset(("Network",)), object()),
        lambda: Grant(lambda one: None, object()),
    ):
        with pytest.raises(PolicyError):
            make()
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="not copied"):
            way(session)


def test_verify_and_escalate_are_for_their_own_states() -> None:
    with pytest.raises(PolicyError, match="it has none yet"):
        Session.open("x").escalate(made("ReadOnlyFS"), LONG)  # type: ignore[misc]
    with pytest.raises(PolicyError, match="it has a contract"):
        opened("ReadOnlyFS").verify(made("Network"))
    with pytest.raises(PolicyError):
        Session.open("x").run(lambda grant: grant.need(capability("FileRead", "docs")))  # type: ignore[misc]


def test_a_command_runs_where_all_that_it_needs_was_granted() -> None:
    def work(grant: Grant[ReadOnlyFS | Environment]) -> str:
        grant.need(capability("FileRead", "docs/deep/a.md"))
        grant.need(capability("EnvAccess", "LANG"))
        return "done"

    command = ValidatedCommand("look", made("ReadOnlyFS", "Environment"), Fast, work)
    assert opened("ReadOnlyFS", "Environment", "Network").execute(command) == "done"
    with pytest.raises(PolicyError, match=r"lacks EnvAccess\(LANG\)"):
        opened("ReadOnlyFS").execute(command)
    wide = contract(CapabilityManifest.of({"FileRead": ["."]}), ReadOnlyFS)
    with pytest.raises(PolicyError, match=r"lacks FileRead\(.\)"):
        opened("ReadOnlyFS").execute(ValidatedCommand("all", wide, Fast, lambda grant: None))


def test_a_session_keeps_its_last_entries_and_no_more() -> None:
    session = opened("ReadOnlyFS")
    for _ in range(KEPT + 10):
        session.run(lambda grant: None)
    assert len(session.audit) == KEPT
