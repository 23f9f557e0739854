"""Which certificates the person who identified can get, each with what was compared.

Nothing is said of a record that does not match, not even that it is there: who shares a name and a birthday with
somebody would learn that this person works abroad. Spec: OpenID4VCI 1.0 §5.1.3, Regulation (EU) 2016/679 Art. 5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.entitlements import Entitlement
from portadoc.issuer.identification.identity import Identity
from portadoc.issuer.identification.matching import Fact, Finding, Match, MatchResult, match
from portadoc.issuer.records.expected import ExpectedRecords
from portadoc.issuer.records.holders import Holder, holder_of
from portadoc.issuer.records.records import Records
from portadoc.issuer.store import record_store
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.records import Record, record_from_json
from portadoc.verification.persons import number_letters

MOST_CANDIDATES: Final = 2000
"""Records of one date of birth that are looked through; beyond, nothing is given without an offer."""
MOST_CERTIFICATES: Final = 50

MayBeOffered = Callable[[str, str, Sequence[str]], tuple[Entitlement, ...]]
"""Institution, record and configurations: the entitlements, or an error where one cannot carry the record."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One record of the person: its kind, the number on it if any, what it can be had in, what was compared."""

    record_id: str
    kind: str
    number: str | None
    entitlements: tuple[Entitlement, ...]
    match: Match


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a certificate says of itself and whom it is about."""

    kind: str
    number: str | None
    holder: Holder


class Certificates:
    """Finds the records of a person among those of one institution."""

    def __init__(
        self,
        deployment: Deployment,
        records: Records,
        expected: ExpectedRecords,
        may_be_offered: MayBeOffered,
    ) -> None:
        self._deployment = deployment
        self._records = records
        self._expected = expected
        self._may_be_offered = may_be_offered

    def offered(
        self, institution: str, entitlements: Sequence[Entitlement], wanted: Sequence[str], identity: Identity
    ) -> tuple[Certificate, ...]:
        """Return what an offer entitles to and the wallet wants, or nothing at all.

        Whoever identifies has to be the holder of every record that was offered: an offer that was slipped to
        somebody else gives nothing (OpenID4VCI issue 806). Spec: OpenID4VCI 1.0 §5.1.3.
        """
        found = self.of(institution, entitlements, identity, offered=True)
        whole = {each.record_id for each in found} == {each.record_id for each in entitlements}
        if not whole or not all(each.match.result is MatchResult.SAME for each in found):
            return ()
        limited = (
            replace(each, entitlements=tuple(one for one in each.entitlements if one.configuration_id in wanted))
            for each in found
        )
        return tuple(each for each in limited if each.entitlements)

    def held(self, institution: str, wanted: Sequence[str], identity: Identity) -> tuple[Certificate, ...]:
        """Return the certificates of a person that the institution holds, in what the wallet wants.

        Nothing where more records than can be looked through might be theirs.
        """
        with self._deployment.database.read() as connection:
            stored = record_store.records_of_birth_date(
                connection, institution, identity.birth_date, at_most=MOST_CANDIDATES + 1
            )
        if len(stored) > MOST_CANDIDATES:
            return ()
        found: list[tuple[Certificate, Holder]] = []
        for each in stored:
            subject = _subject(record_from_json(strict_json.loads_object(each.body, what="record")))
            compared = match(identity, subject.holder, offered=False)
            if compared.result is MatchResult.SAME:
                entitlements = self._entitlements(institution, each.record_id, wanted)
                made = Certificate(each.record_id, subject.kind, subject.number, entitlements, compared)
                found.append((made, subject.holder))
        # whose they are is asked of all of them: what the wallet wants chooses none of two people
        return tuple(each for each in _of_one_person(found) if each.entitlements)[:MOST_CERTIFICATES]

    def of(
        self, institution: str, entitlements: Sequence[Entitlement], identity: Identity, *, offered: bool
    ) -> tuple[Certificate, ...]:
        """Return the certificates behind entitlements as they are now, compared; those withdrawn are left out."""
        found = []
        for record_id in dict.fromkeys(each.record_id for each in entitlements):
            own = tuple(each for each in entitlements if each.record_id == record_id)
            subject = self._live_subject(institution, own[0])
            if subject is not None:
                compared = match(identity, subject.holder, offered=offered)
                found.append(Certificate(record_id, subject.kind, subject.number, own, compared))
        return tuple(found)

    def _live_subject(self, institution: str, wanted: Entitlement) -> _Subject | None:
        """Return whom a record is about, also one that is still being decided; None once it is withdrawn."""
        try:
            return _subject(self._records.live(institution, wanted.record_id))
        except (Conflict, Refused):
            expected = self._expected.find(institution, wanted.record_id)
        if expected is None or expected.holder is None:
            return None
        return _Subject(credential_configuration(wanted.configuration_id).projection.kind, None, expected.holder)

    def _entitlements(self, institution: str, record_id: str, wanted: Sequence[str]) -> tuple[Entitlement, ...]:
        """Return what of a record can be had: not what has expired, or cannot be carried by a layout."""
        found: list[Entitlement] = []
        for configuration_id in wanted:
            try:
                found += self._may_be_offered(institution, record_id, (configuration_id,))
            except (Conflict, Malformed, Refused):
                continue
        return tuple(found)


def _of_one_person(found: Sequence[tuple[Certificate, Holder]]) -> tuple[Certificate, ...]:
    """Return what is about one person: with the number that agrees, or where none does, with one number at most.

    Records that agree by names and town only and tell different numbers are about several persons: nobody gets
    any of them.
    """
    agreeing = [one for one, _ in found if one.match.found(Fact.NUMBER) is Finding.AGREES]
    if agreeing:
        return tuple(one for one, holder in found if one in agreeing or not holder.numbers)
    told = {tuple(map(number_letters, holder.numbers)) for _, holder in found if holder.numbers}
    return () if len(told) > 1 else tuple(one for one, _ in found)


def _subject(record: Record) -> _Subject:
    document = getattr(record, "document", None)
    return _Subject(record.KIND, getattr(document, "number", None), holder_of(record))
