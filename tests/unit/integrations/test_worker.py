"""The process that stamps for others, and what its client makes of a bad one."""

from __future__ import annotations

import ast
import io
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support import pictures

from provenance import ProvenanceError, Verdict, Workspace
from provenance.integrations import outside, worker
from provenance.integrations.outside import wire
from provenance.integrations.outside.client import (
    Encoding,
    Made,
    StampingProcess,
    StampingRefused,
)

PNG = Encoding("png")
PICTURE = {"mode": "RGB", "width": 256, "height": 256}
GOOD = {
    "picture": PICTURE, "sources": [], "format": "png", "quality": None, "model": "m",
    "version": "", "operations": [],
}  # fmt: skip


def image() -> Image.Image:
    return Image.fromarray(pictures.crop())


def served(workspace: Workspace, header: object, *bodies: bytes) -> tuple[wire.Header, list[bytes]]:
    """The answer to one message."""
    source, sink = io.BytesIO(), io.BytesIO()
    wire.send(source, header, bodies)  # type: ignore[arg-type]
    source.seek(0)
    assert worker.serve(workspace.stamper, source, sink) == 0
    sink.seek(0)
    assert wire.receive(sink) == ({"ok": True, "system": "test-system", "bodies": []}, [])
    answer = wire.receive(sink)
    assert answer is not None
    assert wire.receive(sink) is None
    return answer


def test_a_picture_is_stamped(workspace: Workspace) -> None:
    answer, (data,) = served(workspace, GOOD, pictures.crop().tobytes())
    assert answer["ok"] is True
    assert workspace.verifier().verify(data).verdict is Verdict.TRACED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"picture": {**PICTURE, "width": 255}}, "E_ARGUMENT", id="other-size"),
        pytest.param({"picture": {**PICTURE, "width": -256}}, "E_CORRUPT", id="negative"),
        pytest.param({"picture": {**PICTURE, "width": "256"}}, "E_ARGUMENT", id="text"),
        pytest.param({"picture": {**PICTURE, "width": 10**9}}, "E_LIMIT", id="huge"),
        pytest.param({"picture": {**PICTURE, "mode": "CMYK"}}, "E_ARGUMENT", id="mode"),
        pytest.param({"picture": None}, "E_ARGUMENT", id="no-picture"),
        pytest.param({"format": "bmp"}, "E_ARGUMENT", id="format"),
        pytest.param({"quality": 50}, "E_ARGUMENT", id="quality-of-png"),
        pytest.param({"model": ""}, "E_ARGUMENT", id="no-model"),
        pytest.param({"operations": ["forge"]}, "E_ARGUMENT", id="operation"),
        pytest.param({"operations": ["redraw"]}, "E_ARGUMENT", id="edit-of-nothing"),
        pytest.param({"sources": [None]}, "E_INTERNAL", id="source-that-did-not-come"),
    ],
)
def test_what_makes_no_sense_is_refused(
    workspace: Workspace, change: dict[str, object], code: str
) -> None:
    answer, bodies = served(workspace, GOOD | change, pictures.crop().tobytes())
    assert (answer["ok"], answer["code"], bodies) == (False, code, [])


def test_a_failure_to_start_is_the_greeting() -> None:
    def broken() -> None:
        raise ProvenanceError("no such workspace", hint="make one")

    sink = io.BytesIO()
    assert worker.serve(broken, io.BytesIO(), sink) == 1  # type: ignore[arg-type]
    sink.seek(0)
    greeting = wire.receive(sink)
    assert greeting is not None
    assert greeting[0]["message"] == "no such workspace"


@given(st.binary(max_size=64))
def test_noise_is_no_message(noise: bytes) -> None:
    try:
        message = wire.receive(io.BytesIO(noise))
    except wire.WireError:
        return
    assert message is None or isinstance(message[0], dict)


@given(st.lists(st.binary(max_size=50), max_size=4), st.integers(0, 200))
def test_a_message_comes_whole_or_not_at_all(bodies: list[bytes], cut: int) -> None:
    stream = io.BytesIO()
    wire.send(stream, {"a": 1}, bodies)
    whole = stream.getvalue()
    message = wire.receive(io.BytesIO(whole))
    assert message is not None
    assert message[1] == bodies
    if 0 < cut < len(whole):
        with pytest.raises(wire.WireError):
            wire.receive(io.BytesIO(whole[:cut]))


# --- the client ----------------------------------------------------------------------


def talking(text: str, *, timeout_s: float = 30.0) -> StampingProcess:
    """A process that says `text` instead of stamping."""
    return StampingProcess((sys.executable, "-I", "-c", text), timeout_s=timeout_s)


GREETS = (
    "import sys, time, struct\n"
    "def say(t): sys.stdout.buffer.write(struct.pack('>I', len(t)) + t); sys.stdout.flush()\n"
    'say(b\'{"ok": true, "bodies": []}\')\n'
    "sys.stdin.buffer.read(256 * 256 * 3)\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("print('hello, world')", "no message", id="chatter"),
        pytest.param("", "the stamping process ended", id="ends"),
        pytest.param(GREETS, "ended", id="ends-after-greeting"),
        pytest.param(GREETS + "time.sleep(60)", "ended", id="hangs"),
        pytest.param(
            GREETS + 'say(b\'{"ok": true, "bodies": []}\'); time.sleep(60)',
            "gave no file",
            id="nothing",
        ),
        pytest.param(GREETS + "say(b'[]'); time.sleep(60)", "no message", id="no-object"),
    ],
)
def test_a_process_that_does_not_stamp_is_refused(text: str, message: str) -> None:
    process = talking(text, timeout_s=2.0)
    with pytest.raises(StampingRefused, match=message):
        process.stamp(image(), PNG, Made(model="m"))
    process.close()


def test_threads_take_turns(workspace: Workspace) -> None:
    process = StampingProcess.from_environment(
        {"PROVENANCE_PYTHON": sys.executable, "PROVENANCE_WORKSPACE": str(workspace.path)}
    )
    files: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: files.append(process.stamp(image(), PNG, Made(model="m"))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.close()
    verifier = workspace.verifier()
    assert [verifier.verify(data).verdict for data in files] == [Verdict.TRACED] * 3
    assert len(set(files)) == 3


@pytest.mark.parametrize(
    "path", sorted(Path(outside.__path__[0]).glob("*.py")), ids=lambda path: path.name
)
def test_the_outside_half_runs_on_an_old_python(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 10))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    assert imported <= sys.stdlib_module_names | {"PIL"}
