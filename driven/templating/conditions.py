"""Which templates hold in a project: the `when:` of the rule that each would become, read from its text as it stands.

Nothing is compiled for that. A condition that a value decides is not known.
"""

from __future__ import annotations

import re

from driven.errors import DrivenError
from driven.fusion.template import Template, is_jinja

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.format.condition import Facts
    from driven.templating.finding import Library

MOST = 8  # templates that extend one another


def condition_of(library: Library, template: Template) -> str:
    """The condition of the rule that `template` becomes, "" where it has none or a value decides it."""
    blocks: dict[str, str] = {}
    for _ in range(MOST):
        plain = {match[1]: match[2] for match in _block(template).finditer(template.text)}
        for name in _names(template):
            blocks.setdefault(name, plain.get(name, template.delimiters.block_start_string))  # else: not to be told
        base = _extends(template)
        if not base:
            break
        try:
            template = library.find(base, template.origin)
        except DrivenError:
            return ""
    front = _block(template).sub(lambda match: blocks.get(match[1], match[2]), _front(template.text))
    found = next((line[5:].strip() for line in front.split("\n") if line.startswith("when:")), "")
    if len(found) > 1 and found[0] == found[-1] and found[0] in "'\"":
        found = found[1:-1].replace("''", "'") if found[0] == "'" else found[1:-1].replace('\\"', '"')
    return "" if is_jinja(found, template.delimiters) else found.strip()


def holds(condition: str, facts: Facts) -> bool | None:
    """Whether a condition is true here, None where it cannot be told."""
    from driven.format.condition import evaluate

    if not condition:
        return None
    try:
        return evaluate(condition, facts)
    except DrivenError:
        return None


def _front(text: str) -> str:
    """The front matter of the rule, as the template has it."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return ""
    end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    return "\n".join(lines[1:end])


def _block(template: Template) -> re.Pattern[str]:
    begin, end = map(re.escape, (template.delimiters.block_start_string, template.delimiters.block_end_string))
    inside = rf"((?:(?!{begin}).)*)"
    return re.compile(rf"{begin}-?\s*block\s+(\w+)\s*-?{end}{inside}{begin}-?\s*endblock[\s\w]*-?{end}", re.DOTALL)


def _names(template: Template) -> list[str]:
    begin = re.escape(template.delimiters.block_start_string)
    return re.findall(rf"{begin}-?\s*block\s+(\w+)", template.text)


def _extends(template: Template) -> str:
    begin, end = map(re.escape, (template.delimiters.block_start_string, template.delimiters.block_end_string))
    found = re.search(rf"{begin}-?\s*extends\s+[\"']([\w/-]+)[\"']\s*-?{end}", template.text)
    return found[1] if found else ""
