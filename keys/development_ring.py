"""A whole key ring for development in one call: roots, authorities, keys, certificates and trust configuration."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from portadoc.errors import Conflict, Misconfigured
from portadoc.keys.development_chain import (
    CertificateAuthority,
    CertifiedInstitution,
    first_valid_second,
    make_institution_authority,
    make_root,
)
from portadoc.keys.files.members import replace_json_file
from portadoc.keys.key_index import INDEX_FILE, AuthorityEntry, KeyEntry, KeyIndex, write_index
from portadoc.keys.key_ring import KeyMaker, KeyRing
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE, KeyPurpose, TrustDomain
from portadoc.keys.trust.trust_file import TRUST_FILE, trust_to_json
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore
from portadoc.randomness import RandomBytes

DEVELOPMENT_SCRYPT_COST: Final = 2**10
"""Development keys guard nothing, so their files open in about 2 ms each."""

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class Role(StrEnum):
    """What an institution does; its URL is ``{base_url}/{role}/{slug}``."""

    ISSUER = "issuer"
    VERIFIER = "verifier"
    REGISTRAR = "registrar"
    WALLET_PROVIDER = "wallet-provider"


_OF_OTHERS: Final = {KeyPurpose.REGISTRATION, KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION}

PURPOSES_OF_ROLE: Final = {
    Role.ISSUER: tuple(purpose for purpose in KeyPurpose if purpose not in _OF_OTHERS),
    Role.REGISTRAR: (KeyPurpose.REGISTRATION,),
    Role.WALLET_PROVIDER: (KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION),
    Role.VERIFIER: (
        KeyPurpose.REQUEST,
        KeyPurpose.TOKEN,
        KeyPurpose.TRUST_LIST,
        KeyPurpose.RECEIPT,
        KeyPurpose.AUDIT,
        KeyPurpose.NONCE,
    ),
}


@dataclass(frozen=True, slots=True)
class DevelopmentInstitution:
    """An institution of the development world. ``credential_types`` are the ``vct`` values it may issue.

    Raises Misconfigured[institution_invalid] when a certificate could not carry the values.
    """

    slug: str
    id: str
    country: str
    name: str
    roles: frozenset[Role]
    credential_types: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        sound = {
            "slug": _SLUG.fullmatch(self.slug) and len(self.slug) <= 40,
            "id": 0 < len(self.id) <= 32,
            "country": _COUNTRY.fullmatch(self.country),
            "name": 0 < len(self.name) <= 64,
            "roles": self.roles,
        }
        for member, is_sound in sound.items():
            if not is_sound:
                raise Misconfigured("institution_invalid", institution=self.slug[:40], member=member)

    @property
    def purposes(self) -> tuple[KeyPurpose, ...]:
        """What the institution needs keys for."""
        return tuple(p for p in KeyPurpose if any(p in PURPOSES_OF_ROLE[role] for role in self.roles))

    def certified(self, base_url: str) -> CertifiedInstitution:
        """Return what certificates say of the institution."""
        urls = tuple(f"{base_url}/{role}/{self.slug}" for role in sorted(self.roles))
        return CertifiedInstitution(self.id, self.country, self.name, urls)


def create_development_ring(
    directory: Path,
    institutions: Sequence[DevelopmentInstitution],
    *,
    base_url: str,
    now: int,
    random_bytes: RandomBytes,
    passphrase: bytes,
) -> KeyRing:
    """Make every key, certificate and the trust configuration (``trust.json``) of a development installation.

    ``base_url`` has no trailing slash. The roots' private keys are thrown away once they have certified the
    institutions' authorities. Raises Conflict[key_ring_exists], Misconfigured[passphrase_missing].
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (directory / INDEX_FILE).exists():
        raise Conflict("key_ring_exists", file=INDEX_FILE)
    maker = KeyMaker(directory, passphrase, now, random_bytes, cost=DEVELOPMENT_SCRYPT_COST)
    roots = {domain: make_root(domain, now=now, random_bytes=random_bytes) for domain in TrustDomain}
    authorities: list[AuthorityEntry] = []
    keys: list[KeyEntry] = []
    for each in institutions:
        made = _make_authorities(each, each.certified(base_url), roots, maker)
        authorities += [maker.store_authority(each.slug, domain, made[domain]) for domain in made]
        keys += _make_keys(each, each.certified(base_url), made, maker)
    trust = _trust(institutions, roots, base_url=base_url, now=now)
    replace_json_file(directory / TRUST_FILE, trust_to_json(trust))
    index = KeyIndex(
        {each.slug: each.certified(base_url) for each in institutions}, tuple(authorities), tuple(keys)
    )
    write_index(directory, index)
    return KeyRing(directory, index, passphrase=passphrase)


def _make_authorities(
    institution: DevelopmentInstitution,
    certified: CertifiedInstitution,
    roots: dict[TrustDomain, CertificateAuthority],
    maker: KeyMaker,
) -> dict[TrustDomain, CertificateAuthority]:
    needed = {DOMAIN_OF_PURPOSE[purpose] for purpose in institution.purposes if purpose in DOMAIN_OF_PURPOSE}
    return {
        domain: make_institution_authority(
            certified, root=roots[domain], now=maker.now, random_bytes=maker.random_bytes
        )
        for domain in sorted(needed)
    }


def _make_keys(
    institution: DevelopmentInstitution,
    certified: CertifiedInstitution,
    authorities: dict[TrustDomain, CertificateAuthority],
    maker: KeyMaker,
) -> list[KeyEntry]:
    keys = []
    for purpose in institution.purposes:
        domain = DOMAIN_OF_PURPOSE.get(purpose)
        authority = authorities[domain] if domain else None
        keys.append(maker.make(institution.slug, purpose, alg="ES256", institution=certified, authority=authority))
    return keys


def _trust(
    institutions: Iterable[DevelopmentInstitution],
    roots: dict[TrustDomain, CertificateAuthority],
    *,
    base_url: str,
    now: int,
) -> TrustStore:
    anchors = tuple(
        TrustAnchor(
            name=f"development-{domain}",
            certificate=root.der,
            purposes=frozenset(purpose for purpose, of in DOMAIN_OF_PURPOSE.items() if of is domain),
        )
        for domain, root in roots.items()
    )
    authorisations = tuple(
        Authorisation(
            institution=each.id,
            name=each.name,
            country=each.country,
            issuers=frozenset(each.certified(base_url).urls),
            purposes=frozenset(each.purposes) & DOMAIN_OF_PURPOSE.keys(),
            credential_types=each.credential_types,
            valid_from=first_valid_second(now),
        )
        for each in institutions
    )
    return TrustStore(anchors, authorisations)
