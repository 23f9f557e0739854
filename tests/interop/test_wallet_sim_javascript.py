"""Our simulated wallet with an issuer and a verifier that nobody here wrote, on npm ``@openid4vc`` 0.4.6."""

import base64
import json
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.clock import SystemClock
from portadoc.errors import Error
from portadoc.keys.development_chain import (
    CertifiedInstitution,
    first_valid_second,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.jwk import public_jwk
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE, KeyPurpose, TrustDomain
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.verification.presets.presets import preset
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import UnsafeLoopbackTransport
from portadoc.wallet_sim.wallet import Wallet
from tests.interop.sd_jwt_peers import disclosure_frame

pytestmark = pytest.mark.node

SCRIPT: Final = Path(__file__).resolve().parent / "node" / "institution.mjs"
TX_CODE: Final = "4821"
CLOCK: Final = SystemClock()
PDA1: Final = credential_configuration("pda1").projection
CLAIMS: Final = PDA1.project(example("posted-worker-fr-de"))
PURPOSES: Final = (KeyPurpose.CREDENTIAL, KeyPurpose.STATUS, KeyPurpose.REQUEST)


class Stranger:
    """An issuer and verifier of other makers in a process of its own, certified under roots made for it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.origin = self.hears(None)["origin"]
        self.institution = CertifiedInstitution(
            "FR:TEST01",
            "FR",
            "Institution of strangers (test data)",
            (f"{self.origin}/issuer", f"{self.origin}/verifier"),
        )
        now = CLOCK.now()
        self.roots = {
            domain: make_root(domain, now=now, random_bytes=system_random_bytes) for domain in TrustDomain
        }
        told = self.hears({"open": {"issuer": self._issuer(), "verifier": self._verifier()}})
        self.offer, self.link = told["offer"], told["link"]

    def hears(self, line: Any) -> Any:
        """Say one line, unless it is None, and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line is not None:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def seen(self) -> dict[str, Any]:
        """Return what issuer and verifier have seen."""
        return dict(self.hears({}))

    def trust(self) -> TrustStore:
        """Return a trust store that believes this institution and nobody else."""
        anchors = tuple(
            TrustAnchor(
                domain, root.der, frozenset(each for each in PURPOSES if DOMAIN_OF_PURPOSE[each] is domain)
            )
            for domain, root in self.roots.items()
        )
        authorisation = Authorisation(
            institution=self.institution.id,
            name=self.institution.name,
            country=self.institution.country,
            issuers=frozenset(self.institution.urls),
            purposes=frozenset(PURPOSES),
            credential_types=frozenset({PDA1.vct}),
            valid_from=first_valid_second(CLOCK.now()),
        )
        return TrustStore(anchors, (authorisation,))

    def _issuer(self) -> dict[str, Any]:
        return {
            "credential": self._signing(KeyPurpose.CREDENTIAL),
            "status": self._signing(KeyPurpose.STATUS),
            "vct": PDA1.vct,
            "claims": CLAIMS,
            "frame": disclosure_frame(PDA1.disclosable(CLAIMS)),
            "txCode": TX_CODE,
        }

    def _verifier(self) -> dict[str, Any]:
        anchor = ssl.DER_cert_to_PEM_cert(self.roots[TrustDomain.ATTESTATION].der)
        query = preset("inspector-quick").query
        return {"access": self._signing(KeyPurpose.REQUEST), "anchors": [anchor], "query": query}

    def _signing(self, purpose: KeyPurpose) -> dict[str, Any]:
        """Return a new key for a purpose: private JWK and chain, as the scripts take it."""
        key = ec.generate_private_key(ec.SECP256R1())
        secret = base64url.encode(key.private_numbers().private_value.to_bytes(32, "big"))
        root = self.roots[DOMAIN_OF_PURPOSE[purpose]]
        now = CLOCK.now()
        authority = make_institution_authority(
            self.institution, root=root, now=now, random_bytes=system_random_bytes
        )
        leaf = issue_leaf(
            self.institution,
            key.public_key(),
            purpose=purpose,
            authority=authority,
            now=now,
            random_bytes=system_random_bytes,
        )
        chain = [base64.b64encode(der).decode("ascii") for der in (leaf, authority.der)]
        return {"key": {**public_jwk(key.public_key()), "d": secret}, "x5c": chain}


@pytest.fixture
def stranger(node: str) -> Iterator[Stranger]:
    with subprocess.Popen(
        [node, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Stranger(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=10)


@pytest.fixture
def wallet(stranger: Stranger) -> Wallet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        transport = UnsafeLoopbackTransport(frozenset({stranger.origin}))
    return Wallet(
        MemoryStore(),
        transport=transport,
        trust=stranger.trust(),
        clock=CLOCK,
        random_bytes=system_random_bytes,
        profile=profile("ietf-latest"),
    )


def test_the_wallet_takes_a_batch_from_the_issuer(stranger: Stranger, wallet: Wallet) -> None:
    held = wallet.accept(stranger.offer, tx_code=TX_CODE, copies=3)
    assert [each.vct for each in held] == [PDA1.vct] * 3
    assert stranger.seen()["issuer"] == {
        "proofs": 3,
        "notifications": [{"notification_id": "n-1", "event": "credential_accepted"}],
    }


def test_the_wallet_answers_the_verifier_with_what_was_asked_for(stranger: Stranger, wallet: Wallet) -> None:
    wallet.accept(stranger.offer, tx_code=TX_CODE, copies=2)
    wallet.present(stranger.link)
    seen = stranger.seen()["verifier"]
    assert seen["satisfied"]
    (claims,) = seen["claims"]["a1"]
    assert claims["document_number"] == CLAIMS["document_number"]
    assert "personal_administrative_number" not in claims
    assert {"alg": "ECDH-ES", "enc": "A128GCM", "kid": "answer-1"}.items() <= seen["jweHeader"].items()


def test_a_wrong_transaction_code_is_refused_by_the_issuer(stranger: Stranger, wallet: Wallet) -> None:
    with pytest.raises(Error) as refusal:
        wallet.accept(stranger.offer, tx_code="0000")
    assert refusal.value.code == "tx_code_refused"
    assert wallet.credentials() == ()
