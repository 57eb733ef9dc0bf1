"""A stamper that was used before goes on in other processes, forked or spawned, at once."""

from __future__ import annotations

import multiprocessing
import queue
import threading

import pytest
from support import chains, pictures, softhsm

from provenance import Generation, Workspace
from provenance.keys import SigningAlgorithm
from provenance.model import RecordState
from provenance.registry import StoreRule

PROCESSES, ROUNDS = 3, 2
GENERATION = Generation(model="acme-1")


def stamp(stamper, results, start):
    """What one process does: the last round on two threads."""
    start.wait(60)
    made = [stamper.stamp(pictures.crop(), GENERATION) for _ in range(ROUNDS)]
    made += stamper.stamp_batch([pictures.crop()] * 2, GENERATION, threads=2)
    results.put([(stamped.record_id, str(stamped.mark_id)) for stamped in made])


def run(method, stamper):
    """The children's results; the parent stamps all the while."""
    context = multiprocessing.get_context(method)
    results, start = context.Queue(), context.Event()
    children = [
        context.Process(target=stamp, args=(stamper, results, start)) for _ in range(PROCESSES)
    ]
    try:
        for child in children:
            child.start()
        start.set()
        made = [(item.record_id, str(item.mark_id)) for item in _meanwhile(stamper)]
        for _ in children:
            made += results.get(timeout=120)
        for child in children:
            child.join(60)
        assert [child.exitcode for child in children] == [0] * PROCESSES
    except queue.Empty:
        pytest.fail("a child did not come to an end")
    finally:
        for child in children:
            child.kill()
    return made


def _meanwhile(stamper):
    return [stamper.stamp(pictures.crop(), GENERATION) for _ in range(ROUNDS)]


def _with_token(hsm, path):
    """Sign with a key in a token; the settings that say so."""
    label = f"processes {path.parent.name}"
    public = softhsm.generate(hsm.module, SigningAlgorithm.ES256, label, b"\x43")
    (path / "certs" / "token.pem").write_bytes(Workspace.open(path).certify(chains.spki(public)))
    return {
        "PROVENANCE_SIGNER_KIND": "pkcs11",
        "PROVENANCE_SIGNER_CHAIN": "certs/token.pem",
        "PROVENANCE_SIGNER_PKCS11_MODULE": str(hsm.module),
        "PROVENANCE_SIGNER_PKCS11_TOKEN": softhsm.TOKEN,
        "PROVENANCE_SIGNER_PKCS11_KEY_LABEL": label,
        "PROVENANCE_SIGNER_PKCS11_PIN_FILE": str(hsm.pin_file),
    }


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "pkcs11"])
def test_every_process_stamps_on_its_own(method, kind, tmp_path, request):
    path, environment = Workspace.create(tmp_path / "ws").path, {}
    if kind == "postgresql":
        environment["PROVENANCE_REGISTRY_URL"] = request.getfixturevalue("postgres_url")
    if kind == "pkcs11":
        environment = _with_token(request.getfixturevalue("hsm"), path)
    workspace = Workspace.open(path, environment)
    stamper = workspace.stamper()
    # Warm: connections, sessions, threads of native libraries, and a thread that stamps.
    stamper.stamp_batch([pictures.crop(512, 512)] * 2, GENERATION, threads=2)
    made = run(method, stamper)
    expected = PROCESSES * (ROUNDS + 2) + ROUNDS
    assert len(made) == len({record for record, _ in made}) == expected
    assert len({mark for _, mark in made}) == expected
    store = workspace.store()
    assert store.count()[RecordState.RELEASED] == expected + 2
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())
    stamper.stamp(pictures.crop(), GENERATION)  # the parent's own connections are unharmed


@pytest.mark.slow
def test_a_fork_while_other_threads_stamp_does_not_hang(tmp_path):
    stamper = Workspace.create(tmp_path / "ws").stamper()
    over = threading.Event()

    def busy():
        while not over.is_set():
            stamper.stamp(pictures.crop(), GENERATION)

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert len(run("fork", stamper)) == PROCESSES * (ROUNDS + 2) + ROUNDS
    finally:
        over.set()
        for thread in threads:
            thread.join()
