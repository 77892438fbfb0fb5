"""Sound rules, made by a seed: what teams write, in every activation, with code, links and tables, and no mistake."""

from __future__ import annotations

import random
from pathlib import Path

AREAS = {
    "api": ("src/api/**/*.ts", "TypeScript", "HTTP handlers and their errors"),
    "web": ("web/**/*.{ts,tsx}", "TypeScript", "Components of the web client"),
    "python": ("services/**/*.py", "Python", "Services in Python"),
    "sql": ("db/migrations/*.sql", "SQL", "Migrations of the database"),
    "tests": ("tests/**/test_*.py", "Python", "How tests are written"),
    "docs": ("docs/**/*.md", "Markdown", "Pages for users"),
    "ci": (".github/workflows/*.yml", "YAML", "Workflows of the CI"),
    "infra": ("infra/**/*.tf", "Terraform", "Modules of the infrastructure"),
    "styles": ("web/**/*.css", "CSS", "Style sheets"),
    "cli": ("cmd/**/*.go", "Go", "Commands of the tool"),
}
FILES = (
    "src/api/orders.ts", "web/app/page.tsx", "web/app/list.ts", "services/mail/send.py", "db/migrations/001.sql",
    "tests/unit/test_mail.py", "docs/guide.md", ".github/workflows/ci.yml", "infra/net/main.tf", "web/app/page.css",
    "cmd/tool/main.go", "README.md",
)  # fmt: skip
DO = (
    "Validate what comes in with a schema before it reaches {thing}.",
    "Name {thing} after what they return, not after how they work.",
    "Keep {thing} below forty lines; split what grows.",
    "Return early, so that the main path of {thing} is not indented.",
    "Log the id of the request with each error of {thing}.",
    "Write the test of {thing} before the change that it is for.",
    "Pass the clock and the random source to {thing} as arguments.",
    "Close what {thing} open, also when they fail.",
    "Say in the first line of {thing} what they are for.",
    "Measure {thing} before and after a change that shall make them faster.",
)
THINGS = (
    "handlers", "queries", "components", "migrations", "modules", "commands", "workers", "parsers", "pages", "helpers",
    "clients", "caches", "queues", "forms", "reports", "jobs", "views", "filters", "hooks of the build", "endpoints",
)  # fmt: skip
NEVER = (
    "Never log a token or a password of a customer.", "Do not catch errors that you cannot handle.",
    "Avoid global state; it makes tests depend on their order.", "Do not edit a migration that was released.",
)  # fmt: skip
CODE = {
    "TypeScript": "export const parse = (body: unknown) => schema.parse(body);",
    "Python": "def send(mail: Mail) -> None:\n    queue.put(mail)",
    "SQL": "ALTER TABLE orders ADD COLUMN paid_at timestamptz;",
    "Markdown": "# Title\n\nOne sentence.",
    "YAML": "permissions:\n  contents: read",
    "Terraform": 'resource "null_resource" "x" {}',
    "CSS": ".list { display: grid; }",
    "Go": "if err != nil {\n\treturn fmt.Errorf(\"open: %w\", err)\n}",
}  # fmt: skip


def sound_rules(count: int, seed: int) -> dict[str, str]:
    """Path below `.driven/rules` -> text, of `count` rules that have nothing in common but their makers."""
    random_ = random.Random(seed)
    made: dict[str, str] = {}
    for number in range(count):
        area = random_.choice(list(AREAS))
        glob, language, title = AREAS[area]
        thing = THINGS[number % len(THINGS)]
        way = ("paths", "paths", "always", "model")[number % 4]
        front = [f"description: {title}, {thing} {number}"]
        if way == "paths":
            front += ["paths:", f'  - "{glob}"']
        elif way == "model":
            front.append("apply: model")
        body = [f"# {title}: {thing} {number}", ""]
        chosen = random_.sample(DO, 4)
        body += [f"- {line.format(thing=f'{thing} {number}')}" for line in chosen]
        if number % 3 == 0:
            body += ["", "## Example", "", f"```{language.lower()}", CODE[language], "```"]
        if number % 5 == 0:
            body += ["", NEVER[number // 5 % len(NEVER)].replace(".", f", in {thing} {number}.", 1)]
        if number % 7 == 0:
            body += ["", "The [guide](https://example.com/guide) says more, and so does `README.md`."]
        if number % 11 == 0:
            body += ["", f"| {thing} | limit |", "|---|---|", f"| number {number} | {number + 10} |"]
        made[f"{area}/{thing.split()[0]}-{number}.md"] = "\n".join(["---", *front, "---", "", *body, ""])
    return made


def write_project(root: Path, rules: dict[str, str]) -> None:
    """A project with these rules, for all editors, and the files that they are for."""
    for path in FILES:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x\n")
    for path, text in rules.items():
        full = root / ".driven" / "rules" / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
    editors = "".join(f"{name} = true\n" for name in ("cursor", "copilot", "windsurf", "claude", "aider", "cline"))
    (root / ".driven" / "config.toml").write_text(f"version = 1\n[editors]\n{editors}")
