"""The guard: in time or not at all, left alone after failures, never a false signature."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import chains, manifests

from provenance.errors import ConfigError, KeyMaterialError, SignerError
from provenance.keys import CallbackSigner, Circuit, GuardedSigner, Signer
from provenance.keys.guarded import MAX_STUCK

LONG = 60.0  # never waited for


class Clock:
    """Time as the test wants it."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Key:
    """A signer that does what `does` says; it counts its calls."""

    def __init__(self, signer):
        self.signer, self.calls, self.does = signer, 0, signer.sign

    def __call__(self, data):
        self.calls += 1
        return self.does(data)

    def fail(self, _):
        raise ConnectionError("no route")


@pytest.fixture
def key(signer):
    return Key(signer)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def released():
    """Set at the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()


def guarded(key, clock=None, **options):
    signer = key.signer
    inner = CallbackSigner(algorithm=signer.algorithm, chain=signer.chain, callback=key)
    options = {"seconds": LONG, "failures": 3, "pause": 30.0} | options
    return GuardedSigner(inner, **options | ({"clock": clock} if clock else {}))


def refused(guard, match=None):
    with pytest.raises(SignerError, match=match) as caught:
        guard.sign(b"data")
    return caught.value


def test_it_is_a_signer_that_says_so(key):
    guard = guarded(key)
    assert isinstance(guard, Signer)
    assert (guard.algorithm, guard.chain) == (key.signer.algorithm, key.signer.chain)
    assert chains.verifies(guard.chain, guard.algorithm, b"data", guard.sign(b"data"))
    assert guard.circuit is Circuit.CLOSED


def test_a_false_signature_is_a_failure(key):
    guard = guarded(key, failures=1)
    key.does = lambda data: key.signer.sign(data + b"x")
    refused(guard, "not by the key of its certificate")
    assert guard.circuit is Circuit.OPEN


@pytest.mark.parametrize("error", [KeyMaterialError("no token", hint="plug it in")])
def test_our_own_errors_pass_unchanged(key, error):
    def fail(_):
        raise error

    key.does = fail
    with pytest.raises(KeyMaterialError) as caught:
        guarded(key).sign(b"data")
    assert caught.value is error


def test_any_other_error_is_the_cause_of_ours(key):
    key.does = key.fail
    error = refused(guarded(key), "the signer failed: ConnectionError: no route")
    assert isinstance(error.__cause__, ConnectionError)


def test_a_signer_that_does_not_come_back_is_left_behind(key, released):
    key.does = lambda _: released.wait()
    refused(guarded(key, seconds=0.05), r"did not answer within 0\.05 seconds")


# --- the circuit ----------------------------------------------------------------------------


def test_closed_open_half_open_closed(key, clock):
    guard = guarded(key, clock)
    key.does = key.fail
    for _ in range(3):
        assert guard.circuit is Circuit.CLOSED
        refused(guard, "no route")
    assert (guard.circuit, key.calls) == (Circuit.OPEN, 3)
    error = refused(guard, "failed 3 times in a row and is not asked for now.*no route")
    assert "after 30 seconds" in error.hint
    clock.now += 29.9
    refused(guard)
    assert key.calls == 3  # nobody was asked
    clock.now += 0.1
    assert guard.circuit is Circuit.HALF_OPEN
    key.does = key.signer.sign
    guard.sign(b"data")
    assert guard.circuit is Circuit.CLOSED


def test_a_trial_that_fails_opens_it_again_for_the_whole_pause(key, clock):
    guard = guarded(key, clock)
    key.does = key.fail
    for _ in range(3):
        refused(guard)
    clock.now += 30
    refused(guard, "no route")
    assert (guard.circuit, key.calls) == (Circuit.OPEN, 4)
    clock.now += 29
    assert guard.circuit is Circuit.OPEN


def test_only_failures_in_a_row_count(key, clock):
    guard = guarded(key, clock)
    for _ in range(5):
        key.does = key.fail
        refused(guard)
        refused(guard)
        key.does = key.signer.sign
        guard.sign(b"data")
    assert guard.circuit is Circuit.CLOSED


def test_one_call_alone_tries_whether_all_is_well(key, clock):
    guard = guarded(key, clock, failures=1)
    key.does = key.fail
    refused(guard)
    clock.now += 30
    inside, go_on = threading.Event(), threading.Event()

    def slow(data):
        inside.set()
        go_on.wait()
        return key.signer.sign(data)

    key.does = slow
    with ThreadPoolExecutor() as pool:
        trial = pool.submit(guard.sign, b"data")
        assert inside.wait(10)
        refused(guard, "not asked for now")
        go_on.set()
        assert trial.result()
    assert (guard.circuit, key.calls) == (Circuit.CLOSED, 2)


def test_an_interrupted_trial_is_neither_and_lets_the_next_one_try(key, clock, monkeypatch):
    guard = guarded(key, clock, failures=1)
    key.does = key.fail
    refused(guard)
    clock.now += 30

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(guard, "_in_time", interrupt)
        with pytest.raises(KeyboardInterrupt):
            guard.sign(b"data")
    assert guard.circuit is Circuit.HALF_OPEN
    key.does = key.signer.sign
    assert guard.sign(b"data")


def test_threads_that_never_come_back_are_counted_and_few(key, released):
    guard = guarded(key, seconds=0.01, failures=10_000)
    key.does = lambda _: released.wait()
    for _ in range(MAX_STUCK):
        refused(guard, "did not answer")
    error = refused(guard, f"{MAX_STUCK} calls to the signer did not come back")
    assert "restart" in error.hint
    assert key.calls == MAX_STUCK


def test_threads_that_come_back_late_are_forgotten(key):
    guard = guarded(key, seconds=0.01, failures=10_000)
    late, done = threading.Event(), []

    def slow(_):
        late.wait()
        done.append(1)

    key.does = slow
    for _ in range(MAX_STUCK):
        refused(guard, "did not answer")
    late.set()
    for thread in threading.enumerate():
        if thread.name == "provenance-signer":
            thread.join(10)
    assert len(done) == MAX_STUCK
    key.does = lambda data: key.signer.sign(data)
    object.__setattr__(guard, "_seconds", LONG)
    assert guard.sign(b"data")


def test_many_threads_sign_at_once(key):
    guard = guarded(key)
    texts = [f"text {i}".encode() for i in range(64)]
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(guard.sign, texts))
    assert all(
        chains.verifies(guard.chain, guard.algorithm, text, signature)
        for text, signature in zip(texts, signatures, strict=True)
    )


def test_a_manifest_is_signed_and_an_open_circuit_says_what_is_wrong(key, clock):
    trust = chains.trust_in(chains.authority())
    guard = guarded(key, clock, failures=1)
    assert manifests.signed(guard, trust)
    key.does = key.fail
    with pytest.raises(SignerError, match="the signer failed: ConnectionError"):
        manifests.signed(guard, trust)
    with pytest.raises(SignerError, match="not asked for now") as caught:
        manifests.signed(guard, trust)
    assert "30 seconds" in caught.value.hint


FORK = """
    import os, sys, threading
    sys.path[:0] = ["tests"]
    from pathlib import Path
    from support import chains
    from provenance.errors import SignerError
    from provenance.keys import CallbackSigner, Circuit, GuardedSigner, SigningAlgorithm

    inner = chains.files_for(Path(sys.argv[1]), SigningAlgorithm.ES256).signer()
    works = threading.Event()

    def sign(data):
        works.wait()
        return inner.sign(data)

    guard = GuardedSigner(
        CallbackSigner(algorithm=inner.algorithm, chain=inner.chain, callback=sign),
        seconds=0.05, failures=1,
    )
    try:
        guard.sign(b"x")
    except SignerError:
        pass
    assert guard.circuit is Circuit.OPEN
    guard._lock.acquire()  # as a thread would hold it that is not in the child
    child = os.fork()
    if child == 0:
        works.set()
        ok = guard.circuit is Circuit.CLOSED and bool(guard.sign(b"x"))
        os._exit(0 if ok else 1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_begins_anew(tmp_path):
    code = textwrap.dedent(FORK)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, tmp_path], timeout=60, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "options",
    [{"seconds": 0}, {"seconds": 301}, {"seconds": float("nan")}, {"failures": 0}, {"pause": 0}],
    ids=str,
)
def test_limits_have_bounds(key, options):
    with pytest.raises(ConfigError):
        guarded(key, **options)
