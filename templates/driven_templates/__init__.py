"""The rule templates that come with `driven`: personas, kinds of projects, standards and workflows, in `library/`."""

from __future__ import annotations

import os
from collections.abc import Iterable

from driven.fusion.shelf import TemplateFolder
from driven.hookspecs import TemplateShelf, hookimpl


@hookimpl
def driven_templates() -> Iterable[TemplateShelf]:
    """One shelf: the library."""
    return [TemplateFolder("driven", os.path.join(os.path.dirname(__file__), "library"))]
