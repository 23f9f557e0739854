"""An application as pages show it: who, where, when, its answers, its history. Nothing is decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.access.subjects import Subject
from portadoc.portal.applications.application import (
    HEALTH,
    Application,
    ApplicationState,
    CertificateKind,
    RequestKind,
)
from portadoc.portal.applications.life_cycle import Act
from portadoc.portal.pages.words import Words
from portadoc.portal.questions.facts import period_of
from portadoc.portal.questions.flows import case_of
from portadoc.portal.questions.form import Case, Known, Section, Shape
from portadoc.portal.questions.summary import Item, Line, summary
from portadoc.schemas.claims import Json
from portadoc.web.pages.reader import Reader

ATTACHMENTS_PATH: Final = "/portal/attachments/"
"""Apart from the other pages of a request, for larger bodies are taken here."""
_NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class LineView:
    """One field of an answer; ``row`` is the heading of a row of a table, on its first field only."""

    row: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """One answer; ``source`` says where it is known from, ``change`` where it can be changed; either is empty.

    ``short`` is all of it on one line.
    """

    title: str
    lines: tuple[LineView, ...]
    source: str
    change: str
    short: str


@dataclass(frozen=True, slots=True)
class PartView:
    """The answers under one heading."""

    name: str
    title: str
    entries: tuple[ItemView, ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """One line of a list of requests."""

    address: str
    case_number: str
    who: str
    where: str
    when: str
    state: str
    kind: str
    wallet: str = ""
    own: bool = False


def case_view(
    application: Application,
    known: Known,
    reader: Reader,
    *,
    expired: bool,
    own: bool,
    wallet: str = "",
    address: str = "",
) -> CaseView:
    """Return an application as a line of a list; ``address`` is where it is shown, if not among the requests."""
    case = case_of(application.answers, known)
    return CaseView(
        address or address_of(application),
        application.case_number,
        who(case) or application.worker_pin or _NONE,
        where(case, reader) or _NONE,
        period(application, case, reader) or _NONE,
        state_of(application, expired=expired),
        reader.say(f"kind.{application.certificate_kind.value}"),
        wallet,
        own,
    )


def address_of(application: Application) -> str:
    """Return the address of an application's pages."""
    return f"/portal/{application.institution}/requests/{application.application_id}"


def attachments_of(application: Application) -> str:
    """Return the address of an application's attachments."""
    return f"{ATTACHMENTS_PATH}{application.institution}/{application.application_id}"


def state_of(application: Application, *, expired: bool) -> str:
    """Return the state, or that the certificate has ended by its dates."""
    if application.request_kind is RequestKind.WITHDRAWAL and application.state is ApplicationState.GRANTED:
        return "ended"
    return "expired" if expired and application.is_in_force else application.state.value


def act_of(application: Application, what: str) -> str:
    """Return what happened as a text key below ``history.``; to grant a withdrawal is to end a certificate."""
    ends = application.request_kind is RequestKind.WITHDRAWAL and what == Act.GRANTED
    return "history.ended" if ends else f"history.{what}"


def who(case: Case) -> str:
    """Return the name of the person, empty where nobody told it yet."""
    worker = case.get("worker")
    return "" if worker is None else f"{worker['given_name']} {worker['family_name']}"


def where(case: Case, reader: Reader) -> str:
    """Return the countries of work."""
    rows = [row["state"] for name in ("shares", "shares_by_work", "home_bases") for row in case.rows(name)]
    codes = [case.get("host_state"), case.part("vessel", "flag_state"), *rows]
    return ", ".join(reader.country(code) for code in dict.fromkeys(codes) if code is not None)


def period(application: Application, case: Case, reader: Reader) -> str:
    """Return the period granted, before that the one asked for."""
    start, end = application.valid_from or period_of(case)[0], application.valid_to or period_of(case)[1]
    if start is None:
        return ""
    if end is None:
        return reader.day(start)
    return reader.say("date.period", start=reader.day(start), end=reader.day(end))


def parts_view(
    answers: Mapping[str, Json], known: Known, reader: Reader, *, change: str = ""
) -> tuple[PartView, ...]:
    """Return all answers under their headings; ``change`` is the address below which questions are asked again."""
    words = Words(reader, case_of(answers, known))
    return tuple(
        PartView(
            part.section.value,
            _heading(part.section, known, reader),
            tuple(_item(each, words, change) for each in part.items),
        )
        for part in summary(answers, known)
    )


def is_certificate(application: Application) -> bool:
    """Tell whether an application has a certificate that can be taken along."""
    return application.has_certificate and application.certificate_kind is not CertificateKind.PRC


def acts_for(subject: Subject, application: Application) -> bool:
    """Tell whether the reader is the person whom an application is about, or a parent of that person."""
    pin = application.worker_pin
    return pin is not None and pin in {subject.pin, *subject.children}


def is_provable(application: Application) -> bool:
    """Tell whether there is a proof that an application was filed: of what carries an A1 at its end."""
    return application.request_kind is not RequestKind.WITHDRAWAL and application.certificate_kind not in HEALTH


def is_sent(application: Application) -> bool:
    """Tell whether an application was sent and can be followed."""
    return application.state is not ApplicationState.DRAFT


def _heading(section: Section, known: Known, reader: Reader) -> str:
    own = f"section.{section.value}.{'self' if known.capacity.value == 'self_employed' else ''}"
    return reader.say(own if reader.has(own) else f"section.{section.value}")


def _item(item: Item, words: Words, change: str) -> ItemView:
    source = "" if item.source is None else words.reader.say(f"source.{item.source.value}")
    lines = tuple(_line(item, each, words) for each in item.lines if _is_told(item, each))
    return ItemView(
        words.short(item.question),
        lines,
        source,
        f"{change}/{item.question.id}" if change and item.source is None else "",
        _in_short(item, lines),
    )


def _in_short(item: Item, lines: tuple[LineView, ...]) -> str:
    """Return an answer on one line; given and family name are one name."""
    values = [each.value for each in lines]
    names = [each.name for each in item.question.fields[:2]]
    if names == ["given_name", "family_name"] and len(values) > 1:
        values[:2] = [" ".join(values[:2])]
    return ", ".join(values)


def _is_told(item: Item, line: Line) -> bool:
    """Leave out the fields that a register left empty or nobody had to fill in."""
    return line.value is not None or line.field.unknown or item.question.shape is Shape.ONE


def _line(item: Item, line: Line, words: Words) -> LineView:
    question = item.question
    first = line.row and line.field.name == question.fields[0].name
    return LineView(
        words.row(question, line.row) if first and len(item.lines) > len(question.fields) else "",
        "" if question.shape is Shape.ONE or len(question.fields) == 1 else words.told_label(question, line.field),
        words.value(question, line),
    )
