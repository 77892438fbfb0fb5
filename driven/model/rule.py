"""A rule and its steps, and the sorted set of all rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from driven.core.tokens import first_heading, scan_steps
from driven.frozen import field, frozen
from driven.model.activation import ALWAYS, Activation
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Kind: TypeAlias = 'Literal["standard", "persona", "context", "workflow"]'
Category: TypeAlias = (
    'Literal["style", "naming", "architecture", "errors", "testing", "documentation", "security", "performance",'
    ' "accessibility", "custom"]'
)
KINDS: tuple[Kind, ...] = ("standard", "persona", "context", "workflow")
CATEGORIES: tuple[Category, ...] = (
    "style", "naming", "architecture", "errors", "testing", "documentation", "security", "performance",
    "accessibility", "custom",
)  # fmt: skip
DEFAULT_PRIORITY = 100

# In the order of the numbers that `core.tokens.scan_steps` and `.drv` use.
STEP_KINDS = ("heading", "prose", "instruction", "prohibition", "example", "workflow", "reference")
# Which steps go first when an editor's size limit forces some out: the higher number leaves first.
STEP_PRIORITY = {
    "heading": 40, "prohibition": 50, "instruction": 80, "workflow": 90, "prose": 120, "reference": 160, "example": 200,
}  # fmt: skip

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]


@frozen(kw_only=False)
class Step:
    """A block of a rule's body: `start` and `end` are byte offsets into the body's UTF-8 form.

    The steps of a rule tile its body: joined, they give it back byte for byte. `priority` 0–255, higher leaves first.
    """

    kind: str
    priority: int
    start: int
    end: int


@frozen
class Source:
    """How a rule file was written: its front matter verbatim (delimiters and the blank line below them included),
    its line ending and whether it began with a BOM. Neither compared nor part of the digest."""

    front: str = ""
    newline: str = "\n"
    bom: bool = False


@frozen
class Rule:
    """One rule. `id` is `[a-z0-9][a-z0-9-/]*`, unique in its set; `body` is kept byte for byte.

    `description` is what the file says, `""` when it says none: read `summary` for the text to show.
    `extra` keeps one editor's own keys, verbatim, under the editor's name; keys that begin with `$` are ours:
    `$path` (the file it was imported from) and `$front` (that file's front matter, verbatim).
    """

    id: str
    body: str
    activation: Activation = ALWAYS
    description: str = ""
    kind: Kind = "standard"
    category: Category = "custom"
    priority: int = DEFAULT_PRIORITY
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    when: str = ""
    extra: Mapping[str, Mapping[str, Value]] = field(default_factory=dict, hash=False)
    source: Source = field(default_factory=Source, compare=False, repr=False)
    span: Span = field(default_factory=lambda: Span(path=""), compare=False, repr=False)

    @property
    def title(self) -> str:
        """The text of the first heading, else the last part of the id in words. Derived, never stored."""
        return first_heading(self.body) or self.id.rpartition("/")[2].replace("-", " ").capitalize()

    @property
    def summary(self) -> str:
        """The description, else the title: one line, never empty."""
        return self.description or self.title

    @property
    def slug(self) -> str:
        """The id as a file name: `/` becomes `-`."""
        return self.id.replace("/", "-")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The blocks of the body, computed anew at each call (about 2 µs for a typical rule)."""
        kinds = STEP_KINDS
        return tuple(
            Step(kinds[kind], STEP_PRIORITY[kinds[kind]], start, end)
            for kind, start, end in scan_steps(self.body.encode())
        )

    def for_editor(self, name: str) -> bool:
        """Whether `targets` lets this rule go to the editor `name`."""
        if "-" + name in self.targets or "!" + name in self.targets:
            return False
        wanted = [target for target in self.targets if target[:1] not in "-!"]
        return not wanted or name in wanted


def effect_order(rule: Rule) -> tuple[int, str]:
    """The order in which rules take effect: priority (0 first), then id."""
    return rule.priority, rule.id


@frozen(kw_only=False)
class RuleSet:
    """Rules in effect order: priority (0 first), then id. Build one with `RuleSet.of`."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> RuleSet:
        """Sort `rules` into effect order. ValueError when two have one id."""
        ordered = sorted(rules, key=effect_order)
        if len({rule.id for rule in ordered}) != len(ordered):
            raise ValueError("two rules have one id")
        return cls(tuple(ordered))

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def get(self, rule_id: str) -> Rule | None:
        """The rule with this id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
