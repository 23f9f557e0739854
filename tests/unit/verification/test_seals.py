"""Judging seals: what they come to, how it is told, and what no seal can ever say. Words and receipts of them."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.errors import Malformed, Untrusted
from portadoc.formats.receipt import check_commitment, presentation_commitment
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.schemas.catalogue import SEAL_VCTS, seal_types_for
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.persons import PersonMatch, same_person, shown_person
from portadoc.verification.policy import KeyBindingRefused, KeyBindingRequired, VerificationPolicy
from portadoc.verification.receipts import Verified, VerifyingParty, receipt_of
from portadoc.verification.rendering.report_html import report_page
from portadoc.verification.rendering.report_json import report_from_json, report_to_json
from portadoc.verification.rendering.shown import shown_report
from portadoc.verification.rendering.told_verdict import told_report
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import KEY_BINDING, VerificationReport
from portadoc.verification.seal_procedure import HeldSigners, verify_sealed
from portadoc.verification.status_tokens import believe_status_list
from portadoc.verification.verdict import Colour, Verdict
from tests.vectors.generate import NOW
from tests.vectors.seal_world import DAY, LIST_URI, SealWorld, text_of

KINDS = ("pda1", "ehic", "prc")
TODAY = date(2026, 11, 22)
POLICY = VerificationPolicy(
    policy_id="test",
    accepted_types=SEAL_VCTS,
    key_binding=KeyBindingRefused(),
    status_required=False,
    profile=profile("ietf-latest"),
    on_date=TODAY,
)


@pytest.fixture(scope="module")
def sealing() -> SealWorld:
    return SealWorld()


def seal_of(sealing: SealWorld, kind: str, **changes: Any) -> str:
    return text_of(sealing.message(sealing.claims(getattr(sealing, kind)(), **changes)))


def held(sealing: SealWorld, **changes: Any) -> HeldStatusLists:
    trust, lists = trust_from_json(sealing.trust()), {}
    for uri, packed in sealing.status_lists().items():
        found = believe_status_list(
            packed["token"], uri=uri, trust=trust, now=NOW, skew_s=60, limits=StatusListLimits()
        )
        lists[uri] = replace(HeldStatusList(found.token, found.speaks_for, packed["resolved_at"]), **changes)
    return HeldStatusLists(lists)


def judged(
    sealing: SealWorld, text: str, *, status: HeldStatusLists | None = None, now: int = NOW, **policy: Any
) -> VerificationReport:
    return verify_sealed(
        text,
        trust=trust_from_json(sealing.trust()),
        signers=HeldSigners([sealing.sealer.chain]),
        status=status or held(sealing),
        policy=replace(POLICY, **policy),
        now=now,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_k07_a_copied_seal_is_authentic_and_its_holder_is_never_proven(sealing: SealWorld, kind: str) -> None:
    for rule in (KeyBindingRefused(), KeyBindingRequired(audience="a", nonce="n", max_age_s=1)):
        report = judged(sealing, seal_of(sealing, kind), key_binding=rule)
        assert (report.verdict, report.colour) == (Verdict.HOLDER_NOT_PROVEN, Colour.AMBER)
        assert report.check(KEY_BINDING).code == "seal_not_bound"
        assert (report.credential_type, report.layout) == (f"urn:portadoc:seal:{kind}:1", f"seal-{kind}")
        told = told_report(report, Words("en"))
        assert told.headline == "Document authentic and in force; holder not proven"
        assert "identity document" in told.action


def test_k06_a_seal_with_an_old_status_list_is_not_current_and_never_told_as_in_force(sealing: SealWorld) -> None:
    report = judged(sealing, seal_of(sealing, "pda1"), max_status_age_s=30)
    assert (report.verdict, report.colour) == (Verdict.STATUS_NOT_KNOWN, Colour.AMBER)
    assert report.deciding_check is not None
    assert report.deciding_check.code == "status_too_old"
    assert "in force" not in told_report(report, Words("en")).headline


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_seal_is_told_with_day_and_age_of_what_is_known(sealing: SealWorld, language: str) -> None:
    words, text = Words(language), seal_of(sealing, "pda1")
    another = told_report(judged(sealing, text, on_date=date(2026, 12, 1)), words)
    assert words.day(date(2026, 12, 1)) in another.headline
    stale = told_report(judged(sealing, text, now=NOW + 7200), words)
    assert words.duration(7260) in stale.headline
    record = WithdrawalRecord(date(2027, 1, 1), WithdrawalCause.ENDED_EARLY, NOW - DAY)
    later = told_report(judged(sealing, text, status=held(sealing, withdrawals={42: record})), words)
    assert words.day(date(2027, 1, 1)) in later.headline
    assert later.colour is Colour.AMBER


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_report_of_a_seal_is_stored_and_shown_like_any_other(
    sealing: SealWorld, kind: str, language: str
) -> None:
    report = judged(sealing, seal_of(sealing, kind))
    assert report_from_json(report_to_json(report, language=language)) == report
    shown = shown_report(report, language)
    assert shown.document == Words(language).say(f"type.seal.{kind}")
    assert shown.key
    assert {label.value for label in shown.key} <= set(report_values(report_page(report, language), shown.key))
    assert bool(shown.review) is (kind == "pda1")
    assert (report.review_request is not None) is (kind == "pda1")


def report_values(page: str, labels: Any) -> list[str]:
    import html

    text = html.unescape(page)
    return [each.value for each in labels if each.value in text]


def test_the_reason_of_a_replacement_is_told_in_words_and_an_unknown_one_as_it_stands(sealing: SealWorld) -> None:
    report = judged(sealing, seal_of(sealing, "prc"))
    assert ("Reason", "Card stolen") in [(each.label, each.value) for each in shown_report(report, "en").key]
    assert "Carte volée" in [each.value for each in shown_report(report, "fr").says]
    odd = text_of(sealing.message(sealing.claims({**sealing.prc(), 14: "mislaid"})))
    shown = shown_report(judged(sealing, odd), "en")
    assert "Reason" not in [each.label for each in shown.key]
    assert "mislaid" in [each.value for each in shown.says]


def test_places_that_are_not_listed_are_told(sealing: SealWorld) -> None:
    text = text_of(sealing.message(sealing.claims({**sealing.pda1(), 23: 5})))
    found = {each.label: each.value for each in shown_report(judged(sealing, text), "en").key}
    assert found["Places of work not listed"] == "5"


def test_the_person_of_a_seal_is_compared_like_any_other(sealing: SealWorld) -> None:
    card, certificate = (judged(sealing, seal_of(sealing, kind)) for kind in ("ehic", "prc"))
    assert same_person(card, certificate) is PersonMatch.SAME
    assert shown_person(certificate).surnames == ("Delacroix-Fictif",)
    assert same_person(card, judged(sealing, seal_of(sealing, "pda1"))) is PersonMatch.DIFFERENT


def test_types_of_seals_follow_from_types_of_credentials() -> None:
    assert seal_types_for({"urn:eudi:pda1:1"}) == {"urn:portadoc:seal:pda1:1", "urn:portadoc:seal:application:1"}
    assert seal_types_for({"urn:eudi:ehic:1"}) == {"urn:portadoc:seal:ehic:1", "urn:portadoc:seal:prc:1"}
    assert seal_types_for({"urn:portadoc:prc:1"}) == {"urn:portadoc:seal:prc:1"}
    assert seal_types_for({"urn:eudi:pid:1"}) == frozenset()


def test_a_receipt_is_about_one_seal_and_says_nothing_of_it(sealing: SealWorld) -> None:
    text = seal_of(sealing, "ehic")
    report = judged(sealing, text)
    party = VerifyingParty(id="DE:TEST90", name="Desk", purpose="care", policy_version="1")
    receipt = receipt_of(
        [Verified(unverified_presentation=text, report=report)],
        verifier=party,
        verdict=report.verdict,
        nonce="nonce",
        verified_at=NOW,
    )
    found = check_commitment(receipt, nonce="nonce", unverified_presentation=text)
    assert (found.type, found.verdict) == ("urn:portadoc:seal:ehic:1", "holder_not_proven")
    assert found.status is not None
    other = seal_of(sealing, "ehic", exp=NOW + DAY)
    with pytest.raises(Untrusted, match="receipt_invalid"):
        check_commitment(receipt, nonce="nonce", unverified_presentation=other)
    with pytest.raises(Malformed, match="seal_malformed"):
        presentation_commitment("nonce", "PD1:")


def test_chains_of_one_key_id_are_bounded_and_none_is_refused(sealing: SealWorld) -> None:
    leaf = sealing.sealer.chain[0]
    signers = HeldSigners([(leaf, bytes([n])) for n in range(40)])
    from portadoc.formats.visible_seal import key_id_of

    assert len(signers.chains(key_id_of(leaf))) == 16
    with pytest.raises(Untrusted) as refusal:
        signers.chains(bytes(8))
    assert refusal.value.params == {"reason": "signer_unknown"}


def test_a_kind_that_is_not_known_is_told_without_anything_of_its_content(sealing: SealWorld) -> None:
    text = text_of(sealing.message(sealing.claims({**sealing.pda1(), 0: 99})))
    report = judged(sealing, text)
    assert (report.verdict, report.layout, report.credential_type) == (Verdict.NOT_WHAT_WAS_ASKED, None, None)
    assert "content" not in report.claims
    assert report.record == {}
    assert shown_report(report, "en").key == ()


def test_k04_hostile_text_in_a_seal_is_text_on_the_page_and_in_the_terminal(sealing: SealWorld) -> None:
    hostile = "<script>alert(1)</script>\u202e" + "x" * 1900
    text = text_of(sealing.message(sealing.claims({**sealing.pda1(), 4: hostile})))
    page = report_page(judged(sealing, text), "en")
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_the_status_of_a_seal_is_its_own(sealing: SealWorld) -> None:
    assert judged(sealing, seal_of(sealing, "pda1")).claims["status"]["status_list"]["uri"] == LIST_URI
