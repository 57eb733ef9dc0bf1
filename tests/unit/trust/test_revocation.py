"""Revocations: what is written is read, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from support import chains

from provenance.errors import ErrorCode, TrustError
from provenance.trust import (
    Revocation,
    RevocationReason,
    Revocations,
    format_revocations,
    load_revocations,
    parse_revocations,
)

LEAF = x509.load_pem_x509_certificate(chains.authority().leaf_pem)
MOMENT = datetime(2026, 11, 27, 20, 0, 0, tzinfo=UTC)
ONE = Revocation.of(
    LEAF,
    log="example.com/log",
    from_size=10,
    reason=RevocationReason.KEY_COMPROMISE,
    at=MOMENT,
)
TEXT = format_revocations(Revocations((ONE,)))

names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40
)
revocations = st.builds(
    Revocation,
    certificate_sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    serial=st.integers(0, (1 << 159) - 1).map(str),
    subject=names,
    log=names,
    from_size=st.integers(0, (1 << 63) - 1),
    revoked_at=st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
    reason=st.sampled_from(RevocationReason),
)


@given(st.lists(revocations, max_size=5, unique_by=lambda item: item.certificate_sha256))
def test_what_is_written_is_read(items):
    made = Revocations(tuple(items))
    assert parse_revocations(format_revocations(made)) == made


def test_a_certificate_is_named_by_digest_and_serial():
    chain_sha256 = LEAF.fingerprint(chains.SHA256()).hex()
    assert ONE.certificate_sha256 == chain_sha256
    assert ONE.serial == str(LEAF.serial_number)
    assert Revocations((ONE,)).get(chain_sha256) is ONE
    assert Revocations((ONE,)).with_serial(ONE.serial) == (ONE,)
    assert Revocations().get(chain_sha256) is None
    assert Revocations((ONE,)).with_serial("1") == ()


def test_now_is_kept_in_seconds_and_utc():
    made = Revocation.of(LEAF, log="l", from_size=0, reason=RevocationReason.SUPERSEDED)
    assert made.revoked_at.microsecond == 0
    assert timedelta(0) <= datetime.now(UTC) - made.revoked_at < timedelta(minutes=1)
    east = MOMENT.astimezone(timezone(timedelta(hours=5)))
    assert replace(ONE) == Revocation.of(
        LEAF, log=ONE.log, from_size=10, reason=ONE.reason, at=east
    )


def test_reports_name_them_without_listing_them():
    assert str(Revocations()) == ""
    one, other = Revocations((ONE,)), Revocations((replace(ONE, from_size=9),))
    assert str(one).startswith("1 revoked certificates (sha256 ")
    assert str(one) != str(other)


# --- adding ------------------------------------------------------------------------------------


def test_an_earlier_size_replaces_a_later_one():
    earlier = replace(ONE, from_size=3)
    assert Revocations((ONE,)).plus(earlier).items == (earlier,)


@pytest.mark.parametrize("changes", [{}, {"from_size": 11}, {"log": "other", "from_size": 1}])
def test_nothing_else_replaces_a_revocation(changes):
    with pytest.raises(TrustError, match="revoked already, from size 10") as caught:
        Revocations((ONE,)).plus(replace(ONE, **changes))
    assert "earlier" in caught.value.hint


@given(st.lists(revocations, max_size=4), st.lists(revocations, max_size=4))
def test_of_two_lists_the_earlier_size_counts(mine, theirs):
    unique = [{item.certificate_sha256: item for item in items} for items in (mine, theirs)]
    first, second = (Revocations(tuple(items.values())) for items in unique)
    both = first.merged(second)
    assert {i.certificate_sha256 for i in both.items} == set(unique[0]) | set(unique[1])
    for item in (*first.items, *second.items):
        assert both.get(item.certificate_sha256).from_size <= item.from_size


def test_merging_takes_the_stricter_of_one_certificate():
    earlier = replace(ONE, from_size=3)
    for pair in ((ONE, earlier), (earlier, ONE)):
        first, second = (Revocations((item,)) for item in pair)
        assert first.merged(second).items == (earlier,)


# --- files -------------------------------------------------------------------------------------


def test_without_a_file_nothing_is_revoked(tmp_path):
    assert load_revocations(tmp_path / "none") == Revocations()


def test_a_file(tmp_path):
    (tmp_path / "revoked.toml").write_text(TEXT, "utf-8")
    assert load_revocations(tmp_path / "revoked.toml").items == (ONE,)


BAD = {
    "empty": "",
    "not toml": "[[revoked]",
    "binary": "\x00\x01",
    "other version": TEXT.replace("version = 1", "version = 2"),
    "version as text": TEXT.replace("version = 1", 'version = "1"'),
    "version as bool": TEXT.replace("version = 1", "version = true"),
    "unknown key": TEXT + "\nmore = 1\n",
    "unknown table": TEXT + "\n[more]\n",
    "a table": TEXT.replace("[[revoked]]", "[revoked]"),
    "a list of numbers": "version = 1\nrevoked = [1]\n",
    "missing field": TEXT.replace("reason =", "# reason ="),
    "short digest": TEXT.replace(ONE.certificate_sha256, "ab"),
    "upper case": TEXT.replace(ONE.certificate_sha256, ONE.certificate_sha256.upper()),
    "serial of letters": TEXT.replace(f'"{ONE.serial}"', '"0x12"'),
    "serial as number": TEXT.replace(f'"{ONE.serial}"', "12"),
    "negative size": TEXT.replace("from_size = 10", "from_size = -1"),
    "size as float": TEXT.replace("from_size = 10", "from_size = 1e3"),
    "size as bool": TEXT.replace("from_size = 10", "from_size = true"),
    "huge size": TEXT.replace("from_size = 10", f"from_size = {1 << 63}"),
    "no zone": TEXT.replace("20:00:00Z", "20:00:00"),
    "a date": TEXT.replace("2026-11-27T20:00:00Z", "2026-11-27"),
    "unknown reason": TEXT.replace("key-compromise", "dunno"),
    "control character": TEXT.replace("example.com/log", "a\\u001b[31m"),
    "no log": TEXT.replace("example.com/log", ""),
    "long log": TEXT.replace("example.com/log", "x" * 201),
    "twice": TEXT + TEXT.partition("version = 1")[2],
    "too many": "version = 1\n" + "[[revoked]]\n" * 1001,
    "too large": TEXT + "#" * (1 << 20),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_refuses_the_whole_file(tmp_path, name):
    (tmp_path / "revoked.toml").write_text(BAD[name], "utf-8")
    with pytest.raises(TrustError, match="revocations") as caught:
        load_revocations(tmp_path / "revoked.toml")
    assert caught.value.code is ErrorCode.TRUST
    assert "\x1b" not in caught.value.message


def test_a_file_that_is_none_is_our_error(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("folder", "bytes"):
        with pytest.raises(TrustError, match=name):
            load_revocations(tmp_path / name)
