"""Embedded disclosure policies: read, and held against what is proven of who asks."""

import warnings
from typing import Any

import pytest

from portadoc.errors import Malformed
from portadoc.formats.openid4vp.disclosure_policy import (
    Authority,
    ProvenAsker,
    authority_of,
    permits,
    policy_digest,
    rules_of,
)
from portadoc.formats.openid4vp.registration_certificate import SERVICE_PROVIDER
from portadoc.keys.certificates import distinguished_name, parse_certificate
from portadoc.keys.development_chain import make_root
from portadoc.keys.purposes import TrustDomain
from portadoc.randomness import UnsafeSeededBytes
from portadoc.schemas.openid4vci import DisclosurePolicy, read_message

HEALTH = "https://uri.etsi.org/19475/SubEntitlement/health"
INSPECTION = "CN=Inspection,O=Prüfdienst,ORGID=DE:TEST90,C=DE"
ROOT = "CN=Access Root,O=Test,C=DE"
ASKER = ProvenAsker(
    subject=distinguished_name(f"L=Berlin,{INSPECTION}"),
    entitlements=frozenset({SERVICE_PROVIDER}),
    authorities=frozenset({Authority(distinguished_name(ROOT), 0xA1B2C3)}),
)
NOBODY = ProvenAsker(subject=frozenset(), entitlements=frozenset(), authorities=frozenset())


def policy(kind: str, *values: dict[str, str], **changes: Any) -> DisclosurePolicy:
    content = {"id": "https://issuer.example/policies/1", "policy": kind, **changes}
    if values:
        content["options"] = {"values": list(values)}
    return read_message(DisclosurePolicy, content)


def allowed(*values: dict[str, str], asker: ProvenAsker = ASKER, kind: str = "allowList") -> bool:
    return permits(rules_of(policy(kind, *values)), asker)


def test_without_a_restriction_anybody_may_be_shown() -> None:
    assert permits(rules_of(policy("none")), NOBODY)


def test_edp_02_a_party_of_the_list_is_permitted_by_its_name_or_its_entitlement() -> None:
    assert allowed({"dn": INSPECTION})
    assert allowed({"entitlement": SERVICE_PROVIDER})
    assert allowed({"entitlement": HEALTH}, {"dn": INSPECTION, "entitlement": HEALTH})


@pytest.mark.parametrize(
    "spelling",
    [
        "ORGID=DE:TEST90",
        "C=DE, ORGID=DE:TEST90, O=Prüfdienst, CN=Inspection",
        "cn=inspection,organizationName=PRÜFDIENST,2.5.4.97=de:test90",
    ],
)
def test_names_are_compared_by_their_attributes_and_not_by_their_spelling(spelling: str) -> None:
    assert allowed({"dn": spelling})


@pytest.mark.parametrize(
    "value",
    [
        {"dn": "CN=Inspection,O=Prüfdienst,ORGID=DE:TEST91,C=DE"},
        {"dn": "CN=Inspection,O=Prüfdienst,ORGID=DE:TEST90,C=FR"},
        {"dn": "CN=Inspection,OU=1,ORGID=DE:TEST90"},
        {"dn": "CN=DE:TEST90,SN=DE:TEST90"},
        {"entitlement": SERVICE_PROVIDER.lower()},
        {"entitlement": HEALTH},
    ],
    ids=["identifier", "country", "more", "attribute", "case-of-a-uri", "entitlement"],
)
def test_edp_02_a_party_that_is_not_of_the_list_is_not_permitted(value: dict[str, str]) -> None:
    assert not allowed(value)


def test_edp_02_whoever_proves_nothing_is_not_permitted() -> None:
    assert not allowed({"dn": INSPECTION}, {"entitlement": SERVICE_PROVIDER}, asker=NOBODY)


@pytest.mark.parametrize("serial", ["a1b2c3", "A1:B2:C3", "00a1b2c3"])
def test_edp_03_a_party_under_a_root_of_the_list_is_permitted(serial: str) -> None:
    assert allowed({"dn": ROOT, "serial": serial}, kind="rootOfTrust")


@pytest.mark.parametrize(
    ("name", "serial"),
    [(ROOT, "a1b2c4"), ("CN=Access Root,O=Another", "a1b2c3"), (INSPECTION, "a1b2c3")],
    ids=["number", "name", "of-the-party"],
)
def test_edp_03_a_party_under_another_root_is_not_permitted(name: str, serial: str) -> None:
    assert not allowed({"dn": name, "serial": serial}, kind="rootOfTrust")
    assert not allowed({"dn": name, "serial": serial}, kind="rootOfTrust", asker=NOBODY)


def test_edp_03_a_root_on_the_list_is_no_party_on_it() -> None:
    asker = ProvenAsker(subject=distinguished_name(ROOT), entitlements=frozenset(), authorities=frozenset())
    assert not allowed({"dn": ROOT, "serial": "a1b2c3"}, kind="rootOfTrust", asker=asker)


def test_an_authority_is_named_as_in_its_own_certificate() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        random_bytes = UnsafeSeededBytes(b"policy")
    root = make_root(TrustDomain.ACCESS, now=1_790_000_000, random_bytes=random_bytes)
    certificate = parse_certificate(root.der)
    named = {
        "dn": certificate.subject.rfc4514_string(),
        "serial": f"{certificate.certificate.serial_number:02x}".rjust(40, "0"),
    }
    above = frozenset({authority_of(certificate)})
    asker = ProvenAsker(subject=frozenset(), entitlements=frozenset(), authorities=above)
    assert allowed(named, kind="rootOfTrust", asker=asker)
    assert not allowed({**named, "serial": "01"}, kind="rootOfTrust", asker=asker)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("allowList", {"dn": "Inspection"}),
        ("allowList", {"dn": "C=DE"}),
        ("allowList", {"dn": " "}),
        ("allowList", {"dn": "XYZ=1,ORGID=DE:TEST90"}),
        ("allowList", {"dn": "CN=,ORGID=DE:TEST90"}),
        ("rootOfTrust", {"dn": " ", "serial": "01"}),
        ("rootOfTrust", {"dn": "C=DEU", "serial": "01"}),
    ],
)
def test_a_name_that_names_nobody_is_told_by_its_place(kind: str, value: dict[str, str]) -> None:
    sound = {"dn": INSPECTION, **({"serial": "01"} if kind == "rootOfTrust" else {})}
    with pytest.raises(Malformed) as refusal:
        rules_of(policy(kind, sound, value))
    assert refusal.value.code == "message_invalid"
    assert refusal.value.params["member"] == "/options/values/1/dn"


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"policy": "attestationBased"}, "/policy"),
        ({"policy": "none"}, ""),
        ({"policy": "rootOfTrust"}, ""),
        ({"options": None}, ""),
        ({"options": {"values": []}}, "/options/values"),
        ({"options": {"values": [{}]}}, ""),
        ({"options": {"values": [{"dn": INSPECTION, "serial": "01"}]}}, ""),
        ({"options": {"values": ["https://verifier.example"]}}, "/options/values/0"),
        ({"options": {"values": [{"entitlement": HEALTH}] * 257}}, "/options/values"),
        ({"options": {"values": [{"dn": INSPECTION, "serial": "0x1"}]}}, "/options/values/0/serial"),
        ({"id": "policy 1"}, "/id"),
        ({"url": "javascript:alert(1)"}, "/url"),
    ],
)
def test_a_policy_of_another_form_is_told_by_its_first_fault(changes: dict[str, Any], member: str) -> None:
    content = {
        "id": "urn:example:policy",
        "policy": "allowList",
        "options": {"values": [{"dn": INSPECTION}]},
        "url": "https://issuer.example/who-may-see",
    }
    assert read_message(DisclosurePolicy, {**content, "unknown": 1}).id == "urn:example:policy"
    with pytest.raises(Malformed) as refusal:
        read_message(DisclosurePolicy, {**content, **changes})
    assert refusal.value.params["member"] == member


@pytest.mark.parametrize(
    "value", [{"dn": ROOT}, {"serial": "01"}, {"dn": ROOT, "serial": "01", "entitlement": "x"}]
)
def test_an_authority_is_named_by_name_and_number_alone(value: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        policy("rootOfTrust", value)


def test_edp_11_another_policy_has_another_digest_and_none_is_like_no_policy() -> None:
    first = policy("allowList", {"dn": INSPECTION})
    assert policy_digest(first) == policy_digest(policy("allowList", {"dn": INSPECTION}))
    others = [
        policy("allowList", {"dn": INSPECTION}, {"entitlement": HEALTH}),
        policy("allowList", {"dn": INSPECTION}, id="https://issuer.example/policies/2"),
        policy("rootOfTrust", {"dn": INSPECTION, "serial": "01"}),
    ]
    assert len({policy_digest(each) for each in (first, *others)}) == 4
    assert policy_digest(policy("none")) is None
