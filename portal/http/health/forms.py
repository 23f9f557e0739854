"""Reading the forms about health care: every fault is told beside its field, and nothing typed is lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from portadoc.errors import Error, Malformed
from portadoc.i18n import render
from portadoc.portal.health.consents import read_code
from portadoc.portal.health.replacements import Need, Replacements
from portadoc.portal.http.frame import typed_day
from portadoc.portal.registers.register import plain_pin
from portadoc.web.pages.reader import Reader

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was read. ``faults`` says by field what is wrong; what is faulty is empty or None."""

    need: Need | None
    code: str
    pin: str
    birth_date: date | None
    faults: Mapping[str, str]


def read_need(
    form: Mapping[str, str], replacements: Replacements, reader: Reader, *, fields: tuple[str, ...] = ()
) -> Typed:
    """Read a form; ``fields`` are those besides the need: ``code``, ``pin``, ``birth_date``."""
    faults: dict[str, str] = {}
    code = pin = ""
    born = typed_day(form.get("birth_date", ""))
    if "birth_date" in fields and born is None:
        faults["birth_date"] = reader.say("page.health.fault.day")
    if "code" in fields:
        try:
            code = read_code(form.get("code", "")[:_LONGEST])
        except Malformed:
            faults["code"] = reader.say("page.health.fault.code")
    if "pin" in fields:
        pin = plain_pin(form.get("pin", ""))[:_LONGEST]
        if not pin:
            faults["pin"] = reader.say("page.health.fault.pin")
    first, need = typed_day(form.get("first_day", "")), None
    if form.get("first_day") and first is None:
        faults["first_day"] = reader.say("page.health.fault.day")
    else:
        try:
            need = replacements.need(form.get("reason", ""), first, reader.language)
        except Error as error:
            where = "reason" if error.code == "choice_unknown" else "first_day"
            faults[where] = reader.say("page.health.fault.reason") if where == "reason" else told(error, reader)
    return Typed(need=need, code=code, pin=pin, birth_date=born, faults=faults)


def told(error: Error, reader: Reader) -> str:
    """Return what a refusal says and what to do about it."""
    key = f"page.health.fault.{error.code}"
    if reader.has(key):
        return reader.say(key, **error.params)
    message = render(error.code, error.params, reader.message_language)
    return f"{message.text} {message.action}"
