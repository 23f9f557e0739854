"""What stands around the procedure, to the letter: answers, persons shown, work in doubt, and what is refused."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from portadoc.errors import Error, Untrusted
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.formats.sd_jwt.selection import select
from portadoc.formats.status_list.claims import StatusListForm, StatusListLimits
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList, StatusReference
from portadoc.formats.trust_pack import TrustPack
from portadoc.formats.type_metadata import integrity
from portadoc.formats.withdrawal_list import SPEC as WITHDRAWALS_SPEC
from portadoc.formats.withdrawal_list import (
    VerifiedWithdrawalList,
    WithdrawalCause,
    WithdrawalRecord,
    make_withdrawal_list,
)
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.certificates import parse_certificate
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.examples import example
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import HeldStatusLists, HeldTypeMetadata, StatusAnswer, StatusKnowledge
from portadoc.verification.checks import PROCEDURE, Check, CheckKind, Finding, Outcome, Run, Stopped, judged
from portadoc.verification.judging.mechanism import ByWebKey
from portadoc.verification.judging.validity import moment_text, utc_day
from portadoc.verification.pack_answers import packed_signers
from portadoc.verification.persons import ShownPerson, compare_persons, shown_person
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy, WorkAsked
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import REVIEW_LEGAL_BASIS, VerificationReport
from portadoc.verification.status_tokens import BelievedStatusList, believe_status_list, unverified_token
from portadoc.verification.withdrawal_lists import believe_withdrawal_list

RECORD = WithdrawalRecord(date(2026, 11, 15), WithdrawalCause.REPLACED, 1_795_000_000, None)
VCT = "urn:eudi:pda1:1"


def said(call: Callable[..., object], *given: Any, **options: Any) -> tuple[str, str, str | None, dict[str, Any]]:
    """Return family, code, clause and parameters of a refusal."""
    with pytest.raises(Error) as refusal:
        call(*given, **options)
    error = refusal.value
    return type(error).__name__, error.code, error.spec, dict(error.params)


# --- status


def answered(held: HeldStatusLists, now: int, *, uri: str, idx: int = 7, by: str = "FR:TEST01") -> StatusAnswer:
    return held.answer(StatusReference(uri, idx), institution=by, now=now)


def test_each_answer_about_a_status_is_whole(world: Any) -> None:
    now, uri, held = world.NOW, world.LIST_URI, world.held()
    unknown, fresh = StatusKnowledge.UNKNOWN, StatusKnowledge.FRESH
    assert answered(held, now, uri=uri) == StatusAnswer(fresh, 0, now - 60, form="jwt")
    assert answered(held, now + 270, uri=uri) == StatusAnswer(fresh, 0, now - 60, form="jwt")
    assert answered(held, now + 271, uri=uri) == StatusAnswer(StatusKnowledge.STALE, 0, now - 60, form="jwt")
    ended = StatusAnswer(unknown, -1, now - 60, "status_unavailable", "list_expired")
    assert answered(held, now + 3600, uri=uri) == ended
    early = StatusAnswer(unknown, -1, 0, "status_unavailable", "list_of_a_later_time")
    assert answered(held, now - 121, uri=uri) == early
    assert answered(held, now - 120, uri=uri).knowledge is fresh
    assert answered(replace(held, skew_s=59), now - 120, uri=uri) == early
    foreign = StatusAnswer(unknown, -1, 0, "status_invalid", "institution_mismatch")
    assert answered(held, now, uri=uri, by="FR:TEST02") == foreign
    assert answered(held, now, uri=uri + "0") == StatusAnswer(unknown, -1, 0, "status_unavailable", "not_held")


def test_an_answer_with_a_record_is_otherwise_that_of_the_list(world: Any) -> None:
    held = world.held()
    lists = {world.LIST_URI: replace(held.lists[world.LIST_URI], withdrawals={7: RECORD})}
    for now in (world.NOW, world.NOW + 271, world.NOW + 10**6, world.NOW - 121):
        expected = replace(answered(held, now, uri=world.LIST_URI), withdrawal=RECORD)
        assert answered(replace(held, lists=lists), now, uri=world.LIST_URI) == expected


def test_bytes_that_are_no_text_are_no_jwt() -> None:
    expected = ("Malformed", "malformed_token", "RFC 7515 §3.1", {"part": "token", "reason": "not_ascii"})
    assert said(unverified_token, b"\xc3\xa9", StatusListForm.JWT) == expected


def test_a_list_ends_a_second_after_the_certificate_of_its_signer(world: Any) -> None:
    terms = {"uri": world.LIST_URI, "iat": world.NOW - 60, "exp": world.NOW + 10**9, "ttl": 300}
    token = make_status_list_token(StatusList.of(64, bits=1), signer=world.status_signer, **terms)
    options = {"uri": world.LIST_URI, "trust": world.trust, "now": world.NOW, "skew_s": 60}
    believed = believe_status_list(token, limits=StatusListLimits(max_age_s=10**9), **options)
    last = believed.token.exp - 1
    again = believe_status_list(token, limits=StatusListLimits(max_age_s=10**9), **{**options, "now": last})
    assert again.token.exp == believed.token.exp
    with pytest.raises(Untrusted):
        believe_status_list(token, limits=StatusListLimits(max_age_s=10**9), **{**options, "now": last + 1})


def withdrawals(world: Any, *, of: str = "FR:TEST01", exp: int = 3600, now: int = 0) -> VerifiedWithdrawalList:
    """Believe the records of a list that is said to be of an institution."""
    token, now = world.held().lists[world.LIST_URI].token, now or world.NOW
    text = make_withdrawal_list(
        {7: RECORD}, uri=world.LIST_URI, iat=now, exp=now + exp, signer=world.status_signer
    )
    return believe_withdrawal_list(
        text,
        status_list=BelievedStatusList(token, of, frozenset({"FR:TEST01"})),
        trust=world.trust,
        now=now,
        skew_s=60,
    )


def test_records_of_another_institution_are_refused_by_their_clause(world: Any) -> None:
    expected = ("Untrusted", "withdrawals_invalid", WITHDRAWALS_SPEC, {"reason": "institution_mismatch"})
    assert said(withdrawals, world, of="FR:TEST02") == expected


def test_records_end_with_the_certificate_of_their_signer(world: Any) -> None:
    assert withdrawals(world).exp == world.NOW + 3600
    last = parse_certificate(world.status_signer.chain[0]).not_after
    assert withdrawals(world, now=last - 60).exp == last + 1


# --- types


def test_of_several_editions_the_one_that_is_meant_is_read() -> None:
    document = type_metadata(VCT)
    other = document.replace(b"}", b" }", 1) if b"}" in document else document
    types = HeldTypeMetadata(lambda vct: (other, document) if vct == VCT else ())
    for edition in (document, other):
        found = types.of_type(VCT, integrity(edition))
        assert found is not None
        assert found.vct == VCT
    assert types.of_type(VCT, integrity(b"none of them")) is None
    assert types.of_type("urn:other", integrity(document)) is None
    assert (types.knows(VCT), types.knows("urn:other")) == (True, False)


# --- persons


def of_type(world: Any, configuration: str, record: Any, **changes: Any) -> VerificationReport:
    projection = CREDENTIAL_TYPES[configuration].projection
    envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
    claims: JsonObject = {**projection.project(record), **envelope, "vct": projection.vct, **changes}
    return world.verify(world.presentation(world.credential(claims)))  # type: ignore[no-any-return]


def test_each_kind_of_attestation_shows_its_person_whole(world: Any) -> None:
    holder = world.holder.kid
    identity = of_type(world, "pid", example("pid-posted-worker"))
    assert shown_person(identity) == ShownPerson(
        kind="pid",
        surnames=("Maréchal-Testelin", "Testelin"),
        forenames="Éléonore Inès",
        date_of_birth="1991-04-17",
        number="FR-TEST-910417-A",
        country="FR",
        holder=holder,
    )
    worker: Any = example("posted-worker-fr-de")
    full = of_type(world, "pda1-webuild", worker)
    assert shown_person(full) == ShownPerson(
        kind="pda1",
        surnames=(worker.person.surnames, worker.person.surname_at_birth),
        forenames=worker.person.forenames,
        date_of_birth=worker.person.date_of_birth.isoformat(),
        number=worker.person.pin,
        country="FR",
        holder=holder,
    )
    traveller: Any = example("insured-traveller")
    card = shown_person(of_type(world, "ehic", replace(traveller, to_representative=True)))
    assert (card.kind, card.country, card.represented) == ("ehic", "FR", True)
    assert card.number == traveller.insured.pin


def test_what_shows_nothing_to_compare_is_told_so() -> None:
    nobody = ShownPerson(kind="pid")
    assert compare_persons(nobody, nobody).code == "person_nothing_comparable"


def test_six_characters_are_a_number_and_five_are_none() -> None:
    one = ShownPerson(kind="pda1", number="12-34-56", country="FR")
    for number, code in (("123456", "person_same_number"), ("123457", "person_number_differs")):
        assert compare_persons(one, ShownPerson(kind="ehic", number=number, country="FR")).code == code
    short = replace(one, number="12345")
    assert compare_persons(short, short).code == "person_nothing_comparable"


# --- work


def test_a_period_of_work_that_ends_before_it_begins_is_refused() -> None:
    day = date(2026, 11, 22)
    assert WorkAsked(first=day, last=day).last == day
    reversed_ = said(WorkAsked, first=day, last=date(2026, 11, 21))
    assert reversed_ == ("Refused", "work_period_reversed", None, {})


# --- the run


def test_a_run_keeps_what_each_step_came_to() -> None:
    first, second = PROCEDURE[0], PROCEDURE[5]
    run = Run()
    assert run.authenticate(first, lambda: "result") == "result"
    run.judge(second, lambda: Finding(Outcome.WARNING, "code", {"a": 1}))
    checks = run.finish()
    assert checks[0] == Check(first.id, Outcome.PASS, f"{first.id}_ok", first.clause)
    assert checks[1] == Check(second.id, Outcome.WARNING, "code", second.clause, {"a": 1})
    assert [check.id for check in checks[2:]] == [kind.id for kind in PROCEDURE[2:]]
    assert {(check.outcome, check.code) for check in checks[2:]} == {(Outcome.NOT_RUN, "step_not_run")}


def test_an_error_keeps_its_own_clause_or_takes_that_of_its_step() -> None:
    kind = CheckKind("kind", "Clause of the step")

    def refuse(spec: str | None) -> Finding:
        raise Untrusted("code", spec=spec, reason="why")

    for spec, clause in (("Own clause", "Own clause"), (None, "Clause of the step")):
        expected = Check("kind", Outcome.FAIL, "code", clause, {"reason": "why"})
        assert judged(kind, lambda spec=spec: refuse(spec)) == expected  # type: ignore[misc]
        run = Run()
        with pytest.raises(Stopped):
            run.authenticate(kind, lambda spec=spec: refuse(spec))  # type: ignore[misc]
        assert run.finish()[0] == expected
    assert expected.full_code == "code.why"
    assert expected._replace(params={}).full_code == "code"


def test_the_first_problem_is_a_failure_before_anything_else(world: Any) -> None:
    good: VerificationReport = world.verify()

    def with_ends(**ends: Outcome) -> VerificationReport:
        checks = (check._replace(outcome=ends.get(check.id, check.outcome)) for check in good.checks)
        return replace(good, checks=tuple(checks))

    assert good.first_problem is None
    mixed = with_ends(key_binding=Outcome.UNKNOWN, content=Outcome.FAIL, status=Outcome.FAIL)
    assert mixed.first_problem is not None
    assert mixed.first_problem.id == "content"
    unknown = with_ends(header=Outcome.NOT_RUN, status=Outcome.UNKNOWN, covers_work=Outcome.UNKNOWN)
    assert unknown.first_problem is not None
    assert unknown.first_problem.id == "status"
    assert with_ends(header=Outcome.NOT_RUN).first_problem is None


def test_a_report_says_which_elements_of_an_array_were_shown(world: Any) -> None:
    claims = world.webuild()
    second = {**claims["employmentSituations"][0], "employerId": "SECOND"}
    credential = issue(
        {**claims, "employmentSituations": [*claims["employmentSituations"], second]},
        disclosable=[("employmentSituations", 0), ("employmentSituations", 1)],
        header=signing_header("dc+sd-jwt", world.signer),
        signer=world.signer,
        random_bytes=system_random_bytes,
    ).text
    report = world.verify(world.presentation(select(credential, [("employmentSituations", 1)])))
    assert report.disclosed == (("employmentSituations", 0),)
    assert report.issued_positions == {("employmentSituations",): (1,)}


def test_a_request_for_review_names_its_legal_basis(world: Any) -> None:
    request = world.verify().review_request
    assert request.legal_basis == REVIEW_LEGAL_BASIS == "Regulation (EC) No 987/2009, Article 5(2)"


def test_a_policy_is_strict_unless_told_otherwise(world: Any) -> None:
    policy = VerificationPolicy(
        policy_id="p",
        accepted_types=frozenset({VCT}),
        status_required=True,
        key_binding=KeyBindingRequired(audience="a", nonce="n", max_age_s=1),
        profile=world.policy.profile,
        on_date=world.TODAY,
    )
    assert (policy.work, policy.policy_version, policy.clock_skew_s) == (None, "", 60)
    assert policy.allowed_algs == frozenset(SIGNATURE_ALGORITHMS)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Adak"])
def test_days_and_moments_are_those_of_utc_wherever_the_machine_stands(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert (utc_day(86_399), utc_day(86_400)) == (date(1970, 1, 1), date(1970, 1, 2))
        assert (moment_text(0), moment_text(3_599)) == ("1970-01-01 00:00 UTC", "1970-01-01 00:59 UTC")
        assert Words("en").moment(86_399) == "1 January 1970, 23:59 UTC"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert moment_text(None) == "-"


# --- signers


def test_a_signer_that_a_pack_does_not_hold_is_refused_by_its_clause(world: Any) -> None:
    pack = TrustPack(operator="x", sequence=1, as_of=1, exp=2, trust=world.trust)
    expected = ("Untrusted", "issuer_untrusted", "Seal §5", {"reason": "signer_unknown"})
    assert said(packed_signers(pack).chains, bytes(8)) == expected


def test_what_chose_a_key_of_the_web_has_to_be_what_was_signed() -> None:
    by: Any = ByWebKey(SimpleNamespace(issuer="https://issuer.example"), "k", ())  # type: ignore[arg-type]
    asked = {"at": 1, "credential_type": None, "issuer": "https://other.example", "institution": None}
    expected = ("Untrusted", "issuer_untrusted", "SD-JWT VC §2.5", {"reason": "issuer_mismatch"})
    assert said(by.authorised_country, None, **asked) == expected
