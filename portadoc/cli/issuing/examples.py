"""Offers of example certificates, for who tests the issuer: what each wish of the conformance kit asks for.

TEST DATA: all are about the example worker, whose identity data the simulated wallet can hold. Records have ids
that begin with ``example-``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from portadoc.conformance.programs import GivenOffer, Want
from portadoc.errors import Refused
from portadoc.issuer import Issuer, Offer
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.issuer.records.holders import holder_of
from portadoc.randomness import RandomBytes
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import Record

RECORD_PREFIX: Final = "example-"
WORKERS_EXAMPLES: Final[Mapping[str, str]] = {"pda1": "posted-worker-fr-de", "pid": "pid-posted-worker"}
"""The example to offer, by the configuration in which it is offered."""
_WITH_CODE: Final = (Want.PRE_AUTHORIZED, Want.PRE_AUTHORIZED_WITH_TX_CODE)


class ExampleOffers:
    """What an institution offers the example worker on a day. Each offer is of records of its own."""

    def __init__(self, issuer: Issuer, institution: str, *, today: date, random_bytes: RandomBytes) -> None:
        """Raise Refused[not_found], [example_offer_impossible] when none of its types has an example."""
        self._issuer = issuer
        self._institution = institution
        self._today = today
        self._random_bytes = random_bytes
        institutions = issuer.settings.by_slug
        if institution not in institutions:
            raise Refused("not_found")
        issued = institutions[institution].configuration_ids
        found = next((each for each in WORKERS_EXAMPLES if each in issued), None)
        if found is None:
            raise Refused("example_offer_impossible", known=", ".join(WORKERS_EXAMPLES))
        self._configuration = found

    def take(self, want: Want) -> GivenOffer | None:
        """Return a fresh offer; None where the profile has no offer of this kind, and after ``DEFERRED_READY``.

        ``DEFERRED_READY`` decides every example that is being decided. Raises as ``Issuer.offer_records`` does.
        """
        if want is Want.DEFERRED_READY:
            self._decide()
            return None
        if want in _WITH_CODE and self._issuer.offers.usual_flow is not OfferFlow.PRE_AUTHORIZED_CODE:
            return None
        made = self._offer(want)
        return GivenOffer(made.offer_uri, made.tx_code)

    def _offer(self, want: Want) -> Offer:
        if want is Want.DEFERRED:
            return self._issuer.offer(self._institution, self._expected(), [self._configuration])
        count = 2 if want is Want.SEVERAL else 1
        return self._issuer.offer_records(
            self._institution,
            {self._kept(): [self._configuration] for _ in range(count)},
            tx_code=want is Want.PRE_AUTHORIZED_WITH_TX_CODE,
            flow=OfferFlow.AUTHORIZATION_CODE if want is Want.AUTHORIZATION_CODE else None,
        )

    def _kept(self) -> str:
        return self._issuer.upload(self._institution, self._record(), record_id=self._new_id())

    def _expected(self) -> str:
        record_id = self._new_id()
        holder = holder_of(self._record())
        self._issuer.expect(self._institution, record_id, holder, [self._configuration])
        return record_id

    def _decide(self) -> None:
        for each in self._issuer.expected(self._institution):
            if each.record_id.startswith(RECORD_PREFIX):
                self._issuer.decided(self._institution, each.record_id, self._record())

    def _new_id(self) -> str:
        return RECORD_PREFIX + self._random_bytes(8).hex()

    def _record(self) -> Record:
        """Return the example as of the day; a certificate has a number of its own, which says TEST."""
        made = example(WORKERS_EXAMPLES[self._configuration], self._today)
        if not isinstance(made, Pda1):
            return made
        number = f"A1-TEST-{self._random_bytes(4).hex()}"
        return replace(made, document=replace(made.document, number=number))
