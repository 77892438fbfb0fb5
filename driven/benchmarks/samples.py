"""The data of the benchmarks: the same rules, paths and projects at every run and on every machine."""

from __future__ import annotations

import os
import random

from driven.model.activation import ForPaths
from driven.model.rule import Rule, RuleSet

EDITORS = ("cursor", "copilot", "windsurf", "claude", "aider", "cline")
AREAS = {
    "python-style": "src/**/*.py", "http-api": "src/api/**/*.py", "tests": "tests/**/*.py", "typescript": "web/**/*.ts",
    "components": "web/**/*.tsx", "migrations": "db/migrations/*.sql", "containers": "**/Dockerfile",
    "workflows": "**/*.yml", "prose": "docs/**/*.md", "security": "src/auth/**/*.py", "logging": "src/**/*.py",
    "speed": "src/core/**/*.py",
}  # fmt: skip
LONG_BODY = 3_150  # code points after which no further chapter is begun: about 3.3 KB of Markdown
_WORDS = (  # noqa: SIM905 - as text: it is read as text
    "always never prefer avoid keep small functions with type hints and explicit errors return early check inputs at "
    "the boundary log structured events with request identifiers do not catch exceptions you cannot handle write tests "
    "first name them by behaviour pin versions document public interfaces run the linter before every commit cache "
    "results measure before optimising retry with backoff close files release locks hold invariants in one place"
).split()  # fmt: skip


def short_rules(count: int) -> RuleSet:
    """`count` rules with a body of about 250 bytes, one in ten not ASCII, and the front matter that teams give them."""
    return RuleSet.of(
        Rule(
            id=f"area-{i % 17}/rule-{i}",
            description=f"What holds in area {i % 17}",
            activation=ForPaths((f"src/area{i % 17}/**/*.py", f"tests/area{i % 17}/**/*.py")),
            category="style",
            priority=50,
            tags=("team", f"area-{i % 17}"),
            body=f"# Rule {i} of area {i % 17}\n\nWrite small functions with type hints; return early"
            f"{' – naïve façades too' if i % 10 == 0 else ''}.\n\n"
            f"- Validate inputs at the boundary of module {i}.\n- Log structured events with the request id.\n"
            f"- Never catch broad exceptions in handler {i * 7}.\n- Name the rule in the message.\n",
        )
        for i in range(count)
    )


def long_rules(count: int) -> RuleSet:
    """`count` rules as teams write them: chapters, prose, lists and code, about 3.3 KB of Markdown each."""
    pick = random.Random(11)
    names = list(AREAS)
    made = []
    for i in range(count):
        area = names[i % len(names)]
        rule_id = area if i < len(names) else f"{area}-{i // len(names)}"
        title = area.replace("-", " ").capitalize()
        made.append(
            Rule(id=rule_id, description=f"{title} rules", activation=ForPaths((AREAS[area],)), body=_body(pick, title))
        )
    return RuleSet.of(made)


def _body(pick: random.Random, title: str) -> str:
    def words(count: int) -> str:
        return " ".join(pick.choices(_WORDS, k=count))

    text = f"# {title}\n\n"
    while len(text) < LONG_BODY:
        items = "".join(f"- {words(11).capitalize()}.\n" for _ in range(5))
        code = f"```python\ndef {words(1)}_{words(1)}(x: int) -> int:\n    return x + 1\n```\n"
        text += f"## {words(3).title()}\n\n{words(28).capitalize()}.\n\n{items}\n{code}\n"
    return text


def front_matter(rule: Rule) -> str:
    """What stands between the two `---` lines of the rule's file: the keys that teams use, in block style."""
    globs = rule.activation.globs if isinstance(rule.activation, ForPaths) else ()
    lines = [f"description: {rule.description}", "paths:", *(f'  - "{glob}"' for glob in globs)]
    return "\n".join([*lines, "category: style", "priority: 50", "tags: [team, reviewed]", ""])


def write_project(root: str, rules: RuleSet) -> None:
    """A project of `rules` with all six editors, not synced yet, in the new folder `root`."""
    folder = os.path.join(root, ".driven", "rules")
    os.makedirs(folder)
    with open(os.path.join(root, ".driven", "config.toml"), "w", encoding="utf-8") as file:
        file.write("version = 1\n[editors]\n" + "".join(f"{editor} = true\n" for editor in EDITORS))
    for rule in rules:
        write_rule(root, rule)


def write_rule(root: str, rule: Rule, more: str = "") -> None:
    """The file of `rule` in the project `root`, with `more` at its end."""
    path = os.path.join(root, ".driven", "rules", f"{rule.id}.md")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(f"---\n{front_matter(rule)}---\n\n{rule.body}{more}")


def write_tree(root: str, count: int) -> None:
    """`count` empty files in folders of a hundred below `root`, where the globs of the rules look."""
    places = ("src", "src/api", "tests", "web", "docs")
    for number in range(count):
        if number % 100 == 0:
            folder = os.path.join(root, *places[number // 100 % len(places)].split("/"), f"part{number // 100}")
            os.makedirs(folder)
        os.close(os.open(os.path.join(folder, f"file{number}.py"), os.O_WRONLY | os.O_CREAT))


def paths(count: int) -> list[str]:
    """`count` paths of files, one to six folders deep."""
    pick = random.Random(1)
    folders = ("src", "lib", "web", "api", "test", "docs", "pkg", "node", "components", "hooks")
    endings = ("py", "ts", "tsx", "tf", "md", "js")
    return [
        "/".join([*pick.choices(folders, k=pick.randint(1, 6)), f"file{i}.{pick.choice(endings)}"])
        for i in range(count)
    ]


# A rule file as one finds them: 1 KB, every kind of step.
RULE_FILE = """\
---
description: HTTP handlers and routing conventions of the API
apply: paths
paths:
  - "src/api/**/*.ts"
  - "src/routes/**/*.ts"
priority: 20
tags: [api, http]
---

# HTTP handlers

Handlers are thin. They translate between HTTP and the domain and hold no logic of their own.

## Rules

- Validate every input with the schema next to the route before anything else happens.
- Return problem documents (`application/problem+json`) for every error.
- Never log request bodies or tokens; log the request id only.
- Don't import the database from a handler.

## Steps

1. Write the schema.
2. Write the handler and its test.
3. Register the route in `src/routes/index.ts`.

```ts
export const get = route(schema, async (input) => {
  return ok(await service.get(input.id));
});
```

See @docs/http.md
"""
