"""W-21, EDP: the issuer's policy is kept with a copy; who asks and is left out by it is told to the holder."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.openid4vp.registration_certificate import as_verifier_info, make_registration_certificate
from portadoc.i18n import render
from portadoc.keys.certificates import ORGANIZATION_IDENTIFIER, parse_certificate
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustAnchor, TrustStore, anchor_id
from portadoc.wallet_sim.peers import Means
from portadoc.wallet_sim.presentation import Preview
from portadoc.wallet_sim.wallet import Wallet

from .conftest import PDA1, pda1_query, registration

RULE = "https://issuer.example/who-may-see"
NOT_PERMITTED = ("disclosure_not_permitted", {"type": PDA1.vct, "rule": RULE})
UNREADABLE = ("disclosure_policy_unreadable", {"type": PDA1.vct})
INSPECTORS = "https://uri.etsi.org/19475/SubEntitlement/inspection"
ASKER = {"dn": "ORGID=DE:TEST90,C=DE"}


def allowing(*values: dict[str, str], **changes: Any) -> dict[str, Any]:
    policy = {"id": "urn:example:policy", "policy": "allowList", "options": {"values": list(values)}, "url": RULE}
    return {**policy, **changes}


@pytest.fixture
def asked(wallet: Wallet, issuer: Any, verifier: Any, world: Any) -> Callable[..., Preview]:
    """Return a function: what the holder sees when the verifier asks for a PDA1 with such a policy."""

    def preview(policy: Any, *papers: Any) -> Preview:
        issuer.metadata["credential_configurations_supported"]["pda1"]["disclosure_policy"] = policy
        wallet.accept(issuer.offer("pda1"))
        verifier.claims["dcql_query"] = pda1_query({"path": ["document_number"]})
        verifier.claims["verifier_info"] = [
            as_verifier_info(make_registration_certificate(each, signer=world.registrar)) for each in papers
        ] or None
        return wallet.preview(verifier.link())

    return preview


def objections(preview: Preview) -> list[tuple[str, dict[str, Any]]]:
    assert preview.shared, "a warning never answers for the holder"
    return [(each.code, dict(each.params)) for each in preview.unwanted]


def authority(certificate: bytes) -> dict[str, str]:
    """Return how a policy names an authority."""
    read = parse_certificate(certificate)
    name = read.subject.rfc4514_string({ORGANIZATION_IDENTIFIER: "ORGID"})
    return {"dn": name, "serial": f"{read.certificate.serial_number:040x}"}


def roots(*certificates: bytes) -> dict[str, Any]:
    return allowing(*map(authority, certificates), policy="rootOfTrust")


def anchor(world: Any, name: str) -> bytes:
    return next(each.certificate for each in world.trust.anchors if each.name == name)


def test_edp_10_the_policy_is_kept_with_every_copy(wallet: Wallet, issuer: Any) -> None:
    configured = issuer.metadata["credential_configurations_supported"]
    configured["pda1"]["disclosure_policy"] = allowing(ASKER)
    held = wallet.accept(issuer.offer("pda1", "pda1-webuild"), copies=2)
    kept = {(each.configuration_id, each.disclosure_policy is not None) for each in held}
    assert kept == {("pda1", True), ("pda1-webuild", False)}


def test_the_policy_of_the_time_of_issuance_counts_until_there_is_a_new_copy(
    asked: Any, wallet: Wallet, issuer: Any, verifier: Any
) -> None:
    assert objections(asked(allowing(ASKER))) == []
    issuer.metadata["credential_configurations_supported"]["pda1"]["disclosure_policy"] = allowing(
        {"entitlement": INSPECTORS}
    )
    assert wallet.preview(verifier.link()).unwanted == ()


@pytest.mark.parametrize("policy", [None, {"id": "urn:example:policy", "policy": "none"}, allowing(ASKER)])
def test_an_asker_whom_nothing_excludes_gives_no_cause_for_warning(asked: Any, policy: Any) -> None:
    assert objections(asked(policy, registration(("document_number",)))) == []


def test_edp_02_a_party_by_another_name_is_told_to_the_holder(asked: Any) -> None:
    assert objections(asked(allowing({"dn": "ORGID=DE:TEST91,C=DE"}), registration(("document_number",)))) == [
        NOT_PERMITTED
    ]


def test_edp_02_entitlements_are_those_of_a_believed_registration(asked: Any) -> None:
    policy = allowing({"entitlement": INSPECTORS})
    entitled = registration(("document_number",), entitlements=(INSPECTORS,))
    assert objections(asked(policy, entitled)) == []


@pytest.mark.parametrize(
    "papers",
    [
        (),
        (registration(("document_number",)),),
        (registration(("document_number",), entitlements=(INSPECTORS,), issued_at=1, expires_at=2),),
        (registration(("document_number",), entitlements=(INSPECTORS,), sub="DE:TEST91"),),
    ],
    ids=["none", "without-it", "expired", "of-another"],
)
def test_edp_02_without_it_the_entitlement_does_not_count(asked: Any, papers: tuple[Any, ...]) -> None:
    assert objections(asked(allowing({"entitlement": INSPECTORS}), *papers)) == [NOT_PERMITTED]


def test_edp_02_who_asks_with_the_registration_of_another_counts_as_nobody(asked: Any) -> None:
    paper = registration(("document_number",), sub="DE:TEST91")
    assert objections(asked(allowing(ASKER, {"dn": "ORGID=DE:TEST91"}), paper)) == [NOT_PERMITTED]


@pytest.mark.parametrize(
    "of", ["root", "authority", "registrar"], ids=["access-root", "access-authority", "registrars-root"]
)
def test_edp_03_a_root_above_either_certificate_is_enough(asked: Any, world: Any, of: str) -> None:
    certificates = {
        "root": anchor(world, "access"),
        "authority": world.request.chain[1],
        "registrar": anchor(world, "register"),
    }
    paper = registration(("document_number",))
    assert objections(asked(roots(certificates[of]), paper)) == []


def test_edp_03_another_root_is_told_to_the_holder(asked: Any, world: Any) -> None:
    paper = registration(("document_number",))
    assert objections(asked(roots(anchor(world, "attestation"), world.request.chain[0]), paper)) == [NOT_PERMITTED]
    assert objections(asked(roots(anchor(world, "register")))) == [NOT_PERMITTED]


@pytest.mark.parametrize(("url", "named"), [(RULE, RULE), (None, "urn:example:policy")], ids=["link", "uri"])
def test_edp_05_the_link_of_the_policy_is_in_the_sentence_or_else_its_uri(
    asked: Any, url: str | None, named: str
) -> None:
    (warning,) = asked(allowing({"entitlement": INSPECTORS}, url=url)).unwanted
    for language in ("en", "fr"):
        assert named in render(warning.code, warning.params, language).text


@pytest.mark.parametrize(
    "policy",
    [
        "everybody",
        [],
        {"policy": "allowList", "values": ["https://verifier.example"]},
        allowing({"dn": "C=DE"}),
        allowing(ASKER, policy="attestationBased"),
    ],
    ids=["text", "list", "another-form", "a-whole-country", "another-kind"],
)
def test_a_policy_that_cannot_be_read_is_told_to_the_holder(asked: Any, policy: Any) -> None:
    assert objections(asked(policy)) == [UNREADABLE]


def test_a_warning_about_a_credential_comes_after_those_about_the_asker(asked: Any) -> None:
    preview = asked(allowing({"entitlement": INSPECTORS}))
    assert [each.code for each in preview.warnings] == ["registration_missing", "disclosure_not_permitted"]


def test_edp_07_the_holder_may_overrule_the_issuer(asked: Any, wallet: Wallet, verifier: Any) -> None:
    preview = asked(allowing({"entitlement": INSPECTORS}))
    assert wallet.present(preview).status == "presented"
    assert len(verifier.received) == 1


def test_edp_07_where_nobody_can_be_asked_the_wallet_declines(asked: Any, wallet: Wallet, verifier: Any) -> None:
    asked(allowing({"entitlement": INSPECTORS}))
    with pytest.raises(Refused, match="disclosure_not_permitted"):
        wallet.present(verifier.link())
    assert (verifier.received, [each["error"] for each in verifier.errors]) == ([], ["access_denied"])


def test_edp_07_what_the_issuer_wants_shown_needs_nobody_to_be_asked(
    asked: Any, wallet: Wallet, verifier: Any
) -> None:
    asked(allowing(ASKER), registration(("document_number",)))
    assert wallet.present(verifier.link()).status == "presented"


def test_who_is_not_vouched_for_is_nobody(asked: Any, wallet: Wallet, verifier: Any) -> None:
    asked(allowing(ASKER))
    data = {name: verifier.claims[name] for name in ("response_type", "nonce", "dcql_query")}
    preview = wallet.preview_browser(
        "openid4vp-v1-unsigned", {**data, "response_mode": "dc_api"}, origin="https://verifier.example"
    )
    assert [each.code for each in preview.warnings] == ["verifier_unsigned", "disclosure_not_permitted"]


def test_what_comes_with_a_listed_certificate_is_not_above_it(
    asked: Any, wallet: Wallet, verifier: Any, world: Any
) -> None:
    leaf, authority_above = world.request.chain
    assert objections(asked(roots(authority_above))) == []
    listed = TrustAnchor("list", leaf, frozenset({KeyPurpose.REQUEST}), trust_list="https://lists.example/access")
    authorised = tuple(
        replace(each, anchors=frozenset({anchor_id(leaf)})) if KeyPurpose.REQUEST in each.purposes else each
        for each in world.trust.authorisations
    )
    anchors = tuple(each for each in world.trust.anchors if each.name != "access")
    trust = TrustStore((*anchors, listed), authorised)
    means = {name: getattr(wallet.means, name) for name in Means.__slots__} | {"trust": trust}
    preview = Wallet(wallet._store, **means).preview(verifier.link())
    assert objections(preview) == [NOT_PERMITTED]
