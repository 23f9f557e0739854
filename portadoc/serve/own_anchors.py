"""What others need to believe this installation: the anchors of its own keys, as PEM and as signed lists.

The lists name this installation as their scheme operator: for wallets of a trial, which are told its certificate.
In service the operator of a member state or the European Commission lists the same certificates.
Spec: ETSI TS 119 602 Annexes F and H; ARF 3.0 §6.3.2.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from fastapi import APIRouter, Response

from portadoc.clock import Clock
from portadoc.errors import Misconfigured, Refused
from portadoc.formats.trust_lists.listing import StatusChange, organisation
from portadoc.formats.trust_lists.lote_making import (
    ACCESS_CERTIFICATES,
    PUBLIC_BODIES,
    EntityEntry,
    ListProfile,
    LoteEdition,
    ServiceEntry,
    make_lote,
)
from portadoc.keys.certificates import UnverifiedCertificate, parse_certificate, to_pem
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.serve.settings import Institution, PortadocSettings

MEDIA_TYPE: Final = "application/jwt"
PEM_TYPE: Final = "application/x-pem-file"
_ATTESTATION: Final = (KeyPurpose.CREDENTIAL, KeyPurpose.STATUS, KeyPurpose.DOCUMENT_SEAL)
_ACCESS: Final = (KeyPurpose.METADATA, KeyPurpose.REQUEST)
_LAW: Final = "OJ:EU32004R0883"
_IN_FORCE_S: Final = 30 * 86_400
_KEPT_S: Final = 60
_MAX_AGE_S: Final = 300


@dataclass(frozen=True, slots=True)
class OwnAnchors:
    """The anchors of the institutions of an installation. ``trust`` says under which roots their keys stand."""

    settings: PortadocSettings
    key_ring: KeyRing
    trust: TrustStore
    clock: Clock

    def files(self) -> Mapping[str, Callable[[], bytes]]:
        """Return what is published, by file name; each raises Refused[not_found] where there is nothing."""
        return {
            "attestation.pem": lambda: self._pem(_ATTESTATION),
            "access.pem": lambda: self._pem(_ACCESS),
            "pub-eaa.jwt": lambda: self._list(PUBLIC_BODIES),
            "wrpac.jwt": lambda: self._list(ACCESS_CERTIFICATES),
            "operator.pem": lambda: to_pem(self._operator().chain[:1]).encode(),
        }

    def _pem(self, purposes: tuple[KeyPurpose, ...]) -> bytes:
        """Return the anchors above the keys of these purposes, each once, in the order of their bytes."""
        above = {self._anchor(chain[-1]) for purpose in purposes for _, _, chain in self._chains(purpose)}
        if not above:
            raise Refused("not_found")
        return to_pem(sorted(above)).encode()

    def _anchor(self, top: bytes) -> bytes:
        """Return the anchor that certified the last certificate of a chain, else that certificate itself."""
        certificate = parse_certificate(top).certificate
        for anchor in self.trust.anchors:
            try:
                certificate.verify_directly_issued_by(parse_certificate(anchor.certificate).certificate)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return anchor.certificate
        return top

    def _list(self, profile: ListProfile) -> bytes:
        """Return an edition of this second, which its number is: each says what holds when it is asked for."""
        signer = self._operator()
        entities = tuple(self._entities(profile))
        if not entities:
            raise Refused("not_found")
        issued_at = self.clock.now()
        slug, first = self._operating()
        edition = LoteEdition(
            operator=organisation(parse_certificate(signer.chain[0])) or slug,
            operator_email=first.email,
            territory="EU",
            information_uri=f"{self.settings.base_url}/trust",
            sequence=issued_at,
            issued_at=issued_at,
            next_update=issued_at + _IN_FORCE_S,
            entities=entities,
            profile=profile,
            operator_country=first.country,
            operator_street=first.street,
        )
        return make_lote(edition, signer=signer).encode("ascii")

    def _entities(self, profile: ListProfile) -> Iterator[EntityEntry]:
        services: dict[str, list[ServiceEntry]] = {}
        for purpose in profile.services:
            for slug, institution, chain in self._chains(purpose):
                named = _named_after(institution.name, chain)
                since = StatusChange(named.not_before, approved=True)
                service = ServiceEntry(f"{institution.name}: {purpose}", purpose, named.der, since)
                services.setdefault(slug, []).append(service)
        for slug, of_one in services.items():
            each = self.settings.institutions[slug]
            yield EntityEntry(
                name=each.name,
                identifier=each.id,
                law=_LAW,
                country=each.country,
                locality=each.town,
                email=each.email,
                phone=each.phone,
                information_uri=f"{self.settings.base_url}/trust",
                services=tuple(of_one),
                street=each.street,
            )

    def _chains(self, purpose: KeyPurpose) -> Iterator[tuple[str, Institution, tuple[bytes, ...]]]:
        """Yield the chain of every institution that has a key with a certificate for a purpose."""
        for slug, institution in self.settings.institutions.items():
            try:
                chain = self.key_ring.signer(slug, purpose).chain
            except Misconfigured as error:
                if error.code != "key_missing":
                    raise
                continue
            if chain:
                yield slug, institution, chain

    def _operating(self) -> tuple[str, Institution]:
        for slug, institution, _ in self._chains(KeyPurpose.TRUST_LIST):
            return slug, institution
        raise Refused("not_found")

    def _operator(self) -> Signer:
        return self.key_ring.signer(self._operating()[0], KeyPurpose.TRUST_LIST)


def own_anchors_router(own: OwnAnchors) -> APIRouter:
    """Return the routes of the files; all are public."""
    router = APIRouter(prefix="/trust")
    kept: dict[str, tuple[int, bytes]] = {}  # whoever asks often does not make us sign often

    @router.get("/{name}")
    def show_own(name: str) -> Response:
        """Return one of ``attestation.pem``, ``access.pem``, ``pub-eaa.jwt``, ``wrpac.jwt``, ``operator.pem``."""
        make, now = own.files().get(name), own.clock.now()
        if make is None:
            raise Refused("not_found")
        made_at, content = kept.get(name, (0, b""))
        if not made_at <= now < made_at + _KEPT_S:
            content = make()
            kept[name] = (now, content)
        headers = {"Cache-Control": f"public, max-age={_MAX_AGE_S}", "Access-Control-Allow-Origin": "*"}
        return Response(content, headers=headers, media_type=MEDIA_TYPE if name.endswith(".jwt") else PEM_TYPE)

    return router


def _named_after(name: str, chain: tuple[bytes, ...]) -> UnverifiedCertificate:
    """Return the highest certificate that names the institution itself: lists name none of a service provider."""
    certificates = [parse_certificate(each) for each in chain]
    return next((each for each in reversed(certificates) if organisation(each) == name), certificates[0])
