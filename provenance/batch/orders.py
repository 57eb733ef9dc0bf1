"""What is the same for every file of a run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from provenance.imaging import Encoding, ImageFormat
from provenance.keys import TimeStamping
from provenance.labels import Label
from provenance.model.generation import Generation
from provenance.stamp import Stamper
from provenance.workspace import Workspace

_ACCOUNT: Final = b"account of a run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How pictures are stamped. It crosses to a worker: keys do not, each reads them itself.

    Attributes:
        workspace: whose keys, signer and registry; with its settings as they were read.
        generation: what made the pictures.
        encoding: how they are written.
        scheme: name of the watermark scheme.
        formats: encoded inputs that are accepted.
        time_stamping: whether time stamps are asked for, and whom.
        label: drawn into every picture; None draws nothing.
        account: who asked for them, empty for nobody.
        overwrite: replace files that exist.
    """

    workspace: Workspace
    generation: Generation
    encoding: Encoding
    scheme: str
    formats: frozenset[ImageFormat]
    time_stamping: TimeStamping
    label: Label | None = None
    account: str = field(default="", repr=False)
    overwrite: bool = False

    def stamper(self) -> Stamper:
        """A stamper that follows them."""
        return replace(
            self.workspace.stamper(),
            scheme=self.scheme,
            formats=self.formats,
            time_stamping=self.time_stamping,
            label=self.label,
        )

    def settings(self) -> dict[str, Any]:
        """Everything that must be the same for the outputs of one run, as JSON types.

        The account is there as a keyed hash: the directory may be handed on.
        """
        account = ""
        if self.account:
            pseudonym = self.workspace.pseudonyms().of(self.account).pseudonym
            account = self.workspace.pseudonyms().keyed(_ACCOUNT, pseudonym.encode()).hex()
        document = {
            "system": [self.workspace.settings.system.id, self.workspace.settings.system.name],
            "epoch": self.workspace.settings.system.epoch,
            "generation": asdict(self.generation),
            "encoding": asdict(self.encoding) | {"quality": self.encoding.effective_quality},
            "scheme": self.scheme,
            "formats": sorted(self.formats),
            "time_stamp": self.time_stamping.mode,
            "label": self.label,
            "account": account,
        }
        # Through JSON once, so that what is read back compares equal.
        return dict(json.loads(json.dumps(document)))
