"""JSON in which nothing is changed but strings, and every string is seen."""

from __future__ import annotations

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from provenance.gateway import find, json_text
from provenance.gateway.settings import GatewayLimits

TEXTS = st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(100))


def strings(value, key="", above=""):
    """Every string with its key and the key above, in order, by another way."""
    if isinstance(value, str):
        yield value, key, above
    elif isinstance(value, list):
        for item in value:
            yield from strings(item, key, above)
    elif isinstance(value, tuple):  # pairs of an object
        for name, item in value:
            yield name, None, None
            yield from strings(item, name, key)


def pairs_of(text):
    return json.loads(text, object_pairs_hook=tuple)


@given(
    value=VALUES,
    ascii_=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:  ")]),
)
def test_every_string_is_seen_and_nothing_else_is_changed(value, ascii_, separators):
    text = json.dumps(value, ensure_ascii=ascii_, separators=separators)
    json_text.check(text, GatewayLimits())
    assert json_text.rewritten(text, lambda token: None) is text
    seen = list(json_text.tokens(text))
    expected = list(strings(pairs_of(text)))
    assert [token.value for token in seen] == [item[0] for item in expected]
    assert [token.is_key for token in seen] == [item[1] is None for item in expected]
    changed = json_text.rewritten(text, lambda token: None if token.is_key else "x\n")
    assert [item[0] for item in strings(pairs_of(changed)) if item[1] is not None] == [
        "x\n" for item in expected if item[1] is not None
    ]


def test_names_of_fields_above_a_string():
    text = '{"a":{"b":"1","c":["2","3",{"d":"4"}]},"image_url": {"url":"5"},"e":[["6"]],"f":7}'
    found = {token.value: (token.key, token.above) for token in json_text.tokens(text)}
    assert found["1"] == ("b", "a")
    assert found["2"][0] == found["3"][0] == "c"
    assert found["4"][0] == "d"
    assert found["5"] == ("url", "image_url")
    assert found["6"][0] == "e"


@given(
    before=st.text(max_size=60),
    after=st.text(max_size=60),
    url=st.sampled_from(["", "data:image/png;base64,", "data:;base64,"]),
)
def test_a_picture_is_found_between_any_texts(before, after, url):
    picture = base64.b64encode(PICTURE).decode()
    text = f"{before}({url}{picture}){after}"
    (found,) = [item for item in find.pictures(text, strict=False) if item.data == PICTURE]
    assert text[found.start : found.end].rstrip("=") == picture.rstrip("=")
    other = find.replaced(text, (found,), [(b"other", "image/webp")])
    assert other.startswith(before)
    assert other.endswith(f"{base64.b64encode(b'other').decode()}){after}")
    assert ("data:image/webp" in other) is bool(url)
