"""What a provider proved about a person, and the subject that follows from it by our settings, never by its word.

A session holds what was proved, not the subject: a grant or mandate that is taken out of the settings ends with
the next request.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from portadoc.access import STAFF, Mandate, Role, Subject, SubjectKind
from portadoc.formats import strict_json
from portadoc.portal.login.settings import MandateSettings, ProviderSettings
from portadoc.portal.registers.register import Person, PersonRegister, plain_pin
from portadoc.schemas.claims import Json, JsonObject
from portadoc.storage.installation import digest

_MAX_TEXT: Final = 200
_MAX_VALUES: Final = 200
_ID_LETTERS: Final = 32


@dataclass(frozen=True, slots=True)
class Proved:
    """What one sign-in proved; only claims that a setting names are kept."""

    provider: str
    issuer: str
    sub: str
    acr: str
    name: str
    pin: str | None
    employers: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]

    def to_json(self) -> str:
        """Return it as the text that a session holds."""
        return strict_json.dumps(
            {
                "provider": self.provider,
                "issuer": self.issuer,
                "sub": self.sub,
                "acr": self.acr,
                "name": self.name,
                "pin": self.pin,
                "employers": list(self.employers),
                "claims": [list(pair) for pair in self.claims],
            }
        ).decode()


def proved_from_json(text: str) -> Proved:
    """Return what ``to_json`` wrote."""
    held = strict_json.loads_object(text, what="session")
    return Proved(
        provider=held["provider"],
        issuer=held["issuer"],
        sub=held["sub"],
        acr=held["acr"],
        name=held["name"],
        pin=held["pin"],
        employers=tuple(held["employers"]),
        claims=tuple((name, value) for name, value in held["claims"]),
    )


def proved_by(claims: JsonObject, sub: str, settings: ProviderSettings) -> Proved:
    """Return what verified claims prove at a provider: what no setting names is left behind (J19)."""
    named = sorted({grant.claim for grant in settings.grants})
    pins = [plain_pin(each) for each in _texts(claims.get(settings.pin_claim))] if settings.pin_claim else []
    return Proved(
        provider=settings.id,
        issuer=settings.issuer,
        sub=sub,
        acr=next(iter(_texts(claims.get("acr"))), ""),
        name=next(iter(_texts(claims.get(settings.name_claim))), ""),
        pin=pins[0] if len(pins) == 1 else None,
        employers=_texts(claims.get(settings.employer_claim)) if settings.employer_claim else (),
        claims=tuple((name, value) for name in named for value in _texts(claims.get(name))),
    )


def subject_id_of(issuer: str, sub: str) -> str:
    """Return our own name for a person of a provider: the same each time, and no other provider's."""
    return "p-" + digest(f"{issuer}\n{sub}")[:_ID_LETTERS]


def subject_of_person(proved: Proved, settings: ProviderSettings, persons: PersonRegister) -> Subject:
    """Return who a signed-in person is here, by the settings and the person register."""
    known = persons.person(proved.pin) if proved.pin is not None else None
    staff_login = proved.acr in settings.staff_acr
    granted = [grant for grant in settings.grants if (grant.claim, grant.value) in proved.claims]
    granted = [grant for grant in granted if grant.role not in STAFF or staff_login]
    # one session works for one institution: whoever has two signs in through two providers
    institution = next((grant.institution for grant in granted if grant.institution), None)
    roles = {grant.role for grant in granted if grant.institution in ("", institution)}
    mandates = tuple(
        mandate_of(each) for agent in settings.agents if agent.sub == proved.sub for each in agent.mandates
    )
    if proved.employers or mandates:
        roles.add(Role.EMPLOYER_AGENT)
    roles |= _roles_of(proved.pin, known)
    return Subject(
        id=subject_id_of(proved.issuer, proved.sub),
        kind=SubjectKind.PERSON,
        roles=frozenset(roles),
        pin=proved.pin,
        employers=frozenset(proved.employers),
        children=frozenset(plain_pin(child.pin) for child in known.children) if known is not None else frozenset(),
        institution=institution,
        mandates=mandates,
        name=proved.name,
    )


def lacks_strong_login(proved: Proved, settings: ProviderSettings) -> bool:
    """Tell whether the person would have a role of staff, had the sign-in been a stronger one."""
    would = any(grant.role in STAFF and (grant.claim, grant.value) in proved.claims for grant in settings.grants)
    return would and proved.acr not in settings.staff_acr


def mandate_of(settings: MandateSettings) -> Mandate:
    """Return a mandate with its days as seconds (UTC): the last day counts whole."""
    begins = datetime.combine(settings.valid_from, time(), UTC)
    ends = datetime.combine(settings.valid_until, time(), UTC) + timedelta(days=1)
    return Mandate(
        employer=settings.employer,
        actions=frozenset(settings.actions),
        valid_from=int(begins.timestamp()),
        valid_until=int(ends.timestamp()),
    )


def _roles_of(pin: str | None, known: Person | None) -> frozenset[Role]:
    if pin is None:
        return frozenset()
    is_self_employed = known is not None and known.self_employed
    return frozenset({Role.WORKER, Role.SELF_EMPLOYED} if is_self_employed else {Role.WORKER})


def _texts(value: Json) -> tuple[str, ...]:
    """Return the texts of a claim that holds one, or a list of them; anything else is none."""
    values = value if isinstance(value, list) else [value]
    usable = [each for each in values[:_MAX_VALUES] if isinstance(each, str) and 0 < len(each) <= _MAX_TEXT]
    return tuple(usable)
