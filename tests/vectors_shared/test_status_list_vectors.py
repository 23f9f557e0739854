"""The published status lists of all four widths, and the published signed list."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Untrusted
from portadoc.formats.cose import strict_cbor
from portadoc.formats.status_list.claims import StatusListForm, StatusListLimits
from portadoc.formats.status_list.cwt_form import read_status_list_cwt
from portadoc.formats.status_list.jwt_form import read_status_list_token
from portadoc.formats.status_list.statuses import StatusList, decode_lst, inflate_lst
from portadoc.keys.jwk import public_key_from_jwk

LIMIT = 2 * 1024 * 1024
DRAFT_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo",
    "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M",
}
"""The public key with which the draft's own repository signs its examples (kid 12)."""
NAMES = (
    "status_list_encoding_json",
    "status_list_encoding2_json",
    "status_list_encoding1_long_json",
    "status_list_encoding2_long_json",
    "status_list_encoding4_json",
    "status_list_encoding8_json",
)


def vector(vectors: Path, name: str) -> dict[str, Any]:
    document = json.loads((vectors / "specs/extracted/status_list_vectors.json").read_text())
    assert tuple(entry["name"] for entry in document["vectors"]) == NAMES
    return next(entry for entry in document["vectors"] if entry["name"] == name)


def published(vectors: Path, name: str) -> dict[str, Any]:
    text = (vectors / f"specs/status-list-spec/{name}.txt").read_text()
    return dict(json.loads(re.sub(r"\s+", "", text[text.index("{") :])))


@pytest.mark.parametrize("name", NAMES)
def test_published_list_reads_as_specified(vectors: Path, name: str) -> None:
    expected = vector(vectors, name)
    content = expected["status_list"]
    statuses = decode_lst(content["lst"], bits=content["bits"], max_inflated=LIMIT)
    assert statuses.capacity == expected["capacity"] == expected["first_out_of_range_index"]
    listed = {int(idx): value for idx, value in expected["expected_nonzero"].items()}
    found = {idx: statuses.get(idx) for idx in range(statuses.capacity)}
    assert {idx: value for idx, value in found.items() if value or idx in listed} == listed
    with pytest.raises(Untrusted) as refusal:
        statuses.get(statuses.capacity)
    assert refusal.value.params["reason"] == "index_out_of_range"


@pytest.mark.parametrize("name", NAMES)
def test_list_written_here_holds_the_same_statuses(vectors: Path, name: str) -> None:
    expected = vector(vectors, name)
    bits, size = expected["status_list"]["bits"], expected["capacity"]
    written = StatusList.of(size, bits=bits).set(
        {int(idx): value for idx, value in expected["expected_nonzero"].items()}
    )
    assert written == decode_lst(expected["status_list"]["lst"], bits=bits, max_inflated=LIMIT)
    assert decode_lst(written.encode_lst(), bits=bits, max_inflated=LIMIT) == written


@pytest.mark.parametrize("name", NAMES)
def test_text_of_the_draft_holds_the_same_lists(vectors: Path, name: str) -> None:
    assert published(vectors, name) == vector(vectors, name)["status_list"]


def test_short_lists_hold_the_bytes_that_the_draft_prints(vectors: Path) -> None:
    for name, packed in (("status_list_encoding_json", "b9a3"), ("status_list_encoding2_json", "c944f9")):
        content = published(vectors, name)
        assert decode_lst(content["lst"], bits=content["bits"], max_inflated=LIMIT).packed.hex() == packed


def test_published_token_verifies_with_the_published_key(vectors: Path) -> None:
    raw = (vectors / "specs/status-list-spec/status_list_jwt_raw.txt").read_text()
    verified = read_status_list_token(
        re.sub(r"\s+", "", raw),
        key=public_key_from_jwk(DRAFT_KEY, allowed_algs={"ES256"}),
        uri="https://example.com/statuslists/1",
        now=1_686_920_170,
        skew_s=0,
        limits=StatusListLimits(max_age_s=2**31),
    )
    assert (verified.statuses.packed.hex(), verified.ttl, verified.exp) == ("b9a3", 43_200, 2_291_720_170)


def hexadecimal(vectors: Path, name: str) -> bytes:
    text = (vectors / f"specs/status-list-spec/{name}.txt").read_text()
    return bytes.fromhex("".join(re.findall(r"^[0-9a-f\s]+$", text, re.MULTILINE)))


@pytest.mark.parametrize("name", NAMES)
def test_published_cbor_holds_the_same_list(vectors: Path, name: str) -> None:
    document = json.loads((vectors / "specs/extracted/status_list_cbor_hex.json").read_text())
    in_cbor = name.removesuffix("_json") + "_cbor"
    encoded = bytes.fromhex(next(each["hex"] for each in document["cbor_hex"] if each["name"] == in_cbor))
    content = strict_cbor.loads_map(encoded, what="status list")
    expected = vector(vectors, name)["status_list"]
    statuses = inflate_lst(content["lst"], bits=content["bits"], max_inflated=LIMIT)
    assert statuses == decode_lst(expected["lst"], bits=expected["bits"], max_inflated=LIMIT)
    assert strict_cbor.dumps(content) == encoded or set(content) == {"bits", "lst"}


def test_published_cwt_verifies_with_the_published_key(vectors: Path) -> None:
    verified = read_status_list_cwt(
        hexadecimal(vectors, "status_list_cwt"),
        key=public_key_from_jwk(DRAFT_KEY, allowed_algs={"ES256"}),
        uri="https://example.com/statuslists/1",
        now=1_686_920_170,
        skew_s=0,
        limits=StatusListLimits(max_age_s=2**31),
    )
    assert (verified.statuses.packed.hex(), verified.ttl, verified.exp) == ("b9a3", 43_200, 2_291_720_170)
    assert verified.form is StatusListForm.CWT
