"""What the procedure asks of the world, as values: whom to trust, and what the status lists say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Protocol

from portadoc.errors import Untrusted
from portadoc.formats.status_list.claims import VerifiedStatusList
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.type_metadata import TypeMetadata, check_integrity, resolve_type_metadata
from portadoc.formats.withdrawal_list import WithdrawalRecord
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.keys.trust.web_issuers import WebIssuer
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.type_metadata import type_metadata


class TrustAnswers(Protocol):
    """Answer whether a chain may sign a credential type for an institution at a time, and for whom none may."""

    def resolve_chain(self, chain: tuple[bytes, ...], *, purpose: KeyPurpose, at: int) -> TrustedKey: ...

    def resolve(
        self,
        chain: tuple[bytes, ...],
        *,
        purpose: KeyPurpose,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> TrustedKey: ...

    def web_issuer(self, issuer: str) -> WebIssuer | None:
        """Return an issuer that is believed by its published keys only, with those held of it; None for others."""


class TypeMetadataAnswers(Protocol):
    """Answer what a credential type says of itself; fetches nothing."""

    def knows(self, vct: str) -> bool: ...

    def of_type(self, vct: str, pin: str) -> TypeMetadata | None:
        """Return the type by the document that matches ``pin``, its ``vct#integrity``; None when none does.

        Raises Untrusted[type_metadata_invalid] with a reason.
        """


class HeldTypeMetadata:
    """Type Metadata documents given as values; of one type there may be several editions."""

    def __init__(self, editions: Callable[[str], Sequence[bytes]]) -> None:
        self._editions = editions
        self._resolved = lru_cache(maxsize=64)(self._resolve)

    def knows(self, vct: str) -> bool:
        """Tell whether there is any document of the type."""
        return bool(self._editions(vct))

    def of_type(self, vct: str, pin: str) -> TypeMetadata | None:
        """Return the type by the document that matches its integrity, parents merged; None when none does.

        Raises Untrusted[type_metadata_invalid] with a reason. Spec: SD-JWT VC, Type Metadata.
        """
        return self._resolved(vct, pin)

    def _resolve(self, vct: str, pin: str) -> TypeMetadata | None:
        return resolve_type_metadata(vct, pin, self._edition)

    def _edition(self, vct: str, pin: str | None) -> bytes | None:
        return next((each for each in self._editions(vct) if pin is None or _matches(each, pin)), None)


@cache
def known_type_metadata() -> HeldTypeMetadata:
    """Return the documents of the types that this release knows; each is read when it is first asked for."""
    known = {configuration.vct for configuration in CREDENTIAL_TYPES.values()}
    return HeldTypeMetadata(lambda vct: (type_metadata(vct),) if vct in known else ())


def _matches(document: bytes, pin: str) -> bool:
    try:
        check_integrity(document, pin)
    except Untrusted:
        return False
    return True


class StatusKnowledge(StrEnum):
    """How well a status is known."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What is known of one status: ``value`` as of the list's iat, or ``code`` why nothing is known.

    ``withdrawal`` is the institution's record of the withdrawal, where it has published one: what it says holds
    however well the status is known. ``as_of`` of a status that is not known is when it was known last, 0 for
    never; ``form`` is the form of the list (jwt or cwt).
    """

    knowledge: StatusKnowledge
    value: int = -1
    as_of: int = 0
    code: str = ""
    reason: str = ""
    withdrawal: WithdrawalRecord | None = None
    form: str = ""


class StatusAnswers(Protocol):
    """Answer the status behind a reference as of ``now``; fetches nothing.

    Only a list of ``institution``, the one that signed the credential, says anything. Raises
    Untrusted[status_invalid] when the index lies outside the list.
    """

    def answer(self, reference: StatusReference, *, institution: str, now: int) -> StatusAnswer: ...


@dataclass(frozen=True, slots=True)
class HeldStatusList:
    """A status list that was verified, for which institutions it speaks, and when it was fetched (epoch seconds).

    ``speaks_for`` follows from the anchor under which its signer was believed, not from the signer's name alone.
    ``withdrawals`` are the records of the same institution for this list, by index. They only ever add to what the
    list says: a withdrawal is never undone, so a record stays true however old it is.
    """

    token: VerifiedStatusList
    speaks_for: frozenset[str]
    resolved_at: int
    withdrawals: Mapping[int, WithdrawalRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeldStatusLists:
    """Status lists fetched ahead of need, by URI, and why others could not be had.

    ``problems`` maps a URI to the code and reason of the last failed attempt; ``skew_s`` is by how many seconds
    the clocks of who signed and who asks may differ.
    """

    lists: Mapping[str, HeldStatusList] = field(default_factory=dict)
    problems: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    skew_s: int = 60

    def answer(self, reference: StatusReference, *, institution: str, now: int) -> StatusAnswer:
        """Return the value from the list held; past its ttl it is stale, past its exp unknown.

        A list speaks of the time from its iat to its exp: about a time before nothing is known by it. One that
        does not speak for the institution that signed the credential says nothing, whatever is in it.
        A record of a withdrawal is told whatever the list says, since the withdrawal is never undone; it makes no
        list newer than it is. Raises Untrusted[status_invalid] for an index outside the list and without record.
        Spec: Token Status List §8.3, §8.4, §11.3, §13.7.
        """
        held = self.lists.get(reference.uri)
        if held is None:
            code, reason = self.problems.get(reference.uri, ("status_unavailable", "not_held"))
            return StatusAnswer(StatusKnowledge.UNKNOWN, code=code, reason=reason)
        if institution not in held.speaks_for:
            return StatusAnswer(StatusKnowledge.UNKNOWN, code="status_invalid", reason="institution_mismatch")
        withdrawal = held.withdrawals.get(reference.idx)
        if withdrawal is None:
            return self._by_list(held, reference.idx, now)
        try:
            return replace(self._by_list(held, reference.idx, now), withdrawal=withdrawal)
        except Untrusted as error:
            reason = str(error.params["reason"])
            return StatusAnswer(StatusKnowledge.UNKNOWN, code=error.code, reason=reason, withdrawal=withdrawal)

    def _by_list(self, held: HeldStatusList, idx: int, now: int) -> StatusAnswer:
        if held.token.exp <= now:
            return _not_known("list_expired", as_of=held.token.iat)
        if held.token.iat > now + self.skew_s:
            return _not_known("list_of_a_later_time")
        stale = held.resolved_at + held.token.ttl < now
        return StatusAnswer(
            StatusKnowledge.STALE if stale else StatusKnowledge.FRESH,
            value=held.token.statuses.get(idx),
            as_of=held.token.iat,
            form=held.token.form.value,
        )


def _not_known(reason: str, *, as_of: int = 0) -> StatusAnswer:
    return StatusAnswer(StatusKnowledge.UNKNOWN, code="status_unavailable", reason=reason, as_of=as_of)
