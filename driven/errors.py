"""What went wrong, where, and what to do about it.

    DrivenError            2   the user can fix it
    ├── UsageError         2   a word on the command line
    ├── ConfigError        2   config.toml
    ├── SourceError        2   a rule file, a .drv or a .json that cannot be read
    ├── ProjectError       2   no project here, or it is locked by another run
    ├── DiskError          2   the file system refused: full, read-only, a link out of the project
    ├── PlanError          2   two editors want different text at one path
    ├── PluginError        2   a plugin that must work here does not
    ├── TemplateError      2   a template that does not compile, or cannot be rendered with these values
    ├── DeliveryError      2   a server or a repository that a pack comes from: not there, unknown to it, cut off
    ├── ConflictError      4   a file was edited by hand
    ├── PolicyError        5   what was not granted
    ├── SignatureError     6   a signature that is missing, broken, or of nobody who is trusted
    └── SandboxError       7   foreign code that cannot be held as it must be, or that broke out of what it was granted

The number is the exit code. Mistakes in rules are `Diagnostic` values, not exceptions: all are reported at once.
"""

from __future__ import annotations

from driven.span import Span


class DrivenError(Exception):
    """The base of all errors that the user is meant to read: one line, a hint, and a place when there is one."""

    exit_code = 2
    code = "DRV000"

    def __init__(self, message: str, *, hint: str = "", span: Span | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.span = span
        self.more: tuple[DrivenError, ...] = ()

    @property
    def all(self) -> tuple[DrivenError, ...]:
        """This one, and what else is wrong in the same file."""
        return (self, *self.more)

    def __str__(self) -> str:
        return f"{self.span}: {self.message}" if self.span else self.message


class UsageError(DrivenError):
    """A word on the command line that means nothing."""

    code = "DRV001"


class ConfigError(DrivenError):
    """`config.toml` does not parse or says something unknown. `more`: its other mistakes, in the order of the file."""

    code = "DRV002"

    def __init__(self, message: str, *, hint: str = "", span: Span | None = None, code: str = "DRV002") -> None:
        super().__init__(message, hint=hint, span=span)
        self.code = code


class SourceError(DrivenError):
    """A rule file, a `.drv` or a `.json` that cannot be read."""

    code = "DRV003"


class ProjectError(DrivenError):
    """There is no project here, it cannot be read, or another run holds its lock."""

    code = "DRV004"


class DiskError(DrivenError):
    """The file system refused a write: disk full, read-only, or a path that leaves the project."""

    code = "DRV005"


class PlanError(DrivenError):
    """Two editors want different text at one path."""

    code = "DRV006"


class PluginError(DrivenError):
    """A plugin that is needed here cannot be loaded or broke its contract."""

    code = "DRV007"


class DeliveryError(DrivenError):
    """Where a pack comes from cannot be asked, does not know it, or gives what is none."""

    code = "DRV014"


class ConflictError(DrivenError):
    """A file that `driven` wrote was edited by hand, or a stranger's file stands where it must write."""

    exit_code = 4
    code = "DRV008"


class PolicyError(DrivenError):
    """Something was asked for that nobody granted."""

    exit_code = 5
    code = "DRV009"


class SignatureError(DrivenError):
    """A signature that is missing, broken, or made by a key that is not trusted here."""

    exit_code = 6
    code = "DRV010"


class SandboxError(DrivenError):
    """Foreign code cannot be held on this machine as its manifest asks, or was stopped at its limits."""

    exit_code = 7
    code = "DRV011"


class TemplateError(DrivenError):
    """A template that does not compile, or that cannot be rendered with the values it is given."""

    code = "DRV012"
