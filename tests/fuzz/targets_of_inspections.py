"""Readers of what cameras, devices of inspectors, offices and people who type bring in."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from portadoc.clock import FixedClock
from portadoc.formats import jwe, strict_json
from portadoc.formats.animated_qr.frames import PREFIX, make_frames, read_frames
from portadoc.formats.animated_qr.proximity import UNSOLICITED
from portadoc.formats.visible_seal import base45
from portadoc.inspector.batch.reading import FileKind, kind_of, read_documents
from portadoc.inspector.batch.verdicts import neutral
from portadoc.inspector.devices import CODE_ALPHABET, _typed
from portadoc.inspector.entries import NOT_JUDGED, Entry, parse_entry
from portadoc.inspector.http.uploads import parse_uploads
from portadoc.inspector.office.reading import documents_of, site_of
from portadoc.inspector.service import Inspector
from portadoc.inspector.visits.findings import roster_findings
from portadoc.inspector.visits.received import ReceivedEntry
from portadoc.inspector.visits.visit import visit_of
from portadoc.issuer.sealing.verification_codes import grouped, read_verification_code, second_factor
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.published_chains import chains_from_json, chains_to_json
from portadoc.wallet_sim.nearby.proximity import read_challenge
from tests.abuse.town import INSPECTION, open_town
from tests.fuzz.targets import FuzzTarget, as_object, as_text
from tests.fuzz.world import NOW, World

VISIT: Final = "00000000-0000-4000-8000-000000000001"
SCAN: Final = "00000000-0000-4000-8000-000000000003"
MAX_ENTRY: Final = 64 * 1024


@contextmanager
def inspection_targets(world: World) -> Iterator[Mapping[str, FuzzTarget]]:
    """Yield the readers of the inspector role, some of which ask a real installation."""
    with (
        TemporaryDirectory(prefix="portadoc-fuzz-") as folder,
        open_town(Path(folder), clock=FixedClock(NOW)) as town,
    ):
        yield {
            **_codes(),
            **_frames(world),
            **_certificates(world),
            **_entries(),
            **_files(),
            **_service(town.house.inspector),
        }


def _codes() -> Mapping[str, FuzzTarget]:
    """What people type: a verification code and what goes with it, a pairing code, the number on a screen."""

    def verification(text: str) -> None:
        code, _, second = text.partition("\n")
        read = read_verification_code(code)
        assert read_verification_code(grouped(read)) == read, "a code that its own print does not lead to"
        plain = second_factor(second)
        assert second_factor(plain) == plain, "another second factor the second time"

    def pairing(text: str) -> None:
        read = _typed(text)
        assert set(read) <= set(CODE_ALPHABET), "a letter that no code has"
        assert _typed(read) == read, "another code the second time"

    def challenge(text: str) -> None:
        read = read_challenge(text)
        assert read == UNSOLICITED or read_challenge(f"PXN1:{read}") == read, "another challenge the second time"

    return {
        "verification_code": FuzzTarget(
            as_text(verification), (b"0000-0000-0000-0000\n1991-04-17", b"o000 0000 0000 0000\nA1/2026 7")
        ),
        "pairing_code": FuzzTarget(as_text(pairing), (b"J3R8-XNKB", b"j3r8 xnkb", b"OIL0OIL0")),
        "challenge": FuzzTarget(as_text(challenge), (b"PXN1:0123456789ABCDEF", b"0123-4567-89ab-cdef", b"")),
    }


def _frames(world: World) -> Mapping[str, FuzzTarget]:
    """Frames as the camera sees them, in lines; and what stands behind their checksum."""
    presented = world.presentation()

    def behind_the_checksum(raw: bytes) -> object:
        return read_frames([f"{PREFIX}1/1:{zlib.crc32(raw):08X}:{base45.encode(raw)}"])

    def read(text: str) -> None:
        told = read_frames(text.split("\n"))
        assert read_frames(make_frames(told, frame_chars=4000)) == told, "another text the second time"

    return {
        "frames": FuzzTarget(
            as_text(read), ("\n".join(make_frames(presented)).encode(), "\n".join(make_frames("x")).encode())
        ),
        "frames_behind_the_checksum": FuzzTarget(behind_the_checksum, (zlib.compress(presented.encode(), 9),)),
    }


def _certificates(world: World) -> Mapping[str, FuzzTarget]:
    published = chains_to_json([world.signers[KeyPurpose.DOCUMENT_SEAL].chain])

    def read(members: dict[str, Any]) -> None:
        chains = chains_from_json(members)
        assert chains_from_json(chains_to_json(chains)) == chains, "other chains the second time"

    return {"seal_certificates": FuzzTarget(as_object(read), (strict_json.dumps(published),))}


def _entries() -> Mapping[str, FuzzTarget]:
    """Entries one by one; and a whole visit, a line an entry, with everything that is made of it."""

    def read(raw: bytes) -> Entry:
        entry = parse_entry(raw, max_bytes=MAX_ENTRY)
        written = strict_json.dumps(entry.to_json())
        assert parse_entry(written, max_bytes=2 * MAX_ENTRY) == entry, "another entry the second time"
        return entry

    def visited(raw: bytes) -> object:
        visit = visit_of(VISIT, map(_received, map(read, raw.split(b"\n"))))
        told = visit.opened_at, visit.closed_at, visit.complete, visit.missing, visit.doubled
        day = visit.day
        found = (
            ()
            if day is None
            else roster_findings(site=site_of(visit), day=day, workers=visit.roster, scans=documents_of(visit))
        )
        return repr((told, found))

    entries = [strict_json.dumps(each) for each in _example_visit()]
    return {
        "entry": FuzzTarget(read, tuple(entries)),
        "visit": FuzzTarget(visited, (b"\n".join(entries),)),
    }


def _received(entry: Entry) -> ReceivedEntry:
    return ReceivedEntry(
        institution=INSPECTION,
        device_id="0" * 32,
        sealed_for="0" * 32,
        entry=entry,
        received_at=NOW,
        message_digest="A" * 43,
        content_digest="0" * 64,
        judgement={"verdict": NOT_JUDGED, "colour": "amber", "code": "json_malformed"},
    )


def _example_visit() -> Iterator[dict[str, Any]]:
    facts = {
        "kind": "pda1",
        "number": "TEST-1",
        "institutionId": "FR:TEST01",
        "person": {"surname": "Test", "forenames": "Data", "birthDate": "1991-04-17"},
        "period": {"first": "2026-10-01", "last": "2027-01-31"},
    }
    worker = {"id": "1", "surname": "Test", "forenames": "Data", "employerId": "FR-1", "first": "2026-11-01"}
    scan = {
        "scan": SCAN,
        "text": "PD1:TEST",
        "verdict": "holder_not_proven",
        "colour": "amber",
        "code": "seal_not_bound",
        "onDate": "2026-11-22",
        "packSequence": 3,
        "facts": facts,
        "purpose": "inspector-quick",
        "worker": "1",
    }
    acts: list[tuple[str, dict[str, Any]]] = [
        ("visit_opened", {"site": {"name": "Nord", "country": "DE"}, "note": "Test data"}),
        ("roster", {"workers": [worker]}),
        ("scan", scan),
        ("compared", {"scan": SCAN, "samePerson": True}),
        ("note", {"text": "Seen.", "scan": SCAN}),
        ("photo", {"photo": SCAN, "mediaType": "image/jpeg", "data": "/9j/AAAA", "caption": "Test"}),
        ("finding", {"code": "a1_missing", "worker": "1", "scans": [SCAN], "params": {"days": 3}}),
        ("visit_closed", {}),
    ]
    for number, (kind, body) in enumerate(acts):
        name = f"00000000-0000-4000-8000-0000000001{number:02}"
        entry = {"version": 1, "visit": VISIT, "entry": name, "sequence": number, "kind": kind}
        yield {**entry, "at": NOW, "body": body}


def _files() -> Mapping[str, FuzzTarget]:
    """Files of a batch. Pictures and PDF are opened by a child process and not here."""

    def read(raw: bytes) -> object:
        return read_documents(raw) if kind_of(raw) in (FileKind.TEXT, FileKind.OTHER) else None

    def uploaded(raw: bytes) -> object:
        return [(neutral(each.name), read(each.content)) for each in parse_uploads(raw, b"xyz")]

    part = b'--xyz\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nPD1:TEST\r\n'
    return {
        "batch_file": FuzzTarget(read, (b"PD1:TEST", b"eyJ~", b"%PDF-1.7")),
        "batch_upload": FuzzTarget(uploaded, (part + b"--xyz--\r\n", part + part + b"--xyz--")),
    }


def _service(inspector: Inspector) -> Mapping[str, FuzzTarget]:
    """What comes to the service: a message of the outbox, the address of a code, the link of a dossier."""
    devices = inspector.devices
    device = devices.pair(devices.pairing_code(INSPECTION, "Test").code, "Test", source="192.0.2.1").device
    key = device.encryption_key.public_jwk
    opened, *_ = _example_visit()

    def sealed(raw: bytes) -> str:
        return jwe.encrypt(raw, key, enc="A256GCM", apu=None, apv=None)

    def received(text: str) -> object:
        return inspector.intake.take(device, opened["entry"], text)

    def behind_the_encryption(raw: bytes) -> object:
        members = strict_json.loads_object(raw, what="fed")
        return inspector.intake.take(device, str(members.get("entry")), sealed(raw))

    received(sealed(strict_json.dumps(opened)))
    link = inspector.dossiers.link(INSPECTION, "Nord")
    secret = link.address.rpartition("/")[2]
    code_url = f"{inspector.settings.base_url}/v/0000-0000-0000-0000"
    return {
        "outbox_message": FuzzTarget(as_text(received), (sealed(strict_json.dumps(opened)).encode(),)),
        "outbox_message_behind_the_encryption": FuzzTarget(
            behind_the_encryption, tuple(json.dumps(each).encode() for each in _example_visit())
        ),
        "code_address": FuzzTarget(
            as_text(inspector.judgements._code_url),
            (code_url.encode(), b"https://portadoc.example@evil.example/v/ABCD"),
        ),
        "dossier_link": FuzzTarget(
            as_text(lambda text: inspector.dossiers.opened(text, None)), (secret.encode(), b"0" * 64)
        ),
    }
