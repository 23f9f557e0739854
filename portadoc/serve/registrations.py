"""Registration certificates for institutions that verify: exactly what the presets ask, and nothing else.

In production a registrar of the member state makes them. In development the installation has a registrar of its
own, so that wallets see a registered verifier and what goes beyond the registration is refused when it is asked.
Spec: ETSI TS 119 475 §5.2, ARF 3.0 RPRC_17 to RPRC_21.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from portadoc.errors import Error, Misconfigured
from portadoc.formats.dcql.paths import PathPointer, spell
from portadoc.formats.dcql.query import SD_JWT_VC, parse_query
from portadoc.formats.jws import unverified_claims
from portadoc.formats.openid4vp.registration_certificate import (
    LONGEST_LIFE_S,
    SERVICE_PROVIDER,
    RegisteredCredential,
    Registration,
    make_registration_certificate,
)
from portadoc.keys.development_ring import DevelopmentInstitution, Role
from portadoc.keys.files.durable import replace_file
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.serve.settings import Institution, PortadocSettings
from portadoc.verification.presets.presets import PRESETS

REGISTRAR: Final = "development-registrar"
_LIFE_S: Final = LONGEST_LIFE_S - 86_400
_RENEW_S: Final = 30 * 86_400
_PURPOSES: Final = {
    "en": "Checking social-security attestations, by the questions that are published for each purpose",
    "fr": "Vérification d’attestations de sécurité sociale, par les questions publiées pour chaque finalité",
}


def development_registrar(institutions: Mapping[str, Institution]) -> tuple[DevelopmentInstitution, ...]:
    """Return the registrar of a development installation: in the state of who verifies first, if anybody does."""
    country = next((each.country for each in institutions.values() if each.verifies), None)
    if country is None or REGISTRAR in institutions:
        return ()
    return (
        DevelopmentInstitution(
            slug=REGISTRAR,
            id=f"{country}:TEST99",
            country=country,
            name="Registrar for development (test data)",
            roles=frozenset({Role.REGISTRAR}),
        ),
    )


def with_development_registrations(settings: PortadocSettings, key_ring: KeyRing, *, now: int) -> PortadocSettings:
    """Return settings in which each verifying institution that has no certificate names one of our own registrar.

    A certificate is made where there is none, where it will end soon, and where the presets have changed. A ring
    without a registrar changes nothing.
    """
    if REGISTRAR not in key_ring.index.institutions:
        return settings
    institutions = {}
    for slug, each in settings.institutions.items():
        if each.verifies and not each.registration_certificate:
            file = key_ring.directory / f"{slug}.registration.jwt"
            registration = registration_of(each, registry_uri=registry_of(key_ring, REGISTRAR), now=now)
            if not registration.credentials:  # it could ask nothing at all
                continue
            if not _stands(file, registration, now):
                replace_file(file, certified(registration, key_ring, REGISTRAR).encode("ascii"))
            institutions[slug] = each.model_copy(update={"registration_certificate": str(file)})
    return settings.model_copy(update={"institutions": {**settings.institutions, **institutions}})


def registration_of(institution: Institution, *, registry_uri: str, now: int) -> Registration:
    """Return what an institution registers: every preset that asks for nothing but types it verifies."""
    return Registration(
        sub=institution.id,
        name=institution.name,
        country=institution.country,
        registry_uri=registry_uri,
        entitlements=(SERVICE_PROVIDER,),
        credentials=registered_credentials(institution.verifies),
        purposes=_PURPOSES,
        issued_at=now,
        expires_at=now + _LIFE_S,
        public_body=True,
    )


def registered_credentials(verifies: Collection[str]) -> tuple[RegisteredCredential, ...]:
    """Return each type with the claims that presets ask of it, of those presets that need no other types."""
    asked: dict[str, set[PathPointer]] = {}
    for each in PRESETS.values():
        credentials = parse_query(each.limited_to(verifies).query).credentials
        if all(set(verifies).issuperset(wanted.vct_values) for wanted in credentials):
            for wanted in credentials:
                for vct in wanted.vct_values:
                    asked.setdefault(vct, set()).update(claim.path for claim in wanted.claims)
    return tuple(
        RegisteredCredential(SD_JWT_VC, (vct,), tuple(sorted(asked[vct], key=spell))) for vct in sorted(asked)
    )


def registry_of(key_ring: KeyRing, registrar: str) -> str:
    """Return the address of a registrar. Raises Misconfigured[ring_institution_unknown]."""
    known = key_ring.index.institutions.get(registrar)
    if known is None:
        raise Misconfigured("ring_institution_unknown", institution=registrar)
    return known.urls[0]


def certified(registration: Registration, key_ring: KeyRing, registrar: str) -> str:
    """Return the certificate of a registration, signed by a registrar of the key ring.

    Raises Misconfigured[key_missing], Untrusted[registration_invalid].
    """
    signer = key_ring.signer(registrar, KeyPurpose.REGISTRATION)
    return make_registration_certificate(registration, signer=signer)


def _stands(file: Path, registration: Registration, now: int) -> bool:
    """Tell whether a certificate with this content is there already and stays in force for a while."""
    try:
        claims = unverified_claims(file.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, Error):
        return False
    begins, ends = claims.get("iat"), claims.get("exp")
    same = claims == {**registration.to_json(), "iat": begins, "exp": ends}
    return same and isinstance(begins, int) and isinstance(ends, int) and begins <= now < ends - _RENEW_S
