"""P16: the largest input that is admitted takes bounded time and memory, and what is larger is refused unread."""

import base64
import hashlib
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats import jws, roles, sd_jwt, strict_json
from portadoc.formats.dcql.matching import CredentialView, check_answer, match
from portadoc.formats.dcql.query import parse_query
from portadoc.formats.sd_jwt.parse import MAX_BYTES, MAX_DISCLOSURES
from portadoc.formats.status_list.statuses import decode_lst
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.certificates import parse_chain
from portadoc.schemas.records import record_from_json
from portadoc.wallet_sim.presentation import bind_answer, encrypt_answer
from portadoc.wallet_sim.transport import TransportResponse
from tests.abuse.requests_near_sound import FORM, HOLDER, JSON
from tests.abuse.seeds import Seeds
from tests.abuse.town import ISSUER, Town, path_of

SECONDS: Final = 2.0
EXTRA_BYTES: Final = 40 * 2**20
"""A few more than 32 MiB: what a library reserves and never touches is counted too."""
FULL: Final = 256 * 1024
BODY: Final = 1024 * 1024
HOSTILE_TEXTS: Final[dict[str, bytes]] = {
    "brackets": b"[" * FULL,
    "objects": b'{"a":' * (FULL // 5),
    "closing brackets": b"]" * FULL,
    "backslashes": b'"' + b"\\" * (FULL - 2) + b'"',
    "quotes": b'"' * FULL,
    "one number": b"1" * FULL,
    "one fraction": b"0." + b"1" * (FULL - 2),
    "one exponent": b"1e" + b"9" * (FULL - 2),
    "numbers": b"[" + b"0," * (FULL // 2 - 2) + b"0]",
    "one member many times": b"{" + b'"a":0,' * (FULL // 6 - 2) + b'"a":0}',
    "many members": b"{" + b",".join(b'"%d":0' % n for n in range(FULL // 10)) + b"}",
    "escapes": b'"' + b"\\u0000" * (FULL // 6 - 1) + b'"',
    "half pairs": b'"' + b"\\ud800" * (FULL // 6 - 1) + b'"',
    "white space": b" " * (FULL - 2) + b"{}",
    "objects in an array": b"[" + b"{}," * (FULL // 3 - 2) + b"{}]",
    "zeros": b"\x00" * FULL,
    "broken utf-8": b'"' + b"\xc3" * (FULL - 2) + b'"',
}


def require_bounded(act: Callable[[], object]) -> None:
    """Require that an act, refused or not, takes no more processor time and memory than one request may.

    It is done twice: tracing memory takes time of its own.
    """
    began = time.process_time()
    with suppress(Error):
        act()
    spent = time.process_time() - began
    tracemalloc.start()
    with suppress(Error):
        act()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert spent < SECONDS, f"{spent:.1f} s"
    assert peak < EXTRA_BYTES, f"{peak // 2**20} MiB"


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_json_of_the_largest_size_is_read_or_refused_in_time(name: str) -> None:
    require_bounded(lambda: strict_json.loads(HOSTILE_TEXTS[name], what="x", max_bytes=FULL))


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_any_endpoint_answers_the_largest_body_in_time(town: Town, name: str) -> None:
    body = HOSTILE_TEXTS[name] * (BODY // len(HOSTILE_TEXTS[name]))
    for path, headers in (
        (f"/issuer/{ISSUER}/credential", {"content-type": JSON, "authorization": f"Bearer {town.token()}"}),
        (f"/issuer/{ISSUER}/token", {"content-type": FORM}),
        (path_of(town.ask().request_uri), {"content-type": FORM}),
        (f"/issuer/{ISSUER}/management/records", {"content-type": JSON}),
    ):
        require_bounded(partial(post, town, path, headers, body))


def post(town: Town, path: str, headers: dict[str, str], body: bytes) -> TransportResponse:
    answer = town.transport.request("POST", path, headers=headers, body=body)
    assert answer.status < 500
    return answer


def disclosure(*content: Any) -> str:
    return base64url.encode(json.dumps(content).encode())


def digest(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode()).digest())


def chained(length: int) -> tuple[dict[str, Any], list[str]]:
    """Return a payload and disclosures of which each reveals the next."""
    texts = [disclosure("s", "leaf", 1)]
    while len(texts) < length:
        texts.append(disclosure("s", f"n{len(texts)}", {"_sd": [digest(texts[-1])]}))
    return {"_sd": [digest(texts[-1])]}, texts


def flat(count: int, size: int) -> tuple[dict[str, Any], list[str]]:
    """Return a payload and disclosures beside each other."""
    texts = [disclosure("s", f"n{n}", "x" * size) for n in range(count)]
    return {"_sd": [digest(text) for text in texts]}, texts


def crowded() -> tuple[dict[str, Any], list[str]]:
    """Return a payload with as many digests as fit, of which none belongs to the disclosures."""
    return {"_sd": [digest(str(n)) for n in range(4000)]}, flat(MAX_DISCLOSURES, 10)[1]


def elements() -> tuple[dict[str, Any], list[str]]:
    """Return a payload with hidden array elements in many arrays."""
    texts = [disclosure("s", n) for n in range(MAX_DISCLOSURES)]
    return {"a": [[{"...": digest(text)}] for text in texts]}, texts


@pytest.mark.parametrize(
    ("payload", "disclosures"),
    [chained(31), chained(64), chained(MAX_DISCLOSURES), flat(MAX_DISCLOSURES, 300), crowded(), elements()],
    ids=["chain", "long chain", "longest chain", "flat", "crowded", "elements"],
)
def test_disclosures_of_every_shape_are_processed_or_refused_in_time(
    payload: dict[str, Any], disclosures: list[str]
) -> None:
    require_bounded(lambda: sd_jwt.process(payload, disclosures))


@pytest.mark.parametrize("filling", ["~", ".", "a", "~a", "e30.", "\x00", "é"])
def test_a_token_of_the_largest_size_is_parsed_or_refused_in_time(filling: str) -> None:
    text = (filling * MAX_BYTES)[:MAX_BYTES]
    require_bounded(lambda: sd_jwt.parse(text))
    require_bounded(lambda: jws.unverified_claims(text))
    require_bounded(lambda: jws.split(text, roles.CREDENTIAL, allowed_algs=frozenset(SIGNATURE_ALGORITHMS)))


def test_a_status_list_that_inflates_to_much_more_is_refused_before_it_does() -> None:
    bomb = base64url.encode(zlib.compress(bytes(100 * 2**20), 1))
    require_bounded(lambda: decode_lst(bomb, bits=1, max_inflated=2 * 2**20))
    with pytest.raises(Error, match="limit_exceeded"):
        decode_lst(bomb, bits=1, max_inflated=2 * 2**20)


def test_certificates_of_a_large_size_or_number_are_refused_in_time(seeds: Seeds) -> None:
    leaf = seeds.issuer.chain[0]
    require_bounded(lambda: parse_chain([b"\x30\x83" + b"\xff" * 200_000]))
    require_bounded(lambda: parse_chain([leaf] * 1000))
    require_bounded(lambda: parse_chain([base64.b64encode(leaf * 200).decode()]))


def largest_query() -> dict[str, Any]:
    """Return a query as large as a request object admits, with much of everything."""
    claims = [{"id": f"c{n}", "path": ["a", None, None, n], "values": list(range(50))} for n in range(40)]
    sets = [[f"c{n}" for n in range(40)] for _ in range(20)]
    credential = {"format": "dc+sd-jwt", "meta": {"vct_values": ["x"]}, "claims": claims, "claim_sets": sets}
    return {
        "credentials": [{"id": f"q{n}", **credential} for n in range(8)],
        "credential_sets": [{"options": [[f"q{n}" for n in range(8)]] * 10}] * 10,
    }


def test_the_largest_query_is_answered_and_checked_in_time() -> None:
    claims = {"a": [[list(range(45)) for _ in range(5)] for _ in range(5)]}
    held = CredentialView("dc+sd-jwt", "x", claims, (("a",),), holder_bound=True)

    def ask_and_answer() -> None:
        query = parse_query(largest_query())
        match(query, [held] * 3)
        check_answer(query, {each.id: [held] for each in query.credentials})

    assert len(json.dumps(largest_query())) < roles.REQUEST_OBJECT.max_bytes
    require_bounded(ask_and_answer)


def test_the_largest_answer_to_a_request_is_judged_in_time(town: Town) -> None:
    preview = town.house.wallet.preview(town.ask().link)
    ((query_id, (text,)),) = bind_answer(preview, means=town.house.wallet.means).items()
    response = encrypt_answer({query_id: [text] * 100}, preview.request)
    path = path_of(preview.request.request.response_uri)
    body = urlencode({"response": response}).encode()
    answers: list[TransportResponse] = []
    require_bounded(lambda: answers.append(post(town, path, {"content-type": FORM}, body)))
    codes = [answer.json()["error_description"] for answer in answers]
    assert codes == ["limit_exceeded", "request_answered"]


@pytest.mark.parametrize("copies", [10, 11, 30])
def test_a_large_batch_and_one_too_large_are_answered_in_time(town: Town, copies: int) -> None:
    headers = {"content-type": JSON, "authorization": f"Bearer {town.token()}"}
    proofs = [town.proof(HOLDER, town.nonce())] * copies
    body = strict_json.dumps({"credential_configuration_id": "pda1", "proofs": {"jwt": proofs}})
    answers: list[TransportResponse] = []
    require_bounded(lambda: answers.append(post(town, f"/issuer/{ISSUER}/credential", headers, body)))
    assert {answer.json()["error"] for answer in answers} == {"invalid_proof"}


@pytest.mark.parametrize("many", [["x"] * 20_000, {str(n): n for n in range(20_000)}], ids=["list", "object"])
def test_a_record_with_far_too_much_in_it_is_refused_in_time(many: Any) -> None:
    record = {"kind": "pda1", "record_version": 1, "person": many, "employments": many, "document": many}
    require_bounded(lambda: record_from_json(record))
