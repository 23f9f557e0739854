"""Who seals in the vectors of seals, and the parts of a seal, each of which a vector can spoil.

Everything is made from one seed with deterministic signatures (RFC 6979); the keys are worthless.
"""

import base64
import warnings
import zlib
from dataclasses import replace
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from portadoc.formats.cose import strict_cbor
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList, StatusReference
from portadoc.formats.visible_seal import base45, key_id_of
from portadoc.formats.visible_seal.one_spelling import OneSignature
from portadoc.keys.algorithms import ES256
from portadoc.keys.development_chain import (
    CertificateAuthority,
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import Signer, UnsafeDeterministicSigner
from portadoc.keys.trust.trust_file import trust_to_json
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import UnsafeSeededBytes
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.seals import seal_content
from tests.vectors.generate import NOW, ORIGIN

DAY: Final = 86_400
LIST_URI: Final = f"{ORIGIN}/status/seals-1"
OTHER_LIST_URI: Final = f"{ORIGIN}/status/other-1"
TWO_BITS_URI: Final = f"{ORIGIN}/status/seals-2"
NOWHERE_URI: Final = f"{ORIGIN}/status/nowhere"
WITHDRAWN: Final = 7
SEALER: Final = CertifiedInstitution("FR:TEST01", "FR", "Test institution", (f"{ORIGIN}/issuer/fr-demo",))
OTHER: Final = CertifiedInstitution("DE:TEST07", "DE", "Other test institution", (f"{ORIGIN}/issuer/de-demo",))
PDA1_VCT, EHIC_VCT = "urn:eudi:pda1:1", "urn:eudi:ehic:1"
PURPOSES: Final = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS, KeyPurpose.DOCUMENT_SEAL})


class SealWorld:
    """Two certified institutions that seal, one under an unknown root, and the status lists of the seals."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            self.random_bytes = UnsafeSeededBytes(b"portadoc seal vectors 1")
            self.root = self._root()
            authority, other = self._authority(SEALER, self.root), self._authority(OTHER, self.root)
            self.sealer = self._signer("sealer", SEALER, authority, KeyPurpose.DOCUMENT_SEAL)
            self.stranger = self._signer("stranger", SEALER, authority, KeyPurpose.DOCUMENT_SEAL)
            self.issuer = self._signer("issuer", SEALER, authority, KeyPurpose.CREDENTIAL)
            self.status = self._signer("status", SEALER, authority, KeyPurpose.STATUS)
            self.other = self._signer("other", OTHER, other, KeyPurpose.DOCUMENT_SEAL)
            self.other_status = self._signer("other status", OTHER, other, KeyPurpose.STATUS)
            unknown = self._authority(SEALER, self._root())
            self.unknown = self._signer("unknown", SEALER, unknown, KeyPurpose.DOCUMENT_SEAL)

    def _root(self) -> CertificateAuthority:
        return make_root(TrustDomain.ATTESTATION, now=NOW, random_bytes=self.random_bytes)

    def _authority(self, named: CertifiedInstitution, root: CertificateAuthority) -> CertificateAuthority:
        return make_institution_authority(named, root=root, now=NOW, random_bytes=self.random_bytes)

    def _signer(
        self, seed: str, named: CertifiedInstitution, authority: CertificateAuthority, purpose: KeyPurpose
    ) -> Signer:
        bare = UnsafeDeterministicSigner(seed.encode())
        leaf = issue_leaf(
            named,
            public_key_from_jwk(bare.public_jwk, allowed_algs={bare.alg}).key,
            purpose=purpose,
            authority=authority,
            now=NOW,
            random_bytes=self.random_bytes,
        )
        return UnsafeDeterministicSigner(seed.encode(), chain=(leaf, authority.der))

    # --- what a reader has -------------------------------------------------------------------------------------

    def trust(self, **changes: Any) -> dict[str, Any]:
        """Return the trust configuration, the authorisation of the sealer changed."""
        own = Authorisation(
            institution=SEALER.id,
            name=SEALER.name,
            country=SEALER.country,
            issuers=frozenset(SEALER.urls),
            purposes=PURPOSES,
            credential_types=frozenset({PDA1_VCT, EHIC_VCT}),
            valid_from=NOW - 30 * DAY,
        )
        other = replace(own, institution=OTHER.id, name=OTHER.name, country="DE", issuers=frozenset(OTHER.urls))
        anchor = TrustAnchor("vectors", self.root.der, PURPOSES)
        return trust_to_json(TrustStore((anchor,), (replace(own, **changes), other)))

    def signers(self, *known: Signer, under: Signer | None = None) -> dict[str, list[list[str]]]:
        """Return the chains at hand by key id; all under that of one where ``under`` is given."""
        found: dict[str, list[list[str]]] = {}
        for signer in known:
            key_id = key_id_of((under or signer).chain[0]).hex()
            chain = [base64.b64encode(each).decode() for each in signer.chain]
            found.setdefault(key_id, []).append(chain)
        return found

    def status_lists(self) -> dict[str, dict[str, Any]]:
        """Return the lists at hand, each with when it was fetched."""
        one = StatusList.of(1024, bits=1).with_status([WITHDRAWN], 1)
        two = StatusList.of(1024, bits=2).with_status([WITHDRAWN], 2)
        return {
            LIST_URI: self.status_list(one),
            OTHER_LIST_URI: self.status_list(one, uri=OTHER_LIST_URI, signer=self.other_status),
            TWO_BITS_URI: self.status_list(two, uri=TWO_BITS_URI),
        }

    def status_list(
        self, statuses: StatusList, *, uri: str = LIST_URI, signer: Signer | None = None, age_s: int = 60
    ) -> dict[str, Any]:
        """Return a list signed ``age_s`` seconds ago, good for a day and to be refreshed every ten minutes."""
        iat = NOW - age_s
        token = make_status_list_token(
            statuses, uri=uri, iat=iat, exp=iat + DAY, ttl=600, signer=signer or self.status
        )
        return {"token": token, "resolved_at": iat + 30}

    # --- the parts of a seal -----------------------------------------------------------------------------------

    def pda1(self) -> dict[int, Any]:
        """Return the content of the example A1."""
        record = example("posted-worker-fr-de")
        assert isinstance(record, Pda1)
        return dict(seal_content(record))

    def ehic(self) -> dict[int, Any]:
        """Return the content of the example card, issued by the institution of the vectors."""
        record = example("insured-traveller")
        assert isinstance(record, Ehic)
        authority = replace(record.issuing_authority, id=SEALER.id)
        source = replace(record.authentic_source, id=SEALER.id)
        return dict(seal_content(replace(record, issuing_authority=authority, authentic_source=source)))

    def prc(self) -> dict[int, Any]:
        """Return the content of the example replacement certificate, issued by the same institution."""
        record = example("replacement-certificate")
        assert isinstance(record, Prc)
        authority = replace(record.issuing_authority, id=SEALER.id)
        return dict(seal_content(replace(record, issuing_authority=authority)))

    def application(self) -> dict[int, Any]:
        """Return the content of the example proof of application."""
        record = example("application-fr-de")
        assert isinstance(record, ApplicationProof)
        return dict(seal_content(record))

    def claims(self, content: Any = None, **changes: Any) -> dict[int | str, Any]:
        """Return the claims of a good seal, changed by name; None takes one away."""
        named = {
            "iss": SEALER.id,
            "exp": NOW + 200 * DAY,
            "iat": NOW - DAY,
            "status": StatusReference(LIST_URI, 42).to_claim(),
            "content": self.pda1() if content is None else content,
            **changes,
        }
        labels = {"iss": 1, "exp": 4, "iat": 6, "status": 65535, "content": -65537}
        return {labels[name]: value for name, value in named.items() if value is not None}

    def protected(self, signer: Signer | None = None, **changes: Any) -> dict[int | str, Any]:
        """Return a good header: algorithm and key id."""
        header: dict[int | str, Any] = {1: -7, 4: key_id_of((signer or self.sealer).chain[0])}
        header.update({int(label[1:]): value for label, value in changes.items()})
        return {label: value for label, value in header.items() if value is not None}

    def message(
        self,
        claims: Any = None,
        *,
        protected: Any = None,
        unprotected: Any = None,
        signer: Signer | None = None,
        payload: bytes | None = None,
        signature: Any = None,
        tag: int = 18,
    ) -> bytes:
        """Return a signed message; ``signature`` turns the sound signature into another."""
        header = strict_cbor.dumps(self.protected() if protected is None else protected)
        body = payload if payload is not None else strict_cbor.dumps(self.claims() if claims is None else claims)
        made = OneSignature(signer or self.sealer).sign(strict_cbor.dumps(["Signature1", header, b"", body]))
        sent = made if signature is None else signature(made)
        return strict_cbor.dumps([header, unprotected or {}, body, sent], tag=tag)


def text_of(message: bytes) -> str:
    """Return the seal of a message."""
    return text_of_stream(zlib.compress(message, 9))


def text_of_stream(stream: bytes) -> str:
    """Return the seal of a compressed message."""
    return "PD1:" + base45.encode(stream)


def with_high_s(signature: bytes) -> bytes:
    """Return the other signature that holds as well."""
    assert ES256.ecdsa is not None
    s = ES256.ecdsa.order - int.from_bytes(signature[32:], "big")
    return signature[:32] + s.to_bytes(32, "big")


def in_der(signature: bytes) -> bytes:
    """Return a signature in DER."""
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
