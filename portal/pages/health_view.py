"""Cards, consents and replacement certificates as pages show them. Nothing is decided here."""

from collections.abc import Mapping, Sequence
from typing import Final

from portadoc.portal.applications.application import Application, ApplicationState
from portadoc.portal.health.cards import Member, Standing
from portadoc.portal.health.insurance import MET, CardCause
from portadoc.portal.pages.case_view import address_of
from portadoc.portal.pages.form_view import FieldView, OptionView
from portadoc.portal.store.health_store import Asked, Consent, ConsentState
from portadoc.schemas.claims import Json
from portadoc.schemas.ehic import PRC_REASONS
from portadoc.web.pages.reader import Reader

_DAYS: Final = frozenset({"insured_until", "first_day"})
_SHOWN: Final = ("insurer_name", "insured_until", "first_day")
_REQUESTS: Final = "requests"


def health_reasons(application: Application, reader: Reader) -> tuple[str, ...]:
    """Return why it was decided so: one sentence when everything fits, else what does not or is not known."""
    decision, kind = application.decision or {}, application.certificate_kind.value
    missing = [step for step in decision.get("derivation") or () if step["result"] != MET]
    if not missing:
        return (reader.say(f"health.reason.{kind}"),)
    return tuple(reader.say(f"health.rule.{step['rule']}.{step['result']}") for step in missing)


def health_steps(application: Application, reader: Reader) -> tuple[str, ...]:
    """Return every rule that was looked at, with its outcome and its source in law."""
    told = []
    for step in (application.decision or {}).get("derivation") or ():
        words = reader.say(f"health.rule.{step['rule']}.{step['result']}")
        told.append(f"{words} ({step['provision']})")
    return tuple(told)


def health_facts_shown(application: Application, reader: Reader) -> tuple[tuple[str, str], ...]:
    """Return the facts that decided, in words."""
    health = (application.facts or {}).get("health") or {}
    return tuple(
        (reader.say(f"health.fact.{name}"), reader.day(health[name]) if name in _DAYS else str(health[name]))
        for name in _SHOWN
        if health.get(name)
    )


def member_view(member: Member, causes: Sequence[CardCause], reader: Reader, *, slug: str) -> dict[str, Json]:
    """Return one person of a household, with the card and what can be done about it."""
    base = f"/portal/{slug}/health/people/{member.tag}"
    card, here = member.certificate, member.standing is Standing.HERE
    number = member.printed_number if card is None else card.document_number
    until = member.insured_until if card is None else card.valid_to
    case = member.case
    return {
        "anchor": f"p-{member.tag[:8]}",
        "name": member.name or reader.say("page.health.you" if member.is_self else "page.health.child"),
        "born": "" if member.birth_date is None else reader.day(member.birth_date),
        "standing": reader.say(f"page.health.standing.{member.standing.value}", institution=member.insurer_name),
        "number": number if here and number else "",
        "until": reader.day(until) if here and until is not None else "",
        "portable": card is not None,
        "address": "" if card is None else f"/portal/{slug}/{_REQUESTS}/{card.application_id}",
        "case": ""
        if case is None or not (case.is_open or case.step is not None)
        else f"/portal/{slug}/{_REQUESTS}/{case.application_id}",
        "causes": [
            {"address": f"{base}/card/{each.value}", "text": reader.say(f"page.health.cause.{each.value}")}
            for each in causes
        ],
        "replacement": f"{base}/replacement" if here else "",
        "code": f"{base}/code" if here else "",
    }


def consent_view(consent: Consent, names: Mapping[str, str], reader: Reader, *, slug: str) -> dict[str, Json]:
    """Return a consent that can be used, or one that is asked for."""
    return {
        "base": f"/portal/{slug}/health/consents/{consent.consent_id}",
        "asked": consent.state is ConsentState.ASKED,
        "who": names.get(consent.person_pin or "", ""),
        "by": consent.given_name,
        "reason": reader.say(f"page.health.need.{consent.reason}") if consent.reason else "",
        "until": reader.moment(consent.expires_at),
    }


def asked_view(
    asked: Asked, names: Mapping[str, str], cases: Mapping[str, Application], reader: Reader
) -> dict[str, str]:
    """Return who asked and what came of it: a used consent leads to a case, which may wait for a person."""
    case, outcome = cases.get(asked.application_id or ""), asked.outcome
    if case is not None and (case.is_open or case.state is ApplicationState.REFUSED):
        outcome = "pending" if case.is_open else "refused"
    return {
        "address": "" if case is None else address_of(case),
        "at": reader.moment(asked.at),
        "by": asked.asked_name,
        "who": names.get(asked.person_pin or "", ""),
        "outcome": reader.say(f"page.health.outcome.{outcome}"),
    }


def need_fields(typed: Mapping[str, str], faults: Mapping[str, str], reader: Reader) -> tuple[FieldView, ...]:
    """Return the fields that say for what a certificate is needed."""
    options = tuple(OptionView(each, reader.say(f"page.health.need.{each}")) for each in PRC_REASONS)
    return (
        field_view("reason", "radios", typed, faults, reader, options=options),
        field_view("first_day", "date", typed, faults, reader),
    )


def field_view(
    name: str,
    control: str,
    typed: Mapping[str, str],
    faults: Mapping[str, str],
    reader: Reader,
    *,
    options: tuple[OptionView, ...] = (),
) -> FieldView:
    """Return a field of a form about health care, with what was typed and what is wrong with it."""
    hint = f"page.health.field.{name}.hint"
    return FieldView(
        name=name,
        label=reader.say(f"page.health.field.{name}"),
        hint=reader.say(hint) if reader.has(hint) else "",
        control=control,
        options=options,
        value=typed.get(name, ""),
        error=faults.get(name, ""),
        required=True,
        autocomplete="",
        unit="",
    )
