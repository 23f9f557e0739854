"""The verdict as people read it: for the kind of document, the day that was judged and the age of its status.

Article 5 of Regulation (EC) 987/2009 speaks of documents that institutions issue to show a person's situation: it
is named for an A1 and a health card, never for identity data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from portadoc.i18n import Message
from portadoc.schemas.catalogue import A1_TYPES, EVERY_LAYOUT
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.verification.checks import LETS_THROUGH, STATUS, TECHNICAL_VALIDITY, Check
from portadoc.verification.rendering.wording import EMPTY, Words
from portadoc.verification.report import VerificationReport
from portadoc.verification.verdict import NOT_DECIDED, Colour, Verdict

AGE_TOLD_FROM_S: Final = 3_600
"""A status known for an hour or longer is told with its age in the headline."""

_APPLICATION: Final = ApplicationProof.KIND
_KINDS: Final = ("pda1", "bilateral", "maintenance", "ehic", "prc", "pid", _APPLICATION)
_SEAL: Final = "seal_not_bound"
"""The code of what a seal never shows: who presents it."""
_STALE: Final = "status_stale"
WITHDRAWN_LATER: Final = "withdrawn_later"
"""The code of a status that takes effect after the day judged."""
_TOO_OLD: Final = "status_too_old"


@dataclass(frozen=True, slots=True)
class ToldVerdict:
    """A verdict in words: a headline that stands alone, a sentence, and what to do."""

    colour: Colour
    headline: str
    sentence: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Circumstances:
    """What the headline has to say beside the verdict. ``another_day`` is the day judged where it is not today."""

    kind: str = ""
    day: date | None = None
    another_day: date | None = None
    withdrawn_from: str | None = None
    replaced: bool = False
    age_s: int = 0
    stale: bool = False
    copy_only: bool = False
    sealed: bool = False
    filed_on: str = "-"


def told_report(report: VerificationReport, words: Words) -> ToldVerdict:
    """Return the verdict of one report in words."""
    return told_verdict(report.verdict, (report,), words)


def told_verdict(verdict: Verdict, reports: Sequence[VerificationReport], words: Words) -> ToldVerdict:
    """Return the verdict over all reports of one answer in words."""
    found = _circumstances(verdict, [each for each in reports if each.verdict is verdict])
    if found.sealed:
        return _of_seal(verdict, found, words)
    message = words.message(verdict.code, {})
    name, _, sentence = (part.strip() for part in message.text.partition(":"))
    plain = Message(sentence[:1].upper() + sentence[1:], message.action)
    headline = _headline(verdict, found, name.capitalize(), words)
    by_day = _by_withdrawal if verdict is Verdict.AUTHENTIC_IN_FORCE and found.withdrawn_from else _by_kind
    told = by_day(verdict, found, plain, words)
    return ToldVerdict(verdict.colour, headline, told.text, told.action)


def kind_of(report: VerificationReport) -> str:
    """Return what kind of document a report is about; empty where that is not known."""
    if report.layout is not None:
        return EVERY_LAYOUT[report.layout].kind
    return "pda1" if report.credential_type in A1_TYPES else ""


def is_withdrawn(report: VerificationReport) -> bool:
    """Tell whether a withdrawal is known, or whether there is one is not, whatever the day judged."""
    check = status_check(report)
    return check is None or check.outcome not in LETS_THROUGH or check.code == WITHDRAWN_LATER


def status_check(report: VerificationReport) -> Check | None:
    """Return the check of the status; None in a report that has none."""
    return next((check for check in report.checks if check.id == STATUS.id), None)


def _circumstances(verdict: Verdict, reports: Sequence[VerificationReport]) -> _Circumstances:
    statuses = [check for check in map(status_check, reports) if check is not None]
    kinds = {kind_of(each) for each in reports}
    days = [each.on_date for each in reports if each.on_date is not None]
    others = [each.on_date for each in reports if each.on_date not in (None, _day_of_check(each))]
    ends = [check.params for check in statuses if "effective_from" in check.params]
    dated = [params for params in ends if params["effective_from"] not in EMPTY]
    aged = [check for check in statuses if check.outcome in LETS_THROUGH or check.code == _TOO_OLD]
    copies = [each.deciding_check for each in reports if each.deciding_check is not None]
    return _Circumstances(
        kind=next((kind for kind in _KINDS if kind in kinds), ""),
        day=next(iter(days), None),
        another_day=next(iter(others), None),
        withdrawn_from=str(dated[0]["effective_from"]) if dated else None,
        replaced=bool(dated) and dated[0].get("cause") == "replaced",
        age_s=max((age for check in aged if isinstance(age := check.params.get("age_s"), int)), default=0),
        stale=any(check.code == _STALE or check.params.get("stale") == 1 for check in aged),
        copy_only=verdict is Verdict.NOT_IN_FORCE_ON_DATE
        and bool(copies)
        and all(check.id == TECHNICAL_VALIDITY.id for check in copies),
        sealed=any(check.code == _SEAL for check in copies),
        filed_on=next(
            (str(check.params.get("filed_on", "-")) for check in copies if check.code == NOT_DECIDED), "-"
        ),
    )


def _day_of_check(report: VerificationReport) -> date:
    return datetime.fromtimestamp(report.as_of, UTC).date()


def _of_seal(verdict: Verdict, found: _Circumstances, words: Words) -> ToldVerdict:
    """Return what a seal comes to against which nothing speaks but that it is bound to nobody."""
    day = found.day if found.withdrawn_from else found.another_day
    days = {} if day is None else {"day": words.day(day), "effective_from": words.value(found.withdrawn_from)}
    which = "headline" if day is None else "withdrawn_later" if found.withdrawn_from else "on_day"
    headline = _aged(words.say(f"told.sealed.{which}", **days), found, words)
    sentence, action = (words.say(f"told.sealed.{part}") for part in ("sentence", "action"))
    return ToldVerdict(verdict.colour, headline, sentence, action)


def _headline(verdict: Verdict, found: _Circumstances, name: str, words: Words) -> str:
    """Return the headline: the day judged where it is another, the age of the status where it has grown old."""
    own = f"told.{verdict}.{found.kind}.headline"
    headline = _by_day(verdict, found, words.say(own) if words.has(own) else name, words)
    rests_on_status = verdict in (Verdict.AUTHENTIC_IN_FORCE, Verdict.STATUS_NOT_KNOWN)
    return _aged(headline, found, words) if rests_on_status else headline


def _aged(headline: str, found: _Circumstances, words: Words) -> str:
    """Return a headline with the age of the status where it has grown old."""
    if not (found.stale or found.age_s >= AGE_TOLD_FROM_S):
        return headline
    ending = "told.known_stale" if found.stale else "told.known"
    return words.say(ending, headline=headline, age=words.duration(found.age_s))


def _by_day(verdict: Verdict, found: _Circumstances, name: str, words: Words) -> str:
    """Return the headline with the days that it turns on."""
    withdrawn_from = None if found.withdrawn_from is None else words.value(found.withdrawn_from)
    if withdrawn_from is not None and verdict is Verdict.AUTHENTIC_IN_FORCE and found.day is not None:
        return words.say("told.withdrawn_later", day=words.day(found.day), effective_from=withdrawn_from)
    if withdrawn_from is not None and verdict is Verdict.WITHDRAWN_OR_REPLACED and found.kind != _APPLICATION:
        ended = "told.replaced_from" if found.replaced else "told.withdrawn_from"
        name = words.say(ended, effective_from=withdrawn_from)
    if found.copy_only:
        return words.say("told.copy_only")
    if verdict is Verdict.NOT_IN_FORCE_ON_DATE and found.day is not None:
        return words.say(f"told.{verdict}.on_day", day=words.day(found.day))
    return _on_another_day(verdict, name, found, words)


def _on_another_day(verdict: Verdict, headline: str, found: _Circumstances, words: Words) -> str:
    if found.another_day is None:
        return headline
    own = f"told.{verdict}.on_day"
    return words.say(own if words.has(own) else "told.on_day", headline=headline, day=words.day(found.another_day))


def _by_withdrawal(verdict: Verdict, found: _Circumstances, plain: Message, words: Words) -> Message:
    """Return what follows from a withdrawal that takes effect after the day judged."""
    effective_from = words.value(found.withdrawn_from)
    return Message(
        words.say("told.withdrawn_later.sentence", effective_from=effective_from),
        words.say("told.withdrawn_later.action", effective_from=effective_from),
    )


def _by_kind(verdict: Verdict, found: _Circumstances, plain: Message, words: Words) -> Message:
    """Return sentence and action for the kind of document, where it has its own."""
    sentence, action = (f"told.{verdict}.{found.kind}.{part}" for part in ("sentence", "action"))
    filed_on = words.value(found.filed_on)
    return Message(
        words.say(sentence, filed_on=filed_on) if words.has(sentence) else plain.text,
        words.say(action) if words.has(action) else plain.action,
    )
