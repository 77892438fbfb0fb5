"""What `Emitter.group` promises: groups are emitted one by one, and no path is written by two of them."""

from __future__ import annotations

from collections import Counter

import pytest
from emitters.mirror import EMITTERS
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import activations, bodies, ids, lines

from driven.model.activation import OnRequest
from driven.model.artefact import Artefact, Loss, Piece, Settings
from driven.model.rule import Rule, RuleSet

names = st.sampled_from(sorted(EMITTERS))
rules = st.builds(
    Rule,
    id=ids,
    body=bodies | st.sampled_from(["Text.\n", "Text.\n\n" * 3000, "x" * 13_000]),
    activation=activations,
    description=lines,
    targets=st.lists(names | names.map("-{}".format), max_size=2, unique=True).map(tuple),
    priority=st.integers(0, 3),
    extra=st.just({}) | st.dictionaries(names, st.just({"key": "value"}), max_size=3),
)
# Two rules of one slug give one path, which fails the plan and names both.
rule_sets = st.lists(rules, max_size=8, unique_by=lambda rule: rule.slug).map(RuleSet.of)
all_settings = st.builds(
    Settings,
    options=st.sampled_from([{}, {"dir": ".devin/rules"}]),
    editors=st.frozensets(names),
    always=st.sampled_from(["native", "agents"]),
    header=st.booleans(),
)


def artefact_key(artefact: Artefact) -> tuple[str, str, str, tuple[str, ...]]:
    return artefact.path, Piece("", artefact).owned[2], artefact.text, artefact.rule_ids


def loss_key(loss: Loss) -> tuple[str, str, str]:
    return loss.rule_id, loss.kind, loss.reason


@pytest.mark.parametrize("name", EMITTERS)
@settings(max_examples=50)
@given(whole=rule_sets, wanted=all_settings)
def test_groups_share_no_path_and_add_up_to_the_whole(name: str, whole: RuleSet, wanted: Settings) -> None:
    emitter = EMITTERS[name]
    selected = [rule for rule in whole if rule.for_editor(name)]
    groups: dict[str, list[Rule]] = {}
    for rule in selected:
        groups.setdefault(emitter.group(rule, wanted), []).append(rule)
    parts = [emitter.emit(group, wanted) for group in groups.values()]
    at_once = emitter.emit(selected, wanted)

    owners = Counter(path for part in parts for path in {artefact.path for artefact in part.artefacts})
    split = {path for path in owners if windsurf_part(path)}  # `a` in two files, and a rule `a-2`: the plan names both
    assert [path for path, count in owners.items() if count > 1 and path not in split] == []
    owned = Counter(Piece(name, artefact).owned for artefact in at_once.artefacts)
    assert [one for one, count in owned.items() if count > 1 and one[0] not in split] == []

    artefacts = [artefact for part in parts for artefact in part.artefacts]
    assert sorted(artefacts, key=artefact_key) == sorted(at_once.artefacts, key=artefact_key)
    losses = [loss for part in parts for loss in part.losses]
    assert sorted(losses, key=loss_key) == sorted(at_once.losses, key=loss_key)


def windsurf_part(path: str) -> bool:
    return path.startswith((".windsurf/", ".devin/")) and path[:-3].rpartition("-")[2].isdigit()


@settings(max_examples=50)
@given(whole=rule_sets, wanted=all_settings)
def test_no_rule_is_dropped_in_silence(whole: RuleSet, wanted: Settings) -> None:
    """Each rule that an editor gets is in a file that the editor reads, or there is a loss that says why not."""
    emissions = {
        name: emitter.emit([rule for rule in whole if rule.for_editor(name)], wanted)
        for name, emitter in EMITTERS.items()
    }
    written = {name: {i for a in emission.artefacts for i in a.rule_ids} for name, emission in emissions.items()}
    carried = written["agents"] | {loss.rule_id for loss in emissions["agents"].losses}
    for name, emission in emissions.items():
        told = {loss.rule_id for loss in emission.losses}
        for rule in whole:
            if not rule.for_editor(name) or rule.id in written[name] or rule.id in told:
                continue
            asked = wanted.always == "native" or "agents" in wanted.editors
            if name == "agents":
                assert not asked, rule
            else:
                assert rule.id in carried and wanted.always == "agents", rule


@settings(max_examples=100)
@given(whole=rule_sets, wanted=all_settings)
def test_agents_md_keeps_from_an_editor_what_its_rule_keeps(whole: RuleSet, wanted: Settings) -> None:
    emission = EMITTERS["agents"].emit([rule for rule in whole if rule.for_editor("agents")], wanted)
    told = {loss.rule_id for loss in emission.losses if "AGENTS.md too" in loss.reason}
    for artefact in emission.artefacts:
        if artefact.path.rpartition("/")[2] != "AGENTS.md":
            continue
        readers = wanted.editors & {"claude", "copilot", "cursor", "windsurf"}
        if artefact.path == "AGENTS.md":
            readers |= wanted.editors & {"cline"}
        for rule in whole:
            if rule.id in artefact.rule_ids and not all(rule.for_editor(reader) for reader in readers):
                assert rule.id in told
                assert "agents" in wanted.editors or wanted.always == "native"


def test_aider_reads_both_files_from_one_group() -> None:
    """The entry for AGENTS.md stays when only a rule of CONVENTIONS.md is emitted again, and the other way round."""
    wanted = Settings(always="agents", editors=frozenset({"aider", "cursor"}))
    always, paths = Rule(id="a", body="A.\n"), Rule(id="p", body="P.\n", targets=("-agents",))
    groups = {EMITTERS["aider"].group(rule, wanted) for rule in (always, paths)}
    assert len(groups) == 1
    manual = Rule(id="m", body="M.\n", activation=OnRequest())
    assert EMITTERS["aider"].group(manual, wanted) not in groups
    entries = [a.text for a in EMITTERS["aider"].emit([always, paths], wanted).artefacts if a.path == ".aider.conf.yml"]
    assert entries == ["CONVENTIONS.md", "AGENTS.md"]
