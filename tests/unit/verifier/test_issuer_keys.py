"""Keys that issuers publish: fetched from those that are configured and nobody else, rarely, and kept."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from portadoc import base64url
from portadoc.clock import FixedClock
from portadoc.errors import Unavailable
from portadoc.fetch import Fetch, Fetched, Request, SafeFetch, UnsafeLoopbackFetch
from portadoc.fetch.deadline import Deadline
from portadoc.formats.sd_jwt import issue
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.web_issuers import WebIssuer
from portadoc.randomness import system_random_bytes
from portadoc.verification.pack_answers import open_trust_pack
from portadoc.verifier.service import Verifier, build_verifier
from portadoc.verifier.trust.issuer_keys import BELIEVED_S, COOL_DOWN_S, REFRESH_S, RELOAD_S, IssuerKeys
from tests.unit.fetch.conftest import Server, reply, serving

ISSUER = "https://web.example/fr"
METADATA = "https://web.example/.well-known/jwt-vc-issuer/fr"
JWKS = "https://web.example/keys"
OLD = LocalSigner(new_private_key("ES256", system_random_bytes))
NEW = LocalSigner(new_private_key("ES256", system_random_bytes))


def jwk(signer: Signer, kid: str) -> dict[str, Any]:
    return {**signer.public_jwk, "kid": kid}


def metadata(*keys: dict[str, Any], issuer: str = ISSUER, **changes: Any) -> bytes:
    members = {"issuer": issuer, "jwks": {"keys": list(keys)}, **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


def credential(world: Any, *, by: Signer = OLD, kid: str = "old", issuer: str = ISSUER) -> str:
    return issue(
        world.claims(iss=issuer),
        disclosable=[],
        header={"typ": "dc+sd-jwt", "kid": kid},
        signer=by,
        random_bytes=system_random_bytes,
    ).text


def renamed(text: str, kid: str) -> str:
    """Return a credential whose header names another key; its signature does not matter."""
    header = base64url.encode(json.dumps({"typ": "dc+sd-jwt", "alg": "ES256", "kid": kid}).encode())
    return f"{header}.{text.partition('.')[2]}"


def believing(world: Any, *, issuer: str = ISSUER, fetch: Fetch | None = None, clock: Any = None) -> Verifier:
    """Return a verifier of this installation that believes one issuer by its web keys."""
    web_issuer = WebIssuer(
        issuer=issuer,
        institution="FR:TEST01",
        name="Test",
        country="FR",
        credential_types=frozenset({"urn:eudi:pda1:1"}),
        valid_from=world.NOW - 86_400 * 30,
    )
    return build_verifier(
        world.settings,
        world.database,
        world.keys.ring,
        replace(world.keys.trust, web_issuers=(web_issuer,)),
        fetch or world.network,
        clock or world.clock,
        system_random_bytes,
    )


def publish(world: Any, document: bytes, url: str = METADATA) -> None:
    world.network.published[url] = lambda: Fetched(url, 200, "application/json", {}, document)


def asked(world: Any) -> list[str]:
    return [url for url in world.network.asked if url != world.LIST_URI]


def verdict(world: Any, verifier: Verifier, text: str, *, may_fetch: bool = True) -> str:
    report = verifier.verify_offline(world.SLUG, text, may_fetch=may_fetch)
    failed = [check.full_code for check in report.checks if check.outcome == "fail"]
    return failed[0] if failed else str(report.verdict)


GOOD = "authentic_in_force"
UNKNOWN_KID = "issuer_untrusted.kid_unknown"


def test_v34_keys_are_fetched_ahead_of_need(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    verifier = believing(world)
    assert (verifier.refresh_issuer_keys(), verifier.refresh_issuer_keys()) == (1, 0)
    world.clock.advance(REFRESH_S)
    assert verifier.refresh_issuer_keys() == 1
    assert asked(world) == [METADATA] * 2
    assert verdict(world, verifier, credential(world), may_fetch=False) != "issuer_untrusted.keys_not_held"
    assert verdict(world, verifier, credential(world)) == GOOD


def test_v34_keys_by_reference_are_fetched_where_the_metadata_says(world: Any) -> None:
    publish(world, metadata(jwks=None, jwks_uri=JWKS))
    publish(world, json.dumps({"keys": [jwk(OLD, "old")]}).encode(), JWKS)
    assert verdict(world, believing(world), credential(world)) == GOOD
    assert asked(world) == [METADATA, JWKS]


def test_v34_a_new_key_is_asked_for_once_and_found(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    verifier = believing(world)
    verifier.refresh_issuer_keys()
    publish(world, metadata(jwk(OLD, "old"), jwk(NEW, "new")))
    world.clock.advance(COOL_DOWN_S)
    assert verdict(world, verifier, credential(world, by=NEW, kid="new"), may_fetch=False) == UNKNOWN_KID
    assert verdict(world, verifier, credential(world, by=NEW, kid="new")) == GOOD
    assert verdict(world, verifier, credential(world)) == GOOD


def test_v34_another_process_takes_up_what_one_has_fetched(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    one, other = believing(world), believing(world)
    assert verdict(world, other, credential(world), may_fetch=False) == "issuer_untrusted.keys_not_held"
    one.refresh_issuer_keys()
    assert (
        verdict(world, other, credential(world)) == "issuer_untrusted.keys_not_held"
    )  # not before it looks again
    world.clock.advance(RELOAD_S)
    assert verdict(world, other, credential(world)) == GOOD
    assert asked(world) == [METADATA]


def test_v34_the_trust_pack_carries_the_keys_that_are_held(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    verifier = believing(world)
    verifier.refresh_issuer_keys()
    message = verifier.trust_pack(world.SLUG).pack
    pack = open_trust_pack(message, operators=world.keys.trust, operator="DE:TEST90", at=world.NOW)
    (held,) = pack.trust.web_issuers
    assert held.keys == (jwk(OLD, "old"),)
    assert held.believed_until == world.NOW + BELIEVED_S


def test_v34_a_key_that_was_taken_back_counts_no_more(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    verifier = believing(world)
    assert verdict(world, verifier, credential(world)) == GOOD
    publish(world, metadata(jwk(NEW, "new")))
    verifier.refresh_issuer_keys(everything=True)
    assert verdict(world, verifier, credential(world)) == UNKNOWN_KID


def test_v31_nobody_but_configured_issuers_is_asked(world: Any) -> None:
    verifier = believing(world)
    for issuer in ("https://attacker.example", "https://web.example/fr/", "https://web.example"):
        assert verdict(world, verifier, credential(world, issuer=issuer)) == "chain_invalid.chain_missing"
    keys = IssuerKeys(database=world.database, fetch=world.network, clock=world.clock)
    keys.ask_anew(world.keys.trust, "https://attacker.example")
    assert keys.added_to(world.keys.trust) is world.keys.trust
    assert (keys.refresh(world.keys.trust), asked(world)) == (0, [])


@pytest.mark.parametrize(
    "document",
    [
        metadata(jwk(NEW, "new"), issuer="https://other.example"),
        metadata(jwk(NEW, "new"), jwks_uri=JWKS),
        metadata(jwks=None),
        metadata({**jwk(NEW, "new"), "d": "AAAA"}),
        b"<html>",
    ],
    ids=["issuer-other", "both-jwks-and-uri", "neither", "private-key", "not-json"],
)
def test_v34_a_document_that_is_refused_changes_nothing(world: Any, document: bytes) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    verifier = believing(world)
    assert verdict(world, verifier, credential(world)) == GOOD
    publish(world, document)
    assert verifier.refresh_issuer_keys(everything=True) == 0
    assert verdict(world, verifier, credential(world)) == GOOD
    assert verdict(world, verifier, credential(world, by=NEW, kid="new")) == UNKNOWN_KID


class PublicNetwork(SafeFetch):
    """The fetching of service, its checks of scheme and address included; only the wire is a table of answers."""

    def __init__(self, answers: dict[str, Fetched], *, address: str = "93.184.215.14") -> None:
        super().__init__(resolver=lambda *_: [address])
        self.answers = answers
        self.sent: list[str] = []

    def _send(self, request: Request, _max_bytes: int, deadline: Deadline) -> Fetched:
        self._admit(request.target, deadline)
        self.sent.append(request.target.url)
        return self.answers[request.target.url]


def redirect(to: str) -> Fetched:
    return Fetched(METADATA, 302, "", {"location": to}, b"")


def given(url: str, document: bytes, content_type: str = "application/json") -> Fetched:
    return Fetched(url, 200, content_type, {}, document)


@pytest.mark.parametrize(
    ("answers", "address", "sent"),
    [
        ({METADATA: redirect("http://web.example/keys")}, "93.184.215.14", 1),
        ({METADATA: redirect("file:///etc/passwd")}, "93.184.215.14", 1),
        ({METADATA: redirect(METADATA)}, "93.184.215.14", 4),
        ({}, "10.0.0.1", 0),
        ({}, "169.254.169.254", 0),
        ({}, "::1", 0),
        ({METADATA: given(METADATA, metadata(jwks=None, jwks_uri="http://web.example/k"))}, "93.184.215.14", 1),
        ({METADATA: given(METADATA, metadata(jwk(OLD, "old")), "text/html")}, "93.184.215.14", 1),
        (
            {METADATA: Fetched(METADATA, 500, "application/json", {}, metadata(jwk(OLD, "old")))},
            "93.184.215.14",
            1,
        ),
    ],
    ids=[
        "redirect-302-to-http",
        "redirect-to-a-file",
        "redirect-loop",
        "private-ip",
        "link-local-ip",
        "loopback-ip",
        "jwks-uri-plain-http",
        "other-media-type",
        "body-of-an-error",
    ],
)
def test_v34_keys_come_over_https_from_public_addresses_only(
    world: Any, answers: dict[str, Fetched], address: str, sent: int
) -> None:
    network = PublicNetwork(answers, address=address)
    verifier = believing(world, fetch=network)
    assert verdict(world, verifier, credential(world)) == "issuer_untrusted.keys_not_held"
    assert len(network.sent) == sent


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def loopback(server: Server) -> UnsafeLoopbackFetch:
    with pytest.warns(UserWarning, match="UnsafeLoopbackFetch"):
        return UnsafeLoopbackFetch(frozenset({server.origin}))


def test_v34_a_document_that_is_too_large_is_not_read(world: Any, server: Server) -> None:
    issuer = f"{server.origin}/fr"
    document = metadata(jwk(OLD, "old"), issuer=issuer, padding="x" * 65_536)
    server.answer("/.well-known/jwt-vc-issuer/fr", reply(document))
    verifier = believing(world, issuer=issuer, fetch=loopback(server))
    assert verdict(world, verifier, credential(world, issuer=issuer)) == "issuer_untrusted.keys_not_held"
    assert len(server.requests) == 1


def test_a19_ten_thousand_unknown_keys_cost_one_fetch_a_cool_down(world: Any, server: Server) -> None:
    issuer = f"{server.origin}/fr"
    path = "/.well-known/jwt-vc-issuer/fr"
    server.answer(path, reply(metadata(jwk(OLD, "old"), issuer=issuer)))
    clock = FixedClock(world.NOW)
    fetch = loopback(server)
    workers = [believing(world, issuer=issuer, fetch=fetch, clock=clock) for _ in range(2)]
    good = credential(world, issuer=issuer)

    def flood(count: int) -> set[str]:
        kids = [os.urandom(8).hex() for _ in range(count)]
        judge = [(workers[place % 2], renamed(good, kid)) for place, kid in enumerate(kids)]
        with ThreadPoolExecutor(8) as threads:
            return set(threads.map(lambda each: verdict(world, *each), judge))

    assert flood(10_000) <= {UNKNOWN_KID, "issuer_untrusted.keys_not_held"}
    assert len(server.requests) == 1
    clock.advance(COOL_DOWN_S)
    assert flood(200) == {UNKNOWN_KID}
    assert len(server.requests) == 2
    server.answers.clear()  # from now on nothing is to be had: the keys that are held stay
    clock.advance(COOL_DOWN_S)
    assert flood(200) == {UNKNOWN_KID}
    assert len(server.requests) == 3
    unheld = "issuer_untrusted.keys_not_held"
    assert all(verdict(world, worker, good) not in (UNKNOWN_KID, unheld) for worker in workers)


def test_a19_keys_outlive_a_failed_fetch_but_not_for_ever(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    verifier = believing(world)
    verifier.refresh_issuer_keys()
    world.network.published[METADATA] = Unavailable("fetch_failed", reason="connect")
    world.clock.advance(REFRESH_S)
    assert verifier.refresh_issuer_keys() == 0
    assert verdict(world, verifier, credential(world)) == GOOD
    restarted = believing(world)
    assert verdict(world, restarted, credential(world)) == GOOD
    world.clock.advance(BELIEVED_S)
    assert verdict(world, restarted, credential(world)) == "issuer_untrusted.keys_stale"


def test_a19_who_comes_while_keys_are_fetched_waits_for_them(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    verifier, text = believing(world), credential(world)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: verdict(world, verifier, text), range(16)))
    assert set(found) == {GOOD}
    assert asked(world) == [METADATA]


def test_a19_a_clock_that_was_set_back_does_not_lock_an_issuer_out(world: Any) -> None:
    publish(world, metadata(jwk(OLD, "old")))
    believing(world, clock=FixedClock(world.NOW + 86_400)).refresh_issuer_keys()
    publish(world, metadata(jwk(NEW, "new")))
    assert verdict(world, believing(world), credential(world, by=NEW, kid="new")) == GOOD


HEADERS: dict[str, Callable[[str], Any]] = {
    "jku": lambda origin: {"jku": f"{origin}/keys"},
    "x5u": lambda origin: {"x5u": f"{origin}/chain"},
    "jwk": lambda origin: {"jwk": {**jwk(NEW, "old"), "jku": f"{origin}/keys", "x5u": f"{origin}/chain"}},
    "kid": lambda origin: {"kid": f"{origin}/keys#1"},
    "x5c": lambda origin: {"x5c": [f"{origin}/chain"]},
}


@pytest.mark.parametrize("profile", ["ietf-latest", "haip-1.0", "eudi-2026"])
@pytest.mark.parametrize("name", HEADERS)
def test_a16_a17_a_header_makes_nobody_call_anybody(
    make_world: Callable[..., Any], server: Server, name: str, profile: str
) -> None:
    """The collector really listens and could be called: it is where the verifier may fetch from."""
    fetch = loopback(server)
    world = make_world(fetch=fetch, profile=profile)
    verifier = believing(world, issuer=f"{server.origin}/fr", fetch=fetch)
    header = {"typ": "dc+sd-jwt", "kid": "old", **HEADERS[name](server.origin)}
    for issuer in (ISSUER, world.claims()["iss"]):
        text = issue(
            world.claims(iss=issuer), disclosable=[], header=header, signer=NEW, random_bytes=system_random_bytes
        ).text
        found = verdict(world, verifier, text)
        session = world.ask()
        assert session.answer(session.present(text)).status == 400
        if name in ("jku", "jwk") or (name == "x5u" and profile == "ietf-latest"):
            assert found == session.code == "header_param_forbidden"
        assert found != GOOD
    assert (server.requests, server.connections) == ([], 0)
