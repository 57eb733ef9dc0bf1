"""The settings that reach the native library are ones that it knows, and they work."""

from __future__ import annotations

import copy
import io

import c2pa
import pytest
from support import chains, manifests

from provenance.manifest import read
from provenance.manifest.native import NativeSettings, message_of
from provenance.model import ManifestStatus
from provenance.trust import TrustKind, TrustList, TrustStore

STORE = chains.trust_in(chains.authority()) + TrustStore(
    lists=(
        TrustList.parse(
            chains.authority("stamps").root_pem, name="tsa.pem", kind=TrustKind.TIME_STAMPS
        ),
    )
)
SETTINGS = NativeSettings(trust=STORE).as_dict()


def paths(settings, before=()):
    """Every key of nested settings, the anchors' own keys included."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from paths(value, (*before, key))
        else:
            yield (*before, key)
            if isinstance(value, list) and value:
                yield from paths(value[0], (*before, key, 0))


def changed(path, *, name=None):
    """The settings with a value of an impossible type under one key."""
    settings = copy.deepcopy(SETTINGS)
    place = settings
    for key in path[:-1]:
        place = place[key]
    if name:
        place[name] = {"impossible": [1]}
    else:
        place[path[-1]] = {"impossible": [1]}
    return settings


@pytest.mark.parametrize("path", list(paths(SETTINGS)), ids=lambda path: ".".join(map(str, path)))
def test_every_key_is_one_that_the_library_knows(path):
    """It checks the type of what it knows and ignores what it does not."""
    with pytest.raises(c2pa.C2paError):
        c2pa.Context.from_dict(changed(path))


@pytest.mark.parametrize("path", list(paths(SETTINGS)), ids=lambda path: ".".join(map(str, path)))
def test_a_misspelt_key_would_pass_silently(path):
    c2pa.Context.from_dict(changed(path, name=f"{path[-1]}x"))


def test_both_kinds_of_lists_reach_the_library():
    anchors = SETTINGS["trust"]["anchors"]
    assert [item["trust_kind"] for item in anchors] == ["manifest", "tsa"]
    assert [item["trust_uri"] for item in anchors] == [item.uri for item in STORE.lists]


def test_no_lists_mean_no_anchors():
    assert "anchors" not in NativeSettings().as_dict()["trust"]


def test_the_network_is_closed_unless_somebody_changes_the_code():
    settings = NativeSettings().as_dict()
    assert settings["verify"]["remote_manifest_fetch"] is False
    assert settings["verify"]["ocsp_fetch"] is False
    assert settings["core"]["allowed_network_hosts"] == []


def open_settings():
    """The same settings with the network open: what a misspelt key would mean."""
    settings = NativeSettings(trust=STORE).as_dict()
    settings["verify"]["remote_manifest_fetch"] = True
    del settings["core"]["allowed_network_hosts"]
    return settings


def test_a_manifest_on_a_server_is_never_fetched(signer):
    with manifests.beacon() as seen:
        data = manifests.foreign(signer, STORE, [manifests.CREATED], remote=seen.url)
        found = read(data, "image/png", STORE)
        assert seen.requests == []
    assert found.status is ManifestStatus.REMOTE_ONLY
    assert found.remote_url == seen.url


def test_the_beacon_would_notice_a_fetch(signer):
    """The control of the test above: with the network open there is a request."""
    with manifests.beacon() as seen:
        data = manifests.foreign(signer, STORE, [manifests.CREATED], remote=seen.url)
        context = c2pa.Context.from_dict(open_settings())
        with pytest.raises(c2pa.C2paError):
            c2pa.Reader("image/png", io.BytesIO(data), context=context)
        assert seen.requests == ["/manifest.c2pa"]


@pytest.mark.parametrize("key", ["remote_manifest_fetch", "allowed_network_hosts"])
def test_either_of_the_two_locks_holds_alone(signer, key):
    settings = open_settings()
    closed = NativeSettings(trust=STORE).as_dict()
    section = "verify" if key == "remote_manifest_fetch" else "core"
    settings[section][key] = closed[section][key]
    with manifests.beacon() as seen:
        data = manifests.foreign(signer, STORE, [manifests.CREATED], remote=seen.url)
        with pytest.raises(c2pa.C2paError):
            c2pa.Reader("image/png", io.BytesIO(data), context=c2pa.Context.from_dict(settings))
        assert seen.requests == []


def test_a_message_of_the_library_is_one_printable_line():
    text = message_of(RuntimeError("line one\nline\ttwo\x1b[31m \u202e" + "x" * 1000))
    assert text.isprintable()
    assert len(text) <= 300
    assert text.startswith("line one line two")


def test_a_message_is_never_empty():
    assert message_of(ValueError()) == "ValueError"
