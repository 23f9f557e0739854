"""The tables of the inspector's core in TypeScript, written from the Python tables that they have to equal.

``make docs`` writes them; ``tests/test_docs.py`` fails when one is not current.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.schemas.catalogue import (
    ACCEPTED_VCTS,
    CREDENTIAL_TYPES,
    EVERY_LAYOUT,
    OLD_VCTS,
    credential_types_for,
)
from portadoc.schemas.claims import ENVELOPE_CLAIMS
from portadoc.schemas.codes import OPEN_END_DATE, PDA1_STATES, STATUS_CONFIRMATIONS, WORLD_COUNTRIES
from portadoc.schemas.profiles import DEFAULT_PROFILE, PROFILES, ProtocolProfile
from portadoc.schemas.projections import Claim, Projection
from portadoc.schemas.projections.forms import Form
from portadoc.schemas.seals import SEAL_TYPES
from portadoc.verification.checks import PROCEDURE
from portadoc.verification.seal_procedure.steps import SEAL_PROCEDURE
from portadoc.verification.verdict import RULES, Rule, Verdict

_NOTE: Final = "Written by `make docs` from the Python tables; changes belong there."


def layouts() -> str:
    """Return the layouts: a row is path, field, form, names, flags (a always disclosable, m mandatory), also."""
    forms = _Numbered()
    blocks = ["\n".join(_layout(layout, forms)) for layout in EVERY_LAYOUT.values()]
    return "\n".join(
        (
            f"/** {_NOTE} */",
            'import type { Form, Layout } from "../layouts/layout.ts";',
            "",
            "export const FORMS: readonly Form[] = [",
            *(f"  {_ts(rule)}," for rule in forms.seen),
            "];",
            "",
            f"export const ENVELOPE_CLAIMS: readonly string[] = {_ts(sorted(ENVELOPE_CLAIMS))};",
            f"export const OPEN_END_DATE = {_ts(OPEN_END_DATE)};",
            "",
            "export const LAYOUTS: readonly Layout[] = [",
            *blocks,
            "];",
            "",
        )
    )


def catalogue() -> str:
    """Return credential types, profiles, and the codes that people can type."""
    current = {configuration.vct: configuration.projection.kind for configuration in CREDENTIAL_TYPES.values()}
    of_seal = {kind: credential_types_for(kind) for kind in SEAL_TYPES}
    named = {each.vct: each.projection.id for each in reversed(list(CREDENTIAL_TYPES.values()))}
    kinds = {vct: current[OLD_VCTS.get(vct, vct)] for vct in sorted(ACCEPTED_VCTS)}
    return "\n".join(
        (
            f"/** {_NOTE} */",
            'import type { ProtocolProfile } from "../judging/profiles.ts";',
            "",
            f"export const KIND_OF_TYPE: Readonly<Record<string, string>> = {_ts(kinds)};",
            "/** The types of credentials that say the same as a seal of a kind. */",
            f"export const TYPES_OF_SEAL: Readonly<Record<string, readonly string[]>> = {_ts(of_seal)};",
            f"export const TYPE_LAYOUTS: Readonly<Record<string, string>> = {_ts(named)};",
            f"export const OLD_TYPES: Readonly<Record<string, string>> = {_ts(dict(OLD_VCTS))};",
            f"export const SIGNATURE_ALGORITHMS: readonly string[] = {_ts(sorted(SIGNATURE_ALGORITHMS))};",
            f"export const PDA1_STATES: readonly string[] = {_ts(sorted(PDA1_STATES))};",
            f"export const WORLD_COUNTRIES: readonly string[] = {_ts(sorted(WORLD_COUNTRIES))};",
            f"export const STATUS_CODES: readonly string[] = {_ts(sorted(STATUS_CONFIRMATIONS))};",
            f"export const DEFAULT_PROFILE = {_ts(DEFAULT_PROFILE.id)};",
            "export const PROFILES: Readonly<Record<string, ProtocolProfile>> = {",
            *(f"  {_ts(each.id)}: {_ts(_profile(each))}," for each in PROFILES.values()),
            "};",
            "",
        )
    )


def verdict_rules() -> str:
    """Return the steps of the procedure, what leads to which verdict, and what each is told by."""
    told = {verdict.value: {"colour": verdict.colour.value, "code": verdict.code} for verdict in Verdict}
    return "\n".join(
        (
            f"/** {_NOTE} */",
            "",
            "/** The steps in order, with the clause that asks for each. */",
            "export const STEPS = [",
            *(f"  {_ts([kind.id, kind.clause])}," for kind in PROCEDURE),
            "] as const;",
            "",
            "/** The same steps for a seal, with clauses of their own. */",
            "export const SEAL_STEPS = [",
            *(f"  {_ts([kind.id, kind.clause])}," for kind in SEAL_PROCEDURE),
            "] as const;",
            "",
            "/** Colour and code of the sentence of each verdict. */",
            "export const TOLD = {",
            *(f"  {verdict}: {_ts(how)}," for verdict, how in told.items()),
            "} as const;",
            "",
            "/** Which check leads to which verdict; the first that holds decides. No codes: every code. */",
            "export const RULES = [",
            *(f"  {_ts(_rule(rule))}," for rule in RULES),
            "] as const;",
            "",
        )
    )


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "layouts.ts": layouts,
    "catalogue.ts": catalogue,
    "verdict_rules.ts": verdict_rules,
}


class _Numbered:
    """Rules of forms, each once; a row names one by its place."""

    def __init__(self) -> None:
        self.seen: list[tuple[str | int, ...]] = []

    def place(self, form: Form | None) -> int:
        if form is None:
            return -1
        if form.rule not in self.seen:
            self.seen.append(form.rule)
        return self.seen.index(form.rule)


def _layout(layout: Projection, forms: _Numbered) -> Iterator[str]:
    yield "  {"
    for name, value in (
        ("id", layout.id),
        ("kind", layout.kind),
        ("document", layout.document),
        ("coverage", layout.coverage),
        ("envelope", sorted(layout.envelope)),
    ):
        yield f"    {name}: {_ts(value)},"
    yield "    rows: ["
    yield from (f"      {_ts(_row(claim, forms))}," for claim in layout.claims)
    yield "    ],"
    yield "  },"


def _row(claim: Claim, forms: _Numbered) -> list[Any]:
    flags = ("a" if claim.sd == "always" else "") + ("m" if claim.mandatory else "")
    return [claim.path, claim.field, forms.place(claim.form), forms.place(claim.names), flags, claim.also]


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "verdict": rule.verdict.value,
        "step": rule.step.id,
        "outcome": rule.outcome.value,
        "codes": sorted(rule.codes),
    }


def _profile(profile: ProtocolProfile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "acceptedCredentialTyps": sorted(profile.accepted_credential_typs),
        "typeClaims": sorted(profile.type_claims),
        "issueHeaderParams": sorted(profile.issue_header_params),
        "requiredClaims": sorted(profile.required_claims),
        "statusRule": profile.status_rule.value,
        "suspensionAllowed": profile.suspension_allowed,
        "thumbprintRequired": profile.thumbprint_required,
        "webKeysAllowed": profile.web_keys_allowed,
        "attestationCategory": profile.attestation_category,
    }


def _ts(value: Any) -> str:
    """Return a literal on one line; JSON is TypeScript."""
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
