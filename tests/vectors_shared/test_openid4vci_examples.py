"""Every published example of OpenID4VCI 1.0 is read as its text says, or refused for a reason that is named."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

from portadoc import base64url
from portadoc.errors import Malformed
from portadoc.schemas.openid4vci import (
    AuthorizationDetail,
    AuthorizationRequest,
    AuthorizationResponse,
    CredentialOffer,
    CredentialRequest,
    CredentialResponse,
    DeferredCredentialRequest,
    EncryptionKeys,
    ErrorResponse,
    IssuerMetadata,
    NonceResponse,
    NotificationRequest,
    Proofs,
    ProtocolMessage,
    PushedAuthorizationRequest,
    PushedAuthorizationResponse,
    PushedRequestReference,
    ReuseMethod,
    SupportedCredential,
    TokenRequest,
    TokenResponse,
    read_message,
)

Check = Callable[[str], None]
FOLDER = "specs/openid4vci-1.0"
ISSUER = "https://credential-issuer.example.com"


def joined(text: str) -> str:
    """Take out the line breaks that stand within values for the sake of the page only."""
    if "{" not in text:
        return re.sub(r"\s+", "", text)
    parts = text.split('"')  # every second part is a value: none of the examples holds an escaped quotation mark
    return '"'.join(re.sub(r"\n\s*", "", part) if place % 2 else part for place, part in enumerate(parts))


def body_of(text: str) -> str:
    """Return the body of a printed HTTP message, or the text when it is none."""
    stripped = text.lstrip()
    if not re.match(r"(HTTP/|POST |GET )", stripped):
        return text
    return re.split(r"\n[ \t]*\n", stripped, maxsplit=1)[1]


def status_of(text: str) -> int:
    return int(text.split()[1])


def parsed(text: str) -> Any:
    return json.loads(joined(body_of(text)))


def query_of(text: str) -> dict[str, str]:
    """Return the parameters of a printed request line, a redirect or a form."""
    query = body_of(text) if text.startswith("POST") else text.partition("?")[2].partition("Host:")[0]
    pairs = parse_qsl(re.sub(r"\s+", "", query), keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def carried(model: type[ProtocolMessage], wire: dict[str, Any], *passed_over: str) -> ProtocolMessage:
    """Read a message and see that it holds every member but those that no role of ours reads."""
    read = read_message(model, wire)
    assert set(read.to_json()) == set(wire) - set(passed_over)
    return read


def refused(model: type[ProtocolMessage], wire: dict[str, Any], member: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_message(model, wire)
    assert (caught.value.code, caught.value.params["member"]) == ("message_invalid", member)


def authorization_details(text: str) -> None:
    for detail in parsed(text):
        assert carried(AuthorizationDetail, detail).to_json().keys() == detail.keys()


def offer(text: str) -> None:
    wire = parsed(text)
    assert carried(CredentialOffer, wire).to_json() == wire


def issuer_metadata(text: str) -> None:
    wire = parsed(text)
    read = carried(IssuerMetadata, wire)
    assert read.model_dump(mode="json", by_alias=True, exclude_unset=True) == wire


def configurations(text: str) -> None:
    for wire in parsed(text)["credential_configurations_supported"].values():
        read = carried(SupportedCredential, wire, "credential_definition", "doctype")
        described = wire["credential_metadata"]["claims"]
        assert isinstance(read, SupportedCredential)
        assert read.credential_metadata is not None
        assert [list(each.path) for each in read.credential_metadata.claims or ()] == [
            c["path"] for c in described
        ]


def signed_by_its_chain(text: str, typ: str) -> dict[str, Any]:
    header, payload, signature = joined(text).split(".")
    told = json.loads(base64url.decode(header))
    assert (told["typ"], told["alg"]) == (typ, "ES256")
    key = load_der_x509_certificate(base64.b64decode(told["x5c"][0])).public_key()
    raw = base64url.decode(signature)
    assert isinstance(key, EllipticCurvePublicKey)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(der, f"{header}.{payload}".encode(), ECDSA(SHA256()))
    claims: dict[str, Any] = json.loads(base64url.decode(payload))
    return claims


def signed_metadata(text: str) -> None:
    claims = signed_by_its_chain(text, "openidvci-issuer-metadata+jwt")
    read = carried(IssuerMetadata, claims, "sub", "iat")
    assert isinstance(read, IssuerMetadata)
    assert claims["sub"] == read.credential_issuer == ISSUER


def wallet_attestation(text: str) -> None:
    claims = signed_by_its_chain(text, "oauth-client-attestation+jwt")
    assert {"iss", "sub", "wallet_name", "wallet_link", "nbf", "exp", "cnf"} == claims.keys()
    assert claims["cnf"]["jwk"].keys() == {"kty", "use", "crv", "x", "y"}


def request_of_a_draft(text: str) -> None:
    """``format`` in the request is gone since the final text: it has to say which configuration is meant."""
    refused(CredentialRequest, parsed(text), "")


def credential_request(text: str) -> None:
    carried(CredentialRequest, parsed(text))


def credential_response(text: str) -> None:
    read = carried(CredentialResponse, parsed(text))
    assert isinstance(read, CredentialResponse)
    assert read.status == status_of(text)


def response_with_an_object(text: str) -> None:
    credential_response(text)
    read = read_message(CredentialResponse, parsed(text))
    assert isinstance((read.credentials or ())[0].credential, dict)


def signing_keys(text: str) -> None:
    keys = parsed(text)["jwks"]
    assert carried(EncryptionKeys, keys).to_json() == keys


FILES: dict[str, Check] = {
    "authorization_details.json": authorization_details,
    "authorization_details_jwt_vc_json.json": authorization_details,
    "authorization_details_ldp_vc.json": authorization_details,
    "authorization_details_mso_doc.json": authorization_details,
    "authorization_details_multiple_credentials.json": authorization_details,
    "authorization_details_sd_jwt_vc.json": authorization_details,
    "authorization_details_with_as.json": authorization_details,
    "credential_issuer_metadata_sd_jwt_jwt.txt": signed_metadata,
    "credential_issuer_metadata_sd_jwt_long.json": issuer_metadata,
    "credential_metadata_jwt_vc_json.json": configurations,
    "credential_metadata_ldp_vc.json": configurations,
    "credential_metadata_mso_mdoc.json": configurations,
    "credential_metadata_sd_jwt_vc.json": configurations,
    "credential_offer_authz_code.txt": offer,
    "credential_offer_by_reference.json": offer,
    "credential_offer_multiple_credentials.json": offer,
    "credential_offer_pre-authz_code.json": offer,
    "credential_request_iso_mdl.json": request_of_a_draft,
    "credential_response_jwt_vc_json.txt": credential_response,
    "credential_response_ldp_vc.txt": response_with_an_object,
    "credential_response_mso_mdoc.txt": credential_response,
    "credential_response_sd_jwt_vc.txt": credential_response,
    "issuer_jwks.json": signing_keys,
    "wallet_attestation.jwt.txt": wallet_attestation,
}


def test_no_published_example_is_left_out(vectors: Path) -> None:
    assert {path.name for path in (vectors / FOLDER).iterdir()} == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_published_example_is_read_as_what_it_is(vectors: Path, name: str) -> None:
    FILES[name]((vectors / FOLDER / name).read_text(encoding="utf-8"))


def form(model: type[ProtocolMessage], *passed_over: str) -> Check:
    def check(text: str) -> None:
        carried(model, query_of(text), *passed_over)

    return check


def answer(model: type[ProtocolMessage], status: int, *passed_over: str) -> Check:
    def check(text: str) -> None:
        assert status_of(text) == status
        carried(model, parsed(text), *passed_over)

    return check


def question(model: type[ProtocolMessage]) -> Check:
    def check(text: str) -> None:
        carried(model, parsed(text))

    return check


def offer_by_value(text: str) -> None:
    read_message(CredentialOffer, json.loads(query_of(text)["credential_offer"]))


def details_in_a_form(text: str) -> None:
    for detail in json.loads(query_of(text)["authorization_details"]):
        carried(AuthorizationDetail, detail)


def both(*checks: Check) -> Check:
    def check(text: str) -> None:
        for each in checks:
            each(text)

    return check


def proofs(text: str) -> None:
    carried(Proofs, parsed(text))


def proofs_of_an_unknown_type(text: str) -> None:
    """``di_vp`` is for formats that we do not issue: read as proofs of no type, which the issuer refuses."""
    assert carried(Proofs, parsed(text), "di_vp").to_json() == {}


def request_with_proofs_of_an_unknown_type(text: str) -> None:
    wire = parsed(text)
    carried(CredentialRequest, wire)
    proofs_of_an_unknown_type(json.dumps(wire["proofs"]))


def no_message(text: str) -> None:
    """A request without parameters, a status without a body, or the inside of a token with marks to fill in."""
    assert re.match(r"(GET|POST) /\S+ HTTP/1.1|HTTP/1.1 204|\{\s+\"typ\"", text)


def claims_to_point_at(text: str) -> None:
    """No message: the claims on which path pointers are shown."""
    assert "nationalities" in parsed(text)


BLOCKS: dict[int, Check] = {
    0: offer_by_value,
    1: no_message,
    2: both(form(AuthorizationRequest), details_in_a_form),
    3: form(AuthorizationRequest),
    4: form(PushedAuthorizationRequest),
    5: answer(PushedAuthorizationResponse, 201),
    6: form(PushedRequestReference),
    7: form(AuthorizationResponse),
    8: form(AuthorizationResponse),
    9: form(TokenRequest, "client_assertion_type", "client_assertion"),
    10: both(form(TokenRequest), details_in_a_form),
    11: answer(TokenResponse, 200),
    12: answer(ErrorResponse, 400),
    13: no_message,
    14: answer(NonceResponse, 200),
    15: question(CredentialRequest),
    16: question(CredentialRequest),
    17: request_with_proofs_of_an_unknown_type,
    18: credential_response,
    19: credential_response,
    20: credential_response,
    21: answer(ErrorResponse, 400),
    22: question(DeferredCredentialRequest),
    23: credential_response,
    24: credential_response,
    25: answer(ErrorResponse, 400),
    26: question(NotificationRequest),
    27: question(NotificationRequest),
    28: no_message,
    29: answer(ErrorResponse, 400),
    30: no_message,
    31: claims_to_point_at,
    32: no_message,
    33: no_message,
    34: proofs,
    35: no_message,
    36: no_message,
    37: proofs_of_an_unknown_type,
    38: proofs,
}


def blocks(vectors: Path) -> list[str]:
    file = vectors / "specs" / "extracted" / "openid4vci_1_0_json_blocks.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    return [each["text"] if "text" in each else json.dumps(each["json"]) for each in document["blocks"]]


def test_no_printed_message_is_left_out(vectors: Path) -> None:
    assert list(range(len(blocks(vectors)))) == list(BLOCKS)


@pytest.mark.parametrize("place", BLOCKS)
def test_a_printed_message_is_read_as_what_it_is(vectors: Path, place: int) -> None:
    BLOCKS[place](blocks(vectors)[place])


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("PDA1_jwt_vc", ReuseMethod.LIMITED_TIME),
        ("ehic_jwt_vc", ReuseMethod.LIMITED_TIME),
        ("ehic_mdoc", ReuseMethod.LIMITED_TIME),
        ("employee_id_mdoc", ReuseMethod.LIMITED_TIME),
        ("pid_jwt_vc", ReuseMethod.ONCE_ONLY),
    ],
)
def test_what_the_reference_issuer_asks_of_wallets_is_read(vectors: Path, name: str, method: ReuseMethod) -> None:
    file = vectors / "attestations" / "eudi-issuer-py" / f"{name}.json"
    (wire,) = json.loads(file.read_text(encoding="utf-8")).values()
    read = read_message(SupportedCredential, wire)
    required = (read.proof_types_supported or {})["jwt"].key_attestations_required
    assert required is not None
    assert required.key_storage == ("iso_18045_high",)
    assert required.preferred_key_storage_status_period == 31 * 86400
    assert read.credential_metadata is not None
    policy = read.credential_metadata.credential_reuse_policy
    assert policy is not None
    assert [option.methods for option in policy.options or ()] == [{method}]
