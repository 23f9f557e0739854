"""Embedded disclosure policies: set, checked at the start, published, and what a change asks of old copies."""

from typing import Any

import pytest
from pydantic import ValidationError

from portadoc.formats import jws
from portadoc.formats.openid4vp.disclosure_policy import policy_digest
from portadoc.issuer import InstitutionSettings, IssuerSettings
from portadoc.issuer.issuance import disclosure
from portadoc.schemas.openid4vci import DisclosurePolicy, IssuerMetadata, read_message
from tests.unit.formats import wallet_provider_workshop as providers
from tests.unit.issuer.issuance_workshop import issued_whatever_the_profile

WELL_KNOWN = "/.well-known/openid-credential-issuer/issuer/fr-demo"
INSPECTORS: dict[str, Any] = {
    "id": "https://issuer.example/policies/inspectors-1",
    "policy": "allowList",
    "options": {"values": [{"dn": "O=Kontrollstelle,ORGID=DE:TEST90,C=DE"}]},
    "url": "https://issuer.example/who-may-see",
}
ANYBODY = {"id": "https://issuer.example/policies/anybody", "policy": "none"}
ROOT = {
    "id": "urn:example:policy:root",
    "policy": "rootOfTrust",
    "options": {"values": [{"dn": "CN=Access Root,C=DE", "serial": "a1:b2"}]},
}


def institution(**policies: Any) -> InstitutionSettings:
    return InstitutionSettings(
        slug="fr-demo",
        institution_id="FR:TEST01",
        names={"en": "Test"},
        configuration_ids=("pda1", "pid"),
        disclosure_policies=policies,
    )


@pytest.fixture
def european(make_rig: Any) -> Any:
    """Return a maker of issuers of one database, each with its policies."""

    def make(profile: str = "eudi-2026", **policies: Any) -> Any:
        return make_rig(profile=profile, institutions=(institution(**policies),), wallet_trust=providers.TRUST)

    return make


def published(rig: Any) -> dict[str, Any]:
    configured: dict[str, Any] = rig.transport.get(WELL_KNOWN).json()["credential_configurations_supported"]
    return {name: each["disclosure_policy"] for name, each in configured.items() if "disclosure_policy" in each}


@pytest.mark.parametrize("policy", [INSPECTORS, ANYBODY, ROOT], ids=lambda policy: policy["policy"])
def test_edp_09_the_metadata_carry_the_policy_by_value_signed_or_not(
    european: Any, policy: dict[str, Any]
) -> None:
    rig = european(pda1=policy)
    assert published(rig) == {"pda1": policy}
    signed = jws.unverified_claims(rig.transport.get(WELL_KNOWN, headers={"accept": "application/jwt"}).text)
    assert signed["credential_configurations_supported"]["pda1"]["disclosure_policy"] == policy
    read = read_message(IssuerMetadata, signed).credential_configurations_supported["pda1"].disclosure_policy
    assert read == policy


def test_a_configuration_without_a_policy_says_nothing_of_it(european: Any) -> None:
    assert published(european()) == {}


@pytest.mark.parametrize("profile", ["ietf-latest", "haip-1.0"])
def test_the_other_profiles_publish_none(european: Any, profile: str) -> None:
    assert published(european(profile, pda1=INSPECTORS)) == {}


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ({"ehic": INSPECTORS}, "ehic is not issued here"),
        ({"pid": INSPECTORS}, "identity data have none"),
        ({"pda1": {**INSPECTORS, "options": {"values": [{"dn": "C=DE"}]}}}, "pda1/options/values/0/dn"),
        ({"pda1": {**INSPECTORS, "policy": "attestationBased"}}, "disclosure_policies.pda1.policy"),
        ({"pda1": {**INSPECTORS, "values": []}}, "disclosure_policies.pda1.values"),
        ({"pda1": {"policy": "none"}}, "disclosure_policies.pda1.id"),
    ],
    ids=str,
)
def test_a_policy_that_no_wallet_could_follow_stops_the_start(policies: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        institution(**policies)


def test_one_uri_names_one_policy() -> None:
    named = {"base_url": "https://issuer.example"}
    first = institution(pda1=INSPECTORS)
    other = institution(pda1={**ROOT, "id": INSPECTORS["id"]}).model_copy(update={"slug": "fr-other"})
    same = first.model_copy(update={"slug": "fr-other"})
    assert IssuerSettings(**named, institutions=(first, same)).institutions == (first, same)
    with pytest.raises(ValidationError, match="two disclosure policies share one id"):
        IssuerSettings(**named, institutions=(first, other))


class TestEdp11:
    """A copy that was issued under another policy than the one in force."""

    def test_edp_11_every_copy_says_under_which_policy_it_was_issued(self, european: Any) -> None:
        rig = european(pda1=INSPECTORS)
        issued_whatever_the_profile(rig, copies=2)
        digest = policy_digest(read_message(DisclosurePolicy, INSPECTORS))
        assert [row.policy_digest for row in rig.issuer.credentials("fr-demo")] == [digest, digest]

    @pytest.mark.parametrize(
        ("before", "after"),
        [({}, {"pda1": INSPECTORS}), ({"pda1": INSPECTORS}, {"pda1": ROOT}), ({"pda1": INSPECTORS}, {})],
        ids=["added", "changed", "deleted"],
    )
    def test_edp_11_it_is_found_and_withdrawn_for_good(
        self, european: Any, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        issued_whatever_the_profile(european(**before), copies=2)
        rig = european(**after)
        former = rig.issuer.former_policies
        found = [row.credential_id for row in former.copies("fr-demo")]
        assert len(found) == 2
        assert sorted(former.withdraw("fr-demo")) == sorted(found)
        rows = rig.issuer.credentials("fr-demo")
        assert {(row.withdrawal_reason, row.cause) for row in rows} == {("superseded", "replaced")}
        assert (former.copies("fr-demo"), former.withdraw("fr-demo")) == ((), ())
        issued_whatever_the_profile(rig)
        assert former.copies("fr-demo") == ()

    def test_edp_11_more_than_fit_into_one_transaction_are_all_withdrawn(
        self, european: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(disclosure, "AT_ONCE", 2)
        issued_whatever_the_profile(european(), copies=4)
        issued_whatever_the_profile(european(), copies=1)
        former = european(pda1=INSPECTORS).issuer.former_policies
        assert len(set(former.withdraw("fr-demo"))) == 5
        assert former.copies("fr-demo") == ()

    def test_edp_11_a_policy_that_allows_everybody_is_like_none(self, european: Any) -> None:
        issued_whatever_the_profile(european())
        assert european(pda1=ANYBODY).issuer.former_policies.copies("fr-demo") == ()

    def test_what_has_ended_or_lies_on_paper_is_not_found(self, european: Any) -> None:
        rig = european()
        issued_whatever_the_profile(rig)
        rig.issuer.seal("fr-demo", rig.record(), pin="hidden")
        (copy,) = (row for row in rig.issuer.credentials("fr-demo") if row.holder_thumbprint)
        changed = european(pda1=INSPECTORS)
        assert [row.credential_id for row in changed.issuer.former_policies.copies("fr-demo")] == [
            copy.credential_id
        ]
        changed.clock.advance(copy.valid_until - changed.clock.now())
        assert changed.issuer.former_policies.copies("fr-demo") == ()
