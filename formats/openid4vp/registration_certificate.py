"""Registration certificate: what a relying party told its registrar that it will ask for, and why.

A wallet holds a request against it and tells the holder where the two differ; a verifier holds its own requests
against it before they go out. Spec: ETSI TS 119 475 §5.2, ARF 3.0 RPRC_17 to RPRC_21.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.dcql.paths import PathPointer, parse_pointer, spell
from portadoc.formats.dcql.query import CredentialQuery, DcqlQuery
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.openid4vp.request_object import VerifierInfo
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import REGISTRATION_CERTIFICATE
from portadoc.formats.status_list.statuses import StatusReference, status_reference
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

SPEC: Final = "ETSI TS 119 475 §5.2"
TYP: Final = "rc-wrp+jwt"
VERIFIER_INFO_FORMAT: Final = "registration_cert"
SERVICE_PROVIDER: Final = "https://uri.etsi.org/19475/Entitlement/Service_Provider"
LONGEST_LIFE_S: Final = 366 * 86_400
"""Twelve months, at their longest."""
MAX_ENTRIES: Final = 256
MAX_TEXT_CHARS: Final = 2048


@dataclass(frozen=True, slots=True)
class RegisteredCredential:
    """A type of credential that may be asked for, with the claims; no paths means none of its hidden claims."""

    format: str
    vct_values: tuple[str, ...]
    paths: tuple[PathPointer, ...]

    def to_json(self) -> JsonObject:
        """Return the member of the certificate."""
        claims = [{"path": list(path)} for path in self.paths]
        return {"format": self.format, "meta": {"vct_values": list(self.vct_values)}, "claim": claims}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a registrar certifies of a relying party. ``sub`` is its identifier, as in its access certificate.

    ``purposes`` and ``descriptions`` are texts by language; ``contact`` is the supervisory authority's; times in
    epoch seconds.
    """

    sub: str
    name: str
    country: str
    registry_uri: str
    entitlements: tuple[str, ...]
    credentials: tuple[RegisteredCredential, ...]
    purposes: Mapping[str, str]
    issued_at: int
    expires_at: int
    descriptions: Mapping[str, str] = field(default_factory=dict)
    privacy_policy: str | None = None
    support_uri: str | None = None
    info_uri: str | None = None
    supervisory_authority: Mapping[str, str] = field(default_factory=dict)
    intended_use_id: str | None = None
    public_body: bool = False
    intermediary: Mapping[str, str] = field(default_factory=dict)
    status: StatusReference | None = None

    def to_json(self) -> JsonObject:
        """Return the payload of the certificate; what is empty is left out."""
        members: JsonObject = {
            "sub": self.sub,
            "name": self.name,
            "sub_ln": self.name,
            "country": self.country,
            "registry_uri": self.registry_uri,
            "srv_description": [_by_language(self.descriptions)] if self.descriptions else None,
            "entitlements": list(self.entitlements),
            "privacy_policy": self.privacy_policy,
            "support_uri": self.support_uri,
            "info_uri": self.info_uri,
            "supervisory_authority": dict(self.supervisory_authority) or None,
            "credentials": [each.to_json() for each in self.credentials] or None,
            "purpose": _by_language(self.purposes) or None,
            "intended_use_id": self.intended_use_id,
            "public_body": self.public_body or None,
            "intermediary": dict(self.intermediary) or None,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "status": {"status_list": {"idx": self.status.idx, "uri": self.status.uri}} if self.status else None,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class UnverifiedRegistrationCertificate:
    """A certificate whose signature nobody has checked; ``unverified_chain`` is DER, leaf first, at least one."""

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RegistrationCertificate:
    """A certificate with a good signature: what is registered, and everything it says."""

    registration: Registration
    claims: JsonObject


@dataclass(frozen=True, slots=True)
class OverAsked:
    """Something that is asked for and not registered: a claim, or a whole type when ``path`` is empty."""

    query: str
    path: PathPointer

    def __str__(self) -> str:
        return f"{self.query}: {spell(self.path)}" if self.path else self.query


def make_registration_certificate(registration: Registration, *, signer: Signer) -> str:
    """Return the certificate of a registrar, whose chain travels along (anchor left out).

    Raises Untrusted[registration_invalid] for what its own reader would refuse. Spec: TS 119 475 §5.2.
    """
    header = signing_header(TYP, signer)
    header["x5t#S256"] = base64url.encode(hashlib.sha256(signer.chain[0]).digest())
    payload = registration.to_json()
    with told_as("registration_invalid"):
        _read(payload)
    return jws.sign(header, payload, signer)


def as_verifier_info(certificate: str) -> JsonObject:
    """Return the entry of ``verifier_info`` that carries a certificate by value. Spec: ETSI TS 119 472-2 §6."""
    return {"format": VERIFIER_INFO_FORMAT, "data": certificate}


def certificates_in(verifier_info: Sequence[VerifierInfo]) -> tuple[str, ...]:
    """Return the texts of the registration certificates in a request, in whichever form they are put there.

    The data is the compact JWT, or base64url of it. Raises Untrusted[registration_invalid] (``data_form``).
    Spec: ETSI TS 119 472-2 §6.
    """
    return tuple(_text_of(each.data) for each in verifier_info if each.format == VERIFIER_INFO_FORMAT)


def parse_registration_certificate(
    text: str, *, allowed_algs: frozenset[str]
) -> UnverifiedRegistrationCertificate:
    """Return the parts of a certificate so that its chain can be judged.

    Raises Untrusted[registration_invalid] with a reason, Malformed[limit_exceeded].
    """
    with told_as("registration_invalid"):
        unverified = jws.split(text, REGISTRATION_CERTIFICATE, allowed_algs=allowed_algs)
        chain = jws.certificate_chain(unverified)
        if not chain:
            raise _invalid("x5c_missing")
        thumbprint = unverified.header.get("x5t#S256")
        if thumbprint is not None and thumbprint != base64url.encode(hashlib.sha256(chain[0]).digest()):
            raise _invalid("x5t_mismatch")
        return UnverifiedRegistrationCertificate(unverified, chain)


def verify_registration_certificate(
    certificate: UnverifiedRegistrationCertificate, *, key: VerificationKey, now: int, skew_s: int
) -> RegistrationCertificate:
    """Return what is registered, signed by ``key``, whose chain the caller has judged.

    Raises Untrusted[registration_invalid] with a reason (``expired`` among them), Malformed[limit_exceeded].
    Spec: TS 119 475 §5.2.
    """
    with told_as("registration_invalid"):
        claims = jws.verify(certificate.unverified_jws, key)
        check_times(claims, now=now, skew_s=skew_s)
        return RegistrationCertificate(_read(claims), claims)


def over_asking(registration: Registration, query: DcqlQuery) -> tuple[OverAsked, ...]:
    """Return what ``query`` asks for beyond what is registered; nothing means that all is registered.

    A registered path covers itself and what lies below it; ``null`` in it covers every element.
    Spec: ARF 3.0 RPRC_21.
    """
    return tuple(over for each in query.credentials for over in _over_asked(registration, each))


def _over_asked(registration: Registration, wanted: CredentialQuery) -> tuple[OverAsked, ...]:
    over: dict[OverAsked, None] = {}
    for vct in wanted.vct_values or ("",):
        fitting = [
            each for each in registration.credentials if each.format == wanted.format and vct in each.vct_values
        ]
        paths = [path for each in fitting for path in each.paths]
        if not fitting:
            over[OverAsked(wanted.id, ())] = None
            continue
        for claim in wanted.claims:
            if not any(_covers(path, claim.path) for path in paths):
                over[OverAsked(wanted.id, claim.path)] = None
    return tuple(over)


def _covers(registered: PathPointer, asked: PathPointer) -> bool:
    if len(registered) > len(asked):
        return False
    return all(
        mine == theirs or (mine is None and isinstance(theirs, int))
        for mine, theirs in zip(registered, asked, strict=False)
    )


def _read(claims: JsonObject) -> Registration:
    issued_at = numeric_date(claims, "iat", required=True)
    expires_at = numeric_date(claims, "exp", required=True)
    if not issued_at < expires_at <= issued_at + LONGEST_LIFE_S:
        raise _invalid("lifetime")
    return Registration(
        sub=_text(claims, "sub"),
        name=_text(claims, "name" if "name" in claims else "sub_ln"),
        country=_text(claims, "country"),
        registry_uri=_text(claims, "registry_uri"),
        entitlements=tuple(_texts(claims, "entitlements")),
        credentials=tuple(map(_credential, _list(claims, "credentials"))),
        purposes=_languages(_list(claims, "purpose")),
        issued_at=issued_at,
        expires_at=expires_at,
        descriptions=_languages(next(iter(_list(claims, "srv_description")), [])),
        privacy_policy=_optional_text(claims, "privacy_policy"),
        support_uri=_optional_text(claims, "support_uri"),
        info_uri=_optional_text(claims, "info_uri"),
        supervisory_authority=_members(claims, "supervisory_authority"),
        intended_use_id=_optional_text(claims, "intended_use_id"),
        public_body=claims.get("public_body") is True,
        intermediary=_members(claims, "intermediary"),
        status=status_reference(claims),
    )


def _credential(entry: Any) -> RegisteredCredential:
    if not isinstance(entry, dict) or not isinstance(entry.get("meta"), dict):
        raise _invalid("credentials_form")
    claims = _list(entry, "claim") or _list(entry, "claims")
    if not all(isinstance(claim, dict) for claim in claims):
        raise _invalid("credentials_form")
    return RegisteredCredential(
        format=_text(entry, "format"),
        vct_values=tuple(_texts(entry["meta"], "vct_values")),
        paths=tuple(parse_pointer(claim.get("path")) for claim in claims),
    )


def _text_of(data: object) -> str:
    if not isinstance(data, str):
        raise _invalid("data_form")
    if "." in data:
        return data
    try:
        return base64url.decode(data.rstrip("="), what="verifier_info").decode("ascii")
    except (Malformed, UnicodeDecodeError) as exc:
        raise _invalid("data_form") from exc


def _by_language(texts: Mapping[str, str]) -> list[JsonObject]:
    return [{"lang": language, "value": text} for language, text in texts.items()]


def _languages(entries: Any) -> Mapping[str, str]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _invalid("language_form")
    return MappingProxyType({_text(entry, "lang"): _text(entry, "value") for entry in entries})


def _members(claims: JsonObject, name: str) -> Mapping[str, str]:
    """Return the members that are texts; a peer may add others."""
    value = claims.get(name, {})
    if not isinstance(value, dict):
        raise _invalid(f"{name}_form")
    return MappingProxyType({key: text for key, text in value.items() if isinstance(text, str)})


def _list(claims: JsonObject, name: str) -> list[Any]:
    value = claims.get(name, [])
    if not isinstance(value, list) or len(value) > MAX_ENTRIES:
        raise _invalid(f"{name}_form")
    return value


def _texts(claims: JsonObject, name: str) -> list[str]:
    values = _list(claims, name)
    if not all(isinstance(value, str) for value in values):
        raise _invalid(f"{name}_form")
    return values


def _text(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_CHARS:
        raise _invalid(f"{name}_form")
    return value


def _optional_text(claims: JsonObject, name: str) -> str | None:
    return _text(claims, name) if name in claims else None


def _invalid(reason: str) -> Untrusted:
    return Untrusted("registration_invalid", spec=SPEC, reason=reason)
