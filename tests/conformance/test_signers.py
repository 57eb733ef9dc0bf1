"""Every signer keeps the contract."""

from __future__ import annotations

import pytest
from conformance.signer_contract import SignerContract
from support import chains, signing_service

from provenance.keys import GuardedSigner, PrivateText, write_private


@pytest.fixture(scope="module")
def service():
    with signing_service.service() as running:
        yield running


@pytest.fixture
def bearer(tmp_path):
    write_private(tmp_path / "token", f"{signing_service.TOKEN}\n".encode())
    return PrivateText(what="token", path=tmp_path / "token")


class TestFileSigner(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, tmp_path):
        return chains.files_for(tmp_path, algorithm).signer()


class TestCallbackSigner(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, tmp_path):
        return chains.callback_for(chains.files_for(tmp_path, algorithm).signer())


class TestPkcs11Signer(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, hsm):
        return hsm.signer(algorithm)


class TestHttpSigner(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, service, bearer):
        return service.signer(algorithm, bearer)


class TestGuardedFileSigner(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, tmp_path):
        return GuardedSigner(chains.files_for(tmp_path, algorithm).signer())


class TestGuardedPkcs11Signer(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, hsm):
        return GuardedSigner(hsm.signer(algorithm))


class TestGuardedHttpSigner(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, service, bearer):
        return GuardedSigner(service.signer(algorithm, bearer))
