"""How often a certificate is offered, and how often codes can be tried on its offers, all of them together.

An offer is counted before it is made, so that of many that are asked for at one moment no more are made than of as
many one after another. The tries are counted again once the open offers were ended: what was tried until then
counts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from portadoc.errors import Error, Unavailable
from portadoc.portal.applications.timers import SECONDS_PER_HOUR
from portadoc.portal.deployment import Deployment
from portadoc.portal.store import handover_store
from portadoc.portal.store.handover_store import ForWhom


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What is offered: a record. Its offers are counted by ``about``: the application, or the record itself.

    ``case_number`` is what the person knows it by, ``language`` that of messages about it.
    """

    institution: str
    about: str
    record_id: str
    case_number: str
    language: str


class OfferRate:
    """Counts the offers of certificates and the tries of their codes."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    @contextmanager
    def counted(self, offered: Offered, for_whom: ForWhom) -> Iterator[str]:
        """Count an offer that is to be made, and yield by what it is known until it is; it counts no more when
        the block fails.

        Raises Unavailable[offers_throttled].
        """
        here, slug, about = self._deployment, offered.institution, offered.about
        tried, most = self._tries(offered, beside=for_whom), here.certificates.most_tries()
        begun_id, now = here.new_id(), here.clock.now()
        since = now - SECONDS_PER_HOUR
        with here.database.transaction() as connection:
            begun = handover_store.offers_begun(connection, slug, about, since=since)
            made = handover_store.offers_since(connection, slug, about, since=since)
            if tried + (begun + 1) * most > here.settings.code_tries_per_hour:
                raise self._throttled()
            if made + begun >= here.settings.offers_per_hour:
                raise self._throttled()
            handover_store.begin_offer(connection, slug, begun_id, about, now=now, old_before=since)
        try:
            yield begun_id
        except Error:
            with here.database.transaction() as connection:
                handover_store.end_begun(connection, slug, begun_id)
            raise

    def require_tries(self, offered: Offered) -> None:
        """Let through while what was tried, and what can be on all that is open or about to be, is not too much.

        Raises Unavailable[offers_throttled].
        """
        here, slug, about = self._deployment, offered.institution, offered.about
        with here.database.read() as connection:
            since = here.clock.now() - SECONDS_PER_HOUR
            begun = handover_store.offers_begun(connection, slug, about, since=since)
        tries = begun * here.certificates.most_tries() + self._tries(offered)
        if tries > here.settings.code_tries_per_hour:
            raise self._throttled()

    def _tries(self, offered: Offered, *, beside: ForWhom | None = None) -> int:
        """Return how often codes were tried within the hour, and can be on open offers: all, or those of another
        kind. What was tried is asked for last: a try in between counts twice rather than not at all.
        """
        here, slug, about = self._deployment, offered.institution, offered.about
        since = here.clock.now() - SECONDS_PER_HOUR
        with here.database.read() as connection:
            offers = handover_store.offers_of(connection, slug, about)
        is_open = [each.offer_id for each in offers if each.closed_at is None and each.for_whom is not beside]
        left = here.certificates.tries_left(slug, is_open)
        return left + here.certificates.codes_tried(slug, offered.record_id, since=since)

    def _throttled(self) -> Unavailable:
        limit = self._deployment.settings.offers_per_hour
        return Unavailable("offers_throttled", retry_after_s=SECONDS_PER_HOUR, limit=limit)
