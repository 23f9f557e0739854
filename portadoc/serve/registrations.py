"""Registration certificates for institutions that ask wallets: exactly what they ask, and nothing else.

That is what the presets ask where they verify, and identity data of who comes for a certificate where they issue.

In production a registrar of the member state makes them. In development the installation has a registrar of its
own, so that wallets see a registered verifier and what goes beyond the registration is refused when it is asked.
Spec: ETSI TS 119 475 §5.2, ARF 3.0 RPRC_17 to RPRC_21.
"""

from collections.abc import Collection, Iterator, Mapping
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
from portadoc.issuer.identification.shown_pid import pid_query
from portadoc.keys.development_ring import DevelopmentInstitution, Role
from portadoc.keys.files.durable import replace_file
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.serve.settings import Institution, PortadocSettings
from portadoc.verification.presets.presets import PRESETS

REGISTRAR: Final = "development-registrar"
_ENTITLEMENT: Final = SERVICE_PROVIDER.rpartition("/")[0]
_IDENTITY: Final = "pid"
_AS_PROVIDER: Final = "issuer_registration_certificate"
_LIFE_S: Final = LONGEST_LIFE_S - 86_400
_RENEW_S: Final = 30 * 86_400
_PURPOSES: Final = {
    "en": "Checking social-security attestations, by the questions that are published for each purpose",
    "fr": "Vérification d’attestations de sécurité sociale, par les questions publiées pour chaque finalité",
}
_TO_IDENTIFY: Final = {
    "en": "Knowing who asks for a social-security attestation, so that nobody gets that of somebody else",
    "fr": "Savoir qui demande une attestation de sécurité sociale, pour que personne ne reçoive celle d’un autre",
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
    """Return settings in which each institution that has no certificate names one of our own registrar.

    A certificate is made where there is none, where it will end soon, and where what is asked has changed. A ring
    without a registrar changes nothing.
    """
    if REGISTRAR not in key_ring.index.institutions:
        return settings
    institutions, pid_types = {}, settings.issuer_settings().pid_types
    for slug, each in settings.institutions.items():
        if not each.registration_certificate:
            file = key_ring.directory / f"{slug}.registration.jwt"
            registration = registration_of(
                each,
                registry_uri=registry_of(key_ring, REGISTRAR),
                now=now,
                pid_types=pid_types,
            )
            if not registration.credentials:  # it could ask nothing at all
                continue
            if not _stands(file, registration, now):
                replace_file(file, certified(registration, key_ring, REGISTRAR).encode("ascii"))
            as_provider = {} if each.issuer_registration_certificate else {_AS_PROVIDER: str(file)}
            named = {"registration_certificate": str(file), **(as_provider if each.issues else {})}
            institutions[slug] = each.model_copy(update=named)
    return settings.model_copy(update={"institutions": {**settings.institutions, **institutions}})


def registration_of(
    institution: Institution, *, registry_uri: str, now: int, pid_types: Collection[str]
) -> Registration:
    """Return what an institution registers: every preset that asks for nothing but types it verifies.

    One that issues registers as well that it asks for identity data of ``pid_types``.
    """
    return Registration(
        sub=institution.id,
        name=institution.name,
        country=institution.country,
        registry_uri=registry_uri,
        entitlements=(SERVICE_PROVIDER, *_entitlements(institution)),
        credentials=registered_credentials(institution.verifies, pid_types if institution.issues else ()),
        purposes=_PURPOSES if institution.verifies else _TO_IDENTIFY,
        issued_at=now,
        expires_at=now + _LIFE_S,
        public_body=True,
    )


def _entitlements(institution: Institution) -> Iterator[str]:
    """Yield what an institution is entitled to issue. Spec: ETSI TS 119 475 Annex A.2."""
    kinds = {each == _IDENTITY for each in institution.issues}
    if True in kinds:
        yield f"{_ENTITLEMENT}/PID_Provider"
    if False in kinds:
        yield f"{_ENTITLEMENT}/PUB_EAA_Provider"


def registered_credentials(
    verifies: Collection[str], pid_types: Collection[str] = ()
) -> tuple[RegisteredCredential, ...]:
    """Return each type with the claims that are asked of it.

    They are those of the presets that need no other types, and of the question for identity data of ``pid_types``.
    """
    asked: dict[str, set[PathPointer]] = {}
    questions = [parse_query(each.limited_to(verifies).query).credentials for each in PRESETS.values()]
    asking = [each for each in questions if all(set(verifies).issuperset(one.vct_values) for one in each)]
    asking += [parse_query(pid_query(tuple(pid_types))).credentials] if pid_types else []
    for wanted in (one for each in asking for one in each):
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
