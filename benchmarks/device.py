"""The mark on a torch device against the host: pictures a second, equality, share of each stage.

    python -m benchmarks.device --device cuda

Both ways mark the same pictures (parts of `samples/images`, brought to each size) in the same run.
"Host" is one thread of one core, in seconds of the processor, and so is the device `cpu`: what else
the machine does hardly counts. On a GPU wall time counts, from uint8 tensors that are there to
marked tensors that are there, with everything waited for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.environment import print_environment
from benchmarks.watermark.schemes import Issuer, keyring
from benchmarks.watermark.sets import picture_set
from provenance.imaging import load
from provenance.watermark import Depth, Payload, catalog
from provenance.watermark.device import DeviceEmbedder
from provenance.watermark.schemes.lattice.embed import targets_for
from provenance.watermark.schemes.lattice.words import carried, format_of

_SAMPLES: Final = Path(__file__).resolve().parents[1] / "samples" / "images"
_SCHEME: Final = catalog.scheme("lattice-1")
_SEED: Final = 1
_PACKAGES: Final = ("provenance", "numpy", "opencv-python", "torch")

Pixels = npt.NDArray[np.uint8]


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--sides", type=int, nargs="*", default=[512, 1024])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--runs", type=int, default=5, help="of each batch; the median counts")
    parser.add_argument("--sets", nargs="*", default=[], help="compared as well: kodak, generated")
    options = parser.parse_args()
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    print_environment(_PACKAGES)
    name = options.device
    if name != "cpu":
        name += f": {torch.cuda.get_device_name(name)}, CUDA {torch.version.cuda}"
    print(f"{'device':<14} {name}")
    print(f"{'seed':<14} {_SEED}")
    for name in options.sets:
        source = picture_set(name)
        shown = [source.load(path) for path in source.files()]
        print(f"\n{name}, n = {len(shown)} pictures")
        compare(shown, options.device)
    for side in options.sides:
        measure(options.device, side, options.batches, options.runs)


def measure(device: str, side: int, batches: list[int], runs: int) -> None:
    """Print speed, equality and shares for pictures of one size."""
    import torch

    issuer, shown = Issuer(_SEED), samples(side)
    key = issuer.key.carrier_key
    payloads = [issuer.payload(_SCHEME.info.layout_for(rgb), str(i)) for i, rgb in enumerate(shown)]
    print(f"\n{side} x {side}, n = {len(shown)} pictures, {runs} runs, median")
    host = timed(runs, lambda: marked_on_host(shown, payloads, key), "cpu")
    print(f"  host              {len(shown) / host:8.2f} pictures/s")
    for batch in batches:
        some = [i % len(shown) for i in range(batch)]
        sent = torch.from_numpy(np.stack([shown[i] for i in some])).permute(0, 3, 1, 2)
        sent, those = sent.contiguous().to(device), [payloads[i] for i in some]
        mark = partial(DeviceEmbedder(device=device, at_once=batch).embed_batch, sent, those, key)
        print(f"  device, batch {batch:<3} {batch / timed(runs, mark, device):8.2f} pictures/s")
    compare(shown, device)
    shares(shown, payloads, key, device, runs)


def marked_on_host(shown: list[Pixels], payloads: list[Payload], key: bytes) -> list[Pixels]:
    """The pictures as the host marks them."""
    return [_SCHEME.embed(rgb, payload, key) for rgb, payload in zip(shown, payloads, strict=True)]


def compare(shown: list[Pixels], device: str) -> None:
    """Print how far the device is from the host, in pixels and in what the detector says."""
    issuer, keys, embedder = Issuer(_SEED), keyring(_SEED), DeviceEmbedder(device=device)
    equal, most, surer = [], 0, []
    for number, rgb in enumerate(shown):
        given = issuer.payload(_SCHEME.info.layout_for(rgb), str(number)), issuer.key.carrier_key
        wanted, made = _SCHEME.embed(rgb, *given), embedder.embed(rgb, *given)
        apart = np.abs(made.astype(np.int16) - wanted)
        equal.append(float((apart == 0).mean()))
        most = max(most, int(apart.max()))
        there, here = (_SCHEME.detect(rgb, keys, depth=Depth.FAST) for rgb in (wanted, made))
        if here.payload != given[0] or there.payload != given[0]:
            raise RuntimeError("a marked picture does not read")
        surer.append(here.log10_p / there.log10_p - 1)
    print(f"  equal values      {median(equal):.3%} median, {min(equal):.3%} least")
    print(f"  most apart        {most} level")
    print(f"  log10_p, relative {min(surer):+.3%} to {max(surer):+.3%}")


def shares(
    shown: list[Pixels], payloads: list[Payload], key: bytes, device: str, runs: int
) -> None:
    """Print which share of the time each stage takes."""
    rows: dict[str, list[float]] = {}

    def stage(name: str, action: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401
        started = clock(device)
        made = action(*given)
        wait(device)
        rows.setdefault(name, []).append(clock(device) - started)
        return made

    for _ in range(runs + 1):
        staged(stage, shown, payloads, key, device)
    taken = {name: median(seconds[1:]) for name, seconds in rows.items()}
    print(f"  shares, batch {len(shown)}")
    for name, seconds in taken.items():
        print(f"    {name:<16} {seconds / sum(taken.values()):6.1%}")


def staged(
    stage: Callable[..., Any], shown: list[Pixels], payloads: list[Payload], key: bytes, device: str
) -> None:
    """What `DeviceEmbedder` does, stage by stage."""
    import torch

    from provenance.watermark.device import embed, residual

    format_ = format_of(payloads[0].layout)
    targets = targets_for(shown[0], format_)
    words = np.stack([carried(payload, key) for payload in payloads])
    array = torch.from_numpy(np.stack(shown).transpose(0, 3, 1, 2).copy())
    with torch.no_grad():
        sent = stage("to the device", array.to, device)
        work = stage("frame and mask", embed.prepare, sent, format_, words)
        strength, reached = stage("strength", embed.strengths, work, targets)
        luma, chroma = stage("crops", embed.residuals, work, strength, targets)
        marked = stage("adding", residual.add, sent, luma, chroma)
        stage("reading", embed.found, work, marked, luma, chroma, reached)
        stage("to the host", marked.cpu)


def samples(side: int) -> list[Pixels]:
    """The sample pictures as squares: uint8 (side, side, 3)."""
    made = []
    for path in sorted(_SAMPLES.iterdir()):
        rgb = load(path.read_bytes()).rgb
        edge = min(rgb.shape[:2])
        square = cv2.resize(rgb[:edge, :edge], (side, side), interpolation=cv2.INTER_CUBIC)
        made.append(np.ascontiguousarray(square, dtype=np.uint8))
    return made


def timed(runs: int, action: Callable[[], Any], device: str) -> float:
    """Median seconds, after one run that does not count."""
    taken = []
    for _ in range(runs + 1):
        started = clock(device)
        action()
        wait(device)
        taken.append(clock(device) - started)
    return median(taken[1:])


def clock(device: str) -> float:
    """Seconds of the processor, or of the wall where another device is waited for."""
    return time.process_time() if device == "cpu" else time.perf_counter()


def wait(device: str) -> None:
    """Wait until the device has done everything."""
    import torch

    if device != "cpu":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
