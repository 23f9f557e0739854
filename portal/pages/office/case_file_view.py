"""A case as an officer sees it: what the rules found beside the facts, each fact with who said it."""

from dataclasses import dataclass, replace
from typing import Any, Final

from portadoc.access.actions import Action
from portadoc.access.subjects import Role, Subject
from portadoc.portal.applications.application import (
    Actor,
    Application,
    ApplicationState,
    HistoryEntry,
)
from portadoc.portal.applications.course import is_disputed
from portadoc.portal.applications.known import known_of
from portadoc.portal.applications.life_cycle import Act
from portadoc.portal.officers.office import CaseFile
from portadoc.portal.officers.verdicts import verdict_from_json
from portadoc.portal.pages.case_view import act_of, attachments_of, period, state_of, where, who
from portadoc.portal.pages.explained import explained
from portadoc.portal.pages.office.work_view import case_of_office, officer, points, risks
from portadoc.portal.pages.words import Words
from portadoc.portal.questions.flows import case_of, entries
from portadoc.portal.questions.form import Question, Shape, Source
from portadoc.portal.questions.prefill import IN_REGISTERS
from portadoc.portal.questions.summary import lines
from portadoc.schemas.claims import Json, JsonObject
from portadoc.web.pages.reader import Reader

_REGISTERS: Final = frozenset({Source.COMPANY_REGISTER, Source.PERSON_REGISTER, Source.SIGN_IN})
_NOT_LOOKED_UP: Final = "–"
_OPEN: Final = frozenset({ApplicationState.IN_REVIEW, ApplicationState.AWAITING_OTHER_STATE})


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact: what the request says and who said it, and what the register says today."""

    title: str
    told: tuple[str, ...]
    source: str
    register: tuple[str, ...]
    differs: bool


def case_content(case: CaseFile, reader: Reader, *, subject: Subject, own_state: str) -> dict[str, object]:
    """Return what the page of a case shows."""
    found = case.application
    known = known_of(found, own_state=own_state)
    words = Words(reader, case_of(found.answers, known))
    return {
        "base": case_of_office(found.institution, found.application_id),
        "faults": {},
        "typed": {},
        "case_number": found.case_number,
        "state": state_of(found, expired=False),
        "urgent": found.urgent,
        "busy": case.busy,
        "own_case": Role.OFFICER in subject.roles and Action.DECIDE not in case.may,
        "summary": [*_concerns(case, reader, own_state), *_summary(found, words, subject)],
        "engine": _engine(case, words),
        "steps": _steps(case, words),
        "by_person": explained(found, words) if found.decision and "reason" in found.decision else None,
        "points": points(found.risk, reader),
        "risks": risks(found.risk, reader),
        "facts": fact_rows(case, words, own_state=own_state),
        "register_away": case.register is None,
        "said": _said(found, reader),
        "proposed": _proposed(case, reader, subject, own_state),
        "acts": acts_of(case),
        "version": found.version,
        "assigned_to_reader": found.assigned_to == subject.id,
        "attachments": attachments_of(found),
        "earlier": [_earlier(each, reader, own_state) for each in case.earlier],
        "history": _history(found, reader, subject),
    }


def acts_of(case: CaseFile) -> frozenset[str]:
    """Return what the reader can do with a case now."""
    found = case.application
    if case.busy:
        return frozenset()
    waits, standing = found.state in _OPEN, found.has_certificate and found.proposed is None
    unconfirmed = found.state is ApplicationState.REFUSED and not found.final and found.proposed is None
    possible = (
        ("assign", Action.ASSIGN, waits),
        ("ask", Action.ASK_APPLICANT, waits),
        ("decide", Action.DECIDE, waits),
        ("confirm", Action.DECIDE, unconfirmed),
        ("withdraw", Action.REVOKE, standing),
        ("object", Action.REVOKE, standing and found.state is ApplicationState.PROVISIONAL),
        ("settle", Action.REVOKE, standing and is_disputed(found)),
        ("approve", Action.APPROVE, found.proposed is not None),
    )
    return frozenset(name for name, action, now in possible if now and action in case.may)


def fact_rows(case: CaseFile, words: Words, *, own_state: str) -> tuple[FactRow, ...]:
    """Return every answer with its source and what the register says today, in the order of the form."""
    known = known_of(case.application, own_state=own_state)
    return tuple(
        _fact(each.question, each.value, None if each.told is None else each.told.source, case, words)
        for each in entries(case.application.answers, known)
        if each.answered
    )


def _fact(question: Question, value: Json, source: Source | None, case: CaseFile, words: Words) -> FactRow:
    say, told = words.reader.say, _values(question, value, words)
    name = _source(source, words.reader)
    if question.id not in IN_REGISTERS:
        return FactRow(words.short(question), told, name, (_NOT_LOOKED_UP,), differs=False)
    if case.register is None:
        return FactRow(words.short(question), told, name, (), differs=False)
    held = case.register.told.get(question.id)
    if held is None or held.source not in _REGISTERS:
        return FactRow(words.short(question), told, name, (say("office.case.register.none"),), differs=False)
    register = _values(question, held.value, words)
    if [each.casefold() for each in register] == [each.casefold() for each in told]:
        return FactRow(words.short(question), told, name, (say("office.case.register.same"),), differs=False)
    return FactRow(words.short(question), told, name, register, differs=True)


def _source(source: Source | None, reader: Reader) -> str:
    """Return who said it, in the words of an office: the reader is not the applicant."""
    if source is None:
        return reader.say("office.case.source.applicant")
    own = f"office.case.source.{source.value}"
    return reader.say(own if reader.has(own) else f"source.{source.value}")


def _values(question: Question, value: Json, words: Words) -> tuple[str, ...]:
    """Return an answer as lines, each with the name of its field where there are several."""
    if question.shape is Shape.ONE or len(question.fields) == 1:
        return tuple(words.value(question, line) for line in lines(question, value))
    told = [line for line in lines(question, value) if line.value is not None or line.field.unknown]
    named = [(words.label(question, line.field), words.value(question, line)) for line in told]
    return tuple(f"{label} {said}" if label.endswith("?") else f"{label}: {said}" for label, said in named)


def _concerns(case: CaseFile, reader: Reader, own_state: str) -> list[tuple[str, str]]:
    """Return the certificate that a request is about, with its days and, to end it, the day asked for."""
    found = case.application
    before = next((each for each in case.earlier if each.application_id == found.predecessor), None)
    if before is None:
        return []
    told = _earlier(before, reader, own_state)
    shown = " · ".join(each for each in (told["case_number"], told["where"], told["when"]) if each)
    asked = (found.answers.get("withdrawal") or {}).get("effective_from")
    day = [(reader.say("office.withdraw.from"), reader.day(asked))] if asked else []
    return [(reader.say("office.case.concerns"), shown), *day]


def _summary(found: Application, words: Words, subject: Subject) -> list[tuple[str, str]]:
    reader, case = words.reader, words.case
    told = [
        ("page.status.worker", who(case) or found.worker_pin or ""),
        ("page.status.employer", str(case.part("employer", "name") or "")),
        ("page.status.country", where(case, reader)),
        ("page.status.period", period(found, case, reader)),
        ("page.status.filed", "" if found.submitted_at is None else reader.moment(found.submitted_at)),
        ("page.status.decided", "" if found.decided_at is None else reader.moment(found.decided_at)),
        ("office.col.officer", _officer(found, reader, subject)),
    ]
    return [(reader.say(key), value) for key, value in told if value]


def _officer(found: Application, reader: Reader, subject: Subject) -> str:
    """Return whose case it is or, once it is decided, who decided; empty where nobody did."""
    if found.assigned_to is not None or found.state in _OPEN:
        return officer(found.assigned_to, reader, subject=subject)
    acted = [each.actor_id for each in found.history if each.actor is Actor.OFFICER]
    return officer(acted[-1], reader, subject=subject) if acted else ""


def _engine(case: CaseFile, words: Words) -> dict[str, Any] | None:
    if case.engine is None:
        return None
    seen = replace(case.application, decision=case.engine.decision, facts=case.engine.facts)
    told = explained(seen, words)
    return {
        "reasons": () if told is None else told.reasons,
        "facts_used": () if told is None else told.facts_used,
        "lines": decision_lines(case.engine.decision, words.reader),
        "at": words.reader.moment(case.engine.at),
    }


def _steps(case: CaseFile, words: Words) -> tuple[str, ...]:
    if case.engine is None:
        return ()
    told = explained(replace(case.application, decision=case.engine.decision, facts=case.engine.facts), words)
    return () if told is None else told.steps


def decision_lines(decision: JsonObject, reader: Reader) -> list[tuple[str, str]]:
    """Return a decision as names and values."""
    state = decision.get("competent_state")
    told = [
        ("office.case.outcome", reader.say(f"office.case.outcome.{decision['outcome']}")),
        ("office.case.article", article_in_words(decision.get("article"), decision.get("instrument"), reader)),
        ("office.case.state", "" if state is None else reader.country(state)),
        (
            "office.case.period",
            period_in_words(decision.get("validity_start"), decision.get("validity_end"), reader),
        ),
    ]
    return [(reader.say(key), value) for key, value in told if value]


def article_in_words(article: str | None, instrument: str | None, reader: Reader) -> str:
    """Return an article with the law that it stands in; empty for none."""
    if article is None:
        return ""
    key = f"instrument.{instrument}"
    name = reader.say(key) if reader.has(key) else instrument or ""
    return reader.say("page.decision.article.of", article=article, instrument=name)


def period_in_words(start: str | None, end: str | None, reader: Reader) -> str:
    """Return a period; empty where it has no first day."""
    if start is None:
        return ""
    if end is None:
        return reader.say("page.decision.valid.open", start=reader.day(start))
    return reader.say("date.period", start=reader.day(start), end=reader.day(end))


def _proposed(case: CaseFile, reader: Reader, subject: Subject, own_state: str) -> dict[str, object] | None:
    kept = case.application.proposed
    if kept is None:
        return None
    own = kept["decided_by"] == subject.id
    shown: dict[str, object] = {"own": own, "reason": kept["reason"], "departs": bool(case.departs)}
    if (what := kept.get("what")) is not None:
        told = [("office.case.outcome", reader.say(f"office.act.{_ENDINGS[what]}"))]
        if what == "revoke":
            told.append(("office.withdraw.cause", reader.say(f"office.withdraw.cause.{kept['cause']}")))
            told.append(("office.withdraw.from", reader.day(kept["from"])))
        return {**shown, "lines": [(reader.say(key), value) for key, value in told]}
    verdict = verdict_from_json(kept)
    exception = verdict.agreed_on is not None
    names_state = verdict.other_state is not None
    told = [
        (
            "office.case.outcome",
            reader.say(f"office.decide.{'exception' if exception else verdict.outcome.value}"),
        ),
        ("office.case.article", article_in_words(verdict.article, verdict.instrument, reader)),
        ("office.case.period", period_in_words(kept["validity_start"], kept["validity_end"], reader)),
        ("office.decide.state", reader.country(verdict.other_state or own_state) if names_state else ""),
        ("office.decide.agreed_on", "" if verdict.agreed_on is None else reader.day(verdict.agreed_on)),
    ]
    return {**shown, "lines": [(reader.say(key), value) for key, value in told if value]}


_ENDINGS: Final = {"confirm": "confirm", "revoke": "withdraw", "settle": "settle"}


def _said(found: Application, reader: Reader) -> list[dict[str, str]]:
    """Return what the applicant said in words: against the decision, or as an answer."""
    return [
        {
            "title": reader.say("office.case.contest" if each.what != Act.SUBMITTED else "office.case.said"),
            "text": str(each.details["said"]),
            "at": reader.moment(each.at),
        }
        for each in found.history
        if each.details.get("said")
    ]


def _earlier(each: Application, reader: Reader, own_state: str) -> dict[str, str]:
    case = case_of(each.answers, known_of(each, own_state=own_state))
    return {
        "address": case_of_office(each.institution, each.application_id),
        "case_number": each.case_number,
        "kind": reader.say(f"kind.{each.certificate_kind.value}"),
        "where": where(case, reader),
        "when": period(each, case, reader),
        "state": state_of(each, expired=False),
    }


def _history(found: Application, reader: Reader, subject: Subject) -> list[dict[str, str]]:
    """Return what happened, in order; answers one after the other are told once, with their last time."""
    told: list[dict[str, str]] = []
    for each in found.history:
        line = _line(found, each, reader, subject)
        if told and {**told[-1], "at": ""} == {**line, "at": ""}:
            told.pop()
        told.append(line)
    return told


def _line(found: Application, entry: HistoryEntry, reader: Reader, subject: Subject) -> dict[str, str]:
    reason = entry.reason if entry.actor is Actor.OFFICER else ""
    cause = entry.details.get("cause")
    if cause and not reason:
        reason = reader.say(f"office.withdraw.cause.{cause}")
    return {
        "at": reader.moment(entry.at),
        "what": reader.say(act_of(found, entry.what)),
        "by": officer(entry.actor_id, reader, subject=subject)
        if entry.actor is Actor.OFFICER
        else reader.say(f"office.audit.actor.{entry.actor.value}"),
        "reason": reason,
    }
