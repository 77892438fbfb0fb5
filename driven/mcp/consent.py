"""A signed grant in the place of a person: an attestation that lets this server do what else somebody must agree to.

`driven attest issue` makes one, signed by the keys of the project's root. It is read and checked anew at each call: one
that expired or was revoked meanwhile grants nothing.
"""

from __future__ import annotations

import os
import time

from driven.errors import DrivenError, SignatureError
from driven.grammar.powers import for_call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from driven.grammar.command import Command
    from driven.trust.chain import Verdict


class Grant:
    """The attestation `word` of a project, its name or a path; "" grants nothing. SignatureError, UsageError: there is
    none, or it does not hold."""

    def __init__(self, root: str, word: str) -> None:
        self._root = root
        self._word = word
        if word:
            verdict = self._verdict()
            if not verdict.holds:
                raise SignatureError(f"the grant `{word}` does not hold: {verdict.message}", hint=verdict.hint)

    def _verdict(self) -> Verdict:
        from driven.trust import attest_files

        path = attest_files.chain_path(self._root, self._word)
        return attest_files.load(self._root, os.environ).check(attest_files.read_chain(path), int(time.time()))

    def lacks(self, command: Command, given: Mapping[str, Any]) -> str:
        """What it does not grant of this call, in words; "" when it grants all of it."""
        if not self._word:
            return "no grant was given"
        try:
            verdict = self._verdict()
            wanted = for_call(command, given, self._root, optional=False).capabilities
        except DrivenError as error:
            return error.message
        if not verdict.holds:
            return f"the grant `{self._word}` does not hold: {verdict.message}"
        beyond = [str(one) for one in wanted if not verdict.allows(one)]
        return f"the grant `{self._word}` has no {', '.join(beyond)}" if beyond else ""
