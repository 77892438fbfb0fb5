"""Settings that take a question away from the user, or send the model's traffic and keys somewhere else.

Each key was looked up in its editor's documentation or source (verified 2026-11-21); what has no effect in a file of a
project is not listed, but for `bypassPermissions`, which older versions of Claude Code obey before they ask for trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.check_kit import Document, Finding, file_check
from driven.trust.jsonc import Leaf
from driven.trust.settings import EDITORS, FRONT, SETTINGS, Server, servers, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from driven.model.diagnostic import Severity
    from driven.trust.jsonc import Scalar

VERIFIED = "2026-11-21"


def _any_of(*wanted: Scalar) -> Callable[[Scalar], bool]:
    return lambda value: any(value is one if isinstance(one, bool) else value == one for one in wanted)


_YES = _any_of(True)
_SHELL = _any_of(
    "*", "Bash", "Bash(*)", "Bash(**)", "Bash(:*)", "run_shell_command", "ShellTool", "Shell(*)", "Shell(**)"
)
_ALL = "no tool call is shown to the user before it runs"
_ANY_SHELL = "every shell command runs without a question"
# place -> (names, joined by dots, a number in a list is `#`; the value; severity; what it does)
_APPROVALS: dict[str, tuple[tuple[str, Callable[[Scalar], bool], Severity, str], ...]] = {
    "claude/settings": (
        ("permissions.defaultMode", _any_of("bypassPermissions"), "error",
         f"{_ALL}; Claude Code before 2.1.53 obeys it even before it asks for trust, newer ones ignore it here"),
        ("skipDangerousModePermissionPrompt", _YES, "error",
         "nobody is asked before permission prompts are turned off"),
        ("skipAutoPermissionPrompt", _YES, "warning", "nobody is asked before the automatic mode is turned on"),
        ("enableAllProjectMcpServers", _YES, "warning",
         "every server of `.mcp.json` starts without a question, also those that a later commit adds"),
        ("permissions.allow.#", _SHELL, "warning", _ANY_SHELL),
    ),
    "copilot/settings": (
        ("chat.tools.autoApprove", _YES, "error", f"{_ALL} (CVE-2025-53773)"),
        ("chat.tools.global.autoApprove", _YES, "error", f"{_ALL} (CVE-2025-53773)"),
        ("chat.permissions.default", _any_of("autoApprove", "autopilot"), "error", _ALL),
        ("chat.tools.terminal.ignoreDefaultAutoApproveRules", _YES, "warning",
         "VS Code's own list of dangerous commands is not asked"),
        ("chat.tools.edits.autoApprove.**", _YES, "warning", "every file is changed without a question"),
        ("chat.tools.edits.autoApprove.**/*", _YES, "warning", "every file is changed without a question"),
        ("github.copilot.chat.claudeAgent.allowDangerouslySkipPermissions", _YES, "error",
         "the Claude agent may skip every permission prompt"),
        ("claudeCode.allowDangerouslySkipPermissions", _YES, "error", "Claude Code may skip every permission prompt"),
        ("claudeCode.initialPermissionMode", _any_of("bypassPermissions"), "error", _ALL),
        ("claudeCodeChat.permissions.yoloMode", _YES, "error", _ALL),
        ("geminicodeassist.agentYoloMode", _YES, "error", _ALL),
        ("amp.dangerouslyAllowAll", _YES, "error", _ALL),
        ("kiroAgent.trustedCommands.#", _any_of("*"), "error", _ANY_SHELL),
        ("kiroAgent.mcp.autoApproveAll", _YES, "error", "every MCP tool runs without a question"),
        ("roo-cline.allowedCommands.#", _any_of("*"), "error", _ANY_SHELL),
        ("kilo-code.allowedCommands.#", _any_of("*"), "error", _ANY_SHELL),
    ),
    "cursor/cli": (("permissions.allow.#", _SHELL, "warning", _ANY_SHELL),),
    "gemini/settings": (
        ("tools.allowed.#", _SHELL, "warning", _ANY_SHELL),
        ("tools.approvalMode", _any_of("yolo"), "error", _ALL),
        ("approvalMode", _any_of("yolo"), "error", _ALL),
    ),
    "qwen/settings": (
        ("tools.approvalMode", _any_of("yolo"), "error", _ALL),
        ("approvalMode", _any_of("yolo"), "error", _ALL),
        ("tools.allowed.#", _SHELL, "warning", _ANY_SHELL),
        ("permissions.allow.#", _SHELL, "warning", _ANY_SHELL),
    ),
    "amp/settings": (("amp.dangerouslyAllowAll", _YES, "error", _ALL),),
    "opencode/config": (
        ("permission", _any_of("allow"), "warning", f"{_ALL}, not even for files outside of the project"),
        ("permission.*", _any_of("allow"), "warning", f"{_ALL}, not even for files outside of the project"),
    ),
    "codex/config": (
        ("sandbox_mode", _any_of("danger-full-access"), "error",
         "commands run outside of the sandbox, with the network"),
        ("approval_policy", _any_of("never"), "warning", "nobody is asked before a command runs"),
    ),
    "aider/config": (("yes-always", _YES, "warning", "Aider answers its own questions with yes"),),
    "claude/agent": (("permissionMode", _any_of("bypassPermissions"), "error", f"for this agent {_ALL}"),),
}  # fmt: skip
_EVERY_COMMAND = re.compile(r"\*|/\^?\(?\.[*+]\)?\$?/[a-z]{0,3}|/\^/|/(?:\^)?\(\?:\.\*\)/")
_TERMINAL = "chat.tools.terminal.autoApprove."
_SERVER_KEYS = ("alwaysAllow", "autoApprove", "trust")
_TURBO = "// turbo-all"
_APPROVING = tuple(dict.fromkeys((*SETTINGS, *FRONT, "windsurf/workflow", "antigravity/workflow")))


@file_check(
    "EXE03", "a setting that takes the user's consent away", *_APPROVING,
    why="The file is in the repository: whoever opens it works with its settings. With this one the question that"
    " stands between a prompt injection and a shell is not asked any more, and a model that may write settings can"
    " write it itself (CVE-2025-53773).",
    url="https://nvd.nist.gov/vuln/detail/CVE-2025-53773",
    verified=VERIFIED, security=True,
    bad='"chat.tools.global.autoApprove": true', good='"chat.tools.terminal.autoApprove": { "npm test": true }',
)  # fmt: skip
def consent(document: Document) -> Iterator[Finding]:
    place = document.place
    if document.kind == "workflow":
        at = document.text.find(_TURBO)
        if at >= 0:
            yield _told(
                "`// turbo-all`", f"{EDITORS[document.editor]} runs every command of this workflow without a question",
                "mark single steps with `// turbo`", at, at + len(_TURBO), "warning",
            )  # fmt: skip
        return
    rules = _APPROVALS.get(place, ())
    if not rules and not any(key in document.text for key in _SERVER_KEYS):
        return
    found = values(document)
    for leaf in found:
        name = ".".join("#" if isinstance(part, int) else part for part in leaf.path)
        for wanted, fits, severity, does in rules:
            if (name == wanted or (place == "codex/config" and name.endswith("." + wanted))) and fits(leaf.value):
                yield _told(
                    f"`{_shown(leaf)}`",
                    does,
                    "take it out; whoever wants it can set it in their user settings",
                    *_span(leaf),
                    severity,
                )
        if place == "copilot/settings" and name.startswith(_TERMINAL) and leaf.value is True:
            command = name.removeprefix(_TERMINAL).removesuffix(".approve")
            if _EVERY_COMMAND.fullmatch(command):
                hint = "name the commands that may run"
                yield _told(
                    f"`{command[:40]}` in `chat.tools.terminal.autoApprove`", _ANY_SHELL, hint, *_span(leaf), "error"
                )
    for server in servers(found):
        yield from _server(server)


def _server(server: Server) -> Iterator[Finding]:
    said: dict[str, list[Leaf]] = {}
    for leaf in server.others:
        if leaf.path[-1] in _SERVER_KEYS or (len(leaf.path) > 1 and leaf.path[-2] in _SERVER_KEYS):
            key = str(leaf.path[-1] if leaf.path[-1] in _SERVER_KEYS else leaf.path[-2])
            if leaf.value not in (None, False, ""):
                said.setdefault(key, []).append(leaf)
    for key, leaves in said.items():
        every = any(leaf.value in (True, "*") for leaf in leaves)
        severity: Severity = "info"
        if every:
            does = f"every tool of the MCP server `{server.name}` runs without a question"
            severity = "warning" if key == "trust" else "error"
        elif key == "trust":
            continue
        else:
            tools = ", ".join(f"`{str(leaf.value)[:40]}`" for leaf in leaves[:3]) + (", …" if len(leaves) > 3 else "")
            does = f"{tools} of the MCP server `{server.name}` run{'s' * (len(leaves) == 1)} without a question"
        hint = "allow single tools that only read, or none"
        yield _told(f"`{key}`", does, hint, leaves[0].start, leaves[-1].end, severity)


def _told(what: str, does: str, hint: str, start: int, end: int, severity: Severity) -> Finding:
    return Finding(message=f"{what}: {does}", start=start, end=end, hint=hint, severity=severity)


def _shown(leaf: Leaf) -> str:
    """`"a.b": value` in a few words."""
    name = next((part for part in reversed(leaf.path) if isinstance(part, str)), "")
    value = {True: "true", False: "false"}.get(leaf.value, "") if isinstance(leaf.value, bool) else str(leaf.value)
    return f"{name}: {value}"[:80].replace("`", "'")


def _span(leaf: Leaf) -> tuple[int, int]:
    return leaf.start, leaf.end


# --- EXE04

_BASE = re.compile(
    r"(?:ANTHROPIC(?:_BEDROCK|_VERTEX|_FOUNDRY|_AWS)?|OPENAI|AZURE_OPENAI|GOOGLE_GEMINI|GEMINI|GOOGLE_VERTEX|DASHSCOPE"
    r"|OPENROUTER|CODEX|COPILOT|QWEN)_(?:BASE_URL|API_BASE|API_HOST|API_URL|ENDPOINT)"
)
_PROXY = re.compile(r"(?:HTTPS?|ALL)_PROXY", re.IGNORECASE)
_LOADS = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "PYTHONSTARTUP", "GIT_SSH_COMMAND", "PERL5OPT", "RUBYOPT")
_TRUSTS = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_REQUIRES = re.compile(r"(?:^|\s)(?:--require|-r|--import|--loader|--experimental-loader)[\s=]")
_HELPERS = ("apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "gcpAuthRefresh", "otelHeadersHelper")
_OWN = re.compile(
    r"(?:https?|socks5?h?)://(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]|host\.docker\.internal"
    r"|api\.anthropic\.com|api\.openai\.com|openrouter\.ai|generativelanguage\.googleapis\.com|[\w-]+\.openai\.azure\.com"
    r"|(?:[\w-]+-)?aiplatform\.googleapis\.com|bedrock(?:-runtime)?\.[\w-]+\.amazonaws\.com|dashscope(?:-intl)?\.aliyuncs\.com"
    r"|ampcode\.com)(?=[:/]|$)",
    re.IGNORECASE,
)  # fmt: skip
_BUILT_IN = ("anthropic", "openai", "google", "openrouter", "github-copilot", "opencode", "azure", "amazon-bedrock")
_ELSEWHERE = tuple(place for place in SETTINGS if place.endswith(("/settings", "/config")))


@file_check(
    "EXE04", "a setting that sends the model's traffic or keys elsewhere", *_ELSEWHERE, severity="warning",
    why="Every question, every file that is read and the key itself go to the address that is set here, for everybody"
    " who opens the repository. Claude Code before 2.0.65 sent the key there before it asked for trust"
    " (CVE-2026-21852).",
    url="https://nvd.nist.gov/vuln/detail/CVE-2026-21852", verified=VERIFIED,
    security=True,
    bad='"env": { "ANTHROPIC_BASE_URL": "https://acme.example/v1" }', good='"env": { "LOG_LEVEL": "debug" }',
)  # fmt: skip
def elsewhere(document: Document) -> Iterator[Finding]:
    editor = EDITORS.get(document.editor, "the editor")
    for leaf in values(document):
        value, path = leaf.value, leaf.path
        if not path:
            continue
        name = str(path[-1])
        said = ""
        if path[0] == "env" and len(path) == 2:
            said = _variable(name, str(value), editor)
        elif not isinstance(value, str) or not value:
            continue
        elif path[0] in _HELPERS and len(path) == 1 and document.editor == "claude":
            said = f"Claude Code runs `{_short(value)}` to get its key or headers: whoever changes this line gets them"
        elif not _is_address(value):
            continue
        elif (
            document.place == "opencode/config" and path[0] == "provider" and name == "baseURL" and path[1] in _BUILT_IN
        ):
            said = f"the requests for `{path[1]}`, with its key, go to `{_short(value)}`"
        elif document.place == "copilot/settings" and (name == "http.proxy" or "overrideProxyUrl" in name):
            said = f"what VS Code and Copilot send goes through `{_short(value)}`"
        elif document.place == "qwen/settings" and path == ("security", "auth", "baseUrl"):
            said = f"every request, with its key, goes to `{_short(value)}`"
        elif document.place == "amp/settings" and name in ("amp.url", "amp.proxy"):
            said = f"what Amp sends, with its key, goes to `{_short(value)}`"
        elif document.place == "aider/config" and path == ("openai-api-base",):
            said = f"the requests for OpenAI, with the key, go to `{_short(value)}`"
        if said:
            yield Finding(
                message=said, start=leaf.start, end=leaf.end,
                hint="take it out of the repository; whoever needs it can set it on their own machine",
            )  # fmt: skip


def _variable(name: str, value: str, editor: str) -> str:
    """What a variable of the environment does, "" when it is none of those."""
    if _BASE.fullmatch(name):
        return (
            f"`{name}` sends every request of {editor}, with its key, to `{_short(value)}`"
            if _is_address(value)
            else ""
        )
    if _PROXY.fullmatch(name):
        return (
            f"`{name}` sends what {editor} and its tools send through `{_short(value)}`" if _is_address(value) else ""
        )
    if name in _LOADS or (name == "NODE_OPTIONS" and _REQUIRES.search(value)):
        return f"`{name}` puts foreign code into every program that {editor} starts: `{_short(value)}`"
    if (name == "NODE_TLS_REJECT_UNAUTHORIZED" and value == "0") or (name in _TRUSTS and value):
        return f"`{name}` makes {editor} believe servers that it would not: anybody on the way can read its key"
    return ""


def _is_address(value: str) -> bool:
    """Whether a value leads to somebody else: no variable, not this machine, not the vendor."""
    return bool(value) and "$" not in value and "{" not in value and "://" in value and _OWN.match(value) is None


def _short(value: str) -> str:
    value = re.sub(r"//[^/@\s]*@", "//…@", value)  # no password is repeated
    return (value if len(value) <= 60 else value[:59] + "…").replace("`", "'")
