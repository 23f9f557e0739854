"""What authentic sources send and get: strict on the way in, under their own ids on the way out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from portadoc.days import read_day
from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.authorization.offers import Offer, OfferFlow
from portadoc.issuer.life_cycle.reissuing import Terms
from portadoc.issuer.life_cycle.succession import Change
from portadoc.issuer.records.holders import Holder
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.sources.sources import SourceView
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.history_store import Act
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.records import Record, record_from_json
from portadoc.web.bodies import flag_member, require_members, text_member

TERMS: Final = frozenset({"configuration_ids", "tx_code", "by_reference", "flow"})
CHANGE: Final = frozenset({"reason", "effective_from", "cause"})
SUCCESSOR: Final = frozenset({"id", "record"})
_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record and the id that the source has for it."""

    source_record_id: str
    record: Record


def read_terms(body: JsonObject, *, beside: Collection[str] = ()) -> Terms:
    """Return what is to be offered and how. Raises Malformed[member_unknown], [member_invalid]."""
    require_members(body, TERMS | set(beside))
    return Terms(
        configuration_ids=_texts(body, "configuration_ids"),
        tx_code=flag_member(body, "tx_code"),
        by_reference=flag_member(body, "by_reference"),
        flow=_word(body, "flow", OfferFlow) if "flow" in body else None,
    )


def read_change(body: JsonObject, *, beside: Collection[str] = (), reasoned: bool = True) -> Change:
    """Return why a record gives way, and from which day; ``reasoned`` says that a reason has to be told (J05).

    Raises Malformed[member_unknown], [member_invalid].
    """
    require_members(body, CHANGE | set(beside))
    given = reasoned or "reason" in body
    return Change(
        reason=_word(body, "reason", WithdrawalReason) if given else WithdrawalReason.SUPERSEDED,
        effective_from=_day(body, "effective_from") if "effective_from" in body else None,
        cause=_word(body, "cause", WithdrawalCause) if "cause" in body else None,
    )


def read_successor(body: JsonObject) -> NamedRecord:
    """Return the record that takes the place of another. Raises as ``record_from_json``."""
    told = body.get("successor")
    if not isinstance(told, dict):
        raise Malformed("member_invalid", member="/successor", expected="object")
    require_members(told, SUCCESSOR)
    record = told.get("record")
    if not isinstance(record, dict):
        raise Malformed("member_invalid", member="/successor/record", expected="object")
    return NamedRecord(text_member(told, "id"), record_from_json(record))


def read_expectation(body: JsonObject) -> tuple[Holder, tuple[str, ...]]:
    """Return whom a record is being decided about, and in which configurations it will be had.

    Raises Malformed[member_unknown], [member_invalid].
    """
    require_members(body, {"person", "configuration_ids"})
    person = body.get("person")
    if not isinstance(person, dict):
        raise Malformed("member_invalid", member="/person", expected="object")
    require_members(person, {"surnames", "forenames", "date_of_birth", "number"})
    holder = Holder(
        surnames=text_member(person, "surnames"),
        forenames=text_member(person, "forenames"),
        date_of_birth=_day(person, "date_of_birth"),
        numbers=(text_member(person, "number"),),
    )
    return holder, _texts(body, "configuration_ids")


def told_offer(offer: Offer) -> JsonObject:
    """Return an offer as its maker gets it, once."""
    return {
        "offer_id": offer.offer_id,
        "offer_uri": offer.offer_uri,
        "tx_code": offer.tx_code,
        "expires_at": moment(offer.expires_at),
        "page_uri": offer.page_uri,
    }


def summary_of(seen: SourceView, *, address: str) -> JsonObject:
    """Return a record as an entry of a list: no content of it."""
    record = seen.view.record
    return {
        "id": seen.source_record_id,
        "kind": record.kind,
        "state": seen.view.state.value,
        "recorded_at": moment(record.recorded_at),
        "withdrawn_at": moment(record.withdrawn_at),
        "predecessor": seen.predecessor,
        "successor": seen.successor,
        "copies": sum(copy.withdrawn_at is None for copy in seen.view.copies if copy.issued_at is not None),
        "links": {"self": address},
    }


def whole_of(seen: SourceView, *, address: str) -> JsonObject:
    """Return a record with its content, its copies and its history."""
    history: list[Json] = [_act(*each) for each in zip(seen.view.acts, seen.successors, strict=True)]
    copies: list[Json] = [_copy(each) for each in seen.view.copies]
    return {
        **summary_of(seen, address=address),
        "copies": copies,
        "history": history,
        "record": strict_json.loads_object(seen.view.record.body, what="record"),
    }


def moment(second: int | None) -> str | None:
    """Return a time as RFC 3339 writes it (UTC)."""
    return None if second is None else datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")


def _copy(copy: CredentialRow) -> JsonObject:
    return {
        "id": copy.credential_id,
        "configuration_id": copy.configuration_id,
        "on_paper": not copy.holder_thumbprint,
        "issued_at": moment(copy.issued_at),
        "reported": copy.notified,
        "valid_from": moment(copy.valid_from),
        "valid_until": moment(copy.valid_until),
        "withdrawn_at": moment(copy.withdrawn_at),
        "effective_from": copy.effective_from,
        "cause": copy.cause,
    }


def _act(act: Act, successor: str | None) -> JsonObject:
    return {
        "verb": act.verb,
        "begun_at": moment(act.begun_at),
        "done_at": moment(act.done_at),
        "outcome": act.outcome,
        "asked_by": act.asked_by,
        "reason": act.reason,
        "effective_from": act.effective_from,
        "cause": act.cause,
        "successor": successor,
    }


def _word(body: JsonObject, name: str, words: type[_Word]) -> _Word:
    value = text_member(body, name)
    if value not in [each.value for each in words]:
        raise Malformed("member_invalid", member=f"/{name}", expected=", ".join(words))
    return words(value)


def _day(body: JsonObject, name: str) -> date:
    try:
        return read_day(text_member(body, name))
    except ValueError as exc:
        raise Malformed("member_invalid", member=f"/{name}", expected="date YYYY-MM-DD") from exc


def _texts(body: JsonObject, name: str) -> tuple[str, ...]:
    values = body.get(name, [])
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise Malformed("member_invalid", member=f"/{name}", expected="array of texts")
    return tuple(map(str, values))
