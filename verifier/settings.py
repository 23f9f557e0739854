"""What an operator may set for the verifier role. Every default is safe; relations between fields are checked."""

from functools import cached_property
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from portadoc.formats.openid4vp.client_identifier import ClientIdPrefix
from portadoc.formats.openid4vp.request_object import ResponseMode
from portadoc.formats.trust_pack import MAX_LIFETIME_S
from portadoc.schemas.profiles import PROFILES, Mode
from portadoc.web.settings import InstitutionNames, OriginSettings, Settings, require_distinct

SECONDS_PER_DAY: Final = 86_400


class InstitutionSettings(InstitutionNames):
    """One institution that verifies here: its name in URLs, its identifier and what it may ask for."""

    registered_types: tuple[str, ...] = Field(min_length=1)
    """The credential types (vct) that the institution is registered to ask for; it may ask for no other."""
    client_id_prefix: ClientIdPrefix = ClientIdPrefix.X509_HASH
    """How the institution names itself to wallets: ``x509_hash``, ``x509_san_dns``, ``verifier_attestation``,
    ``redirect_uri`` (unsigned, in development only)."""
    verifier_attestation: str = ""
    """File with the attestation (JWT) of the institution's name and key; with the prefix of that name only."""
    registration_certificate: str = ""
    """File with the registration certificate (JWT) that every request carries; it bounds what may be asked."""


class StatusSettings(Settings):
    """Bounds on status lists, whatever a list says of itself."""

    min_ttl_s: int = Field(default=60, ge=1)
    """Seconds that a list is kept at least before it is fetched again."""
    max_ttl_s: int = Field(default=SECONDS_PER_DAY // 2, ge=1)
    """Seconds after which a list is fetched again at the latest."""
    default_ttl_s: int = Field(default=900, ge=1)
    """Seconds after which a list without ``ttl`` is fetched again."""
    max_age_s: int = Field(default=7 * SECONDS_PER_DAY, ge=60)
    """Seconds after its ``iat`` that a list is believed at most."""
    ahead_s: int = Field(default=30, ge=0)
    """Seconds before its refresh is due that a list is fetched ahead."""
    retry_after_s: int = Field(default=10, ge=1)
    """Seconds that a failed fetch stands before the next attempt at the same list."""
    idle_s: int = Field(default=7 * SECONDS_PER_DAY, ge=60)
    """Seconds without a question after which a list is no longer fetched ahead."""
    max_token_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    """Bytes of a status list token."""
    max_inflated_bytes: int = Field(default=2 * 1024 * 1024, ge=1)
    """Bytes of an inflated list: 16 million statuses of one bit."""
    max_lists: int = Field(default=512, ge=1)
    """Lists that are held for one institution; the one asked for longest ago gives way."""
    timeout_s: float = Field(default=5.0, gt=0, le=30)
    """Seconds that one fetch may take in all."""
    forms: tuple[Literal["jwt", "cwt"], ...] = Field(default=("jwt", "cwt"), min_length=1)
    """The forms of status lists that are read, the preferred one first."""
    aggregations: tuple[str, ...] = ()
    """Addresses of status list aggregations; every list that they name is fetched ahead of need."""
    aggregation_refresh_s: int = Field(default=3600, ge=60)
    """Seconds after which an aggregation is read anew."""


class TrustPackSettings(Settings):
    """What the institution hands out to those who judge without a network."""

    renew_s: int = Field(default=300, ge=1)
    """Seconds after which whoever asks gets a new pack."""
    lifetime_s: int = Field(default=7 * SECONDS_PER_DAY, ge=60, le=MAX_LIFETIME_S)
    """Seconds after which a pack is refused; its status lists may end before."""
    max_list_bytes: int = Field(default=4 * 1024 * 1024, ge=0)
    """Bytes of status and withdrawal lists in a pack; the lists asked for longest ago are left out."""
    seal_certificates: tuple[str, ...] = ()
    """Addresses where issuers publish the certificates of their printed seals; what the trust proves is packed."""


class VerifierSettings(OriginSettings):
    """Settings of the verifier. Raises a validation error that names the field when a relation does not hold."""

    institutions: tuple[InstitutionSettings, ...]
    request_ttl_s: int = Field(default=300, ge=30, le=3600)
    """Seconds that a request can be answered."""
    session_ttl_s: int = Field(default=120, ge=30, le=600)
    """Seconds that a request on a page of ours can be answered; a QR code that others can see lives shortly."""
    response_mode: Literal["direct_post.jwt", "direct_post"] = "direct_post.jwt"
    """How wallets answer: encrypted, or in clear inside TLS (not under ``haip-1.0`` and ``eudi-2026``)."""
    request_uri_method: Literal["get", "post"] = "get"
    """How the wallet is asked to fetch the request; ``post`` lets it add a nonce of its own."""
    result_kept_s: int = Field(default=SECONDS_PER_DAY, ge=60)
    """Seconds after which a request and its result are deleted."""
    key_binding_max_age_s: int = Field(default=300, ge=30, le=3600)
    """Seconds between the signature of a Key Binding JWT and its arrival."""
    clock_skew_s: int = Field(default=120, ge=0, le=300)
    """Seconds that another machine's clock may differ from ours."""
    max_query_bytes: int = Field(default=64 * 1024, ge=1024)
    """Bytes of a DCQL query."""
    max_response_bytes: int = Field(default=512 * 1024, ge=16 * 1024)
    """Bytes of a decrypted response."""
    live_connections: int = Field(default=64, ge=1, le=4096)
    """Pages that one process keeps informed at a time; others ask again by themselves."""
    live_s: int = Field(default=55, ge=1, le=600)
    """Seconds that one such connection lasts; the browser then opens another."""
    status: StatusSettings = StatusSettings()
    trust_pack: TrustPackSettings = TrustPackSettings()

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        require_distinct(self.institutions)
        if self.result_kept_s < self.request_ttl_s:
            raise ValueError("result_kept_s: must not be less than request_ttl_s")
        if not self.status.min_ttl_s <= self.status.default_ttl_s <= self.status.max_ttl_s:
            raise ValueError("status: min_ttl_s <= default_ttl_s <= max_ttl_s must hold")
        if self.status.max_ttl_s > self.status.max_age_s:
            raise ValueError("status.max_ttl_s: must not exceed max_age_s")
        plain = [uri for uri in self.status.aggregations if not uri.startswith("https://")]
        if plain and self.mode == Mode.PRODUCTION:
            raise ValueError("status.aggregations: must be https")
        plain = [uri for uri in self.trust_pack.seal_certificates if not uri.startswith("https://")]
        if plain and self.mode == Mode.PRODUCTION:
            raise ValueError("trust_pack.seal_certificates: must be https")
        if self.trust_pack.lifetime_s < self.trust_pack.renew_s:
            raise ValueError("trust_pack.lifetime_s: must not be less than renew_s")
        self._check_profile()
        return self

    def _check_profile(self) -> None:
        """Refuse what the profile does not allow. Spec: HAIP 1.0 §5, §5.1."""
        prefixes = {institution.client_id_prefix for institution in self.institutions}
        if self.profile in PROFILES and PROFILES[self.profile].high_assurance:
            if not ResponseMode(self.response_mode).is_encrypted:
                raise ValueError(f"response_mode: must be direct_post.jwt under {self.profile}")
            if prefixes - {ClientIdPrefix.X509_HASH}:
                raise ValueError(f"institutions: client_id_prefix must be x509_hash under {self.profile}")
        if ClientIdPrefix.REDIRECT_URI in prefixes and self.mode == Mode.PRODUCTION:
            raise ValueError("institutions: client_id_prefix redirect_uri is for development only")

    @cached_property
    def by_slug(self) -> dict[str, InstitutionSettings]:
        """The institutions by slug."""
        return {institution.slug: institution for institution in self.institutions}
