"""What the issuance log keeps of a record: a salted commitment to every fact that never changes.

    leaf = SHA-256("provenance/leaf/1" || 0x00 || for each part: length (8 bytes) || part)

The first part is the salt, 32 random bytes that only the record holds. Whoever erases record and
salt leaves a leaf that nobody can connect with anything (the hash is hiding for 256 bits of
salt); whoever keeps them can show later what was logged.

Not part of it: the state, because an issued record becomes a released one; the pseudonym, because
it can be erased by itself; the position in the log, which follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from provenance.model.generation import IssuedFile, Record

SALT_BYTES: Final = 32
COMMITMENT_BYTES: Final = 32
_DOMAIN: Final = b"provenance/leaf/1\0"


def commitment(record: Record, salt: bytes) -> bytes:
    """The 32-byte leaf of an issued record.

    Raises:
        ValueError: the record has no file yet, or the salt has another length.
    """
    if record.file is None or record.issued_at is None:
        raise ValueError("only an issued record has a leaf")
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    digest = hashlib.sha256(_DOMAIN)
    for part in (salt, *_of_record(record), *_of_file(record.file)):
        digest.update(len(part).to_bytes(8) + part)
    return digest.digest()


def _of_record(record: Record) -> Iterator[bytes]:
    request = record.request
    yield record.record_id.encode()
    yield str(record.system.id).encode()
    yield record.system.name.encode()
    yield str(record.mark_id).encode()
    yield str(record.epoch).encode()
    yield record.scheme.encode()
    yield record.generation.model.encode()
    yield record.generation.model_version.encode()
    yield " ".join(record.generation.operations).encode()
    yield record.reserved_at.isoformat().encode()
    yield record.issued_at.isoformat().encode() if record.issued_at else b""
    yield request.key + request.digest if request else b""


def _of_file(file: IssuedFile) -> Iterator[bytes]:
    yield file.format.encode()
    yield f"{file.width}x{file.height}".encode()
    yield str(file.byte_size).encode()
    yield file.sha256.encode()
    yield file.fingerprint.bits + bytes((file.fingerprint.quality,))
    yield hashlib.sha256(file.manifest).digest()
    yield f"{file.quality.psnr_db!r}/{file.quality.ssim!r}/{file.quality.margin!r}".encode()
    yield str(file.time_stamp).encode()
    yield hashlib.sha256(file.grid).digest()
    yield file.signer.encode()
    yield hashlib.sha256(file.envelope).digest()
    for parent in file.parents:
        yield parent.relationship.value.encode()
        yield parent.sha256.encode()
        yield parent.fingerprint.bits + bytes((parent.fingerprint.quality,))
        yield parent.format.encode()
        yield f"{parent.width}x{parent.height}".encode()
