"""What an operator may set for the portal role. Every default is safe."""

from functools import cached_property
from typing import Final, Self

from pydantic import Field, model_validator

from portadoc.portal.login.settings import LoginSettings
from portadoc.web.settings import InstitutionNames, OriginSettings, Settings, require_distinct

SECONDS_PER_DAY: Final = 86_400


class PostalAddress(Settings):
    """Where an institution is, as it stands in section 6 of the form."""

    street_and_number: str = ""
    """Street and number; empty where there is none."""
    postcode: str = ""
    """Post code; empty where there is none."""
    town: str = Field(min_length=1, max_length=120)
    """Town."""


class InstitutionSettings(InstitutionNames):
    """One institution whose applicants come here."""

    country: str = Field(pattern="^[A-Z]{2}$")
    """ISO 3166 code of its state."""
    address: PostalAddress
    """Where it is."""
    phone: str = ""
    """Telephone in E.164 form; empty for none."""
    email: str = ""
    """Address of electronic mail; empty for none."""
    certificates: tuple[str, ...] = ("a1",)
    """What may be asked for here: ``a1``, ``bilateral``, ``maintenance``, ``ehic``, ``prc``."""
    configuration_ids: tuple[str, ...] = ()
    """The credential configurations that it issues, in which certificates are offered to wallets."""
    four_eyes: bool = False
    """Whether a second officer has to approve what an officer decides."""


class PortalSettings(OriginSettings):
    """Settings of the portal role."""

    institutions: tuple[InstitutionSettings, ...]
    login: LoginSettings = LoginSettings()
    registers_complete: bool = True
    """Whether the person register knows everybody who is insured here: an application on anybody else is an
    officer's. False: it knows only some."""
    code_tries_per_hour: int = Field(default=15, ge=10, le=100)
    """Times within an hour that a code may be tried on the offers of one certificate, all offers together."""
    scan_command: tuple[str, ...] = ()
    """Command that scans each attachment, whose path is its last argument: exit code 0 for clean, 1 for a find."""
    rules_pack: str = "eu-2012"
    """Body of law by which applications are decided; one that is not in force decides nothing."""
    urgent_hours: int = Field(default=48, ge=1, le=240)
    """Hours before departure within which an application is urgent."""
    expiry_reminder_days: int = Field(default=30, ge=1, le=366)
    """Days before the end of a certificate on which the applicant is reminded."""
    limit_reminder_days: int = Field(default=60, ge=1, le=366)
    """Days before 24 months of posting are full on which the applicant is reminded."""
    delay_window_days: int = Field(default=365, ge=7, le=3660)
    """Days whose closed cases tell how long a case takes."""
    resume_after_s: int = Field(default=30, ge=1, le=3600)
    """Seconds after which a step that began and did not end is taken up again."""
    steps_tried: int = Field(default=5, ge=1, le=50)
    """Times that a step is tried before an officer gets the case."""
    idempotency_days: int = Field(default=7, ge=1, le=90)
    """Days that the answer to a request with an Idempotency-Key is kept."""
    offers_per_hour: int = Field(default=6, ge=1, le=100)
    """Offers of one certificate that may be made within an hour."""
    employer_copy: bool = False
    """Whether the employer may take a copy of its own into its wallet, where the layout allows for it."""
    card_months: int = Field(default=24, ge=1, le=120)
    """Months that a health card holds, never beyond the entitlement."""
    replacement_days: int = Field(default=90, ge=1, le=366)
    """Days that a provisional replacement certificate holds, never beyond the entitlement."""
    consent_minutes: int = Field(default=30, ge=1, le=240)
    """Minutes that a code holds with which an insured person consents to a replacement certificate."""
    consent_request_hours: int = Field(default=24, ge=1, le=168)
    """Hours within which an insured person can answer a care provider that asks for consent."""
    consent_tries: int = Field(default=3, ge=1, le=10)
    """Wrong birth dates after which a code is locked."""
    consent_tries_per_hour: int = Field(default=20, ge=1, le=1000)
    """Wrong codes, and requests for consent, that one care provider may make within an hour."""
    work_list_size: int = Field(default=200, ge=10, le=2000)
    """Cases that an officer sees at once."""

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        require_distinct(self.institutions)
        return self

    @cached_property
    def by_slug(self) -> dict[str, InstitutionSettings]:
        """The institutions by slug."""
        return {institution.slug: institution for institution in self.institutions}
