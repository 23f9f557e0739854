"""The whole house: every service of an installation, built from its settings and closed together."""

import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from portadoc.clock import Clock
from portadoc.config import read_secret
from portadoc.errors import Misconfigured
from portadoc.fetch import PinnedFetch, SafeFetch, UnsafeLoopbackFetch, is_loopback_host
from portadoc.inspector.service import Inspector
from portadoc.issuer.identification.pid_status import FetchedStatuses
from portadoc.issuer.identification.service import Identification
from portadoc.issuer.service import Issuer, build_issuer
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_index import INDEX_FILE, read_index
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json
from portadoc.keys.trust.trust_list_file import TRUST_LISTS_FILE, read_trust_list_sources
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.keys.trust.wallet_providers import trust_in_wallet_providers
from portadoc.randomness import RandomBytes
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.profiles import Mode, profile
from portadoc.serve.development.wallet_provider import development_wallet_provider, simulated_wallet
from portadoc.serve.inspection import open_inspector
from portadoc.serve.own_lists import OwnListsAtHome
from portadoc.serve.portal import PortalHouse, open_portal
from portadoc.serve.registrations import development_registrar, with_development_registrations
from portadoc.serve.settings import Institution, PortadocSettings
from portadoc.storage.engine import Database, open_database
from portadoc.verification.answers import TrustAnswers
from portadoc.verifier.service import Verifier, build_verifier
from portadoc.wallet_sim.store import FileStore
from portadoc.wallet_sim.transport import NetworkTransport, Transport, UnsafeLoopbackTransport
from portadoc.wallet_sim.wallet import Wallet

DEVELOPMENT_PASSPHRASE: Final = b"for development only"


@dataclass(frozen=True, slots=True)
class House:
    """One installation with all its roles."""

    settings: PortadocSettings
    database: Database
    key_ring: KeyRing
    trust: TrustStore
    issuer: Issuer
    identification: Identification
    verifier: Verifier
    inspector: Inspector
    portal: PortalHouse
    wallet: Wallet
    clock: Clock
    random_bytes: RandomBytes


@contextmanager
def open_house(
    settings: PortadocSettings,
    *,
    clock: Clock,
    random_bytes: RandomBytes,
    environment: dict[str, str],
    ca_file: str | None = None,
    own_address: str | None = None,
    workers: int = 1,
    may_make: bool = True,
) -> Iterator[House]:
    """Yield the services of an installation and close its database afterwards.

    In development, keys and trust configuration are made when there are none and ``may_make`` says so; whoever
    verifies is registered by a registrar of the installation's own. ``ca_file`` replaces the system's roots for
    TLS to our own origin, ``own_address`` is that of this machine on the local network when it serves there.
    Raises Misconfigured with the setting, key or file that has to be mended.
    """
    directory = settings.data_dir.resolve()
    key_ring = open_key_ring(
        settings, clock=clock, random_bytes=random_bytes, environment=environment, may_make=may_make
    )
    if settings.mode == Mode.DEVELOPMENT:
        settings = with_development_registrations(settings, key_ring, now=clock.now())
    trust = read_trust(directory / "keys" / TRUST_FILE)
    database = open_database(f"sqlite:///{directory / 'portadoc.sqlite'}", workers=workers)
    try:
        fetch = _fetch(settings, ca_file, own_address)
        issuer = _issuer(settings, database, key_ring, trust, fetch, clock, random_bytes)
        verifier = _verifier(settings, database, key_ring, trust, issuer, fetch, clock, random_bytes)
        identification = _identification(issuer, verifier, fetch, environment)
        inspector = _inspector(settings, database, key_ring, verifier, fetch, clock, random_bytes)
        portal = _portal(settings, database, key_ring, issuer, fetch, clock, random_bytes, environment)
        transport = _transport(settings, ca_file, own_address)
        wallet = _wallet(settings, key_ring, verifier.trust, clock, random_bytes, transport)
        yield House(
            settings,
            database,
            key_ring,
            trust,
            issuer,
            identification,
            verifier,
            inspector,
            portal,
            wallet,
            clock,
            random_bytes,
        )
    finally:
        database.close()


def open_key_ring(
    settings: PortadocSettings,
    *,
    clock: Clock,
    random_bytes: RandomBytes,
    environment: dict[str, str],
    may_make: bool,
) -> KeyRing:
    """Return the installation's key ring; in development a new one is made where there is none, if ``may_make``.

    Raises Misconfigured[data_dir_unusable], [installation_missing], [base_url_differs], [key_ring_for_development]
    and as ``KeyRing.open`` does.
    """
    try:
        return _open_key_ring(settings, clock, random_bytes, environment, may_make=may_make)
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise Misconfigured("data_dir_unusable", folder=str(settings.data_dir), reason=reason) from exc


def _open_key_ring(
    settings: PortadocSettings,
    clock: Clock,
    random_bytes: RandomBytes,
    environment: dict[str, str],
    *,
    may_make: bool,
) -> KeyRing:
    directory = settings.data_dir.resolve() / "keys"
    passphrase = passphrase_of(settings, environment)
    if settings.mode == Mode.DEVELOPMENT and not directory.exists():
        if not may_make:
            raise Misconfigured("installation_missing", folder=str(settings.data_dir))
        _make_key_ring(directory, settings, now=clock.now(), random_bytes=random_bytes, passphrase=passphrase)
    origin = installed_origin(settings.data_dir)
    if origin is not None and origin != settings.base_url:
        raise Misconfigured("base_url_differs", base_url=settings.base_url, installed=origin)
    key_ring = KeyRing.open(directory, passphrase=passphrase)
    if settings.mode == Mode.PRODUCTION and key_ring.index.authorities:
        raise Misconfigured("key_ring_for_development")
    return key_ring


def passphrase_of(settings: PortadocSettings, environment: dict[str, str]) -> bytes:
    """Return the passphrase of the key files. Raises Misconfigured as ``read_secret`` does."""
    if not settings.passphrase:
        return DEVELOPMENT_PASSPHRASE
    return read_secret(settings.passphrase, environment=environment)


def _make_key_ring(
    directory: Path, settings: PortadocSettings, *, now: int, random_bytes: RandomBytes, passphrase: bytes
) -> None:
    """Make a development ring beside its place and move it there as a whole: the first process wins."""
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="keys-", dir=directory.parent))
    try:
        create_development_ring(
            fresh,
            [
                *(_development_institution(slug, each) for slug, each in settings.institutions.items()),
                *development_registrar(settings.institutions),
                *development_wallet_provider(settings.institutions),
            ],
            base_url=settings.base_url,
            now=now,
            random_bytes=random_bytes,
            passphrase=passphrase,
        )
        with suppress(OSError):  # another process was first, and its keys are the ones that count
            fresh.rename(directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def installed_origin(data_dir: Path) -> str | None:
    """Return the origin for which the development keys of a folder were made; None where there are none.

    Raises Misconfigured[key_ring_malformed].
    """
    directory = data_dir.resolve() / "keys"
    try:
        if not (directory / INDEX_FILE).exists():
            return None
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise Misconfigured("data_dir_unusable", folder=str(data_dir), reason=reason) from exc
    urls = (urlsplit(url) for each in read_index(directory).institutions.values() for url in each.urls)
    return next((f"{url.scheme}://{url.netloc}" for url in urls), None)


def read_trust(file: Path) -> TrustStore:
    """Return the trust configuration of a file. Raises Misconfigured[trust_missing], [trust_malformed]."""
    try:
        return trust_from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as exc:
        raise Misconfigured("trust_missing", file=file.name) from exc


def _development_institution(slug: str, each: Institution) -> DevelopmentInstitution:
    roles = {role for role, named in ((Role.ISSUER, each.issues), (Role.VERIFIER, each.verifies)) if named}
    return DevelopmentInstitution(
        slug=slug,
        id=each.id,
        country=each.country,
        name=each.name,
        roles=frozenset(roles),
        credential_types=frozenset(credential_configuration(name).vct for name in each.issues),
    )


def _identification(
    issuer: Issuer, verifier: Verifier, fetch: PinnedFetch, environment: dict[str, str]
) -> Identification:
    """Return how people identify to the issuer, which believes the PID that the verifier believes."""
    return issuer.identifying.by(
        trust=lambda: verifier.trust,
        lists=OwnListsAtHome(issuer, fetch),
        outbound=fetch,
        environment=environment,
    )


def _inspector(
    settings: PortadocSettings,
    database: Database,
    key_ring: KeyRing,
    verifier: Verifier,
    fetch: PinnedFetch,
    clock: Clock,
    random_bytes: RandomBytes,
) -> Inspector:
    return open_inspector(
        settings.inspector_settings(),
        database=database,
        key_ring=key_ring,
        verifier=verifier,
        send=fetch,
        clock=clock,
        random_bytes=random_bytes,
    )


def _portal(
    settings: PortadocSettings,
    database: Database,
    key_ring: KeyRing,
    issuer: Issuer,
    fetch: PinnedFetch,
    clock: Clock,
    random_bytes: RandomBytes,
    environment: dict[str, str],
) -> PortalHouse:
    return open_portal(
        settings.portal_settings(),
        data_dir=settings.data_dir.resolve(),
        database=database,
        key_ring=key_ring,
        issuer=issuer,
        outbound=fetch,
        clock=clock,
        random_bytes=random_bytes,
        environment=environment,
    )


def _issuer(
    settings: PortadocSettings,
    database: Database,
    key_ring: KeyRing,
    trust: TrustStore,
    fetch: PinnedFetch,
    clock: Clock,
    random_bytes: RandomBytes,
) -> Issuer:
    """Return the issuer, which asks the lists of wallet providers whether they stand by what they attest."""
    own = settings.issuer_settings()
    return build_issuer(
        own,
        database,
        key_ring,
        clock,
        random_bytes,
        wallet_trust=trust_in_wallet_providers(trust),
        wallet_statuses=FetchedStatuses(fetch, lambda: trust, clock, skew_s=own.clock_skew_s),
    )


def _verifier(
    settings: PortadocSettings,
    database: Database,
    key_ring: KeyRing,
    trust: TrustStore,
    issuer: Issuer,
    fetch: PinnedFetch,
    clock: Clock,
    random_bytes: RandomBytes,
) -> Verifier:
    """Return the verifier, which finds the status lists of the house's own issuer at home."""
    return build_verifier(
        settings.verifier_settings(),
        database,
        key_ring,
        trust,
        OwnListsAtHome(issuer, fetch),
        clock,
        random_bytes,
        trust_list_sources=read_trust_list_sources(settings.data_dir.resolve() / "keys" / TRUST_LISTS_FILE),
        lists_at_home=issuer.status_list_uris,
    )


def _wallet(
    settings: PortadocSettings,
    key_ring: KeyRing,
    trust: TrustAnswers,
    clock: Clock,
    random_bytes: RandomBytes,
    transport: Transport,
) -> Wallet:
    directory = settings.data_dir.resolve()
    return Wallet(
        FileStore(directory / "wallet.json"),
        transport=transport,
        trust=trust,
        clock=clock,
        random_bytes=random_bytes,
        profile=profile(settings.profile),
        identity=simulated_wallet(directory, key_ring, random_bytes),
    )


def _own_addresses(settings: PortadocSettings, own_address: str | None) -> frozenset[str] | None:
    """Return the addresses beyond loopback at which this machine calls itself; None for the Internet."""
    if settings.mode != Mode.DEVELOPMENT:
        return None
    if own_address is not None:
        return frozenset({own_address})
    return frozenset() if is_loopback_host(urlsplit(settings.base_url).hostname or "") else None


def _fetch(settings: PortadocSettings, ca_file: str | None, own_address: str | None) -> PinnedFetch:
    own = _own_addresses(settings, own_address)
    if own is None:
        return SafeFetch(ca_file=ca_file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the banner of ``serve`` says it in a sentence
        return UnsafeLoopbackFetch(frozenset({settings.base_url}), own_addresses=own, ca_file=ca_file)


def _transport(settings: PortadocSettings, ca_file: str | None, own_address: str | None) -> Transport:
    own = _own_addresses(settings, own_address)
    if own is None:
        return NetworkTransport(SafeFetch(ca_file=ca_file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return UnsafeLoopbackTransport(frozenset({settings.base_url}), own_addresses=own, ca_file=ca_file)
