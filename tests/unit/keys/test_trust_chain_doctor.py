"""The chain doctor names the rule that failed, the certificate, and what would mend it."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from portadoc.errors import Untrusted
from portadoc.i18n import catalogue
from portadoc.keys.purposes import EXTENDED_KEY_USAGE, KeyPurpose
from portadoc.keys.trust.chain_doctor import REASONS, Diagnosis, Question, RuleOutcome, diagnose
from portadoc.keys.trust.trust_store import TrustStore

from .conftest import BASE_URL, DAY, EHIC, NOW, PDA1, Certified, Workshop

ISSUER = f"{BASE_URL}/issuer/fr-demo"


def ask(**changes: Any) -> Question:
    asked: dict[str, Any] = {
        "purpose": KeyPurpose.CREDENTIAL,
        "at": NOW,
        "credential_type": PDA1,
        "issuer": ISSUER,
        "institution": "FR:TEST01",
    }
    return Question(**{**asked, **changes})


def examine(store: TrustStore, *chain: Certified | bytes, **changes: Any) -> tuple[Diagnosis, ...]:
    der = tuple(each if isinstance(each, bytes) else each.der for each in chain)
    return diagnose(der, store, ask(**changes))


def faults(found: tuple[Diagnosis, ...]) -> list[tuple[str, str]]:
    return [(each.rule, each.reason) for each in found if each.outcome is RuleOutcome.FAILS]


def test_a_sound_chain_holds_every_rule(workshop: Workshop) -> None:
    found = examine(workshop.store(), workshop.leaf_draft.make(), workshop.authority)
    assert {each.outcome for each in found} == {RuleOutcome.HOLDS}
    assert [each.rule for each in found] == [
        *("length", "form", "form", "anchor_left_out", "leaf", "leaf", "authorities", "signatures", "anchor"),
        *("purpose", "limits", "validity", "validity", "validity", "path", "names"),
        *("institution", "issuer", "authorisation"),
    ]


def test_the_doctor_names_the_certificate_and_the_clause(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(not_after=NOW - 1).make()
    found = examine(workshop.store(), leaf, workshop.authority)
    (fault,) = [each for each in found if each.outcome is RuleOutcome.FAILS]
    assert (fault.rule, fault.code, fault.clause) == ("validity", "chain_expired", "RFC 5280 §6.1.3")
    assert "CN=Leaf" in fault.subject
    assert fault.serial == f"{leaf.certificate.serial_number:x}"
    assert [each.rule for each in found if each.outcome is RuleOutcome.NOT_RUN] == ["path"]


def test_several_faults_are_found_at_once(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(
        not_after=NOW - 1, purposes=(EXTENDED_KEY_USAGE[KeyPurpose.STATUS],), digital_signature=False
    ).make()
    found = examine(workshop.store(), leaf, workshop.authority, credential_type=EHIC, institution="FR:TEST02")
    assert faults(found) == [
        ("leaf", "key_usage"),
        ("validity", "expired"),
        ("institution", "institution_mismatch"),
        ("authorisation", "type_not_authorised"),
    ]


GERMANY = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE")]))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"signed_by": None}, ("anchor_left_out", "leaf_self_signed"), id="B01"),
        pytest.param({"digital_signature": False}, ("leaf", "key_usage"), id="V-30-usage"),
        pytest.param({"names": ()}, ("issuer", "issuer_not_in_certificate"), id="B06"),
        pytest.param({"not_before": NOW + 1}, ("validity", "not_yet_valid"), id="B07"),
        pytest.param({"purposes": ()}, ("purpose", "extended_key_usage"), id="B08"),
        pytest.param({"institution": "FR:TEST02"}, ("names", "institution_mismatch"), id="B11"),
        pytest.param({"institution": None}, ("names", "subject"), id="B11-none"),
        pytest.param({"country": "DE"}, ("authorisation", "country_mismatch"), id="B11-country"),
    ],
)
def test_b01_b11_each_fault_of_a_leaf_is_named(
    workshop: Workshop, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    leaf = workshop.leaf_draft.but(**changes).make()
    assert expected in faults(examine(workshop.store(), leaf, workshop.authority))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"path_length": None, "authority": False}, ("authorities", "issuer_not_authority"), id="B04"),
        pytest.param({"not_after": NOW - 1}, ("validity", "expired"), id="B07"),
        pytest.param(
            {"purposes": (EXTENDED_KEY_USAGE[KeyPurpose.REQUEST],)},
            ("purpose", "authority_for_other_purpose"),
            id="B08",
        ),
        pytest.param(
            {"extensions": ((x509.NameConstraints([GERMANY], None), False),)},
            ("limits", "name_constraints"),
            id="V-30-names",
        ),
    ],
)
def test_b04_b08_each_fault_of_an_authority_is_named(
    workshop: Workshop, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    authority = workshop.authority_draft.but(**changes).make()
    leaf = workshop.leaf_draft.but(signed_by=authority).make()
    assert expected in faults(examine(workshop.store(), leaf, authority))


@pytest.mark.parametrize(
    ("store_changes", "reason"),
    [
        pytest.param({"withdrawn_at": NOW - DAY}, "withdrawn", id="B12"),
        pytest.param({"valid_from": NOW + 1}, "outside_period", id="B12-period"),
        pytest.param({"institution": "FR:TEST09"}, "institution_unknown", id="B11-unknown"),
        pytest.param({"purposes": frozenset({KeyPurpose.STATUS})}, "purpose_not_authorised", id="B11-purpose"),
        pytest.param({"issuers": frozenset()}, "issuer_not_authorised", id="B11-issuer"),
        pytest.param({"believed_until": NOW - 1}, "list_stale", id="V-32-stale"),
    ],
)
def test_v32_b12_each_objection_of_the_authorisation_is_named(
    workshop: Workshop, store_changes: dict[str, Any], reason: str
) -> None:
    found = examine(workshop.store(**store_changes), workshop.leaf_draft.make(), workshop.authority)
    assert faults(found) == [("authorisation", reason)]


def test_b09_an_unreadable_certificate_ends_the_examination(workshop: Workshop) -> None:
    found = examine(workshop.store(), workshop.leaf_draft.make(), b"no certificate")
    assert faults(found) == [("form", "certificate")]
    skipped = [each.rule for each in found if each.outcome is RuleOutcome.NOT_RUN]
    assert skipped[0] == "anchor_left_out"
    assert skipped[-1] == "authorisation"


def test_b05_length_and_repetition_are_named(workshop: Workshop) -> None:
    store, leaf = workshop.store(), workshop.leaf_draft.make()
    assert faults(examine(store)) == [("length", "chain_missing")]
    assert ("length", "duplicate_certificate") in faults(examine(store, leaf, leaf))
    many = [workshop.authority_draft.but(common_name=str(number)).make() for number in range(5)]
    found = examine(store, leaf, *many)
    assert faults(found)[0] == ("length", "chain_too_long")
    assert len([each for each in found if each.rule == "form"]) == 4


def test_b03_without_an_anchor_the_rest_is_not_run(workshop: Workshop) -> None:
    found = examine(workshop.store(), workshop.leaf_draft.make())
    assert faults(found) == [("anchor", "anchor_unknown")]
    assert [each.rule for each in found if each.outcome is RuleOutcome.NOT_RUN] == [
        *("purpose", "limits", "validity", "path", "names"),
        *("institution", "issuer", "authorisation"),
    ]


def test_v30_an_rsa_key_is_named(workshop: Workshop) -> None:
    key: Any = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    leaf = workshop.leaf_draft.but(key=key).make()
    assert ("leaf", "key_type") in faults(examine(workshop.store(), leaf, workshop.authority))


def test_b02_b05_anchor_sent_and_path_too_long_are_named(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.make()
    found = examine(workshop.store(), leaf, workshop.authority, workshop.root)
    assert ("anchor_left_out", "anchor_included") in faults(found)
    below = workshop.authority_draft.but(signed_by=workshop.authority, common_name="Below").make()
    low = workshop.leaf_draft.but(signed_by=below).make()
    assert ("limits", "path_length") in faults(examine(workshop.store(), low, below, workshop.authority))


def test_an_anchor_that_is_listed_for_another_is_named(workshop: Workshop) -> None:
    store = workshop.store(anchors=frozenset({"0" * 64}))
    found = examine(store, workshop.leaf_draft.make(), workshop.authority)
    assert faults(found) == [("authorisation", "anchor_of_another")]


def test_every_reason_has_its_sentence_and_advice() -> None:
    for language in ("en", "fr"):
        for code in REASONS.values():
            assert catalogue(language)[code]["text"]
            assert catalogue(language)[code]["action"]


def test_the_doctor_and_the_store_agree(workshop: Workshop) -> None:
    """What the doctor finds in order the store accepts, and nothing else."""
    drafts = [
        workshop.leaf_draft,
        workshop.leaf_draft.but(not_after=NOW - 1),
        workshop.leaf_draft.but(country="DE"),
        workshop.leaf_draft.but(purposes=()),
        workshop.leaf_draft.but(institution="FR:TEST02"),
    ]
    for draft in drafts:
        leaf, store, question = draft.make(), workshop.store(), ask()
        chain = (leaf.der, workshop.authority.der)
        sound = not faults(diagnose(chain, store, question))
        try:
            store.resolve(
                chain,
                purpose=question.purpose,
                at=question.at,
                credential_type=question.credential_type,
                issuer=question.issuer,
                institution=question.institution,
            )
            accepted = True
        except Untrusted:
            accepted = False
        assert sound == accepted


def test_an_anchor_that_came_along_is_one_fault_and_no_more(workshop: Workshop) -> None:
    found = examine(workshop.store(), workshop.leaf_draft.make(), workshop.authority, workshop.root)
    assert faults(found) == [("anchor_left_out", "anchor_included")]
