"""Our simulated wallet with an issuer and a verifier that nobody here wrote, on npm ``@openid4vc`` 0.4.6."""

import base64
import json
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portadoc.clock import SystemClock
from portadoc.errors import Error
from portadoc.keys.development_chain import (
    CertifiedInstitution,
    first_valid_second,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE, KeyPurpose, TrustDomain
from portadoc.keys.trust import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.verifier.presets import preset
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import UnsafeLoopbackTransport
from portadoc.wallet_sim.wallet import Wallet
from tests.interop.sd_jwt_peers import disclosure_frame

pytestmark = pytest.mark.node

SCRIPT = Path(__file__).resolve().parent / "node" / "institution.mjs"
TX_CODE = "4821"
PDA1 = credential_configuration("pda1").projection
CLAIMS = PDA1.project(example("posted-worker-fr-de"))


@dataclass(frozen=True)
class Certified:
    """The certificates of one institution: what vouches for it, and how it signs for a purpose."""

    institution: CertifiedInstitution
    roots: dict[TrustDomain, Any]
    now: int

    def signing(self, purpose: KeyPurpose) -> dict[str, Any]:
        """Return a new key for a purpose as the scripts take it: private JWK and chain."""
        jwk = new_private_jwk("ES256", random_bytes=system_random_bytes)
        means = {"now": self.now, "random_bytes": system_random_bytes}
        authority = make_institution_authority(
            self.institution, root=self.roots[DOMAIN_OF_PURPOSE[purpose]], **means
        )
        public = signer_from_private_jwk(jwk).public_key
        leaf = issue_leaf(self.institution, public, purpose=purpose, authority=authority, **means)
        return {"key": jwk, "x5c": [base64.b64encode(der).decode() for der in (leaf, authority.der)]}

    def trust(self) -> TrustStore:
        """Return what our wallet believes: these roots, and that the institution acts for itself."""
        purposes = frozenset({KeyPurpose.CREDENTIAL, KeyPurpose.STATUS, KeyPurpose.REQUEST})
        return TrustStore(
            tuple(TrustAnchor(domain, root.der, purposes) for domain, root in self.roots.items()),
            (
                Authorisation(
                    institution=self.institution.id,
                    name=self.institution.name,
                    country=self.institution.country,
                    issuers=frozenset(self.institution.urls),
                    purposes=purposes,
                    credential_types=frozenset({PDA1.vct}),
                    valid_from=first_valid_second(self.now),
                ),
            ),
        )
