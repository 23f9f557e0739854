"""What a report says in each case, to the letter: outcome, code, clause and parameters of every check.

``expected/reports.txt`` holds, for each case, the verdict, the check that it rests on, and every check that is not
as in the good presentation, which stands first. A difference here is a difference in what people are told:
read it, then ``make expected``.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from portadoc.formats.openid4vp.client_identifier import x509_hash
from portadoc.formats.sd_jwt.key_binding import bind
from portadoc.formats.status_list.statuses import StatusList
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.checks import PROCEDURE, Check, Outcome
from portadoc.verification.policy import KeyBindingRefused, KeyBindingRequired, WorkAsked
from portadoc.verification.report import VerificationReport

World = Any
Case = Callable[[World], Any]
EUDI, HAIP = profile("eudi-2026"), profile("haip-1.0")
CATEGORY = "urn:etsi:esi:eaa:eu:pub"
URI = "https://issuer.example/status/1"
RECORD = WithdrawalRecord(date(2026, 11, 15), WithdrawalCause.REPLACED, 1_795_000_000, "next-one")


def of(policy: Any = None, **changes: Any) -> Case:
    """A credential whose claims differ, presented as always."""
    return lambda world: world.verify(
        world.presentation(world.credential(world.claims(**changes))), **(policy or {})
    )


def under(**policy: Any) -> Case:
    return lambda world: world.verify(**policy)


def text(bend: Callable[[str], str], **policy: Any) -> Case:
    return lambda world: world.verify(bend(world.presentation()), **policy)


def header(policy: dict[str, Any] | None = None, **changes: Any) -> Case:
    return lambda world: world.verify(world.presentation(world.credential(**changes)), **(policy or {}))


def certified(**claims: Any) -> Case:
    terms = {"profile": EUDI, "status_required": "status" not in claims}
    return lambda world: world.verify(world.presentation(world.certified(claims)), **terms)


def status(policy: dict[str, Any] | None = None, **changes: Any) -> Case:
    return lambda world: world.verify(status=world.held(**changes), **(policy or {}))


def value(value: int, **policy: Any) -> Case:
    return status(policy, statuses=StatusList.of(1024, bits=8).set({7: value}))


def withdrawn(record: WithdrawalRecord, on_date: date) -> Case:
    def verified(world: World) -> Any:
        held = world.held()
        lists = {URI: replace(held.lists[URI], withdrawals={7: record})}
        return world.verify(status=replace(held, lists=lists), on_date=on_date)

    return verified


def other_type(configuration: str, record: str, **changes: Any) -> Case:
    def verified(world: World) -> Any:
        projection = CREDENTIAL_TYPES[configuration].projection
        envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
        claims = {**projection.project(example(record)), **envelope, "vct": projection.vct, **changes}
        kept = {name: each for name, each in claims.items() if each is not None}
        return world.verify(world.presentation(world.credential(kept)))

    return verified


def full_form(policy: dict[str, Any], *without: str) -> Case:
    """The layout of WE BUILD, without some of its claims."""

    def verified(world: World) -> Any:
        claims = {name: each for name, each in world.webuild().items() if name not in without}
        return world.verify(world.presentation(world.credential(claims)), **policy)

    return verified


def bound(signer: str = "holder", **changes: Any) -> Case:
    def verified(world: World) -> Any:
        terms = {"audience": world.AUDIENCE, "nonce": world.NONCE, "now": world.NOW, **changes}
        return world.verify(bind(world.credential(), signer=getattr(world, signer), **terms))

    return verified


def thumbprint(of_chain: int, **policy: Any) -> Case:
    def verified(world: World) -> Any:
        named = x509_hash(world.signer.chain[of_chain])
        return world.verify(world.presentation(world.credential(**{"x5t#S256": named})), **policy)

    return verified


def not_bound(**policy: Any) -> Case:
    return lambda world: world.verify(world.credential(), **policy)


NOW = 1_795_348_800
DAY = date(2026, 11, 22)
PAY = KeyBindingRequired(audience="x509_hash:example", nonce="nonce-of-this-session", max_age_s=300)
CASES: dict[str, Case] = {
    "good": under(),
    # authenticating steps
    "not a token": text(lambda _: "hello"),
    "header no JSON": text(lambda each: "AAAA" + each[each.index(".") :]),
    "older typ": header(typ="vc+sd-jwt"),
    "older typ tolerated": header({"profile": HAIP}, typ="vc+sd-jwt"),
    "another typ": header(typ="JWT"),
    "no typ": header(typ=None),
    "link to a chain": header(x5u="https://issuer.example/chain.pem"),
    "algorithm not allowed": under(allowed_algs=frozenset({"ES384"})),
    "no thumbprint": header({"profile": EUDI}),
    "thumbprint of another certificate": thumbprint(1, profile=EUDI),
    "thumbprint right": thumbprint(0, profile=EUDI),
    "wrong thumbprint that nobody demands": thumbprint(1, profile=replace(EUDI, thumbprint_required=False)),
    "no chain": header(x5c=None),
    "certificate ended": lambda world: world.verify(now=world.NOW + 40 * 365 * 86_400),
    "signature bent": text(lambda each: each.replace("~", "A~", 1) if "A~" not in each[:9] else each),
    "disclosure of nobody": text(lambda each: each.replace("~", "~WyJzYWx0IiwibmFtZSIsInZhbHVlIl0~", 1)),
    # authorisation
    "issuer of somebody else": of(iss="https://evil.example/issuer/fr-demo"),
    "issuer no text": of(iss=1),
    "no issuer": of(iss=None),
    "another institution": of(issuing_authority={"id": "FR:OTHER", "name": "Other"}),
    "another country": of(issuing_country="DE"),
    "another country within the authority": of(
        issuing_authority={"id": "FR:TEST01", "name": "Test", "country": "DE"}
    ),
    "signed before its certificate": of(iat=1_600_000_000),
    "signed in the future": of(iat=NOW + 61),
    "signed at the edge of the future": of(iat=NOW + 60),
    "no time of signing": of(iat=None),
    "time of signing no number": of(iat="now"),
    # type
    "type not asked for": of(vct="urn:eudi:ehic:1"),
    "type nobody knows": of(vct="urn:example:other"),
    "type no text": of(vct=1),
    "no type": of(vct=None),
    "further type": of({"accepted_types": frozenset({"eu.we-build.pda1.1"})}, aka_vcts=["eu.we-build.pda1.1"]),
    "further type not authorised": of(aka_vcts=["urn:eudi:ehic:1"]),
    "further type where no profile reads it": of({"profile": HAIP}, aka_vcts="x"),
    "further types as text": of(aka_vcts="eu.we-build.pda1.1"),
    "further types of none": of(aka_vcts=[]),
    "further type no text": of(aka_vcts=["eu.we-build.pda1.1", 1]),
    "further type the type itself": of(aka_vcts=["urn:eudi:pda1:1"]),
    # key binding
    "not bound": not_bound(),
    "binding where none belongs": under(key_binding=KeyBindingRefused()),
    "no binding where none belongs": not_bound(key_binding=KeyBindingRefused()),
    "bound by the issuer": bound("signer"),
    "bound to another audience": bound(audience="x509_hash:other"),
    "bound to another session": bound(nonce="other"),
    "bound at the edge of the past": bound(now=NOW - 300),
    "bound beyond the edge of the past": bound(now=NOW - 301),
    "bound at the edge of the future": bound(now=NOW + 60),
    "bound beyond the edge of the future": bound(now=NOW + 61),
    "transaction not acknowledged": under(key_binding=replace(PAY, transaction_data=("e30",))),
    "transaction nobody asked for": bound(transaction_data=["e30"]),
    "no holder key": of(cnf=None),
    "holder key by reference": of(cnf={"kid": "1"}),
    "holder key of another algorithm": under(allowed_algs=frozenset({"ES256"})),
    # content
    "layouts mixed": of(work_information={}),
    "names of old": of(work_address={"locality": "Hamburg", "country": "DE", "building_number": "5"}),
    "claims nobody knows": of(shoe_size=1, hat_size=2),
    "certified": certified(),
    "certified without category": certified(category=None),
    "certified of another category": certified(category="urn:example"),
    "certified without edition": certified(**{"vct#integrity": None}),
    "certified of an edition nobody knows": certified(**{"vct#integrity": "sha256-" + "A" * 43 + "="}),
    "certified of an edition that is no text": certified(**{"vct#integrity": 5}),
    "certified without nbf": certified(nbf=None),
    "edition nobody knows": of(**{"vct#integrity": "sha256-" + "A" * 43 + "="}),
    # status
    "no status": of(status=None),
    "no status, none required": of({"status_required": False}, status=None),
    "no status, living for a day": certified(status=None, nbf=NOW, exp=NOW + 86_400),
    "no status, living for a second more": certified(status=None, nbf=NOW, exp=NOW + 86_401),
    "status by another mechanism": of(status={"other": {}}),
    "status behind the end of the list": of(status={"status_list": {"idx": 1024, "uri": URI}}),
    "status at the end of the list": of(status={"status_list": {"idx": 1023, "uri": URI}}),
    "status of a list not held": of(status={"status_list": {"idx": 1, "uri": URI + "0"}}),
    "status not to be had": under(status=HeldStatusLists(problems={URI: ("fetch_failed", "timeout")})),
    "status by another institution": status(issued_by="FR:TEST02"),
    "list at its end": status(exp=NOW),
    "list a second before its end": status(exp=NOW + 1),
    "list at the end of its ttl": status(ttl=30),
    "list past its ttl": status(ttl=29),
    "status as old as the policy allows": under(max_status_age_s=60),
    "status older than the policy allows": under(max_status_age_s=59),
    "withdrawal older than the policy allows": value(1, max_status_age_s=59),
    "list of the near future": status(iat=NOW + 60),
    "list of a later time": status(iat=NOW + 61),
    "withdrawn": value(1),
    "withdrawn, asked about yesterday": value(1, on_date=DAY - timedelta(days=1)),
    "withdrawn, asked about tomorrow": value(1, on_date=DAY + timedelta(days=1)),
    "suspended": value(2),
    "suspended where there is no suspension": value(2, profile=replace(HAIP, suspension_allowed=False)),
    "status of no meaning": value(3),
    "withdrawn by record": withdrawn(RECORD, date(2026, 11, 15)),
    "withdrawn by record, asked about a day before": withdrawn(RECORD, date(2026, 11, 14)),
    "withdrawn by record without successor": withdrawn(replace(RECORD, successor=None), DAY),
    # times
    "expired": of(exp=NOW - 60),
    "at the edge of expiry": of(exp=NOW - 59),
    "not yet valid": of(nbf=NOW + 61),
    "at the edge of validity": of(nbf=NOW + 60),
    "without times": of(exp=None, iat=None),
    "expiry no number": of(exp="soon"),
    "beginning no number": of(nbf="now"),
    "document of today": of(date_of_issuance=DAY.isoformat(), date_of_expiry=DAY.isoformat()),
    "document of yesterday": of(date_of_issuance="2026-01-01", date_of_expiry="2026-11-21"),
    "document of tomorrow": of(date_of_issuance="2026-11-23", date_of_expiry="2027-01-01"),
    "coverage of today": of(starting_date=DAY.isoformat(), ending_date=DAY.isoformat()),
    "coverage of yesterday": of(starting_date="2026-01-01", ending_date="2026-11-21"),
    "coverage of tomorrow": of(starting_date="2026-11-23", ending_date="2027-01-01"),
    "coverage in no form": of(starting_date="then"),
    "card without periods": other_type("ehic", "insured-traveller", starting_date=None, ending_date=None),
    "card": other_type("ehic", "insured-traveller"),
    "identity": other_type("pid", "pid-posted-worker"),
    # work
    "work covered": under(work=WorkAsked(state="DE", first=DAY)),
    "work elsewhere": under(work=WorkAsked(state="NL")),
    "work for others": under(work=WorkAsked(employers=frozenset({"other"}))),
    "work at other times": under(work=WorkAsked(first=date(2020, 1, 1))),
    "work elsewhere without legislation": of({"work": WorkAsked(state="NL")}, legislation_country=None),
    "work for others, none shown": full_form(
        {"work": WorkAsked(employers=frozenset({"x"}))}, "employmentSituations"
    ),
    "work elsewhere, nothing shown": full_form(
        {"work": WorkAsked(state="NL")}, "placesOfWork", "memberstateAppliedLegislation"
    ),
    "work elsewhere without places": of({"work": WorkAsked(state="NL")}, work_address=None),
    "work for nobody shown": of({"work": WorkAsked(employers=frozenset({"x"}))}, employer=None),
    "work without a period": of({"work": WorkAsked(first=DAY)}, starting_date=None, ending_date=None),
    "all at once": of({"work": WorkAsked(state="NL")}, exp=NOW - 100_000, status=None, cnf=None, shoe_size=1),
}


def line(check: Check) -> str:
    said = ", ".join(f"{name}={told}" for name, told in check.params.items())
    return f"  {check.id}: {check.outcome} {check.code} [{check.clause}] {said}".rstrip()


def written(name: str, report: VerificationReport, good: VerificationReport) -> Iterator[str]:
    deciding = report.deciding_check
    yield f"{name}: {report.verdict} ({report.colour}) by {deciding and deciding.full_code}"
    yield f"  {report.institution_id} {report.credential_type} {report.layout} {len(report.claims)} claims"
    not_run = [check for check in report.checks if check.outcome is Outcome.NOT_RUN]
    for check, usual in zip(report.checks, good.checks, strict=True):
        if report is good or (check != usual and (check not in not_run or len(not_run) == len(PROCEDURE) - 1)):
            yield line(check)
    if not_run:
        yield f"  {len(not_run)} steps not run"


def test_every_case_is_reported_exactly_so(world: World, as_expected: Callable[[str, str], None]) -> None:
    reports = {name: case(world) for name, case in CASES.items()}
    lines = [line for name, each in reports.items() for line in written(name, each, reports["good"])]
    as_expected("reports.txt", "\n".join(lines) + "\n")


def test_a_report_names_its_time_its_day_and_its_policy_exactly(world: World) -> None:
    for case in (None, "hello"):
        report = world.verify(case, policy_version="v-2", on_date=date(2026, 11, 20))
        assert (report.as_of, report.on_date) == (world.NOW, date(2026, 11, 20))
        assert (report.policy_id, report.policy_version) == ("test", "v-2")


@pytest.mark.parametrize("name", CASES)
def test_only_a_presentation_that_nothing_speaks_against_is_valid(world: World, name: str) -> None:
    report = CASES[name](world)
    through = all(check.outcome in ("pass", "warning", "not_applicable") for check in report.checks)
    assert report.valid is through
    assert (report.deciding_check is None) is through
