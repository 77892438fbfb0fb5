"""Hypothesis strategies for rules: everything that the model allows, the odd before the usual."""

from __future__ import annotations

from hypothesis import strategies as st

from driven.model.activation import ALWAYS, ON_REQUEST, Activation, ForPaths, WhenRelevant
from driven.model.rule import CATEGORIES, KINDS, Rule, RuleSet, Source, Value
from driven.span import Span

ids = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,12}(/[a-z0-9-]{1,8}){0,2}\Z")

characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
text = st.text(characters, max_size=200)
# One line as a rule file can give it: no control characters, no blanks around it.
lines = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60).map(
    lambda line: line.strip(" ")
)

_blocks = st.one_of(
    st.builds("{} {}".format, st.sampled_from(["#", "##", "######"]), lines),
    st.builds("- {}".format, lines),
    st.builds("- Never {}".format, lines),
    st.builds("1. {}".format, lines),
    st.builds("```python\n{}\n```".format, text),
    st.builds("See @src/{}.py".format, st.from_regex(r"\A[a-z]{1,8}\Z")),
    st.sampled_from(["", "---", "```", "<!-- a -->", "    code", "[a](b.md)", "Setext\n======", "\ufeff", "\tx"]),
    lines,
    text,
)
bodies = st.one_of(
    st.builds(
        lambda blocks, newline, end: newline.join(blocks) + end,
        st.lists(_blocks, max_size=12),
        st.sampled_from(["\n", "\n\n", "\r\n", "\r"]),
        st.sampled_from(["", "\n", "\n\n"]),
    ),
    text,
)

globs = st.sampled_from([
    "src/**", "**/*.py", "*.ts", "src/api/**/*.{ts,tsx}", "docs/*.md", "[ab].txt", "a b/c.py", "über/*.md",
    "**/Dockerfile", ".github/**",
])  # fmt: skip
activations: st.SearchStrategy[Activation] = st.one_of(
    st.just(ALWAYS),
    st.lists(globs, min_size=1, max_size=4).map(lambda found: ForPaths(tuple(found))),
    lines.filter(bool).map(WhenRelevant),
    st.just(ON_REQUEST),
)
targets = st.lists(
    st.sampled_from(["cursor", "copilot", "windsurf", "claude", "aider", "cline", "-cursor", "!cline", "my-editor"]),
    max_size=3,
    unique=True,
).map(tuple)
conditions = st.sampled_from(["", 'lang("python")', 'files("**/*.tf") > 0', 'not lang("go") and files("*.md") >= 2'])
values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        text,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=6,
)
extras = st.dictionaries(
    st.sampled_from(["cursor", "copilot", "my-editor"]),
    st.dictionaries(st.one_of(st.sampled_from(["$path", "$front", "globs"]), lines), values, max_size=3),
    max_size=2,
)
sources = st.builds(
    Source,
    front=st.one_of(st.just(""), text.map(lambda inner: f"---\n{inner}\n---\n\n")),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    bom=st.booleans(),
)
spans = st.builds(
    Span, path=st.one_of(st.just(""), ids.map(".driven/rules/{}.md".format)), line=st.integers(1, 2**32 - 1)
)

rules = st.builds(
    Rule,
    id=ids,
    body=bodies,
    activation=activations,
    description=lines,
    kind=st.sampled_from(KINDS),
    category=st.sampled_from(CATEGORIES),
    priority=st.integers(0, 255),
    targets=targets,
    tags=st.lists(lines.filter(bool), max_size=3).map(tuple),
    when=conditions,
    extra=extras,
    source=sources,
    span=spans,
)
rule_sets = st.lists(rules, max_size=6, unique_by=lambda rule: rule.id).map(RuleSet.of)
