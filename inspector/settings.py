"""What an operator may set for the inspector role. Every default is safe."""

from functools import cached_property
from typing import Final, Self

from pydantic import Field, model_validator

from portadoc.web.settings import InstitutionNames, OriginSettings, require_distinct

SECONDS_PER_DAY: Final = 86_400


class InstitutionSettings(InstitutionNames):
    """One institution whose inspectors work with this installation."""

    country: str = Field(pattern="^[A-Z]{2}$")
    """ISO 3166 code of its state."""


class InspectorSettings(OriginSettings):
    """Settings of the inspector role."""

    institutions: tuple[InstitutionSettings, ...]
    institution: str = ""
    """The institution (slug) whose app a device gets that is paired with none yet; by default the first."""
    presets: tuple[str, ...] = ("inspector-quick", "inspector-full", "customs-police", "care-desk")
    """What the app may ask wallets for."""
    verification_hosts: tuple[str, ...] = ()
    """Hosts of verification addresses that the app knows, beside this installation's own."""
    pairing_ttl_s: int = Field(default=600, ge=60, le=3600)
    """Seconds that a pairing code can be used."""
    tries_from_one_source: int = Field(default=10, ge=1)
    """Wrong pairing codes that one address may send in ten minutes."""
    address_header: str = Field(default="", pattern="^[A-Za-z0-9-]{0,64}$")
    """Header in which your own proxy says who asks, such as ``X-Real-IP``; empty: whoever connects is who asks.
    Its last entry counts. Only for a proxy that always sets it."""
    tries_in_all: int = Field(default=1000, ge=1)
    """Wrong pairing codes that all addresses together may send in ten minutes."""
    asks_per_minute: int = Field(default=12, ge=1)
    """Requests to wallets that one device may make in a minute."""
    judgements_per_minute: int = Field(default=60, ge=1)
    """Receipts and code look-ups that one device may ask for in a minute."""
    wait_s: int = Field(default=25, ge=1, le=60)
    """Seconds that a question for a result may wait for it at most."""
    waits: int = Field(default=64, ge=1, le=4096)
    """Questions that wait in one process at a time; others are answered at once."""
    max_entry_bytes: int = Field(default=2 * 1024 * 1024, ge=1024, le=16 * 1024 * 1024)
    """Bytes of one decrypted entry of a visit; a photograph is the largest."""
    max_visit_entries: int = Field(default=5000, ge=10)
    """Entries of one visit."""
    keep_personal_numbers: bool = False
    """Whether a scanned text is stored where it holds a personal number; otherwise only the verdict on it is."""
    visit_kept_days: int = Field(default=5 * 365, ge=1)
    """Days after its end that a visit is deleted; without an end, after the last that came of it."""
    idle_scan_kept_days: int = Field(default=30, ge=1)
    """Days after which a visit with scans alone is deleted: no list, note, photograph, finding or end."""
    dossier_days: int = Field(default=30, ge=1, le=366)
    """Days that the link of a site dossier holds."""

    @model_validator(mode="after")
    def _check_relations(self) -> Self:
        require_distinct(self.institutions)
        if self.institution and self.institution not in self.by_slug:
            raise ValueError("institution: must be the slug of an institution that verifies")
        return self

    @cached_property
    def by_slug(self) -> dict[str, InstitutionSettings]:
        """The institutions by slug."""
        return {institution.slug: institution for institution in self.institutions}

    @property
    def first(self) -> str:
        """The institution whose app a device gets before it is paired; empty where nobody inspects."""
        return self.institution or next(iter(self.by_slug), "")
