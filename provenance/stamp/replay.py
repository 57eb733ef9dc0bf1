"""How a signed file is put together from the same file unsigned and its manifest store.

A record keeps the manifest, not the picture. To hand out the same file a second time the picture
is marked and encoded again, which gives the same bytes E, and E and the manifest store M are joined
as the *envelope* says: ranges of E, ranges of M, and the few bytes that are in neither (lengths,
checksums, segment headers, offsets). Those literal bytes are bounded, so that an envelope can
never hold a part of a picture; a file that would need more of them has none, and cannot be
replayed.

An envelope is a version byte and steps. Every number is an unsigned LEB128 in its shortest form.

    step := kind + 3 * (length - 1), then for kind
            0  literal    `length` bytes
            1  from E     start in E
            2  from M     start in M
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from provenance.errors import RegistryError

#: Literal bytes of one envelope. 25 were needed at most for a manifest of 4 KB in any format;
#: JPEG takes 20 more for each further 64 KB of manifest.
MAX_LITERALS: Final = 4096
#: Literal bytes in a row. 16 were needed at most.
MAX_RUN: Final = 256
#: Bytes of a whole envelope.
MAX_ENVELOPE: Final = 32_768
#: What a file may have beyond E and M, in bytes.
_MAX_EXTRA: Final = 32_768

_VERSION: Final = 1
_MAX_NUMBER_BYTES: Final = 7  # 49 bits

# What the search does; none of it matters to `replay`.
_MIN_COPY: Final = 12  # bytes
_NEAR: Final = 65_536  # bytes of E around the last copy that are always searched
_FAR_SEARCHES: Final = 64  # how often the whole of E is
_BLOCK: Final = 1 << 20  # bytes that are compared at once


class _Kind(IntEnum):
    LITERAL = 0
    ENCODED = 1
    MANIFEST = 2


@dataclass(frozen=True, slots=True)
class _Step:
    """`length` bytes from `start` of E or M, or `literal` itself."""

    kind: _Kind
    length: int
    start: int = 0
    literal: bytes = b""


def envelope(encoded: bytes, signed: bytes, manifest: bytes) -> bytes:
    """How `signed` is made of the other two.

    Args:
        encoded: the file before it was signed.
        signed: the file with its manifest.
        manifest: the manifest store bytes.

    Returns:
        The envelope; empty where the file cannot be replayed within the bounds.
    """
    if len(signed) > _most(encoded, manifest):
        return b""
    steps = _Search(encoded, signed, manifest).steps()
    packed = bytes([_VERSION]) + b"".join(map(_packed, steps))
    return packed if steps and len(packed) <= MAX_ENVELOPE else b""


def replay(encoded: bytes, manifest: bytes, envelope: bytes) -> bytes:
    """The signed file again.

    That it is the right one only its SHA-256 can tell: whoever asks compares it.

    Args:
        encoded: the file before it was signed, made again.
        manifest: the manifest store bytes of the record.
        envelope: of the record. It may have been tampered with.

    Raises:
        RegistryError: the envelope is empty, damaged, or does not belong to these bytes.
    """
    if not envelope:
        raise RegistryError("the record does not say how its file was put together")
    if len(envelope) > MAX_ENVELOPE or envelope[0] != _VERSION:
        raise RegistryError("the record's envelope is too large, or of an unknown version")
    most = _most(encoded, manifest)
    made, literals = bytearray(), 0
    for step in _unpacked(envelope):
        source = (step.literal, encoded, manifest)[step.kind]
        held = len(step.literal)
        literals += held
        if held > MAX_RUN or literals > MAX_LITERALS or len(made) + step.length > most:
            raise RegistryError("the record's envelope makes more than there can be")
        if step.start + step.length > len(source):
            raise RegistryError("the record's envelope does not belong to this picture")
        made += memoryview(source)[step.start : step.start + step.length]
    return bytes(made)


def _most(encoded: bytes, manifest: bytes) -> int:
    return len(encoded) + len(manifest) + _MAX_EXTRA


# --- the bytes of an envelope --------------------------------------------------------------


def _packed(step: _Step) -> bytes:
    head = _number(step.kind + len(_Kind) * (step.length - 1))
    return head + (step.literal if step.kind is _Kind.LITERAL else _number(step.start))


def _number(value: int) -> bytes:
    """Unsigned LEB128."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def _unpacked(data: bytes) -> Iterator[_Step]:
    """The steps of an envelope; its version is not looked at."""
    at = 1
    while at < len(data):
        head, at = _read(data, at)
        length, kind = head // len(_Kind) + 1, _Kind(head % len(_Kind))
        if kind is _Kind.LITERAL:
            yield _Step(kind, length, literal=data[at : at + length])
            at += length
        else:
            start, at = _read(data, at)
            yield _Step(kind, length, start)


def _read(data: bytes, at: int) -> tuple[int, int]:
    """A number in its shortest form, and where the next one begins."""
    value = 0
    for position, byte in enumerate(data[at : at + _MAX_NUMBER_BYTES]):
        value |= (byte & 0x7F) << 7 * position
        if byte <= 0x7F and (byte or not position):
            return value, at + position + 1
        if not byte:
            break
    raise RegistryError("the record's envelope is damaged")


# --- the search ------------------------------------------------------------------------------


class _Search:
    """Finds the steps, from the front to the back.

    The next copy is looked for where it most likely is: E or M go on where they were left, or
    E after as many bytes as were literal; then anywhere in M, near in E, and a few times
    anywhere in E. The longest is taken.
    """

    def __init__(self, encoded: bytes, signed: bytes, manifest: bytes) -> None:
        self._signed = signed
        self._sources = {_Kind.ENCODED: encoded, _Kind.MANIFEST: manifest}
        self._next = dict.fromkeys(self._sources, 0)
        self._far = _FAR_SEARCHES

    def steps(self) -> list[_Step]:
        """All steps; none if they need too many literals."""
        steps: list[_Step] = []
        literals, at, literal_from = 0, 0, 0
        while at < len(self._signed):
            step = self._copy(at, at - literal_from)
            if step is None:
                literals, at = literals + 1, at + 1
                if literals > MAX_LITERALS or at - literal_from > MAX_RUN:
                    return []
                continue
            steps += self._literal(literal_from, at)
            steps.append(step)
            self._next[step.kind] = step.start + step.length
            literal_from = at = at + step.length
        return [*steps, *self._literal(literal_from, at)]

    def _literal(self, start: int, end: int) -> list[_Step]:
        data = self._signed[start:end]
        return [_Step(_Kind.LITERAL, len(data), literal=data)] if data else []

    def _copy(self, at: int, literals: int) -> _Step | None:
        """The longest of the likely copies that begin here."""
        found = [
            _Step(kind, self._common(at, kind, start), start)
            for kind, start in dict.fromkeys(self._places(at, literals))
        ]
        best = max(found, key=lambda step: step.length)
        return best if best.length >= _MIN_COPY else None

    def _places(self, at: int, literals: int) -> Iterator[tuple[_Kind, int]]:
        encoded, manifest = self._sources.values()
        after = self._next[_Kind.ENCODED]
        yield from ((_Kind.ENCODED, after), (_Kind.ENCODED, after + literals))
        yield _Kind.MANIFEST, self._next[_Kind.MANIFEST]
        wanted = self._signed[at : at + _MIN_COPY]
        yield _Kind.MANIFEST, manifest.find(wanted)
        yield _Kind.ENCODED, encoded.find(wanted, max(0, after - _NEAR), after + _NEAR)
        if self._far and literals % _MIN_COPY == _MIN_COPY - 1:
            self._far -= 1
            yield _Kind.ENCODED, encoded.find(wanted)

    def _common(self, at: int, kind: _Kind, start: int) -> int:
        """How many bytes are the same from here on."""
        source = self._sources[kind]
        length, block, growing = 0, 64, True
        while block and start >= 0:
            piece = self._signed[at + length : at + length + block]
            if len(piece) == block and source.startswith(piece, start + length):
                length += block
            else:
                growing = False
            block = min(2 * block, _BLOCK) if growing else block // 2
        return length
