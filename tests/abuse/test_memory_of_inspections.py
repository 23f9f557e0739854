"""P16: nothing that devices, offices or readers of papers send makes a real server grow by more than 32 MiB.

Measured as in ``test_memory``. Pictures and PDF are opened by children of the server, which have bounds of their
own and are not counted here.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import pytest

from portadoc.formats.jwe import encrypt
from portadoc.formats.visible_seal import base45
from portadoc.inspector.batch.reading import MAX_FILE_BYTES
from portadoc.inspector.http.uploads import MAX_FILES, MAX_UPLOAD_BYTES
from tests.abuse.hostile_files import FILES
from tests.abuse.hostile_sizes import BOMB
from tests.abuse.memory import GIVE_BACK, MIB, Gauge
from tests.abuse.test_memory import BODY, CLOSED, JSON, Arena, Pieces, filled, require_bounded, whole
from tests.soak.client import INSPECTION, Client
from tests.soak.device import Device, office_of, own, pairing_code
from tests.soak.server import LINUX_ONLY, Server, running, wallet_for

JOSE: Final = "application/jose"
ENTRY_BYTES: Final = 2 * MIB
NAME: Final = "00000000-0000-4000-8000-000000000001"
FORM: Final = 'multipart/form-data; boundary="xyz"'

pytestmark = [
    LINUX_ONLY,
    pytest.mark.skipif(not Gauge().works, reason="/proc keeps no marks of memory here: P16 was NOT measured"),
]


@pytest.fixture(scope="module", autouse=True)
def memory_goes_back() -> Iterator[None]:
    """Let the server give freed memory back at once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in GIVE_BACK.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory, memory_goes_back: None) -> Iterator[Arena]:
    with running(Server(tmp_path_factory.mktemp("inspections"))) as server:
        yield Arena(server, Client.of(server.origin), wallet_for(server), Gauge(server.pid))


@pytest.fixture(scope="module")
def device(arena: Arena) -> Device:
    with office_of(arena.server) as inspector:
        code = pairing_code(inspector)
    device = Device.paired(arena.server.origin, code)
    for _ in range(8):  # the first of each kind loads code and fills caches, in each thread
        device.deliver(device.pack())
        arena.sends(BATCH, whole(form(("a.txt", b"PD1:TEST"))), FORM, **headers_of(arena))
    return device


def headers_of(arena: Arena, device: Device | None = None) -> dict[str, str]:
    told = own(arena.server.origin) if device is None else device.headers
    return {name: value for name, value in told.items() if name != "content-type"}


# --- entries -----------------------------------------------------------------------------------------------------


def note(**body: Any) -> bytes:
    return entry("note", json.dumps(body).encode())


def entry(kind: str, body: bytes) -> bytes:
    head = {"version": 1, "visit": NAME, "entry": NAME, "sequence": 0, "kind": kind, "at": 1}
    return json.dumps(head).encode()[:-1] + b',"body":' + body + b"}"


def scan(facts: bytes) -> bytes:
    told = {"scan": NAME, "text": "", "verdict": "not_judged", "colour": "amber", "onDate": "2026-11-22"}
    head = json.dumps({**told, "purpose": "inspection"}).encode()[:-1]
    return entry("scan", head + b',"facts":' + facts + b"}")


ROOM: Final = ENTRY_BYTES - 1024
WORKER: Final = b'{"id":"1","surname":"' + b"A" * 190 + b'","forenames":"' + b"B" * 190 + b'"},'
PHOTO: Final = b'{"photo":"%s","mediaType":"image/jpeg","data":"/9j/' % NAME.encode()
ENTRIES: Final[dict[str, Callable[[], bytes]]] = {
    "A13 photograph as large as may be": lambda: entry("photo", PHOTO + b"A" * (ROOM // 4 * 4) + b'"}'),
    "A13 larger than admitted": lambda: note(text="x" * (ENTRY_BYTES + 1)),
    "A12 brackets": lambda: entry("note", b"[" * ROOM),
    "A12 objects": lambda: scan(b'{"a":' * (ROOM // 5)),
    "A13 small objects": lambda: scan(filled(b'{"a":[', b"{},", b"{}]}", ROOM)),
    "A13 empty arrays": lambda: scan(filled(b'{"a":[', b"[],", b"[]]}", ROOM)),
    "A13 empty texts": lambda: scan(filled(b'{"a":[', b'"",', b'""]}', ROOM)),
    "A13 members": lambda: scan(b"{" + b",".join(b'"%06d":0' % n for n in range(ROOM // 11)) + b"}"),
    "A11 numbers": lambda: scan(filled(b'{"a":[', b"1e9,", b"1]}", ROOM)),
    "A10 escapes": lambda: entry("note", filled(b'{"text":"', b"\\u0041", b'"}', ROOM)),
    "A13 very many workers": lambda: entry("roster", filled(b'{"workers":[', WORKER, WORKER[:-1] + b"]}", ROOM)),
    "A05 one member over and over": lambda: scan(filled(b"{", b'"a":1,', b'"a":1}', ROOM)),
}


@pytest.mark.parametrize("make", ENTRIES.values(), ids=ENTRIES)
def test_p16_an_entry_of_any_shape_costs_little(arena: Arena, device: Device, make: Callable[[], bytes]) -> None:
    message = encrypt(make(), device.key, enc="A256GCM", apu=None, apv=None).encode()
    allowed = frozenset({201} if make is ENTRIES["A13 photograph as large as may be"] else {400, 413, 409, 201})
    require_bounded(arena, lambda: put(arena, device, whole(message)), allowed)


def put(arena: Arena, device: Device, pieces: Pieces) -> int | None:
    path = f"/inspect/api/entries/{NAME}"
    return arena.sends(path, pieces, JOSE, method="PUT", **headers_of(arena, device))


MESSAGES: Final[dict[str, Pieces]] = {
    "V-58 64 MiB in chunks": Pieces(lambda: (b"A" * 65536 for _ in range(1024))),
    "V-58 1 GiB announced": Pieces(lambda: iter([b"A" * 1000]), 2**30),
    "A20 dots": whole(b"." * (2 * MIB)),
    "V-54 no ciphertext": whole(b"e30..e30." + b"A" * (2 * MIB) + b".AA"),
    "A07 no ASCII": whole("é".encode() * MIB),
}


@pytest.mark.parametrize("pieces", MESSAGES.values(), ids=MESSAGES)
def test_p16_a_message_of_any_size_costs_little(arena: Arena, device: Device, pieces: Pieces) -> None:
    require_bounded(arena, lambda: put(arena, device, pieces), CLOSED)


# --- texts of codes, and what people type ------------------------------------------------------------------------


@cache
def texts() -> dict[str, str]:
    bomb = zlib.compress(bytes(MIB), 9)
    return {
        "K02 V-43 seal that inflates to 1 MiB": "PD1:" + base45.encode(bomb),
        "K02 V-43 seal that inflates to 100 MiB": "PD1:" + base45.encode(BOMB),
        "K02 V-43 seal that inflates twice": "PD1:" + base45.encode(zlib.compress(BOMB, 9)),
        "K02 seal as long as may be": "PD1:" + "A" * 4292,
        "K02 one character too many": "PD1:" + "A" * 4293,
        "K02 1 MiB": "PD1:" + "A" * (BODY - 200),
        "A13 disclosures": "e30.e30." + "A" * 86 + "~" + "WyJzIiwibiIsMV0~" * 50_000,
        "A13 tildes": "ey" + "~" * (BODY - 200),
    }


@pytest.mark.parametrize("name", texts())
def test_p16_a_scanned_text_of_any_size_costs_little(arena: Arena, device: Device, name: str) -> None:
    asked = {"text": texts()[name], "onDate": "2026-11-22", "preset": "care-desk"}
    body = whole(json.dumps(asked).encode())
    sends = lambda: arena.sends("/inspect/api/receipts", body, JSON, **headers_of(arena, device))  # noqa: E731
    require_bounded(arena, sends, frozenset({200, 400, 413, 422}))


TYPED: Final[dict[str, tuple[str, bytes]]] = {
    "K02 second factor of 1 MiB": ("/v/0000-0000-0000-0000", b'{"second":"' + b"x" * (BODY - 20) + b'"}'),
    "A10 second factor that unfolds": ("/v/0000-0000-0000-0000", b'{"second":"' + "\ufdfa".encode() * 85 + b'"}'),
    "A12 brackets": ("/v/0000-0000-0000-0000", b'{"second":' + b"[" * (BODY - 20)),
    "A13 small objects": ("/v/0000-0000-0000-0000", filled(b'{"second":[', b"{},", b"{}]}", BODY)),
    "K02 long code": ("/v/" + "0" * 15_000, b'{"second":"x"}'),
    "K02 pairing code of 1 MiB": ("/inspect/api/devices", b'{"name":"x","code":"' + b"0" * (BODY - 30) + b'"}'),
    "K02 name of 1 MiB": ("/inspect/api/devices", b'{"code":"x","name":"' + b"0" * (BODY - 30) + b'"}'),
    "K03 address of 1 MiB": ("/inspect/api/codes", b'{"second":"x","url":"https://' + b"a" * (BODY - 40) + b'"}'),
    "A12 question": ("/inspect/api/asks", b'{"preset":' + b"[" * (BODY - 20)),
    "A13 employers": (
        "/inspect/api/asks",
        filled(b'{"preset":"inspector-quick","work":{"employers":[', b'"",', b'""]}}', BODY),
    ),
}


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_p16_a_look_up_of_any_size_costs_little(arena: Arena, device: Device, typed: tuple[str, bytes]) -> None:
    path, body = typed
    sends = lambda: arena.sends(path, whole(body), JSON, **headers_of(arena, device))  # noqa: E731
    require_bounded(arena, sends, frozenset({400, 403, 404, 413, 422}))


# --- many files at once ------------------------------------------------------------------------------------------

BATCH: Final = f"/inspect/office/{INSPECTION}/batch"


def form(*files: tuple[str, bytes]) -> bytes:
    head = 'Content-Disposition: form-data; name="files"; filename="{}"\r\n\r\n'
    parts = (b"--xyz\r\n" + head.format(name).encode() + content + b"\r\n" for name, content in files)
    return b"".join(parts) + b"--xyz--\r\n"


def many(count: int, size: int) -> bytes:
    return form(*((f"{number}.txt", b"\0" * size) for number in range(count)))


UPLOADS: Final[dict[str, Callable[[], Pieces]]] = {
    "J06 one file as large as is looked at": lambda: whole(form(("a.pdf", b"x" * MAX_FILE_BYTES))),
    "J06 a file larger than is looked at": lambda: whole(form(("a.pdf", b"x" * (MAX_FILE_BYTES + 1)))),
    "J06 as large as may be, one file": lambda: whole(form(("a.pdf", b"x" * (MAX_UPLOAD_BYTES - 200)))),
    "J06 as large as may be, many files": lambda: whole(many(MAX_FILES, MAX_UPLOAD_BYTES // MAX_FILES - 200)),
    "J06 more files than may be": lambda: whole(many(MAX_FILES + 1, 1)),
    "J06 larger than may be": lambda: Pieces(lambda: iter([b"A" * 1000]), MAX_UPLOAD_BYTES + 1),
    "J06 without an end": lambda: Pieces(lambda: (b"A" * MIB for _ in range(100))),
    "J06 boundaries": lambda: whole(b"--xyz\r\n" * (8 * MIB // 7)),
    "J06 line ends": lambda: whole(b"--xyz\r\n" + b"\r\n" * (4 * MIB)),
    "J06 one head without an end": lambda: whole(b"--xyz\r\nContent-Disposition: " + b"a" * (8 * MIB)),
    "J06 name of 1 MiB": lambda: whole(form(("a" * MIB, b"x"))),
    "J06 quotes": lambda: whole(b'--xyz\r\nContent-Disposition: form-data; filename="' + b'\\"' * MIB),
}


@pytest.mark.parametrize("make", UPLOADS.values(), ids=UPLOADS)
def test_p16_an_upload_of_any_size_costs_little(arena: Arena, device: Device, make: Callable[[], Pieces]) -> None:
    pieces = make()
    require_bounded(
        arena, lambda: arena.sends(BATCH, pieces, FORM, **headers_of(arena)), frozenset({200, 400, 413, 422, None})
    )


@pytest.mark.parametrize("make", FILES.values(), ids=[f"J06 {name}" for name in FILES])
def test_p16_a_file_that_grows_when_it_is_opened_costs_little(
    arena: Arena, device: Device, make: Callable[[], bytes]
) -> None:
    pieces = whole(form(("a.bin", make())))
    require_bounded(arena, lambda: arena.sends(BATCH, pieces, FORM, **headers_of(arena)), frozenset({200}))


def test_p16_after_all_that_a_sound_entry_is_taken(device: Device) -> None:
    assert device.deliver(device.pack()) == 201
