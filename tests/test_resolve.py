"""Which rules hold where, and the words for it: with the real emitters, and with editors as strangers write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from driven.hookspecs import Emitter
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.artefact import Artefact, Emission, Loss, Section, Settings
from driven.model.reach import AlsoRead, Reach
from driven.model.rule import Rule, RuleSet
from driven.model.target import Dialect, Target, Way
from driven.reach import Editor
from driven.resolve import closest, select, unknown_targets
from driven.span import Span
from driven_emitters.agents import AgentsEmitter
from driven_emitters.aider import AiderEmitter
from driven_emitters.claude import ClaudeEmitter
from driven_emitters.cline import ClineEmitter
from driven_emitters.copilot import CopilotEmitter
from driven_emitters.cursor import CursorEmitter
from driven_emitters.windsurf import WindsurfEmitter

BODY = "# Errors\n\nReturn them.\n"


def rule(rule_id: str = "r", activation: Activation = ALWAYS, targets: Sequence[str] = (), when: str = "") -> Rule:
    return Rule(id=rule_id, body=BODY, activation=activation, targets=tuple(targets), when=when)


def real(emitter: Emitter, rules: Sequence[Rule], path: str, active: Mapping[str, bool] | None = None) -> list[Reach]:
    ordered = RuleSet.of(rules)
    name = emitter.target.name
    settings = Settings(options=dict(emitter.target.options), editors=frozenset({name}))
    emission = emitter.emit(select(ordered, name, active or {}), settings)
    return Editor(ordered, emitter.target, path, active=active or {}, emission=emission).reaches()


def one(emitter: Emitter, activation: Activation, path: str) -> Reach:
    return real(emitter, [rule(activation=activation)], path)[0]


# -- select


def test_select_goes_by_targets_and_conditions() -> None:
    rules = RuleSet.of([
        rule("a"), rule("b", targets=["cursor"]), rule("c", targets=["-cursor"]), rule("d", when='lang("go")'),
        rule("e", targets=["!cursor"]), rule("f", targets=["claude", "cursor", "-claude"]),
    ])  # fmt: skip
    assert [r.id for r in select(rules, "cursor", {"d": False})] == ["a", "b", "f"]
    assert [r.id for r in select(rules, "claude", {"d": True})] == ["a", "c", "d", "e"]


def test_unknown_targets_are_warnings_with_a_guess() -> None:
    span = Span(path=".driven/rules/a.md", line=2)
    bad = Rule(id="a", body=BODY, targets=("curser", "-clade", "cursor", "curser"), span=span)
    found = unknown_targets([bad, rule("b", targets=["zzz"])], ["cursor", "claude"])
    assert [(d.rule_id, d.severity, d.hint) for d in found] == [
        ("a", "warning", "did you mean `cursor`?"),
        ("a", "warning", "did you mean `claude`?"),
        ("b", "warning", "the editors are `claude` and `cursor`"),
    ]
    assert found[0].span == span
    assert "`curser`" in found[0].message
    assert unknown_targets([rule(targets=["cursor", "!claude"])], ["cursor", "claude"]) == []
    assert closest("windsrf", ["cursor", "windsurf"]) == "windsurf"


# -- reach, with the real emitters


def test_a_glob_that_matches_is_named() -> None:
    hit = one(CursorEmitter(), ForPaths(("docs/**", "src/api/**/*.ts")), "src/api/x/y.ts")
    assert (hit.verdict, hit.why, hit.pattern) == ("match", "`src/api/**/*.ts` matches", "src/api/**/*.ts")
    assert hit.file == ".cursor/rules/r.mdc"
    assert hit.characters == len(BODY)
    assert (hit.rule_id, hit.editor, hit.title) == ("r", "cursor", "Errors")


def test_a_glob_that_does_not_match() -> None:
    assert one(CursorEmitter(), ForPaths(("src/**",)), "web/src/a.ts").why == "`src/**` does not match"
    miss = one(CursorEmitter(), ForPaths(("src/**", "lib/**", "*.py")), "a.ts")
    assert (miss.verdict, miss.characters, miss.pattern) == ("no", 0, "")
    assert "`src/**`" in miss.why
    assert "`lib/**`" in miss.why
    assert miss.why.startswith("none of ")


def test_the_pattern_is_spelled_as_it_is_emitted() -> None:
    globs = ForPaths(("src/**/*.{ts,tsx}",))
    assert one(CursorEmitter(), globs, "src/a.tsx").pattern == "src/**/*.tsx"
    assert one(ClaudeEmitter(), globs, "src/a.tsx").pattern == "src/**/*.{ts,tsx}"


def test_copilot_matches_at_any_depth_and_in_either_case() -> None:
    deep = one(CopilotEmitter(), ForPaths(("src/**",)), "web/src/a.ts")
    assert (deep.verdict, deep.why) == ("match", "VS Code matches `src/**` at any depth")
    case = one(CopilotEmitter(), ForPaths(("src/**",)), "SRC/a.ts")
    assert case.why == "VS Code matches `src/**` in either case"
    assert one(CopilotEmitter(), ForPaths(("src/**",)), "src/a.ts").why == "`src/**` matches"
    assert one(CopilotEmitter(), ForPaths(("src/**",)), "lib/a.ts").verdict == "no"


@pytest.mark.parametrize(
    "emitter",
    [
        AgentsEmitter(), AiderEmitter(), ClaudeEmitter(), ClineEmitter(), CopilotEmitter(), CursorEmitter(),
        WindsurfEmitter(),
    ],
    ids=lambda emitter: emitter.target.name,
)  # fmt: skip
def test_every_editor_has_an_answer_for_every_activation(emitter: Emitter) -> None:
    always = one(emitter, ALWAYS, "a/b.ts")
    assert (always.verdict, always.why) == ("always", "always on")
    assert always.file
    assert always.characters > 0
    assert one(emitter, ForPaths(("**/*.ts",)), "a/b.ts").verdict == (
        "always" if emitter.target.name in ("agents", "aider") else "match"
    )
    model = one(emitter, WhenRelevant("Errors in Go"), "a/b.ts")
    manual = one(emitter, ON_REQUEST, "a/b.ts")
    if emitter.target.name == "aider":
        assert model.verdict == "always"
        assert manual.verdict == "off"
        assert manual.losses[0].kind == "dropped"
    else:
        assert (model.verdict, model.characters) == ("model", 0)
        assert "Errors in Go" in model.why
        assert (manual.verdict, manual.characters) == ("manual", 0)
        assert manual.file
        assert model.file


def test_aider_says_where_a_rule_for_paths_went() -> None:
    answer = one(AiderEmitter(), ForPaths(("src/**/*.py",)), "web/x.ts")
    assert answer.verdict == "always"
    assert answer.why == "Aider has no globs: the rule is in CONVENTIONS.md under a heading that names them"
    assert answer.file == "CONVENTIONS.md"
    assert answer.losses[0].kind == "approximated"
    assert answer.text == "# Errors\n\nApplies to files matching: `src/**/*.py`\n\nReturn them.\n"
    assert "no model decide" in one(AiderEmitter(), WhenRelevant("x"), "a").why


def test_a_directorys_agents_md_holds_below_it() -> None:
    inside = one(AgentsEmitter(), ForPaths(("web/api/**",)), "web/api/x/y.ts")
    assert (inside.verdict, inside.file) == ("match", "web/api/AGENTS.md")
    assert inside.why == "`web/api/x/y.ts` is below `web/api/`"
    assert inside.pattern == "", "the directory holds, not the pattern"
    outside = one(AgentsEmitter(), ForPaths(("web/api/**",)), "web/apis/y.ts")
    assert (outside.verdict, outside.why) == ("no", "`web/apis/y.ts` is not below `web/api/`")


def test_rules_that_never_arrive_say_why() -> None:
    rules = [
        rule("a", targets=["-cursor"]), rule("b", targets=["claude", "aider"]), rule("c", when='lang("go")'), rule("d"),
    ]  # fmt: skip
    answers = real(CursorEmitter(), rules, "x", {"c": False})
    assert [(r.verdict, r.why) for r in answers] == [
        ("off", "targets exclude cursor"),
        ("off", "targets name only claude and aider"),
        ("off", 'condition `lang("go")` is false'),
        ("always", "always on"),
    ]
    assert [r.file for r in answers] == ["", "", "", ".cursor/rules/d.mdc"]
    assert real(CursorEmitter(), [rule("c", when='lang("go")')], "x", {"c": True})[0].verdict == "always"


# -- reach, with editors as strangers may write them


def stranger(dialect: Dialect | None = None, paths: Way | None = None) -> Target:
    way = Way(fidelity="native", words="itself")
    return Target(
        name="pad", title="Pad", docs="https://example.org", verified="2026-11-21", files=("*.pad",),
        ways={"always": way, "paths": paths or way, "model": way, "manual": way}, dialect=dialect or Dialect(),
    )  # fmt: skip


def answer(target: Target, one: Rule, path: str, emission: Emission, others: Sequence[Artefact] = ()) -> Reach:
    return Editor([one], target, path, active={}, emission=emission, others=others).reaches()[0]


def test_the_dialect_decides() -> None:
    scoped = rule(activation=ForPaths(("src/*.{ts,js}",)))
    file = Artefact(path="r.pad", text=f"---\nglobs: src/*.{{ts,js}}\n---\n\n{BODY}", rule_ids=("r",))
    emission = Emission(artefacts=(file,))
    assert answer(stranger(), scoped, "src/.a.ts", emission).verdict == "match"
    assert answer(stranger(Dialect(dot=False)), scoped, "src/.a.ts", emission).verdict == "no"
    assert answer(stranger(), scoped, "src/a.ts", emission).pattern == "src/*.{ts,js}"
    assert answer(stranger(Dialect(braces=False)), scoped, "src/a.js", emission).pattern == "src/*.js"
    assert answer(stranger(), scoped, "src/a.ts", emission).characters == len(BODY)


def test_a_rule_in_several_files_counts_them_all() -> None:
    parts = tuple(Artefact(path=f"{i}.pad", text=f"---\nt: x\n---\n\n{BODY}{i}\n", rule_ids=("r",)) for i in range(3))
    given = answer(stranger(), rule(), "x", Emission(artefacts=parts))
    assert (given.file, given.characters) == ("0.pad", 3 * len(BODY) + 6)
    assert given.largest == len(parts[0].text), "a limit is one file's, front matter and all"


def test_a_file_without_front_matter_cannot_keep_globs() -> None:
    scoped = rule(activation=ForPaths(("src/**",)))
    emission = Emission(artefacts=(Artefact(path="rules/r.pad", text="## For src\n\n" + BODY, rule_ids=("r",)),))
    way = Way(fidelity="approximated", words="always on")
    given = answer(stranger(paths=way), scoped, "lib/x", emission)
    assert (given.verdict, given.file) == ("always", "rules/r.pad")
    assert given.characters == len("## For src\n\n" + BODY)


def test_losses_of_other_rules_and_editors_stay_away() -> None:
    mine = Loss(rule_id="r", kind="approximated", reason="a")
    emission = Emission(
        artefacts=(Artefact(path="all.pad", text=BODY, ownership=Section("pad"), rule_ids=("r", "s")),),
        losses=(
            mine, Loss(rule_id="s", kind="dropped", reason="b"),
            Loss(rule_id="r", kind="dropped", reason="c", editor="other"),
        ),
    )  # fmt: skip
    given = answer(stranger(), rule(), "x", emission)
    assert given.losses == (mine,)
    assert given.characters == len(BODY)
    gone = answer(stranger(), rule("s"), "x", Emission(losses=emission.losses))
    assert (gone.verdict, gone.why) == ("off", "Pad: b")


# -- files of other editors


def project(
    rules: Sequence[Rule], emitters: Sequence[Emitter], asked: str, path: str = "src/a.ts", *, once: bool = False,
    enabled: Sequence[str] = (), root: str = "",
) -> Editor:  # fmt: skip
    """The editor `asked` in a project with all `emitters`; `once`: with `always = "agents"`."""
    ordered = RuleSet.of(rules)
    names = frozenset(enabled or [emitter.target.name for emitter in emitters])
    made = {
        emitter.target.name: emitter.emit(
            select(ordered, emitter.target.name, {}),
            Settings(options=dict(emitter.target.options), editors=names, always="agents" if once else "native"),
        )
        for emitter in emitters
    }
    others = [artefact for name, emission in made.items() if name != asked for artefact in emission.artefacts]
    target = next(emitter.target for emitter in emitters if emitter.target.name == asked)
    return Editor(ordered, target, path, active={}, emission=made[asked], others=others, root=root)


def test_a_rule_that_nobody_writes_is_off() -> None:
    given = answer(stranger(), rule(), "x", Emission())
    assert (given.verdict, given.why, given.file) == ("off", "Pad: no file that is written holds it", "")


def test_agents_md_for_others_only_holds_what_is_always_on() -> None:
    rules = [
        rule("a"), rule("b", ForPaths(("src/**",))), rule("c", WhenRelevant("d")), rule("d", ON_REQUEST),
    ]  # fmt: skip
    found = project(rules, [AgentsEmitter(), CursorEmitter()], "agents", once=True, enabled=["cursor"]).reaches()
    assert [(r.verdict, r.file) for r in found] == [("always", "AGENTS.md"), ("off", ""), ("off", ""), ("off", "")]


@pytest.mark.parametrize(
    ("emitter", "file"),
    [
        (CursorEmitter(), "AGENTS.md"), (WindsurfEmitter(), "AGENTS.md"), (CopilotEmitter(), "AGENTS.md"),
        (ClineEmitter(), "AGENTS.md"), (ClaudeEmitter(), "AGENTS.md"), (AiderEmitter(), "AGENTS.md"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.target.name,
)  # fmt: skip
def test_what_stands_once_in_agents_md_is_found_there(emitter: Emitter, file: str) -> None:
    name = emitter.target.name
    view = project([rule("a"), rule("b")], [AgentsEmitter(), emitter], name, once=True, enabled=[name])
    found = view.reaches()
    assert [(r.verdict, r.why, r.file) for r in found] == [("always", "always on", file)] * 2
    assert [r.text.strip() for r in found] == [BODY.strip()] * 2
    assert view.also_read(found) == ()


def test_a_skill_of_another_editor_is_named() -> None:
    model = rule(activation=WhenRelevant("Errors in Go"))
    emitters: list[Emitter] = [AgentsEmitter(), ClaudeEmitter(), ClineEmitter()]
    found = project([model], emitters, "cline").reaches()[0]
    assert (found.verdict, found.file, found.characters) == ("model", ".claude/skills/r/SKILL.md", 0)


def test_targets_do_not_keep_out_what_the_editor_reads_anyway() -> None:
    kept = rule("kept", targets=["-cursor"])
    below = rule("below", ForPaths(("web/**",)), targets=["agents"])
    listed = rule("listed", ForPaths(("**/*.ts",)), targets=["agents"])
    own = rule("own", targets=["claude"])
    emitters: list[Emitter] = [AgentsEmitter(), ClaudeEmitter(), CursorEmitter()]
    found = {r.rule_id: r for r in project([kept, below, listed, own], emitters, "cursor").reaches()}
    assert (found["kept"].verdict, found["kept"].file) == ("always", "AGENTS.md")
    assert found["kept"].why == "targets exclude cursor, but it is in AGENTS.md, which Cursor reads"
    assert found["listed"].verdict == "always" and found["listed"].characters > len(BODY)
    assert (found["below"].verdict, found["below"].file) == ("no", "web/AGENTS.md")
    assert (found["own"].verdict, found["own"].why) == ("off", "targets name only claude")


def test_what_is_read_twice_is_counted() -> None:
    rules = [rule("a"), rule("b", ForPaths(("src/**",))), rule("c", ForPaths(("web/**",))), rule("d", ON_REQUEST)]
    view = project(rules, [AgentsEmitter(), CursorEmitter()], "cursor")
    found = view.reaches()
    assert [r.file for r in found] == [f".cursor/rules/{name}.mdc" for name in "abcd"]
    section = "# Errors\n\nReturn them.\n"
    assert view.also_read(found) == (
        AlsoRead(path="AGENTS.md", rules=1, characters=len(section)),
        AlsoRead(path="src/AGENTS.md", rules=1, characters=len(section)),
    )
    many = project([rule("a"), rule("b")], [ClaudeEmitter(), CopilotEmitter()], "copilot")
    assert many.also_read(many.reaches()) == (
        AlsoRead(path=".claude/rules/**/*.md", rules=2, characters=2 * len(BODY)),
    )


def test_a_path_is_matched_whole_where_the_editor_does_so() -> None:
    scoped = [rule(activation=ForPaths(("src/**",)))]

    def at(root: str, path: str = "lib/x.py") -> Reach:
        return project(scoped, [CopilotEmitter()], "copilot", path, root=root).reaches()[0]

    assert at("/home/me/src/shop").verdict == "match"
    assert at("/home/me/src/shop").why == "VS Code matches whole paths, and the project lies below `src/`"
    assert at("/home/me/Src/shop").why.endswith("below `Src/`")
    assert at("/home/me/code/shop").verdict == "no"
    assert at("/home/me/src/shop", "src/x.py").why == "`src/**` matches"
    assert project(scoped, [CursorEmitter()], "cursor", "lib/x", root="/src").reaches()[0].verdict == "no"


def test_a_bare_star_is_every_file_to_vs_code() -> None:
    for path in ("README.md", "a/b/c.py"):
        given = one(CopilotEmitter(), ForPaths(("*",)), path)
        assert (given.verdict, given.why) == ("always", "VS Code takes a bare `*` for every file")
    assert one(CursorEmitter(), ForPaths(("*",)), "a/b.py").verdict == "no"


def test_the_rules_share_a_file_without_a_rest() -> None:
    rules = [
        Rule(id="a", body="# Tests\n\nOne fact each.\n\n# Errors\n\nNot here.\n", description="Tests, first"),
        Rule(id="b", body=BODY), Rule(id="c", body="No heading.\r\nTwo lines.\r\n"),
        Rule(id="d", body="# Last  #\nText.\n"),
    ]  # fmt: skip
    view = project(rules, [AiderEmitter()], "aider")
    parts = [r.text for r in view.reaches()]
    whole = AiderEmitter().emit(rules, Settings()).artefacts[0].text
    assert "".join(parts) == whole
    assert [part.splitlines()[0] for part in parts] == ["## Tests, first", "# Errors", "## C", "# Last  #"]
    assert "Not here." in parts[0] and "Two lines." in parts[2]


def test_steps_that_were_left_out_cost_nothing() -> None:
    example = "```\n" + "x" * 30_000 + "\n```\n"
    rules = [
        Rule(id="a", body=f"# A\n\nKeep this.\n\n{example}"), Rule(id="b", body=f"# B\n\nAnd this.\n\n{example}"),
    ]  # fmt: skip
    found = project(rules, [AgentsEmitter()], "agents").reaches()
    assert [r.characters > 30_000 for r in found] == [True, False]
    assert found[1].text.startswith("# B\n\nAnd this.") and "xxx" not in found[1].text


def test_a_split_rule_is_within_the_limit() -> None:
    long = Rule(id="r", body="".join(f"# Part {i}\n\n{'word ' * 1000}\n\n" for i in range(6)))
    given = project([long], [WindsurfEmitter()], "windsurf").reaches()[0]
    assert given.characters > 29_000
    assert 5_000 < given.largest <= 12_000
