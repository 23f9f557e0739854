"""Trust from trusted lists: editions in order, a rule per institution, anchors that vouch for their own entity."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from portadoc.errors import Conflict, Error, Misconfigured, Untrusted
from portadoc.keys.certificates import to_pem
from portadoc.keys.purposes import EXTENDED_KEY_USAGE, KeyPurpose
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.keys.trust.trust_list import (
    Approval,
    AuthorisationRule,
    ListedEntity,
    ListedService,
    ListForm,
    TrustListSnapshot,
    accept_snapshot,
    check_fresh,
    combine,
)
from portadoc.keys.trust.trust_list_file import read_trust_list_sources
from portadoc.keys.trust.trust_store import TrustStore

from .conftest import BASE_URL, DAY, EHIC, NOW, PDA1, Certified, Draft, Workshop

ISSUER = f"{BASE_URL}/issuer/fr-demo"
URI = "https://lists.example.test/pub-eaa.jwt"
STATUS_USAGE = EXTENDED_KEY_USAGE[KeyPurpose.STATUS]


def authority(name: str, institution: str) -> Certified:
    return Draft(name, authority=True, signed_by=None, institution=institution, path_length=0).make()


A_ISSUANCE, A_REVOCATION = authority("A issuance", "NTRFR-1"), authority("A revocation", "NTRFR-1")
B_ISSUANCE, B_REVOCATION = authority("B issuance", "NTRFR-2"), authority("B revocation", "NTRFR-2")


def entity(
    identifier: str, issuance: Certified, revocation: Certified | None = None, **approval: int | None
) -> ListedEntity:
    times = Approval(**{"since": NOW - 100 * DAY, **approval})  # type: ignore[arg-type]
    services = [ListedService("Attestations", KeyPurpose.CREDENTIAL, (issuance.der,), (times,))]
    if revocation is not None:
        services.append(ListedService("Validity", KeyPurpose.STATUS, (revocation.der,), (times,)))
    return ListedEntity(f"Institution {identifier}", frozenset({identifier}), "FR", tuple(services))


def snapshot(*entities: ListedEntity, **changes: Any) -> TrustListSnapshot:
    made = TrustListSnapshot(
        uri=URI,
        form=ListForm.LOTE,
        operator="European Commission (test data)",
        territory="EU",
        sequence=7,
        issued_at=NOW - DAY,
        next_update=NOW + 30 * DAY,
        digest="7",
        signer="s",
        entities=entities or (entity("NTRFR-1", A_ISSUANCE, A_REVOCATION), entity("NTRFR-2", B_ISSUANCE)),
    )
    return replace(made, **changes)


def rule(identifier: str = "NTRFR-1", **changes: Any) -> AuthorisationRule:
    made = AuthorisationRule(
        entity=identifier,
        institution=identifier,
        issuers=frozenset({ISSUER}),
        credential_types=frozenset({PDA1}),
    )
    return replace(made, **changes)


RULES = (rule(), rule("NTRFR-2"))


def leaf(above: Certified, institution: str = "NTRFR-1", **changes: Any) -> Certified:
    return Draft("Leaf", authority=False, signed_by=above, institution=institution).but(**changes).make()


def store(base: TrustStore, made: TrustListSnapshot | None = None, rules: Any = RULES) -> TrustStore:
    return combine(base, [(made or snapshot(), rules)])


def answer(trust: TrustStore, *chain: Certified, **changes: Any) -> str:
    asked: dict[str, Any] = {
        "purpose": KeyPurpose.CREDENTIAL,
        "at": NOW,
        "credential_type": PDA1,
        "issuer": ISSUER,
        "institution": None,
    }
    try:
        trusted = trust.resolve(tuple(each.der for each in chain), **{**asked, **changes})
    except Error as error:
        return f"{error.code}.{error.params['reason']}"
    return f"{trusted.institution_id} by {trusted.anchor} of {sorted(trusted.trust_lists)}"


FOUND = f"NTRFR-1 by Institution NTRFR-1: Attestations of ['{URI}']"


def test_a_listed_institution_signs_what_its_rule_says(workshop: Workshop) -> None:
    trust = store(workshop.store())
    assert answer(trust, leaf(A_ISSUANCE)) == FOUND
    assert trust.resolve_chain((leaf(A_ISSUANCE).der,), purpose=KeyPurpose.CREDENTIAL, at=NOW).trust_lists == {URI}


def test_the_operators_own_anchors_count_beside_the_lists(workshop: Workshop) -> None:
    trust = store(workshop.store())
    own = workshop.leaf_draft.make()
    assert answer(trust, own, workshop.authority) == "FR:TEST01 by test of []"
    assert (
        trust.resolve_chain((own.der, workshop.authority.der), purpose=KeyPurpose.CREDENTIAL, at=NOW).trust_lists
        == set()
    )


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        pytest.param((), "institution_unknown", id="no-rule"),
        pytest.param((rule("NTRFR-9"),), "institution_unknown", id="rule-of-another"),
        pytest.param((rule(credential_types=frozenset({EHIC})),), "type_not_authorised", id="other-type"),
        pytest.param((rule(credential_types=frozenset()),), "type_not_authorised", id="no-type"),
        pytest.param((rule(issuers=frozenset()),), "issuer_not_authorised", id="no-issuer"),
    ],
)
def test_v32_b11_without_a_rule_nothing_of_a_list_is_believed(workshop: Workshop, rules: Any, reason: str) -> None:
    assert answer(store(workshop.store(), rules=rules), leaf(A_ISSUANCE)) == f"issuer_untrusted.{reason}"


def test_v32_b11_an_anchor_of_a_list_vouches_for_its_own_entity_only(workshop: Workshop) -> None:
    trust = store(workshop.store())
    minted = leaf(B_ISSUANCE, "NTRFR-1")
    assert answer(trust, minted) == "issuer_untrusted.anchor_of_another"
    of_the_file = leaf(B_ISSUANCE, "FR:TEST01")
    assert answer(trust, of_the_file) == "issuer_untrusted.anchor_of_another"


def test_v32_b11_the_operators_anchor_does_not_stand_in_for_a_listed_one(workshop: Workshop) -> None:
    middle = workshop.authority_draft.but(institution="NTRFR-1").make()
    minted = workshop.leaf_draft.but(institution="NTRFR-1", signed_by=middle).make()
    assert answer(store(workshop.store()), minted, middle) == "issuer_untrusted.anchor_of_another"


def test_v41_b08_anchors_for_issuance_and_revocation_are_apart(workshop: Workshop) -> None:
    trust = store(workshop.store())
    assert answer(trust, leaf(A_REVOCATION)) == "issuer_untrusted.anchor_unknown"
    status = {"purpose": KeyPurpose.STATUS, "credential_type": None, "issuer": None}
    assert answer(trust, leaf(A_ISSUANCE), **status) == "issuer_untrusted.anchor_unknown"
    assert answer(trust, leaf(A_REVOCATION), **status).startswith("NTRFR-1 by Institution NTRFR-1: Validity")


def test_v41_a_status_provider_of_another_organisation_speaks_where_a_rule_says_so(workshop: Workshop) -> None:
    provider = leaf(A_REVOCATION, "NTRFR-77")
    status = {"purpose": KeyPurpose.STATUS, "credential_type": None, "issuer": None}
    assert answer(store(workshop.store()), provider, **status) == "issuer_untrusted.institution_unknown"
    named = (rule(status_providers=frozenset({"NTRFR-77"})), rule("NTRFR-2"))
    trust = store(workshop.store(), rules=named)
    assert answer(trust, provider, **status).startswith("NTRFR-77 by ")
    assert spoken_for(trust, provider) == {"NTRFR-1"}
    assert spoken_for(trust, leaf(A_REVOCATION)) == {"NTRFR-1"}
    credential = answer(trust, leaf(A_ISSUANCE, "NTRFR-77"))
    assert credential == "issuer_untrusted.anchor_of_another"


def spoken_for(trust: TrustStore, *chain: Certified, at: int = NOW) -> frozenset[str]:
    der = tuple(each.der for each in chain)
    asked: Any = {"credential_type": None, "issuer": None, "institution": None, "at": at}
    return trust.resolve(der, purpose=KeyPurpose.STATUS, **asked).speaks_for


def test_d10_v41_a_provider_that_two_entities_name_speaks_for_the_one_above_its_key(workshop: Workshop) -> None:
    listed = snapshot(entity("NTRFR-1", A_ISSUANCE, A_REVOCATION), entity("NTRFR-2", B_ISSUANCE, B_REVOCATION))
    both = tuple(rule(each, status_providers=frozenset({"NTRFR-77"})) for each in ("NTRFR-1", "NTRFR-2"))
    trust = store(workshop.store(), listed, both)
    for held in (trust, trust_from_json(trust_to_json(trust))):
        assert spoken_for(held, leaf(A_REVOCATION, "NTRFR-77")) == {"NTRFR-1"}
        assert spoken_for(held, leaf(B_REVOCATION, "NTRFR-77")) == {"NTRFR-2"}
        assert not held.resolve_chain((leaf(A_REVOCATION).der,), purpose=KeyPurpose.STATUS, at=NOW).speaks_for


def test_d10_v41_an_institution_named_as_provider_does_not_speak_for_itself_under_that_anchor(
    workshop: Workshop,
) -> None:
    listed = snapshot(entity("NTRFR-1", A_ISSUANCE, A_REVOCATION), entity("NTRFR-2", B_ISSUANCE, B_REVOCATION))
    named = (rule(), rule("NTRFR-2", status_providers=frozenset({"NTRFR-1"})))
    trust = store(workshop.store(), listed, named)
    assert spoken_for(trust, leaf(B_REVOCATION, "NTRFR-1")) == {"NTRFR-2"}
    assert spoken_for(trust, leaf(A_REVOCATION)) == {"NTRFR-1"}


def test_v41_who_named_a_provider_may_take_it_back(workshop: Workshop) -> None:
    services = (
        ListedService("Validity", KeyPurpose.STATUS, (A_REVOCATION.der,), (Approval(NOW - DAY, NOW),)),
        ListedService("Validity", KeyPurpose.STATUS, (A_REVOCATION.der,), (Approval(NOW - DAY),)),
    )
    entities = [
        ListedEntity(name, frozenset({name}), "FR", (service,))
        for name, service in zip(("NTRFR-1", "NTRFR-2"), services, strict=True)
    ]
    both = tuple(rule(each, status_providers=frozenset({"NTRFR-77"})) for each in ("NTRFR-1", "NTRFR-2"))
    trust = store(workshop.store(), snapshot(*entities), both)
    assert spoken_for(trust, leaf(A_REVOCATION, "NTRFR-77"), at=NOW - 1) == {"NTRFR-1", "NTRFR-2"}
    assert spoken_for(trust, leaf(A_REVOCATION, "NTRFR-77")) == {"NTRFR-2"}


def test_v41_in_the_operators_own_file_a_provider_says_for_whom_it_speaks(workshop: Workshop) -> None:
    both = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS})
    base = workshop.store(purposes=both)
    status_leaf = workshop.leaf_draft.but(purposes=(STATUS_USAGE,)).make()
    assert spoken_for(base, status_leaf, workshop.authority) == {"FR:TEST01"}
    more = tuple(replace(each, speaks_for=frozenset({"FR:TEST09"})) for each in base.authorisations)
    named = TrustStore(base.anchors, more)
    assert spoken_for(named, status_leaf, workshop.authority) == {"FR:TEST09"}


@pytest.mark.parametrize(
    ("approval", "at", "reason"),
    [
        pytest.param({"until": NOW}, NOW, "withdrawn", id="B12-from-its-starting-time"),
        pytest.param({"until": NOW + 1}, NOW, "", id="B12-the-second-before"),
        pytest.param({"since": NOW + 1}, NOW, "outside_period", id="B12-not-yet-notified"),
        pytest.param({"since": NOW}, NOW, "", id="B12-notified-now"),
        pytest.param({}, NOW + 30 * DAY, "", id="V-32-at-the-next-update"),
        pytest.param({}, NOW + 30 * DAY + 1, "list_stale", id="V-32-next-update-passed"),
    ],
)
def test_v32_b12_a_listed_status_counts_from_its_starting_time(
    workshop: Workshop, approval: dict[str, int], at: int, reason: str
) -> None:
    root = Draft("Long", authority=True, signed_by=None, institution="NTRFR-1", not_after=NOW + 60 * DAY).make()
    trust = store(workshop.store(), snapshot(entity("NTRFR-1", root, **approval)))
    signer = leaf(root, not_after=NOW + 60 * DAY)
    assert answer(trust, signer, at=at) == (f"issuer_untrusted.{reason}" if reason else FOUND)


def test_v32_a_service_notified_again_counts_in_both_times(workshop: Workshop) -> None:
    root = Draft("Old", authority=True, signed_by=None, institution="NTRFR-1", not_before=NOW - 99 * DAY).make()
    times = (Approval(NOW - 90 * DAY, NOW - 60 * DAY), Approval(NOW - 30 * DAY))
    service = ListedService("Attestations", KeyPurpose.CREDENTIAL, (root.der,), times)
    made = snapshot(ListedEntity("Institution NTRFR-1", frozenset({"NTRFR-1"}), "FR", (service,)))
    trust, signer = store(workshop.store(), made), leaf(root, not_before=NOW - 99 * DAY)
    found = [answer(trust, signer, at=NOW - days * DAY) for days in (95, 75, 45, 0)]
    assert found == ["issuer_untrusted.outside_period", FOUND, "issuer_untrusted.withdrawn", FOUND]


def test_v30_a_listed_certificate_of_the_signer_itself_is_its_anchor(workshop: Workshop) -> None:
    above = authority("Qualified provider", "NTRFR-900")
    signer, stranger = leaf(above), leaf(above)
    trust = store(workshop.store(), snapshot(entity("NTRFR-1", signer)))
    assert answer(trust, signer) == FOUND
    assert answer(trust, stranger) == "issuer_untrusted.anchor_unknown"
    below = leaf(signer, "NTRFR-1", common_name="Below")
    assert answer(trust, below) == "issuer_untrusted.anchor_unknown"
    assert answer(trust, below, signer) == "chain_invalid.anchor_included"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"not_after": NOW - 1}, "expired", id="B07"),
        pytest.param({"purposes": (STATUS_USAGE,)}, "extended_key_usage", id="B08"),
        pytest.param({"signed_by": None}, "leaf_self_signed", id="B01"),
        pytest.param(
            {"extensions": ((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True),)},
            "path_rejected",
            id="V-30-critical",
        ),
        pytest.param({"digital_signature": False}, "key_usage", id="V-30-key-usage"),
    ],
)
def test_v30_a_listed_signer_is_judged_like_any_leaf(workshop: Workshop, changes: Any, reason: str) -> None:
    signer = leaf(authority("Provider", "NTRFR-900"), **changes)
    trust = store(workshop.store(), snapshot(entity("NTRFR-1", signer)))
    assert answer(trust, signer) == f"chain_invalid.{reason}"


def test_v30_critical_policies_are_refused_by_name(workshop: Workshop) -> None:
    policy = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("0.4.0.194112.1.3"), None)])
    made = workshop.leaf_draft.but(extensions=((policy, True),)).make()
    assert answer(workshop.store(), made, workshop.authority) == "chain_invalid.critical_policies"


def test_v32_an_edition_follows_the_one_before() -> None:
    first = snapshot()
    assert accept_snapshot(None, first, now=NOW) is first
    second = replace(first, sequence=8, issued_at=NOW, digest="8")
    assert accept_snapshot(first, second, now=NOW) is second
    again = replace(first)
    assert accept_snapshot(first, again, now=NOW) is again


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"sequence": 6}, "older", id="V-32-sequence"),
        pytest.param({"sequence": 8, "issued_at": NOW - DAY - 1, "digest": "8"}, "older", id="V-32-issue-time"),
        pytest.param({"digest": "other"}, "same_sequence", id="V-32-other-text"),
        pytest.param({"uri": "https://other.example.test/"}, "other_list", id="V-32-other-list"),
        pytest.param({"form": ListForm.ETSI_TL}, "other_list", id="V-32-other-form"),
    ],
)
def test_v32_a_rollback_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Untrusted, match="trust_list_rollback") as caught:
        accept_snapshot(snapshot(), snapshot(**changes), now=NOW)
    assert caught.value.params["reason"] == reason


def test_v32_a_list_past_its_next_update_is_not_accepted() -> None:
    late = snapshot()
    check_fresh(late, now=late.next_update)
    with pytest.raises(Conflict, match="trust_list_stale"):
        accept_snapshot(None, late, now=late.next_update + 1)


def test_trust_from_lists_travels_as_json(workshop: Workshop) -> None:
    trust = store(workshop.store(), rules=(rule(status_providers=frozenset({"NTRFR-77"})),))
    value = json.loads(json.dumps(trust_to_json(trust)))
    assert value["version"] == 2
    assert trust_from_json(value) == trust
    assert answer(trust_from_json(value), leaf(A_ISSUANCE)) == FOUND
    assert trust_to_json(workshop.store())["version"] == 1


def sources(**changes: Any) -> dict[str, Any]:
    source = {
        "uri": URI,
        "form": "lote",
        "signers": [to_pem([A_ISSUANCE.der])],
        "rules": [
            {
                "entity": "NTRFR-1",
                "institution": "NTRFR-1",
                "issuers": [ISSUER],
                "credential_types": [PDA1],
                "status_providers": [],
            }
        ],
        **changes,
    }
    return {"version": 1, "lists": [source]}


def written(directory: Path, value: Any) -> Path:
    path = directory / "trust_lists.json"
    path.write_text(json.dumps(value))
    return path


def test_the_lists_to_follow_stand_in_a_file(tmp_path: Path) -> None:
    assert read_trust_list_sources(tmp_path / "absent.json") == ()
    (source,) = read_trust_list_sources(written(tmp_path, sources()))
    assert (source.uri, source.form, source.signers) == (URI, ListForm.LOTE, (A_ISSUANCE.der,))
    assert source.rules == (rule(),)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([], id="array"),
        pytest.param({**sources(), "version": 2}, id="version"),
        pytest.param(sources(form="xml"), id="form"),
        pytest.param(sources(signers=[]), id="B13-no-signer"),
        pytest.param(sources(signers=["x"]), id="signer"),
        pytest.param(sources(rules=[{}]), id="rule"),
        pytest.param({"version": 1, "lists": sources()["lists"] * 2}, id="twice"),
    ],
)
def test_a_damaged_file_of_lists_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(Misconfigured, match="trust_lists_malformed"):
        read_trust_list_sources(written(tmp_path, value))
