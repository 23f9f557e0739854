"""A person's own attestations as pages show them. Nothing is decided here."""

from collections.abc import Mapping, Sequence
from typing import Final

from portadoc.portal.applications.application import Application
from portadoc.portal.applications.timers import day_of
from portadoc.portal.attestations.attestation import Attestation, Standing
from portadoc.portal.neighbours import Collected, Deed
from portadoc.portal.pages.case_view import address_of
from portadoc.schemas.claims import Json
from portadoc.web.pages.reader import Reader

_COLOURS: Final[Mapping[Standing, str]] = {
    Standing.NOT_BEGUN: "provisional",
    Standing.IN_FORCE: "granted",
    Standing.ENDS_SOON: "provisional",
    Standing.ENDED: "expired",
    Standing.WITHDRAWN: "withdrawn",
    Standing.REPLACED: "superseded",
}
_KINDS: Final = {"pda1": "a1"}
_ASKED_FOR: Final = "holder_request"
_REISSUE: Final = "reissue"


def space_of(slug: str) -> str:
    """Return the address of a person's own attestations."""
    return f"/portal/{slug}/attestations"


def card_view(found: Attestation, reader: Reader, *, slug: str, collectable: bool, seen: str) -> dict[str, Json]:
    """Return an attestation as a card of a list; its next step is one button."""
    taken = found.own_collections
    return {
        "address": f"{space_of(slug)}/{found.attestation_id}",
        "anchor": f"a-{found.attestation_id[:8]}",
        "kind": reader.say(f"kind.{_KINDS.get(found.kind, found.kind)}"),
        "title": _title(found, reader),
        "period": _period(found, reader),
        "standing": reader.say(f"own.standing.{found.standing.value}"),
        "colour": _COLOURS[found.standing],
        "collected": _last_collected(taken, reader) if taken or found.standing.can_be_collected else "",
        "collect": collectable and not found.is_on_a_phone,
        "employers": ", ".join(found.employers),
        "seen": seen,
    }


def whole_view(
    found: Attestation,
    others: Sequence[Attestation],
    followers: Sequence[Application],
    reader: Reader,
    *,
    slug: str,
    collectable: bool,
    seen: str,
) -> dict[str, Json]:
    """Return an attestation with all that became of it; ``others`` are those that it can lead to."""
    case = found.application
    return {
        **card_view(found, reader, slug=slug, collectable=collectable, seen=seen),
        "again": collectable and found.is_on_a_phone,
        "sentence": _sentence(found, reader),
        "because": _because(found, reader),
        "provisional": reader.say("page.decision.provisional") if found.provisional else "",
        "is_over": found.standing is Standing.REPLACED,
        "successor": _other(found.record.successor, others, slug),
        "predecessor": _other(found.record.predecessor, others, slug),
        "facts": _facts(found, reader),
        "collections": [_collection(each, found, reader) for each in found.record.collections],
        "paper": f"{address_of(case)}/paper.pdf" if case is not None and found.has_paper else "",
        "decision": "" if case is None else address_of(case),
        "history": _history(found, followers, reader),
    }


def _title(found: Attestation, reader: Reader) -> str:
    """Return where it is for, or whose card it is."""
    return ", ".join(map(reader.country, found.states)) or found.name


def _period(found: Attestation, reader: Reader) -> str:
    if found.first_day is None or found.last_day is None:
        return "" if found.first_day is None else reader.say("own.from", day=reader.day(found.first_day))
    return reader.say("date.period", start=reader.day(found.first_day), end=reader.day(found.last_day))


def _last_collected(taken: Sequence[Collected], reader: Reader) -> str:
    if not taken:
        return reader.say("own.wallets.none")
    return reader.say("own.wallets.times", count=len(taken), day=reader.day(day_of(taken[-1].at)))


def _sentence(found: Attestation, reader: Reader) -> str:
    """Return what follows for the person from what it is worth."""
    nowhere = found.standing is Standing.IN_FORCE and not found.is_on_a_phone and not found.has_paper
    return (
        reader.say("own.sentence.on_no_phone") if nowhere else reader.say(f"own.sentence.{found.standing.value}")
    )


def _because(found: Attestation, reader: Reader) -> str:
    """Return why it ended before its time, in plain words, and from when; empty where it did not."""
    deed = found.ended_by
    if deed is None or found.standing is Standing.REPLACED:
        return ""
    said = reader.say(f"own.cause.{_ASKED_FOR if deed.reason == _ASKED_FOR else deed.cause}")
    if deed.effective_from is None:
        return said
    return f"{said} {reader.say('own.without_effect', day=reader.day(deed.effective_from))}"


def _other(record_id: str | None, others: Sequence[Attestation], slug: str) -> str:
    """Return the address of another attestation of the same person; empty for one that is not listed."""
    known = record_id in {each.attestation_id for each in others}
    return f"{space_of(slug)}/{record_id}" if known else ""


def _facts(found: Attestation, reader: Reader) -> list[Json]:
    told = [
        ("own.number", found.number),
        ("page.status.worker", found.name),
        ("page.status.employer", ", ".join(found.employers)),
        ("page.status.country", ", ".join(map(reader.country, found.states))),
        ("page.status.period", _period(found, reader)),
    ]
    return [[reader.say(key), value] for key, value in told if value]


def _collection(each: Collected, found: Attestation, reader: Reader) -> dict[str, Json]:
    notes = [
        *(["own.wallets.employer"] if each.grant_id in found.employer_grants else []),
        *(["own.wallets.confirmed"] if each.confirmed else []),
        *(["own.wallets.ended"] if each.valid == 0 else []),
    ]
    return {
        "at": reader.moment(each.at),
        "copies": reader.say("own.wallets.copies", copies=each.copies),
        "notes": [reader.say(note) for note in notes],
    }


def _history(found: Attestation, followers: Sequence[Application], reader: Reader) -> list[Json]:
    """Return what happened, in order."""
    told = [(found.record.recorded_at, "issued")]
    for each in found.record.collections:
        by_employer = each.grant_id in found.employer_grants
        told.append((each.at, "collected_by_employer" if by_employer else "collected"))
    told += [(deed.at, _deed(deed)) for deed in found.record.deeds]
    told += [(each.decided_at, "prolong") for each in followers if each.decided_at is not None]
    in_order = sorted(told, key=lambda each: each[0])
    return [{"at": reader.moment(at), "what": reader.say(f"own.history.{what}")} for at, what in in_order]


def _deed(deed: Deed) -> str:
    if deed.verb == _REISSUE:
        return "reissue_lost" if deed.reason == _ASKED_FOR else _REISSUE
    return "replace" if deed.verb == "withdraw" and deed.successor is not None else deed.verb
