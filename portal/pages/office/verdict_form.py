"""The form in which an officer decides: read strictly, shown again with every fault and all that was typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from portadoc.days import read_day
from portadoc.errors import Error
from portadoc.portal.applications.application import (
    HEALTH,
    Application,
    ApplicationState,
    CertificateKind,
    RequestKind,
)
from portadoc.portal.applications.records import eessi_article
from portadoc.portal.health.insurance import ARTICLE as HEALTH_ARTICLE
from portadoc.portal.officers.departures import Departure
from portadoc.portal.officers.office import CaseFile
from portadoc.portal.officers.verdicts import LONGEST_REASON, Verdict, VerdictOutcome
from portadoc.portal.pages.office.case_file_view import article_in_words, period_in_words
from portadoc.schemas.codes import EXCEPTION_CODE, PDA1_STATES, STATUS_CONFIRMATIONS
from portadoc.web.pages.reader import Reader

FIELDS: Final = frozenset(
    {
        "outcome",
        "article",
        "article_text",
        "instrument",
        "kind",
        "start",
        "end",
        "provisional",
        "state",
        "agreed_on",
        "reason",
        "sure",
        "version",
    }
)
"""All that the form can hold; anything else is refused (J18)."""
_EXCEPTION: Final = "exception"
_EXCEPTION_ARTICLE: Final = "16(1)"
_COVERAGE: Final = (CertificateKind.BILATERAL, CertificateKind.MAINTENANCE)
_DAYS: Final = ("start", "end", "agreed_on")
_FIELD_OF_MEMBER: Final = {
    "article": "article",
    "status_code": "article",
    "validity_start": "start",
    "validity_end": "end",
    "other_state": "state",
    "agreed_on": "agreed_on",
    "certificate_kind": "kind",
}
_FAULT_OF_CODE: Final = {
    "reason_missing": ("reason", "office.expected.reason"),
    "article_unfit": ("article", "office.expected.article"),
    "period_reversed": ("end", "office.expected.period"),
    "posting_too_long": ("end", "office.expected.posting"),
    "own_state_named": ("state", "office.expected.own_state"),
    "nobody_to_tell": ("provisional", "office.expected.nobody_to_tell"),
    "first_day_future": ("from", "office.expected.day_past"),
}
Faults = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a field."""

    value: str
    label: str


def outcomes_of(application: Application) -> tuple[str, ...]:
    """Return what can be decided on a case; the names are text keys below ``office.decide.``."""
    if application.request_kind is RequestKind.WITHDRAWAL:
        return ("grant", "refuse")
    if application.certificate_kind in HEALTH or application.certificate_kind in _COVERAGE:
        return ("grant", "refuse")
    if application.certificate_kind is not CertificateKind.A1:
        return ("refuse",)
    asks = () if application.state is ApplicationState.AWAITING_OTHER_STATE else ("ask_other_state",)
    return ("grant", _EXCEPTION, "refuse", "other_legislation", "forward", *asks)


def articles(reader: Reader) -> tuple[Choice, ...]:
    """Return the articles of the form A1 with the status that each confirms, exceptions apart."""
    return tuple(
        Choice(f"{each.code}/{article}", article_in_words(_plain(article), _instrument(article), reader))
        for each in STATUS_CONFIRMATIONS.values()
        for article in each.articles
        if each.code != EXCEPTION_CODE
    )


def countries(reader: Reader, *, own_state: str) -> tuple[Choice, ...]:
    """Return the States of the coordination other than the own one, by name."""
    found = [Choice(each, reader.country(each)) for each in PDA1_STATES if each != own_state]
    return tuple(sorted(found, key=lambda each: each.label))


def suggested(case: CaseFile, *, own_state: str) -> dict[str, str]:
    """Return what the form shows at first: what the rules found, but never the decision itself."""
    found, engine = case.application, {} if case.engine is None else case.engine.decision
    ends_on = (found.answers.get("withdrawal") or {}).get("effective_from")
    start = ends_on or engine.get("validity_start") or _text(found.departure)
    end = engine.get("validity_end") or _text(found.period_end)
    state = engine.get("competent_state")
    values = {"start": start, "end": end, "kind": found.certificate_kind.value, "version": str(found.version)}
    if state is not None and state != own_state:
        values["state"] = state
    if engine.get("outcome") == "GRANT" and engine.get("status_code"):
        values["article"] = f"{engine['status_code']}/{eessi_article(engine.get('article'))}"
    return {name: value for name, value in values.items() if value}


def read_verdict(
    form: Mapping[str, str], application: Application, reader: Reader
) -> tuple[Verdict | None, Faults]:
    """Return the verdict, or None with what is wrong by field. What else a verdict needs is not looked at here."""
    chosen = form.get("outcome", "")
    faults: dict[str, str] = {}
    if chosen not in outcomes_of(application):
        faults["outcome"] = reader.say("expected.choice_missing")
    days: dict[str, date | None] = {}
    for name in _DAYS:
        try:
            days[name] = read_day(form[name]) if name in form else None
        except ValueError:
            faults[name] = reader.say("office.expected.day")
    if faults:
        return None, faults
    return _verdict(chosen, form, application, days), {}


def faults_of(error: Error, reader: Reader) -> Faults:
    """Return at which field an error belongs; nothing for one that belongs to none."""
    if error.code == "verdict_incomplete":
        field = _FIELD_OF_MEMBER.get(str(error.params.get("member")))
        return {field: reader.say("office.expected.missing")} if field else {}
    if error.code in _FAULT_OF_CODE:
        field, key = _FAULT_OF_CODE[error.code]
        return {field: reader.say(key, limit=error.params.get("limit", LONGEST_REASON))}
    return {}


def departure_lines(found: tuple[Departure, ...], reader: Reader) -> tuple[str, ...]:
    """Return each difference between the decision and what the rules found, as a sentence."""
    return tuple(
        reader.say(
            f"office.decide.departs.{each.what}",
            found=_told(each.what, each.found, reader),
            decided=_told(each.what, each.decided, reader),
        )
        for each in found
    )


def _verdict(
    chosen: str, form: Mapping[str, str], application: Application, days: Mapping[str, date | None]
) -> Verdict:
    reason, start, end = form.get("reason", ""), days["start"], days["end"]
    state = form.get("state") or None
    if chosen == _EXCEPTION:
        return Verdict(
            outcome=VerdictOutcome.GRANT,
            reason=reason,
            article=_EXCEPTION_ARTICLE,
            status_code=EXCEPTION_CODE,
            validity_start=start,
            validity_end=end,
            other_state=state,
            agreed_on=days["agreed_on"],
        )
    outcome = VerdictOutcome(chosen)
    if outcome is VerdictOutcome.OTHER_LEGISLATION:
        return Verdict(outcome=outcome, reason=reason, other_state=state, validity_start=start, validity_end=end)
    if outcome is not VerdictOutcome.GRANT:
        named = state if outcome is not VerdictOutcome.REFUSE else None
        return Verdict(outcome=outcome, reason=reason, other_state=named)
    if application.request_kind is RequestKind.WITHDRAWAL:
        return Verdict(outcome=outcome, reason=reason, validity_start=start)
    if application.certificate_kind in HEALTH:
        return Verdict(
            outcome=outcome, reason=reason, article=HEALTH_ARTICLE, validity_start=start, validity_end=end
        )
    if application.certificate_kind in _COVERAGE:
        return Verdict(
            outcome=outcome,
            reason=reason,
            article=form.get("article_text") or None,
            instrument=form.get("instrument", ""),
            validity_start=start,
            validity_end=end,
            certificate_kind=next((each for each in _COVERAGE if each.value == form.get("kind")), None),
        )
    code, _, article = form.get("article", "").partition("/")
    return Verdict(
        outcome=outcome,
        reason=reason,
        article=_plain(article) if article else None,
        instrument=_instrument(article),
        status_code=code or None,
        validity_start=start,
        validity_end=end,
        provisional=form.get("provisional") == "yes",
    )


def _told(what: str, values: tuple[str | None, ...], reader: Reader) -> str:
    if what == "period":
        return period_in_words(values[0], values[1], reader) or reader.say("option.not_given")
    (value,) = values
    if value is None:
        return reader.say("option.not_given")
    if what == "state":
        return reader.country(value)
    if what == "outcome":
        key = f"office.case.outcome.{value}"
        return reader.say(key if reader.has(key) else f"office.decide.{value.lower()}")
    return value


def _plain(article: str) -> str:
    """Return an article as lawyers write it: ``13(1)(b)(i)`` for ``13_1_b_i``."""
    first, *parts = article.split("_")
    return first + "".join(f"({each})" for each in parts)


def _instrument(article: str) -> str:
    return "987/2009" if article.startswith("14_") else "883/2004"


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()
