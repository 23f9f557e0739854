"""Encrypted credential requests and responses: keys of ours that wallets encrypt to, and keys of theirs.

A request key serves for some days and is understood for as many more. It is derived from the installation's secret
and the calendar, so that every process has it and none has to tell the others. Messages are never compressed.
Spec: OpenID4VCI 1.0 §10, HAIP 1.0 §4.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Final

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jwe, strict_json
from portadoc.formats.jwe import EncryptionKey
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.settings import SECONDS_PER_DAY
from portadoc.keys.key_ring import KeyPurpose
from portadoc.keys.signer import MacKey
from portadoc.randomness import RandomBytes
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import (
    CredentialRequestEncryption,
    CredentialResponse,
    CredentialResponseEncryption,
    CredentialResponseEncryptionSupport,
    EncryptionKeys,
)

SPEC: Final = "OpenID4VCI 1.0 §10"
MAX_REQUEST_BYTES: Final = 256 * 1024
"""Bytes of a decrypted request: a hundred key proofs with their attestations."""
_LABEL: Final = b"request encryption key:"


class MessageEncryption:
    """Opens requests and seals responses of the credential and deferred credential endpoints."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._required = deployment.settings.encryption_required
        self._keys: dict[tuple[str, str, int], EncryptionKey] = {}
        self._lock = Lock()

    def for_requests(self, institution: str) -> CredentialRequestEncryption:
        """Return what the metadata says of encrypted requests: the key of these days. Spec: §12.2.4."""
        return CredentialRequestEncryption(
            jwks=EncryptionKeys(keys=(self._key(institution, self._period()).public_jwk,)),
            enc_values_supported=self._deployment.profile.encryption_encs,
            encryption_required=self._required,
        )

    def for_responses(self) -> CredentialResponseEncryptionSupport:
        """Return what the metadata says of encrypted responses. Spec: §12.2.4."""
        return CredentialResponseEncryptionSupport(
            alg_values_supported=self._deployment.profile.encryption_algs,
            enc_values_supported=self._deployment.profile.encryption_encs,
            encryption_required=self._required,
        )

    def opened(self, institution: str, body: bytes, *, encrypted: bool) -> JsonObject:
        """Return the object of a request, decrypted with a key of ours when it came as a JWT.

        Input is unverified. Raises Malformed[encryption_required] for one in clear where that is not allowed,
        Untrusted[encryption_invalid], Malformed[json_malformed], [limit_exceeded].
        """
        if not encrypted:
            if self._required:
                raise Malformed("encryption_required", spec=SPEC)
            return strict_json.loads_object(body, what="body")
        # 1. the key that the message names: of these days or of those around them
        try:
            text = body.decode("ascii")
        except UnicodeDecodeError as exc:
            raise Untrusted("encryption_invalid", spec=SPEC, reason="form") from exc
        key = self._named(institution, jwe.unverified_kid(text))
        # 2. decrypted within bounds
        plaintext = jwe.decrypt(text, key, allowed_enc=self._allowed(), max_plaintext=MAX_REQUEST_BYTES)
        # 3. read as strictly as a plain one
        return strict_json.loads_object(plaintext, what="body")

    def require_sealable(self, asked: CredentialResponseEncryption | None, *, encrypted: bool) -> None:
        """Accept how a wallet wants its response, before anything is used up for it.

        ``encrypted`` says how the request came: a key that came in clear may be anybody's. Raises
        Malformed[encryption_required], [response_key_in_clear]; Untrusted[encryption_invalid] with a reason.
        Spec: OpenID4VCI 1.0 §8.2, §9.1.
        """
        if asked is None:
            if self._required:
                raise Malformed("encryption_required", spec=SPEC)
            return
        if not encrypted:
            raise Malformed("response_key_in_clear", spec=SPEC)
        if asked.enc not in self._allowed():
            raise Untrusted("encryption_invalid", spec=SPEC, reason="enc")
        if asked.zip is not None:
            raise Untrusted("encryption_invalid", spec=SPEC, reason="zip")
        jwe.choose_encryption_key({"keys": [asked.jwk]})

    def sealed(self, response: CredentialResponse, asked: CredentialResponseEncryption) -> str:
        """Return a response encrypted to a key that ``require_sealable`` has accepted."""
        return jwe.encrypt(
            strict_json.dumps(response.to_json()), dict(asked.jwk), enc=asked.enc, apu=None, apv=None
        )

    def _allowed(self) -> frozenset[str]:
        return frozenset(self._deployment.profile.encryption_encs)

    def _period(self) -> int:
        return self._deployment.clock.now() // (self._deployment.settings.request_key_days * SECONDS_PER_DAY)

    def _named(self, institution: str, kid: str | None) -> EncryptionKey:
        """Return our key of this name: the present one, the one before, or the next by another process's clock.

        Raises Untrusted[encryption_invalid] (reason ``kid``).
        """
        period = self._period()
        for each in (period, period - 1, period + 1):
            key = self._key(institution, each)
            if key.kid == kid:
                return key
        raise Untrusted("encryption_invalid", spec=SPEC, reason="kid")

    def _key(self, institution: str, period: int) -> EncryptionKey:
        mac = self._deployment.key_ring.mac(institution, KeyPurpose.NONCE)
        named = (institution, mac.kid, period)
        with self._lock:
            key = self._keys.get(named)
            if key is None:
                key = jwe.new_encryption_key(_derived_bytes(mac, period))
                self._keys = {**_recent(self._keys, period), named: key}
            return key


def _derived_bytes(mac: MacKey, period: int) -> RandomBytes:
    """Return the stream of bytes that a secret gives for a period, in every process. Spec: SP 800-108 §4.1."""
    blocks, left = 0, b""

    def take(count: int) -> bytes:
        nonlocal blocks, left
        while len(left) < count:
            left += mac.tag(_LABEL + period.to_bytes(8, "big") + blocks.to_bytes(4, "big"))
            blocks += 1
        taken, left = left[:count], left[count:]
        return taken

    return take


def _recent(
    keys: Mapping[tuple[str, str, int], EncryptionKey], period: int
) -> dict[tuple[str, str, int], EncryptionKey]:
    return {named: key for named, key in keys.items() if abs(named[2] - period) <= 2}
