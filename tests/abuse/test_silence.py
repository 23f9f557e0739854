"""L09: a whole life of attestations, with every refusal and fault on the way, says nothing personal or secret.

Everything logs at DEBUG through the real set-up. Then every line is searched for what went in and what came out:
claims, codes, keys, random bytes, and any twelve characters in a row of any token that crossed the wire.
"""

import io
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest

from portadoc import base64url
from portadoc.clock import SystemClock
from portadoc.demo.hostile import HostileCourt
from portadoc.errors import Error
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.keys.purposes import KeyPurpose
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.records import Record, record_from_json, record_to_json
from portadoc.serve.app import create_app
from portadoc.serve.house import House, open_house
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.verification.presets.presets import preset
from portadoc.wallet_sim.transport import TransportResponse
from portadoc.web.logs import set_up_logging
from tests.abuse.town import GRANT, INSPECTION, ISSUER, WatchedTransport, code_of, new_wallet, routes_of

BORN: Final = "1907-03-14"
MARK: Final = "Canaire-Echo-5519"
TOKEN_LENGTH: Final = 12
HEADERS: Final = {
    "authorization": f"Bearer {MARK}",
    "cookie": f"portadoc-tour={MARK}",
    "accept-language": MARK,
    "sec-fetch-site": "same-origin",
    "dpop": MARK,
    "if-none-match": MARK,
}
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
BODIES: Final = [
    (JSON, f'{{"{MARK}": "{MARK}"}}'),
    (JSON, f'{{"a": "{MARK}'),
    (JSON, f'["{MARK}"]'),
    (JSON, f'{{"preset": "{MARK}", "kind": "{MARK}", "reason": "{MARK}", "id": "{MARK}"}}'),
    (JSON, f'{{"kind": "pda1", "record_version": 1, "person": {{"pin": {{"{MARK}": "{MARK}"}}}}}}'),
    (JSON, f'{{"dcql_query": {{"credentials": [{{"id": "{MARK}", "format": "{MARK}"}}]}}}}'),
    (FORM, f"grant_type={MARK}"),
    (FORM, f"grant_type={GRANT}&pre-authorized_code={MARK}&tx_code={MARK}"),
    (FORM, f"response={MARK}.{MARK}.{MARK}.{MARK}.{MARK}"),
    (FORM, f"error={MARK}&state={MARK}"),
    (FORM, f"{MARK}=a&{MARK}=b"),
    (FORM, f"wallet_metadata={MARK}"),
    (MARK, MARK),
]
HARMS: Final = (
    "CREATE TRIGGER fault BEFORE INSERT ON issuer_credentials BEGIN SELECT RAISE(ABORT, NEW.record_id); END",
    "UPDATE issuer_records SET body = substr(body, 1, 300)",
    "DROP TABLE issuer_credentials",
    "DROP TABLE verifier_results",
)
_OWN_IDENTITY: Final = frozenset({"institution", "issuing_authority", "authentic_source"})
_RUN: Final = re.compile(r"[A-Za-z0-9_-]{16,}")
_LOGGED_RUN: Final = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH},}}")


@dataclass
class Secrets:
    """What must never be logged: whole values, and fragments of tokens."""

    values: set[str] = field(default_factory=set)
    fragments: set[str] = field(default_factory=set)
    transaction_codes: set[str] = field(default_factory=set)

    def random_bytes(self, count: int) -> bytes:
        """Return random bytes and remember them in every spelling."""
        drawn = system_random_bytes(count)
        for size in (16, 32):
            for place in range(0, count - size + 1, size):
                piece = drawn[place : place + size]
                self.fragments.update(grams(piece.hex()), grams(base64url.encode(piece)))
        return drawn

    def crossed(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, answer: TransportResponse
    ) -> TransportResponse:
        """Remember every token in a request and its answer."""
        texts = [url, *headers.values(), body.decode("latin-1"), *answer.headers.values()]
        for text in [*texts, answer.body.decode("latin-1")]:
            for run in _RUN.findall(unquote(text)):
                if is_token(run):
                    self.fragments.update(grams(run))
        return answer

    def told_by(self, line: str) -> list[str]:
        """Return what a line gives away."""
        found = [value for value in self.values if value in line]
        found += [code for code in self.transaction_codes if re.search(rf"(?<![0-9a-fx.]){code}(?!\d)", line)]
        runs = _LOGGED_RUN.findall(line)
        return found + [gram for run in runs for gram in grams(run) if gram in self.fragments]


def is_token(run: str) -> bool:
    """Tell what was made by chance or by encoding from a word of the protocols."""
    if re.fullmatch(r"[0-9a-f]{24,}", run):
        return True
    return all(re.search(kind, run) for kind in ("[0-9]", "[A-Z]", "[a-z]"))


def grams(run: str) -> Iterator[str]:
    return (run[place : place + TOKEN_LENGTH] for place in range(len(run) - TOKEN_LENGTH + 1))


def canary_record(name: str, secrets: Secrets, day: date) -> Record:
    """Return an example with a value of its own in every text that may hold any."""
    tree = record_to_json(example(name, day))
    for holder, key in list(leaves(tree)):
        before = holder[key]
        holder[key] = BORN if "birth" in str(key) and before[:2] == "19" else f"Canaire{len(secrets.values):05}"
        with suppress(Error):
            record_from_json(tree)
            secrets.values.add(holder[key])
            continue
        holder[key] = before
    return record_from_json(tree)


def leaves(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield container and key of every text, but of those that say whose institution this is."""
    members = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in members:
        if isinstance(value, str) and key != "kind":
            yield tree, key
        elif isinstance(value, (dict, list)) and key not in _OWN_IDENTITY:
            yield from leaves(value)


@dataclass
class Loud:
    """What the loggers said: as the real set-up writes it, and before anything formats it."""

    stream: io.StringIO
    messages: list[str]


@pytest.fixture
def loud() -> Iterator[Loud]:
    """Let every logger say everything it can."""
    root = logging.getLogger()
    loggers = [each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    before = [(each, each.level, each.disabled) for each in (root, *loggers)]
    handlers, messages = root.handlers[:], list[str]()
    root.handlers.clear()
    stream = io.StringIO()
    set_up_logging(logging.DEBUG, stream)
    listener = logging.Handler()
    listener.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    root.addHandler(listener)
    for each in loggers:
        each.setLevel(logging.DEBUG)
    yield Loud(stream, messages)
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    for each, level, disabled in before:
        each.setLevel(level)
        each.disabled = disabled


@dataclass
class Life:
    """A house over real HTTP, everything that crosses the wire being remembered."""

    house: House
    secrets: Secrets

    @property
    def base(self) -> str:
        return self.house.settings.base_url

    @property
    def transport(self) -> Any:
        return self.house.wallet.means.transport

    def day(self) -> date:
        return datetime.fromtimestamp(self.house.clock.now(), UTC).date()


@pytest.fixture
def life(tmp_path: Path, loud: Loud) -> Iterator[Life]:
    secrets = Secrets()
    with listen("127.0.0.1", 0) as listener:
        settings = PortadocSettings(
            base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", data_dir=tmp_path / "data"
        )
        with (
            open_house(
                settings, clock=SystemClock(), random_bytes=secrets.random_bytes, environment=dict(os.environ)
            ) as opened,
            serving(opened, listener),
        ):
            watched = WatchedTransport(opened.wallet.means.transport, secrets.crossed)
            yield Life(replace(opened, wallet=new_wallet(opened, watched)), secrets)


def test_a_whole_life_with_faults_says_nothing(life: Life, loud: Loud, capfd: pytest.CaptureFixture[str]) -> None:
    live(life)
    offend(life)
    fail(life)
    keep_keys_in_mind(life)
    lines = {*loud.stream.getvalue().splitlines(), *loud.messages, *"".join(capfd.readouterr()).splitlines()}
    for logger in ("sqlalchemy.engine.Engine", "uvicorn.error", "portadoc.access", "portadoc.incident", "asyncio"):
        assert any(f" {logger} " in line for line in lines), f"{logger} did not speak"
    assert len(life.secrets.fragments) > 10_000
    told = {line[:300]: found for line in lines if (found := life.secrets.told_by(line))}
    assert dict(sorted(told.items())[:10]) == {}


def live(life: Life) -> None:
    """Issue, present, decline, withdraw, refuse; then every hostile variant that is known."""
    house, secrets = life.house, life.secrets
    records = {}
    for slug, name, configuration in (
        (ISSUER, "posted-worker-fr-de", "pda1"),
        ("fr-health", "insured-traveller", "ehic"),
    ):
        record = canary_record(name, secrets, life.day())
        uploaded = life.transport.post_json(
            f"{life.base}/issuer/{slug}/management/records", record_to_json(record)
        )
        records[slug] = str(uploaded.json()["record_id"])
        offer = house.issuer.offer(slug, records[slug], [configuration], tx_code=True, by_reference=True)
        secrets.transaction_codes.add(str(offer.tx_code))
        with suppress(Error):
            house.wallet.accept(offer.offer_uri, tx_code="00000")
        house.wallet.accept(offer.offer_uri, tx_code=offer.tx_code, copies=2)
    secrets.values.add(BORN)
    house.wallet.decline(house.wallet.preview(ask(house, "inspector-quick").link))
    for question in ("inspector-quick", "care-desk"):
        house.wallet.present(ask(house, question).link)
    house.issuer.withdraw(ISSUER, records[ISSUER], reason=WithdrawalReason.FRAUD)
    house.issuer.publish_status_lists()
    house.issuer.forget_expired()
    house.verifier.forget()
    house.verifier.refresh_status_lists(everything=True)
    with suppress(Error):
        house.wallet.present(ask(house, "inspector-quick").link)
    court = HostileCourt(house, INSPECTION, preset("inspector-quick"))
    record_id = house.issuer.upload(ISSUER, canary_record("posted-worker-fr-de", secrets, life.day()))
    court.wallet.accept(house.issuer.offer(ISSUER, record_id, ["pda1"]).offer_uri)
    assert all(case.refused for case in court.cases())


def ask(house: House, question: str) -> Any:
    return house.verifier.create_request(INSPECTION, preset(question))


def offend(life: Life) -> None:
    """Send the mark in every place of a request to every route; no answer may repeat it."""
    life.secrets.values.add(MARK)
    for method, template in routes_of(create_app(life.house)):
        bodies = BODIES if method == "POST" else [("", "")]
        for (content_type, text), filled in product(bodies, (MARK, ISSUER, INSPECTION)):
            path = re.sub(r"\{[a-z_]+(?::path)?\}", MARK, template.replace("{institution}", filled))
            headers = {**HEADERS, "content-type": content_type} if content_type else HEADERS
            url = f"{life.base}{path}?{MARK}={MARK}"
            answer = life.transport.request(method, url, headers=headers, body=text.encode())
            require_no_echo(answer, (method, path, text))


def require_no_echo(answer: TransportResponse, sent: object) -> None:
    """A name that is not known may be told to the institution's own staff; a value never, to nobody."""
    told = answer.body.decode(errors="replace")
    if answer.status < 400 or '"member_unknown"' in told:
        return
    assert MARK not in told, (sent, answer.status, told)
    assert not any(MARK in value for value in answer.headers.values()), (sent, answer.headers)


def fail(life: Life) -> None:
    """Let the database refuse with a secret in its mouth, hold what cannot be read, and lose tables."""
    house, secrets = life.house, life.secrets
    record_id = house.issuer.upload(ISSUER, canary_record("posted-worker-fr-de", secrets, life.day()))
    offers = [house.issuer.offer(ISSUER, record_id, ["pda1"]) for _ in HARMS]
    for harm, offer in zip(HARMS, offers, strict=True):
        secrets.values.add(code_of(offer.offer_uri))
        with house.database.transaction() as connection:
            connection.exec_driver_sql(harm)
        with pytest.raises(Error):
            house.wallet.accept(offer.offer_uri)
        with suppress(Error):
            house.wallet.present(ask(house, "care-desk").link)
        for path in ("credentials", "unfinished"):
            life.transport.get(f"{life.base}/issuer/{ISSUER}/management/{path}")


def keep_keys_in_mind(life: Life) -> None:
    """Add every private key: of the holder's copies, of the house, of open requests."""
    house, secrets = life.house, life.secrets
    for credential in house.wallet.credentials():
        secrets.values.add(credential.holder_key["d"])
    with house.database.read() as connection:
        stored = connection.exec_driver_sql("SELECT encryption_key FROM verifier_requests WHERE phase = 'open'")
        secrets.values |= {json.loads(row[0])["d"] for row in stored}
    for slug, purpose in product(house.settings.institutions, KeyPurpose):
        with suppress(Error):
            scalar = house.key_ring.signer(slug, purpose)._key.private_numbers().private_value  # type: ignore[attr-defined]
            secrets.values |= {str(scalar), f"{scalar:064x}", base64url.encode(scalar.to_bytes(32, "big"))}
    assert len(secrets.values) > 100
