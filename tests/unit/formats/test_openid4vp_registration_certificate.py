"""Registration certificates: made, read, and held against what a request really asks for."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.headers import signing_header
from portadoc.formats.openid4vp.client_identifier import x509_hash
from portadoc.formats.openid4vp.registration_certificate import (
    LONGEST_LIFE_S,
    SERVICE_PROVIDER,
    RegisteredCredential,
    Registration,
    RegistrationCertificate,
    as_verifier_info,
    certificates_in,
    make_registration_certificate,
    over_asking,
    parse_registration_certificate,
    verify_registration_certificate,
)
from portadoc.formats.openid4vp.request_object import VerifierInfo
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
YEAR = 365 * 86_400
A1 = "urn:eudi:pda1:1"
ALGS = frozenset({"ES256"})
REGISTRAR_KEY = ec.derive_private_key(61, ec.SECP256R1())
REGISTRAR = LocalSigner(REGISTRAR_KEY, chain=(b"registrar", b"authority"))
DROP = object()
REGISTERED = Registration(
    sub="DE:TEST90",
    name="Prüfdienst (Test)",
    country="DE",
    registry_uri="https://registry.example",
    entitlements=(SERVICE_PROVIDER,),
    credentials=(RegisteredCredential("dc+sd-jwt", (A1,), (("employer", "name"), ("places", None))),),
    purposes={"en": "Inspection of posted work", "de": "Kontrolle von Entsendungen"},
    issued_at=NOW,
    expires_at=NOW + YEAR,
    descriptions={"en": "Labour inspection"},
    privacy_policy="https://verifier.example/privacy",
    support_uri="https://verifier.example/support",
    info_uri="https://verifier.example",
    supervisory_authority={"email": "authority@example.org"},
    intended_use_id="use-1",
    public_body=True,
    intermediary={"sub": "DE:TEST99", "name": "Intermediary (test)"},
    status=StatusReference("https://registry.example/status/1", 7),
)
LEAST = Registration(
    sub="DE:TEST90",
    name="Prüfdienst (Test)",
    country="DE",
    registry_uri="https://registry.example",
    entitlements=(),
    credentials=(),
    purposes={},
    issued_at=NOW,
    expires_at=NOW + 60,
)


def verify(text: str, now: int = NOW) -> RegistrationCertificate:
    unverified = parse_registration_certificate(text, allowed_algs=ALGS)
    key = verification_key(REGISTRAR_KEY.public_key())
    return verify_registration_certificate(unverified, key=key, now=now, skew_s=0)


def altered(header: dict[str, Any] | None = None, signer: LocalSigner = REGISTRAR, **changes: Any) -> str:
    claims = REGISTERED.to_json() | changes
    head = signing_header("rc-wrp+jwt", REGISTRAR) | (header or {})
    return jws.sign(
        {name: value for name, value in head.items() if value is not DROP},
        {name: value for name, value in claims.items() if value is not DROP},
        signer,
    )


@pytest.mark.parametrize("registration", [REGISTERED, LEAST], ids=["everything", "the least"])
def test_what_is_registered_is_understood(registration: Registration) -> None:
    read = verify(make_registration_certificate(registration, signer=REGISTRAR))
    assert read.registration == registration
    assert read.claims["sub"] == "DE:TEST90"


def test_the_certificate_names_its_signer_and_carries_the_chain() -> None:
    unverified = parse_registration_certificate(
        make_registration_certificate(LEAST, signer=REGISTRAR), allowed_algs=ALGS
    )
    assert unverified.unverified_chain == REGISTRAR.chain
    assert unverified.unverified_jws.header["x5t#S256"] == x509_hash(b"registrar")
    assert "status" not in LEAST.to_json()


def test_claims_may_stand_under_either_name_and_the_name_of_a_person_without_the_other() -> None:
    entry = {"format": "dc+sd-jwt", "meta": {"vct_values": [A1]}, "claims": [{"path": ["employer"]}]}
    read = verify(altered(credentials=[entry], name=DROP)).registration
    assert read.credentials == (RegisteredCredential("dc+sd-jwt", (A1,), (("employer",),)),)
    assert read.name == "Prüfdienst (Test)"


@pytest.mark.parametrize("life", [0, -1, LONGEST_LIFE_S + 1])
def test_a_life_of_more_than_twelve_months_is_neither_made_nor_believed(life: int) -> None:
    with pytest.raises(Untrusted) as refusal:
        make_registration_certificate(replace(LEAST, expires_at=NOW + life), signer=REGISTRAR)
    assert refusal.value.params["reason"] == "lifetime"
    with pytest.raises(Untrusted) as refusal:
        verify(altered(exp=NOW + life), now=NOW - 10)
    assert refusal.value.code == "registration_invalid"


CREDENTIAL = {"format": "dc+sd-jwt", "meta": {"vct_values": [A1]}}
FAULTS: dict[str, tuple[str, str]] = {
    "typ": (altered({"typ": "JWT"}), "typ_mismatch"),
    "no chain": (altered({"x5c": DROP}), "x5c_missing"),
    "thumbprint": (altered({"x5t#S256": x509_hash(b"another")}), "x5t_mismatch"),
    "signature": (altered(signer=LocalSigner(ec.derive_private_key(62, ec.SECP256R1()))), "signature_invalid"),
    "sub absent": (altered(sub=DROP), "sub_form"),
    "sub long": (altered(sub="x" * 2049), "sub_form"),
    "no name": (altered(name=DROP, sub_ln=DROP), "sub_ln_form"),
    "country": (altered(country=1), "country_form"),
    "iat absent": (altered(iat=DROP), "claim_missing"),
    "exp absent": (altered(exp=DROP), "claim_missing"),
    "entitlements": (altered(entitlements="one"), "entitlements_form"),
    "entitlement": (altered(entitlements=[1]), "entitlements_form"),
    "many entitlements": (altered(entitlements=["x"] * 257), "entitlements_form"),
    "credentials": (altered(credentials={}), "credentials_form"),
    "credential": (altered(credentials=["x"]), "credentials_form"),
    "credential without meta": (altered(credentials=[{"format": "dc+sd-jwt"}]), "credentials_form"),
    "claim": (altered(credentials=[{**CREDENTIAL, "claim": ["x"]}]), "credentials_form"),
    "path": (altered(credentials=[{**CREDENTIAL, "claim": [{"path": []}]}]), "query_malformed"),
    "purpose": (altered(purpose=["inspection"]), "language_form"),
    "purpose text": (altered(purpose=[{"lang": "en", "value": 1}]), "value_form"),
    "description": (altered(srv_description=["text"]), "language_form"),
    "authority": (altered(supervisory_authority="x"), "supervisory_authority_form"),
    "privacy policy": (altered(privacy_policy=""), "privacy_policy_form"),
    "status": (altered(status={"status_list": {"idx": -1, "uri": "x"}}), "status_invalid"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_w21_each_fault_of_a_certificate_has_its_reason(name: str) -> None:
    text, reason = FAULTS[name]
    with pytest.raises(Untrusted) as refusal:
        verify(text)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("registration_invalid", reason)


@pytest.mark.parametrize(
    ("now", "reason"),
    [(NOW + YEAR, "expired"), (NOW - 1, "not_yet_valid")],
    ids=["W-21 expired", "W-21 too early"],
)
def test_a_certificate_counts_in_its_time_only(now: int, reason: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        verify(make_registration_certificate(REGISTERED, signer=REGISTRAR), now=now)
    assert refusal.value.params["reason"] == reason


def test_a_certificate_travels_as_a_token_or_as_base64url_of_one() -> None:
    text = make_registration_certificate(LEAST, signer=REGISTRAR)
    assert as_verifier_info(text) == {"format": "registration_cert", "data": text}
    entries = [
        VerifierInfo("registration_cert", text, ()),
        VerifierInfo("other", "x", ()),
        VerifierInfo("registration_cert", base64url.encode(text.encode()), ()),
    ]
    assert certificates_in(entries) == (text, text)


@pytest.mark.parametrize("data", [1, {}, "%", base64url.encode(b"\xff"), "A"])
def test_data_in_any_other_form_is_refused(data: Any) -> None:
    with pytest.raises(Untrusted) as refusal:
        certificates_in([VerifierInfo("registration_cert", data, ())])
    assert refusal.value.params["reason"] == "data_form"


def test_a_certificate_too_long_to_be_one_keeps_its_own_code() -> None:
    with pytest.raises(Malformed, match="limit_exceeded"):
        verify(altered(pad="x" * 200_000))


def asked(*paths: list[Any], vcts: tuple[str, ...] = (A1,), fmt: str = "dc+sd-jwt") -> list[str]:
    credential: dict[str, Any] = {"id": "a1", "format": fmt, "meta": {"vct_values": list(vcts)}}
    if fmt == "mso_mdoc":
        credential["meta"] = {"doctype_value": "org.example"}
    if paths:
        credential["claims"] = [{"path": path} for path in paths]
    return [str(each) for each in over_asking(REGISTERED, parse_query({"credentials": [credential]}))]


@pytest.mark.parametrize(
    ("paths", "over"),
    [
        ([], []),
        ([["employer", "name"]], []),
        ([["employer", "name", "legal"]], []),
        ([["places", None]], []),
        ([["places", 3, "city"]], []),
        ([["employer"]], ["a1: employer"]),
        ([["employer", "address"]], ["a1: employer.address"]),
        ([["places"]], ["a1: places"]),
        ([["places", "city"]], ["a1: places.city"]),
        ([["employer", "name"], ["birth_date"]], ["a1: birth_date"]),
    ],
    ids=lambda value: "" if not value else str(len(value)),
)
def test_w21_g19_a_claim_that_is_not_registered_is_named(paths: list[list[Any]], over: list[str]) -> None:
    assert asked(*paths) == over


def test_w21_g19_a_type_that_is_not_registered_is_named_whole() -> None:
    assert asked(vcts=(A1, "urn:eudi:pid:1")) == ["a1"]
    assert asked(["employer", "name"], vcts=("urn:eudi:pid:1",)) == ["a1"]
    assert asked(fmt="mso_mdoc") == ["a1"]


def test_what_is_over_asked_in_two_types_is_named_once() -> None:
    second = RegisteredCredential("dc+sd-jwt", ("urn:other",), ())
    registration = replace(REGISTERED, credentials=(*REGISTERED.credentials, second))
    credential = {
        "id": "a1",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": [A1, "urn:other"]},
        "claims": [{"path": ["birth_date"]}],
    }
    over = over_asking(registration, parse_query({"credentials": [credential]}))
    assert [str(each) for each in over] == ["a1: birth_date"]
