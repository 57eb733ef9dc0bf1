"""Keys in a SoftHSM2 token: found, refused, lost and found again; in threads and processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import chains, softhsm

from provenance.errors import ConfigError, KeyMaterialError, SignerError
from provenance.keys import CertificateChain, PrivateText, SigningAlgorithm, prove_pair

ES256, ED25519 = SigningAlgorithm.ES256, SigningAlgorithm.ED25519


@pytest.fixture
def signer(hsm):
    return hsm.signer(ES256)


@pytest.fixture
def p11(hsm):
    from provenance.keys import pkcs11_signer

    return pkcs11_signer


@pytest.fixture
def logged_out(p11, hsm):
    """This process has no session, and the token no login of it."""

    lose_by_reinitialising(p11)
    p11._TOKENS.open.clear()
    yield
    p11._TOKENS.refused.clear()


def refused(signer, match):
    with pytest.raises(KeyMaterialError, match=match) as caught:
        signer.sign(b"data")
    assert softhsm.PIN not in str(caught.value)
    return caught.value


# --- the key that is meant ---------------------------------------------------------------------


@pytest.mark.parametrize("names", [{}, {"key_id": b"\1"}, {"key_label": "", "key_id": b"\7"}])
def test_a_key_is_found_by_label_id_or_both(hsm, names):
    signer = hsm.signer(ES256, **names)
    if names.get("key_id") == b"\7":
        public = softhsm._Public(softhsm.generate(hsm.module, ES256, "other", b"\7"))
        leaf = chains.leaf_for(public, chains.authority())
        chain = CertificateChain.parse(leaf + chains.authority().issuing_pem)
        signer = hsm.signer(ES256, chain=chain, **names)
    prove_pair(signer)


def test_the_private_key_never_leaves_the_token(hsm, signer):
    import pkcs11

    prove_pair(signer)
    session = softhsm._session(hsm.module)
    label = ES256.value
    key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
    assert key[pkcs11.Attribute.SENSITIVE]
    assert not key[pkcs11.Attribute.EXTRACTABLE]
    with pytest.raises(pkcs11.exceptions.AttributeSensitive):
        key[pkcs11.Attribute.VALUE]


def test_no_such_key(hsm):
    error = refused(hsm.signer(ES256, key_label="nobody"), "no private key with label 'nobody'")
    assert "pkcs11-tool" in error.hint
    refused(hsm.signer(ES256, key_id=b"\xab"), "with label 'es256' and id ab")


def test_two_keys_of_one_name_are_not_chosen_between(hsm):
    for _ in range(2):
        softhsm.generate(hsm.module, ES256, "twice")
    refused(hsm.signer(ES256, key_label="twice"), "more than one private key")


def test_the_key_of_another_certificate_is_noticed(hsm):
    softhsm.generate(hsm.module, ES256, "stranger", b"\x09")
    with pytest.raises(KeyMaterialError, match="does not belong"):
        prove_pair(hsm.signer(ES256, key_label="stranger", key_id=b"\x09"))


@pytest.mark.parametrize("algorithm", [SigningAlgorithm.PS256, ED25519])
def test_a_key_of_another_kind_is_refused_before_the_library_sees_it(hsm, algorithm):
    prove_pair(hsm.signer(ES256))
    refused(hsm.signer(algorithm, key_label=ES256.value), f"kind that signs {algorithm.value}")


def test_a_token_without_the_mechanism_says_which(hsm, p11, logged_out, monkeypatch):
    mechanisms = dict(p11._MECHANISMS)
    mechanisms[ES256] = (p11.Mechanism.ML_DSA, None, p11.KeyType.EC)
    monkeypatch.setattr(p11, "_MECHANISMS", mechanisms)
    with pytest.raises(SignerError, match="cannot sign es256: it has no CKM_ML_DSA"):
        hsm.signer(ES256).sign(b"data")


# --- token, library and PIN --------------------------------------------------------------------


def test_no_such_token(hsm):
    error = refused(hsm.signer(ES256, token="nowhere"), "no token with the label 'nowhere'")  # noqa: S106
    assert "--list-slots" in error.hint


def test_no_such_library(hsm, tmp_path):
    refused(hsm.signer(ES256, module=tmp_path / "no.so"), "cannot be used")
    (tmp_path / "text.so").write_text("not a library")
    refused(hsm.signer(ES256, module=tmp_path / "text.so"), "cannot be used")


def test_a_library_of_another_kind(hsm):
    libc = next((p for p in Path("/lib").glob("*/libc.so.6")), None)
    if libc is None:
        pytest.skip("no libc to be mistaken for a PKCS#11 library")
    refused(hsm.signer(ES256, module=libc.resolve()), "cannot be used")


def pin_of(tmp_path, text):
    path = tmp_path / "pin"
    path.write_text(text)
    path.chmod(0o600)
    return PrivateText(what="PIN", path=path)


def test_a_wrong_pin_is_tried_once_and_never_again(hsm, logged_out, tmp_path):
    wrong = hsm.signer(ES256, pin=pin_of(tmp_path, "99999"))
    refused(wrong, "refuses the PIN")
    for _ in range(20):  # a token would have locked itself by now
        refused(wrong, "was refused before and is not tried again")
    prove_pair(hsm.signer(ES256))


def test_a_pin_that_was_corrected_is_tried(hsm, logged_out, tmp_path):
    signer = hsm.signer(ES256, pin=pin_of(tmp_path, "99999"))
    refused(signer, "refuses the PIN")
    (tmp_path / "pin").write_text(softhsm.PIN)
    prove_pair(signer)


def test_a_pin_of_the_environment(hsm, logged_out, monkeypatch):
    monkeypatch.setenv("TEST_ONLY_PIN", softhsm.PIN)
    prove_pair(hsm.signer(ES256, pin=PrivateText(what="PIN", variable="TEST_ONLY_PIN")))


def test_no_pin_at_all(hsm, logged_out):
    refused(hsm.signer(ES256, pin=PrivateText(what="PIN")), "there is no PIN")


def test_another_part_of_the_process_may_have_logged_in(hsm, logged_out):
    import pkcs11

    token = pkcs11.lib(str(hsm.module)).get_token(token_label=softhsm.TOKEN)
    other = token.open(user_pin=softhsm.PIN)
    prove_pair(hsm.signer(ES256))
    other.close()


@pytest.mark.parametrize(
    "changes",
    [{"module": Path("libsofthsm2.so")}, {"token": ""}, {"key_label": ""}],
    ids=str,
)
def test_what_names_no_key_is_refused(hsm, changes):
    with pytest.raises(ConfigError):
        hsm.signer(ES256, **changes)


def test_nothing_secret_is_shown(signer):
    signer.sign(b"data")
    assert softhsm.PIN not in repr(signer)


# --- losing the session ------------------------------------------------------------------------


def lose_by_closing(p11):
    for token in p11._TOKENS.open.values():
        token.session.close()


def lose_by_reinitialising(p11):
    for library in p11.pkcs11._loaded.values():
        library.reinitialize()


@pytest.mark.parametrize("lose", [lose_by_closing, lose_by_reinitialising])
def test_a_lost_session_is_opened_again_once(hsm, p11, signer, lose):
    prove_pair(signer)
    lose(p11)
    prove_pair(signer)


def test_a_token_that_is_gone_is_our_error_and_comes_back(hsm, p11, signer, tmp_path):
    prove_pair(signer)
    tokens = hsm.folder / "tokens"
    tokens.rename(hsm.folder / "away")
    try:
        tokens.mkdir()
        lose_by_reinitialising(p11)
        refused(signer, "no token with the label")
    finally:
        tokens.rmdir()
        (hsm.folder / "away").rename(tokens)
        lose_by_reinitialising(p11)
    prove_pair(signer)


# --- threads and processes ---------------------------------------------------------------------


def test_many_threads_share_a_session(hsm, p11, signer):
    texts = [f"text {i}".encode() for i in range(64)]
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(signer.sign, texts))
    assert all(
        chains.verifies(signer.chain, ES256, text, signature)
        for text, signature in zip(texts, signatures, strict=True)
    )
    assert len(p11._TOKENS.open) == 1


def test_it_crosses_process_borders_without_anything_secret(hsm, signer):
    signer.sign(b"data")
    data = pickle.dumps(signer)
    assert softhsm.PIN.encode() not in data
    prove_pair(pickle.loads(data))  # noqa: S301 - our own bytes


def _sign_in_child(signer, text):
    return signer.sign(text)


def test_a_spawned_child_opens_a_session_of_its_own(signer):
    signer.sign(b"data")
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        signature = pool.apply(_sign_in_child, (signer, b"text"))
    assert chains.verifies(signer.chain, ES256, b"text", signature)


FORK = """
    import os, pickle, sys
    signer = pickle.load(open(sys.argv[1], "rb"))
    from provenance.keys import pkcs11_signer, prove_pair
    prove_pair(signer)
    pkcs11_signer._TOKENS.lock.acquire()  # as a thread would hold it that is not in the child
    for token in pkcs11_signer._TOKENS.open.values():
        token.lock.acquire()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                prove_pair(signer)
                os._exit(0)
            except BaseException as error:
                print(repr(error), flush=True)
                os._exit(1)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    for token in pkcs11_signer._TOKENS.open.values():
        token.lock.release()
    pkcs11_signer._TOKENS.lock.release()
    prove_pair(signer)
    sys.exit(any(codes))
"""


def test_forked_children_open_sessions_of_their_own_and_leave_the_parents_alone(signer, tmp_path):
    (tmp_path / "signer").write_bytes(pickle.dumps(signer))
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(FORK), tmp_path / "signer"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, env=os.environ)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()


def test_a_library_that_another_part_of_the_process_has_closed_is_opened_again(hsm, p11, signer):
    prove_pair(signer)
    p11.pkcs11._loaded[str(hsm.module)].finalize()
    with contextlib.suppress(SignerError):  # a code without a name: the session is given up
        signer.sign(b"data")
    prove_pair(signer)
