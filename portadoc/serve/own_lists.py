"""The status lists of issuers in the same house, also while nobody serves: commands find the newest at home."""

from typing import Final

from portadoc.errors import Error, Refused, Unavailable
from portadoc.fetch import Fetch, Fetched
from portadoc.fetch.pinned import MAX_BYTES, MAX_REDIRECTS, TOTAL_S
from portadoc.formats.status_list.claims import FORM_OF_MEDIA_TYPE
from portadoc.formats.withdrawal_list import MEDIA_TYPE as WITHDRAWALS_TYPE
from portadoc.issuer.service import Issuer

_AWAY: Final = frozenset({"fetch_failed", "fetch_blocked"})
_WITHDRAWALS: Final = "/withdrawals"


class OwnListsAtHome:
    """A way out that falls back on the issuer of this house where its own lists cannot be had by network.

    What comes from it is read and believed like everything else that was fetched.
    """

    def __init__(self, issuer: Issuer, fetch: Fetch) -> None:
        self._issuer = issuer
        self._fetch = fetch

    def get(
        self,
        url: str,
        *,
        accept: tuple[str, ...],
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TOTAL_S,
        redirects: int = MAX_REDIRECTS,
    ) -> Fetched:
        """Return what is published at an address. Raises as ``Fetch.get``."""
        try:
            return self._fetch.get(
                url, accept=accept, max_bytes=max_bytes, timeout_s=timeout_s, redirects=redirects
            )
        except (Refused, Unavailable) as error:
            if error.code not in _AWAY or not url.startswith(self._issuer.status_lists.uri("")):
                raise
            return self._at_home(url, accept, error)

    def _at_home(self, url: str, accept: tuple[str, ...], error: Error) -> Fetched:
        lists = self._issuer.status_lists
        list_id = lists.list_id(url)
        try:
            if WITHDRAWALS_TYPE in accept:
                kind, found = WITHDRAWALS_TYPE, lists.published_withdrawals(list_id.removesuffix(_WITHDRAWALS))
            else:
                kind = next(each for each in accept if each in FORM_OF_MEDIA_TYPE)
                found = lists.published(list_id, FORM_OF_MEDIA_TYPE[kind])
        except (Refused, Unavailable):
            raise error from None
        return Fetched(url, 200, kind, {}, found.token)
