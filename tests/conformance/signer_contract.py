"""What every signer does, wherever its key is."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest
from support import chains, manifests, tamper

from provenance.keys import Signer, SigningAlgorithm
from provenance.manifest import read
from provenance.model import ManifestStatus

DATA = b"to be signed" * 100
TRUST = chains.trust_in(chains.authority())


class SignerContract(ABC):
    """Subclass it, and give it a signer of the common test authority for each algorithm."""

    #: What this signer can sign with.
    algorithms = tuple(SigningAlgorithm)

    @pytest.fixture(params=list(SigningAlgorithm), ids=lambda algorithm: algorithm.value)
    def algorithm(self, request):
        if request.param not in self.algorithms:
            pytest.skip(f"{request.param.value} is not offered")
        return request.param

    @pytest.fixture
    @abstractmethod
    def subject(self, algorithm, tmp_path):
        """The signer under test."""

    def test_it_satisfies_the_protocol(self, subject, algorithm):
        assert isinstance(subject, Signer)
        assert subject.algorithm is algorithm

    def test_its_signature_is_that_of_its_certificate(self, subject, algorithm):
        signature = subject.sign(DATA)
        assert chains.verifies(subject.chain, algorithm, DATA, signature)
        assert not chains.verifies(subject.chain, algorithm, DATA + b"x", signature)

    def test_it_signs_anything(self, subject, algorithm):
        for data in (b"", b"\0", bytes(1_000_000)):
            assert chains.verifies(subject.chain, algorithm, data, subject.sign(data))

    def test_its_manifests_are_trusted(self, subject, algorithm):
        found = read(manifests.signed(subject, TRUST), "image/png", TRUST)
        assert found.status is ManifestStatus.TRUSTED
        assert found.signer.algorithm.lower() == algorithm.value
        assert found.signer.common_name == subject.chain.subject

    def test_its_manifests_notice_a_changed_pixel(self, subject):
        data = tamper.change_pixel(manifests.signed(subject, TRUST))
        assert read(data, "image/png", TRUST).status is ManifestStatus.TRUSTED_CONTENT_CHANGED

    def test_it_can_be_used_again_and_again(self, subject):
        for _ in range(3):
            data = manifests.signed(subject, TRUST)
            assert read(data, "image/png", TRUST).status is ManifestStatus.TRUSTED

    def test_it_does_not_show_a_key(self, subject):
        assert "PRIVATE" not in repr(subject)
