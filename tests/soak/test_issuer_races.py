"""P10: what a wallet may use once at the authorization server, fifty times at the same moment over two processes.

Under HAIP: every request is authenticated by the wallet's attestation and shows the key of its tokens.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import pytest

from portadoc.formats import strict_json
from portadoc.formats.oauth.pkce import code_challenge
from tests.soak.attested import HAIP, attested_wallet
from tests.soak.client import ISSUER
from tests.soak.server import LINUX_ONLY, Server, processor_seconds, running
from tests.soak.test_races import AT_ONCE, FORM, GUESSES_WITHOUT_END, ROUNDS
from tests.soak.volley import Answer, request, volley
from tests.unit.issuer.wallets import CALLBACK, VERIFIER, AttestedWallet

pytestmark = LINUX_ONLY
Heads = list[dict[str, str]]


@dataclass
class Arena:
    """Two processes over one database, and the wallet that asks them."""

    server: Server
    wallet: AttestedWallet

    def shoot(self, endpoint: str, bodies: list[bytes], heads: Heads, *, method: str = "POST") -> list[Answer]:
        """Send all bodies, each under its headers, to one endpoint at once."""
        path, port = self.wallet.path(endpoint), self.server.port
        return volley(
            port, [request(port, path, body, head, method) for body, head in zip(bodies, heads, strict=True)]
        )

    def forms(self, endpoint: str, form: dict[str, str], heads: Heads) -> list[Answer]:
        """Send the same form under each of the headers."""
        body = urlencode({"client_id": self.wallet.client_id, **form}).encode()
        return self.shoot(endpoint, [body] * len(heads), [{**FORM, **head} for head in heads])


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    server = Server(tmp_path_factory.mktemp("arena"), workers=2)
    server.settings_file.write_text(HAIP + GUESSES_WITHOUT_END)
    with running(server), attested_wallet(server) as wallet:
        yield Arena(server, wallet)


def one_authorization_code(arena: Arena) -> None:
    """F10: one authorization code; whoever comes second takes back what the first one got."""
    code = arena.wallet.code()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    answers = arena.forms("token", form, heads(arena, "token"))
    require_one_winner(answers, {400: "code_unusable"})
    require_revoked(arena, answers)


def one_refresh_token(arena: Arena) -> None:
    """RFC 9700 §4.14.2: one refresh token; its second use takes back what the first one gave."""
    token = arena.wallet.tokens()["refresh_token"]
    answers = arena.forms("token", {"grant_type": "refresh_token", "refresh_token": token}, heads(arena, "token"))
    require_one_winner(answers, {400: "refresh_token_unusable"})
    require_revoked(arena, answers)


def one_request_uri(arena: Arena) -> None:
    """F11: one pushed request, brought by fifty browsers."""
    asked = urlencode({"client_id": arena.wallet.client_id, "request_uri": arena.wallet.pushed()})
    answers = arena.shoot(f"authorize?{asked}", [b"\n"] * AT_ONCE, [{}] * AT_ONCE, method="GET")
    statuses = Counter(answer.status for answer in answers)
    assert statuses[303] == 1
    assert sum(count for status, count in statuses.items() if 400 <= status < 500) == AT_ONCE - 1


def one_dpop_proof(arena: Arena) -> None:
    """F14: one DPoP proof, under fifty requests that are sound in all else."""
    proof = arena.wallet.dpop(arena.wallet.path("par"))
    answers = arena.forms("par", PUSHED, [{**head, "DPoP": proof} for head in heads(arena)])
    require_one_winner(answers, {400: "dpop_proof_invalid"}, won=201)


def one_attestation_proof(arena: Arena) -> None:
    """F15: one proof of a client attestation."""
    proof = arena.wallet.client_headers()
    answers = arena.forms("par", PUSHED, [proof] * AT_ONCE)
    require_one_winner(answers, {401: "client_attestation_invalid"}, won=201)


def one_attestation_challenge(arena: Arena) -> None:
    """F15: one challenge, under fifty proofs of a client attestation."""
    wallet, challenge = arena.wallet, arena.wallet.challenge()
    attestation = wallet.attestation()
    sent = [
        {"OAuth-Client-Attestation": attestation, "OAuth-Client-Attestation-PoP": wallet.pop(challenge=challenge)}
        for _ in range(AT_ONCE)
    ]
    answers = arena.forms("par", PUSHED, sent)
    require_one_winner(answers, {400: "attestation_challenge_required"}, won=201)


def one_credential_request(arena: Arena) -> None:
    """E12, F14: one challenge and one DPoP proof, under fifty credential requests with a bound token."""
    wallet, token = arena.wallet, arena.wallet.tokens()["access_token"]
    path = wallet.path("credential")
    proof = wallet.rig.proof(institution=ISSUER, payload={"iss": wallet.client_id})
    body = strict_json.dumps({"credential_configuration_id": "pda1", "proofs": {"jwt": [proof]}})
    shown = wallet.dpop(path, token=token)
    head = {"authorization": f"DPoP {token}", "dpop": shown, "content-type": "application/json"}
    answers = arena.shoot("credential", [body] * AT_ONCE, [head] * AT_ONCE)
    assert Counter(answer.status for answer in answers) == {200: 1, 401: AT_ONCE - 1}


RACES: Final = (
    *(one_authorization_code, one_refresh_token, one_request_uri),
    *(one_dpop_proof, one_attestation_proof, one_attestation_challenge, one_credential_request),
)
PUSHED: Final = {
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "code_challenge": code_challenge(VERIFIER),
    "code_challenge_method": "S256",
    "scope": "pda1",
}


def heads(arena: Arena, endpoint: str | None = None) -> Heads:
    """Return the headers of fifty requests of one wallet: one attestation, proofs of its own for each."""
    wallet = arena.wallet
    attestation = wallet.attestation()
    sent = [
        {"OAuth-Client-Attestation": attestation, "OAuth-Client-Attestation-PoP": wallet.pop()}
        for _ in range(AT_ONCE)
    ]
    return sent if endpoint is None else [{**each, "DPoP": wallet.dpop(wallet.path(endpoint))} for each in sent]


def require_one_winner(answers: list[Answer], refusal: dict[int, str], *, won: int = 200) -> None:
    """Require one success; everyone else is told why by the one code."""
    ((status, code),) = refusal.items()
    assert Counter(answer.status for answer in answers) == {won: 1, status: len(answers) - 1}
    assert {answer.code for answer in answers if answer.status != won} == {code}


def require_revoked(arena: Arena, answers: list[Answer]) -> None:
    """Require that the token of the winner is good for nothing any more."""
    (token,) = [answer.body["access_token"] for answer in answers if answer.status == 200]
    refused = arena.wallet.obtain(token)
    assert (refused.status, "invalid_token" in refused.headers["www-authenticate"]) == (401, True)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_f10_f11_f14_f15_of_fifty_at_once_one_wins(arena: Arena, race: Callable[[Arena], None]) -> None:
    race(arena)


@pytest.mark.soak
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_of_fifty_at_once_one_wins_however_often(arena: Arena, race: Callable[[Arena], None]) -> None:
    before = {pid: processor_seconds(pid) for pid in arena.server.worker_pids()}
    for _ in range(ROUNDS):
        race(arena)
    spent = [round(processor_seconds(pid) - start, 1) for pid, start in before.items()]
    print(f"\n{race.__name__}: {ROUNDS} rounds; processor seconds of the workers {spent}")
    assert len(spent) == 2
    assert min(spent) > 0.1 * max(spent), "one worker had all the work"
