"""The keys and the sound things that readers are fuzzed with: one institution that issues and verifies."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from portadoc import base64url
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt.issuance import issue
from portadoc.formats.sd_jwt.key_binding import bind
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS, new_private_key
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.jwk import VerificationKey, public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy

NOW: Final = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
BASE_URL: Final = "https://issuer.example"
LIST_URI: Final = f"{BASE_URL}/status/1"
AUDIENCE: Final = "x509_hash:example"
NONCE: Final = "nonce-of-this-session"
ALGS: Final = frozenset(SIGNATURE_ALGORITHMS)
POLICY: Final = VerificationPolicy(
    policy_id="fuzz",
    accepted_types=frozenset({"urn:eudi:pda1:1", "eu.we-build.pda1.1"}),
    key_binding=KeyBindingRequired(audience=AUDIENCE, nonce=NONCE, max_age_s=300),
    status_required=True,
    profile=profile("ietf-latest"),
    on_date=date(2026, 11, 22),
)


@dataclass(frozen=True)
class World:
    """Signers by purpose, the holder, and whom the reader trusts."""

    signers: Mapping[KeyPurpose, Signer]
    holder: LocalSigner
    trust: TrustStore

    def key(self, purpose: KeyPurpose) -> VerificationKey:
        """Return the public key of a purpose."""
        return public_key_from_jwk(self.signers[purpose].public_jwk, allowed_algs=ALGS)

    def claims(self) -> dict[str, Any]:
        """Return the claims of a sound A1."""
        projection = CREDENTIAL_TYPES["pda1"].projection
        return {
            **projection.project(example("posted-worker-fr-de")),
            "vct": projection.vct,
            "iss": f"{BASE_URL}/issuer/fr-demo",
            "iat": NOW - 3600,
            "exp": NOW + 86_400,
            "cnf": {"jwk": dict(self.holder.public_jwk)},
            "status": {"status_list": {"idx": 7, "uri": LIST_URI}},
        }

    def credential(self) -> str:
        """Return a sound A1 of which two claims travel as disclosures."""
        signer = self.signers[KeyPurpose.CREDENTIAL]
        return issue(
            self.claims(),
            disclosable=[("personal_administrative_number",), ("document_number",)],
            header=signing_header("dc+sd-jwt", signer),
            signer=signer,
            random_bytes=system_random_bytes,
        ).text

    def presentation(self, credential: str | None = None) -> str:
        """Return a credential, bound to the session."""
        return bind(credential or self.credential(), audience=AUDIENCE, nonce=NONCE, now=NOW, signer=self.holder)

    def token(self, purpose: KeyPurpose, typ: str, payload: bytes) -> str:
        """Return ``payload`` as it is, signed for a purpose: what is wrong with it is not its signature."""
        signer = self.signers[purpose]
        header = base64url.encode(json.dumps({"alg": signer.alg, **signing_header(typ, signer)}).encode())
        content = f"{header}.{base64url.encode(payload)}"
        return f"{content}.{base64url.encode(signer.sign(content.encode()))}"


@contextmanager
def open_world() -> Iterator[World]:
    """Yield a world whose keys are on disk only while it is made."""
    with TemporaryDirectory(prefix="portadoc-fuzz-") as folder:
        institution = DevelopmentInstitution(
            slug="fr-demo",
            id="FR:TEST01",
            country="FR",
            name="Test",
            roles=frozenset(Role),
            credential_types=POLICY.accepted_types,
        )
        ring = create_development_ring(
            Path(folder) / "keys",
            [institution],
            base_url=BASE_URL,
            now=NOW,
            random_bytes=system_random_bytes,
            passphrase=b"test",
        )
        named = [purpose for purpose in KeyPurpose if purpose is not KeyPurpose.NONCE]
        yield World(
            signers={purpose: ring.signer("fr-demo", purpose) for purpose in named},
            holder=LocalSigner(new_private_key("ES256", system_random_bytes)),
            trust=trust_from_json(json.loads((Path(folder) / "keys" / TRUST_FILE).read_text(encoding="utf-8"))),
        )
