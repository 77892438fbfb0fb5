"""driven in Sublime Text: Markdown for rule files of other names, and the server's commands in the palette.

Sublime's package LSP runs the server; this file goes into Packages/User beside LSP.sublime-settings. It runs in
Sublime's own Python, which is why it imports what only Sublime has, and keeps to Python 3.8.
"""

import os

import sublime_plugin
from LSP.plugin import filename_to_uri

MARKDOWN = "Packages/Markdown/Markdown.sublime-syntax"
NAMES = (".cursorrules", ".windsurfrules", ".clinerules", ".roorules", ".rules", ".goosehints")


def is_rule(path):
    """Whether the file at `path` is Markdown by another name."""
    return path.endswith(".mdc") or os.path.basename(path) in NAMES


class DrivenSyntax(sublime_plugin.EventListener):
    """Open rule files as Markdown, so that the server's selector finds them."""

    def on_load(self, view):
        path = view.file_name() or ""
        if is_rule(path) and view.syntax() is not None and view.syntax().scope == "text.plain":
            view.assign_syntax(MARKDOWN)


class DrivenCommand(sublime_plugin.TextCommand):
    """`driven {"command": "sync"}`: one of the server's commands, for the file of this view."""

    def run(self, edit, command, **arguments):
        uri = filename_to_uri(self.view.file_name() or "")
        self.view.run_command(
            "lsp_execute",
            {
                "session_name": "driven",
                "command_name": "driven." + command,
                "command_args": [dict(arguments, uri=uri)],
            },
        )


class DrivenNewRuleCommand(sublime_plugin.TextCommand):
    """Make a rule whose id is asked for."""

    def run(self, edit, id):
        self.view.run_command("driven", {"command": "newRule", "id": id})

    def input(self, args):
        return RuleId()


class RuleId(sublime_plugin.TextInputHandler):
    """The id of a new rule."""

    def name(self):
        return "id"

    def placeholder(self):
        return "id of the rule: a-z, 0-9, - and /"
