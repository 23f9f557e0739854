"""Kinds of variation that are not claim layouts: protocol profile, body of law, mode of operation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from portadoc.errors import Misconfigured


class Mode(StrEnum):
    """How strictly the operator's set-up is judged."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class StatusRule(StrEnum):
    """When a credential must carry a status reference."""

    WHEN_PRESENT = "when_present"
    OR_SHORT_LIVED = "or_short_lived"
    """Required unless the credential lives for 24 hours at most. Spec: CIR (EU) 2026/1731"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolProfile:
    """Which edition of the protocols the roles speak, and what they tolerate when reading."""

    id: str
    title: str
    credential_typ: str
    accepted_credential_typs: frozenset[str]
    type_claims: frozenset[str]
    """Claims that may name the type: ``vct``, and where the draft has it ``aka_vcts``. Spec: SD-JWT VC -18"""
    issue_header_params: frozenset[str]
    grants: tuple[str, ...]
    """Grants of the token endpoint, as authorization server metadata names them."""
    client_authentication: tuple[str, ...]
    """Ways of client authentication at the token endpoint and for pushed requests, ``none`` among them or not."""
    encryption_algs: tuple[str, ...]
    encryption_encs: tuple[str, ...]
    required_claims: frozenset[str]
    status_rule: StatusRule
    high_assurance: bool
    """Whether every request is signed and every answer encrypted. Spec: HAIP 1.0 §5"""
    offer_schemes: tuple[str, ...] = ("openid-credential-offer",)
    """Schemes of the links that open a wallet with an offer, the preferred one first; QR codes say the last one,
    which every wallet reads. Spec: OpenID4VCI 1.0 §4.1.1, HAIP 1.0 §4"""
    web_keys_allowed: bool = False
    """Whether issuers may be believed by keys that they publish, without certificates. Spec: HAIP 1.0 §6.1.1"""
    suspension_allowed: bool = True
    """Whether a status may be anything between withdrawn and not. Spec: CIR (EU) 2026/1731"""
    thumbprint_required: bool = False
    """Whether the header has to name the signer's certificate by ``x5t#S256``. Spec: ETSI TS 119 472-1 §5.6.3"""
    dpop_required: bool = False
    """Whether every access token is bound to a key of the wallet. Spec: HAIP 1.0 §4"""
    attested_key_first: bool = False
    """Whether a key proof is by the first key of its key attestation. Spec: TS3 v1.5 §2.2.2.2"""
    key_attestations_required: bool = False
    """Whether wallets have to show how they keep the keys of credentials. Spec: TS3 v1.5 §2.2.2"""
    attestation_status_required: bool = False
    """Whether a wallet whose attestation names a status is refused while that cannot be learned. Spec: ARF 3.0
    ISSU_30, TS3 v1.5 §2.4.1"""
    reuse_policy: bool = False
    """Whether issuer metadata say how often a credential may be shown. Spec: ARF 3.0 ISSU_38"""
    registration_published: bool = False
    """Whether issuer metadata carry the issuer's registration certificate. Spec: ARF 3.0 RPRC_22"""
    disclosure_policies_published: bool = False
    """Whether issuer metadata say to whom credentials may be shown, where it is set. Spec: ARF 3.0 EDP_09"""
    attestation_category: str | None = None
    """The ``category`` of attestations of public bodies, identity data apart. Spec: ETSI TS 119 472-1 §5.2.2.3"""


_PRE_AUTHORIZED: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
_AUTHORIZATION_CODE: Final = "authorization_code"
_REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - the name of a grant
_BY_ATTESTATION: Final = "attest_jwt_client_auth"
_DC_SD_JWT: Final = "dc+sd-jwt"
_HAIP_OFFERS: Final = ("haip-vci", "openid-credential-offer")

_IETF_LATEST: Final = ProtocolProfile(
    id="ietf-latest",
    title="RFC 9901, SD-JWT VC draft 19, Token Status List draft 20, OpenID4VCI 1.0, OpenID4VP 1.0",
    credential_typ=_DC_SD_JWT,
    accepted_credential_typs=frozenset({_DC_SD_JWT}),
    type_claims=frozenset({"vct", "aka_vcts"}),
    issue_header_params=frozenset({"alg", "typ", "kid", "x5c"}),
    grants=(_AUTHORIZATION_CODE, _PRE_AUTHORIZED, _REFRESH_TOKEN),
    client_authentication=("none", _BY_ATTESTATION),
    encryption_algs=("ECDH-ES",),
    encryption_encs=("A128GCM", "A256GCM"),
    required_claims=frozenset({"vct"}),
    status_rule=StatusRule.WHEN_PRESENT,
    high_assurance=False,
    web_keys_allowed=True,
)

_HAIP: Final = ProtocolProfile(
    id="haip-1.0",
    title="OpenID4VC High Assurance Interoperability Profile 1.0",
    credential_typ=_DC_SD_JWT,
    accepted_credential_typs=frozenset({_DC_SD_JWT, "vc+sd-jwt"}),
    type_claims=frozenset({"vct"}),
    issue_header_params=frozenset({"alg", "typ", "x5c"}),
    grants=(_AUTHORIZATION_CODE, _REFRESH_TOKEN),
    client_authentication=(_BY_ATTESTATION,),
    dpop_required=True,
    encryption_algs=("ECDH-ES",),
    encryption_encs=("A128GCM", "A256GCM"),
    required_claims=frozenset({"vct"}),
    status_rule=StatusRule.WHEN_PRESENT,
    high_assurance=True,
    offer_schemes=_HAIP_OFFERS,
)

_EUDI: Final = ProtocolProfile(
    id="eudi-2026",
    title="European Digital Identity Wallet, implementing regulations in force since August 2026",
    credential_typ=_DC_SD_JWT,
    accepted_credential_typs=frozenset({_DC_SD_JWT}),
    type_claims=frozenset({"vct"}),
    issue_header_params=frozenset({"alg", "typ", "x5c", "x5u", "x5t#S256"}),
    grants=(_AUTHORIZATION_CODE, _PRE_AUTHORIZED, _REFRESH_TOKEN),
    client_authentication=(_BY_ATTESTATION,),
    dpop_required=True,
    attested_key_first=True,
    key_attestations_required=True,
    attestation_status_required=True,
    reuse_policy=True,
    registration_published=True,
    disclosure_policies_published=True,
    encryption_algs=("ECDH-ES",),
    encryption_encs=("A128GCM", "A256GCM"),
    required_claims=frozenset({"vct", "vct#integrity", "iss", "nbf", "exp"}),
    status_rule=StatusRule.OR_SHORT_LIVED,
    high_assurance=True,
    offer_schemes=_HAIP_OFFERS,
    suspension_allowed=False,
    thumbprint_required=True,
    attestation_category="urn:etsi:esi:eaa:eu:pub",
)

PROFILES: Final[Mapping[str, ProtocolProfile]] = {p.id: p for p in (_IETF_LATEST, _HAIP, _EUDI)}
DEFAULT_PROFILE: Final = _IETF_LATEST


def profile(name: str) -> ProtocolProfile:
    """Return a protocol profile by id. Raises Misconfigured[profile_unknown]."""
    found = PROFILES.get(name)
    if found is None:
        raise Misconfigured("profile_unknown", profile=name, known=", ".join(PROFILES))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimePack:
    """A dated body of law under which a determination was made."""

    id: str
    title: str
    in_force_from: date
    in_force_to: date | None


def _packs(*packs: tuple[str, str, date]) -> Mapping[str, RegimePack]:
    return {
        name: RegimePack(id=name, title=title, in_force_from=since, in_force_to=None)
        for name, title, since in packs
    }


REGIME_PACKS: Final[Mapping[str, RegimePack]] = _packs(
    ("eu-2012", "Regulations (EC) 883/2004 and 987/2009 as they apply since 28 June 2012", date(2012, 6, 28)),
    ("eu-2012-eea", "The Regulations with Iceland, Liechtenstein and Norway", date(2013, 2, 2)),
    ("eu-2012-ch", "The Regulations with Switzerland", date(2015, 1, 1)),
    ("eu-2012-efta", "The Regulations between the EFTA States", date(2016, 1, 1)),
    ("uk-wa", "The Regulations under the Withdrawal Agreement with the United Kingdom", date(2021, 1, 1)),
    ("uk-tca", "Protocol on Social Security Coordination with the United Kingdom", date(2021, 1, 1)),
    ("ch-uk", "Convention of Switzerland with the United Kingdom", date(2021, 11, 1)),
    ("efta-uk-2024", "Convention of Iceland, Liechtenstein and Norway with the United Kingdom", date(2024, 1, 1)),
)
"""Bodies of law under which an A1 can be certified; those of the rules that are in force, as a test compares."""
