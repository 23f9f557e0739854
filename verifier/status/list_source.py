"""Where status lists come from: the network, in the form preferred, believed before anybody sees them."""

import logging
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Error, Malformed, Unavailable, Untrusted
from portadoc.fetch import Deadline
from portadoc.formats.roles import WITHDRAWAL_LIST
from portadoc.formats.status_list import aggregation
from portadoc.formats.status_list.aggregation import UnsignedAggregation, parse_aggregation
from portadoc.formats.status_list.claims import FORM_OF_MEDIA_TYPE, StatusListForm, StatusListLimits
from portadoc.formats.withdrawal_list import MEDIA_TYPE as WITHDRAWALS_TYPE
from portadoc.formats.withdrawal_list import VerifiedWithdrawalList
from portadoc.verification.status_tokens import BelievedStatusList, believe_status_list, unverified_token
from portadoc.verification.withdrawal_lists import believe_withdrawal_list
from portadoc.verifier.deployment import Deployment

SPEC: Final = "Token Status List"

_logger = logging.getLogger("portadoc.verifier")


@dataclass(frozen=True, slots=True)
class BelievedWithdrawals:
    """A withdrawal list that is believed, with the text that it came in."""

    text: str
    believed: VerifiedWithdrawalList


@dataclass(frozen=True, slots=True)
class FetchedStatusList:
    """A list that was just fetched and is believed, with the bytes that it came in and the withdrawals to it."""

    body: bytes
    believed: BelievedStatusList
    withdrawals: BelievedWithdrawals | None


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

    def status_list(self, uri: str, now: int, *, known_withdrawals: str | None) -> FetchedStatusList:
        """Return the list published at ``uri``, and the withdrawals to it: those just fetched or those known.

        Raises Refused[fetch_blocked], Unavailable[fetch_failed], Malformed[limit_exceeded] and what
        ``believe_status_list`` raises. Spec: Token Status List §8.3 steps 2 to 6.
        """
        deadline = Deadline(self._settings.timeout_s)
        # 1. fetch: status 200, a media type of a form that we read, within bounds of size and time
        fetched = self._deployment.fetch.get(
            uri,
            accept=self._accept,
            max_bytes=self._settings.max_token_bytes,
            timeout_s=deadline.remaining(),
        )
        form = FORM_OF_MEDIA_TYPE.get(fetched.content_type)
        if form is None or form.media_type not in self._accept:
            raise Unavailable("fetch_failed", reason="content_type")
        # 2. believe: chain, signature, subject, times, content
        believed = self.believed(fetched.body, form, uri, now)
        if believed.token.exp <= now:  # forgiven for a clock that differs, yet nothing can be answered from it
            raise Untrusted("status_invalid", spec=f"{SPEC} §8.3", reason="expired")
        # 3. from when and why entries are withdrawn, where the list says that this can be had
        known = self.believed_withdrawals(known_withdrawals, believed, now)
        return FetchedStatusList(fetched.body, believed, self._newest_withdrawals(believed, known, deadline, now))

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

    def believed_withdrawals(
        self, text: str | None, believed: BelievedStatusList, now: int
    ) -> BelievedWithdrawals | None:
        """Return the withdrawals in ``text`` when they can be believed for a status list, as trust stands now."""
        if text is None:
            return None
        try:
            found = believe_withdrawal_list(
                text,
                status_list=believed,
                trust=self._deployment.trust,
                now=now,
                skew_s=self._deployment.settings.clock_skew_s,
            )
        except (Malformed, Untrusted):
            return None
        return BelievedWithdrawals(text, found)

    def _newest_withdrawals(
        self, believed: BelievedStatusList, known: BelievedWithdrawals | None, deadline: Deadline, now: int
    ) -> BelievedWithdrawals | None:
        """Return the newer of what can be fetched and what is known. What cannot be had changes no status."""
        uri = believed.token.withdrawals_uri
        if uri is None:
            return known
        try:
            fetched = self._deployment.fetch.get(
                uri,
                accept=(WITHDRAWALS_TYPE,),
                max_bytes=WITHDRAWAL_LIST.max_bytes,
                timeout_s=deadline.remaining(),
            )
            text = str(unverified_token(fetched.body, StatusListForm.JWT))
        except Error as error:
            _logger.warning("a withdrawal list of %s cannot be had: %s", believed.issued_by, error.code)
            return known
        found = self.believed_withdrawals(text, believed, now)
        if found is None or (known is not None and found.believed.iat < known.believed.iat):
            _logger.warning("a withdrawal list of %s is older than another or not believed", believed.issued_by)
            return known
        return found

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
