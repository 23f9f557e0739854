"""Where status lists come from: the network, in the form preferred, believed before anybody sees them."""

from dataclasses import dataclass
from typing import Final

from portadoc.errors import Unavailable, Untrusted
from portadoc.formats.status_list import aggregation
from portadoc.formats.status_list.aggregation import UnsignedAggregation, parse_aggregation
from portadoc.formats.status_list.claims import FORM_OF_MEDIA_TYPE, StatusListForm, StatusListLimits
from portadoc.verification.status_tokens import BelievedStatusList, believe_status_list, unverified_token
from portadoc.verifier.deployment import Deployment

SPEC: Final = "Token Status List"


@dataclass(frozen=True, slots=True)
class FetchedStatusList:
    """A list that was just fetched and is believed, with the bytes that it came in."""

    body: bytes
    believed: BelievedStatusList


class ListSource:
    """Fetches whole lists and aggregations within the operator's bounds. Knows nothing of any presentation."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._settings = settings = deployment.settings.status
        self._accept = tuple(StatusListForm(form).media_type for form in settings.forms)
        self._limits = StatusListLimits(
            min_ttl_s=settings.min_ttl_s,
            max_ttl_s=settings.max_ttl_s,
            default_ttl_s=settings.default_ttl_s,
            max_age_s=settings.max_age_s,
            max_inflated=settings.max_inflated_bytes,
        )

    def status_list(self, uri: str, now: int) -> FetchedStatusList:
        """Return the list published at ``uri``.

        Raises Refused[fetch_blocked], Unavailable[fetch_failed], Malformed[limit_exceeded] and what
        ``believe_status_list`` raises. Spec: Token Status List §8.3 steps 2 to 6.
        """
        # 1. fetch: status 200, a media type of a form that we read, within bounds of size and time
        fetched = self._deployment.fetch.get(
            uri,
            accept=self._accept,
            max_bytes=self._settings.max_token_bytes,
            timeout_s=self._settings.timeout_s,
        )
        form = FORM_OF_MEDIA_TYPE.get(fetched.content_type)
        if form is None or form.media_type not in self._accept:
            raise Unavailable("fetch_failed", reason="content_type")
        # 2. believe: chain, signature, subject, times, content
        believed = self.believed(fetched.body, form, uri, now)
        if believed.token.exp <= now:  # forgiven for a clock that differs, yet nothing can be answered from it
            raise Untrusted("status_invalid", spec=f"{SPEC} §8.3", reason="expired")
        return FetchedStatusList(fetched.body, believed)

    def believed(self, body: bytes, form: StatusListForm, uri: str, now: int) -> BelievedStatusList:
        """Return the list in ``body``, as trust stands now. Raises as ``believe_status_list``."""
        return believe_status_list(
            unverified_token(body, form),
            uri=uri,
            trust=self._deployment.trust,
            now=now,
            skew_s=self._deployment.settings.clock_skew_s,
            limits=self._limits,
        )

    def aggregation(self, uri: str) -> UnsignedAggregation:
        """Return the addresses of the lists that an aggregation names.

        Raises Refused[fetch_blocked], Unavailable[fetch_failed], Malformed[limit_exceeded], [json_malformed],
        Untrusted[status_invalid]. Spec: Token Status List §9.3.
        """
        fetched = self._deployment.fetch.get(
            uri,
            accept=(aggregation.MEDIA_TYPE,),
            max_bytes=aggregation.MAX_BYTES,
            timeout_s=self._settings.timeout_s,
        )
        return parse_aggregation(fetched.body, uri=uri, max_lists=self._settings.max_lists)
