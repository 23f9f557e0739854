"""What a device in the field asks the service to judge or to fetch: receipts for billing, and online codes."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import SplitResult, urlsplit

from portadoc.errors import Malformed, Refused
from portadoc.formats.receipt import Receipt, make_receipt, parse_receipt, verify_receipt
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.devices import Devices
from portadoc.inspector.neighbours import ScanQuestion
from portadoc.inspector.store.device_store import Device
from portadoc.keys.algorithms import ALL_ALGORITHMS, SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.schemas.events import EventKind
from portadoc.verification.checks import TYPE, Outcome
from portadoc.verification.presets.presets import preset
from portadoc.verification.receipts import Verified, VerifyingParty, receipt_of

MAX_URL: Final = 2048
MAX_SECOND: Final = 100
REFUSED_CODES_PER_HOUR: Final = 5
"""Codes of one device that issuers may refuse in an hour."""
_CODE_PATH: Final = re.compile(r"/[vV]/([0-9A-Za-z-]{4,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class MadeReceipt:
    """A signed receipt, and the nonce by which its holder can show of which document it speaks."""

    receipt: str
    nonce: str


class Judgements:
    """Judgements for devices, a bounded number a minute."""

    def __init__(self, deployment: Deployment, devices: Devices) -> None:
        self._deployment = deployment
        self._devices = devices

    def receipt(self, device: Device, unverified_text: str, *, on_date: date, preset_id: str) -> MadeReceipt:
        """Return the receipt of a judgement of now, for a day; it holds nothing of the document's content.

        Raises Refused[preset_unknown], Refused[document_not_for_purpose] for a document of another kind,
        Malformed[malformed_token] for what is no document at all, Unavailable[device_throttled],
        Misconfigured[key_missing].
        """
        here = self._deployment
        if preset_id not in here.settings.presets:
            raise Refused("preset_unknown", known=", ".join(here.settings.presets))
        question = preset(preset_id)
        self._count(device)
        # 1. judged
        now, nonce = here.clock.now(), here.new_secret()
        report = here.judges.judge(
            device.institution,
            unverified_text,
            at=now,
            on_date=on_date,
            terms=ScanQuestion(preset_id=preset_id),
        )
        if report.check(TYPE).outcome is Outcome.FAIL:  # a care desk that was shown an A1 has not seen it
            raise Refused("document_not_for_purpose", purpose=question.id)
        party = VerifyingParty(
            id=here.institution(device.institution).institution_id,
            name=here.name(device.institution),
            purpose=question.id,
            policy_version=question.version,
        )
        receipt = receipt_of(
            [Verified(unverified_presentation=unverified_text, report=report)],
            verifier=party,
            verdict=report.verdict,
            nonce=nonce,
            verified_at=now,
        )
        # 2. recorded
        with here.database.transaction() as connection:
            here.tell(
                connection, EventKind.SCAN_RECEIPTED, device.institution, device.device_id, verdict=receipt.verdict
            )
        # 3. signed and checked
        return MadeReceipt(self._signed(device.institution, receipt), nonce)

    def seal(self, device: Device, unverified_url: str, second: str) -> str:
        """Return the seal behind an online code, unverified: the device judges it.

        Raises Refused[code_host_unknown], [code_refused], Malformed[member_invalid], [code_refused] for a slip of
        the pen, Unavailable[device_throttled], [device_misses], [too_many_tries], [fetch_failed].
        """
        here = self._deployment
        self._count(device)
        if not 0 < len(second) <= MAX_SECOND or not second.isprintable():
            raise Malformed("member_invalid", member="/second", expected=f"1 to {MAX_SECOND} characters")
        url = self._code_url(unverified_url)
        # to an issuer we are one address: who misses too often here would make everybody wait there
        with self._devices.risking(device, "refused_code", most=REFUSED_CODES_PER_HOUR):
            return here.seals.seal_of(url, second)

    def _code_url(self, unverified_url: str) -> str:
        """Return the address of a code in its one form, at a host that the trust names.

        What looks like another host, names a user or leads elsewhere is refused (look-alikes).
        """
        parts = _parts(unverified_url)
        own = urlsplit(self._deployment.settings.base_url)
        code = _CODE_PATH.fullmatch(parts.path)
        at_home = (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc)
        if "@" in parts.netloc or not (parts.scheme == "https" or at_home):
            raise Refused("code_host_unknown", host=_shown(parts.netloc))
        if parts.netloc.lower() not in self._deployment.seals.hosts():
            raise Refused("code_host_unknown", host=_shown(parts.netloc))
        if code is None or parts.query or parts.fragment:
            raise Malformed("member_invalid", member="/url", expected="https://HOST/v/CODE")
        return f"{parts.scheme}://{parts.netloc.lower()}/v/{code[1]}"

    def _count(self, device: Device) -> None:
        self._devices.count(device, "judge", most=self._deployment.settings.judgements_per_minute)

    def _signed(self, slug: str, receipt: Receipt) -> str:
        """Return the signed receipt after reading it back. Raises Untrusted[receipt_invalid]."""
        signer = self._deployment.receipt_signer(slug)
        text = make_receipt(receipt, signer=signer)
        key = public_key_from_jwk(signer.public_jwk, allowed_algs=frozenset(SIGNATURE_ALGORITHMS))
        own = TrustedKey(key, receipt.verifier_id, receipt.verifier_id[:2], receipt.verified_at)
        assert verify_receipt(parse_receipt(text, allowed_algs=ALL_ALGORITHMS), trusted=own) == receipt
        return text


def _parts(unverified_url: str) -> SplitResult:
    usual = unverified_url.isascii() and unverified_url.isprintable() and not {" ", "\\"} & set(unverified_url)
    try:
        if not usual or len(unverified_url) > MAX_URL:
            raise ValueError
        parts = urlsplit(unverified_url)
        _ = parts.port  # raises for what is no port
    except ValueError as exc:
        raise Malformed("member_invalid", member="/url", expected="https://HOST/v/CODE") from exc
    return parts


def _shown(host: str) -> str:
    return host[:100]
