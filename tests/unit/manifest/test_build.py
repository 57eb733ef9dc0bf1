"""What a manifest of ours states, and what it leaves out."""

from __future__ import annotations

import base64
import io
import json

import c2pa
import pytest
from support import chains, manifests, pictures, tamper

from provenance.errors import ErrorCode, ManifestError, SignerError
from provenance.keys import CallbackSigner, SigningAlgorithm
from provenance.manifest import ManifestRequest, Parent, names, read, sign
from provenance.manifest.native import NativeSettings
from provenance.model import ManifestStatus, manifest_id_for

TRUST = chains.trust_in(chains.authority())


def native(data, mime="image/png"):
    """What the library itself says: its detailed report."""
    reader = c2pa.Reader(mime, io.BytesIO(data), context=NativeSettings(trust=TRUST).context())
    return json.loads(reader.detailed_json())


def active(report):
    return report["manifests"][report["active_manifest"]]


@pytest.fixture(scope="module")
def wanted():
    return manifests.request()


@pytest.fixture(scope="module")
def made(signer, wanted):
    return manifests.signed(signer, TRUST, wanted)


@pytest.fixture(scope="module")
def stated(made):
    return active(native(made))


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "webp-lossless", "tiff", "avif"])
def test_every_format_is_signed_and_trusted(signer, name):
    data, mime = manifests.plain(name)
    file = sign(data, mime, manifests.request(), signer, TRUST)
    assert read(file.data, mime, TRUST).status is ManifestStatus.TRUSTED
    assert (pictures.decoded(file.data) == pictures.decoded(data)).all()


def test_the_manifest_has_the_name_of_its_record(made, wanted):
    assert native(made)["active_manifest"] == manifest_id_for(wanted.claim.record_id)


def test_our_three_assertions_are_there_and_the_hard_binding(stated):
    assert set(stated["assertion_store"]) == {
        names.ACTIONS,
        names.SOFT_BINDING,
        names.GENERATION,
        "c2pa.hash.data",
    }


def test_every_assertion_is_one_that_the_signer_created(stated):
    labels = {item["url"].rsplit("/", 1)[-1] for item in stated["claim"]["created_assertions"]}
    assert labels == set(stated["assertion_store"])
    assert not stated["claim"].get("gathered_assertions")


def test_the_picture_was_created_by_an_algorithm_and_watermarked(stated):
    created, marked = stated["assertion_store"][names.ACTIONS]["actions"]
    assert created["action"] == "c2pa.created"
    assert created["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert created["softwareAgent"] == {"name": "acme-1", "version": "2.0"}
    assert marked["action"] == "c2pa.watermarked.bound"


def test_the_list_of_actions_is_said_to_be_complete(stated):
    assert stated["assertion_store"][names.ACTIONS]["allActionsIncluded"] is True


def test_the_claim_generator_names_the_version_of_the_specification(stated):
    info = stated["claim"]["claim_generator_info"]
    assert (info["name"], info["version"]) == ("provenance", "9.9")
    assert info["specVersion"] == names.SPEC_VERSION


def test_the_soft_binding_carries_the_payload(stated, wanted):
    binding = stated["assertion_store"][names.SOFT_BINDING]
    assert binding["alg"] == wanted.soft_binding.alg
    (block,) = binding["blocks"]
    assert base64.b64decode(block["value"]) == wanted.soft_binding.value
    assert block["scope"] == {}


def test_our_own_assertion_names_system_model_and_record(stated, wanted):
    assert stated["assertion_store"][names.GENERATION] == {
        "system": wanted.claim.system.name,
        "systemId": wanted.claim.system.id,
        "model": wanted.claim.model,
        "modelVersion": wanted.claim.model_version,
        "recordId": wanted.claim.record_id,
    }


def test_an_unknown_version_of_the_model_is_left_out(signer):
    data = manifests.signed(signer, TRUST, manifests.request(model_version=""))
    created, _ = active(native(data))["assertion_store"][names.ACTIONS]["actions"]
    assert created["softwareAgent"] == {"name": "acme-1"}


@pytest.mark.parametrize("name", ["png", "jpeg"])
def test_there_is_no_thumbnail(signer, name):
    data = manifests.signed(signer, TRUST, name=name)
    assert b"thumbnail" not in data
    plain, _ = manifests.plain(name)
    assert len(data) - len(plain) < 8_000


def test_the_manifest_bytes_on_their_own_read_the_same(signer, wanted):
    data, mime = manifests.plain()
    file = sign(data, mime, manifests.request(), signer, TRUST)
    alone = c2pa.Reader(
        mime,
        io.BytesIO(data),
        manifest_data=file.manifest,
        context=NativeSettings(trust=TRUST).context(),
    )
    assert alone.json() is not None
    assert json.loads(alone.json())["active_manifest"] == native(file.data)["active_manifest"]


# --- parents ---------------------------------------------------------------------------


def opened(signer, parent_data, mime="image/png"):
    wanted = manifests.request(parent=Parent(data=parent_data, mime=mime))
    return manifests.signed(signer, TRUST, wanted)


def test_the_manifest_of_the_input_is_kept_as_its_parent(signer, made):
    report = native(opened(signer, made))
    parent_id = native(made)["active_manifest"]
    assert set(report["manifests"]) == {parent_id, report["active_manifest"]}
    ingredient = active(report)["assertion_store"]["c2pa.ingredient.v3"]
    assert ingredient["relationship"] == "parentOf"
    assert parent_id in json.dumps(ingredient["activeManifest"])


def test_a_picture_with_a_parent_is_opened_and_not_created(signer, made):
    actions = active(native(opened(signer, made)))["assertion_store"][names.ACTIONS]["actions"]
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.watermarked.bound"]
    assert actions[0]["parameters"]["ingredients"]
    assert "digitalSourceType" not in actions[0]


def test_a_parent_of_an_unknown_signer_is_kept(signer, stranger):
    unknown = manifests.signed(stranger, chains.trust_in(chains.authority("stranger")))
    found = read(opened(signer, unknown), "image/png", TRUST)
    assert found.status is ManifestStatus.TRUSTED
    assert "signingCredential.untrusted" in found.ingredients[0].failures


@pytest.mark.parametrize("damage", ["garbage", "twice"])
def test_an_input_whose_manifest_cannot_be_read_is_refused(signer, made, damage):
    parts = tamper.chunks(made)
    box = next(part for part in parts if part[0] == b"caBX")
    if damage == "twice":
        parts.insert(1, box)
    else:
        parts[parts.index(box)] = (b"caBX", b"\0\0\0\x20jumb" + b"\x01" * 24)
    with pytest.raises(ManifestError, match="cannot be kept") as caught:
        opened(signer, tamper.png(parts))
    assert caught.value.code is ErrorCode.MANIFEST
    assert "not stamped over" in caught.value.hint


# --- refusals ----------------------------------------------------------------------------


def refused_signer(data_signer):
    with pytest.raises(SignerError) as caught:
        manifests.signed(data_signer, TRUST)
    return caught.value


@pytest.mark.parametrize(
    "error", [RuntimeError("HSM is locked"), KeyError("slot"), OSError(5, "x")]
)
def test_what_a_callback_raises_is_kept_as_the_cause(signer, error):
    def fail(_):
        raise error

    raised = refused_signer(
        CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=fail)
    )
    assert raised.__cause__ is error
    assert type(error).__name__ in raised.message
    assert raised.code is ErrorCode.SIGNER


@pytest.mark.parametrize("signature", [b"", b"x", bytes(64), bytes(20_000)])
def test_a_signature_that_does_not_verify_is_refused(signer, signature):
    raised = refused_signer(
        CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=lambda _: signature)
    )
    assert "belong together" in raised.hint


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_is_not_turned_into_an_error(signer):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        manifests.signed(
            CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=interrupt),
            TRUST,
        )


def test_the_algorithm_of_another_key_is_refused(signer):
    refused_signer(
        CallbackSigner(algorithm=SigningAlgorithm.ED25519, chain=signer.chain, callback=signer.sign)
    )


def test_a_signer_whose_root_is_not_on_the_list_still_signs_but_is_not_trusted(signer):
    data, mime = manifests.plain()
    file = sign(data, mime, manifests.request(), signer, chains.trust_in(chains.authority("other")))
    assert read(file.data, mime, TRUST).status is ManifestStatus.TRUSTED


def test_a_file_that_the_library_does_not_know_is_our_error(signer):
    with pytest.raises(ManifestError):
        sign(b"no image at all", "image/png", manifests.request(), signer, TRUST)


def test_a_request_needs_a_record_with_a_proper_id(signer):
    bad = ManifestRequest(
        claim=manifests.request(record_id="not a uuid").claim,
        soft_binding=manifests.request().soft_binding,
        software="s",
        version="1",
    )
    with pytest.raises(ManifestError):
        manifests.signed(signer, TRUST, bad)


def test_the_log_of_the_library_is_quiet_only_while_it_signs(signer):
    import logging

    logger = logging.getLogger("c2pa")
    refused_signer(
        CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=lambda _: b"")
    )
    assert not logger.disabled


def test_threads_that_sign_at_once_leave_the_log_as_it_was(signer, caplog):
    import logging
    import threading

    entered, leave = ([threading.Event() for _ in range(2)] for _ in range(2))

    def sign_slowly(turn):
        def wait(_):
            entered[turn].set()
            leave[turn].wait(30)
            raise RuntimeError("the token is locked")

        refused_signer(
            CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=wait)
        )

    threads = [threading.Thread(target=sign_slowly, args=(turn,)) for turn in range(2)]
    for thread, event in zip(threads, entered, strict=True):  # in this order in,
        thread.start()
        assert event.wait(30)
    for thread, event in zip(threads, leave, strict=True):  # and in the same order out
        event.set()
        thread.join(30)
    assert not caplog.records
    logging.getLogger("c2pa").warning("heard again")
    assert [record.message for record in caplog.records] == ["heard again"]
