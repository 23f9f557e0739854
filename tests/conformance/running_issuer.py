"""A real issuer over TLS on this machine: what an operator sets up before the conformance kit can ask everything.

One installation serves all profiles, one after the other, at one origin: a setting changes, and nothing else. TEST
DATA: the example worker, whose PID lies in the simulated wallet and whose certificates are offered.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from portadoc.cli.issuing.examples import WORKERS_EXAMPLES, ExampleOffers
from portadoc.clock import SystemClock
from portadoc.conformance.kit import Kit, open_kit
from portadoc.keys.files.members import replace_json_file
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file, trust_to_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.serve.app import create_app
from portadoc.serve.house import House, open_house, open_key_ring
from portadoc.serve.run import listen, serving
from portadoc.serve.settings import PortadocSettings
from portadoc.serve.tls.server_certificate import open_server_certificate
from portadoc.wallet_sim.store import FileStore
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet
from tests.flows.test_tls_leg import certify

HOST: Final = "localhost"
INSTITUTION: Final = "fr-demo"
CONFIGURATION: Final = "pda1"
CLOCK: Final = SystemClock()
STRICT: Final = {
    "encryption_required": True,
    "key_storage_levels": ("iso_18045_high",),
    "user_authentication_levels": ("iso_18045_high",),
}
"""What an operator may ask for beyond the profile, so that the kit can see it kept."""


@dataclass(frozen=True)
class RunningIssuer:
    """An issuer that is being served under a profile, and what its operator gives the kit."""

    url: str
    ca_file: str
    house: House
    kit: Kit
    offers: ExampleOffers

    def sign_in(self, address: str) -> str:
        """Be the example worker at the issuer's pages."""
        return self.house.wallet.sign_in(address)


class Installation:
    """A folder with keys, a certificate for TLS, trust in the kit's wallet provider, and a PID in the wallet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with listen("127.0.0.1", 0) as listener:
            self._port = listener.getsockname()[1]
        self.origin = f"https://{HOST}:{self._port}"
        self._ca_file, certificate_file, key_file = certify(folder)
        Path(key_file).chmod(0o600)
        self._tls = open_server_certificate(Path(certificate_file), Path(key_file), host=HOST, now=CLOCK.now())
        self.kit = open_kit(folder / "kit", clock=CLOCK, random_bytes=system_random_bytes)
        self._believe_the_kit()

    @contextmanager
    def serving(self, profile_id: str) -> Iterator[RunningIssuer]:
        """Serve the installation under a profile for as long as the block runs."""
        self._give_the_worker_a_pid(profile_id)
        with self._opened(profile_id) as house, listen("127.0.0.1", self._port) as listener:
            house.issuer.publish_status_lists()
            with serving(house, listener, tls=self._tls):
                url = f"{self.origin}/issuer/{INSTITUTION}"
                yield RunningIssuer(url, self._ca_file, house, self.kit, _offers(house))

    def _settings(self, profile_id: str) -> PortadocSettings:
        strict = STRICT if profile_id == "eudi-2026" else {}
        folder = self._folder / "data"
        return PortadocSettings(base_url=self.origin, data_dir=folder, profile=profile_id, issuer=strict)

    @contextmanager
    def _opened(self, profile_id: str) -> Iterator[House]:
        with open_house(
            self._settings(profile_id),
            clock=CLOCK,
            random_bytes=system_random_bytes,
            environment=dict(os.environ),
            ca_file=self._ca_file,
        ) as house:
            yield house

    def _believe_the_kit(self) -> None:
        settings = self._settings("ietf-latest")
        open_key_ring(settings, clock=CLOCK, random_bytes=system_random_bytes, environment={}, may_make=True)
        file, more = settings.data_dir / "keys" / TRUST_FILE, self.kit.trust
        own = read_trust_file(file)
        joined = TrustStore((*own.anchors, *more.anchors), (*own.authorisations, *more.authorisations))
        replace_json_file(file, trust_to_json(joined))

    def _give_the_worker_a_pid(self, profile_id: str) -> None:
        """Put a PID into an empty wallet by a pre-authorised offer, which not every profile knows.

        A PID of the European profile has members in its header that readers of the other profiles refuse.
        """
        file = self._folder / "data" / "wallet.json"
        file.unlink(missing_ok=True)
        issued_under = profile_id if _offers_codes(profile_id) else "ietf-latest"
        with self._opened(issued_under) as house:
            wallet = Wallet(
                FileStore(file),
                transport=AsgiTransport(create_app(house), self.origin),
                trust=house.trust,
                clock=CLOCK,
                random_bytes=system_random_bytes,
                profile=profile(issued_under),
                identity=house.wallet.means.identity,
            )
            house.issuer.publish_status_lists()
            record_id = house.issuer.upload("fr-identity", example(WORKERS_EXAMPLES["pid"], today()))
            wallet.accept(house.issuer.offer("fr-identity", record_id, ["pid"]).offer_uri)


def _offers_codes(profile_id: str) -> bool:
    return any("pre-authorized_code" in grant for grant in profile(profile_id).grants)


def _offers(house: House) -> ExampleOffers:
    return ExampleOffers(house.issuer, INSTITUTION, today=today(), random_bytes=system_random_bytes)


def today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()
