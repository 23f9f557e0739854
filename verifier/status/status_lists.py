"""Status lists, held whole and ahead of need: fetched by their own ttl, never one by one for a presentation.

Housekeeping keeps fresh every list that an aggregation of the operator's choice names or that somebody asked for
lately, by the ttl of each and by the age that the presets allow: a question that wants a younger list than the ttl
gives never makes a presentation fetch one, which would tell the issuer of the check. A list that nobody knew is
fetched once, for a credential that holds in every other respect. A list is believed when its signer's chain is
trusted for status and its subject is the address that it came from. An older list never takes the place of a newer
one. A failed fetch is remembered for a while, and a list that many presentations wait for is fetched once.
Spec: Token Status List §8, §9, §11.5, §12.5, §13.7.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock
from types import MappingProxyType
from typing import Final
from zlib import crc32

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats.status_list.claims import StatusListForm
from portadoc.formats.status_list.statuses import SMALLEST_CROWD
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.presets.presets import PRESETS
from portadoc.verification.status_tokens import BelievedStatusList
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.status.aggregations import Aggregations
from portadoc.verifier.status.list_source import SPEC, BelievedWithdrawals, FetchedStatusList, ListSource
from portadoc.verifier.store import status_list_store
from portadoc.verifier.store.status_list_store import StoredStatusList

_NEW_IN_A_ROUND: Final = 64
"""Lists not seen before that one round of housekeeping fetches; the others have to wait for the next."""
_MAX_PROBLEMS: Final = 1024
_LOCKS: Final = 64
_USED_EVERY_S: Final = 3600
SMALLEST_AGE_BOUND_S: Final = min(each.max_status_age_s for each in PRESETS.values() if each.max_status_age_s)
"""How old a status list may be for the strictest of the presets: housekeeping sees to that."""

_logger = logging.getLogger("portadoc.verifier")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Held:
    """A list that can be believed, and when somebody last asked for it."""

    held: HeldStatusList
    used_at: int


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why a list could not be had, and when to try again."""

    code: str
    reason: str
    retry_at: int


class StatusLists:
    """The lists of every institution that verifies here: in memory, over the database, over the network."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._settings = deployment.settings.status
        self._source = ListSource(deployment)
        self._aggregations = Aggregations(
            self._source,
            self._settings.aggregations,
            refresh_s=self._settings.aggregation_refresh_s,
            retry_after_s=self._settings.retry_after_s,
            at_home=deployment.lists_at_home,
        )
        self._lists: dict[_Key, _Held] = {}
        self._believed_under = deployment.trust
        self._problems: dict[_Key, _Problem] = {}
        self._memory = Lock()
        self._single_flight = tuple(Lock() for _ in range(_LOCKS))

    def answers(self, slug: str, uri: str, *, now: int, may_fetch: bool) -> HeldStatusLists:
        """Return what is known of one list, as a value.

        ``may_fetch`` is for a credential that holds in every other respect: a list that is missing or past its ttl
        is then fetched first, so once a ttl at most.
        """
        key = (slug, uri)
        self._forget_when_trust_changed()
        known = self._known(key, now)
        if may_fetch and (known is None or _is_past_ttl(known, now)):
            self._fetch_once(key, now)
            known = self._known(key, now)
        if known is None:
            problem = self._problems.get(key)
            return self._answer(problems={} if problem is None else {uri: (problem.code, problem.reason)})
        self._mark_used(key, known, now)
        return self._answer(lists={uri: known.held})

    def _answer(
        self,
        *,
        lists: Mapping[str, HeldStatusList] = MappingProxyType({}),
        problems: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    ) -> HeldStatusLists:
        return HeldStatusLists(lists, problems, self._deployment.settings.clock_skew_s)

    def refresh(self, now: int, *, everything: bool = False) -> int:
        """Fetch every list that is due or soon will be and that is still asked for, and every list that an
        aggregation names and that is not here yet; return how many came.

        ``everything`` takes those that are not due as well.
        """
        self._forget_when_trust_changed()
        ahead_s = self._settings.max_age_s if everything else self._settings.ahead_s
        anew, fetched = self._aggregations.read_due(now, everything=everything), 0
        for institution in self._deployment.settings.institutions:
            if anew:  # who named them asks for them, so they stay fresh
                with self._deployment.database.transaction() as connection:
                    named = self._aggregations.status_lists
                    status_list_store.mark_lists_used(connection, institution.slug, named, now=now)
            for uri in self._wanted(institution.slug, now, ahead_s=ahead_s):
                fetched += self._fetch_once((institution.slug, uri), now, ahead_s=ahead_s)
        return fetched

    def _wanted(self, slug: str, now: int, *, ahead_s: int) -> tuple[str, ...]:
        """Return the lists that are due, and those named and not seen before for which there is room.

        A list that was only named takes no other's place: the two would take turns for ever.
        """
        with self._deployment.database.read() as connection:
            used_after = now - self._settings.idle_s
            due = status_list_store.lists_due(
                connection,
                slug,
                by=now + ahead_s,
                used_after=used_after,
                issued_by=now + ahead_s - SMALLEST_AGE_BOUND_S,
                fetched_by=now - self._settings.default_ttl_s,
            )
            kept = status_list_store.kept_uris(connection, slug)
        unseen = [uri for uri in self._aggregations.status_lists if uri not in kept]
        room = max(0, self._settings.max_lists - len(kept))
        if len(unseen) > room:
            _logger.warning(
                "aggregations name %d status lists more than max_lists has room for", len(unseen) - room
            )
        new = [uri for uri in unseen if self._may_try((slug, uri), now)]
        return (*(each.uri for each in due), *new[: min(room, _NEW_IN_A_ROUND)])

    def _forget_when_trust_changed(self) -> None:
        """Let nothing stand in memory that was believed under another trust: what is stored is believed anew."""
        trust = self._deployment.trust
        if trust is self._believed_under:
            return
        with self._memory:
            self._lists.clear()
            self._believed_under = trust

    def _known(self, key: _Key, now: int) -> _Held | None:
        """Return a list that can still be believed: from memory, or from the database when that has a newer one.

        Another process may have fetched it: what one worker knows to be withdrawn, all of them know.
        """
        known = self._lists.get(key)
        with self._deployment.database.read() as connection:
            iat, fetched_at = status_list_store.list_version(connection, *key)
        if known is None or iat > known.held.token.iat or fetched_at > known.held.resolved_at:
            older, known = known, self._stored(key, now)
            if known is None:  # the newer one has ended: the older one is no answer any more
                with self._memory:
                    if self._lists.get(key) is older:  # not one that was fetched meanwhile
                        self._lists.pop(key, None)
        return known if known is not None and known.held.token.exp > now else None

    def _stored(self, key: _Key, now: int) -> _Held | None:
        trust = self._deployment.trust
        with self._deployment.database.read() as connection:
            stored = status_list_store.find_list(connection, *key)
        if stored is None:
            return None
        try:
            believed = self._source.believed(stored.token, StatusListForm(stored.form), stored.uri, now)
        except (Malformed, Untrusted):  # it was in order when it was stored: expired or no longer trusted
            return None
        withdrawals = self._source.believed_withdrawals(stored.withdrawals, believed, now)
        held = _held(believed, withdrawals, resolved_at=stored.fetched_at)
        return self._hold(key, _Held(held, stored.used_at), trust)

    def _withdrawals_of(self, key: _Key) -> str | None:
        with self._deployment.database.read() as connection:
            stored = status_list_store.find_list(connection, *key)
        return None if stored is None else stored.withdrawals

    def _fetch_once(self, key: _Key, now: int, *, ahead_s: int | None = None) -> bool:
        """Fetch the list unless somebody else just did or failed to; say whether it came.

        ``ahead_s`` is how far ahead housekeeping looks, None for a presentation.
        """
        with self._single_flight[crc32(key[1].encode()) % _LOCKS]:
            if not self._may_try(key, now):
                return False
            known = self._lists.get(key)
            still_good = known is not None and known.held.token.exp > now
            if known is not None and still_good and not self._is_due(known, now, ahead_s=ahead_s):
                return False
            trust = self._deployment.trust
            try:
                fetched = self._source.status_list(key[1], now, known_withdrawals=self._withdrawals_of(key))
                self._keep(key, fetched, now, trust)
            except Error as error:
                self._note_problem(key, error, now)
                return False
            with self._memory:
                self._problems.pop(key, None)
            return True

    def _is_due(self, known: _Held, now: int, *, ahead_s: int | None) -> bool:
        """Tell whether a list is past its ttl, or for housekeeping too old and not just fetched."""
        if ahead_s is None:
            return _is_past_ttl(known, now)
        too_old = known.held.token.iat + SMALLEST_AGE_BOUND_S <= now + ahead_s
        just_fetched = known.held.resolved_at + self._settings.default_ttl_s > now
        return _is_past_ttl(known, now + ahead_s) or (too_old and not just_fetched)

    def _may_try(self, key: _Key, now: int) -> bool:
        problem = self._problems.get(key)
        return problem is None or problem.retry_at <= now

    def _keep(self, key: _Key, fetched: FetchedStatusList, now: int, trust: TrustStore) -> None:
        """Keep a list that was just fetched. Raises Untrusted[status_invalid] when a newer one is kept already."""
        slug, uri = key
        token, issued_by = fetched.believed.token, fetched.believed.issued_by
        known = self._lists.get(key)
        used_at = now if known is None else known.used_at
        kept = StoredStatusList(
            uri=uri,
            issued_by=issued_by,
            form=token.form.value,
            token=fetched.body,
            withdrawals=None if fetched.withdrawals is None else fetched.withdrawals.text,
            iat=token.iat,
            fetched_at=now,
            refresh_at=now + token.ttl,
            expires_at=token.exp,
            used_at=used_at,
        )
        with self._deployment.database.transaction() as connection:
            newest = status_list_store.keep_list(connection, slug, kept, max_lists=self._settings.max_lists)
        if not newest:
            _logger.warning("an older status list came in place of a newer one: refused (institution %s)", slug)
            raise Untrusted("status_invalid", spec=f"{SPEC} §13.7", reason="rollback")
        if known is None and token.statuses.capacity < SMALLEST_CROWD:
            _logger.warning("a status list of %s has few entries: fetching it tells about whom", issued_by)
        self._hold(key, _Held(_held(fetched.believed, fetched.withdrawals, resolved_at=now), used_at), trust)

    def _hold(self, key: _Key, held: _Held, trust: TrustStore) -> _Held:
        """Keep a list in memory that was believed under ``trust``, unless that has changed since."""
        with self._memory:
            if trust is not self._believed_under:
                return held
            known = self._lists.get(key)
            if known is not None and known.held.token.iat > held.held.token.iat:
                return known
            self._lists[key] = held
            if len(self._lists) > self._settings.max_lists * len(self._deployment.settings.institutions):
                del self._lists[next(iter(self._lists))]
            return held

    def _note_problem(self, key: _Key, error: Error, now: int) -> None:
        code, reason = _told(error)
        with self._memory:
            self._problems.pop(key, None)
            if len(self._problems) >= _MAX_PROBLEMS:
                del self._problems[next(iter(self._problems))]
            self._problems[key] = _Problem(code, reason, now + self._settings.retry_after_s)

    def _mark_used(self, key: _Key, known: _Held, now: int) -> None:
        if now - known.used_at < _USED_EVERY_S:
            return
        with self._memory:
            if self._lists.get(key) is known:
                self._lists[key] = replace(known, used_at=now)
        with self._deployment.database.transaction() as connection:
            status_list_store.mark_lists_used(connection, key[0], (key[1],), now=now)


def _is_past_ttl(known: _Held, at: int) -> bool:
    return known.held.resolved_at + known.held.token.ttl < at


def _held(
    believed: BelievedStatusList, withdrawals: BelievedWithdrawals | None, *, resolved_at: int
) -> HeldStatusList:
    records = {} if withdrawals is None else withdrawals.believed.withdrawals
    return HeldStatusList(believed.token, believed.speaks_for, resolved_at, records)


def _told(error: Error) -> tuple[str, str]:
    """Return code and reason of a failed attempt: what was blocked, what did not come, what is not in order."""
    reason = str(error.params.get("reason", error.code))
    if error.code in ("fetch_blocked", "status_invalid"):
        return error.code, reason
    if error.code in ("fetch_failed", "storage_unavailable"):
        return "status_unavailable", reason
    return "status_invalid", error.code
