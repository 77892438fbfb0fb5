"""Opens compiled templates and renders them, without the engine they were written for. Compiled: it copies bytes.

Any bytes give a template or FormatError; any template and values give a text or FormatError (RenderError where the
values are at fault). `dtm_sections` opens, `dtm_machine` runs; the digest is `fusion.dtm_file`'s to compare.
"""

from __future__ import annotations

from driven.core import dtm_layout as L
from driven.core._rt import FormatError, final
from driven.core.dtm_layout import RenderError
from driven.core.dtm_machine import Machine
from driven.core.dtm_sections import Sections
from driven.core.dtm_values import check_value


@final
class Dtm(Sections):
    """One compiled template."""

    def render(self, values: list[object], fuel: int = L.FUEL) -> str:
        """The text. A variable without a value is MISSING. RenderError when the values do not do.

        Each instruction takes 1 of `fuel`, one that works on a long text or list more.
        """
        if len(values) != self.inputs:
            raise RenderError(f"{len(values)} values for {self.inputs} variables")
        for i, value in enumerate(values):
            check_value(value, self.cell_names[i])
        run = Machine(self, values, fuel)
        try:
            if self.code == self.code_end:
                run.emit(0, self.slots)
            else:
                run.run()
            return run.out.getvalue().decode("utf-8")
        except FormatError:
            raise
        except UnicodeDecodeError as error:
            raise FormatError("literals that are not UTF-8", error.start) from None
        except UnicodeEncodeError:
            raise RenderError("a value that is not text: it holds half of a character") from None
        except (
            TypeError,
            ValueError,
            ArithmeticError,
            LookupError,
            AttributeError,
            RecursionError,
            MemoryError,
        ) as error:
            raise RenderError(f"a value of the wrong kind: {error}") from None
