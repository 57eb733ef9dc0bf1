"""The C2PA Asset Rubrics as functions over a crJSON document.

Source: c2pa-org/conformance-public, folder asset-rubrics, commit b47b8a9,
`asset-rubric-conformance0.2-spec2.4.yml` (31 checks), `composables/integrity-trust.yml` and
`composables/signal-inception-fullyGenAIMedia-local.yml`. What is checked is theirs, how it is
checked is ours. A check has the name of theirs, without the prefix `validation:`.
"""

from support.rubric.checks import CHECKS, TRUST_CHECKS, failed, findings
from support.rubric.signals import fully_generated

__all__ = ["CHECKS", "TRUST_CHECKS", "failed", "findings", "fully_generated"]
