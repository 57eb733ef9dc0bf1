"""A second verifier of log proofs, written from the specifications alone.

It follows the recursive definitions of RFC 6962, section 2.1, word by word, splits proofs as
text, and shares nothing with `provenance.log` but the signature algorithm of `cryptography`.
Tests and benchmarks hold the two against each other.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    n = len(entries)
    if n == 0:
        return hashlib.sha256().digest()
    if n == 1:
        return leaf(entries[0])
    k = split(n)
    return node(mth(entries[:k]), mth(entries[k:]))


def path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    n = len(entries)
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(m: int, entries: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]) for 0 < m < n."""
    return _subproof(m, entries, known=True)


def _subproof(m: int, entries: Sequence[bytes], *, known: bool) -> list[bytes]:
    n = len(entries)
    if m == n:
        return [] if known else [mth(entries)]
    k = split(n)
    if m <= k:
        return [*_subproof(m, entries[:k], known=known), mth(entries[k:])]
    return [*_subproof(m - k, entries[k:], known=False), mth(entries[:k])]


def root_from_path(hashed: bytes, m: int, n: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to; None if it has the wrong length."""
    if n == 1:
        return None if hashes else hashed
    if not hashes:
        return None
    k, last, rest = split(n), hashes[-1], hashes[:-1]
    if m < k:
        below = root_from_path(hashed, m, k, rest)
        return None if below is None else node(below, last)
    below = root_from_path(hashed, m - k, n - k, rest)
    return None if below is None else node(last, below)


def roots_from_proof(
    m: int, n: int, hashes: Sequence[bytes], old_root: bytes, *, known: bool = True
) -> tuple[bytes, bytes] | None:
    """The roots of m and of n leaves that a consistency proof leads to, for 0 < m <= n."""
    if m == n:
        if known:
            return None if hashes else (old_root, old_root)
        return (hashes[0], hashes[0]) if len(hashes) == 1 else None
    if not hashes:
        return None
    k, last, rest = split(n), hashes[-1], hashes[:-1]
    if m <= k:
        found = roots_from_proof(m, k, rest, old_root, known=known)
        return None if found is None else (found[0], node(found[1], last))
    found = roots_from_proof(m - k, n - k, rest, old_root, known=False)
    return None if found is None else (node(last, found[0]), node(last, found[1]))


def check_proof(text: bytes, vkey: str, commitment: bytes) -> int:
    """Check a proof file and give the index; raises whatever goes wrong."""
    head, note = text.decode().split("\n\n", 1)
    magic, extra, index, *hashes = head.split("\n")
    if magic != "c2sp.org/tlog-proof@v1":
        raise ValueError(magic)
    if base64.b64decode(extra.split(" ")[1]) != commitment:
        raise ValueError(extra)
    body, signatures = note.split("\n\n")
    origin, size, root = body.split("\n")
    name, key_id, encoded = vkey.split("+", 2)
    public = base64.b64decode(encoded)
    if origin != name or hashlib.sha256(f"{name}\n".encode() + public).hexdigest()[:8] != key_id:
        raise ValueError(vkey)
    for line in signatures.splitlines():
        _, signer, value = line.split(" ")
        signature = base64.b64decode(value)
        if signer == name and signature[:4].hex() == key_id:
            key = Ed25519PublicKey.from_public_bytes(public[1:])
            key.verify(signature[4:], f"{body}\n".encode())
            break
    else:
        raise ValueError("not signed")
    number = int(index.split(" ")[1])
    found = root_from_path(
        leaf(commitment), number, int(size), [base64.b64decode(line) for line in hashes]
    )
    if found != base64.b64decode(root):
        raise ValueError("another root")
    return number
