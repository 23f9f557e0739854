"""The settings that every role with an HTTP side has, and the relations that hold for all of them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from portadoc.fetch import is_loopback_host
from portadoc.schemas.profiles import Mode

UNDETERMINED: Final = "und"
"""A name in a language that nobody said (BCP 47, ISO 639-2)."""


class Settings(BaseModel):
    """Frozen settings; an unknown name is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class InstitutionNames(Settings):
    """How one institution of a role is called."""

    slug: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")
    """The institution's segment in URLs, also its key in the key ring and in every table."""
    institution_id: str = Field(min_length=1, max_length=64)
    """The official identifier, such as ``FR:TEST01``; it stands in its certificates too."""
    names: dict[str, str] = Field(min_length=1)
    """Display name by language (``und`` when nobody said which); the first one is the default."""


class OriginSettings(Settings):
    """Where a role answers, and how strictly. Raises a validation error that names the field."""

    base_url: str
    """Public origin without path or trailing slash; https, or http on a loopback name in development."""
    mode: Mode = Mode.PRODUCTION
    profile: str = "ietf-latest"
    """Name of the ProtocolProfile that governs what is emitted and tolerated."""

    @model_validator(mode="after")
    def _check_base_url(self) -> Self:
        parts = _parts(self.base_url)
        if parts.path or parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname:
            raise ValueError("base_url: must be an origin: scheme, host, perhaps a port, nothing else")
        if parts.scheme not in ("http", "https"):
            raise ValueError("base_url: must be https")
        if parts.scheme == "http" and (self.mode == Mode.PRODUCTION or not is_loopback_host(parts.hostname)):
            raise ValueError("base_url: http is for a loopback address in development only")
        return self


def require_distinct(institutions: Sequence[InstitutionNames]) -> None:
    """Raise ValueError when two institutions share one slug."""
    slugs = [institution.slug for institution in institutions]
    if len(set(slugs)) != len(slugs):
        raise ValueError("institutions: two share one slug")


def _parts(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        if parts.port == 0:
            raise ValueError
    except ValueError as exc:  # a host or a port that cannot be
        raise ValueError("base_url: must be an origin that can be called") from exc
    return parts
