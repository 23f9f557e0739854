"""A report as people read it, in one language: what page, terminal and tour show, in the same words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from portadoc.schemas.catalogue import CREDENTIAL_TYPES, EVERY_LAYOUT, SEAL_VCTS
from portadoc.schemas.claims import Json, claims_at
from portadoc.schemas.codes import STATUS_CONFIRMATIONS
from portadoc.schemas.coverage.application import ASKED_KINDS
from portadoc.schemas.ehic import PRC_REASONS
from portadoc.schemas.projections import Claim
from portadoc.verification.checks import Check, Outcome
from portadoc.verification.rendering.key_facts import Labelled, key_facts
from portadoc.verification.rendering.told_verdict import (
    WITHDRAWN_LATER,
    is_withdrawn,
    kind_of,
    status_check,
    told_report,
)
from portadoc.verification.rendering.wording import Words
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import Verdict

_NEEDS_ADVICE: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARNING})
_HOLDS: Final = frozenset({Outcome.PASS, Outcome.WARNING})
_SITUATION: Final = ("status", "code")
_REASON: Final = ("reason",)
_ASKED: Final = ("asked", "kind")
_COUNTRIES: Final = frozenset(
    {
        "state",
        "country",
        "flag_or_base_state",
        "institution_country",
        "issuing_country",
        "nationalities",
        "state_of_work",
        "states_of_work",
    }
)
"""The last names of the record's fields that hold a code of a country."""
MOST_DEVIATIONS: Final = 50


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One check: its name, how it ended (a value for the style sheet, a word for people), why, and what to do."""

    id: str
    title: str
    outcome: str
    word: str
    sentence: str
    advice: str
    clause: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReport:
    """A report in words. ``reason`` is the check that the verdict rests on, None where nothing speaks against it.

    ``document`` names what was presented and ``checked`` says when, and how old the status was. ``key`` are the
    facts that decide, ``findings`` the checks that somebody has to look at, the reason first. ``passed`` counts
    those that hold out of those ``asked``. ``facts`` are about the verification, ``says`` is all that the
    attestation says, ``review`` whom to ask by what right where a review is the remedy; ``more_deviations``
    counts those that are left out.
    """

    language: str
    verdict: str
    colour: str
    headline: str
    sentence: str
    action: str
    document: str
    checked: str
    reason: ShownCheck | None
    key: tuple[Labelled, ...]
    findings: tuple[ShownCheck, ...]
    checks: tuple[ShownCheck, ...]
    passed: int
    asked: int
    facts: tuple[Labelled, ...]
    says: tuple[Labelled, ...]
    deviations: tuple[str, ...]
    more_deviations: int
    review: tuple[Labelled, ...]


def shown_report(report: VerificationReport, language: str) -> ShownReport:
    """Return a report in the words of a language of ``portadoc.i18n.LANGUAGES``."""
    words = Words(language)
    told, reason = told_report(report, words), report.deciding_check
    return ShownReport(
        language=language,
        verdict=report.verdict.value,
        colour=told.colour.value,
        headline=told.headline,
        sentence=told.sentence,
        action=told.action,
        document=_type_name(report, language) or words.say("title"),
        checked=_checked(report, words),
        reason=None if reason is None else shown_check(reason, words),
        key=tuple(key_facts(report, words)),
        findings=tuple(_findings(report, words)),
        checks=tuple(shown_check(check, words) for check in report.checks),
        passed=sum(check.outcome in _HOLDS for check in report.checks),
        asked=sum(check.outcome is not Outcome.NOT_APPLICABLE for check in report.checks),
        facts=tuple(_facts(report, words)),
        says=tuple(_says(report, words)),
        deviations=tuple(_deviations(report, words)),
        more_deviations=max(0, len(report.deviations) - MOST_DEVIATIONS),
        review=tuple(_review(report, words)),
    )


def _findings(report: VerificationReport, words: Words) -> Iterator[ShownCheck]:
    """Yield the checks that ask for somebody's attention: that on which the verdict rests before all others.

    Their sentences are for people who decide: the technical reason stands with the check itself.
    """
    first = report.deciding_check
    noted = [check for check in report.checks if check.outcome in _NEEDS_ADVICE and check is not first]
    for check in (*(() if first is None else (first,)), *noted):
        shown = shown_check(check, words)
        sentence = shown.sentence.replace(f" ({check.params.get('reason')})", "")
        advice = "" if check.code == WITHDRAWN_LATER else shown.advice  # what to do stands under the headline
        yield replace(shown, sentence=sentence, advice=advice)


def _checked(report: VerificationReport, words: Words) -> str:
    at, status_of = words.moment(report.as_of), status_as_of(report)
    if status_of is None:
        return words.say("checked", at=at)
    return words.say("checked.status", at=at, age=words.duration(max(0, report.as_of - status_of)))


def shown_check(check: Check, words: Words) -> ShownCheck:
    """Return a check in words; advice only where there is something to do."""
    message = words.message(check.code, check.params)
    return ShownCheck(
        id=check.id,
        title=words.say(f"check.{check.id}"),
        outcome=check.outcome.value,
        word=words.say(f"outcome.{check.outcome.value}"),
        sentence=message.text,
        advice=message.action if check.outcome in _NEEDS_ADVICE else "",
        clause=check.clause,
        code=check.full_code,
    )


def _facts(report: VerificationReport, words: Words) -> Iterator[Labelled]:
    named = {
        "type": _type_and_name(report, words.language),
        "old_type": report.old_type_of,
        "layout": report.layout,
        "issuer": report.institution_id,
        "checked_at": words.moment(report.as_of),
        "judged_for": None if report.on_date is None else words.day(report.on_date),
    }
    status_of = status_as_of(report)
    if status_of is not None:
        age = max(0, report.as_of - status_of)
        named |= {"status_of": words.moment(status_of), "status_age": words.duration(age)}
    named |= {"policy": report.policy_id, "policy_version": report.policy_version}
    return (Labelled(words.say(f"fact.{name}"), value) for name, value in named.items() if value)


def _type_and_name(report: VerificationReport, language: str) -> str | None:
    """Return the type, with the name that we have for it if we have one."""
    vct, name = report.credential_type, _type_name(report, language)
    return vct if name is None else f"{name} ({vct})"


def _type_name(report: VerificationReport, language: str) -> str | None:
    """Return the name that we have for the type; None where we have none."""
    if report.credential_type in SEAL_VCTS:
        return Words(language).say(f"type.seal.{kind_of(report)}")
    current = report.old_type_of or report.credential_type
    names = (
        display.name
        for configuration in CREDENTIAL_TYPES.values()
        if configuration.vct == current
        for display in configuration.display
        if display.locale == language
    )
    return next(names, None)


def status_as_of(report: VerificationReport) -> int | None:
    """Return when the status that was judged had been signed, in epoch seconds; None where no status was read."""
    check = status_check(report)
    params = {} if check is None else check.params
    age_s, as_of = params.get("age_s"), params.get("as_of")
    if isinstance(age_s, int):
        return report.as_of - age_s
    return as_of if isinstance(as_of, int) else None


def _says(report: VerificationReport, words: Words) -> Iterator[Labelled]:
    """Yield label and value of each claim that its layout names, in the layout's order."""
    if report.layout is None:
        return
    for row in EVERY_LAYOUT[report.layout].claims:
        for _, value in claims_at(report.claims, row.path):
            if not isinstance(value, dict | list):
                yield Labelled(row.fr if words.language == "fr" else row.en, _value(row, value, words))


def _value(row: Claim, value: Json, words: Words) -> str:
    if row.field == _SITUATION and value in STATUS_CONFIRMATIONS:
        situation = STATUS_CONFIRMATIONS[value]
        return f"{situation.french if words.language == 'fr' else situation.english} ({value})"
    if row.field == _REASON and value in PRC_REASONS:
        return PRC_REASONS[value][words.language == "fr"]
    if row.field == _ASKED and value in ASKED_KINDS:
        return ASKED_KINDS[value][words.language == "fr"]
    if row.field is not None and isinstance(value, str) and _COUNTRIES.intersection(row.field[-2:]):
        return words.country(value)
    return words.say("value.none") if value is None else words.value(value)


def _deviations(report: VerificationReport, words: Words) -> Iterator[str]:
    for each in report.deviations[:MOST_DEVIATIONS]:
        yield words.message(each.code, {"claim": each.claim, "expected": each.expected}).text


def _review(report: VerificationReport, words: Words) -> Iterator[Labelled]:
    """Yield whom to ask about a genuine A1 that is not withdrawn: only that binds."""
    asked = report.review_request
    if asked is not None and not is_withdrawn(report) and report.verdict is not Verdict.NOT_WHAT_WAS_ASKED:
        yield Labelled(words.say("review.institution"), asked.institution_id)
        if asked.document_reference is not None:
            yield Labelled(words.say("review.document"), asked.document_reference)
        yield Labelled(words.say("review.legal_basis"), asked.legal_basis)
