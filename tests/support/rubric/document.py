"""Reading a crJSON document without trusting its shape: what is not there is empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """One manifest of a document."""

    raw: Json

    @property
    def label(self) -> str:
        return str(self.raw.get("label") or "")

    @property
    def claim(self) -> Json:
        return _object(self.raw.get("claim.v2"))

    @property
    def generator(self) -> Json:
        """`claim_generator_info`, of which older claims have a list."""
        info = self.claim.get("claim_generator_info")
        return _object(info[0] if isinstance(info, list) and info else info)

    @property
    def results(self) -> Json | None:
        """Results of validation; None where it did not take place."""
        return self.raw.get("validationResults")

    @property
    def failures(self) -> list[str] | None:
        """Codes of what failed; None where nothing was validated."""
        if not self.results:
            return None
        return [str(entry.get("code")) for entry in _objects(self.results.get("failure"))]

    @property
    def labels(self) -> list[str]:
        """Labels of all assertions."""
        return list(_object(self.raw.get("assertions")))

    @property
    def assertions(self) -> list[Json]:
        """Contents of all assertions."""
        return _objects(list(_object(self.raw.get("assertions")).values()))

    def assertion(self, label: str) -> Json:
        """Content of the assertion with that label."""
        return _object(_object(self.raw.get("assertions")).get(label))

    @property
    def action_lists(self) -> list[Json]:
        """Contents of the assertions that list actions."""
        return [data for data in self.assertions if data.get("actions") is not None]

    @property
    def actions(self) -> list[Json]:
        """All actions, in the order of their assertions."""
        return [action for data in self.action_lists for action in _objects(data["actions"])]

    @property
    def ingredients(self) -> list[Json]:
        """Contents of the ingredient assertions: those that name a relationship."""
        return [data for data in self.assertions if data.get("relationship") is not None]

    @property
    def created(self) -> list[str]:
        """Addresses of the assertions that the signer answers for."""
        return [str(item.get("url")) for item in _objects(self.claim.get("created_assertions"))]


def manifests(document: Json) -> list[Manifest]:
    """All manifests, the active one first."""
    return [Manifest(item) for item in _objects(document.get("manifests"))]


def active(document: Json) -> Manifest:
    """The active manifest; an empty one where there is none."""
    return next(iter(manifests(document)), Manifest({}))


def base(label: str) -> str:
    """The label without the number that tells assertions of one kind apart."""
    return label.split("__")[0]


def name_of(action: Json) -> str:
    """Name of an action."""
    return str(action.get("action") or "")


def inner(data: Json, key: str) -> Json:
    """The object under that key."""
    return _object(data.get(key))


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
