"""Who may see what came of a request: whoever holds the session secret, and in time.

The secret is told once: to the system that asked, or as a cookie to the browser that asked. Where the holder
presents on the same device, a result is moreover told only after the holder has come back from the wallet in that
browser: a link that was slipped to somebody else never shows that person's attestation to whoever slipped it.
Spec: OpenID4VP 1.0 §13.3, §14.2, §14.3.3; HAIP 1.0 §5.1.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portadoc.errors import Refused, Untrusted
from portadoc.storage.installation import digest
from portadoc.verifier.deployment import Deployment
from portadoc.verifier.requests import Phase, VerificationRequest
from portadoc.verifier.results import Result
from portadoc.verifier.store import request_store
from portadoc.verifier.store.request_store import Session, StoredResult

Transaction = tuple[str, str]
"""The slug of an institution and the id of one of its transactions."""


class Stage(StrEnum):
    """Where a session stands for the page that shows it. TOLD and EXPIRED are final."""

    OPEN = "open"
    RETURN = "return"
    TOLD = "told"
    EXPIRED = "expired"


FINAL_STAGES: Final = frozenset({Stage.TOLD, Stage.EXPIRED})


@dataclass(frozen=True, slots=True)
class SessionView:
    """What the party that asked sees: where the request stands and, once it is answered, result and receipt."""

    phase: Phase
    expires_at: int
    result: Result | None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class BrowserView:
    """What the browser that asked sees. ``result`` and ``receipt`` are there once they may be told."""

    request: VerificationRequest
    stage: Stage
    result: Result | None
    receipt: str | None


@dataclass(frozen=True, slots=True)
class HoldersReceipt:
    """What the holder gets: the signed receipt, and the number to compare with the screen of who asked."""

    receipt: str
    confirmation: str


def view_for_system(
    deployment: Deployment, slug: str, transaction_id: str, session_secret: str, response_code: str | None
) -> SessionView:
    """Return where a session stands to the system that asked.

    Whatever is wrong (transaction, secret, response code), the refusal is the same. Raises Refused[not_found].
    """
    session, stored = _opened(deployment, slug, transaction_id, session_secret)
    if session.awaits_return and not _same(session.response_code_digest, response_code):
        raise Refused("not_found")
    phase = session.request.phase_at(deployment.clock.now())
    receipt = None if stored is None else stored.receipt
    return SessionView(phase, session.request.expires_at, _told(session, stored), receipt)


def view_for_browser(deployment: Deployment, slug: str, transaction_id: str, session_secret: str) -> BrowserView:
    """Return where a session stands to the browser that asked. Raises Refused[not_found]."""
    session, stored = _opened(deployment, slug, transaction_id, session_secret)
    stage = stage_of(session, deployment.clock.now())
    if stage is not Stage.TOLD or stored is None:
        return BrowserView(session.request, stage, None, None)
    return BrowserView(session.request, stage, _told(session, stored), stored.receipt)


def come_back(
    deployment: Deployment, slug: str, transaction_id: str, session_secret: str, response_code: str | None
) -> None:
    """Note that the holder came back from the wallet in the browser that asked, once.

    Raises Refused[not_found] in any other browser, Untrusted[response_code_invalid] for a code that is missing,
    wrong or used: then nothing changes. Spec: OpenID4VP 1.0 §14.2, HAIP 1.0 §5.1.
    """
    session, _ = _opened(deployment, slug, transaction_id, session_secret)
    if not session.awaits_return or not _same(session.response_code_digest, response_code):
        raise Untrusted("response_code_invalid", spec="OpenID4VP 1.0 §14.2")
    with deployment.database.transaction() as connection:
        first = request_store.mark_returned(connection, session, now=deployment.clock.now())
    if not first:
        raise Untrusted("response_code_invalid", spec="OpenID4VP 1.0 §14.2")


def receipt_for_holder(
    deployment: Deployment, slug: str, request_id: str, response_code: str | None
) -> HoldersReceipt:
    """Return the receipt to the holder, whose wallet has the response code. Raises Refused[not_found]."""
    with deployment.database.read() as connection:
        session = request_store.find_answered(connection, slug, request_id)
        stored = request_store.find_result(connection, slug, request_id)
    code_fits = _same(session.response_code_digest if session else None, response_code)
    if session is None or stored is None or stored.receipt is None or not code_fits:
        raise Refused("not_found")
    return HoldersReceipt(stored.receipt, session.request.confirmation)


def open_request(
    deployment: Deployment, slug: str, transaction_id: str, session_secret: str
) -> VerificationRequest:
    """Return the request of a session to whoever holds its secret. Raises Refused[not_found]."""
    session, _ = _opened(deployment, slug, transaction_id, session_secret)
    return session.request


def stages(deployment: Deployment, transactions: Iterable[Transaction]) -> dict[Transaction, Stage]:
    """Return where several sessions stand, in one statement; those that are unknown are left out."""
    with deployment.database.read() as connection:
        found = request_store.find_sessions(connection, transactions)
    now = deployment.clock.now()
    return {transaction: stage_of(session, now) for transaction, session in found.items()}


def stage_of(session: Session, now: int) -> Stage:
    """Return where a session stands for its page."""
    match session.request.phase_at(now):
        case Phase.OPEN:
            return Stage.OPEN
        case Phase.EXPIRED:
            return Stage.EXPIRED
        case Phase.ANSWERED:
            return Stage.RETURN if session.awaits_return else Stage.TOLD


def _told(session: Session, stored: StoredResult | None) -> Result | None:
    """Return the result; nothing of the presentations where nobody came back to the browser that asked.

    A refused answer leads nobody back, and may yet hold what a stranger was made to show.
    """
    if stored is None:
        return None
    result = Result.from_text(stored.body)
    unproven = session.request.return_uri is not None and not result.kept
    return result.without_claims() if unproven else result


def _opened(
    deployment: Deployment, slug: str, transaction_id: str, session_secret: str
) -> tuple[Session, StoredResult | None]:
    with deployment.database.read() as connection:
        session = request_store.find_session(connection, slug, transaction_id)
        stored = None
        if session is not None:
            stored = request_store.find_result(connection, slug, session.request.request_id)
    secret_fits = hmac.compare_digest(digest(session_secret), session.secret_digest if session else "")
    if session is None or not secret_fits:
        raise Refused("not_found")
    return session, stored


def _same(expected_digest: str | None, response_code: str | None) -> bool:
    return expected_digest is not None and hmac.compare_digest(digest(response_code or ""), expected_digest)
