"""What an operator may set for a whole installation: ``portadoc.toml``, the environment, the command line.

The tables ``[issuer]``, ``[verifier]``, ``[inspector]`` and ``[portal]`` hold the settings of the roles; what all
need stands at the top.
"""

import ast
import inspect
import os
import textwrap
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from portadoc.config import Settings, load_settings
from portadoc.errors import Misconfigured
from portadoc.inspector.settings import InspectorSettings
from portadoc.inspector.settings import InstitutionSettings as InspectingInstitution
from portadoc.issuer.settings import InstitutionSettings as IssuingInstitution
from portadoc.issuer.settings import IssuerSettings
from portadoc.portal.settings import InstitutionSettings as ApplyingInstitution
from portadoc.portal.settings import PortalSettings
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.profiles import PROFILES, Mode
from portadoc.verifier.settings import InstitutionSettings as VerifyingInstitution
from portadoc.verifier.settings import VerifierSettings
from portadoc.web.settings import UNDETERMINED

SETTINGS_FILE: Final = "portadoc.toml"
_SHARED: Final = frozenset({"base_url", "institutions", "mode", "profile"})


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Institution(_Table):
    """An institution that issues or verifies here. Its table's name is its slug: the segment in URLs."""

    id: str = Field(min_length=1, max_length=64)
    """Official identifier, such as ``FR:TEST01``; it stands in its certificates."""
    name: str = Field(min_length=1, max_length=120)
    """Name in its own language."""
    country: str = Field(pattern="^[A-Z]{2}$")
    """ISO 3166 code of its state."""
    issues: tuple[str, ...] = ()
    """Credential configurations that it issues; none for an institution that only verifies."""
    verifies: tuple[str, ...] = ()
    """Credential types that it is registered to ask for; none for an institution that only issues."""
    portal: tuple[str, ...] = ()
    """What may be asked of it in the portal: ``a1``, ``bilateral``, ``maintenance``, ``ehic``, ``prc``."""
    street: str = ""
    """Street and number, as on its certificates; the portal needs an address."""
    postcode: str = ""
    """Post code."""
    town: str = ""
    """Town."""
    phone: str = Field(default="", pattern=r"^(\+[1-9][0-9]{1,14})?$")
    """Telephone in E.164 form, as on its certificates; empty for none."""
    email: str = Field(default="", max_length=120)
    """Address of electronic mail, as on its certificates; empty for none."""
    four_eyes: bool = False
    """Whether a second officer has to approve what an officer decides."""
    client_id_prefix: str = "x509_hash"
    """How it names itself to wallets: ``x509_hash``, ``x509_san_dns``, ``verifier_attestation``, or in development
    ``redirect_uri``."""
    verifier_attestation: str = ""
    """File with the attestation (JWT) of its name and key, for the prefix of that name."""
    registration_certificate: str = ""
    """File with the registration certificate (JWT) that its requests carry and that bounds what it may ask."""
    issuer_registration_certificate: str = ""
    """File with the registration certificate (JWT) that its issuer metadata carry under the profile eudi-2026."""
    disclosure_policies: Mapping[str, Any] = {}
    """To whom it wants credentials shown, a table for each configuration: ``id``, ``policy``, ``options``,
    ``description``, ``url``; in its issuer metadata under the profile eudi-2026."""

    @model_validator(mode="after")
    def _has_a_role(self) -> Self:
        if not (self.issues or self.verifies):
            raise ValueError("name at least one of issues, verifies")
        return self

    @model_validator(mode="after")
    def _can_certify(self) -> Self:
        if self.portal and not (self.issues and self.town):
            raise ValueError("portal: needs credential configurations (issues) and an address (town)")
        return self

    @field_validator("issues")
    @classmethod
    def _are_known(cls, issues: tuple[str, ...]) -> tuple[str, ...]:
        if not set(issues) <= CREDENTIAL_TYPES.keys():
            raise ValueError(f"each must be one of {', '.join(CREDENTIAL_TYPES)}")
        return issues


# Test data: fictional institutions, so that an installation without settings has something to show.
DEMO_INSTITUTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "fr-demo": {
        "id": "FR:TEST01",
        "name": "Caisse de démonstration, mobilité (données de test)",
        "country": "FR",
        "issues": ["pda1", "pda1-rulebook", "pda1-webuild", "coverage-bilateral", "coverage-maintenance"],
        "portal": ["a1", "bilateral", "maintenance"],
        "street": "1 place du Modèle",
        "postcode": "75000",
        "town": "Paris",
        "phone": "+33199000001",
        "email": "a1@caisse-demonstration.example",
    },
    "fr-health": {
        "id": "FR:TEST02",
        "name": "Caisse de démonstration, santé (données de test)",
        "country": "FR",
        "issues": ["ehic", "prc"],
        "portal": ["ehic", "prc"],
        "street": "2 place du Modèle",
        "postcode": "75000",
        "town": "Paris",
        "email": "ceam@caisse-demonstration.example",
    },
    "fr-identity": {
        "id": "FR:TEST03",
        "name": "Office de démonstration, identité (données de test)",
        "country": "FR",
        "issues": ["pid"],
    },
    "de-inspection": {
        "id": "DE:TEST90",
        "name": "Kontrollstelle zur Vorführung (Testdaten)",
        "country": "DE",
        "verifies": ["urn:eudi:pda1:1", "eu.we-build.pda1.1", "urn:eudi:ehic:1", "urn:eudi:pid:1"],
    },
}


class PortadocSettings(_Table):
    """Settings of an installation with all roles."""

    mode: Mode = Mode.DEVELOPMENT
    """``production`` refuses demo institutions, plain http and keys that were made for development."""
    base_url: str = "http://127.0.0.1:8700"
    """Public origin of every URL that is published: scheme, host, perhaps a port.
    ``portadoc serve --public-url`` names it for one start."""
    data_dir: Path = Path(".portadoc")
    """Folder of the database, the keys and the simulated wallet."""
    passphrase: str = ""
    """Where the passphrase of the key files stands: ``env:NAME`` or ``file:/path``; empty in development only."""
    profile: str = "ietf-latest"
    """Protocol profile: ``ietf-latest``, ``haip-1.0`` or ``eudi-2026``."""
    institutions: Mapping[str, Institution] = Field(default_factory=lambda: _institutions(DEMO_INSTITUTIONS))
    """The institutions, by slug."""
    issuer: Mapping[str, Any] = {}
    """Settings of the issuer role."""
    verifier: Mapping[str, Any] = {}
    """Settings of the verifier role."""
    inspector: Mapping[str, Any] = {}
    """Settings of the inspector role, which the institutions have that verify."""
    portal: Mapping[str, Any] = {}
    """Settings of the portal role, which the institutions have that name what may be asked of them."""

    @field_validator("profile")
    @classmethod
    def _is_a_profile(cls, name: str) -> str:
        if name not in PROFILES:
            raise ValueError(f"must be one of {', '.join(PROFILES)}")
        return name

    @model_validator(mode="after")
    def _somebody_lives_here(self) -> Self:
        if not self.institutions:
            raise ValueError("institutions: name at least one that issues or verifies")
        return self

    @model_validator(mode="after")
    def _production_is_explicit(self) -> Self:
        if self.mode == Mode.PRODUCTION and not self.passphrase:
            raise ValueError("passphrase: production needs one")
        if self.mode == Mode.PRODUCTION and "institutions" not in self.model_fields_set:
            raise ValueError("institutions: production needs its own")
        return self

    def issuer_settings(self) -> IssuerSettings:
        """Return the issuer's settings. Raises Misconfigured[setting_invalid]."""
        institutions = tuple(
            _checked(IssuingInstitution, {**_names_of(slug, each), **_issues(each)}, slug=slug)
            for slug, each in self.institutions.items()
            if each.issues
        )
        return _checked(
            IssuerSettings, {**self.issuer, **self._shared(), "institutions": institutions}, role="issuer"
        )

    def verifier_settings(self) -> VerifierSettings:
        """Return the verifier's settings. Raises Misconfigured[setting_invalid]."""
        institutions = tuple(
            _checked(VerifyingInstitution, {**_names_of(slug, each), **_asks(each)}, slug=slug)
            for slug, each in self.institutions.items()
            if each.verifies
        )
        values = {**self.verifier, **self._shared(), "institutions": institutions}
        return _checked(VerifierSettings, values, role="verifier")

    def inspector_settings(self) -> InspectorSettings:
        """Return the inspector role's settings. Raises Misconfigured[setting_invalid]."""
        institutions = tuple(
            _checked(InspectingInstitution, {**_names_of(slug, each), "country": each.country}, slug=slug)
            for slug, each in self.institutions.items()
            if each.verifies
        )
        values = {**self.inspector, **self._shared(), "institutions": institutions}
        return _checked(InspectorSettings, values, role="inspector")

    def portal_settings(self) -> PortalSettings:
        """Return the portal role's settings. Raises Misconfigured[setting_invalid]."""
        institutions = tuple(
            _checked(ApplyingInstitution, {**_names_of(slug, each), **_certifies(each)}, slug=slug)
            for slug, each in self.institutions.items()
            if each.portal
        )
        values = {**self.portal, **self._shared(), "institutions": institutions}
        return _checked(PortalSettings, values, role="portal")

    def _shared(self) -> dict[str, str]:
        return {"base_url": self.base_url, "mode": self.mode, "profile": self.profile}


def known_settings() -> dict[str, tuple[str, str]]:
    """Return every dotted setting name with its default and what it means, for loading and for the reference."""
    names: dict[str, tuple[str, str]] = {}
    for prefix, model, left_out in (
        ("", PortadocSettings, ("institutions", "issuer", "verifier", "inspector", "portal")),
        ("institutions.*.", Institution, ()),
        ("issuer.", IssuerSettings, _SHARED),
        ("verifier.", VerifierSettings, _SHARED),
        ("inspector.", InspectorSettings, _SHARED),
        ("portal.", PortalSettings, _SHARED),
    ):
        names.update(_names(prefix, model, left_out))
    return names


def gather_settings(
    file: Path | None,
    *,
    environment: Mapping[str, str] = os.environ,
    command_line: Mapping[str, Any] | None = None,
) -> Settings:
    """Return what was set where; ``file`` None takes ``portadoc.toml`` of the working folder if there is one."""
    found = file or (Path(SETTINGS_FILE) if Path(SETTINGS_FILE).is_file() else None)
    return load_settings(known=known_settings(), file=found, environment=environment, command_line=command_line)


def read_settings(gathered: Settings) -> PortadocSettings:
    """Return the checked settings of all roles. Raises Misconfigured[setting_invalid]."""
    settings = _checked(PortadocSettings, gathered.tree())
    settings.issuer_settings()
    settings.verifier_settings()
    settings.inspector_settings()
    settings.portal_settings()
    return settings


def _names(
    prefix: str, model: type[BaseModel], left_out: Collection[str]
) -> Iterator[tuple[str, tuple[str, str]]]:
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        if name in left_out:
            continue
        if isinstance(field.default, BaseModel):
            yield from _names(f"{prefix}{name}.", type(field.default), ())
            continue
        default = "(required)" if field.is_required() else str(field.default)
        yield f"{prefix}{name}", (default, meanings.get(name, ""))


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring under each field of a model, read from its source."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    meanings = {}
    for field, text in pairwise(body.body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            meanings[field.target.id] = " ".join(str(text.value.value).split())
    return meanings


_Model = TypeVar("_Model", bound=BaseModel)


def _checked(model: type[_Model], values: Mapping[str, Any], *, role: str = "", slug: str = "") -> _Model:
    """Return the model; values of a role or of an institution are named by the table in which they stand."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        reason = str(first["msg"]).removeprefix("Value error, ")
        parts = [str(part) for part in first["loc"]]
        if not parts:  # a relation between settings: its text begins with the name of the first
            name, _, reason = reason.partition(": ")
            parts = [name]
        tables = ["institutions", slug] if slug else [role] if role and parts[0] not in _SHARED else []
        raise Misconfigured("setting_invalid", name=".".join((*tables, *parts)), reason=reason) from exc


def _names_of(slug: str, institution: Institution) -> dict[str, Any]:
    return {"slug": slug, "institution_id": institution.id, "names": {UNDETERMINED: institution.name}}


def _issues(institution: Institution) -> dict[str, Any]:
    return {
        "configuration_ids": institution.issues,
        "registration_certificate": institution.issuer_registration_certificate,
        "disclosure_policies": institution.disclosure_policies,
        "request_registration_certificate": institution.registration_certificate,
    }


def _asks(institution: Institution) -> dict[str, Any]:
    return {
        "registered_types": institution.verifies,
        "client_id_prefix": institution.client_id_prefix,
        "verifier_attestation": institution.verifier_attestation,
        "registration_certificate": institution.registration_certificate,
    }


def _certifies(institution: Institution) -> dict[str, Any]:
    address = {
        "street_and_number": institution.street,
        "postcode": institution.postcode,
        "town": institution.town,
    }
    return {
        "country": institution.country,
        "address": address,
        "phone": institution.phone,
        "email": institution.email,
        "certificates": institution.portal,
        "configuration_ids": institution.issues,
        "four_eyes": institution.four_eyes,
    }


def _institutions(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Institution]:
    return {slug: Institution.model_validate(table) for slug, table in tables.items()}
