"""Records and files for registries, and work for other processes to do on them."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from datetime import UTC, datetime, timedelta

from provenance.model import (
    Account,
    Fingerprint,
    Generation,
    IssuedFile,
    Marking,
    MarkQuality,
    Operation,
    ParentFile,
    Record,
    Relationship,
    Request,
    StoredCheckpoint,
    SystemRef,
)
from provenance.registry import RecordStore, RequestTakenError, open_store

SYSTEM = SystemRef(77, "acme-images")
GENERATION = Generation(
    model="acme-1", model_version="2.0", operations=(Operation.INPAINT, Operation.UPSCALE)
)
SCHEME = "a scheme"


def reserved(
    store: RecordStore,
    system: SystemRef = SYSTEM,
    *,
    id_bits: int = 48,
    request: Request | None = None,
    account: Account | None = None,
) -> Record:
    """A new record."""
    return store.reserve(
        system=system,
        epoch=3,
        scheme=SCHEME,
        generation=GENERATION,
        id_bits=id_bits,
        request=request,
        account=account,
    )


def a_request() -> Request:
    """A request that nobody made before."""
    return Request(key=secrets.token_bytes(32), digest=secrets.token_bytes(32))


def a_marking(seconds: float = 3600, **changed: object) -> Marking:
    """What is kept of a picture that nobody marked; it expires after so many seconds."""
    fields = {
        "expires_at": datetime.now(UTC) + timedelta(seconds=seconds),
        "fingerprint": Fingerprint(bits=secrets.token_bytes(32), quality=66),
        "quality": MarkQuality(psnr_db=41.5, ssim=0.98123),
        "origin": secrets.token_bytes(32),
    }
    return Marking(**fields | changed)


def checkpoint(size: int) -> StoredCheckpoint:
    """A checkpoint that nobody signed."""
    moment = datetime(2026, 11, 1, 12, 30, 1, 250, tzinfo=UTC)
    return StoredCheckpoint(size, secrets.token_bytes(32), b"note \xff", moment)


def issued_file(**changed: object) -> IssuedFile:
    """Facts about a file that nobody wrote."""
    fields = {
        "format": "png",
        "width": 640,
        "height": 480,
        "byte_size": 123_456_789_012,
        "sha256": secrets.token_hex(32),
        "fingerprint": Fingerprint(bits=secrets.token_bytes(32), quality=88),
        "manifest": secrets.token_bytes(100),
        "quality": MarkQuality(psnr_db=41.25, ssim=0.98765, margin=87.5),
        "grid": secrets.token_bytes(640),
        "signer": secrets.token_hex(32),
        "envelope": secrets.token_bytes(50),
    }
    return IssuedFile(**fields | changed)


def parent_file(position: int = 0) -> ParentFile:
    """Fingerprints of a file that nobody has."""
    return ParentFile(
        sha256=secrets.token_hex(32),
        fingerprint=Fingerprint(bits=secrets.token_bytes(32), quality=77),
        format="jpeg",
        width=4000 + position,
        height=3000,
        relationship=Relationship.at(position),
    )


def walk_through(store: RecordStore, rounds: int) -> list[int]:
    """Reserve, issue and release records; the mark ids that were drawn."""
    drawn = []
    for _ in range(rounds):
        record = reserved(store)
        store.issue(record.record_id, issued_file())
        store.release(record.record_id)
        found = store.find_by_mark(record.system.id or 0, record.mark_id)
        if found is None or found.record_id != record.record_id:
            raise AssertionError("a record that was just released is not found")
        drawn.append(record.mark_id.value)
    return drawn


def in_process(address: str, rounds: int) -> list[int]:
    """What one worker process does."""
    return walk_through(open_store(address), rounds)


def race_for(address: str, requests: list[Request]) -> list[str]:
    """What one of several processes does that got the same requests: the record of each.

    Whoever reserved it issues and releases it, and both accounts and leaves are numbered.
    """
    store = open_store(address)
    account = Account("ab" * 16, b"sealed")
    found = []
    for request in requests:
        try:
            record = reserved(store, request=request, account=account)
        except RequestTakenError:
            taken = store.find_by_request(SYSTEM.id or 0, request.key)
            if taken is None:
                raise
            record = taken
        else:
            store.issue(record.record_id, issued_file(parents=(parent_file(),)))
            store.sequence()
            store.release(record.record_id)
        found.append(record.record_id)
    return found


def in_threads(address: str, threads: int, rounds: int) -> None:
    """Several threads share one store. Exits with 1 if one of them met an error."""
    store = open_store(address)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            walk_through(store, rounds)
        except BaseException as error:  # noqa: BLE001 - reported below
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for error in errors:
        print(repr(error), file=sys.stderr)
    sys.stderr.flush()
    os._exit(bool(errors))


if __name__ == "__main__":
    in_threads(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
