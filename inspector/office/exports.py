"""Exports of visits: one signed JSON document, and one signed PDF. Recorded, signed, checked, and only then given.

The JSON is a JWS in its flattened JSON form; its payload is canonical JSON (members in order, no space). It is
signed with the institution's key for receipts, whose certificates are in ``x5c``.
Spec: RFC 7515 §7.2.2.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws, strict_json
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.roles import TokenRole
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.office.pdf import visit_pdf
from portadoc.inspector.office.reading import OpenedVisit, Visits
from portadoc.inspector.store import visit_store
from portadoc.inspector.visits.findings import RosterFinding
from portadoc.inspector.visits.received import ReceivedEntry
from portadoc.inspector.visits.visit import NotedFinding, Scan
from portadoc.keys.algorithms import ALL_ALGORITHMS, SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import VerificationKey, public_key_from_jwk
from portadoc.paper.pades import signed_pdf
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind

TYP: Final = "visit-export+jwt"
VERSION: Final = 1
MAX_EXPORT_BYTES: Final = 512 * 1024 * 1024
VISIT_EXPORT: Final = TokenRole(
    "visit_export", frozenset({TYP}), frozenset({"alg", "typ", "x5c"}), MAX_EXPORT_BYTES
)


class Exports:
    """Exports of the visits of every institution."""

    def __init__(self, deployment: Deployment, visits: Visits) -> None:
        self._deployment = deployment
        self._visits = visits

    def as_json(self, slug: str, visit_id: str) -> bytes:
        """Return a visit as a signed JSON document. Raises Refused[not_found], Misconfigured[key_missing]."""
        now, export_id = self._deployment.clock.now(), self._deployment.new_id()
        opened, signer = self._visits.opened(slug, visit_id), self._deployment.receipt_signer(slug)
        content = canonical(document(opened, self._institution(slug), export_id=export_id, at=now))
        self._record(slug, visit_id, export_id, form="json", at=now, content=content)
        text = jws.sign(signing_header(TYP, signer), content, signer)
        protected, payload, signature = text.split(".")
        made = strict_json.dumps({"payload": payload, "protected": protected, "signature": signature})
        key = public_key_from_jwk(signer.public_jwk, allowed_algs=frozenset(SIGNATURE_ALGORITHMS))
        assert verify_export(made, key=key)["export"] == export_id, "an export says what was recorded"
        return made

    def as_pdf(self, slug: str, visit_id: str, *, language: str) -> bytes:
        """Return a visit as a signed PDF.

        Raises Refused[not_found], Misconfigured[extra_missing], [key_missing], [signer_unfit_for_pdf].
        """
        here, now, export_id = self._deployment, self._deployment.clock.now(), self._deployment.new_id()
        opened, signer = self._visits.opened(slug, visit_id), self._deployment.receipt_signer(slug)
        plain = visit_pdf(opened, institution=here.name(slug), export_id=export_id, at=now, language=language)
        self._record(slug, visit_id, export_id, form="pdf", at=now, content=plain)
        return signed_pdf(plain, signer=signer, name=here.name(slug), at=now)

    def made(self, slug: str, visit_id: str) -> tuple[tuple[str, int, str], ...]:
        """Return form, time and digest of every export of a visit, the newest first."""
        with self._deployment.database.read() as connection:
            return visit_store.exports_of(connection, slug, visit_id)

    def _institution(self, slug: str) -> JsonObject:
        return {"id": self._deployment.institution(slug).institution_id, "name": self._deployment.name(slug)}

    def _record(self, slug: str, visit_id: str, export_id: str, *, form: str, at: int, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        with self._deployment.database.transaction() as connection:
            visit_store.insert_export(
                connection, slug, export_id=export_id, visit_id=visit_id, form=form, at=at, digest=digest
            )
            self._deployment.tell(
                connection, EventKind.VISIT_EXPORTED, slug, visit_id, export=export_id, form=form, digest=digest
            )


def verify_export(raw: bytes, *, key: VerificationKey) -> JsonObject:
    """Return what an export says, once its signature holds under ``key``.

    Raises Malformed[json_malformed], [export_malformed], [limit_exceeded], Untrusted[signature_invalid].
    """
    unverified = unverified_export(raw)
    if unverified.header["alg"] != key.alg:
        raise Untrusted("signature_invalid")
    key.verify(unverified.signing_input, unverified.signature)
    return strict_json.loads_object(unverified.payload, what="export", max_bytes=MAX_EXPORT_BYTES, max_depth=64)


def unverified_export(raw: bytes) -> UnverifiedJws:
    """Return the parts of an export. Raises Malformed[json_malformed], [export_malformed], [limit_exceeded]."""
    members = strict_json.loads_object(raw, what="export", max_bytes=MAX_EXPORT_BYTES)
    parts = [members.get(name) for name in ("protected", "payload", "signature")]
    if len(members) != 3 or not all(isinstance(each, str) for each in parts):
        raise Malformed("export_malformed")
    return jws.split(".".join(map(str, parts)), VISIT_EXPORT, allowed_algs=ALL_ALGORITHMS)


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return JSON with members in order and no space; there are no fractions in it. Spec: RFC 8785 §3.2."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def document(opened: OpenedVisit, institution: JsonObject, *, export_id: str, at: int) -> JsonObject:
    """Return all there is of a visit: its entries as they came, and what follows from them."""
    visit = opened.visit
    return {
        "version": VERSION,
        "export": export_id,
        "made_at": at,
        "institution": institution,
        "visit": visit.visit,
        "device": visit.device,
        "complete": visit.complete,
        "missing_entries": list(visit.missing),
        "doubled_entries": list(visit.doubled),
        "clock_ahead_s": visit.clock_ahead_s,
        "scans": [_scan(each) for each in visit.scans],
        "findings": [*map(_finding, opened.findings), *map(_recorded, visit.noted)],
        "entries": [_entry(each) for each in opened.entries],
    }


def _entry(received: ReceivedEntry) -> JsonObject:
    return {
        **received.entry.to_json(),
        "device": received.device_id,
        "sealed_for": received.sealed_for,
        "received_at": received.received_at,
        "content_digest": received.content_digest,
        "judgement": received.judgement,
    }


def _scan(scan: Scan) -> JsonObject:
    return {
        "scan": scan.scan,
        "at": scan.at,
        "on_date": scan.on_date.isoformat(),
        "verdict_of_device": scan.verdict,
        "verdict_of_server": scan.server_verdict,
        "differs": scan.differs,
        "same_person": scan.same_person,
        "withdrawn_from": None if scan.withdrawn_from is None else scan.withdrawn_from.isoformat(),
        "withdrawal_cause": scan.withdrawal_cause or None,
        "document": scan.document.to_json(),
    }


def _finding(finding: RosterFinding) -> JsonObject:
    return {
        "origin": "computed",
        "code": finding.code.value,
        "worker": finding.worker,
        "scans": list(finding.scans),
        "params": dict(finding.params),
    }


def _recorded(noted: NotedFinding) -> JsonObject:
    declared = noted.declared
    return {
        "origin": "recorded_by_the_inspector",
        "at": noted.at,
        "code": noted.code,
        "worker": noted.worker,
        "name": None if declared is None else {"surname": declared.surname, "forenames": declared.forenames},
        "scans": list(noted.scans),
        "params": dict(noted.params),
        "note": noted.note or None,
    }
