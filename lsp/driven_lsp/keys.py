"""The keys of rules, of `config.toml` and of the editors' own front matter: what each takes and means.

Data, longer than 350 lines because the facts of all editors stand in one table.

Facts about editors were looked up on 2026-11-21 where `url` says; driven's own keys are held against the code by
tests/lsp/test_completion.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from driven.frozen import field, frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Form = Literal[
        "text", "choice", "bool", "number", "globs", "comma globs", "editors", "tags", "condition", "map", "codes",
        "path", "files", "list",
    ]  # fmt: skip

VERIFIED = "2026-11-21"

CURSOR = "https://cursor.com/docs/rules"
COPILOT = "https://docs.github.com/en/copilot/how-tos/configure-custom-instructions/add-repository-instructions"
VSCODE = "https://code.visualstudio.com/docs/copilot/customization/custom-instructions"
PROMPTS = "https://code.visualstudio.com/docs/copilot/customization/prompt-files"
AGENTS = "https://docs.github.com/en/copilot/reference/custom-agents-configuration"
WINDSURF = "https://docs.devin.ai/desktop/cascade/memories"
CLAUDE = "https://code.claude.com/docs/en/memory#path-specific-rules"
CLAUDE_AGENTS = "https://code.claude.com/docs/en/sub-agents"
CLAUDE_SKILLS = "https://code.claude.com/docs/en/skills"
SKILLS = "https://agentskills.io/specification"
CLINE = "https://docs.cline.bot/features/cline-rules/conditional-rules"
AIDER = "https://aider.chat/docs/config/aider_conf.html"
KIRO = "https://kiro.dev/docs/steering/"
CONTINUE = "https://github.com/continuedev/continue/blob/main/packages/config-yaml/src/markdown/markdownToRule.ts"
ANTIGRAVITY = "https://antigravity.google/docs/rules-workflows"
AUGMENT = "https://docs.augmentcode.com/cli/rules"
KILO = "https://kilo.ai/docs/customize/custom-rules"
QWEN = ""  # no page of the vendor says it: looked up in its source
JETBRAINS = ""  # its pages leave out the keys: these are what the IDE writes
TRAE = "https://docs.trae.ai"


@frozen
class KeyDoc:
    """One key.

    takes    what may stand behind it, in words
    doc      one sentence or two
    form     the same for a program: what to propose
    values   the values that it may have, each with what it means; empty where any may
    default  what holds without the key, "" for nothing
    url      where the editor's vendor says so, looked up on `verified`; "" for driven's own and where no page says it
    """

    name: str
    takes: str
    doc: str
    form: Form = "text"
    values: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    url: str = ""
    verified: str = ""


def _table(url: str, *keys: KeyDoc) -> dict[str, KeyDoc]:
    from driven.frozen import replace

    if not url:
        return {key.name: key for key in keys}
    return {key.name: replace(key, url=key.url or url, verified=VERIFIED) for key in keys}


_BOOL = {"true": "yes", "false": "no"}
_ON_OFF = {"true": "write this editor's files", "false": "leave it alone; its files go with the next sync"}
_CATEGORIES = {
    "style": "how code looks", "naming": "what things are called", "architecture": "what may depend on what",
    "errors": "how failures are handled", "testing": "what is tested, and how", "documentation": "what is written down",
    "security": "what must not happen", "performance": "what must be quick",
    "accessibility": "who must be able to use it",
    "custom": "anything else",
}  # fmt: skip

RULE_KEYS = _table(
    "",
    KeyDoc(
        name="description", takes="one line of text", default="the first heading",
        doc="What the rule is about: shown in lists, and what a model reads to decide whether it needs the rule.",
    ),
    KeyDoc(
        name="apply", takes="`always`, `paths`, `model` or `manual`", form="choice",
        default="`paths` where `paths` is given, else `always`", doc="When the rule holds.",
        values={
            "always": "in every conversation",
            "paths": "when a file that one of `paths` matches is in play",
            "model": "when the model decides so from the description",
            "manual": "only when a person asks for it by name",
        },
    ),
    KeyDoc(
        name="paths", takes="a list of globs", form="globs",
        doc="The files that the rule is for: POSIX, relative to the project's root, with `**` and braces."
        " `**` or `**/*` means every file, which is a rule that is always on.",
    ),
    KeyDoc(
        name="kind", takes="`standard`, `persona`, `context` or `workflow`", form="choice", default="`standard`",
        doc="What sort of text the rule is.",
        values={
            "standard": "what to do and what not to do",
            "persona": "who the assistant is to be",
            "context": "facts about the project",
            "workflow": "steps to follow for one task",
        },
    ),
    KeyDoc(
        name="category", takes="one word", form="choice", default="`custom`",
        doc="What the rule is about, to group by.",
        values=_CATEGORIES,
    ),
    KeyDoc(
        name="priority", takes="a number from 0 to 255", form="number", default="100",
        doc="The order of rules: 0 comes first; the highest numbers leave first where an editor has a size limit.",
        values={
            "0": "before everything else", "50": "before what says nothing", "100": "as without the key",
            "200": "among the last, and the first to be left out",
        },
    ),
    KeyDoc(
        name="targets", takes="a list of editors, `-name` to leave one out", form="editors",
        default="every enabled editor",
        doc="The editors that get the rule.",
    ),
    KeyDoc(name="tags", takes="a list of texts", form="tags", doc="Words of your own to find and group rules by."),
    KeyDoc(
        name="when", takes="a condition", form="condition",
        doc='A rule whose condition is false is not written: `lang("python") and files("**/*.tf") > 0`.',
    ),
    KeyDoc(
        name="extra", takes="a map of editors, each with its keys", form="map",
        doc="Keys that only one editor knows; they are written into its files as they are.",
    ),
)  # fmt: skip

# What `extra.<editor>` may hold that a rule cannot say in its own keys.
EXTRA_KEYS: dict[str, dict[str, KeyDoc]] = {
    "copilot": _table(
        COPILOT,
        KeyDoc(
            name="excludeAgent", takes="`code-review` or `cloud-agent`", form="choice",
            doc="The part of Copilot that does not read the instructions.",
            values={"code-review": "reviews of pull requests", "cloud-agent": "the agent on github.com"},
        ),
        KeyDoc(name="name", takes="text", doc="The name that VS Code shows; else the file's.", url=VSCODE),
    ),
}  # fmt: skip
EXTRA_OURS = _table(
    "",
    KeyDoc(
        name="$path", takes="a path", form="path",
        doc="The file that the rule was imported from: it keeps its place and name in this editor.",
    ),
)  # fmt: skip

# By the dotted name of the table that they stand in; `*` is any name.
CONFIG_KEYS: dict[str, dict[str, KeyDoc]] = {
    "": _table(
        "",
        KeyDoc(
            name="version", takes="1", form="number", default="1", doc="The version of this file's form.",
            values={"1": "the one that there is"},
        ),
        KeyDoc(
            name="editors", takes="a table", form="map",
            doc="The editors whose files driven writes: `cursor = true`, or a table of its options.",
        ),
        KeyDoc(name="sync", takes="a table", form="map", doc="How rules and the editors' files are kept in step."),
        KeyDoc(name="validate", takes="a table", form="map", doc="Which findings are told."),
    ),
    "sync": _table(
        "",
        KeyDoc(
            name="mode", takes='`"two-way"` or `"one-way"`', form="choice", default='`"two-way"`',
            doc="What becomes of hand edits of the files that driven wrote.",
            values={
                "two-way": "they are merged back into the rules", "one-way": "they are conflicts and never flow back",
            },
        ),
        KeyDoc(
            name="always", takes='`"native"` or `"agents"`', form="choice", default='`"native"`',
            doc="Where rules that are always on are written.",
            values={
                "native": "in each editor's own files",
                "agents": "once, in AGENTS.md, and not again for an editor that reads it",
            },
        ),
        KeyDoc(
            name="debounce_ms", takes="milliseconds, 0 to 60000", form="number", default="75",
            doc="How long `driven sync --watch` waits for more changes before it writes.",
            values={"75": "as without the key"},
        ),
        KeyDoc(
            name="header", takes="`true` or `false`", form="bool", default="`false`", values=_BOOL,
            doc="Whether a comment below the front matter of whole files says that driven wrote them.",
        ),
        KeyDoc(
            name="snapshots", takes="a number, 1 to 10000", form="number", default="100",
            doc="How many snapshots are kept for `driven undo`.", values={"100": "as without the key"},
        ),
        KeyDoc(
            name="snapshot_days", takes="days, 1 to 36500", form="number", default="30",
            doc="How long snapshots are kept.", values={"30": "as without the key"},
        ),
    ),
    "validate": _table(
        "",
        KeyDoc(
            name="select", takes="a list of codes", form="codes", default="all",
            doc="Tell these findings and no others: `CUR14`, or `CUR` for all that begin so.",
        ),
        KeyDoc(
            name="ignore", takes="a list of codes", form="codes",
            doc="Do not tell these findings: `CUR14`, or `CUR` for all that begin so.",
        ),
        KeyDoc(
            name="per_path_ignores", takes="a table: glob = list of codes", form="map",
            doc='Do not tell these findings in some files: `"docs/**" = ["GEN05"]`.',
        ),
        KeyDoc(
            name="baseline", takes="the path of a file", form="path",
            doc="A file of known findings, made by `driven validate --update-baseline`: only new ones are told.",
        ),
        KeyDoc(
            name="strict", takes="`true` or `false`", form="bool", default="`false`", values=_BOOL,
            doc="Whether warnings make `driven validate` end with code 1, as errors do.",
        ),
    ),
    "editors": {},  # by `editor_key`: whatever plugins offer
}  # fmt: skip

_CURSOR = (
    KeyDoc(
        name="description", takes="one line of text",
        doc="The model reads it to decide whether it needs the rule, where there are no globs and it is not always on.",
    ),
    KeyDoc(
        name="globs", takes="globs joined by commas, without spaces and quotes", form="comma globs",
        doc="The rule is attached when a file that one of them matches is in the context.",
    ),
    KeyDoc(
        name="alwaysApply", takes="bare `true` or `false`", form="bool", default="`false`",
        doc="Whether the rule is in every conversation; a value in quotes does nothing.",
        values={
            "true": "always; globs and description are ignored", "false": "by globs, else by description, else by name",
        },
    ),
)  # fmt: skip
_TRIGGER = (
    KeyDoc(
        name="trigger", takes="one word", form="choice", doc="When the rule is given to the model; always write it.",
        values={
            "always_on": "in every conversation",
            "model_decision": "when the model decides so from `description`",
            "glob": "when a file that `globs` matches is in play",
            "manual": "only when a person names it",
        },
    ),
    KeyDoc(
        name="globs", takes="globs joined by commas, without quotes", form="comma globs",
        doc="The files of a rule with `trigger: glob`.",
    ),
    KeyDoc(
        name="description", takes="one line of text", doc="What a rule with `trigger: model_decision` is chosen by.",
    ),
)  # fmt: skip
_DESCRIPTION = KeyDoc(name="description", takes="one line of text", doc="What the file is for, in a line.")
_NAME = KeyDoc(name="name", takes="one word", doc="What it is called; without it, as the file.")
_MODEL = KeyDoc(name="model", takes="the name of a model", doc="The model that is used.")
_TOOLS = KeyDoc(
    name="tools", takes="a list of tools", form="list", doc="The tools that it may use; all without the key."
)
_PATHS = KeyDoc(
    name="paths", takes="a list of globs, each in double quotes", form="globs",
    doc="The rule is read when a file that one of them matches is; without the key it is always on.",
)  # fmt: skip
_HINT = KeyDoc(name="argument-hint", takes="text", doc="What is shown behind the name while it is typed.")
_SKILL = (
    KeyDoc(
        name="name", takes="lower-case letters, digits and hyphens, at most 64",
        doc="What the skill is called: the name of its folder.",
    ),
    KeyDoc(
        name="description", takes="at most 1,024 characters",
        doc="What the skill does and when to use it: the model chooses it by this.",
    ),
    KeyDoc(name="license", takes="text", doc="The licence, or the file that holds it."),
    KeyDoc(name="compatibility", takes="at most 500 characters", doc="What the skill needs to run."),
    KeyDoc(name="metadata", takes="a map of texts", form="map", doc="Whatever else a tool wants to keep."),
    KeyDoc(
        name="allowed-tools", takes="tools, separated by spaces", doc="The tools that run without being asked about.",
    ),
    KeyDoc(
        name="disable-model-invocation", takes="`true` or `false`", form="bool", default="`false`", values=_BOOL,
        doc="Whether only a person can start the skill.", url=CLAUDE_SKILLS,
    ),
    KeyDoc(
        name="user-invocable", takes="`true` or `false`", form="bool", default="`true`", values=_BOOL,
        doc="Whether a person can start the skill by its name.", url=CLAUDE_SKILLS,
    ),
    KeyDoc(
        name="argument-hint", takes="text", doc="What is shown behind the name while it is typed.", url=CLAUDE_SKILLS,
    ),
    KeyDoc(
        name="paths", takes="globs", form="globs", doc="The files that the skill is offered for.", url=CLAUDE_SKILLS,
    ),
)  # fmt: skip

EDITOR_KEYS: dict[str, dict[str, KeyDoc]] = {
    "cursor/rule": _table(CURSOR, *_CURSOR),
    "cursor/agent": _table(
        CURSOR, _NAME, _DESCRIPTION, _MODEL,
        KeyDoc(
            name="readonly", takes="`true` or `false`", form="bool", values=_BOOL, doc="Whether it may change files.",
        ),
        KeyDoc(
            name="is_background", takes="`true` or `false`", form="bool", values=_BOOL,
            doc="Whether it works while you go on.",
        ),
    ),
    "copilot/instructions": _table(
        COPILOT,
        KeyDoc(
            name="applyTo", takes="one text in double quotes: globs joined by commas", form="comma globs",
            doc="The instructions hold for the files that one of the globs matches, `**` for all. VS Code drops lists.",
        ),
        KeyDoc(
            name="description", takes="one line of text", url=VSCODE,
            doc="Shown by VS Code, and what its model chooses the file by where there is no `applyTo`.",
        ),
        *EXTRA_KEYS["copilot"].values(),
    ),
    "copilot/prompt": _table(
        PROMPTS, _DESCRIPTION, _NAME, _HINT, _MODEL, _TOOLS,
        KeyDoc(
            name="agent", takes="`ask`, `agent`, `plan` or a custom agent's name", doc="What runs the prompt.",
            values={"ask": "answers questions", "agent": "edits files", "plan": "plans first"},
        ),
    ),
    "copilot/agent": _table(
        AGENTS, _NAME, _DESCRIPTION, _TOOLS, _MODEL,
        KeyDoc(
            name="target", takes="`vscode` or `github-copilot`", form="choice", doc="Where the agent is offered.",
            values={"vscode": "in VS Code", "github-copilot": "on github.com"}, default="both",
        ),
        KeyDoc(
            name="disable-model-invocation", takes="`true` or `false`", form="bool", values=_BOOL, default="`false`",
            doc="Whether only a person can choose the agent.",
        ),
        KeyDoc(
            name="user-invocable", takes="`true` or `false`", form="bool", values=_BOOL, default="`true`",
            doc="Whether a person can choose the agent.",
        ),
        KeyDoc(name="mcp-servers", takes="a map of servers", form="map", doc="Servers that this agent alone has."),
        KeyDoc(name="metadata", takes="a map", form="map", doc="Notes of your own."),
        KeyDoc(
            name="handoffs", takes="a list", form="list", doc="Agents that VS Code offers to go on with.", url=VSCODE,
        ),
        KeyDoc(name="argument-hint", takes="text", doc="What VS Code shows in the empty field.", url=VSCODE),
    ),
    "copilot/chatmode": _table(VSCODE, _DESCRIPTION, _TOOLS, _MODEL),
    "windsurf/rule": _table(WINDSURF, *_TRIGGER),
    "windsurf/workflow": _table(WINDSURF, _DESCRIPTION),
    "claude/rule": _table(CLAUDE, _PATHS),
    "claude/agent": _table(
        CLAUDE_AGENTS,
        KeyDoc(name="name", takes="one word without `:`", doc="What the agent is called."),
        KeyDoc(name="description", takes="one line of text", doc="When Claude should hand work to the agent."),
        _TOOLS,
        KeyDoc(name="disallowedTools", takes="a list of tools", form="list", doc="The tools that it may not use."),
        _MODEL,
        KeyDoc(
            name="permissionMode", takes="one word", form="choice", doc="How the agent asks before it acts.",
            values={
                "default": "asks as usual", "acceptEdits": "edits without asking", "auto": "decides by itself",
                "dontAsk": "refuses what it would have to ask for", "bypassPermissions": "never asks",
                "plan": "reads only", "manual": "asks for everything",
            },
        ),
        KeyDoc(name="maxTurns", takes="a number", form="number", doc="How many steps it may take."),
        KeyDoc(name="skills", takes="a list of skills", form="list", doc="Skills that are loaded from the start."),
        KeyDoc(
            name="memory", takes="`user`, `project` or `local`", form="choice", doc="Where it keeps notes of its own.",
            values={"user": "for all projects", "project": "in this one", "local": "in this one, not shared"},
        ),
        KeyDoc(
            name="background", takes="`true` or `false`", form="bool", values=_BOOL, doc="Whether it works beside you.",
        ),
        KeyDoc(
            name="isolation", takes="`worktree`", form="choice", values={"worktree": "a worktree of its own"},
            doc="Where it works.",
        ),
        KeyDoc(name="color", takes="a colour", doc="How it is shown."),
    ),
    "claude/command": _table(
        CLAUDE_SKILLS, _DESCRIPTION, _HINT, _MODEL,
        KeyDoc(name="allowed-tools", takes="tools", form="list", doc="The tools that run without being asked about."),
        KeyDoc(
            name="disable-model-invocation", takes="`true` or `false`", form="bool", values=_BOOL, default="`false`",
            doc="Whether only a person can start the command.",
        ),
    ),
    "skill/skill": _table(SKILLS, *_SKILL),
    "cline/rule": _table(
        CLINE,
        KeyDoc(
            name="paths", takes="a list of globs", form="globs",
            doc="The rule holds when a file that one of them matches is in play. A text instead of a list is ignored.",
        ),
        KeyDoc(name="name", takes="text", doc="What Cline's command line calls the rule; else the file's name."),
        KeyDoc(
            name="disabled", takes="`true` or `false`", form="bool", values=_BOOL, default="`false`",
            doc="Whether Cline's command line leaves the rule out.",
        ),
    ),
    "kiro/rule": _table(
        KIRO,
        KeyDoc(
            name="inclusion", takes="one word", form="choice", default="`always`", doc="When Kiro reads the file.",
            values={
                "always": "in every conversation", "fileMatch": "when a file that `fileMatchPattern` matches is read",
                "auto": "when the model decides so from `name` and `description`", "manual": "only by `#name`",
            },
        ),
        KeyDoc(
            name="fileMatchPattern", takes="a glob, or a list of them", form="globs", doc="The files of `fileMatch`.",
        ),
        KeyDoc(name="name", takes="text", doc="What a file with `inclusion: auto` is called."),
        _DESCRIPTION,
    ),
    "continue/rule": _table(
        CONTINUE,
        KeyDoc(name="name", takes="text", doc="What the rule is called."),
        KeyDoc(
            name="globs", takes="a list of globs (a text is one pattern)", form="globs", doc="The files of the rule.",
        ),
        KeyDoc(name="regex", takes="a pattern, or a list", doc="What a file must contain for the rule to hold."),
        _DESCRIPTION,
        KeyDoc(
            name="alwaysApply", takes="`true` or `false`", form="bool",
            doc="Whether the rule is in every conversation.",
            values={"true": "always", "false": "by globs, else when the model decides so from `description`"},
        ),
        KeyDoc(
            name="invokable", takes="`true` or `false`", form="bool", values=_BOOL, doc="Whether it is a `/` command.",
        ),
    ),
    "antigravity/rule": _table(ANTIGRAVITY, *_TRIGGER),
    "augment/rule": _table(
        AUGMENT,
        KeyDoc(
            name="type", takes="one word", form="choice", default="`always_apply`", doc="When Augment reads the rule.",
            values={
                "always_apply": "in every conversation",
                "agent_requested": "when the model decides so from `description`",
                "manual": "only when a person attaches it",
            },
        ),
        KeyDoc(name="description", takes="one line of text", doc="What an `agent_requested` rule is chosen by."),
    ),
    "kilo/rule": _table(KILO, _PATHS),
    "qwen/rule": _table(QWEN, _PATHS, _DESCRIPTION),
    "aiassistant/rule": _table(
        JETBRAINS,
        KeyDoc(
            name="apply", takes="words, as the IDE writes them", form="choice", doc="When the rule is used.",
            values={
                "always": "in every chat", "manually": "only when a person names it",
                "by model decision": "when the model decides so from `instructions`",
                "by file patterns": "when a file that `patterns` matches is in play",
            },
        ),
        KeyDoc(
            name="patterns", takes="globs joined by commas, without quotes", form="comma globs",
            doc="The files of the rule.",
        ),
        KeyDoc(name="instructions", takes="one line of text", doc="What the model chooses the rule by."),
    ),
    "trae/rule": _table(TRAE, *_CURSOR),
    "aider/config": _table(
        AIDER,
        KeyDoc(
            name="read", takes="a file, or a list of files", form="files",
            doc="Files that are read in every chat and not edited; relative to the folder that Aider is started in.",
        ),
        KeyDoc(
            name="file", takes="a file, or a list of files", form="files", doc="Files that are edited from the start.",
        ),
        KeyDoc(
            name="aiderignore", takes="a path", form="path", default="`.aiderignore`", doc="What Aider leaves alone.",
        ),
        KeyDoc(name="model", takes="the name of a model", doc="The main model."),
        KeyDoc(name="weak-model", takes="the name of a model", doc="The model for commit messages and summaries."),
        KeyDoc(name="editor-model", takes="the name of a model", doc="The model that writes the edits."),
        KeyDoc(
            name="edit-format", takes="one word", doc="How the model writes its edits.",
            values={
                "diff": "search and replace", "diff-fenced": "the same, with the path in the fence",
                "whole": "whole files",
                "udiff": "unified diffs",
            },
        ),
        KeyDoc(
            name="auto-commits", takes="`true` or `false`", form="bool", values=_BOOL, default="`true`",
            doc="Whether every edit is committed.",
        ),
        KeyDoc(
            name="dirty-commits", takes="`true` or `false`", form="bool", values=_BOOL, default="`true`",
            doc="Whether what was changed before is committed first.",
        ),
        KeyDoc(
            name="auto-lint", takes="`true` or `false`", form="bool", values=_BOOL, default="`true`",
            doc="Whether edited files are linted.",
        ),
        KeyDoc(name="lint-cmd", takes="a command, or a list of `language: command`", doc="What lints."),
        KeyDoc(
            name="auto-test", takes="`true` or `false`", form="bool", values=_BOOL, default="`false`",
            doc="Whether tests run after each edit.",
        ),
        KeyDoc(name="test-cmd", takes="a command", doc="What tests."),
        KeyDoc(name="chat-language", takes="a language", doc="The language that Aider answers in."),
        KeyDoc(name="commit-language", takes="a language", doc="The language of commit messages."),
        KeyDoc(
            name="map-tokens", takes="a number", form="number", doc="How many tokens the map of the project may have.",
        ),
        KeyDoc(
            name="yes-always", takes="`true` or `false`", form="bool", values=_BOOL, default="`false`",
            doc="Whether every question is answered with yes.",
        ),
    ),
}  # fmt: skip


def keys_of(place: str) -> Mapping[str, KeyDoc]:
    """The keys at the top of a file of that place (`driven/rule`, `cursor/rule`), in the order to write them."""
    if place == "driven/rule":
        return RULE_KEYS
    if place == "driven/config":
        return CONFIG_KEYS[""]
    return EDITOR_KEYS.get(place, {})


def extra_keys(editor: str) -> Mapping[str, KeyDoc]:
    """The keys that `extra.<editor>` of a rule may hold."""
    return {**EXTRA_KEYS.get(editor, {}), **EXTRA_OURS}


def config_keys(path: tuple[str, ...]) -> Mapping[str, KeyDoc]:
    """The keys of a table of `config.toml`; those of [editors] and of an editor are the plugins' to say."""
    return CONFIG_KEYS.get(".".join(path), {})


def editor_key(name: str, title: str) -> KeyDoc:
    """`name = true` in [editors]."""
    return KeyDoc(
        name=name, takes="`true`, `false` or a table of options", form="bool", values=_ON_OFF, default="`false`",
        doc=f"Whether driven writes the files of {title}.",
    )  # fmt: skip


def option_key(name: str, title: str, default: str, choices: tuple[str, ...]) -> KeyDoc:
    """An option of an editor in [editors]."""
    takes = " or ".join(f'`"{choice}"`' for choice in choices) or "a path inside the project"
    return KeyDoc(
        name=name, takes=takes, form="choice" if choices else "path", default=f'`"{default}"`' if default else "",
        values={choice: "as without the key" if choice == default else "" for choice in choices},
        doc=f"Where the files of {title} stand." if name == "dir" else f"An option of {title}.",
    )  # fmt: skip


def key_doc(place: str, path: tuple[str, ...], name: str) -> KeyDoc | None:
    """What is known of a key; `path`: the keys above it, as in `FrontPlace`. None of [editors] (see `editor_key`)."""
    if place == "driven/config":
        return config_keys(path).get(name)
    if not path:
        return keys_of(place).get(name)
    if place == "driven/rule" and path[0] == "extra" and len(path) == 2:
        return extra_keys(path[1]).get(name)
    return None


def markdown(key: KeyDoc) -> str:
    """The key in full, as a hover or the doc of a completion shows it."""
    lines = [key.doc, f"Takes {key.takes}." + (f" Without it: {key.default}." if key.default else "")]
    told = [f"- `{value}`: {text}" if text else f"- `{value}`" for value, text in key.values.items()]
    if key.values is not _BOOL and told:
        lines.append("\n".join(told))
    if key.url:
        lines.append(f"[Documentation]({key.url}), checked {key.verified}")
    return "\n\n".join(lines)
