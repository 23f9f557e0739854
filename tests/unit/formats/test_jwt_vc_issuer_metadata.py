"""JWT VC Issuer Metadata: where it is, and every document that is refused."""

import json
from typing import Any

import pytest

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats.issuer_metadata.jwt_vc_issuer import metadata_url, parse_issuer_metadata, parse_key_set
from portadoc.keys.trust.web_issuers import MAX_KEYS

ISSUER = "https://issuer.example/tenant/1"
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "kid": "1",
}


def document(**changes: Any) -> bytes:
    members = {"issuer": ISSUER, "jwks": {"keys": [KEY]}, **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://issuer.example", "https://issuer.example/.well-known/jwt-vc-issuer"),
        ("https://issuer.example/", "https://issuer.example/.well-known/jwt-vc-issuer"),
        ("https://issuer.example/tenant/1", "https://issuer.example/.well-known/jwt-vc-issuer/tenant/1"),
        ("https://issuer.example/tenant/1/", "https://issuer.example/.well-known/jwt-vc-issuer/tenant/1"),
        ("https://issuer.example:8443/t", "https://issuer.example:8443/.well-known/jwt-vc-issuer/t"),
    ],
)
def test_v34_the_well_known_part_stands_between_host_and_path(issuer: str, url: str) -> None:
    assert metadata_url(issuer) == url


@pytest.mark.parametrize(
    "issuer",
    [
        "urn:example:issuer",
        "https://",
        "https://someone@issuer.example",
        "https://issuer.example/?a=b",
        "https://issuer.example/#a",
        "https://[issuer",
        "ftp://issuer.example",
    ],
)
def test_v34_an_issuer_that_is_no_plain_address_has_no_metadata(issuer: str) -> None:
    with pytest.raises(Untrusted) as refused:
        metadata_url(issuer)
    assert refused.value.params["reason"] == "issuer_url"


def test_v34_keys_by_value_and_by_reference_are_read() -> None:
    by_value = parse_issuer_metadata(document(display=[{"name": "not read"}]), issuer=ISSUER)
    assert by_value.keys == (KEY,)
    by_reference = parse_issuer_metadata(
        document(jwks=None, jwks_uri="https://issuer.example/keys"), issuer=ISSUER
    )
    assert (by_reference.keys, by_reference.jwks_uri) == (None, "https://issuer.example/keys")
    assert parse_key_set(json.dumps({"keys": [KEY]}).encode()) == (KEY,)


def test_v34_only_what_a_public_signature_key_has_is_kept_and_keys_without_a_name_are_not() -> None:
    nameless = {name: value for name, value in KEY.items() if name != "kid"}
    read = parse_key_set(json.dumps({"keys": [{**KEY, "x5u": "https://elsewhere.example"}, nameless]}).encode())
    assert read == (KEY,)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "https://other.example"}, "issuer_mismatch"),
        ({"issuer": ISSUER + "/"}, "issuer_mismatch"),
        ({"issuer": None}, "issuer_mismatch"),
        ({"jwks_uri": "https://issuer.example/keys"}, "key_source"),
        ({"jwks": None}, "key_source"),
        ({"jwks": None, "jwks_uri": 7}, "jwks_uri"),
        ({"jwks": None, "jwks_uri": ""}, "jwks_uri"),
        ({"jwks": None, "jwks_uri": "https://issuer.example/" + "k" * 2048}, "jwks_uri"),
        ({"jwks": [KEY]}, "jwks_form"),
        ({"jwks": {"keys": KEY}}, "jwks_form"),
        ({"jwks": {"keys": ["key"]}}, "jwks_form"),
        ({"jwks": {"keys": [KEY, {**KEY, "kid": "2", "d": "AAAA"}]}}, "private_member"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_v34_metadata_that_says_something_else_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Untrusted) as refused:
        parse_issuer_metadata(document(**changes), issuer=ISSUER)
    assert (refused.value.code, refused.value.params["reason"]) == ("issuer_metadata_invalid", reason)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xef\xbb\xbf{}",
        document()[:-1],
        b'{"issuer":"https://other.example",' + document()[1:],
        document(jwks={"keys": [{**KEY, "n": float("inf")}]}),
    ],
    ids=["empty", "array", "byte-order-mark", "cut", "issuer-twice", "infinity"],
)
def test_v34_metadata_that_is_not_strict_json_is_refused(text: bytes) -> None:
    with pytest.raises(Untrusted) as refused:
        parse_issuer_metadata(text, issuer=ISSUER)
    assert refused.value.params["reason"] == "json_malformed"


@pytest.mark.parametrize(
    "text",
    [document(padding="x" * 65_536), document(jwks={"keys": [KEY] * (MAX_KEYS + 1)})],
    ids=["oversize", "too-many-keys"],
)
def test_v34_metadata_beyond_its_bounds_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        parse_issuer_metadata(text, issuer=ISSUER)
    assert refused.value.code == "limit_exceeded"


def test_v34_a_key_set_is_read_as_strictly() -> None:
    for text in (b"{", b'{"keys":[],"keys":[]}', b"{}"):
        with pytest.raises(Error) as refused:
            parse_key_set(text)
        assert refused.value.code == "issuer_metadata_invalid"
