"""Ways to spoil what is sound: JSON trees and texts, compact tokens, SD-JWTs, forms.

Everything is drawn by Hypothesis, so a finding can be repeated and made small.
"""

import copy
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from portadoc import base64url
from portadoc.keys.signer import Signer

Draw = Callable[[st.SearchStrategy[Any]], Any]

_DEEP: Final = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
JUNK: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    -(2**63) - 1,
    10**400,
    0.5,
    -0.0,
    1e308,
    float("inf"),
    float("nan"),
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "é",
    "e\u0301",
    "\u202eevil",
    "\u2028",
    "😀",
    "A" * 5000,
    "../../etc/passwd",
    "' OR 1=1 --",
    "{{7*7}}",
    "%00%ff",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "http://169.254.169.254/",
    "file:///etc/passwd",
    "http://[::1",
    "urn:eudi:pda1:1",
    "none",
    "ES256",
    [],
    {},
    [[]],
    [None],
    [1, "a"],
    {"": ""},
    {"a": {"b": {"c": []}}},
    {"...": "x"},
    {"_sd": ["x"]},
    {"__class__": {}},
    _DEEP,
    ["x"] * 300,
)
junk: Final = st.sampled_from(JUNK).map(copy.deepcopy)
texts: Final = st.one_of(
    st.sampled_from([value for value in JUNK if isinstance(value, str)]), st.text(max_size=40)
)
json_values: Final = st.recursive(
    st.one_of(junk, st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)


def place_in(draw: Draw, length: int) -> int:
    """Return a place in ``[0, length]``; what is drawn does not depend on the length, which may vary."""
    return int(draw(st.integers(0, 4096))) * length // 4096


def _chosen(draw: Draw, among: list[Any]) -> Any:
    return among[min(place_in(draw, len(among)), len(among) - 1)]


@st.composite
def spoilt_tree(draw: Draw, seed: Any, *, changes: int = 3) -> Any:
    """Return a tree near ``seed``: up to ``changes`` nodes replaced, dropped, doubled, renamed or wrapped."""
    tree = copy.deepcopy(seed)
    for _ in range(draw(st.integers(0, changes))):
        tree = _changed(draw, tree)
    return tree


def _changed(draw: Draw, tree: Any) -> Any:
    if isinstance(tree, dict) and tree and draw(st.integers(0, 9)):
        name = _chosen(draw, sorted(tree, key=str))
        _change_member(draw, tree, name)
        return tree
    if isinstance(tree, list) and tree and draw(st.integers(0, 9)):
        _change_element(draw, tree, _chosen(draw, list(range(len(tree)))))
        return tree
    return draw(st.one_of(junk, json_values, st.just([tree]), st.just({"a": tree})))


def _change_member(draw: Draw, members: dict[str, Any], name: str) -> None:
    match draw(st.sampled_from(("inside", "inside", "inside", "replace", "drop", "rename", "add"))):
        case "inside":
            members[name] = _changed(draw, members[name])
        case "replace":
            members[name] = draw(junk)
        case "drop":
            del members[name]
        case "rename":
            members[draw(texts)] = members.pop(name)
        case _:
            members[draw(texts)] = draw(junk)


def _change_element(draw: Draw, elements: list[Any], place: int) -> None:
    match draw(st.sampled_from(("inside", "inside", "inside", "replace", "drop", "double"))):
        case "inside":
            elements[place] = _changed(draw, elements[place])
        case "replace":
            elements[place] = draw(junk)
        case "drop":
            del elements[place]
        case _:
            elements.insert(place, elements[place])


@st.composite
def spoilt_json(draw: Draw, seed: Any) -> bytes:
    """Return JSON text near ``seed``, its tree and its spelling spoilt."""
    text = json.dumps(draw(spoilt_tree(seed)), separators=(",", ":")).encode()
    return bytes(draw(respelt_json(text)))


@st.composite
def respelt_json(draw: Draw, text: bytes) -> bytes:
    """Return ``text`` as it is, or with a fault of spelling that parsers disagree about."""
    match draw(st.sampled_from(("same",) * 8 + ("bom", "tail", "double", "deep", "bytes", "cut", "utf16", "nan"))):
        case "bom":
            return b"\xef\xbb\xbf" + text
        case "tail":
            return text + bytes(draw(st.binary(min_size=1, max_size=4)))
        case "double" if text[:1] == b"{" and text[1:2] == b'"':
            name = text[1 : text.index(b'"', 2) + 1]
            return b"{" + name + b":null," + text[1:]
        case "deep":
            depth: int = draw(st.sampled_from((31, 32, 33, 500, 20_000)))
            return b"[" * depth + text + b"]" * depth
        case "bytes":
            return bytes(draw(spoilt_bytes(text)))
        case "cut":
            return text[: place_in(draw, len(text))]
        case "utf16":
            return text.decode().encode("utf-16")
        case "nan":
            return text.replace(b"1", b"NaN", 1)
        case _:
            return text


@st.composite
def spoilt_bytes(draw: Draw, seed: bytes) -> bytes:
    """Return bytes near ``seed``: a few replaced, inserted or removed, or a stretch repeated."""
    spoilt = bytearray(seed)
    for _ in range(draw(st.integers(1, 3))):
        place = place_in(draw, len(spoilt))
        match draw(st.sampled_from(("replace", "insert", "remove", "repeat"))):
            case "replace":
                spoilt[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case "insert":
                spoilt[place:place] = draw(st.binary(min_size=1, max_size=6))
            case "remove":
                del spoilt[place : place + draw(st.integers(1, 8))]
            case _:
                spoilt[place:place] = spoilt[place : place + 20]
    return bytes(spoilt)


@st.composite
def spoilt_text(draw: Draw, seed: str) -> str:
    """Return text near ``seed``: a few characters replaced, inserted, removed or repeated."""
    spoilt = seed
    for _ in range(draw(st.integers(0, 3))):
        place = place_in(draw, len(spoilt))
        width = draw(st.integers(0, 8))
        put = draw(st.one_of(st.sampled_from((".", "~", "=", "+", "/", "-", "_", " ", "\n", "%", "&")), texts))
        spoilt = spoilt[:place] + put + spoilt[place + width :]
    return spoilt


@st.composite
def spoilt_jws(draw: Draw, seed: str, signer: Signer | None = None) -> str:
    """Return a compact token near ``seed``; with a ``signer`` its spoilt content may be signed anew."""
    match draw(st.sampled_from(("content", "content", "content", "text", "segments"))):
        case "text":
            return str(draw(spoilt_text(seed)))
        case "segments":
            return _with_spoilt_segments(draw, seed)
    segments = seed.split(".")
    spoilt = draw(st.sampled_from(((0,), (1,), (0, 1))))
    for place in spoilt:
        content = json.loads(base64url.decode(segments[place], what="seed"))
        segments[place] = base64url.encode(draw(spoilt_json(content)))
    if signer is not None and draw(st.integers(0, 3)):
        segments[2] = base64url.encode(signer.sign(f"{segments[0]}.{segments[1]}".encode()))
    return ".".join(segments)


def _with_spoilt_segments(draw: Draw, seed: str) -> str:
    segments = seed.split(".")
    place = _chosen(draw, list(range(len(segments))))
    match draw(st.sampled_from(("drop", "double", "empty", "bytes", "swap"))):
        case "drop":
            del segments[place]
        case "double":
            segments.insert(place, segments[place])
        case "empty":
            segments[place] = ""
        case "bytes":
            segments[place] = base64url.encode(draw(st.binary(max_size=80)))
        case _:
            segments[0], segments[place] = segments[place], segments[0]
    return ".".join(segments)


@st.composite
def spoilt_sd_jwt(draw: Draw, seed: str, issuer: Signer | None = None, holder: Signer | None = None) -> str:
    """Return an SD-JWT near ``seed``, spoilt in its token, its disclosures, its key binding or its form."""
    token, *disclosures, key_binding = seed.split("~")
    match draw(st.sampled_from(("token", "disclosures", "disclosures", "binding", "text"))):
        case "token":
            token = draw(spoilt_jws(token, issuer))
        case "disclosures":
            disclosures = _spoilt_disclosures(draw, disclosures)
        case "binding" if key_binding:
            key_binding = draw(spoilt_jws(key_binding, holder))
        case _:
            return str(draw(spoilt_text(seed)))
    return "~".join((token, *disclosures, key_binding))


def _spoilt_disclosures(draw: Draw, disclosures: list[str]) -> list[str]:
    spoilt = list(disclosures)
    if not spoilt:
        return [base64url.encode(draw(spoilt_json(["salt", "name", "value"])))]
    place = _chosen(draw, list(range(len(spoilt))))
    match draw(st.sampled_from(("content", "content", "drop", "double", "move", "invent"))):
        case "content":
            content = json.loads(base64url.decode(spoilt[place], what="seed"))
            spoilt[place] = base64url.encode(draw(spoilt_json(content)))
        case "drop":
            del spoilt[place]
        case "double":
            spoilt.append(spoilt[place])
        case "move":
            spoilt.insert(0, spoilt.pop(place))
        case _:
            spoilt.insert(place, base64url.encode(draw(spoilt_json(["salt", "name", "value"]))))
    return spoilt


@st.composite
def spoilt_form(draw: Draw, seed: dict[str, Any]) -> bytes:
    """Return a form near ``seed``: values and names replaced, pairs doubled, separators and escapes broken."""
    pairs = [[name, value] for name, value in seed.items()]
    for _ in range(draw(st.integers(0, 2))):
        place = place_in(draw, len(pairs))
        match draw(st.sampled_from(("add", "value", "name", "drop", "double"))):
            case "value" if place < len(pairs):
                pairs[place][1] = draw(texts)
            case "name" if place < len(pairs):
                pairs[place][0] = draw(texts)
            case "drop" if place < len(pairs):
                del pairs[place]
            case "double" if place < len(pairs):
                pairs.append(pairs[place])
            case _:
                pairs.append([draw(texts), draw(texts)])
    body = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs).encode()
    twist = draw(st.sampled_from(("same",) * 6 + ("semicolon", "bytes", "percent")))
    if twist == "semicolon":
        return body.replace(b"&", b";")
    if twist == "percent":
        return body + b"&a=%zz%"
    return bytes(draw(spoilt_bytes(body))) if twist == "bytes" else body


def _escaped(value: Any) -> str:
    return quote_from_bytes(str(value).encode("utf-8", "surrogatepass"))
