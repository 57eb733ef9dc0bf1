"""Both signers keep the contract."""

from __future__ import annotations

import pytest
from conformance.signer_contract import SignerContract
from support import chains


class TestFileSigner(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, tmp_path):
        return chains.files_for(tmp_path, algorithm).signer()


class TestCallbackSigner(SignerContract):
    @pytest.fixture
    def subject(self, algorithm, tmp_path):
        return chains.callback_for(chains.files_for(tmp_path, algorithm).signer())
