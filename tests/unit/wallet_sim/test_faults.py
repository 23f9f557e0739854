from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from portadoc.errors import Error
from portadoc.formats import jwe
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import parse
from portadoc.formats.status_list.claims import VerifiedStatusList
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.schemas.profiles import DEFAULT_PROFILE
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import VerificationReport
from portadoc.wallet_sim.faults import (
    FORGERIES,
    PRESENTATION_FAULTS,
    RESPONSE_FAULTS,
    Fault,
    FaultCategory,
    GoodPresentation,
    GoodResponse,
    ResponseFault,
    UnsafeForgery,
    good_form,
)

BASE = "http://127.0.0.1:8700"


@pytest.fixture
def good(wallet: Any, issuer: Any, verifier: Any) -> GoodPresentation:
    """A presentation of a PDA1 with some of its claims, as the wallet makes it."""
    (held,) = wallet.accept(issuer.offer("pda1"))
    verifier.claims["dcql_query"]["credentials"][0]["claims"] = [{"path": ["document_number"]}]
    wallet.present(verifier.link())
    text = verifier.received[-1]["vp_token"]["a1"][0]
    shown = set(parse(text).disclosures)
    return GoodPresentation(
        text=text,
        withheld=tuple(each for each in parse(held.sd_jwt).disclosures if each not in shown),
        audience=verifier.client_id,
        nonce=verifier.claims["nonce"],
        now=wallet.means.clock.now(),
        holder=signer_from_private_jwk(held.holder_key),
        stranger=signer_from_private_jwk(new_private_jwk("ES256", random_bytes=wallet.means.random_bytes)),
    )


def judge(text: str, good: GoodPresentation, world: Any, *, accepted: frozenset[str]) -> VerificationReport:
    listed = VerifiedStatusList(
        uri=f"{BASE}/status/1", statuses=StatusList.of(1024, bits=1), iat=good.now, exp=good.now + 600, ttl=300
    )
    policy = VerificationPolicy(
        policy_id="test",
        accepted_types=accepted,
        key_binding=KeyBindingRequired(audience=good.audience, nonce=good.nonce, max_age_s=300),
        status_required=True,
        profile=DEFAULT_PROFILE,
        on_date=datetime.fromtimestamp(good.now, UTC).date(),
    )
    blocked = {"ftp://status.invalid/lists/1": ("fetch_blocked", "scheme")}
    status = HeldStatusLists(
        {listed.uri: HeldStatusList(listed, frozenset({"FR:TEST01"}), good.now)}, problems=blocked
    )
    return verify_presentation(text, trust=world.trust, status=status, policy=policy, now=good.now)


def first_code(report: VerificationReport) -> str:
    problem = report.first_problem
    return problem.full_code if problem else "accepted"


def test_what_the_faults_start_from_is_accepted(good: GoodPresentation, world: Any) -> None:
    report = judge(good.text, good, world, accepted=frozenset({"urn:eudi:pda1:1"}))
    assert (first_code(report), report.valid) == ("accepted", True)


@pytest.mark.parametrize("fault", PRESENTATION_FAULTS, ids=lambda fault: fault.name)
def test_a_verifier_names_the_fault(fault: Fault, good: GoodPresentation, world: Any) -> None:
    report = judge(fault.apply(good), good, world, accepted=frozenset({"urn:eudi:pda1:1"}))
    assert (first_code(report), report.valid) == (fault.expected_code, False)


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_a_good_signature_does_not_save_a_forgery(
    forgery: UnsafeForgery, good: GoodPresentation, world: Any
) -> None:
    signer = world.stranger if forgery.untrusted_signer else world.credential
    accepted = frozenset({"urn:eudi:pda1:1", "urn:eudi:pid:1"})
    report = judge(forgery.apply(good, signer), good, world, accepted=accepted)
    assert (first_code(report), report.valid) == (forgery.expected_code, False)


def test_names_are_unique_and_every_category_has_at_least_three_variants() -> None:
    everything = (*PRESENTATION_FAULTS, *FORGERIES, *RESPONSE_FAULTS)
    assert len({each.name for each in everything}) == len(everything)
    counts = Counter(each.category for each in everything)
    assert {category: counts[category] >= 3 for category in FaultCategory} == dict.fromkeys(FaultCategory, True)


@pytest.fixture
def response(wallet: Any) -> tuple[GoodResponse, jwe.EncryptionKey]:
    own, another = (jwe.new_encryption_key(wallet.means.random_bytes) for _ in range(2))
    good = GoodResponse(
        vp_token={"a1": ["text~"]},
        state="s-1",
        encryption_jwk=own.public_jwk,
        another_jwk=another.public_jwk,
        enc="A128GCM",
    )
    return good, own


def open_form(form: Any, key: jwe.EncryptionKey) -> bytes:
    return jwe.decrypt(form["response"], key, allowed_enc=frozenset({"A128GCM"}), max_plaintext=10_000)


def test_a_good_response_opens(response: Any) -> None:
    good, key = response
    assert open_form(good_form(good), key) == b'{"vp_token":{"a1":["text~"]},"state":"s-1"}'


@pytest.mark.parametrize(
    "fault",
    [each for each in RESPONSE_FAULTS if each.expected_code.startswith("encryption_invalid")],
    ids=lambda fault: fault.name,
)
def test_a_response_that_cannot_be_opened_says_why(fault: ResponseFault, response: Any) -> None:
    good, key = response
    with pytest.raises(Error) as caught:
        open_form(fault.apply(good), key)
    assert f"{caught.value.code}.{caught.value.params['reason']}" == fault.expected_code


@pytest.mark.parametrize(
    "fault",
    [each for each in RESPONSE_FAULTS if each.expected_code == "state_mismatch"],
    ids=lambda fault: fault.name,
)
def test_a_response_with_another_state_opens_and_carries_it(fault: ResponseFault, response: Any) -> None:
    good, key = response
    assert b'"s-1"' not in open_form(fault.apply(good), key)


def test_a_response_in_clear_carries_the_presentation_as_a_form(response: Any) -> None:
    good, _ = response
    clear = next(each for each in RESPONSE_FAULTS if each.expected_code == "response_not_encrypted")
    assert clear.apply(good) == {"vp_token": '{"a1":["text~"]}', "state": "s-1"}


def test_a_forgery_keeps_the_subject_claims(good: GoodPresentation, world: Any) -> None:
    changed = FORGERIES[0].apply(good, world.credential)
    before, after = (unverified_claims(parse(text).jws_text) for text in (good.text, changed))
    assert {name for name in before if before[name] != after[name]} == {"exp"}
