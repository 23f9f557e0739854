"""Claims and verdicts as people read them."""

from dataclasses import replace

import pytest

from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.examples import example
from portadoc.tour.journeys import JOURNEYS, authority_of, journeys_of, person_of
from portadoc.tour.labels import ShownClaim, claim_label, shown_claims
from portadoc.tour.texts import Reader
from portadoc.tour.verdicts import shown_result
from portadoc.verification.report import PROCEDURE, STATUS, Check, Outcome, VerificationReport
from portadoc.verifier.results import PresentationResult, Problem, Result
from portadoc.web.pages.qr_codes import qr_code

PDA1 = "urn:eudi:pda1:1"
EN, FR = Reader("en"), Reader("fr")


def pda1_claims() -> dict:
    return credential_configuration("pda1").projection.project(example("posted-worker-fr-de"))


def by_label(shown: tuple[ShownClaim, ...]) -> dict[str, ShownClaim]:
    return {claim.label: claim for claim in shown}


def test_claims_have_the_labels_of_the_type_in_both_languages():
    english, french = (
        by_label(shown_claims(PDA1, pda1_claims(), EN)),
        by_label(shown_claims(PDA1, pda1_claims(), FR)),
    )
    assert english["Legislation applies from"].text == "1 November 2026"
    assert french["Législation applicable à partir du"].text == "1er novembre 2026"
    assert english["Status confirmation"].text == "Posted employed person (01)"
    assert french["Confirmation du statut"].text == "Salarié détaché (01)"


def test_parts_do_not_repeat_the_heading():
    workplace = by_label(shown_claims(PDA1, pda1_claims(), EN))["Workplace"]
    assert by_label(workplace.parts)["Town"].text == "Hamburg"


def test_members_without_a_published_label_have_one_of_ours():
    employer = by_label(shown_claims(PDA1, pda1_claims(), FR))["Employeur"]
    assert by_label(employer.parts)["Nom"].text == "Ateliers Fictifs du Massif SAS"
    assert claim_label(PDA1, ("employer", "something_new"), EN) == "something new"


def test_the_envelope_is_not_among_the_claims():
    claims = {**pda1_claims(), "iss": "https://issuer.example", "cnf": {}, "vct": PDA1, "exp": 1}
    assert "Issuer" not in by_label(shown_claims(PDA1, claims, EN))


def test_lists_booleans_and_marked_claims():
    claims = {
        "transitional_rules": True,
        "document_number": "X",
        "work_information": {"work_address": [{"locality": "Hamburg"}], "no_fixed_place_of_work": ["DE", "NL"]},
    }
    shown = by_label(shown_claims(PDA1, claims, EN, marked=[("document_number",)]))
    assert shown["Transitional rules apply"].text == "yes"
    assert shown["Document number"].marked
    assert not shown["Transitional rules apply"].marked
    places = by_label(shown["Places of work"].parts)
    assert places["Country without a fixed place of work"].text == "DE, NL"
    assert by_label(places["Workplaces"].parts[0].parts)["Town"].text == "Hamburg"


def report(**outcomes: tuple[Outcome, str]) -> VerificationReport:
    checks = []
    for kind in PROCEDURE:
        params = {"first": "2026-11-01", "last": "2027-08-31", "age_s": 4}
        outcome, code = outcomes.get(kind.id, (Outcome.PASS, f"{kind.id}_ok"))
        checks.append(Check(kind.id, outcome, code, kind.clause, params))
    return VerificationReport(
        tuple(checks),
        as_of=0,
        policy_id="t",
        institution_id="FR:TEST01",
        credential_type=PDA1,
        claims=pda1_claims(),
    )


def result(**outcomes: tuple[Outcome, str]) -> Result:
    return Result(presentations=(PresentationResult("a1", report(**outcomes)),))


def test_an_accepted_result_has_fourteen_checks_three_lines_and_no_reason():
    shown = shown_result(result(), PDA1, EN)
    assert shown.verdict == "accepted"
    assert len(shown.checks) == 14
    assert [line.title for line in shown.validity] == [
        "Technical validity",
        "Document validity",
        "Coverage period",
    ]
    assert shown.reason is None
    assert shown.headline == "Authentic and in force"
    assert shown.validity[2].sentence == "The decision covers 1 November 2026 – 31 August 2027."


def test_a_withdrawn_attestation_is_refused_with_sentence_clause_and_advice():
    shown = shown_result(result(status=(Outcome.FAIL, "revoked")), PDA1, FR)
    check = shown.checks[[kind.id for kind in PROCEDURE].index(STATUS.id)]
    assert shown.verdict == "refused"
    assert shown.headline == "Retiré ou remplacé"
    assert shown.reason is not None
    assert shown.reason.code == "revoked"
    assert shown.reason.text.startswith("L'institution a retiré l'attestation")
    assert (check.word, check.outcome, check.clause) == ("Échoue", "fail", STATUS.clause)
    assert check.advice != ""


def test_an_unknown_status_is_a_verdict_of_its_own():
    assert shown_result(result(status=(Outcome.UNKNOWN, "status_unavailable")), PDA1, EN).verdict == "unknown"


def test_a_passing_check_needs_no_advice():
    assert {check.advice for check in shown_result(result(), PDA1, EN).checks} == {""}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (Result(wallet_error="access_denied"), "wallet_refused"),
        (Result(problems=(Problem("state_mismatch"),)), "state_mismatch"),
    ],
)
def test_an_answer_without_a_presentation_is_refused_and_says_why(told, code):
    shown = shown_result(told, PDA1, EN)
    assert shown.reason is not None
    assert (shown.verdict, shown.reason.code, shown.checks, shown.claims) == ("refused", code, (), ())
    assert (shown.headline, shown.sentence) == ("Refused", "")
    assert shown.reason.action != ""


def test_claims_of_another_type_are_not_shown_under_our_labels():
    other = replace(report(), credential_type="urn:example:other")
    assert shown_result(Result(presentations=(PresentationResult("a1", other),)), PDA1, EN).claims == ()


def test_codes_to_scan_are_drawn_for_any_ground_and_name_themselves():
    svg = qr_code("openid4vp://?a=b&c=d", "Code <of> the request")
    assert svg.startswith('<svg role="img" ')
    assert "<title>Code &lt;of&gt; the request</title>" in svg
    assert "style=" not in svg
    assert 'fill="#fff"' in svg


@pytest.mark.parametrize(
    ("name", "person", "authority"),
    [
        ("posted-worker-fr-de", "Éléonore Inès Maréchal-Testelin", "Caisse de démonstration de sécurité sociale"),
        ("insured-traveller", "Théo Augustin Delacroix-Fictif", "Assurance maladie de démonstration"),
        ("pid-posted-worker", "Éléonore Inès Maréchal-Testelin", "Autorité d'identité de démonstration"),
        ("bilateral-fr-jp", "Jeanne Exemple-Testeur", "Caisse de démonstration de sécurité sociale"),
        ("application-fr-de", "Jean Exemple", "Caisse de démonstration de sécurité sociale"),
    ],
)
def test_records_name_their_person_and_authority(name, person, authority):
    assert (person_of(example(name)), authority_of(example(name))) == (person, authority)


def test_journeys_exist_where_the_institutions_of_the_demonstration_do(place):
    issuer, verifier = place.house.issuer.settings, place.house.verifier.settings
    assert journeys_of(issuer, verifier) == JOURNEYS


def test_production_makes_no_journey(place):
    issuer, verifier = place.house.issuer.settings, place.house.verifier.settings
    assert journeys_of(issuer.model_copy(update={"mode": "production"}), verifier) == {}


def test_a_journey_needs_an_issuer_of_its_type_and_a_verifier_registered_for_it(place):
    issuer, verifier = place.house.issuer.settings, place.house.verifier.settings
    only_health = type(issuer)(**{**issuer.model_dump(), "institutions": (issuer.by_slug["fr-health"],)})
    assert list(journeys_of(only_health, verifier)) == ["ehic"]
    asking = verifier.by_slug["de-inspection"].model_copy(update={"registered_types": (PDA1,)})
    only_pda1 = type(verifier)(**{**verifier.model_dump(), "institutions": (asking,)})
    assert list(journeys_of(issuer, only_pda1)) == ["a1"]
