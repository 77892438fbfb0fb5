"""A new template in the project: a skeleton with every key explained, or a rule that stands there made into one."""

from __future__ import annotations

import os

from driven.errors import ConflictError, SourceError, UsageError
from driven.format.text import MAX_RULE_BYTES
from driven.format.words import shown, similar
from driven.fusion.compiling import ENVOPS, JINJA, Delimiters
from driven.fusion.shelf import NAMED, is_name
from driven.fusion.template import is_jinja, parse_template
from driven.project import ledger
from driven.project.disk import Tree
from driven.project.reading import read_file
from driven.project.writer import Writer
from driven.templating.finding import FOLDER, standing_ids

_KINDS = {"personas": "persona", "projects": "project", "standards": "standard", "workflows": "workflow"}
# What a text that is full of braces is written with instead.
_OTHERS = ("[% %] [[ ]] [# #]", "<% %> << >> <# #>", "(% %) (( )) (# #)", "[[% %]] [[= =]] [[# #]]")

SKELETON = """\
---
title: "{title}"
description: Say in one sentence what agents are told by it
kind: {kind}            # persona, project, standard or workflow
tags: []                  # words that `driven template search` finds it by
variables:                # what is asked for; each stands in the text below as {{{{ name }}}}
  folder:
    type: str             # str, int, float or bool
    help: The folder that the rule is for
    default: src          # without one it must be answered; it may be Jinja: "{{{{ other }}}}/src"
    # choices: [src, lib]
    # multiselect: true   # several of the choices
    # when: "{{{{ other == 'yes' }}}}"
    validator: "{{% if '..' in folder %}}a folder of this project{{% endif %}}"   # what is wrong; nothing: it is good
# include: [standards/testing]   # templates that are applied with it, with the same answers
# envops: {{variable_start_string: "[[", variable_end_string: "]]"}}   # for texts with many braces
---
---
description: What the rule is about, in one line
paths: ["{{{{ folder }}}}/**"]
# when: lang("python")
---

# {title}

- An instruction for `{{{{ folder }}}}` that can be checked.
"""


def new(root: str, name: str, rule_id: str = "") -> str:
    """Write `.driven/templates/NAME.md`; its path. With `rule_id` its text is that of the rule.

    UsageError for a name that is none, or a rule that is not there; ConflictError where the file stands there.
    """
    if not is_name(name):
        raise UsageError(f"`{shown(name)}` is no name of a template", hint=NAMED)
    title = name.rpartition("/")[2].replace("-", " ").capitalize()
    kind = _KINDS.get(name.partition("/")[0], "standard")
    text = _of_rule(root, rule_id, title, kind) if rule_id else SKELETON.format(title=title, kind=kind)
    path = f"{FOLDER}/{name}.md"
    made, found = parse_template(text.encode(), path=path, name=name)
    if made is None:
        raise SourceError(f"`{rule_id}` cannot become a template: {found[0].message}", hint="correct the rule first")
    with Tree(root) as tree, Writer(tree):
        ledger.prepare_state(tree)
        standing = tree.read(path)
        if standing.kind != "absent":
            raise ConflictError(
                f"`{path}` {standing.note or 'is there already'}", hint="edit it, or choose another name"
            )
        tree.folder(path.rpartition("/")[0], create=True)
        tree.write_state(path, text.encode(), durable=True)
    return path


def _of_rule(root: str, rule_id: str, title: str, kind: str) -> str:
    ids = standing_ids(root)
    if rule_id not in ids:
        near = similar(rule_id, ids)
        hint = f"did you mean `{near}`?" if near else "`driven status` counts the rules; their files are the ids"
        raise UsageError(f"there is no rule `{shown(rule_id)}`", hint=hint)
    path = ids[rule_id]
    try:
        rule = read_file(os.path.join(root, path), MAX_RULE_BYTES)[0].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"`{path}` cannot be read: {error}", hint="look at the file") from None
    rule = rule.replace("\r\n", "\n")
    others = [Delimiters(**dict(zip(ENVOPS, words.split(), strict=True))) for words in _OTHERS]
    marks = next((one for one in (JINJA, *others) if not is_jinja(rule, one)), None)
    if marks is None:
        raise SourceError(f"`{path}` holds every mark that Jinja could have", hint="write the template by hand")
    lines = [
        f'title: "{title}"', "description: Say in one sentence what agents are told by it",
        f"kind: {kind}  # persona, project, standard or workflow", "tags: []",
    ]  # fmt: skip
    if marks is not JINJA:
        lines += ["envops:", *(f'  {key}: "{getattr(marks, key)}"' for key in ENVOPS)]
    example = f"{marks.variable_start_string} folder {marks.variable_end_string}"
    lines += [
        "# variables:            # what is asked for", f"#   folder:             # stands in the text as {example}",
        "#     type: str", "#     help: The folder that the rule is for", "#     default: src",
    ]  # fmt: skip
    return "\n".join(["---", *lines, "---", rule])
