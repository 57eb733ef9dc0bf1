"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings
from support import chains, pictures, softhsm

from provenance import Workspace
from provenance.keys import FileSigner

if TYPE_CHECKING:
    from support.postgres import Server

# The same examples on every machine and in every run; explore with
# --hypothesis-profile=explore.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One workspace for all tests that only add records to it."""
    return Workspace.create(
        tmp_path_factory.mktemp("common") / "workspace", system_name="test-system"
    )


@pytest.fixture
def picture() -> npt.NDArray[np.uint8]:
    """A picture with structure that holds the default mark: uint8 (256, 256, 3)."""
    return pictures.crop()


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    """A signer of the common test authority: `chains.authority()`."""
    return _signer(tmp_path_factory, "test")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> FileSigner:
    """A signer whose root is on nobody's list: `chains.authority("stranger")`."""
    return _signer(tmp_path_factory, "stranger")


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[softhsm.Token]:
    """A SoftHSM2 token of this process; see `support.softhsm`."""
    softhsm.need()
    folder = tmp_path_factory.mktemp("hsm") / "token"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOFTHSM2_CONF", str(softhsm.initialise(folder)))
        yield softhsm.token_in(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; where none is installed the test is skipped, but never in CI."""
    from support.postgres import Server, binaries

    programs = binaries()
    if programs is None:
        reason = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = Server(programs)
    yield server
    server.remove()


@pytest.fixture
def postgres_database(postgres: Server) -> Iterator[str]:
    """The name of a database on that server with an empty registry, whose schema must stay."""
    with postgres.registry() as name:
        yield name


@pytest.fixture
def postgres_url(postgres: Server, postgres_database: str) -> str:
    """The address of an empty registry on that server."""
    return postgres.url(postgres_database)


def _signer(tmp_path_factory: pytest.TempPathFactory, name: str) -> FileSigner:
    chain = chains.authority(name)
    folder = tmp_path_factory.mktemp("keys")
    return chains.key_files(folder, chain.leaf_key_pem, chain.chain_pem).signer()
