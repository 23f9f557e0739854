"""JSON lists of trusted entities: what is read from a sound one, and each fault that has it refused."""

import binascii
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Error, Malformed, Misconfigured
from portadoc.formats import jws, strict_json
from portadoc.formats.trust_lists.listing import StatusChange, approvals, moment, moment_text
from portadoc.formats.trust_lists.lote import read_lote, thumbprint
from portadoc.formats.trust_lists.lote_making import ACCESS_CERTIFICATES, make_lote
from portadoc.formats.trust_lists.reading import media_types, read_trust_list
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.trust_list import Approval, ListForm, TrustListSnapshot

from .trust_list_workshop import (
    DAY,
    LIST_URI,
    NOW,
    OPERATOR,
    Certified,
    certify,
    edition,
    lote,
    operator,
    operators,
    provider,
    service,
    with_unheard_key,
)


def read(text: str, *signers: Certified, now: int = NOW) -> TrustListSnapshot:
    return read_lote(text, uri=LIST_URI, operators=operators(*signers), now=now, skew_s=60)


def refusal(text: str, *signers: Certified, now: int = NOW) -> str:
    with pytest.raises(Error) as caught:
        read(text, *signers, now=now)
    return f"{caught.value.code}.{caught.value.params.get('reason', '-')}"


def resigned(change: Callable[[dict[str, Any]], object], **header: Any) -> str:
    """Return a list of one entity, changed and then signed by its operator."""
    payload = jws.unverified_claims(lote(provider().entry()))
    change(payload["LoTE"])
    return jws.sign({"typ": "JOSE", "x5c": [text_of(operator().der)], **header}, payload, operator().signer)


def text_of(der: bytes) -> str:
    return binascii.b2a_base64(der, newline=False).decode()


def scheme(lote_object: dict[str, Any]) -> dict[str, Any]:
    return lote_object["ListAndSchemeInformation"]  # type: ignore[no-any-return]


def entity(lote_object: dict[str, Any]) -> dict[str, Any]:
    return lote_object["TrustedEntitiesList"][0]  # type: ignore[no-any-return]


def information(lote_object: dict[str, Any]) -> dict[str, Any]:
    return entity(lote_object)["TrustedEntityServices"][0]["ServiceInformation"]  # type: ignore[no-any-return]


def test_a_list_of_thirty_providers_is_read_with_its_anchors_apart_by_purpose() -> None:
    snapshot = read(lote())
    assert (snapshot.sequence, snapshot.territory, snapshot.operator) == (7, "EU", OPERATOR)
    assert (snapshot.issued_at, snapshot.next_update) == (NOW - DAY, NOW + 90 * DAY)
    assert len(snapshot.entities) == 30
    assert snapshot.omitted == ()
    by_purpose = [
        [a for a in snapshot.anchors if a.purposes == {p}] for p in (KeyPurpose.CREDENTIAL, KeyPurpose.STATUS)
    ]
    assert [len(each) for each in by_purpose] == [30, 30]
    assert {a.certificate for a in by_purpose[0]}.isdisjoint(a.certificate for a in by_purpose[1])
    assert {a.trust_list for a in snapshot.anchors} == {LIST_URI}
    assert snapshot.entities[4].country == "IT"
    assert snapshot.entities[4].identifiers == {"NTRIT-00004"}


def test_a_provider_of_an_eessi_country_code_is_read_under_its_iso_code() -> None:
    assert read(lote(provider().entry(country="EL"))).entities[0].country == "GR"


def test_a_history_gives_the_times_in_which_the_service_was_notified() -> None:
    history = (StatusChange(NOW - 300 * DAY, True), StatusChange(NOW - 200 * DAY, False))
    one = provider()
    entry = one.entry(services=(service("x", KeyPurpose.CREDENTIAL, one.issuance, history=history),))
    (listed,) = read(lote(entry)).entities[0].services
    assert listed.approvals == (Approval(NOW - 300 * DAY, NOW - 200 * DAY), Approval(NOW - 100 * DAY))


def test_a_history_of_another_key_says_nothing_of_this_one() -> None:
    def other_key(lote_object: dict[str, Any]) -> None:
        former = {**information(lote_object), "StatusStartingTime": moment_text(NOW - 300 * DAY)}
        former["ServiceDigitalIdentity"] = {"X509SKIs": ["AAAA"]}
        nameless = {**former, "ServiceDigitalIdentity": {}}
        entity(lote_object)["TrustedEntityServices"][0]["ServiceHistory"] = [former, nameless]

    (listed, _) = read(resigned(other_key)).entities[0].services
    assert listed.approvals == (Approval(NOW - 100 * DAY),)


def test_v32_a_withdrawn_service_has_no_time_after_its_withdrawal() -> None:
    one = provider()
    history = (StatusChange(NOW - 100 * DAY, True),)
    gone = service("x", KeyPurpose.CREDENTIAL, one.issuance, approved=False, since=NOW - DAY, history=history)
    (listed,) = read(lote(one.entry(services=(gone,)))).entities[0].services
    assert listed.approvals == (Approval(NOW - 100 * DAY, NOW - DAY),)
    never = service("x", KeyPurpose.CREDENTIAL, one.issuance, approved=False, since=NOW - DAY)
    (listed,) = read(lote(one.entry(services=(never,)))).entities[0].services
    assert listed.approvals == (Approval(NOW - DAY, NOW - DAY),)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([(5, True), (9, False), (9, True)], [(5, 9)], id="same-second-withdraws"),
        pytest.param([(5, True), (5, False)], [(5, 5)], id="withdrawn-at-once"),
        pytest.param([(9, False), (5, True), (7, True)], [(5, 9)], id="any-order"),
        pytest.param([(5, False), (9, True)], [(9, None)], id="still"),
    ],
)
def test_v32_status_changes_give_times_of_approval(
    changes: list[tuple[int, bool]], expected: list[tuple[int, int | None]]
) -> None:
    made = approvals(StatusChange(since, approved) for since, approved in changes)
    assert made == tuple(Approval(*each) for each in expected)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"typ": "JWT"}, id="JWT"),
        pytest.param({"sigT": "2026-11-21T12:00:00Z", "crit": ["sigT"]}, id="JAdES-sigT-critical"),
        pytest.param({"iat": NOW - DAY, "cty": "application/json", "kid": "list"}, id="JAdES-iat"),
        pytest.param({"x5t#S256": thumbprint(operator().der)}, id="thumbprint"),
    ],
)
def test_headers_of_the_signature_profile_are_accepted(header: dict[str, Any]) -> None:
    assert read(resigned(lambda _: None, **header)).sequence == 7


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param({"sigT": "2030-01-01T00:00:00Z"}, "trust_list_untrusted.signed_later", id="sigT-later"),
        pytest.param({"iat": NOW + DAY}, "trust_list_untrusted.signed_later", id="iat-later"),
        pytest.param({"sigT": "yesterday"}, "trust_list_malformed.sigT", id="sigT-no-time"),
        pytest.param({"iat": "now"}, "claim_invalid.-", id="iat-no-time"),
    ],
)
def test_review_v32_the_time_of_signing_that_a_list_names_is_judged(header: dict[str, Any], code: str) -> None:
    crit = {"crit": ["sigT"]} if "sigT" in header else {}
    assert refusal(resigned(lambda _: None, **header, **crit)) == code


def test_a_header_without_typ_is_accepted_for_a_signer_that_was_set() -> None:
    payload = jws.unverified_claims(lote(provider().entry()))
    text = jws.sign({"x5c": [text_of(operator().der)]}, payload, operator().signer)
    assert read(text).sequence == 7


@pytest.mark.parametrize(
    ("header", "code"),
    [
        pytest.param({"crit": ["b64"], "b64": True}, "crit_unsupported.-", id="b64"),
        pytest.param({"crit": ["sigD"]}, "crit_unsupported.-", id="unknown"),
        pytest.param({"crit": ["sigT"]}, "crit_unsupported.-", id="absent"),
        pytest.param({"crit": []}, "crit_unsupported.-", id="empty"),
        pytest.param({"crit": ["sigT", "sigT"], "sigT": "x"}, "crit_unsupported.-", id="twice"),
        pytest.param({"crit": "sigT", "sigT": "x"}, "crit_unsupported.-", id="text"),
        pytest.param({"crit": [{}], "sigT": "x"}, "crit_unsupported.-", id="object"),
        pytest.param({"typ": "kb+jwt"}, "typ_mismatch.-", id="typ"),
        pytest.param({"typ": None}, "typ_mismatch.-", id="typ-null"),
        pytest.param({"x5u": "https://a.test/"}, "header_param_forbidden.-", id="x5u"),
        pytest.param({"x5t#S256": "AAAA"}, "trust_list_untrusted.signer_thumbprint", id="thumbprint"),
        pytest.param({"x5c": []}, "malformed_token.not_array", id="x5c-empty"),
    ],
)
def test_v32_a_header_that_is_not_of_the_profile_is_refused(header: dict[str, Any], code: str) -> None:
    assert refusal(resigned(lambda _: None, **header)) == code


def test_v32_a_list_without_a_certificate_is_refused() -> None:
    payload = jws.unverified_claims(lote(provider().entry()))
    text = jws.sign({"typ": "JOSE"}, payload, operator().signer)
    assert refusal(text) == "trust_list_untrusted.signer_missing"


def test_v32_a_list_by_a_signer_that_was_not_set_is_refused() -> None:
    stranger = certify(OPERATOR, country="EU")
    assert refusal(lote(by=stranger)) == "trust_list_untrusted.signer_unknown"
    assert read(lote(by=stranger), operator(), stranger).sequence == 7


def test_v32_b10_a_bad_signature_of_a_list_is_refused() -> None:
    text = lote(provider().entry())
    head, body, signature = text.split(".")
    changed = strict_json.loads_object(base64url.decode(body, what="x"), what="x")
    scheme(changed["LoTE"])["LoTESequenceNumber"] = 8
    forged = f"{head}.{base64url.encode(strict_json.dumps(changed))}.{signature}"
    assert refusal(forged) == "signature_invalid.mismatch"
    other = LocalSigner(ec.generate_private_key(ec.SECP256R1()), chain=(operator().der,))
    assert refusal(make_lote(edition(), signer=other)) == "signature_invalid.mismatch"


@pytest.mark.parametrize(
    ("signer", "reason"),
    [
        pytest.param({"not_after": NOW - 1}, "signer_outside_validity", id="expired"),
        pytest.param({"not_before": NOW + 1}, "signer_outside_validity", id="not-yet"),
        pytest.param({"authority": True}, "signer_is_authority", id="authority"),
        pytest.param({"name": "Somebody else"}, "signer_not_operator", id="other-organisation"),
    ],
)
def test_v32_a_signer_that_does_not_suit_is_refused(signer: dict[str, Any], reason: str) -> None:
    made = certify(**{"name": OPERATOR, "country": "EU", **signer})
    assert refusal(lote(by=made), made) == f"trust_list_untrusted.{reason}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda v: v.pop("ListAndSchemeInformation"), "ListAndSchemeInformation", id="no-scheme"),
        pytest.param(lambda v: scheme(v).update(LoTEVersionIdentifier=2), "LoTEVersionIdentifier", id="version"),
        pytest.param(lambda v: scheme(v).update(LoTEType="http://other"), "LoTEType", id="type"),
        pytest.param(lambda v: scheme(v).update(LoTESequenceNumber=0), "LoTESequenceNumber", id="sequence-0"),
        pytest.param(
            lambda v: scheme(v).update(LoTESequenceNumber=True), "LoTESequenceNumber", id="sequence-bool"
        ),
        pytest.param(lambda v: scheme(v).update(LoTESequenceNumber="7"), "LoTESequenceNumber", id="sequence-text"),
        pytest.param(lambda v: scheme(v).pop("SchemeOperatorName"), "SchemeOperatorName", id="operator"),
        pytest.param(
            lambda v: scheme(v).update(SchemeOperatorName=["x"]), "SchemeOperatorName", id="operator-text"
        ),
        pytest.param(lambda v: scheme(v).update(SchemeTerritory=""), "SchemeTerritory", id="territory"),
        pytest.param(lambda v: scheme(v).pop("NextUpdate"), "NextUpdate", id="next-update-missing"),
        pytest.param(lambda v: scheme(v).update(NextUpdate=None), "NextUpdate", id="next-update-null"),
        pytest.param(
            lambda v: scheme(v).update(NextUpdate="2026-02-30T00:00:00Z"), "NextUpdate", id="no-such-day"
        ),
        pytest.param(
            lambda v: scheme(v).update(NextUpdate="2026-12-01T00:00:00+01:00"), "NextUpdate", id="other-zone"
        ),
        pytest.param(
            lambda v: scheme(v).update(NextUpdate=moment_text(NOW + 200 * DAY)),
            "next_update",
            id="over-six-months",
        ),
        pytest.param(
            lambda v: scheme(v).update(NextUpdate=moment_text(NOW - DAY)), "next_update", id="next-update-at-issue"
        ),
        pytest.param(
            lambda v: scheme(v).update(ListIssueDateTime=moment_text(NOW + 61)), "issue_time", id="from-the-future"
        ),
        pytest.param(lambda v: v.update(TrustedEntitiesList={}), "TrustedEntitiesList", id="entities-object"),
        pytest.param(lambda v: v.update(TrustedEntitiesList=[1]), "TrustedEntitiesList", id="entity-number"),
    ],
)
def test_v32_a_list_that_is_not_in_order_is_refused(
    change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    assert refusal(resigned(change)) == f"trust_list_malformed.{reason}"


def identity(value: dict[str, Any], **members: Any) -> None:
    information(value)["ServiceDigitalIdentity"] = members


def certificates(*ders: bytes) -> list[dict[str, str]]:
    return [{"val": text_of(der)} for der in ders]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            lambda v: entity(v).pop("TrustedEntityInformation"), "TrustedEntityInformation", id="no-info"
        ),
        pytest.param(lambda v: entity(v)["TrustedEntityInformation"].update(TEName=[]), "TEName", id="no-name"),
        pytest.param(
            lambda v: entity(v)["TrustedEntityInformation"].pop("TEAddress"), "TEAddress", id="no-address"
        ),
        pytest.param(
            lambda v: entity(v)["TrustedEntityInformation"]["TEAddress"].update(TEElectronicAddress=[]),
            "TEAddress",
            id="no-country",
        ),
        pytest.param(lambda v: entity(v).pop("TrustedEntityServices"), "TrustedEntityServices", id="no-services"),
        pytest.param(
            lambda v: information(v).update(
                ServiceTypeIdentifier="http://uri.etsi.org/19602/SvcType/PID/Issuance"
            ),
            "ServiceTypeIdentifier",
            id="service-type",
        ),
        pytest.param(lambda v: information(v).pop("ServiceStatus"), "ServiceStatus", id="no-status"),
        pytest.param(lambda v: information(v).update(ServiceStatus="granted"), "ServiceStatus", id="status"),
        pytest.param(lambda v: information(v).pop("StatusStartingTime"), "StatusStartingTime", id="no-time"),
        pytest.param(lambda v: identity(v, X509Certificates=[{"val": "x"}]), "base64", id="not-base64"),
        pytest.param(lambda v: identity(v, X509Certificates=certificates(b"x")), "certificate", id="not-der"),
        pytest.param(
            lambda v: identity(v, X509Certificates=certificates(with_unheard_key(provider().issuance.der))),
            "certificate",
            id="unheard-key",
        ),
        pytest.param(
            lambda v: identity(v, X509Certificates=certificates(certify("Other", authority=True).der)),
            "organizationName",
            id="B11-another-organisation",
        ),
        pytest.param(
            lambda v: identity(
                v, X509Certificates=certificates(provider().issuance.der, provider().revocation.der)
            ),
            "service_identity",
            id="two-keys",
        ),
    ],
)
def test_v32_an_entity_that_is_not_in_order_is_left_out_and_named(
    change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    snapshot = read(resigned(change))
    assert snapshot.entities == ()
    assert snapshot.anchors == ()
    assert [(each.place, each.reason) for each in snapshot.omitted] == [(1, reason)]


def test_an_entity_out_of_order_does_not_harm_the_others() -> None:
    entries = tuple(provider(number).entry() for number in range(30))
    spoilt = (*entries[:7], provider(7).entry(name="Renamed"), *entries[8:])
    snapshot = read(lote(*spoilt))
    assert len(snapshot.entities) == 29
    assert [(each.place, each.reason) for each in snapshot.omitted] == [(8, "organizationName")]


def test_a_service_may_be_listed_without_a_certificate_and_name() -> None:
    def bare(value: dict[str, Any]) -> None:
        identity(value)
        information(value).pop("ServiceName")

    (bare_one, _) = read(resigned(bare)).entities[0].services
    assert bare_one.certificates == ()
    assert bare_one.name == provider().name


def test_a_list_without_entities_is_a_list() -> None:
    assert read(resigned(lambda v: v.pop("TrustedEntitiesList"))).entities == ()


def test_a_signer_without_a_certificate_makes_no_list() -> None:
    with pytest.raises(Misconfigured, match="key_missing"):
        make_lote(edition(), signer=LocalSigner(operator().key))


def test_the_form_of_a_list_decides_its_reader() -> None:
    options: dict[str, Any] = {"uri": LIST_URI, "operators": operators(), "now": NOW, "skew_s": 60}
    made = lote(provider().entry())
    assert read_trust_list(f"{made}\n".encode(), form=ListForm.LOTE, **options) == read(made)
    with pytest.raises(Malformed, match="trust_list_malformed"):
        read_trust_list("é".encode(), form=ListForm.LOTE, **options)
    with pytest.raises(Malformed, match="trust_list_malformed"):
        read_trust_list(made.encode(), form=ListForm.ETSI_TL, **options)
    assert "application/jwt" in media_types(ListForm.LOTE)


def test_fractions_of_a_second_are_dropped() -> None:
    assert moment("2026-11-22T12:00:00.500Z", member="x") == NOW


def test_a_list_of_providers_of_access_certificates_has_services_without_status() -> None:
    held = service("access", KeyPurpose.REQUEST, certify("Access authority", authority=True))
    listed = provider().entry(services=(held,), country="FR", phone="", locality="")
    made = jws.unverified_claims(lote(listed, profile=ACCESS_CERTIFICATES))
    about = scheme(made["LoTE"])
    assert about["LoTEType"] == "http://uri.etsi.org/19602/LoTEType/EUWRPACProvidersList"
    assert "HistoricalInformationPeriod" not in about
    assert information(made["LoTE"]).keys() == {"ServiceTypeIdentifier", "ServiceName", "ServiceDigitalIdentity"}
    told = entity(made["LoTE"])["TrustedEntityInformation"]
    role = "http://uri.etsi.org/19602/ListOfTrustedEntities/WRPACProvider/FR"
    assert told["TEAddress"]["TEPostalAddress"] == [{"lang": "en", "StreetAddress": "-", "Country": "FR"}]
    assert [each["uriValue"] for each in told["TEAddress"]["TEElectronicAddress"]][1:] == [role]
    assert role in [each["uriValue"] for each in told["TEInformationURI"]]
