"""P16: no request makes a real server grow by more than 32 MiB, whatever it brings, and none ends in a 500.

One process of ``portadoc serve`` is measured from outside (``tests.abuse.memory``). What lies behind signatures or
comes from other machines is read in a process of its own, by the very readers that are fuzzed. What other machines
send and never end is in ``test_memory_of_fetching``.
"""

import json
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest

from portadoc import base64url
from portadoc.formats import jwe, strict_json
from portadoc.wallet_sim.presentation import Preview, bind_answer, encrypt_answer
from portadoc.wallet_sim.wallet import Wallet
from tests.abuse.hostile_sizes import CASES, query
from tests.abuse.memory import GIVE_BACK, MIB, Gauge
from tests.soak.client import GRANT, INSPECTION, Client, taken
from tests.soak.server import LINUX_ONLY, Server, processor_seconds, running, wallet_for

ALLOWED: Final = 32 * MIB
"""Trust lists and packs are read by housekeeping and on the command line, one at a time, never for a request."""
SECONDS: Final = 2.0
ANSWER_S: Final = 20.0
ROOM: Final = 512 * 1024
BODY: Final = 1024 * 1024
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
ROOT: Final = Path(__file__).resolve().parent.parent.parent

pytestmark = [
    LINUX_ONLY,
    pytest.mark.skipif(not Gauge().works, reason="/proc keeps no marks of memory here: P16 was NOT measured"),
]


@pytest.fixture(scope="module", autouse=True)
def memory_goes_back() -> Iterator[None]:
    """Let every process that is started here give freed memory back at once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in GIVE_BACK.items():
            patch.setenv(name, value)
        yield


# --- a real server -------------------------------------------------------------------------------------------


@dataclass
class Arena:
    """One serving process, and a wallet that holds an attestation."""

    server: Server
    client: Client
    wallet: Wallet
    gauge: Gauge

    def ask(self, **question: Any) -> dict[str, Any]:
        """Return a new open request."""
        url = f"{self.server.origin}/verifier/{INSPECTION}/management/requests"
        asked = {"preset": "inspector-quick", **question}
        return taken(self.client.transport.post_json(url, asked), 201)

    def preview(self) -> Preview:
        """Return a new request as the wallet sees it."""
        return self.wallet.preview(self.ask()["link"])

    def sends(
        self, path: str, pieces: "Pieces", content_type: str = FORM, method: str = "POST", **headers: str
    ) -> int | None:
        """Send a body in pieces and return the status; None when the server closed before it answered."""
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.server.port}",
            "Connection: close",
            f"Content-Type: {content_type}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        length = "Transfer-Encoding: chunked" if pieces.length is None else f"Content-Length: {pieces.length}"
        said = bytearray()
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=ANSWER_S) as connection:
            with suppress(ConnectionError):
                connection.sendall("\r\n".join([*head, length, "", ""]).encode())
                for piece in pieces.content():
                    connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if pieces.length is None else piece)
                if pieces.length is None:
                    connection.sendall(b"0\r\n\r\n")
            with suppress(ConnectionError):
                while read := connection.recv(65536):
                    said += read
        return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/1.1 ") else None


@dataclass(frozen=True)
class Pieces:
    """A body: announced by its length, or in chunks when ``length`` is None."""

    content: Callable[[], Iterator[bytes]]
    length: int | None = None


def whole(body: bytes) -> Pieces:
    return Pieces(lambda: iter([body]), len(body))


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory, memory_goes_back: None) -> Iterator[Arena]:
    with running(Server(tmp_path_factory.mktemp("memory"))) as server:
        client, wallet = Client.of(server.origin), wallet_for(server)
        code, _ = client.offer(client.upload())
        offer = {
            "credential_issuer": client.issuer,
            "credential_configuration_ids": ["pda1"],
            "grants": {GRANT: {"pre-authorized_code": code}},
        }
        wallet.accept("openid-credential-offer://?" + urlencode({"credential_offer": strict_json.dumps(offer)}))
        opened = Arena(server, client, wallet, Gauge(server.pid))
        for _ in range(8):  # the first of each kind loads code and fills caches, in each thread
            wallet.present(opened.ask()["link"])
        yield opened


def require_bounded(arena: Arena, act: Callable[[], int | None], allowed: frozenset[int | None]) -> None:
    """Require a status that is allowed, at a price that is."""
    statuses: list[int | None] = []
    before = processor_seconds(arena.server.pid)
    growth = arena.gauge.growth(lambda: statuses.append(act()))
    seconds = processor_seconds(arena.server.pid) - before
    print(f"\n{growth / MIB:5.1f} MiB, {seconds:4.2f} s, {statuses[0]}")
    assert statuses[0] in allowed
    assert growth <= ALLOWED
    assert seconds <= SECONDS
    log = arena.server.log.read_text()
    assert "incident" not in log, log[-3000:]


def sealed(preview: Preview, plaintext: bytes) -> bytes:
    """Return a form with a response that decrypts to ``plaintext``."""
    trusted = preview.request
    assert trusted.encryption_jwk is not None
    assert trusted.enc is not None
    response = jwe.encrypt(plaintext, trusted.encryption_jwk, enc=trusted.enc, apu=None, apv=None)
    return urlencode({"response": response}).encode()


def path_of(preview: Preview) -> str:
    assert preview.request.request.response_uri is not None
    return urlsplit(preview.request.request.response_uri).path


def filled(opening: bytes, item: bytes, closing: bytes, size: int = ROOM - 64) -> bytes:
    return opening + item * ((size - len(opening) - len(closing)) // len(item)) + closing


def answer(preview: Preview, text: str, copies: int = 1) -> bytes:
    """Return the plaintext of a response in which the one query is answered with ``text``."""
    return json.dumps({"vp_token": {"a1": [text] * copies}}).encode()


def sound(arena: Arena, preview: Preview) -> str:
    ((_, (text,)),) = bind_answer(preview, means=arena.wallet.means).items()
    return text


def with_disclosures(text: str, count: int, size: int) -> str:
    """Return a sound presentation with disclosures beside its own: it is signed, and then it is not in order."""
    token, _, rest = text.partition("~")
    more = (base64url.encode(b'["s","n%d","%s"]' % (number, b"x" * size)) for number in range(count))
    return "~".join([token, *more, rest])


def nested(text: str, depth: int) -> str:
    return with_disclosures(text, 0, 0).replace("~", "~" + base64url.encode(b"[" * depth) + "~", 1)


def header_of_certificates(count: int) -> str:
    """Return a token with a header full of what should be certificates."""
    header = base64url.encode(json.dumps({"alg": "ES256", "typ": "dc+sd-jwt", "x5c": ["MIIB"] * count}).encode())
    return f"{header}.e30.{'A' * 86}~"


Plaintext = Callable[[Arena, Preview], bytes]
PLAINTEXTS: Final[dict[str, Plaintext]] = {
    "A12 brackets": lambda arena, asked: b'{"vp_token":' + b"[" * (ROOM - 64),
    "A12 objects": lambda arena, asked: b'{"a":' * (ROOM // 5 - 9),
    "A12 disclosure": lambda arena, asked: answer(asked, nested(sound(arena, asked), 40_000)),
    "A13 small objects": lambda arena, asked: filled(b'{"vp_token":{"a1":[', b"{},", b"{}]}}"),
    "A13 empty texts": lambda arena, asked: filled(b'{"vp_token":{"a1":[', b'"",', b'""]}}'),
    "A13 tildes": lambda arena, asked: filled(b'{"vp_token":{"a1":["', b"~", b'"]}}'),
    "A13 512 disclosures": lambda arena, asked: answer(asked, with_disclosures(sound(arena, asked), 510, 300)),
    "A13 thousands of disclosures": lambda arena, asked: answer(
        asked, with_disclosures(sound(arena, asked), 9000, 1)
    ),
    "A13 header": lambda arena, asked: answer(asked, header_of_certificates(30_000)),
    "A13 larger than admitted": lambda arena, asked: b'{"vp_token":"' + b"x" * 700_000 + b'"}',
    "A11 numbers": lambda arena, asked: filled(b'{"vp_token":[', b"1e400,", b"1]}"),
    "A11 one number": lambda arena, asked: filled(b'{"vp_token":', b"1", b"}"),
    "A10 escapes": lambda arena, asked: filled(b'{"vp_token":{"a1":["', b"\\u0001", b'"]}}'),
    "G01 many queries": lambda arena, asked: (
        b'{"vp_token":{' + b",".join(b'"k%06d":["x~"]' % n for n in range(ROOM // 17)) + b"}}"
    ),
    "G01 many queries without answers": lambda arena, asked: (
        b'{"vp_token":{' + b",".join(b'"%d":[{}]' % n for n in range(ROOM // 14)) + b"}}"
    ),
    "G01 many presentations": lambda arena, asked: answer(asked, sound(arena, asked), 40),
    "G16 long error": lambda arena, asked: filled(
        b'{"error":"access_denied","error_description":"', b"<b>", b'"}'
    ),
    "V-18 512 times 512": lambda arena, asked: answer(
        asked, with_disclosures(sound(arena, asked), 510, 1).replace("~", "~~", 1), 4
    ),
}


@pytest.mark.parametrize("make", PLAINTEXTS.values(), ids=PLAINTEXTS)
def test_p16_an_encrypted_response_of_any_shape_costs_little(arena: Arena, make: Plaintext) -> None:
    preview = arena.preview()
    state = json.dumps({"state": preview.request.request.state}).encode()[:-1]
    body = sealed(preview, make(arena, preview).replace(b"{", state + b",", 1))
    assert len(body) <= BODY
    allowed = frozenset({200} if make is PLAINTEXTS["G16 long error"] else {400, 413})
    require_bounded(arena, lambda: arena.sends(path_of(preview), whole(body)), allowed)


def jwe_of(size: int, **header: Any) -> bytes:
    told = base64url.encode(strict_json.dumps({"alg": "ECDH-ES", "enc": "A128GCM", "kid": "x", **header}))
    return f"response={told}..AAAAAAAAAAAAAAAA.{'A' * size}.AAAAAAAAAAAAAAAAAAAAAA".encode()


def dribbled(count: int) -> Iterator[bytes]:
    for _ in range(count):
        time.sleep(0.05)
        yield b"a"


def endless(piece: bytes, times: int) -> Callable[[], Iterator[bytes]]:
    return lambda: (piece for _ in range(times))


BODIES: Final[dict[str, Pieces]] = {
    "V-58 one byte too many": whole(b"response=" + b"A" * (BODY - 8)),
    "V-58 64 MiB in chunks": Pieces(endless(b"A" * 65536, 1024)),
    "V-58 64 MiB announced": Pieces(endless(b"A" * 65536, 1024), 64 * MIB),
    "D06 1 GiB announced, a little sent": Pieces(endless(b"A" * 1000, 1), 2**30),
    "D06 slow drip": Pieces(lambda: dribbled(20), 20),
    "V-54 ciphertext as large as may be": whole(jwe_of(BODY - 200)),
    "V-54 header as large as may be": whole(jwe_of(9, more="x" * 700_000)),
    "V-54 zip": whole(jwe_of(200_000, zip="DEF")),
    "V-54 epk": whole(jwe_of(200_000, epk={"kty": "EC", "crv": "P-256", "x": "A" * 100_000, "y": "A"})),
    "F07 pairs": whole(b"a=b&" * (BODY // 4)),
    "F07 escapes": whole(b"response=" + b"%41" * ((BODY - 9) // 3)),
    "F07 ampersands": whole(b"&" * BODY),
    "A20 one dot after another": whole(b"response=" + b"." * (BODY - 9)),
}
CLOSED: Final = frozenset({400, 413, None})


@pytest.mark.parametrize("pieces", BODIES.values(), ids=BODIES)
def test_p16_a_body_of_any_size_costs_little(arena: Arena, pieces: Pieces) -> None:
    path = path_of(arena.preview())
    require_bounded(arena, lambda: arena.sends(path, pieces), CLOSED)


def test_d06_p16_a_compressed_body_is_not_inflated(arena: Arena) -> None:
    body = whole(zlib.compress(bytes(100 * MIB), 9))
    path = path_of(arena.preview())
    require_bounded(arena, lambda: arena.sends(path, body, Content_Encoding="gzip"), CLOSED | {415})


QUESTIONS: Final[dict[str, bytes]] = {
    "G18 10k claims": b'{"dcql_query":' + query(10_000) + b"}",
    "G18 20k values": json.dumps(
        {
            "dcql_query": {
                "credentials": [
                    {
                        "id": "a1",
                        "format": "dc+sd-jwt",
                        "meta": {"vct_values": ["urn:eudi:pda1:1"]},
                        "claims": [{"id": "c", "path": ["a"], "values": list(range(9000))}],
                    }
                ]
            }
        }
    ).encode(),
    "A12 brackets": b'{"dcql_query":' + b"[" * (BODY - 20),
    "A13 small objects": filled(b'{"dcql_query":[', b"{},", b"{}]}", BODY),
    "A13 members": b"{" + b",".join(b'"%06d":0' % n for n in range(BODY // 11)) + b"}",
    "V-28 transaction data": filled(
        b'{"preset":"inspector-quick","transaction_data":[', b'{"type":"x"},', b"{}]}", 900_000
    ),
}


@pytest.mark.parametrize("body", QUESTIONS.values(), ids=QUESTIONS)
def test_p16_a_question_of_any_size_costs_little(arena: Arena, body: bytes) -> None:
    assert len(body) <= BODY
    path = f"/verifier/{INSPECTION}/management/requests"
    refused = frozenset({400, 413, 422})
    require_bounded(arena, lambda: arena.sends(path, whole(body), JSON), refused)


METADATA: Final[dict[str, bytes]] = {
    "G15 nested": b"[" * (31 * 1024),
    "G15 small objects": filled(b'{"a":[', b"{},", b"{}]}", 31 * 1024),
    "G15 1 MiB": b'{"a":"' + b"x" * (BODY - 40) + b'"}',
    "G15 keys": json.dumps({"jwks": {"keys": [{"kty": "EC"}] * 1500}}).encode(),
}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=METADATA)
def test_p16_wallet_metadata_of_any_size_cost_little(arena: Arena, metadata: bytes) -> None:
    path = urlsplit(arena.ask()["request_uri"]).path
    body = b"wallet_metadata=" + metadata
    require_bounded(arena, lambda: arena.sends(path, whole(body[:BODY])), frozenset({200, 400, 413}))


PLACES: Final = ("sessions", "sessions/x/answers", "management/requests", "requests/x", "responses/x")
SWEPT: Final[dict[str, tuple[str, bytes]]] = {
    "brackets": (JSON, b"[" * BODY),
    "small objects": (JSON, filled(b'{"data":{"vp_token":[', b"{},", b"{}]}}", BODY)),
    "pairs": (FORM, b"a=b&" * (BODY // 4)),
}


@pytest.mark.parametrize("swept", SWEPT.values(), ids=SWEPT)
@pytest.mark.parametrize("place", PLACES)
def test_p16_every_endpoint_takes_little(arena: Arena, place: str, swept: tuple[str, bytes]) -> None:
    content_type, body = swept
    path = f"/verifier/{INSPECTION}/{place}"
    statuses = frozenset({400, 401, 403, 404, 410, 413, 415, 422})
    origin = arena.server.origin
    require_bounded(arena, lambda: arena.sends(path, whole(body), content_type, Origin=origin), statuses)


def test_p16_after_all_that_a_sound_presentation_is_accepted(arena: Arena) -> None:
    asked = arena.ask()
    preview = arena.wallet.preview(asked["link"])
    response = encrypt_answer(bind_answer(preview, means=arena.wallet.means), preview.request)
    assert arena.sends(path_of(preview), whole(urlencode({"response": response}).encode())) == 200


# --- readers, each in the process of `tests.abuse.hostile_sizes` ---------------------------------------------


@pytest.fixture(scope="module")
def sizes(memory_goes_back: None) -> dict[str, dict[str, Any]]:
    """What every hostile input took of the reader that it was made for."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.abuse.hostile_sizes"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", CASES)
def test_p16_a_reader_takes_little_for_any_input(sizes: dict[str, dict[str, Any]], name: str) -> None:
    taken = sizes[name]
    print(f"\n{taken['growth'] / MIB:5.1f} MiB, {taken['seconds']:4.2f} s, {taken['told']}")
    assert taken["growth"] <= ALLOWED
    assert taken["seconds"] <= SECONDS
