"""No prompt, account or person gets into manifest, registry or anything else that is kept."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import c2pa
import pytest
from PIL import Image, PngImagePlugin
from support import pictures
from support.markers import PROMPT

from provenance import Generation, Operation
from provenance.errors import ArgumentError
from provenance.keys import Pseudonyms
from provenance.manifest.native import NativeSettings

XMP = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>{PROMPT}</dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
ACCOUNT = "zqxj-account"

#: Every field of a manifest of ours. A new one has to be written down here, and must be none that
#: a prompt, a name or an account fits in. The texts below `TEXTS` are checked for what they say.
FIELDS = {
    "action", "actions", "alg", "allActionsIncluded", "blocks", "digitalSourceType", "exclusions",
    "hash", "ingredients", "instanceID", "length", "model", "modelVersion", "name",
    "org.provenance-toolkit.operations", "pad", "parameters", "recordId", "relationship", "scope",
    "softwareAgent", "start", "system", "systemId", "url", "value", "version",
}  # fmt: skip
TEXTS = {"dc:title", "dc:format", "description"}


def loaded_with_prompts() -> bytes:
    """A picture whose every kind of metadata holds a prompt."""
    texts = PngImagePlugin.PngInfo()
    for key in ("parameters", "prompt", "workflow", "Description", "Comment", "Author"):
        texts.add_text(key, PROMPT)
        texts.add_itxt(f"i{key}", PROMPT)
    texts.add_itxt("XML:com.adobe.xmp", XMP)
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = PROMPT
    return pictures.file(pictures.crop(), "PNG", pnginfo=texts, exif=exif)


def everywhere(text: str) -> tuple[bytes, ...]:
    return tuple(text.encode(name) for name in ("utf-8", "utf-16-le", "utf-16-be"))


def kept_files(bench) -> Iterator[tuple[str, bytes]]:
    for path in bench.workspace.path.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


def assertions(bench, stamped) -> dict:
    context = NativeSettings(trust=bench.workspace.trust()).context()
    reader = c2pa.Reader("image/png", io.BytesIO(stamped.data), context=context)
    report = json.loads(reader.detailed_json())
    return report["manifests"][report["active_manifest"]]["assertion_store"]


def fields(value) -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield name
            yield from fields(below)
    elif isinstance(value, list):
        for below in value:
            yield from fields(below)


def texts(value) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from ((name, below) for name, below in value.items() if name in TEXTS)
    below = value.values() if isinstance(value, dict) else value
    for item in below if isinstance(value, dict | list) else ():
        yield from texts(item)


def test_a_prompt_in_the_input_is_kept_nowhere(bench):
    source = loaded_with_prompts()
    assert PROMPT.encode() in source
    made = bench.stamper.stamp(source, bench.generation, name=f"{PROMPT}.png", account=ACCOUNT)
    record = bench.workspace.store().find_by_id(made.record_id)
    manifest = record.file.manifest
    assert manifest in made.data
    for form in (*everywhere(PROMPT), *everywhere(ACCOUNT)):
        assert form not in manifest
        assert form not in record.file.envelope
        for name, data in kept_files(bench):
            assert form not in data, name


@pytest.mark.parametrize("edited", [False, True])
def test_no_field_of_a_manifest_could_hold_a_prompt_or_an_account(bench, edited):
    operations = (Operation.INPAINT,) if edited else ()
    made = bench.stamper.stamp(
        pictures.crop(),
        Generation(model="acme-1", model_version="2.0", operations=operations),
        parents=[loaded_with_prompts()] if edited else (),
        account=ACCOUNT,
    )
    stated = assertions(bench, made)
    assert set(fields(list(stated.values()))) <= FIELDS | (TEXTS if edited else set())
    assert {(name, text) for name, text in texts(stated)} == (
        {
            ("dc:title", "parent"),
            ("dc:format", "image/png"),
            ("description", "inpaint"),
        }
        if edited
        else set()
    )
    text = json.dumps(stated)
    record = bench.workspace.store().find_by_id(made.record_id)
    assert record.pseudonym
    for private in (PROMPT, ACCOUNT, record.pseudonym):
        assert private not in text


def test_an_account_needs_keys(bench):
    with pytest.raises(ArgumentError, match="no pseudonym key") as caught:
        replace(bench.stamper, pseudonyms=None).stamp(
            pictures.crop(), bench.generation, account=ACCOUNT
        )
    assert ACCOUNT not in str(caught.value)
    assert bench.states() == {}
    replace(bench.stamper, pseudonyms=None).stamp(pictures.crop(), bench.generation)


def test_pictures_of_one_account_have_one_pseudonym(bench):
    store = bench.workspace.store()

    def stamped(account):
        made = bench.stamper.stamp(pictures.crop(), bench.generation, account=account)
        return store.find_by_id(made.record_id)

    mine, again, nobody = stamped(ACCOUNT), stamped(f" {ACCOUNT}"), stamped("")
    assert mine.pseudonym == again.pseudonym != ""
    assert nobody.pseudonym == ""
    assert set(store.records_of(mine.pseudonym)) == {mine.record_id, again.record_id}
    assert bench.workspace.pseudonyms().reveal(store.account(mine.pseudonym)) == ACCOUNT
    assert store.statistics().accounts == 1
    assert ACCOUNT not in repr(store.account(mine.pseudonym))


def test_a_stamper_never_shows_its_keys(bench):
    stamper = replace(bench.stamper, pseudonyms=Pseudonyms(b"K" * 32))
    assert "KKKK" not in repr(stamper)
