"""The verdict procedure: each fault alone, with the check and the code that it must lead to."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portadoc.formats.headers import signing_header
from portadoc.formats.openid4vp.client_identifier import x509_hash
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.formats.sd_jwt.key_binding import bind
from portadoc.i18n import LANGUAGES, render
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.policy import KeyBindingRefused
from portadoc.verification.report import (
    AUTHORISATION,
    CONTENT,
    COVERAGE_PERIOD,
    COVERS_WORK,
    DISCLOSURES,
    DOCUMENT_VALIDITY,
    HEADER,
    KEY_BINDING,
    PROCEDURE,
    SIGNATURE,
    STATUS,
    STRUCTURE,
    TECHNICAL_VALIDITY,
    TRUST_CHAIN,
    TYPE,
    CheckKind,
    Outcome,
    Verdict,
    VerificationReport,
)


def found(report: VerificationReport, kind: CheckKind) -> tuple[Outcome, str]:
    check = report.check(kind)
    return check.outcome, check.full_code


def test_a_good_presentation_is_valid_and_every_step_is_reported(world: Any) -> None:
    report = world.verify()
    assert [check.id for check in report.checks] == [kind.id for kind in PROCEDURE]
    assert {check.outcome for check in report.checks[:-1]} == {Outcome.PASS}
    assert found(report, COVERS_WORK) == (Outcome.NOT_APPLICABLE, "work_not_asked")
    assert report.verdict is Verdict.AUTHENTIC_IN_FORCE
    assert report.valid
    assert report.first_problem is None
    assert report.institution_id == "FR:TEST01"
    assert report.credential_type == "urn:eudi:pda1:1"


Bend = Callable[[str], str]


def flip(text: str, place: int) -> str:
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


STOPPING: dict[str, tuple[Bend, CheckKind, str]] = {
    "no tilde": (lambda text: text.partition("~")[0], STRUCTURE, "malformed_token.tilde"),
    "not a token": (lambda text: "hello", STRUCTURE, "malformed_token.tilde"),
    "header is no JSON": (lambda text: "AAAA" + text[text.index(".") :], HEADER, "malformed_token.syntax"),
    "signature bent": (lambda text: flip(text, text.index("~") - 10), SIGNATURE, "signature_invalid.mismatch"),
    "payload bent": (lambda text: flip(text, text.index(".") + 20), SIGNATURE, "signature_invalid.mismatch"),
    "disclosure twice": (
        lambda text: text.replace("~", "~" + text.split("~")[1] + "~", 1),
        DISCLOSURES,
        "disclosure_duplicate",
    ),
    "disclosure of nobody": (
        lambda text: text.replace("~", "~WyJzYWx0IiwibmFtZSIsInZhbHVlIl0~", 1),
        DISCLOSURES,
        "disclosure_unreferenced",
    ),
}


@pytest.mark.parametrize("name", STOPPING)
def test_an_authenticating_step_that_fails_stops_the_run(world: Any, name: str) -> None:
    bend, kind, code = STOPPING[name]
    report = world.verify(bend(world.presentation()))
    assert found(report, kind) == (Outcome.FAIL, code)
    assert report.first_problem == report.check(kind)
    assert report.verdict is Verdict.NOT_AUTHENTIC
    assert report.claims == {}
    position = PROCEDURE.index(kind)
    assert [check.outcome for check in report.checks[:position]] == [Outcome.PASS] * position
    later = report.checks[position + 1 :]
    assert {(check.outcome, check.code) for check in later} <= {(Outcome.NOT_RUN, "step_not_run")}


JUDGED: dict[str, tuple[dict[str, Any], CheckKind, Outcome, str]] = {
    "A46 another type": ({"vct": "urn:eudi:ehic:1"}, TYPE, Outcome.FAIL, "type_not_accepted"),
    "A46 another case": ({"vct": "URN:EUDI:PDA1:1"}, TYPE, Outcome.FAIL, "type_not_accepted"),
    "A46 a trailing slash": ({"vct": "urn:eudi:pda1:1/"}, TYPE, Outcome.FAIL, "type_not_accepted"),
    "V-35 a type that begins like the one asked for": (
        {"vct": "urn:eudi:pda1:10"},
        TYPE,
        Outcome.FAIL,
        "type_not_accepted",
    ),
    "V-35 type not authorised": (
        {"vct": "urn:eudi:ehic:1"},
        AUTHORISATION,
        Outcome.FAIL,
        "issuer_untrusted.type_not_authorised",
    ),
    "vct is a number": ({"vct": 1}, TYPE, Outcome.FAIL, "claim_invalid"),
    "vct is absent": ({"vct": None}, CONTENT, Outcome.FAIL, "claim_missing"),
    "vct is absent, periods": ({"vct": None}, COVERAGE_PERIOD, Outcome.FAIL, "claim_missing"),
    "B06 iss of somebody else": (
        {"iss": "https://evil.example/issuer/fr-demo"},
        AUTHORISATION,
        Outcome.FAIL,
        "issuer_untrusted.issuer_not_in_certificate",
    ),
    "B11 authority of another institution": (
        {"issuing_authority": {"id": "FR:OTHER", "name": "Other"}},
        AUTHORISATION,
        Outcome.FAIL,
        "issuer_untrusted.institution_mismatch",
    ),
    "B11 country of another institution": (
        {"issuing_country": "DE"},
        AUTHORISATION,
        Outcome.FAIL,
        "issuer_untrusted.country_mismatch",
    ),
    "B11 country that is no text": (
        {"issuing_country": ["FR"]},
        AUTHORISATION,
        Outcome.FAIL,
        "issuer_untrusted.country_mismatch",
    ),
    "B11 country inside the authority": (
        {"issuing_authority": {"id": "FR:TEST01", "name": "Test", "country": "DE"}},
        AUTHORISATION,
        Outcome.FAIL,
        "issuer_untrusted.country_mismatch",
    ),
    "B07 signed before the certificate": (
        {"iat": 1_600_000_000},
        AUTHORISATION,
        Outcome.FAIL,
        "chain_invalid.not_yet_valid",
    ),
    "C10 no holder key": ({"cnf": None}, KEY_BINDING, Outcome.FAIL, "holder_key_missing"),
    "C11 holder key by reference": (
        {"cnf": {"kid": "1"}},
        KEY_BINDING,
        Outcome.FAIL,
        "holder_key_unsupported.by_reference",
    ),
    "D18 unknown status mechanism": (
        {"status": {"other": {}}},
        STATUS,
        Outcome.FAIL,
        "status_invalid.mechanism_unknown",
    ),
    "D19 status absent": ({"status": None}, STATUS, Outcome.FAIL, "claim_missing"),
    "D09 index out of range": (
        {"status": {"status_list": {"idx": 1024, "uri": "https://issuer.example/status/1"}}},
        STATUS,
        Outcome.FAIL,
        "status_invalid.index_out_of_range",
    ),
    "V-40 list not held": (
        {"status": {"status_list": {"idx": 1, "uri": "https://issuer.example/status/2"}}},
        STATUS,
        Outcome.UNKNOWN,
        "status_unavailable.not_held",
    ),
    "V-16 expired": ({"exp": 1_700_000_000}, TECHNICAL_VALIDITY, Outcome.FAIL, "expired"),
    "V-16 not yet": ({"nbf": 1_900_000_000}, TECHNICAL_VALIDITY, Outcome.FAIL, "not_yet_valid"),
    "V-16 exp as text": ({"exp": "soon"}, TECHNICAL_VALIDITY, Outcome.FAIL, "claim_invalid"),
    "coverage ended": (
        {"starting_date": "2025-01-01", "ending_date": "2025-06-30"},
        COVERAGE_PERIOD,
        Outcome.FAIL,
        "coverage_ended",
    ),
    "coverage not started": (
        {"starting_date": "2027-01-01", "ending_date": "2027-06-30"},
        COVERAGE_PERIOD,
        Outcome.FAIL,
        "coverage_not_started",
    ),
    "document expired": (
        {"date_of_issuance": "2025-01-01", "date_of_expiry": "2025-02-01"},
        DOCUMENT_VALIDITY,
        Outcome.FAIL,
        "document_expired",
    ),
    "document not yet issued": (
        {"date_of_issuance": "2027-01-01", "date_of_expiry": None},
        DOCUMENT_VALIDITY,
        Outcome.FAIL,
        "document_not_yet_issued",
    ),
    "old name of a claim": (
        {"work_address": {"locality": "Hamburg", "country": "DE", "building_number": "5"}},
        CONTENT,
        Outcome.WARNING,
        "content_deviates",
    ),
    "layouts mixed": ({"work_information": {}}, CONTENT, Outcome.FAIL, "layout_unknown"),
}


@pytest.mark.parametrize("name", JUDGED)
def test_a_judging_step_reports_its_fault_and_the_others_still_run(world: Any, name: str) -> None:
    changes, kind, outcome, code = JUDGED[name]
    report = world.verify(world.presentation(world.credential(world.claims(**changes))))
    assert found(report, kind) == (outcome, code)
    assert Outcome.NOT_RUN not in {check.outcome for check in report.checks}
    assert report.valid is (outcome is Outcome.WARNING)


def test_a_type_that_nobody_knows_has_no_layout(world: Any) -> None:
    report = world.verify(world.presentation(world.credential(world.claims(vct="urn:example:other"))))
    assert found(report, CONTENT) == (Outcome.FAIL, "vct_unknown")


@pytest.mark.parametrize(
    ("value", "code", "verdict"),
    [
        (1, "revoked", Verdict.WITHDRAWN_OR_REPLACED),
        (2, "suspended", Verdict.STATUS_NOT_KNOWN),
        (3, "status_invalid.value_reserved", Verdict.STATUS_NOT_KNOWN),
    ],
)
def test_v45_a_status_other_than_valid_is_refused(world: Any, value: int, code: str, verdict: Verdict) -> None:
    wide = type(world.statuses).of(1024, bits=2).set({7: value})
    report = world.verify(status=world.held(statuses=wide))
    assert found(report, STATUS) == (Outcome.FAIL, code)
    assert report.verdict is verdict


@pytest.mark.parametrize("value", [3, 4, 0x0B, 0x0C, 0x0F, 0xFF])
def test_v45_reserved_and_application_specific_values_are_no_pass(world: Any, value: int) -> None:
    report = world.verify(status=world.held(statuses=type(world.statuses).of(16, bits=8).set({7: value})))
    assert found(report, STATUS) == (Outcome.FAIL, "status_invalid.value_reserved")


def test_a40_an_expiry_that_travels_as_a_disclosure_is_refused_and_withheld_it_is_missing(world: Any) -> None:
    hidden = issue(
        world.claims(),
        disclosable=[("exp",)],
        header=signing_header("dc+sd-jwt", world.signer),
        signer=world.signer,
        random_bytes=system_random_bytes,
        protected_claims=frozenset(),
    ).text
    shown = world.verify(world.presentation(hidden))
    assert found(shown, DISCLOSURES) == (Outcome.FAIL, "protected_claim_disclosed")
    demanding = replace(profile("ietf-latest"), required_claims=frozenset({"vct", "exp"}))
    withheld = world.verify(world.presentation(hidden.partition("~")[0] + "~"), profile=demanding)
    assert found(withheld, CONTENT) == (Outcome.FAIL, "claim_missing")
    assert withheld.check(CONTENT).params == {"claim": "exp"}


def test_d13_a_list_past_its_ttl_warns_and_past_its_exp_is_unknown(world: Any) -> None:
    stale = world.verify(status=world.held(ttl=10))
    assert found(stale, STATUS) == (Outcome.WARNING, "status_stale")
    assert stale.valid
    expired = world.verify(status=world.held(exp=world.NOW))
    assert found(expired, STATUS) == (Outcome.UNKNOWN, "status_unavailable.list_expired")
    assert expired.verdict is Verdict.STATUS_NOT_KNOWN
    assert expired.first_problem == expired.check(STATUS)


def test_status_unknown_says_why_the_last_attempt_failed_and_is_never_a_pass(world: Any) -> None:
    held = HeldStatusLists(problems={world.LIST_URI: ("fetch_failed", "timeout")})
    report = world.verify(status=held)
    assert found(report, STATUS) == (Outcome.UNKNOWN, "fetch_failed.timeout")
    assert not report.valid


def test_a_failed_check_outweighs_an_unknown_status(world: Any) -> None:
    text = world.presentation(world.credential(world.claims(exp=world.NOW - 100_000)))
    report = world.verify(text, status=HeldStatusLists())
    assert report.verdict is Verdict.NOT_IN_FORCE_ON_DATE
    assert report.first_problem == report.check(TECHNICAL_VALIDITY)


def test_a_status_that_nobody_asked_for_may_be_absent(world: Any) -> None:
    text = world.presentation(world.credential(world.claims(status=None)))
    report = world.verify(text, status_required=False)
    assert found(report, STATUS) == (Outcome.NOT_APPLICABLE, "status_not_named")
    assert report.valid


def test_a_profile_may_want_a_status_of_everything_that_outlives_a_day(world: Any) -> None:
    eudi = profile("eudi-2026")
    short = world.claims(status=None, nbf=world.NOW, exp=world.NOW + 3600)
    for claims, outcome in (
        (short, Outcome.NOT_APPLICABLE),
        ({**short, "exp": world.NOW + 100_000}, Outcome.FAIL),
        ({name: value for name, value in short.items() if name != "exp"}, Outcome.FAIL),
        ({**short, "nbf": 0}, Outcome.FAIL),
    ):
        text = world.presentation(world.certified({"exp": None, **claims, "status": None}))
        report = world.verify(text, status_required=False, profile=eudi)
        assert report.check(STATUS).outcome is outcome


def test_v35_a_further_type_counts_only_where_the_issuer_may_issue_it(world: Any) -> None:
    def verified(others: Any, **policy: Any) -> VerificationReport:
        text = world.presentation(world.credential(world.claims(aka_vcts=others)))
        return world.verify(text, **policy)

    wanted = frozenset({"eu.we-build.pda1.1"})
    assert found(verified(["eu.we-build.pda1.1"], accepted_types=wanted), TYPE) == (Outcome.PASS, "type_ok")
    foreign = verified(["urn:eudi:ehic:1"], accepted_types=frozenset({"urn:eudi:ehic:1"}))
    assert found(foreign, AUTHORISATION) == (Outcome.FAIL, "issuer_untrusted.type_not_authorised")
    older = verified(["eu.we-build.pda1.1"], accepted_types=wanted, profile=profile("haip-1.0"))
    assert found(older, TYPE) == (Outcome.FAIL, "type_not_accepted")


@pytest.mark.parametrize("others", ["urn:eudi:ehic:1", [], [1], ["urn:eudi:pda1:1"]])
def test_v35_further_types_in_the_wrong_form_are_refused(world: Any, others: Any) -> None:
    report = world.verify(world.presentation(world.credential(world.claims(aka_vcts=others))))
    assert found(report, TYPE) == (Outcome.FAIL, "claim_invalid")


def test_c01_a_presentation_without_key_binding_is_refused_when_it_is_required(world: Any) -> None:
    assert found(world.verify(world.credential()), KEY_BINDING) == (Outcome.FAIL, "kb_missing")


def test_c15_a_key_binding_where_none_belongs_is_refused(world: Any) -> None:
    report = world.verify(key_binding=KeyBindingRefused())
    assert found(report, KEY_BINDING) == (Outcome.FAIL, "kb_unexpected")
    plain = world.verify(world.credential(), key_binding=KeyBindingRefused())
    assert found(plain, KEY_BINDING) == (Outcome.NOT_APPLICABLE, "kb_not_asked")
    assert plain.valid


def test_c03_a_key_binding_by_another_key_is_refused(world: Any) -> None:
    thief = LocalSigner(new_private_key("ES256", system_random_bytes))
    text = bind(world.credential(), audience=world.AUDIENCE, nonce=world.NONCE, now=world.NOW, signer=thief)
    assert found(world.verify(text), KEY_BINDING) == (Outcome.FAIL, "kb_invalid.signature")


def test_b03_a_chain_that_leads_nowhere_is_refused(world: Any) -> None:
    report = world.verify(world.presentation(world.credential(x5c=None, kid="someone")))
    assert found(report, TRUST_CHAIN)[0] is Outcome.FAIL


def test_the_older_typ_passes_only_under_a_profile_that_tolerates_it(world: Any) -> None:
    text = world.presentation(world.credential(typ="vc+sd-jwt"))
    assert found(world.verify(text), HEADER) == (Outcome.FAIL, "typ_mismatch")
    assert world.verify(text, profile=profile("haip-1.0")).valid


def test_a_profile_may_require_claims_and_header_parameters_of_its_own(world: Any) -> None:
    link = {"x5u": "https://issuer.example/chain.pem", "x5t#S256": x509_hash(world.signer.chain[0])}
    text = world.presentation(world.credential(**link))
    assert found(world.verify(text), HEADER) == (Outcome.FAIL, "header_param_forbidden")
    eudi = world.verify(text, profile=profile("eudi-2026"))
    assert found(eudi, HEADER)[0] is Outcome.PASS
    assert found(eudi, CONTENT) == (Outcome.FAIL, "claim_missing")


def test_v33_a_thumbprint_in_the_header_is_that_of_the_leaf(world: Any) -> None:
    leaf, authority = world.signer.chain
    for thumbprint in (x509_hash(authority), "", 5, [x509_hash(leaf)], hashlib.sha256(leaf).hexdigest()):
        text = world.presentation(world.credential(**{"x5t#S256": thumbprint}))
        report = world.verify(text, profile=profile("eudi-2026"))
        assert found(report, HEADER) == (Outcome.FAIL, "chain_invalid.thumbprint_mismatch")
    right = world.presentation(world.credential(**{"x5t#S256": x509_hash(leaf)}))
    assert found(world.verify(right, profile=profile("eudi-2026")), HEADER)[0] is Outcome.PASS
    alone = world.presentation(world.credential(**{"x5t#S256": x509_hash(leaf)}, x5c=None))
    assert found(world.verify(alone, profile=profile("eudi-2026")), HEADER)[0] is Outcome.FAIL


def test_v30_a_credential_without_its_chain_is_refused_whatever_key_it_names(world: Any) -> None:
    for header in ({"x5c": None}, {"x5c": None, "kid": world.signer.kid}):
        report = world.verify(world.presentation(world.credential(**header)))
        assert found(report, TRUST_CHAIN) == (Outcome.FAIL, "chain_invalid.chain_missing")


def test_the_day_in_question_decides_on_periods(world: Any) -> None:
    later = world.verify(on_date=world.TODAY + timedelta(days=5000))
    assert found(later, COVERAGE_PERIOD) == (Outcome.FAIL, "coverage_ended")
    assert found(later, TECHNICAL_VALIDITY)[0] is Outcome.PASS


def test_a_layout_that_hides_its_periods_says_that_they_were_not_shown(world: Any) -> None:
    projection = CREDENTIAL_TYPES["pda1-webuild"].projection
    claims = world.claims()
    kept = {name: claims[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    subject = {**projection.project(example("posted-worker-fr-de")), **kept, "vct": projection.vct}
    report = world.verify(world.presentation(world.credential(subject)))
    assert found(report, DOCUMENT_VALIDITY) == (Outcome.NOT_APPLICABLE, "document_period_not_shown")
    assert found(report, COVERAGE_PERIOD)[0] is Outcome.PASS
    without = {**subject, "memberstateAppliedLegislation": {}}
    assert not world.verify(world.presentation(world.credential(without))).valid


def test_identity_data_cover_no_period_and_name_no_institution_by_id(world: Any) -> None:
    projection = CREDENTIAL_TYPES["pid"].projection
    claims = world.claims()
    kept = {name: claims[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    pid = {**projection.project(example("pid-posted-worker")), **kept, "vct": projection.vct}
    report = world.verify(world.presentation(world.credential(pid)))
    assert found(report, COVERAGE_PERIOD) == (Outcome.NOT_APPLICABLE, "coverage_period_not_shown")
    assert found(report, AUTHORISATION) == (Outcome.FAIL, "issuer_untrusted.type_not_authorised")


def of_type(world: Any, name: str, record: str, **changes: Any) -> VerificationReport:
    """Report on a credential of another type; a change to None takes the claim away."""
    projection = CREDENTIAL_TYPES[name].projection
    envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    claims = {**projection.project(example(record)), **envelope, "vct": projection.vct, **changes}
    return world.verify(world.presentation(world.credential({n: v for n, v in claims.items() if v is not None})))


def test_a_period_of_which_only_the_end_is_shown_ends_all_the_same(world: Any) -> None:
    past, future = (world.TODAY - timedelta(days=1)).isoformat(), (world.TODAY + timedelta(days=1)).isoformat()
    ended = of_type(world, "ehic", "insured-traveller", starting_date=None, ending_date=past)
    assert found(ended, COVERAGE_PERIOD) == (Outcome.FAIL, "coverage_ended")
    lasting = of_type(world, "ehic", "insured-traveller", starting_date=None, ending_date=future)
    assert found(lasting, COVERAGE_PERIOD) == (Outcome.PASS, "coverage_period_ok")
    assert lasting.check(COVERAGE_PERIOD).params == {"first": "-", "last": future}
    expired = of_type(world, "pid", "pid-posted-worker", date_of_issuance=None, date_of_expiry=past)
    assert found(expired, DOCUMENT_VALIDITY) == (Outcome.FAIL, "document_expired")


def test_a40_a_period_whose_end_the_holder_keeps_back_is_not_shown(world: Any) -> None:
    kept_back = of_type(world, "pid", "pid-posted-worker", date_of_issuance="2020-01-01", date_of_expiry=None)
    assert found(kept_back, DOCUMENT_VALIDITY) == (Outcome.NOT_APPLICABLE, "document_period_not_shown")


def test_a_report_without_all_steps_is_never_valid(world: Any) -> None:
    report = world.verify()
    assert replace(report, checks=report.checks[:-1]).verdict is Verdict.NOT_AUTHENTIC
    assert replace(report, checks=()).verdict is Verdict.NOT_AUTHENTIC
    with pytest.raises(KeyError):
        replace(report, checks=()).check(STATUS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_has_its_sentence(world: Any, language: str) -> None:
    reports = [world.verify(), world.verify("x"), world.verify(status=HeldStatusLists())]
    for check in (check for report in reports for check in report.checks):
        assert render(check.code, check.params, language).text
