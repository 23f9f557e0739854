"""What the inspector role needs of others. Whoever puts an installation together provides it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from portadoc.schemas.claims import JsonObject
from portadoc.verification.policy import WorkAsked
from portadoc.verification.report import VerificationReport


class AskStage(StrEnum):
    """Where a request to a wallet stands. All but OPEN are final."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request to a wallet that was made: ``confirmation`` is what people compare on both screens."""

    transaction: str
    secret: str = field(repr=False)
    link: str
    confirmation: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAnswer:
    """Where a request stands and, once it is answered, what came of it; reports hold the claims asked for."""

    stage: AskStage
    verdict: str | None = None
    colour: str | None = None
    code: str | None = None
    reports: tuple[JsonObject, ...] = ()
    receipt: str | None = None


class WalletSessions(Protocol):
    """Questions to wallets, put by an institution that may put them."""

    def ask(self, slug: str, *, preset_id: str, on_date: date | None, work: WorkAsked | None) -> Ask:
        """Open a request for a wallet on another device. Raises Refused with why it may not be asked."""
        ...

    def look(self, slug: str, transaction: str, secret: str) -> AskAnswer:
        """Return where a request stands, to whoever knows its secret. Raises Refused[not_found]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanQuestion:
    """What was asked of a scan, and how.

    ``nonce`` is what the device of the inspector showed to a phone, None where none was shown. ``purpose`` is
    inspection or care, and says which kinds of document count; None takes all. ``preset_id`` names rules of a
    question to wallets in place of those of a scan.
    """

    nonce: str | None = None
    purpose: str | None = None
    work: WorkAsked | None = None
    preset_id: str | None = None


class Judges(Protocol):
    """Judgement of what was scanned, by what the institution knows now."""

    def judge(
        self, slug: str, unverified_text: str, *, at: int, on_date: date, terms: "ScanQuestion | None" = None
    ) -> VerificationReport:
        """Return the report of a seal or a presentation as of a time; nothing is fetched.

        Raises Refused[preset_unknown].
        """
        ...


class SealDesk(Protocol):
    """Online codes: the issuer that printed one exchanges it for the seal."""

    def hosts(self) -> frozenset[str]:
        """Return the hosts (with port, where it is not the usual one) of the issuers that are trusted."""
        ...

    def seal_of(self, url: str, second: str) -> str:
        """Return the seal, unverified. Raises Refused[code_host_unknown], Unavailable, Malformed."""
        ...


class Pages(Protocol):
    """What an app has to know of the installation before it is paired."""

    def anchors(self, slug: str) -> tuple[bytes, ...]:
        """Return the certificates (DER) under which the institution's trust packs are signed."""
        ...

    def titles(self, preset_id: str) -> Mapping[str, str]:
        """Return the title of a question by language. Raises Refused[preset_unknown]."""
        ...
