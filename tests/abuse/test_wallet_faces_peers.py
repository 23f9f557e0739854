"""A wallet whose peers answer anything keeps only what it verified, and stops with an error of our own tree."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portadoc.errors import Error
from portadoc.keys.purposes import KeyPurpose
from portadoc.wallet_sim.transport import TransportResponse
from tests.abuse.effort import bounded
from tests.abuse.spoiling import Draw, spoilt_bytes, spoilt_json, spoilt_jws
from tests.abuse.town import INSPECTION, ISSUER, Town, WatchedTransport, new_wallet

STATUSES = (200, 200, 200, 200, 201, 204, 301, 400, 401, 404, 429, 500, 503, 999)
TYPES = ("application/json", "application/jwt", "application/oauth-authz-req+jwt", "text/html", "")


class SpoiltAnswers:
    """Spoil one answer of a flow, drawn before; the others pass as they are."""

    def __init__(self, draw: Draw, town: Town, *, last: int) -> None:
        self._draw, self._town = draw, town
        self._left = draw(st.integers(0, last))

    def see(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, answer: TransportResponse
    ) -> TransportResponse:
        self._left -= 1
        if self._left != -1:
            return answer
        spoilt = replace(answer, body=self._body(answer))
        if self._draw(st.integers(0, 3)) == 0:
            status, kind = self._draw(st.sampled_from(STATUSES)), self._draw(st.sampled_from(TYPES))
            spoilt = replace(
                spoilt, status=status, headers={"content-type": kind, "location": "http://evil.example/"}
            )
        return spoilt

    def _body(self, answer: TransportResponse) -> bytes:
        if answer.content_type == "application/json":
            return bytes(self._draw(spoilt_json(self._with_spoilt_credentials(json.loads(answer.body)))))
        if answer.content_type == "application/oauth-authz-req+jwt":
            signer = self._town.house.key_ring.signer(INSPECTION, KeyPurpose.REQUEST)
            return str(self._draw(spoilt_jws(answer.body.decode(), signer))).encode("utf-8", "surrogatepass")
        return bytes(self._draw(spoilt_bytes(answer.body)))

    def _with_spoilt_credentials(self, content: Any) -> Any:
        signer = self._town.house.key_ring.signer(ISSUER, KeyPurpose.CREDENTIAL)
        for each in content.get("credentials", ()) if isinstance(content, dict) else ():
            token, rest = each["credential"].split("~", 1)
            each["credential"] = f"{self._draw(spoilt_jws(token, signer))}~{rest}"
        return content


def test_whatever_an_issuer_answers_the_wallet_keeps_only_what_it_verified(town: Town) -> None:
    outcomes = set()

    @bounded(80, by_default=30)
    @given(data=st.data())
    def accept(data: st.DataObject) -> None:
        transport = WatchedTransport(town.transport, SpoiltAnswers(data.draw, town, last=6).see)
        wallet = new_wallet(town.house, transport)
        offer = town.offer(by_reference=data.draw(st.booleans()))
        try:
            wallet.accept(offer.offer_uri)
        except Error:
            assert wallet.credentials() == ()
            outcomes.add("refused")
        else:
            (held,) = wallet.credentials()
            assert held.vct == "urn:eudi:pda1:1"
            outcomes.add("kept")

    accept()
    assert outcomes == {"refused", "kept"}


def test_whatever_a_verifier_answers_the_wallet_stops_in_our_own_words(town: Town) -> None:
    outcomes = set()
    good = new_wallet(town.house, town.transport)
    good.accept(town.offer().offer_uri)

    @bounded(80, by_default=30)
    @given(data=st.data())
    def present(data: st.DataObject) -> None:
        transport = WatchedTransport(town.transport, SpoiltAnswers(data.draw, town, last=1).see)
        wallet = new_wallet(town.house, transport, good.credentials())
        try:
            wallet.present(town.ask().link)
        except Error:
            outcomes.add("refused")
        else:
            outcomes.add("presented")

    present()
    assert outcomes == {"refused", "presented"}
