"""What the inspector role gets of this installation: questions to wallets, judgements, issuers of online codes."""

import re
from collections.abc import Mapping
from datetime import date
from threading import Lock
from typing import Final, Protocol
from urllib.parse import urlsplit

from portadoc.clock import Clock
from portadoc.errors import Malformed, Refused, Unavailable
from portadoc.fetch import Fetched
from portadoc.formats import strict_json
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.neighbours import Ask, AskAnswer, AskStage, ScanQuestion
from portadoc.inspector.service import Inspector, build_inspector
from portadoc.inspector.settings import InspectorSettings
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.randomness import RandomBytes
from portadoc.serve.scans import PackJudge, ScanTerms
from portadoc.storage.engine import Database
from portadoc.verification.pack_answers import open_trust_pack
from portadoc.verification.policy import WorkAsked
from portadoc.verification.presets.presets import preset
from portadoc.verification.report import VerificationReport
from portadoc.verifier.asking import Asked
from portadoc.verifier.requests import Channel
from portadoc.verifier.results import Result
from portadoc.verifier.service import Verifier
from portadoc.verifier.sessions import Stage

MAX_SEAL_BYTES: Final = 16 * 1024
CODE_TIMEOUT_S: Final = 8.0
WAIT_S: Final = 60
MAX_WAIT_S: Final = 3600
_BAD_REQUEST: Final = 400
_TOO_MANY_REQUESTS: Final = 429
_JSON: Final = "application/json"


class Send(Protocol):
    """Send one request to an address that is not trusted."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        max_bytes: int = MAX_SEAL_BYTES,
        timeout_s: float = CODE_TIMEOUT_S,
    ) -> Fetched:
        """Return the answer, whatever its status. Raises Refused[fetch_blocked], Unavailable[fetch_failed]."""
        ...


class VerifierDesk:
    """Questions to wallets, put through the verifier of the installation."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def ask(self, slug: str, *, preset_id: str, on_date: date | None, work: WorkAsked | None) -> Ask:
        """Open a request for a wallet on another device. Raises as ``Verifier.create_request``."""
        asked = Asked(channel=Channel.CROSS_DEVICE, on_date=on_date, work=work)
        made = self._verifier.create_request(slug, preset(preset_id), asked=asked)
        view = self._verifier.session(slug, made.transaction_id, made.session_secret)
        return Ask(
            transaction=made.transaction_id,
            secret=made.session_secret,
            link=made.link,
            confirmation=view.request.confirmation,
            expires_at=made.expires_at,
        )

    def look(self, slug: str, transaction: str, secret: str) -> AskAnswer:
        """Return where a request stands. Raises Refused[not_found]."""
        view = self._verifier.session(slug, transaction, secret)
        if view.stage is Stage.EXPIRED:
            return AskAnswer(stage=AskStage.EXPIRED)
        if view.result is None:
            return AskAnswer(stage=AskStage.OPEN)
        return _answer(view.result, view.receipt)


def _answer(result: Result, receipt: str | None) -> AskAnswer:
    told, verdict = result.to_json(), result.verdict
    declined = result.wallet_error is not None and not result.presentations
    return AskAnswer(
        stage=AskStage.DECLINED if declined else AskStage.ANSWERED,
        verdict=None if verdict is None else verdict.value,
        colour=None if verdict is None else verdict.colour.value,
        code=told["code"],
        reports=tuple(each["report"] for each in told["presentations"]),
        receipt=receipt,
    )


class PackJudges:
    """Judgements by the trust pack that the institution hands out: what devices know, or will know next."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._opened: dict[str, tuple[int, PackJudge]] = {}
        self._lock = Lock()

    def judge(
        self, slug: str, unverified_text: str, *, at: int, on_date: date, terms: ScanQuestion | None = None
    ) -> VerificationReport:
        """Return the report of a seal or a presentation as of ``at``. Raises Refused[preset_unknown]."""
        asked = terms or ScanQuestion()
        scan = ScanTerms(
            at=at,
            on_date=on_date,
            nonce=asked.nonce,
            purpose=asked.purpose,
            work=asked.work,
            preset=None if asked.preset_id is None else preset(asked.preset_id),
        )
        return self._judge_of(slug).judge(unverified_text, scan)

    def _judge_of(self, slug: str) -> PackJudge:
        """Return who judges by the institution's pack, opened once; it is our own."""
        current = self._verifier.trust_pack(slug)
        with self._lock:
            kept = self._opened.get(slug)
        if kept is not None and kept[0] == current.sequence:
            return kept[1]
        settings = self._verifier.settings
        pack = open_trust_pack(
            current.pack,
            operators=self._verifier.trust,
            operator=settings.by_slug[slug].institution_id,
            at=current.as_of,
        )
        judge = PackJudge(pack, profile_id=settings.profile)
        with self._lock:
            self._opened[slug] = (current.sequence, judge)
        return judge


class CodeDesk:
    """Online codes, asked of the issuers that are trusted for seals and of nobody else."""

    def __init__(self, verifier: Verifier, send: Send) -> None:
        self._verifier = verifier
        self._send = send

    def hosts(self) -> frozenset[str]:
        """Return the hosts of the issuers that may seal documents."""
        return frozenset(
            urlsplit(url).netloc
            for each in self._verifier.trust_lists.current().authorisations
            if KeyPurpose.DOCUMENT_SEAL in each.purposes and each.withdrawn_at is None
            for url in each.issuers
        )

    def seal_of(self, url: str, second: str) -> str:
        """Return the seal behind a code, unverified.

        Raises Refused[code_refused], Malformed[code_refused] for what the issuer could not even look up,
        [member_invalid], Unavailable[fetch_failed], [too_many_tries].
        """
        answer = self._send.send(
            "POST",
            url,
            headers={"Content-Type": _JSON, "Accept": _JSON},
            body=strict_json.dumps({"second": second}),
            max_bytes=MAX_SEAL_BYTES,
            timeout_s=CODE_TIMEOUT_S,
        )
        if answer.status == _TOO_MANY_REQUESTS:  # told as it is: the document is perhaps there
            raise Unavailable("too_many_tries", retry_after_s=_seconds(answer.headers.get("retry-after", "")))
        if answer.status >= 500:
            raise Unavailable("fetch_failed", reason="status", status=answer.status)
        if answer.status == _BAD_REQUEST:  # a slip of the pen, which no issuer counts
            raise Malformed("code_refused")
        if answer.status != 200 or answer.content_type != _JSON:
            raise Refused("code_refused")
        seal = strict_json.loads_object(answer.body, what="seal").get("seal")
        if not isinstance(seal, str):
            raise Malformed("member_invalid", member="/seal", expected="text")
        return seal


def _seconds(retry_after: str) -> int:
    """Return how long to wait as an issuer says, within bounds. Spec: RFC 9110 §10.2.3."""
    said = int(retry_after) if re.fullmatch(r"[0-9]{1,6}", retry_after, re.ASCII) else WAIT_S
    return min(max(said, 1), MAX_WAIT_S)


class AppFacts:
    """What an app has to know of the installation before it is paired."""

    def __init__(self, verifier: Verifier, key_ring: KeyRing) -> None:
        self._verifier = verifier
        self._key_ring = key_ring

    def anchors(self, slug: str) -> tuple[bytes, ...]:
        """Return the authority that certifies the signer of the packs, else the roots that may vouch for one."""
        above = self._key_ring.signer(slug, KeyPurpose.TRUST_LIST).chain[1:2]
        anchors = self._verifier.trust_lists.current().anchors
        return above or tuple(each.certificate for each in anchors if KeyPurpose.TRUST_LIST in each.purposes)

    def titles(self, preset_id: str) -> Mapping[str, str]:
        """Return the title of a question by language. Raises Refused[preset_unknown]."""
        return preset(preset_id).title


def open_inspector(
    settings: InspectorSettings,
    *,
    database: Database,
    key_ring: KeyRing,
    verifier: Verifier,
    send: Send,
    clock: Clock,
    random_bytes: RandomBytes,
) -> Inspector:
    """Return the inspector role of an installation. Raises Misconfigured[storage_newer]."""
    return build_inspector(
        Deployment(
            settings=settings,
            database=database,
            key_ring=key_ring,
            clock=clock,
            random_bytes=random_bytes,
            wallets=VerifierDesk(verifier),
            judges=PackJudges(verifier),
            seals=CodeDesk(verifier, send),
            pages=AppFacts(verifier, key_ring),
        )
    )
