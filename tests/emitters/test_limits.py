"""Size limits: whole steps move to another file or are left out, never half of one, and each of them is a loss."""

from __future__ import annotations

import random
import time

import pytest

from driven.model.activation import ForPaths, OnRequest, WhenRelevant
from driven.model.artefact import Settings
from driven.model.rule import Rule
from driven_emitters.agents import LIMIT as CHAIN
from driven_emitters.agents import MARKERS, AgentsEmitter
from driven_emitters.copilot import REVIEWED, CopilotEmitter
from driven_emitters.windsurf import LIMIT, WindsurfEmitter

WINDSURF = WindsurfEmitter()
AGENTS = AgentsEmitter()


def sections(count: int, size: int) -> str:
    """`count` headings, each with a paragraph of `size` characters."""
    return "".join(f"## Part {n}\n\n{'word ' * (size // 5)}end {n}.\n\n" for n in range(count))


def test_a_rule_of_exactly_the_limit_is_one_file() -> None:
    front = "---\ntrigger: always_on\n---\n\n"
    fits = Rule(id="long", body="x" * (LIMIT - len(front) - 1))
    over = Rule(id="long", body="x" * (LIMIT - len(front)))
    emission = WINDSURF.emit([fits], Settings())
    assert [len(a.text) for a in emission.artefacts] == [LIMIT]
    assert not emission.losses
    emission = WINDSURF.emit([over], Settings())
    assert not emission.artefacts
    assert [loss.kind for loss in emission.losses] == ["dropped", "dropped"]


@pytest.mark.parametrize("activation", [ForPaths(("src/**",)), WhenRelevant("Long"), OnRequest()])
def test_windsurf_splits_between_steps(activation: ForPaths | WhenRelevant | OnRequest) -> None:
    rule = Rule(id="team/long", body=sections(30, 1000), activation=activation)
    emission = WINDSURF.emit([rule], Settings())
    assert [a.path for a in emission.artefacts] == [
        f".windsurf/rules/team-long{suffix}.md" for suffix in ("", "-2", "-3")
    ]
    texts = [a.text for a in emission.artefacts]
    fronts = {text.partition("\n---\n")[0] for text in texts}
    assert len(fronts) == 1
    assert all(len(text) <= LIMIT for text in texts)
    bodies = [text.partition("\n---\n\n")[2] for text in texts]
    assert all(body.startswith("## Part ") for body in bodies)  # a heading stays with what it heads
    assert "\n".join(bodies) + "\n" == rule.body
    assert [(loss.kind, loss.rule_id) for loss in emission.losses] == [("approximated", "team/long")]
    assert "3 files" in emission.losses[0].reason


def test_a_step_that_fits_in_no_file_is_left_out() -> None:
    code = "```\n" + "code\n" * 3000 + "```\n"
    rule = Rule(id="big", body=f"# Title\n\nFirst.\n\n{code}\nLast.\n")
    emission = WINDSURF.emit([rule], Settings())
    assert [a.text for a in emission.artefacts] == ["---\ntrigger: always_on\n---\n\n# Title\n\nFirst.\n\nLast.\n"]
    (loss,) = emission.losses
    assert loss.kind == "dropped"
    assert loss.reason.startswith("line 5 of the body (example, 15,009 characters) is left out")


def test_windsurf_front_matter_alone_over_the_limit() -> None:
    rule = Rule(id="wide", body="Text.\n", activation=ForPaths(tuple(f"src/{'d' * 90}{n}/**" for n in range(200))))
    emission = WINDSURF.emit([rule], Settings())
    assert not emission.artefacts
    assert [loss.reason for loss in emission.losses] == ["its front matter alone is over 12,000 characters"]


@pytest.mark.parametrize(
    ("folder", "path"),
    [(".devin/rules", ".devin/rules/a.md"), ("../outside", ".windsurf/rules/a.md"), ([], ".windsurf/rules/a.md")],
)
def test_windsurf_dir_is_one_that_windsurf_reads(folder: object, path: str) -> None:
    """The configuration is checked before; an emitter never stops the other editors."""
    emission = WINDSURF.emit([Rule(id="a", body="A.\n")], Settings(options={"dir": folder}))
    assert [artefact.path for artefact in emission.artefacts] == [path]
    assert WINDSURF.target.allowed == {"dir": (".windsurf/rules", ".devin/rules")}


def test_codex_chain_leaves_out_the_least_important_first() -> None:
    prose = Rule(id="a", body="Intro text that explains.\n\n" + "```\n" + "x\n" * 10_000 + "```\n\nNever skip tests.\n")
    web = Rule(
        id="b",
        description="Web",
        body="```\n" + "y\n" * 8_000 + "```\n\nNever hard-code colours.\n",
        activation=ForPaths(("web/**",)),
    )
    rules = [prose, web]
    emission = AGENTS.emit(rules, Settings())
    texts = {a.path: a.text for a in emission.artefacts}
    assert list(texts) == ["AGENTS.md", "web/AGENTS.md"]
    assert "x\nx\n" in texts["AGENTS.md"]
    assert texts["web/AGENTS.md"] == "## Web\n\nNever hard-code colours.\n"  # later, so it goes first
    assert sum(len(text.encode()) + MARKERS for text in texts.values()) <= CHAIN
    (loss,) = emission.losses
    assert loss.rule_id == "b" and "line 1 of the body (example" in loss.reason
    assert {AGENTS.group(rule, Settings()) for rule in rules} == {"AGENTS.md"}


def test_chains_that_do_not_meet_have_a_budget_each() -> None:
    body = "Never.\n\n```\n" + "x\n" * 14_000 + "```\n"
    rules = [Rule(id=name, body=body, activation=ForPaths((f"{name}/**",))) for name in ("one", "two")]
    emission = AGENTS.emit(rules, Settings())
    assert not emission.losses
    assert len(emission.artefacts) == 2


def test_a_rule_of_which_nothing_fits_is_named() -> None:
    rules = [Rule(id=f"r{n}", priority=n, body="Do not " + "x" * 20_000 + "\n") for n in range(3)]
    emission = AGENTS.emit(rules, Settings())
    (artefact,) = emission.artefacts
    assert artefact.rule_ids == ("r0",)
    assert [loss.rule_id for loss in emission.losses] == ["r2", "r2", "r1", "r1"]
    assert all(loss.kind == "dropped" for loss in emission.losses)


@pytest.mark.parametrize("seed", range(20))
def test_no_emitted_agents_file_is_ever_over(seed: int) -> None:
    rng = random.Random(seed)
    folders = ["", "a/**", "a/b/**", "c/**"]
    rules = []
    for n in range(rng.randint(1, 12)):
        choices = [
            "# H é\n\n", "Never x.\r\n\r\n", "- a\n- b\n\n", "```\n" + "é\n" * rng.randint(1, 4000) + "```\n",
            "See [x](mdc:y).\n\n", "Text " * rng.randint(1, 900) + "\n\n", "\n\n",
        ]  # fmt: skip
        blocks = [rng.choice(choices) for _ in range(rng.randint(1, 12))]
        folder = rng.choice(folders)
        activation = {"activation": ForPaths((folder,))} if folder else {}
        rules.append(Rule(id=f"r{n}", body=rng.choice(["", "\ufeff", "\n\n"]) + "".join(blocks), **activation))  # type: ignore[arg-type]
    sizes = {a.path: len(a.text.encode()) + MARKERS for a in AGENTS.emit(rules, Settings()).artefacts}
    for path in sizes:
        folder = path.removesuffix("AGENTS.md")
        chain = [other for other in sizes if folder.startswith(other.removesuffix("AGENTS.md"))]
        assert sum(sizes[other] for other in chain) <= CHAIN


def test_what_code_review_does_not_read_is_told() -> None:
    rules = [Rule(id=f"r{n}", body="x" * 1500) for n in range(4)]
    emission = CopilotEmitter().emit(rules, Settings())
    assert len(emission.artefacts[0].text) > REVIEWED
    assert [loss.rule_id for loss in emission.losses] == ["r2", "r3"]
    scoped = Rule(id="s", body="x" * 4000, activation=ForPaths(("**/[0-9]",)))
    assert [loss.kind for loss in CopilotEmitter().emit([scoped], Settings()).losses] == ["approximated"]


def test_tiny_steps_cost_no_time() -> None:
    rule = Rule(id="tiny", body="a\n\n" * 100_000)
    for emitter in (WINDSURF, AGENTS):
        start = time.process_time()
        emission = emitter.emit([rule], Settings())
        assert time.process_time() - start < 60
        assert emission.losses
