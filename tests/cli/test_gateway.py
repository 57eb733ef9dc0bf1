"""`provenance gateway` in a process of its own."""

from __future__ import annotations

import base64
import json
import os
import re
import runpy
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.serving import Reply, Upstream, serving

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(*arguments):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PROVENANCE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "provenance_cli", "gateway", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=clean,
    )
    try:
        line = process.stderr.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_it_stamps_logs_and_stops(own_workspace, plain_png, command, tmp_path):
    upstream = Upstream({"/v1/a": Reply(plain_png, "image/png")})
    with serving(upstream) as address:
        options = ("--upstream", f"{address}/v1", "-w", own_workspace, "--listen", "127.0.0.1:0")
        with running(*options, "--format", "webp-lossless", "--model", "acme-3") as (process, url):
            answer = httpx.get(f"{url}/a?prompt=secret")
            assert answer.headers["content-type"] == "image/webp"
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 0
    row, last = err.splitlines()
    assert last == "stopped"
    assert "secret" not in row
    assert (json.loads(row)["images"], json.loads(row)["status"]) == (1, 200)
    path = tmp_path / "a.webp"
    path.write_bytes(answer.content)
    result = command("verify", "-w", own_workspace, "--jsonl", path)
    assert (result.code, result.rows[0]["verdict"]) == (0, "TRACED")
    assert "acme-3" in result.out


def test_the_sample_server_as_the_documentation_has_it(own_workspace, command, tmp_path):
    app = runpy.run_path(str(ROOT / "samples" / "image_server.py"))["app"]

    async def server(scope, receive, send):
        if scope["type"] == "lifespan":
            for name in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{name}.complete"})
        else:
            await app(scope, receive, send)

    path = tmp_path / "house.jpg"
    with serving(server) as address:
        options = ("--upstream", address, "--listen", "127.0.0.1:0", "-w", own_workspace)
        with running(*options) as (_, url):
            asked = {"model": "m", "prompt": "a house"}
            answer = httpx.post(f"{url}/v1/images/generations", json=asked, timeout=60)
            path.write_bytes(base64.b64decode(answer.json()["data"][0]["b64_json"]))
    result = command("verify", "-w", own_workspace, "--jsonl", path)
    assert (result.code, result.rows[0]["verdict"]) == (0, "TRACED")


def test_every_test_that_the_page_names_is_there():
    text = (ROOT / "docs" / "gateway.md").read_text("utf-8")
    names = set(re.findall(r"`((?:unit|integration)/\S+?\.py)`", text))
    assert len(names) == 4
    assert [name for name in sorted(names) if not (ROOT / "tests" / name).is_file()] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--upstream", "ftp://x"], "the upstream must be an address of http or https"),
        (["--upstream", "http://user:pw@x"], "may not hold a user"),
        (["--upstream", "http://x:99999"], "the upstream is no address"),
        (["--upstream", "http://x", "--listen", "8080"], "is no host and port"),
        (["--upstream", "http://x", "--listen", "192.0.2.1:80"], "cannot listen on"),
        (["--upstream", "http://x", "--model-map", "a"], "is no pair of models"),
        (["--upstream", "http://x", "--format", "gif"], "unknown output format"),
        (["--upstream", "http://x", "--read-timeout", "1"], "is not a time"),
    ],
    ids=["scheme", "user", "port", "listen", "address", "map", "format", "time"],
)
def test_options_that_cannot_be_used(command, own_workspace, options, message):
    result = command("gateway", "-w", own_workspace, *options)
    assert result.code == 5 or result.code > 0
    assert message in result.err
    assert len(result.err.splitlines()) == 1


def test_a_workspace_is_needed(command):
    result = command("gateway", "--upstream", "http://x")
    assert "no workspace given" in result.err
