"""P10: what may be used once is used once, although fifty ask at the same moment and two processes answer."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest

from portadoc.formats import jwe, strict_json
from portadoc.wallet_sim.presentation import Preview, bind_answer, encrypt_answer
from portadoc.wallet_sim.requests import TrustedRequest
from portadoc.wallet_sim.wallet import Wallet
from tests.soak.client import GRANT, INSPECTION, ISSUER, Client, taken
from tests.soak.server import LINUX_ONLY, Server, processor_seconds, running, wallet_for
from tests.soak.volley import Answer, request, volley

pytestmark = LINUX_ONLY
AT_ONCE: Final = 50
ROUNDS: Final = int(os.environ.get("SOAK_ROUNDS", "200"))
ANSWERS: Final = int(os.environ.get("SOAK_ANSWERS", "500"))
"""Rounds of two different answers to one request."""
TRIES: Final = 5
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
JSON: Final = {"content-type": "application/json"}
GUESSES_WITHOUT_END: Final = "[issuer]\ntoken_misses_per_hour = 1000000\n"


@dataclass
class Arena:
    """Two processes over one database, and everyone who asks them."""

    server: Server
    client: Client
    wallet: Wallet
    record_id: str

    def shoot(self, path: str, bodies: list[bytes], headers: dict[str, str]) -> list[Answer]:
        """Send all bodies to one path at once."""
        return volley(self.server.port, [request(self.server.port, path, body, headers) for body in bodies])


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    server = Server(tmp_path_factory.mktemp("arena"), workers=2)
    server.settings_file.write_text(GUESSES_WITHOUT_END)
    with running(server):
        client, wallet = Client.of(server.origin), wallet_for(server)
        record_id = client.upload()
        code, _ = client.offer(record_id)
        offer = {
            "credential_issuer": client.issuer,
            "credential_configuration_ids": ["pda1"],
            "grants": {GRANT: {"pre-authorized_code": code}},
        }
        link = urlencode({"credential_offer": strict_json.dumps(offer)})
        wallet.accept(f"openid-credential-offer://?{link}")
        yield Arena(server, client, wallet, record_id)


def one_code(arena: Arena) -> None:
    """F01: one pre-authorised code."""
    code, _ = arena.client.offer(arena.record_id)
    answers = arena.shoot(*redemption([{"pre-authorized_code": code}] * AT_ONCE))
    require_one_winner(answers, "code_unusable")


def one_nonce(arena: Arena) -> None:
    """E12: one challenge, under fifty proofs with one access token."""
    code, _ = arena.client.offer(arena.record_id)
    token, nonce = arena.client.token(code), arena.client.nonce()
    bodies = [
        strict_json.dumps({"credential_configuration_id": "pda1", "proofs": {"jwt": [arena.client.proof(nonce)]}})
        for _ in range(AT_ONCE)
    ]
    headers = {**JSON, "authorization": f"Bearer {token}"}
    answers = arena.shoot(f"/issuer/{ISSUER}/credential", bodies, headers)
    require_one_winner(answers, "nonce_used")


def wrong_transaction_codes(arena: Arena) -> None:
    """F04: fifty wrong guesses share five tries, and the right code comes too late."""
    code, right = arena.client.offer(arena.record_id, tx_code=True)
    guesses = [f"{guess:06}" for guess in range(AT_ONCE + 1) if f"{guess:06}" != right][:AT_ONCE]
    path, bodies, headers = redemption([{"pre-authorized_code": code, "tx_code": guess} for guess in guesses])
    codes = Counter(answer.code for answer in arena.shoot(path, bodies, headers))
    assert codes == {"tx_code_wrong": TRIES, "code_unusable": AT_ONCE - TRIES}
    path, bodies, headers = redemption([{"pre-authorized_code": code, "tx_code": right}])
    (late,) = arena.shoot(path, bodies, headers)
    assert (late.status, late.code) == (400, "code_unusable")


def right_transaction_code_among_guesses(arena: Arena) -> None:
    """F04: the right code among guesses wins at most once, and never after the fifth try."""
    code, right = arena.client.offer(arena.record_id, tx_code=True)
    guesses = [right if turn % 10 == 0 else "0000" for turn in range(AT_ONCE)]
    answers = arena.shoot(*redemption([{"pre-authorized_code": code, "tx_code": guess} for guess in guesses]))
    won = sum(answer.status == 200 for answer in answers)
    wrong = sum(answer.code == "tx_code_wrong" for answer in answers)
    assert won <= 1
    assert won + wrong <= TRIES
    assert won or wrong == TRIES


def one_answer(arena: Arena) -> None:
    """G03: one encrypted response to one request."""
    session = Session.open(arena)
    require_one_winner(session.shoot([session.answer()] * AT_ONCE), "request_answered")
    assert session.result()["accepted"] is True


def two_answers(arena: Arena) -> None:
    """G03, G04, V-50: two different answers to one request, and what the first came to never changes."""
    session = Session.open(arena)
    presented, refused = session.answer(), session.refusal()
    answers = session.shoot([presented, refused])
    assert sorted(answer.status for answer in answers) == [200, 400]
    assert [answer.code for answer in answers if answer.status != 200] == ["request_answered"]
    result = session.result()
    assert result["accepted"] is (answers[0].status == 200)
    assert result["wallet_error"] == (None if answers[0].status == 200 else "access_denied")
    late = session.shoot([refused, presented])
    assert [(answer.status, answer.code) for answer in late] == [(400, "request_answered")] * 2
    assert session.result() == result


@dataclass(frozen=True)
class Session:
    """One open request, as the institution's system and the wallet see it."""

    arena: Arena
    asked: dict[str, Any]
    preview: Preview

    @classmethod
    def open(cls, arena: Arena) -> "Session":
        """Ask a new question."""
        url = f"{arena.server.origin}/verifier/{INSPECTION}/management/requests"
        asked = taken(arena.client.transport.post_json(url, {"preset": "inspector-quick"}), 201)
        return cls(arena, asked, arena.wallet.preview(asked["link"]))

    def answer(self) -> bytes:
        """Return a form with a sound presentation."""
        return self._form(encrypt_answer(bind_answer(self.preview, means=self.arena.wallet.means), self._trusted))

    def refusal(self) -> bytes:
        """Return a form that says that the holder does not want to."""
        assert self._trusted.encryption_jwk is not None
        assert self._trusted.enc is not None
        said = strict_json.dumps({"error": "access_denied", "state": self._trusted.request.state})
        return self._form(
            jwe.encrypt(said, self._trusted.encryption_jwk, enc=self._trusted.enc, apu=None, apv=None)
        )

    def shoot(self, forms: list[bytes]) -> list[Answer]:
        """Send all of them at once."""
        uri = self._trusted.request.response_uri
        assert uri is not None
        return self.arena.shoot(urlsplit(uri).path, forms, FORM)

    def result(self) -> dict[str, Any]:
        """Return what the institution's system is told."""
        url = f"{self.arena.server.origin}/verifier/{INSPECTION}/management/results/{self.asked['transaction_id']}"
        secret = {"authorization": f"Bearer {self.asked['session_secret']}"}
        found: dict[str, Any] = taken(self.arena.client.transport.get(url, headers=secret), 200)["result"]
        return found

    @property
    def _trusted(self) -> TrustedRequest:
        return self.preview.request

    def _form(self, response: str) -> bytes:
        return urlencode({"response": response}).encode()


RACES: Final = (
    *(one_code, one_nonce, wrong_transaction_codes, right_transaction_code_among_guesses),
    *(one_answer, two_answers),
)


def redemption(forms: list[dict[str, Any]]) -> tuple[str, list[bytes], dict[str, str]]:
    """Return path, bodies and headers of token requests."""
    bodies = [urlencode({"grant_type": GRANT, **form}).encode() for form in forms]
    return f"/issuer/{ISSUER}/token", bodies, FORM


def require_one_winner(answers: list[Answer], refusal: str) -> None:
    """Require one success; everyone else is told why by the one code."""
    assert Counter(answer.status for answer in answers) == {200: 1, 400: len(answers) - 1}
    assert {answer.code for answer in answers if answer.status != 200} == {refusal}


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_f01_f04_e12_g03_of_fifty_at_once_one_wins(arena: Arena, race: Callable[[Arena], None]) -> None:
    for _ in range(3):
        race(arena)


@pytest.mark.soak
@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_of_fifty_at_once_one_wins_however_often(arena: Arena, race: Callable[[Arena], None]) -> None:
    before = {pid: processor_seconds(pid) for pid in arena.server.worker_pids()}
    rounds = ANSWERS if race is two_answers else ROUNDS
    for _ in range(rounds):
        race(arena)
    spent = [round(processor_seconds(pid) - start, 1) for pid, start in before.items()]
    print(f"\n{race.__name__}: {rounds} rounds; processor seconds of the workers {spent}")
    assert len(spent) == 2
    assert min(spent) > 0.1 * max(spent), "one worker had all the work"
