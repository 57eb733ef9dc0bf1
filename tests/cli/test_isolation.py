"""No extras: what the command must do with nothing but itself."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from support.command import run

from provenance import Generation, Workspace
from provenance.workspace.selftest import synthetic_picture

EXTRAS = ("imwatermark", "torch", "onnxruntime", "pywt", "pillow_heif", "pyhanko", "jwt", "typst")


@pytest.fixture(scope="module")
def stamped(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stamped") / "picture.png"
    workspace.stamper().stamp(synthetic_picture(), Generation(model="m"), to=path)
    return path


def _closure(name: str, found: dict[str, importlib.metadata.Distribution]) -> None:
    """The distribution and everything that it needs without extras."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return
    try:
        found[key] = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # a requirement of another platform
    for requirement in found[key].requires or ():
        if "extra ==" not in requirement:
            _closure(re.split(r"[ \[<>=!~;(]", requirement)[0], found)


def _link(source: Path, target: Path) -> None:
    """Hard links: OpenCV resolves symbolic ones and then imports itself again."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link_file, ignore_dangling_symlinks=True)
    else:
        _link_file(source, target)


def _link_file(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def base_installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds this project and its base dependencies, and nothing else."""
    site = tmp_path_factory.mktemp("base")
    found: dict[str, importlib.metadata.Distribution] = {}
    _closure("provenance", found)
    for distribution in found.values():
        for file in distribution.files or ():
            top = file.parts[0]
            if top in ("..", "__pycache__") or (site / top).exists():
                continue
            _link(Path(str(distribution.locate_file(top))), site / top)
    source = Path(__file__).resolve().parents[2]
    for name, folder in (("provenance", "provenance"), ("provenance_cli", "cli")):
        if not (site / name).exists():
            (site / name).symlink_to(source / folder)
    return site


def _base_python(site: Path, code: str) -> tuple[str, ...]:
    return ("-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {code}")


def test_base_installation_really_has_no_extras(base_installation: Path) -> None:
    code = "import importlib.util as u; print([n for n in sys.argv[1:] if u.find_spec(n)])"
    result = run(*EXTRAS, wrapper=_base_python(base_installation, code))
    assert result.stdout.decode().strip() == "[]", result.stderr.decode()


def test_verifies_without_extras(
    base_installation: Path, own_workspace: Path, stamped: Path
) -> None:
    wrapper = _base_python(base_installation, "from provenance_cli.main import main; main()")
    result = run("verify", "-w", own_workspace, "--jsonl", stamped, wrapper=wrapper)
    assert result.returncode == 0, result.stderr.decode()
    row = json.loads(result.stdout)
    assert row["verdict"] == "TRACED"
    assert row["mark_id"] is not None


def test_stamps_without_extras(
    base_installation: Path, own_workspace: Path, stamped: Path, tmp_path: Path
) -> None:
    wrapper = _base_python(base_installation, "from provenance_cli.main import main; main()")
    result = run("stamp", "-w", own_workspace, stamped, "-o", tmp_path, wrapper=wrapper)
    assert result.returncode == 0, result.stderr.decode()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_scheme_of_a_missing_extra_says_what_to_install(
    base_installation: Path, own_workspace: Path, stamped: Path, tmp_path: Path
) -> None:
    wrapper = _base_python(base_installation, "from provenance_cli.main import main; main()")
    scheme = {"PROVENANCE_STAMP_SCHEME": "imwatermark.dwtDctSvd"}
    result = run("stamp", "-w", own_workspace, stamped, "-o", tmp_path, wrapper=wrapper, env=scheme)
    assert result.returncode == 2
    assert b"provenance[imwatermark]" in result.stderr
    assert not list(tmp_path.iterdir())


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['provenance', '--help']\n"
        "from provenance_cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'cv2', 'PIL', 'c2pa', 'sqlalchemy', 'scipy', 'torch', 'cryptography'}\n"
        "sys.stderr.write(repr(sorted(heavy & set(sys.modules))))"
    )
    assert run(wrapper=("-c", code)).stderr.decode() == "[]", sys.version
