"""Examining files for a report: what goes in, when, and what it hashed to before and after."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.printable import file_name

from .exit_codes import ExitCode
from .inputs import Source
from .safely import safely

if TYPE_CHECKING:
    from provenance import Verifier
    from provenance.report.document import Document
    from provenance.report.language import Translator
    from provenance.report.result import Digests, Result


@dataclass
class Examination:
    """One run of a verifier over files.

    `hidden` has names that the report's command line must not show, and what it shows instead.
    """

    verifier: Verifier
    translator: Translator
    operator: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    _started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _clock: float = field(default_factory=time.monotonic)

    def examine(self, source: Source) -> Result:
        """The entry of one file; what cannot be examined gets one too."""
        from provenance.report import build

        digests: list[Digests] = []
        outcome = safely(self._examine, source, digests)
        before = digests[0] if digests else None
        after = digests[1] if len(digests) > 1 else None
        file = build.source(source.label, before, after)
        if isinstance(outcome, ProvenanceError):
            return build.refused(file, outcome)
        return outcome

    def _examine(self, source: Source, digests: list[Digests]) -> Result:
        from provenance.report import build

        limit = self.verifier.limits.max_bytes
        data = source.read(limit)
        digests.append(build.digests(data))
        report = self.verifier.verify(data, name=source.relative.name if source.path else "")
        if source.path is not None:
            digests.append(build.digests(source.read(limit)))
            if digests[0] != digests[1]:
                raise InputError("the file changed while it was examined", code=ErrorCode.IO)
        file = build.source(source.label, digests[0], digests[1] if source.path else None)
        return build.examined(file, report, self.translator)

    def document(self, results: list[Result], exit_code: ExitCode) -> Document:
        """The report of this run, now that it is over."""
        from provenance.report.document import Document
        from provenance.report.result import Run
        from provenance.report.tool import tool_info
        from provenance.trust import moment_text

        return Document(
            language=self.translator.language,
            tool=tool_info(),
            run=Run(
                started_at=moment_text(self._started),
                finished_at=moment_text(datetime.now(UTC)),
                elapsed_seconds=round(time.monotonic() - self._clock, 3),
                clock="system clock, not compared with another source",
                arguments=("provenance", *(self._printable(item) for item in sys.argv[1:])),
                operator=self.operator,
                exit_code=int(exit_code),
            ),
            settings=self.verifier.settings,
            results=tuple(results),
        )

    def _printable(self, argument: str) -> str:
        """File names need not be UTF-8, the report has to be."""
        return file_name(self.hidden.get(argument, argument))[0]
