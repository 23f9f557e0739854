"""Whether a PID was withdrawn, asked of its own status list when it is shown; nothing is kept."""

from collections.abc import Callable
from typing import Final, Protocol

from portadoc.clock import Clock
from portadoc.errors import Error
from portadoc.fetch import Fetch
from portadoc.formats.status_list.claims import FORM_OF_MEDIA_TYPE, StatusListForm, StatusListLimits
from portadoc.verification.answers import HeldStatusList, HeldStatusLists, StatusAnswers, TrustAnswers
from portadoc.verification.status_tokens import believe_status_list, unverified_token

MAX_LIST_BYTES: Final = 2 * 1024 * 1024
TIMEOUT_S: Final = 5.0
_ACCEPT: Final = tuple(form.media_type for form in (StatusListForm.JWT, StatusListForm.CWT))


class StatusLookup(Protocol):
    """Answer for the statuses of one list; what cannot be had is told as unknown, never as valid."""

    def answers(self, uri: str) -> StatusAnswers: ...


class FetchedStatuses:
    """Fetches the list that a PID names, once its issuer's signature holds. Spec: Token Status List §8.3."""

    def __init__(self, fetch: Fetch, trust: Callable[[], TrustAnswers], clock: Clock, *, skew_s: int) -> None:
        self._fetch, self._trust, self._clock, self._skew_s = fetch, trust, clock, skew_s

    def answers(self, uri: str) -> StatusAnswers:
        """Return the answers of the list at ``uri``, or why it cannot be believed."""
        try:
            return self._believed(uri)
        except Error as error:
            known = "status_unavailable" if error.code == "fetch_failed" else "status_invalid"
            reason = str(error.params.get("reason", error.code))
            return HeldStatusLists(problems={uri: (known, reason)}, skew_s=self._skew_s)

    def _believed(self, uri: str) -> HeldStatusLists:
        now = self._clock.now()
        fetched = self._fetch.get(uri, accept=_ACCEPT, max_bytes=MAX_LIST_BYTES, timeout_s=TIMEOUT_S)
        believed = believe_status_list(
            unverified_token(fetched.body, FORM_OF_MEDIA_TYPE[fetched.content_type]),
            uri=uri,
            trust=self._trust(),
            now=now,
            skew_s=self._skew_s,
            limits=StatusListLimits(),
        )
        held = HeldStatusList(believed.token, believed.speaks_for, now)
        return HeldStatusLists(lists={uri: held}, skew_s=self._skew_s)
