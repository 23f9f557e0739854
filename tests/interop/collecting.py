"""A wallet of other makers at our issuer, as HAIP has it, and the installation that knows its wallet provider."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from portadoc.clock import SystemClock
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.development_chain import (
    CertificateAuthority,
    CertifiedInstitution,
    first_valid_second,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file, trust_to_json
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.serve.house import House, open_house, open_key_ring
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings

SCRIPT: Final = Path(__file__).resolve().parent / "node" / "collecting.mjs"
CLIENT: Final = "https://wallet.example"
BACK: Final = f"{CLIENT}/callback"
CLOCK: Final = SystemClock()
PROVIDER: Final = CertifiedInstitution("FR:TEST97", "FR", "Wallet provider of strangers (test data)", (CLIENT,))
VOUCHING: Final = {"client": KeyPurpose.CLIENT_ATTESTATION, "keys": KeyPurpose.KEY_ATTESTATION}
DEFERRED_INTERVAL_S: Final = 1


class CollectingWallet:
    """A JavaScript wallet in a process of its own, which does one step after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.provider_keys: Mapping[str, Any] = self.does("begin", clientId=CLIENT, redirectUri=BACK)

    def does(self, step: str, **given: Any) -> Any:
        """Do a step that succeeds and return what came of it."""
        told = self._tries(step, **given)
        assert told["ok"], told
        return told.get("value")

    def fails(self, step: str, **given: Any) -> dict[str, Any]:
        """Try a step that fails and return why: ``error`` of the library, perhaps ``answer`` of the server."""
        told = self._tries(step, **given)
        assert not told["ok"], told
        return told

    def _tries(self, step: str, **given: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": step, **given}) + "\n")
        self._process.stdin.flush()
        told = self._process.stdout.readline()
        assert told, f"the wallet ended in {step}"
        return dict(json.loads(told))


@contextmanager
def collecting_wallet(node: str) -> Iterator[CollectingWallet]:
    """Yield a wallet that holds nothing yet."""
    with subprocess.Popen(
        [node, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield CollectingWallet(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=10)


@dataclass(frozen=True)
class Installation:
    """An installation whose profile is a setting: the same keys, records and address under each."""

    data_dir: Path
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def under(self, profile_id: str) -> Iterator[House]:
        """Serve the installation under a profile."""
        with (
            listen("127.0.0.1", self.port) as listener,
            open_house(
                self._settings(profile_id),
                clock=CLOCK,
                random_bytes=system_random_bytes,
                environment=dict(os.environ),
            ) as house,
            serving(house, listener),
        ):
            yield house

    def believes(self, provider_keys: Mapping[str, Any]) -> dict[str, list[str]]:
        """Believe a wallet provider with these public keys, and return the chains that certify them."""
        settings = self._settings("ietf-latest")
        open_key_ring(
            settings, clock=CLOCK, random_bytes=system_random_bytes, environment=dict(os.environ), may_make=True
        )
        root = make_root(TrustDomain.WALLET, now=CLOCK.now(), random_bytes=system_random_bytes)
        file = self.data_dir / "keys" / TRUST_FILE
        widened = with_provider(read_trust_file(file), root)
        file.write_text(json.dumps(trust_to_json(widened)), encoding="utf-8")
        return chains_of(provider_keys, root)

    def _settings(self, profile_id: str) -> PortadocSettings:
        return PortadocSettings(
            base_url=self.origin,
            data_dir=self.data_dir,
            profile=profile_id,
            issuer={"deferred_interval_s": DEFERRED_INTERVAL_S},
        )


def with_provider(trust: TrustStore, root: CertificateAuthority) -> TrustStore:
    """Return a trust configuration that believes the strangers' wallet provider too."""
    purposes = frozenset(VOUCHING.values())
    anchor = TrustAnchor("wallet provider of strangers", root.der, purposes)
    vouching = Authorisation(
        institution=PROVIDER.id,
        name=PROVIDER.name,
        country=PROVIDER.country,
        issuers=frozenset(PROVIDER.urls),
        purposes=purposes,
        credential_types=frozenset(),
        valid_from=first_valid_second(CLOCK.now()),
    )
    return replace(trust, anchors=(*trust.anchors, anchor), authorisations=(*trust.authorisations, vouching))


def chains_of(provider_keys: Mapping[str, Any], root: CertificateAuthority) -> dict[str, list[str]]:
    """Return a chain (``x5c``) for each key of the provider, made under its root."""
    now = CLOCK.now()
    authority = make_institution_authority(PROVIDER, root=root, now=now, random_bytes=system_random_bytes)
    chains = {}
    for name, purpose in VOUCHING.items():
        key = public_key_from_jwk(provider_keys[name], allowed_algs=ALL_ALGORITHMS).key
        leaf = issue_leaf(
            PROVIDER, key, purpose=purpose, authority=authority, now=now, random_bytes=system_random_bytes
        )
        chains[name] = [base64.b64encode(der).decode("ascii") for der in (leaf, authority.der)]
    return chains
