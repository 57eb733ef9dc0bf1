"""How the pictures of a pipeline are stamped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from provenance.errors import BatchError, ProvenanceError
from provenance.imaging import Axes, Encoding, ValueRange
from provenance.integrations.diffusers.naming import default_generation
from provenance.integrations.diffusers.sources import Sources
from provenance.model.generation import Generation
from provenance.stamp import Stamped, Stamper
from provenance.stamp.job import PNG


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How the pictures of a pipeline are stamped; see `protect`."""

    stamper: Stamper
    encoding: Encoding = PNG
    generation: Generation | None = None
    allow_latent: bool = False
    keep_watermark: bool = False
    sources: tuple[str, ...] | None = None
    on_stamped: Callable[[Stamped], object] | None = None

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self  # immutable, and the stamper holds a registry

    def stamp_all(
        self,
        pictures: Sequence[Any],
        axes: Axes | None,
        generation: Generation,
        made_from: Sources,
    ) -> tuple[Stamped, ...]:
        """Stamp every picture of one call: PIL images, or arrays of 0..1 in the order `axes`.

        Raises:
            BatchError: one of them cannot be stamped.
        """
        results: list[Stamped | ProvenanceError] = []
        for position, picture in enumerate(pictures):
            parents = made_from.of(position, len(pictures))
            try:
                results.append(
                    self.stamper.stamp(
                        picture,
                        generation,
                        value_range=None if axes is None else ValueRange.UNIT,
                        axes=axes,
                        parents=parents,
                        encoding=self.encoding,
                    )
                )
            except ProvenanceError as error:
                results.append(error)
        stamped = tuple(item for item in results if isinstance(item, Stamped))
        if len(stamped) < len(results):
            raise BatchError.of(results)
        if self.on_stamped is not None:
            for item in stamped:
                self.on_stamped(item)
        return stamped

    def stated(self, pipeline: object, made_from: Sources) -> Generation:
        """What is stated about one call. Operations are those of an edit, if it was one."""
        generation = self.generation or default_generation(pipeline)
        operations = generation.operations or made_from.operations
        return replace(generation, operations=operations if made_from.edited else ())
