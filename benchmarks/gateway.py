"""The gateway under load: many clients at once, for a bounded time, on the loopback interface.

    python -m benchmarks.gateway [--clients 200] [--seconds 30] [--workers 2] [--seed 7]

The real command runs in a process of its own, in front of an upstream that answers at once. Every
client asks again as soon as it is answered; what is under way when the time is over is waited
for. Pictures of 512x512 and of 1 MP come as image bodies, `b64_json`, `data:` URLs in a chat and
partial images of a stream; one answer in twenty holds a picture that cannot be stamped, and one
in twenty a damaged one. Afterwards every picture that came back is verified: it has a trusted
manifest, a mark and a record, or this fails. Latencies include waiting for a free worker.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import httpx2
import numpy as np
import uvicorn
from PIL import Image

from benchmarks.environment import print_environment
from provenance import Generation, Verdict, Workspace
from provenance.gateway.answer import Message, Send
from provenance.gateway.middleware import Receive, Scope
from provenance.workspace.selftest import synthetic_picture

SIDES = (512, 1024)
PICTURES = 4  # of each size
PACKAGES = ("provenance", "c2pa-python", "numpy", "pillow", "sqlalchemy", "httpx2", "uvicorn")
KINDS = ("image", "images", "chat", "stream", "tiny", "damaged")
WEIGHTS = (27, 27, 27, 9, 5, 5)
PATHS = {"images": "/v1/images/generations", "chat": "/v1/chat/completions"}
FOUND = re.compile(rb"(?:\"b64_json\": ?\"|base64,)([A-Za-z0-9+/=]+)")


@dataclass
class Results:
    """What came back."""

    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    pictures: list[bytes] = field(default_factory=list, repr=False)
    originals: int = 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print_environment(PACKAGES)
    print(f"seed           {options.seed}")
    pictures = {side: _pictures(side, options.seed) for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "workspace", system_name="bench")
        for side in SIDES:
            alone = _alone(workspace, pictures[side])
            print(f"one stamp      {side}x{side}: {alone:.2f} s, without a gateway")
        server, upstream = _upstream(pictures)
        gateway = _gateway(workspace.path, upstream, options.workers)
        try:
            url = _address(gateway)
            idle = _memory(gateway.pid, "VmRSS")
            begin = time.perf_counter()
            results = asyncio.run(_load(url, options, pictures))
            wall = time.perf_counter() - begin
            peak = _memory(gateway.pid, "VmHWM")
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.wait(timeout=120)
            server.should_exit = True
        print("load at end    {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
        print(f"clients        {options.clients} at once, workers {options.workers}")
        print(
            f"requests       {len(results.seconds)} in {wall:.1f} s (asked for {options.seconds} s)"
        )
        for name, count in sorted(results.outcomes.items()):
            print(f"  {name:<24} {count}")
        median, last = np.percentile(results.seconds, [50, 99])
        print(
            f"latency        p50 {median:.2f} s, p99 {last:.2f} s, max {max(results.seconds):.2f} s"
        )
        print(
            f"pictures       {len(results.pictures)}, {len(results.pictures) / wall:.1f} a second"
        )
        print(f"memory         {idle:.0f} MiB idle, peak {peak:.0f} MiB of the gateway's process")
        sys.exit(_verified(workspace, results))


def _verified(workspace: Workspace, results: Results) -> int:
    verifier = workspace.verifier()
    bad = sum(verifier.verify(data).verdict is not Verdict.TRACED for data in results.pictures)
    print(
        f"unstamped      {bad} of {len(results.pictures)} pictures; {results.originals} originals"
    )
    print("verdict        every picture TRACED" if not bad else "verdict        FAILED")
    return int(bool(bad or results.originals))


def _alone(workspace: Workspace, pictures: list[bytes]) -> float:
    """Seconds of one stamp without a gateway: what a worker needs at least."""
    stamper, generation = workspace.stamper(), Generation(model="bench")
    stamper.stamp(pictures[0], generation)
    begin = time.perf_counter()
    for data in pictures:
        stamper.stamp(data, generation)
    return (time.perf_counter() - begin) / len(pictures)


# --- the gateway and its upstream --------------------------------------------------------


def _gateway(workspace: Path, upstream: str, workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "provenance_cli", "gateway", "-w", str(workspace)]
    command += ["--upstream", upstream, "--listen", "127.0.0.1:0", "--workers", str(workers)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def _address(gateway: subprocess.Popen[str]) -> str:
    """Where it listens. The rest of what it says is read, so that it never waits, and dropped."""
    said = gateway.stderr
    if said is None:
        raise TypeError("the gateway was started without a pipe")
    url = said.readline().split()[-1]
    threading.Thread(target=said.read, daemon=True).start()
    return url


def _upstream(pictures: dict[int, list[bytes]]) -> tuple[uvicorn.Server, str]:
    tiny = _file(np.full((16, 16, 3), 90, np.uint8))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            for name in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{name}.complete"})
            return
        message = await receive()
        while message.get("more_body"):
            message = await receive()
        query = dict(part.split("=") for part in scope["query_string"].decode().split("&"))
        picture = pictures[int(query["side"])][int(query["number"])]
        chosen = {"tiny": tiny, "damaged": picture[:-100]}.get(query["kind"], picture)
        kind, body = _body(query["kind"], chosen)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        start: Message = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    place = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True).start()
    return server, f"http://127.0.0.1:{place.getsockname()[1]}"


def _body(kind: str, picture: bytes) -> tuple[bytes, bytes]:
    text = base64.b64encode(picture).decode()
    match kind:
        case "image" | "damaged":
            return b"image/png", picture
        case "chat":
            content = f"here: ![a](data:image/png;base64,{text})"
            body = {"choices": [{"index": 0, "message": {"content": content}}]}
            return b"application/json", json.dumps(body).encode()
        case "stream":
            event = json.dumps({"type": "image_generation.partial_image", "b64_json": text})
            return b"text/event-stream", f"data: {event}\n\ndata: [DONE]\n\n".encode()
        case _:
            return b"application/json", json.dumps({"data": [{"b64_json": text}]}).encode()


# --- clients ---------------------------------------------------------------------------


async def _load(url: str, options: argparse.Namespace, pictures: dict[int, list[bytes]]) -> Results:
    results, end = Results(), time.perf_counter() + options.seconds
    known = {data[:4000] for group in pictures.values() for data in group}
    limits = httpx2.Limits(max_connections=options.clients)

    async def ask(number: int) -> None:
        rng = random.Random(options.seed * 1_000_003 + number)  # noqa: S311 - which picture
        while time.perf_counter() < end:
            (kind,) = rng.choices(KINDS, WEIGHTS)
            query = f"kind={kind}&side={rng.choice(SIDES)}&number={rng.randrange(PICTURES)}"
            begin = time.perf_counter()
            answer = await client.post(f"{url}{PATHS.get(kind, '/x')}?{query}", json={"model": "m"})
            results.seconds.append(time.perf_counter() - begin)
            _take(kind, answer, results, known)

    async with httpx2.AsyncClient(timeout=600, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(ask(number) for number in range(options.clients)))
    return results


def _take(kind: str, answer: httpx2.Response, results: Results, known: set[bytes]) -> None:
    """Every picture of an answer, whatever else it says."""
    if answer.status_code != 200:
        results.outcomes[f"{kind}: {answer.status_code} {answer.json()['error']['code']}"] += 1
        return
    mime = answer.headers["content-type"]
    encoded = FOUND.findall(answer.content)
    found = [answer.content] if mime.startswith("image/") else list(map(base64.b64decode, encoded))
    results.outcomes[f"{kind}: 200, {len(found)} picture"] += 1
    results.pictures += found
    results.originals += sum(data[:4000] in known for data in found)
    if not found:
        raise AssertionError(f"an answer to {kind} without a picture and without an error")


# --- small things ----------------------------------------------------------------------


def _pictures(side: int, seed: int) -> list[bytes]:
    whole = synthetic_picture()
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(PICTURES):
        top, left = (int(rng.integers(0, size - 400)) for size in whole.shape[:2])
        part = whole[top : top + 400, left : left + 400]
        made.append(_file(cv2.resize(part, (side, side), interpolation=cv2.INTER_CUBIC)))
    return made


def _file(pixels: object) -> bytes:
    target = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(target, "PNG")
    return target.getvalue()


def _memory(pid: int, name: str) -> float:
    """MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)[0]) / 1024


if __name__ == "__main__":
    main()
