"""A small world: a certified institution, a holder, a credential and its presentation."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from portadoc import base64url
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.formats.sd_jwt.key_binding import bind
from portadoc.formats.status_list.claims import VerifiedStatusList
from portadoc.formats.status_list.statuses import StatusList
from portadoc.formats.type_metadata import integrity
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import VerificationReport

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
TODAY = date(2026, 11, 22)
LIST_URI = "https://issuer.example/status/1"
BASE_URL = "https://issuer.example"
AUDIENCE = "x509_hash:example"
NONCE = "nonce-of-this-session"


@dataclass(frozen=True)
class World:
    """What the tests turn: signers, trust, and the good credential's ingredients."""

    NOW = NOW
    TODAY = TODAY
    NONCE = NONCE
    AUDIENCE = AUDIENCE
    LIST_URI = LIST_URI

    signer: Signer
    status_signer: Signer
    holder: LocalSigner
    trust: TrustStore
    policy: VerificationPolicy
    statuses: StatusList

    def claims(self, **changes: Any) -> dict[str, Any]:
        projection = CREDENTIAL_TYPES["pda1"].projection
        claims = {
            **projection.project(example("posted-worker-fr-de")),
            "vct": projection.vct,
            "iss": f"{BASE_URL}/issuer/fr-demo",
            "iat": NOW - 3600,
            "exp": NOW + 86_400,
            "cnf": {"jwk": dict(self.holder.public_jwk)},
            "status": {"status_list": {"idx": 7, "uri": LIST_URI}},
        }
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def credential(self, claims: dict[str, Any] | None = None, **header: Any) -> str:
        claims = claims or self.claims()
        paths = [(name,) for name in ("personal_administrative_number", "document_number") if name in claims]
        full = {**signing_header("dc+sd-jwt", self.signer), **header}
        return issue(
            claims,
            disclosable=paths,
            header={name: value for name, value in full.items() if value is not None},
            signer=self.signer,
            random_bytes=system_random_bytes,
        ).text

    def certified(self, claims: dict[str, Any] | None = None, **header: Any) -> str:
        """Return a credential with all that eudi-2026 demands, changed by ``claims``; None takes one away."""
        thumbprint = base64url.encode(hashlib.sha256(self.signer.chain[0]).digest())
        demanded = {
            "category": "urn:etsi:esi:eaa:eu:pub",
            "nbf": NOW - 3600,
            "vct#integrity": integrity(type_metadata("urn:eudi:pda1:1")),
        }
        full = {**self.claims(), **demanded, **(claims or {})}
        kept = {name: value for name, value in full.items() if value is not None}
        return self.credential(kept, **{"x5t#S256": thumbprint, **header})

    def webuild(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of the same A1 in the layout of WE BUILD."""
        projection = CREDENTIAL_TYPES["pda1-webuild"].projection
        envelope = {name: self.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
        subject = projection.project(example("posted-worker-fr-de"))
        return {**subject, **envelope, "vct": projection.vct, **changes}

    def presentation(self, credential: str | None = None, *, now: int = NOW) -> str:
        return bind(credential or self.credential(), audience=AUDIENCE, nonce=NONCE, now=now, signer=self.holder)

    def held(self, *, issued_by: str = "FR:TEST01", **changes: Any) -> HeldStatusLists:
        token = VerifiedStatusList(uri=LIST_URI, statuses=self.statuses, iat=NOW - 60, exp=NOW + 3600, ttl=300)
        held = HeldStatusList(replace(token, **changes), frozenset({issued_by}), resolved_at=NOW - 30)
        return HeldStatusLists({LIST_URI: held})

    def verify(
        self, text: str | None = None, *, status: HeldStatusLists | None = None, now: int = NOW, **policy: Any
    ) -> VerificationReport:
        return verify_presentation(
            text if text is not None else self.presentation(),
            trust=self.trust,
            status=status or self.held(),
            policy=replace(self.policy, **policy),
            now=now,
        )


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The good world; tests bend one thing of it."""
    directory: Path = tmp_path_factory.mktemp("keys")
    institution = DevelopmentInstitution(
        slug="fr-demo",
        id="FR:TEST01",
        country="FR",
        name="Test",
        roles=frozenset({Role.ISSUER}),
        credential_types=frozenset({"urn:eudi:pda1:1", "eu.we-build.pda1.1"}),
    )
    ring = create_development_ring(
        directory,
        [institution],
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )
    policy = VerificationPolicy(
        policy_id="test",
        accepted_types=frozenset({"urn:eudi:pda1:1", "eu.we-build.pda1.1"}),
        key_binding=KeyBindingRequired(audience=AUDIENCE, nonce=NONCE, max_age_s=300),
        status_required=True,
        profile=profile("ietf-latest"),
        on_date=TODAY,
    )
    return World(
        signer=ring.signer("fr-demo", KeyPurpose.CREDENTIAL),
        status_signer=ring.signer("fr-demo", KeyPurpose.STATUS),
        holder=LocalSigner(new_private_key("ES256", system_random_bytes)),
        trust=trust_from_json(json.loads((directory / TRUST_FILE).read_text(encoding="utf-8"))),
        policy=policy,
        statuses=StatusList.of(1024, bits=1),
    )
