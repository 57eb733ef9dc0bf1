"""AUTOMATIC1111 and Forge: no picture leaves without a mark, a signed manifest and a record.

The host goes on where an extension fails to load, and would let pictures out unstamped. So this
one ends the host instead, with one line that says why.
"""

import functools
import importlib
import importlib.util
import os
import subprocess

import gradio
from modules import script_callbacks, scripts, scripts_postprocessing, shared, ui_tempdir
from modules.api import api
from PIL import Image

#: Where Gradio writes pictures for the browser: up to 3.x, and from 4.0 on.
_BROWSER = (
    ("components", "IOComponent", "pil_to_temp_file"),
    ("processing_utils", "save_pil_to_file"),
    ("processing_utils", "save_pil_to_cache"),
)


def _outside(name):
    """A module of the installation that stamps; it needs nothing but what this host has."""
    python = os.environ.get("PROVENANCE_PYTHON")
    if not python:
        raise RuntimeError("set PROVENANCE_PYTHON to the Python that has provenance installed")
    where = "import provenance.integrations.outside as o; print(o.__path__[0])"
    found = subprocess.run([python, "-I", "-c", where], capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(
            f"{python} has no provenance.integrations: {found.stderr.strip()[-200:]}"
        )
    folder = found.stdout.strip()
    spec = importlib.util.spec_from_file_location(
        "provenance_outside",
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    importlib.sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{spec.name}.{name}")


def _model():
    title = getattr(shared.opts, "sd_model_checkpoint", None) or "unnamed checkpoint"
    return title.partition(" [")[0][:200]


def _no_previews():
    """Unfinished pictures reach the browser past every hook."""
    shared.opts.data["live_previews_enable"] = False


def _wrap(owner, name):
    """Let a function of the host have pictures that are stamped when it saves them."""
    function = getattr(owner, name)
    function = getattr(function, "_provenance_original", function)  # the interface was reloaded

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        def out(value):
            return EXITS.outgoing(value) if isinstance(value, Image.Image) else value

        return function(*map(out, args), **{key: out(value) for key, value in kwargs.items()})

    wrapped._provenance_original = function
    setattr(owner, name, wrapped)


def _close_the_exits():
    _no_previews()
    _wrap(api, "encode_pil_to_base64")
    _wrap(ui_tempdir, "save_pil_to_file")
    found = 0
    for *path, name in _BROWSER:
        owner = functools.reduce(lambda at, step: getattr(at, step, None), path, gradio)
        if hasattr(owner, name):
            _wrap(owner, name)
            found += 1
    if not found:
        raise RuntimeError("this version of Gradio is not known; see the README")
    script_callbacks.on_before_image_saved(EXITS.before_image_saved)
    script_callbacks.on_image_saved(EXITS.image_saved)


try:
    a1111 = _outside("a1111")
    STAMPING = _outside("client").StampingProcess.from_environment()
    EXITS = a1111.Exits(STAMPING, _model)
    _close_the_exits()
    print(f"provenance: pictures are stamped as {STAMPING.start()}")
except Exception as error:
    raise SystemExit(f"provenance: pictures would not be stamped, so this ends: {error}") from error


class ProvenanceStamp(scripts.Script):
    """Says what a picture is made from. What stamps it are the exits."""

    def title(self):
        return "Provenance"

    def show(self, is_img2img):
        return scripts.AlwaysVisible

    def before_process(self, p, *args):
        _no_previews()
        EXITS.begin(a1111.Job.of(p))

    def postprocess(self, p, processed, *args):
        EXITS.finished(p, processed.images)


class ProvenanceSource(scripts_postprocessing.ScriptPostprocessing):
    """Says what a picture of the Extras tab is made from."""

    name = "Provenance"
    order = 0  # before anything has changed the picture

    def ui(self):
        return {}

    def process(self, pp, **args):
        EXITS.begin(a1111.Job(sources=(pp.image.copy(),)))
