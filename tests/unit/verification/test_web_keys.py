"""Issuers that are believed by the keys they publish: chosen by the verifier's trust, never by a credential."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Misconfigured, Untrusted
from portadoc.formats.jws import sign
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS, new_private_key
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.pinned_certificates import PinnedCertificates
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.keys.trust.web_issuers import WebIssuer
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from portadoc.verification.judging.mechanism import ByWebKey, unknown_key_of
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import AUTHORISATION, HEADER, SIGNATURE, TRUST_CHAIN, VerificationReport

ISSUER = "https://web.example/fr"
SIGNER = LocalSigner(new_private_key("ES256", system_random_bytes))
OTHER = LocalSigner(new_private_key("ES256", system_random_bytes))
PUBLISHED = {**SIGNER.public_jwk, "kid": "2026"}


def web_issuer(now: int, *keys: dict[str, Any], **changes: Any) -> WebIssuer:
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "institution": "FR:TEST01",
        "name": "Test",
        "country": "FR",
        "credential_types": frozenset({"urn:eudi:pda1:1"}),
        "valid_from": now - 86_400 * 30,
        "keys": keys or (PUBLISHED,),
        "believed_until": now + 3600,
        **changes,
    }
    return WebIssuer(**values)


def trust(world: Any, *keys: dict[str, Any], **changes: Any) -> TrustStore:
    return replace(world.trust, web_issuers=(web_issuer(world.NOW, *keys, **changes),))


def signed(world: Any, *, by: Signer = SIGNER, header: dict[str, Any] | None = None, **claims: Any) -> str:
    credential = issue(
        world.claims(**{"iss": ISSUER, **claims}),
        disclosable=[],
        header={"typ": "dc+sd-jwt", "kid": "2026"} if header is None else {"typ": "dc+sd-jwt", **header},
        signer=by,
        random_bytes=system_random_bytes,
    )
    return str(world.presentation(credential.text))


def judge(world: Any, text: str, store: TrustStore, **policy: Any) -> VerificationReport:
    policy = {"status_required": True, **policy}
    return verify_presentation(
        text, trust=store, status=world.held(), policy=replace(world.policy, **policy), now=world.NOW
    )


def code(report: VerificationReport) -> str:
    return next((check.full_code for check in report.checks if check.outcome == "fail"), "nothing")


def test_v31_v34_a_configured_issuer_is_believed_by_a_key_that_it_publishes(world: Any) -> None:
    report = judge(world, signed(world), trust(world))
    assert report.valid
    assert report.institution_id == "FR:TEST01"


@pytest.mark.parametrize("name", ["haip-1.0", "eudi-2026"])
def test_v31_profiles_that_ask_for_certificates_know_no_web_keys(world: Any, name: str) -> None:
    report = judge(world, signed(world, header={}), trust(world), profile=profile(name))
    assert code(report) == "chain_invalid." + ("thumbprint_missing" if name == "eudi-2026" else "chain_missing")
    report = judge(world, signed(world), trust(world), profile=profile("haip-1.0"))
    assert not report.valid


def test_v31_an_issuer_that_is_not_configured_cannot_choose_web_keys(world: Any) -> None:
    for claimed in ("https://attacker.example", world.claims()["iss"], None, ["https://web.example/fr"]):
        report = judge(world, signed(world, iss=claimed), trust(world))
        assert (code(report), report.institution_id) == ("chain_invalid.chain_missing", None)


def test_v31_an_issuer_that_is_configured_for_web_keys_is_not_believed_by_certificates(world: Any) -> None:
    by_url = replace(web_issuer(world.NOW), issuer=world.claims()["iss"])
    store = replace(world.trust, web_issuers=(by_url,))
    for claims in (world.claims(), world.claims(iss=None)):
        report = judge(world, world.presentation(world.credential(claims)), store)
        assert report.check(AUTHORISATION).full_code == "issuer_untrusted.believed_by_web_keys"
        assert not report.valid


def test_v31_a_certificate_of_another_issuer_does_not_speak_for_one_of_the_web(world: Any) -> None:
    report = judge(world, world.presentation(world.credential(world.claims(iss=ISSUER))), trust(world))
    assert report.check(AUTHORISATION).full_code == "issuer_untrusted.issuer_not_in_certificate"


def test_v31_a_key_that_the_credential_brings_along_is_never_used(world: Any) -> None:
    report = judge(world, signed(world, by=OTHER, header={"kid": "2026"}), trust(world))
    assert (report.check(SIGNATURE).code, report.institution_id) == ("signature_invalid", None)
    for smuggled in ({"jwk": dict(OTHER.public_jwk)}, {"jku": "https://web.example/keys"}):
        report = judge(world, signed(world, by=OTHER, header={"kid": "2026", **smuggled}), trust(world))
        assert report.check(HEADER).code == "header_param_forbidden"


def test_v31_what_chose_the_key_has_to_be_what_was_signed(world: Any) -> None:
    by = ByWebKey(web_issuer(world.NOW), "2026", frozenset(SIGNATURE_ALGORITHMS))
    with pytest.raises(Untrusted) as refused:
        by.authorised_country(
            world.trust, at=world.NOW, credential_type="urn:eudi:pda1:1", issuer="https://other", institution=None
        )
    assert refused.value.params["reason"] == "issuer_mismatch"


def test_v31_web_keys_need_a_payload_that_can_be_read(world: Any) -> None:
    unreadable = sign({"typ": "dc+sd-jwt", "kid": "2026"}, b"[]", SIGNER) + "~"
    assert code(judge(world, unreadable, trust(world))) == "malformed_token.not_object"


Keys = Callable[[], tuple[dict[str, Any], ...]]


@pytest.mark.parametrize(
    ("keys", "header", "reason"),
    [
        (lambda: (PUBLISHED,), {}, "kid_missing"),
        (lambda: (PUBLISHED,), {"kid": "2027"}, "kid_unknown"),
        (lambda: (PUBLISHED,), {"kid": "../../etc/passwd"}, "kid_unknown"),
        (lambda: (PUBLISHED, {**OTHER.public_jwk, "kid": "2026"}), {"kid": "2026"}, "kid_ambiguous"),
        (lambda: (PUBLISHED, PUBLISHED), {"kid": "2026"}, "kid_ambiguous"),
        (lambda: ({**PUBLISHED, "use": "enc"},), {"kid": "2026"}, "key_unfit"),
        (lambda: ({**PUBLISHED, "alg": "ES384"},), {"kid": "2026"}, "key_unfit"),
        (lambda: ({**PUBLISHED, "key_ops": ["sign"]},), {"kid": "2026"}, "key_unfit"),
        (lambda: ({"kty": "oct", "kid": "2026"},), {"kid": "2026"}, "key_unfit"),
        (lambda: ({**PUBLISHED, "y": PUBLISHED["x"]},), {"kid": "2026"}, "key_unfit"),
    ],
    ids=[
        "no-kid",
        "kid-unknown",
        "A18-kid-path",
        "two-keys-same-kid",
        "key-twice",
        "key-use-enc",
        "alg-of-another",
        "key-for-signing",
        "symmetric",
        "off-curve",
    ],
)
def test_v34_a_key_is_chosen_by_its_name_and_has_to_suit(
    world: Any, keys: Keys, header: dict[str, Any], reason: str
) -> None:
    report = judge(world, signed(world, header=header), trust(world, *keys()))
    assert report.check(TRUST_CHAIN).full_code == f"issuer_untrusted.{reason}"
    assert report.institution_id is None
    assert unknown_key_of(report) == (ISSUER if reason == "kid_unknown" else None)


def test_v34_a_key_with_an_algorithm_that_the_policy_leaves_out_is_refused(world: Any) -> None:
    edwards = LocalSigner(new_private_key("Ed25519", system_random_bytes))
    store = trust(world, PUBLISHED, {**edwards.public_jwk, "kid": "ed"})
    text = signed(world, header={"kid": "ed"})
    assert judge(world, text, store).check(SIGNATURE).code == "alg_not_allowed"
    report = judge(world, text, store, allowed_algs=frozenset({"ES256"}))
    assert report.check(TRUST_CHAIN).code == "alg_not_allowed"


def test_v34_without_keys_and_with_old_ones_nothing_is_believed(world: Any) -> None:
    bare = replace(world.trust, web_issuers=(replace(web_issuer(world.NOW), keys=()),))
    stale = trust(world, believed_until=world.NOW - 1)
    for store, reason in ((bare, "keys_not_held"), (stale, "keys_stale")):
        report = judge(world, signed(world), store)
        assert report.check(TRUST_CHAIN).full_code == f"issuer_untrusted.{reason}"
        assert unknown_key_of(report) == ISSUER


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (lambda now: {"credential_types": frozenset({"urn:eudi:ehic:1"})}, "type_not_authorised"),
        (lambda now: {"institution": "FR:TEST02"}, "institution_mismatch"),
        (lambda now: {"country": "DE"}, "country_mismatch"),
        (lambda now: {"valid_from": now + 1}, "outside_period"),
        (lambda now: {"valid_from": now - 60}, "outside_period"),
        (lambda now: {"valid_to": now - 1}, "outside_period"),
        (lambda now: {"withdrawn_at": now}, "withdrawn"),
    ],
    ids=["type", "institution", "country", "not-yet", "signed-before", "ended", "withdrawn"],
)
def test_v34_a_published_key_signs_no_more_than_the_issuer_is_authorised_for(
    world: Any, changes: Callable[[int], dict[str, Any]], reason: str
) -> None:
    text = signed(world)
    report = judge(world, text, trust(world, **changes(world.NOW)))
    assert report.check(AUTHORISATION).full_code == f"issuer_untrusted.{reason}"


def test_v31_the_trust_file_names_each_issuer_for_one_mechanism(world: Any) -> None:
    store = trust(world)
    written = trust_to_json(store)
    assert trust_from_json(json.loads(json.dumps(written))) == store
    (entry,) = written["web_issuers"]
    by_certificate = world.claims()["iss"]
    for web_issuers, reason in (
        ([entry, entry], "issuer_twice"),
        ([{**entry, "issuer": by_certificate}], "issuer_twice"),
        ([{**entry, "keys": [{**PUBLISHED, "d": "AAAA"}]}], "keys"),
        ([{**entry, "mechanism": "x5c"}], "members"),
    ):
        with pytest.raises(Misconfigured) as refused:
            trust_from_json({**written, "web_issuers": web_issuers})
        assert refused.value.params["reason"] == reason
    with pytest.raises(Misconfigured):
        trust_from_json({**written, "version": 2})


def test_certificates_given_by_hand_know_no_web_issuer(world: Any) -> None:
    roots = tuple(anchor.certificate for anchor in world.trust.anchors)
    assert PinnedCertificates(roots).web_issuer(ISSUER) is None
