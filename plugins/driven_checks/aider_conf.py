"""`.aider.conf.yml` as Aider reads it: its keys in order, those that stand twice too, and the entries of `read`.

https://aider.chat/docs/config/aider_conf.html (verified 2026-11-21). The file is YAML as a whole, of version 1.1 to
PyYAML. Keys are the long options of Aider; the list is that of version 0.86.2, from its `args.py`.
"""

from __future__ import annotations

from driven.check_kit import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_CHARS = 1 << 18  # of a configuration
MOST = 2_000  # keys and entries
MAX_DEPTH = 64
_BOOLEANS = frozenset(("true", "false", "yes", "no", "on", "off"))
_NULLS = frozenset(("", "null", "Null", "NULL", "~"))

_SWITCHES = (  # each with `no-` before it as well
    "verify-ssl auto-accept-architect show-model-warnings check-model-accepts-settings cache-prompts"
    " restore-chat-history pretty stream git gitignore add-gitignore-files auto-commits dirty-commits attribute-author"
    " attribute-committer attribute-commit-message-author attribute-commit-message-committer attribute-co-authored-by"
    " git-commit-verify dry-run watch-files auto-lint auto-test analytics check-update show-release-notes gui browser"
    " copy-paste suggest-shell-commands fancy-input multiline notifications detect-urls"
)
_OTHERS = (
    "help model openai-api-key anthropic-api-key openai-api-base openai-api-type openai-api-version"
    " openai-api-deployment-id openai-organization-id set-env api-key list-models models model-settings-file"
    " model-metadata-file alias reasoning-effort thinking-tokens timeout edit-format chat-mode architect weak-model"
    " editor-model editor-edit-format max-chat-history-tokens cache-keepalive-pings map-tokens map-refresh"
    " map-multiplier-no-files input-history-file chat-history-file llm-history-file dark-mode light-mode"
    " user-input-color tool-output-color tool-error-color tool-warning-color assistant-output-color"
    " completion-menu-color completion-menu-bg-color completion-menu-current-color completion-menu-current-bg-color"
    " code-theme show-diffs aiderignore subtree-only commit commit-prompt skip-sanity-check-repo lint lint-cmd"
    " test-cmd test analytics-log analytics-disable analytics-posthog-host analytics-posthog-project-api-key"
    " just-check-update install-main-branch upgrade update version message msg message-file apply"
    " apply-clipboard-edits exit show-repo-map show-prompts voice-format voice-language voice-input-device"
    " disable-playwright file read vim chat-language commit-language yes-always verbose load encoding line-endings"
    " config env-file notifications-command editor shell-completions opus sonnet haiku 4 4o mini 4-turbo 35turbo"
    " 35-turbo 3 deepseek o1-mini o1-preview"
)
OPTIONS = frozenset((*_SWITCHES.split(), *[f"no-{name}" for name in _SWITCHES.split()], *_OTHERS.split()))
# Of aider-ce (now cecli), which reads the same file: to Aider itself they are unknown, to its users they are right.
FORKS = frozenset(
    ("agent", "agent-config", "auto-load", "auto-save", "context-compaction-max-tokens",
     "context-compaction-summary-tokens", "debug", "enable-context-compaction", "linear-output", "map-cache-dir",
     "map-max-line-length", "map-memory-cache", "mcp-servers", "mcp-servers-file", "mcp-transport", "navigator",
     "preserve-todo-list", "use-enhanced-map")
)  # fmt: skip
_SECRETS = frozenset(("openai-api-key", "anthropic-api-key", "api-key", "set-env", "analytics-posthog-project-api-key"))


class Entry:
    """A file in the value of `read`; `is_exact`: it is written as it is read, without quotes or escapes."""

    __slots__ = ("end", "is_exact", "start", "text")

    def __init__(self, text: str, start: int, end: int, is_exact: bool) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.is_exact = is_exact


class ConfKey:
    """A key at the top. `is_empty`: no value, or an empty list, which Aider skips; `is_text`: one that is no switch."""

    __slots__ = (
        "can_be_cut", "end", "entries", "is_empty", "is_text", "line_end", "line_start", "name", "start", "value_end",
    )  # fmt: skip

    def __init__(self, name: str, start: int, end: int) -> None:
        self.name = name
        self.start = start
        self.end = end
        self.entries: list[Entry] = []
        self.is_empty = True
        self.is_text = False
        self.value_end = end
        self.line_start = start
        self.line_end = end
        self.can_be_cut = False


class Conf:
    """What a configuration says; no keys where it is no YAML (`is_broken`)."""

    __slots__ = ("is_broken", "keys")

    def __init__(self) -> None:
        self.keys: list[ConfKey] = []
        self.is_broken = False

    def _last(self, name: str) -> ConfKey | None:
        return next((key for key in reversed(self.keys) if key.name.removeprefix("--") == name), None)

    @property
    def read(self) -> list[Entry]:
        """The entries of the `read` that counts."""
        key = self._last("read")
        return [] if key is None else key.entries

    @property
    def loaded(self) -> list[Entry]:
        """The files that are in the chat from the start, to read or to edit."""
        key = self._last("file")
        return [*self.read, *([] if key is None else key.entries)]

    @property
    def runs(self) -> bool:
        """Whether it runs commands at the start, `/read` among them perhaps, or takes another configuration."""
        return any(self._last(name) is not None for name in ("load", "config", "env-file"))

    @property
    def is_subtree(self) -> bool:
        """Whether Aider is told to work in subfolders."""
        key = self._last("subtree-only")
        return key is not None and not key.is_empty

    @property
    def has_secrets(self) -> bool:
        """Whether it holds keys or variables, which are nobody else's."""
        return any(key.name.removeprefix("--") in _SECRETS for key in self.keys)

    @property
    def key_start(self) -> int:
        """Where the name `read` stands."""
        key = self._last("read")
        return 0 if key is None else key.start

    @property
    def key_end(self) -> int:
        """Where the name `read` ends."""
        key = self._last("read")
        return 0 if key is None else key.end

    read_start = key_start

    @property
    def read_end(self) -> int:
        """Where the value of `read` ends."""
        key = self._last("read")
        return 0 if key is None else key.value_end


_LAST: list[tuple[Document, Conf]] = []


def is_conf(document: Document) -> bool:
    """Whether Aider reads the file: `.aider.conf.yaml` it does not."""
    return document.name == ".aider.conf.yml"


def conf_of(document: Document) -> Conf:
    """The configuration in a file, made once."""
    for known, conf in _LAST:
        if known is document:
            return conf
    conf = _parse(document)
    _LAST.insert(0, (document, conf))
    del _LAST[64:]
    return conf


def option_for(name: str) -> str:
    """The one option that a name is the beginning of: argparse takes that for it."""
    found = [option for option in OPTIONS if option.startswith(name)]
    return found[0] if len(found) == 1 else ""


def read_value(document: Document, entries: list[str]) -> str:
    """`read` with a list, to stand in place of the key and its value; "" where an entry is no plain file name."""
    if not entries or not all(
        entry and entry[0] not in "-?:*&!|>%@`'\"#{[,]} " and not _is_odd(entry) for entry in entries
    ):
        return ""
    at = document.text.find("\n")
    end = "\r\n" if at > 0 and document.text[at - 1] == "\r" else "\n"
    return end.join(["read:", *[f"  - {entry}" for entry in entries]])


def _is_odd(entry: str) -> bool:
    return ": " in entry or " #" in entry or entry[-1] in ": " or not entry.isprintable()


def _parse(document: Document) -> Conf:
    """From the parser's events: nothing is built, so that nothing hostile can cost."""
    import yaml

    conf = Conf()
    text = document.text
    if len(text) > MAX_CHARS:
        conf.is_broken = True
        return conf
    shift = 1 if text[:1] == "\ufeff" else 0
    starts = [document.line_bounds(line)[0] for line in range(1, document.line_of(len(text)) + 2)]
    starts[0] = shift

    def place(mark: Any) -> int:  # where the parser's mark stands
        line, column = int(mark.line), int(mark.column)
        return min(starts[min(line, len(starts) - 1)] + column, len(text))

    try:
        _collect(conf, text[shift:], place)
    except (yaml.YAMLError, ValueError, RecursionError):
        conf.is_broken = True
        conf.keys = []
    for at, key in enumerate(conf.keys):
        line = document.line_of(key.start)
        key.line_start = document.line_bounds(line)[0]
        key.line_end = document.line_bounds(document.line_of(max(key.value_end - 1, key.start)))[1]
        after = conf.keys[at + 1].start if at + 1 < len(conf.keys) else len(text)
        key.can_be_cut = key.line_start == key.start - (shift if line == 1 else 0) and key.line_end <= after
    return conf


def _collect(conf: Conf, text: str, place: Callable[[Any], int]) -> None:
    import yaml

    depth = 0
    key: ConfKey | None = None
    is_list = is_flow = False  # the value of the key
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            if depth == 1 and key is not None:
                key.value_end = place(event.end_mark) if is_flow and event.end_mark else key.value_end
                key = None
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            is_list = isinstance(event, yaml.SequenceStartEvent) and depth == 2
            is_flow = bool(event.flow_style) if depth == 2 else is_flow
            if (
                depth > MAX_DEPTH
                or (depth == 1 and not isinstance(event, yaml.MappingStartEvent))
                or (depth == 2 and key is None)
            ):
                conf.is_broken = True
                conf.keys = []
                return
            if key is not None and not is_list:
                key.is_empty = False
        elif isinstance(event, yaml.NodeEvent):
            value = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if event.start_mark is None or event.end_mark is None:
                continue
            start, end = place(event.start_mark), place(event.end_mark)
            if depth == 0:
                conf.is_broken = bool(value)
                return
            if key is None:
                if len(conf.keys) >= MOST:
                    return
                key = ConfKey(value, start, end)
                conf.keys.append(key)
                continue
            plain = isinstance(event, yaml.ScalarEvent) and event.implicit[0]
            key.value_end = max(key.value_end, end)
            if not (plain and value in _NULLS):
                key.is_empty = False
                key.is_text = depth == 1 and value.lower() not in _BOOLEANS
                if value and len(key.entries) < MOST and (depth == 1 or (depth == 2 and is_list)):
                    key.entries.append(Entry(value, start, end, bool(plain) and end - start == len(value)))
            if depth == 1:
                key = None
