"""Sentences as data: a code and the values of one case.

A finding keeps codes and values, so that the same finding reads the same in every language
and a saved report can be rendered again in another one. The English sentence of a code is
its template; translations are looked up by code and template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

Value = str | int | float


class Template(StrEnum):
    """A closed set of codes; each owns its English sentence, in `str.format` syntax."""

    template: str

    def __new__(cls, code: str, template: str) -> Self:
        """A member: its code and its sentence."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.template = template
        return member


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One sentence of one case; subclasses say which set its code is from."""

    code: Template
    values: Mapping[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Of code and values; the generated one cannot take a dictionary."""
        return hash((self.code, *sorted(self.values.items())))

    def __str__(self) -> str:
        """The sentence in English."""
        return self.code.template.format(**self.values)
