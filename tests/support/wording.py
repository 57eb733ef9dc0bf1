"""The rules of wording as patterns, for both languages: what no sentence may say."""

from __future__ import annotations

import re

from provenance.model import Verdict
from provenance.report.language import Language

#: Nothing is ever called real, and nobody is said to have made a picture.
NEVER = {
    Language.ENGLISH: (
        r"\bauthentic\b",
        r"\bgenuine\b",
        r"\breal\b",
        r"\bnot AI\b",
        r"\b(made|generated|created|produced) by\b",
        r"\bproves? that\b",
        r"\bcertainly\b",
    ),
    Language.FRENCH: (
        r"\bauthentique",
        r"\bvéritable",
        r"\bréel(le)?\b",
        r"\bpas d\u2019IA\b",
        r"\b(produit|généré|créé|réalisé)e? par\b",
        r"\bprouve(nt)? que\b",
        r"\bcertainement\b",
    ),
}
#: Only a trace names an origin.
ORIGIN = {
    Language.ENGLISH: r"^Traced to ",
    Language.FRENCH: r"^Origine établie",
}
#: Whoever is named with a mark is said to be the one it is assigned to.
MARK_OF = {
    Language.ENGLISH: (r"carries a mark", "carries a mark assigned to"),
    Language.FRENCH: (r"porte une marque", "porte une marque attribuée à"),
}


def broken_rules(said: str, verdict: Verdict, language: Language) -> list[str]:
    """The patterns that a sentence must not have under this verdict, and has."""
    broken = [pattern for pattern in NEVER[language] if re.search(pattern, said, re.IGNORECASE)]
    if verdict is not Verdict.TRACED and re.search(ORIGIN[language], said):
        broken.append(ORIGIN[language])
    mark, assigned = MARK_OF[language]
    if re.search(mark, said) and assigned not in said:
        broken.append(mark)
    return broken
