"""What everybody may ask about a verification code: what kind of document it is of, whose, and whether it holds.

Nothing of the document is told. What a reader types is compared with it, all of it at once, and the answer is that
it fits or that it does not; names and a birth date are compared only for who knows the document number too. A
source that misses too often has to wait, and so has everybody who asks about a code that was guessed at; five
wrong guesses at a person or at the number lock the code for good, and it is said that it is locked.
"""

import unicodedata
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from portadoc.errors import Error, Malformed, Refused
from portadoc.formats import strict_json
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.sealing.code_book import code_digest, tag_of_source
from portadoc.issuer.sealing.seals import birth_date, document_number
from portadoc.issuer.sealing.verification_codes import read_verification_code
from portadoc.issuer.store import code_store, credential_store, record_store
from portadoc.issuer.store.code_store import StoredCode
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.throttle import Misses
from portadoc.schemas.coverage import CoverageCertificate
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.events import EventKind
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.pid import Pid
from portadoc.schemas.records import Record, record_from_json
from portadoc.storage import Connection

MISSES_OF_A_CODE: Final = 10
"""Comparisons that did not fit within an hour, after which nobody can compare with this code for a while."""
LONGEST_TYPED: Final = 300


class PublicVerdict(StrEnum):
    """What everybody may know of a document."""

    IN_FORCE = "in_force"
    NOT_IN_FORCE = "not_in_force"
    WITHDRAWN = "withdrawn"
    NOT_DECIDED = "not_decided"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicAnswer:
    """What is told of a code. ``kind`` and ``institution`` (a slug) are empty for a code that is not known.

    ``since`` is the first day without effect of a document that was withdrawn.
    """

    verdict: PublicVerdict
    kind: str = ""
    institution: str = ""
    since: str = ""


UNKNOWN: Final = PublicAnswer(verdict=PublicVerdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFacts:
    """What a reader typed off a paper, unverified; empty for what was left open. Days are ``YYYY-MM-DD``."""

    employer: str = ""
    state: str = ""
    first_day: str = ""
    last_day: str = ""
    number: str = ""
    name: str = ""
    birth_date: str = ""

    @property
    def about_the_person(self) -> bool:
        """Tell whether the facts are about a person."""
        return bool(self.name or self.birth_date)


NOTHING_TYPED: Final = TypedFacts()


@dataclass(frozen=True, slots=True)
class _Found:
    code: StoredCode
    copy: CredentialRow
    record: Record


class PublicChecks:
    """Answers what everybody may ask."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._of_source = Misses(deployment, most=deployment.settings.code_misses_per_hour)
        self._of_code = Misses(deployment, most=MISSES_OF_A_CODE)

    def look_up(self, code: str, *, source: str) -> PublicAnswer:
        """Return what is told of a code; an unknown one and one that is none get the same answer.

        ``code`` and ``source`` (the network that asks) are unverified. Raises Unavailable[too_many_tries].
        """
        characters = _characters(code)
        if characters is None or not self._deployment.settings.institutions:
            return UNKNOWN
        tag = tag_of_source(self._deployment, source)
        with self._deployment.database.read() as connection:
            self._of_source.require_calm(connection, tag)
            found = self._found(connection, characters)
        if found is None:
            with self._deployment.database.transaction() as connection:
                self._of_source.note(connection, tag)
            return UNKNOWN
        return self._answer(found)

    def compare(self, code: str, typed: TypedFacts, *, source: str) -> bool:
        """Tell whether everything that was typed is as on the paper of this code.

        A code that is unknown fits nothing. Raises Malformed[public_nothing_typed], [public_number_missing],
        [public_fact_too_long], Unavailable[too_many_tries]; Refused[verification_code_refused] for a number or
        facts about a person and a code that is locked: whoever guessed at it makes no genuine paper look forged.
        """
        # 1. the forms, which anybody can check without asking
        _require_form(typed)
        characters = _characters(code)
        if characters is None or not self._deployment.settings.institutions:
            return False
        # 2. a source, or a code, that missed too often waits; who floods us waits without a transaction
        tags = tag_of_source(self._deployment, source), f"code:{code_digest(characters)}"[:64]
        with self._deployment.database.read() as connection:
            self._require_both_calm(connection, *tags)
        # 3. one after another, so that guesses at one moment share the same few tries,
        #    and what came of it is committed before it is answered
        with self._deployment.database.transaction() as connection:
            self._require_both_calm(connection, *tags)
            return self._tried(connection, self._found(connection, characters), typed, tags)

    def _tried(
        self, connection: Connection, found: _Found | None, typed: TypedFacts, tags: tuple[str, str]
    ) -> bool:
        """Take a try for whoever types a number, then compare every fact, whether or not the first one fits."""
        is_guess = found is not None and bool(typed.number)
        if found is not None and is_guess and not code_store.spend_try(connection, found.code):
            raise Refused("verification_code_refused")
        fits = found is not None and all([*_fitting(found.record, typed)])
        if not fits:
            for count, tag in zip((self._of_source, self._of_code), tags, strict=True):
                count.note(connection, tag)
        if found is not None and is_guess:
            self._note_guess(connection, found, typed, fits=fits)
        return fits

    def _found(self, connection: Connection, characters: str) -> _Found | None:
        code = code_store.find_code(connection, code_digest(characters))
        if code is None or code.expires_at <= self._deployment.clock.now():
            return None
        (copy,) = credential_store.list_credentials(connection, code.institution, credential_id=code.credential_id)
        stored = record_store.find_record(connection, code.institution, copy.record_id)
        assert stored is not None, "a copy has its record"
        return _Found(code, copy, record_from_json(strict_json.loads_object(stored.body, what="record")))

    def _answer(self, found: _Found) -> PublicAnswer:
        now = self._deployment.clock.now()
        return PublicAnswer(
            verdict=public_verdict(found.record, found.copy, now=now),
            kind=found.record.KIND,
            institution=found.code.institution,
            since=found.copy.effective_from or "",
        )

    def _require_both_calm(self, connection: Connection, tag: str, of_code: str) -> None:
        self._of_source.require_calm(connection, tag)
        self._of_code.require_calm(connection, of_code)

    def _note_guess(self, connection: Connection, found: _Found, typed: TypedFacts, *, fits: bool) -> None:
        """Leave a wrong guess at a person, or at the number, counted against the code itself: it bears five, as it
        does second factors, or who guesses numbers here would get the seal there. Any other is given back."""
        number_fits = _among(typed.number, (document_number(found.record),))
        if fits or (not typed.about_the_person and number_fits):
            code_store.set_tries(connection, found.code, found.code.tries_left)
            return
        is_last = found.code.tries_left == 1
        kind = EventKind.SEAL_CODE_LOCKED if is_last else EventKind.SEAL_CODE_REFUSED
        self._deployment.tell(connection, kind, found.code.institution, found.code.credential_id)


def public_verdict(record: Record, copy: CredentialRow, *, now: int) -> PublicVerdict:
    """Return what holds of a document today (UTC), by its record and the copy that the paper is."""
    today = datetime.fromtimestamp(now, UTC).date()
    if copy.withdrawn_at is not None:
        return PublicVerdict.WITHDRAWN
    if now >= copy.valid_until:
        return PublicVerdict.NOT_IN_FORCE
    if isinstance(record, ApplicationProof):
        return PublicVerdict.NOT_DECIDED
    first, last = _period(record)
    ends = [each for each in (last, record.document_end) if each is not None]
    in_force = first is not None and first <= today and all(today <= end for end in ends)
    return PublicVerdict.IN_FORCE if in_force else PublicVerdict.NOT_IN_FORCE


def _characters(code: str) -> str | None:
    try:
        return read_verification_code(code)
    except Error:
        return None


def _require_form(typed: TypedFacts) -> None:
    values = [getattr(typed, each.name) for each in fields(typed)]
    if not any(levelled_fact(each) for each in values):
        raise Malformed("public_nothing_typed")
    if any(len(each) > LONGEST_TYPED for each in values):
        raise Malformed("public_fact_too_long", longest=LONGEST_TYPED)
    if typed.about_the_person and not levelled_fact(typed.number):
        raise Malformed("public_number_missing")


def _fitting(record: Record, typed: TypedFacts) -> tuple[bool, ...]:
    """Return for each fact whether it fits; what was left open always does."""
    first, last = _period(record)
    return (
        _among(typed.employer, _employers(record)),
        _among(typed.state, _states(record)),
        _among(typed.first_day, _days(first)),
        _among(typed.last_day, _days(last)),
        _among(typed.number, (document_number(record),)),
        _among(typed.name, _names(record)),
        _among(typed.birth_date, (birth_date(record),)),
    )


def _among(typed: str, known: tuple[str, ...]) -> bool:
    plain = levelled_fact(typed)
    return not typed or (bool(plain) and any(plain == levelled_fact(each) for each in known))


def levelled_fact(text: str) -> str:
    """Return the letters and digits of a fact, in one case and without accents, as people type them."""
    apart = unicodedata.normalize("NFKD", text[: LONGEST_TYPED + 1]).casefold()
    return "".join(each for each in apart if each.isalnum())


def _days(day: date | None) -> tuple[str, ...]:
    return () if day is None else (day.isoformat(),)


def _period(record: Record) -> tuple[date | None, date | None]:
    if isinstance(record, Pda1 | CoverageCertificate):
        return record.legislation.start, record.legislation.end
    if isinstance(record, Ehic):
        return record.start, record.end
    if isinstance(record, Prc):
        return record.valid_from, record.valid_to
    return (record.asked.start, record.asked.end) if isinstance(record, ApplicationProof) else (None, None)


def _employers(record: Record) -> tuple[str, ...]:
    if isinstance(record, Pda1 | CoverageCertificate):
        return tuple(said for each in record.employments for said in (each.name, each.id))
    if isinstance(record, ApplicationProof) and record.employer is not None:
        return (record.employer.name, record.employer.id)
    return ()


def _states(record: Record) -> tuple[str, ...]:
    if isinstance(record, Pda1):
        return tuple(each.country for each in record.countries_of_work)
    if isinstance(record, CoverageCertificate):
        return (record.state_of_work,)
    if isinstance(record, ApplicationProof):
        return record.asked.states_of_work
    return (record.issuing_authority.country,) if isinstance(record, Ehic | Prc) else ()


def _names(record: Record) -> tuple[str, ...]:
    if isinstance(record, Pid):
        return ()
    person = record.insured if isinstance(record, Ehic | Prc) else record.person
    both = (f"{person.forenames} {person.surnames}", f"{person.surnames} {person.forenames}")
    return (person.surnames, *both)
