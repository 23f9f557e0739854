"""Entries come in: each once, whatever the network did to the answer, and each scan judged again.

The order: read without believing, judge, then in one transaction record and tell. An entry whose answer was lost
comes again and is answered as before; another content under the same name is refused.
"""

import binascii
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from portadoc import base64url
from portadoc.errors import Conflict, Error, Malformed
from portadoc.formats import strict_json
from portadoc.formats.jwe import decrypt, unverified_kid
from portadoc.formats.visible_seal import PREFIX as SEAL_PREFIX
from portadoc.formats.visible_seal import parse_seal
from portadoc.formats.visible_seal.seal import unverified_claims
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.entries import NOT_JUDGED, PERSONAL_NUMBERS, Entry, EntryKind, is_uuid, parse_entry
from portadoc.inspector.neighbours import ScanQuestion
from portadoc.inspector.store import ask_store, device_store, visit_store
from portadoc.inspector.store.device_store import Device
from portadoc.inspector.visits.documents import DocumentFacts
from portadoc.inspector.visits.findings import RELIED_ON
from portadoc.inspector.visits.received import ReceivedEntry
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.schemas.seals import named_content
from portadoc.verification.checks import STATUS
from portadoc.verification.policy import WorkAsked
from portadoc.verification.rendering.report_json import report_to_json
from portadoc.verification.report import VerificationReport

ENCRYPTIONS: Final = frozenset({"A256GCM"})
CAUTIONS: Final = frozenset({"pack_old", "clock_wrong"})
"""Why a device confirms nothing, whatever a document says."""
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_WITHDRAWN: Final = frozenset({"revoked", "withdrawn_later", "withdrawn_during_work"})
_OUTCOMES: Final = ("verdict", "colour", "code", "as_of", "on_date", "institution_id", "credential_type", "status")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a device may forget: the entry, and the SHA-256 (base64url) of the message that brought it."""

    entry: str
    digest: str
    first: bool


class Intake:
    """Take in what devices wrote."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def take(self, device: Device, entry_id: str, unverified_message: str) -> Acknowledged:
        """Keep an entry, once.

        Raises Untrusted[encryption_invalid], Malformed[limit_exceeded], [json_malformed], [entry_malformed],
        Conflict[entry_differs] for another content, [visit_of_another_device], [visit_full].
        """
        # 1. the message: for the key of this device, or of an earlier registration at the same institution
        digest = message_digest(unverified_message)
        reader = self._reader(device, unverified_message)
        raw = self._opened(reader, unverified_message)
        # 2. the entry: of the one form, under its own name
        entry = parse_entry(raw, max_bytes=self._deployment.settings.max_entry_bytes)
        if not is_uuid(entry_id) or entry.entry != entry_id:
            raise Malformed("entry_malformed", member="/entry", expected="the name under which it is sent")
        stored = self._stored(device, reader, entry, message=digest, content=hashlib.sha256(raw).hexdigest())
        # 3. come before: answered as then
        if self._known(stored):
            return Acknowledged(entry_id, digest, first=False)
        # 4. a scan: judged by the server as well
        stored = self._judged(stored)
        # 5. recorded and told, unless another process was first
        return Acknowledged(entry_id, digest, first=self._keep(stored))

    def _reader(self, device: Device, unverified_message: str) -> Device:
        """Return the device for whose key a message says it was encrypted; the one that sends, if it says none."""
        kid = unverified_kid(unverified_message)
        if kid in (None, device.encryption_key.kid):
            return device
        with self._deployment.database.read() as connection:
            known = device_store.devices_of(connection, device.institution)
        return next((each for each in known if each.encryption_key.kid == kid), device)

    def _opened(self, device: Device, unverified_message: str) -> bytes:
        return decrypt(
            unverified_message,
            device.encryption_key,
            allowed_enc=ENCRYPTIONS,
            max_plaintext=self._deployment.settings.max_entry_bytes,
        )

    def _stored(
        self, device: Device, reader: Device, entry: Entry, *, message: str, content: str
    ) -> ReceivedEntry:
        return ReceivedEntry(
            institution=device.institution,
            device_id=device.device_id,
            sealed_for=reader.device_id,
            entry=entry,
            received_at=self._deployment.clock.now(),
            message_digest=message,
            content_digest=content,
        )

    def _known(self, stored: ReceivedEntry) -> bool:
        with self._deployment.database.read() as connection:
            found = visit_store.find_entry(connection, stored.institution, stored.entry.entry)
        return found is not None and _is_same(found, stored)

    def _judged(self, stored: ReceivedEntry) -> ReceivedEntry:
        body, here = stored.entry.body, self._deployment
        if stored.entry.kind is not EntryKind.SCAN:
            return stored
        if not body["text"]:
            return self._without_text(stored)
        at = min(stored.entry.at, stored.received_at)  # a clock ahead of ours judges nothing of the future
        kept = self._without_numbers(stored)
        try:
            report = here.judges.judge(
                stored.institution,
                body["text"],
                at=at,
                on_date=date.fromisoformat(body["onDate"]),
                terms=_question(body),
            )
        except Error as error:  # nothing that could be judged: kept as it is, and said so
            judgement: JsonObject = {"verdict": NOT_JUDGED, "colour": "amber", "code": error.code}
            return replace(kept, judgement=judgement, differs=differs(body, NOT_JUDGED))
        return replace(kept, judgement=outcome(report), differs=differs(body, report.verdict.value))

    def _without_text(self, stored: ReceivedEntry) -> ReceivedEntry:
        """Take the word of a device for what a wallet answered to its own question, and for nothing else."""
        here, body = self._deployment, stored.entry.body
        if body["verdict"] == NOT_JUDGED:
            return stored
        with here.database.read() as connection:
            asked_by = ask_store.find_ask(connection, stored.institution, body.get("transaction") or "")
        if asked_by in (stored.device_id, stored.sealed_for):
            return stored
        return replace(stored, judgement={"verdict": NOT_JUDGED, "colour": "amber", "code": ""}, differs=True)

    def _without_numbers(self, stored: ReceivedEntry) -> ReceivedEntry:
        """Leave out the text of a scan that holds a personal number, unless the settings keep it."""
        here, text = self._deployment.settings, stored.entry.body["text"]
        if here.keep_personal_numbers or not holds_personal_number(text):
            return stored
        return replace(stored, entry=replace(stored.entry, body={**stored.entry.body, "text": ""}))

    def _keep(self, stored: ReceivedEntry) -> bool:
        here, entry = self._deployment, stored.entry
        with here.database.transaction() as connection:
            found = visit_store.find_entry(connection, stored.institution, entry.entry)
            if found is not None:
                _is_same(found, stored)
                return False
            visit = visit_store.find_visit(connection, stored.institution, entry.visit)
            if visit is not None and visit.device_id != stored.sealed_for:
                raise Conflict("visit_of_another_device")
            if visit is not None and visit.entries >= here.settings.max_visit_entries:
                raise Conflict("visit_full", limit=here.settings.max_visit_entries)
            visit_store.insert_entry(connection, stored)
            here.tell(
                connection,
                EventKind.ENTRY_RECEIVED,
                stored.institution,
                entry.entry,
                visit=entry.visit,
                device=stored.device_id,
                sealed_for=stored.sealed_for,
                kind=entry.kind.value,
                sequence=entry.sequence,
                content=stored.content_digest,
                differs=stored.differs,
            )
        return True


def _question(body: JsonObject) -> ScanQuestion:
    """Return what the device asked of a scan. Raises Refused[work_period_reversed], [work_employer_empty]."""
    work = body.get("work")
    days = {name: date.fromisoformat(work[name]) for name in ("first", "last") if work.get(name)} if work else {}
    return ScanQuestion(
        nonce=body.get("nonce"),
        purpose=body["purpose"],
        work=WorkAsked(state=work.get("state"), employers=frozenset(work.get("employers") or ()), **days)
        if work
        else None,
    )


def differs(body: JsonObject, verdict: str) -> bool:
    """Tell whether our verdict on a scan contradicts that of the device.

    A device that dared to confirm nothing, for want of trust data or of a clock, does not contradict us when we
    confirm: it knew less. Whatever else we find out, it did not say.
    """
    held_back = body["verdict"] == NOT_JUDGED or body.get("code") in CAUTIONS
    return bool(verdict != body["verdict"]) and not (held_back and verdict in RELIED_ON)


def message_digest(message: str) -> str:
    """Return the SHA-256 of a message as the device computes it over what waits in its outbox."""
    return base64url.encode(hashlib.sha256(message.encode("utf-8", "replace")).digest())


def outcome(report: VerificationReport) -> JsonObject:
    """Return what is kept of the server's judgement: how it ended, what each step found, facts of the document."""
    told = report_to_json(report)
    checks = [{"id": each["id"], "outcome": each["outcome"], "code": each["code"]} for each in told["checks"]]
    document = DocumentFacts.of_report(report).to_json() if report.verdict.genuine else {}
    ended = {**{name: told[name] for name in _OUTCOMES}, "checks": checks, "document": document}
    withdrawal = _withdrawal(report)
    return {**ended, "withdrawal": withdrawal} if withdrawal else ended


def _withdrawal(report: VerificationReport) -> JsonObject:
    """Return day of effect and cause of a withdrawal, as far as the institution's list states them."""
    check = report.check(STATUS)
    if check.code not in _WITHDRAWN:
        return {}
    return {name: check.params[name] for name in ("effective_from", "cause") if check.params.get(name, "-") != "-"}


def holds_personal_number(unverified_text: str) -> bool:
    """Tell whether a seal or a presentation names a personal number, whoever wrote it and whether or not it holds.

    Of a text that was spoilt, what can still be read counts.
    """
    if unverified_text.startswith(SEAL_PREFIX):
        return _names_number(_written_in_seal(unverified_text))
    parts = re.split(r"[.~]", unverified_text)
    return any(_names_number(_decoded(part)) for part in (unverified_text, *parts))


def _written_in_seal(unverified_text: str) -> bytes:
    try:
        seal = parse_seal(unverified_text, allowed_algs=ALL_ALGORITHMS)
        return strict_json.dumps(named_content(unverified_claims(seal).content))
    except Error:
        return b""


def _decoded(part: str) -> bytes:
    """Return what base64url there is, as far as it goes; other text as it stands."""
    raw = part.encode("utf-8", "replace")
    try:
        return binascii.a2b_base64(raw[: len(raw) // 4 * 4].translate(_TO_STANDARD)) + raw
    except binascii.Error:
        return raw


def _names_number(written: bytes) -> bool:
    return any(f'"{name}"'.encode() in written for name in PERSONAL_NUMBERS)


def _is_same(found: ReceivedEntry, stored: ReceivedEntry) -> bool:
    """Return True for what came before. Raises Conflict[entry_differs] for anything else under its name."""
    if found.sealed_for != stored.sealed_for or found.content_digest != stored.content_digest:
        raise Conflict("entry_differs")
    return True
