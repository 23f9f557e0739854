"""The table of labels for readers in other languages: as CDDL, and in TypeScript. ``make docs`` writes both.

Spec: RFC 8610
"""

import json
from collections.abc import Iterator
from typing import Final

from portadoc.schemas.seals.labels import KIND, KIND_NUMBERS, SEAL_ROWS, SEAL_TYPES, SealForm, SealRow

_TYPES: Final = {
    SealForm.TEXT: "tstr",
    SealForm.DAYS: "days",
    SealForm.FLAG: "true",
    SealForm.COUNT: "uint",
    SealForm.TEXTS: "[+ tstr]",
}
_HEAD: Final = """\
; The content of a visible digital seal. Written by `make docs` from schemas/seals/labels.py; changes belong there.

seal = #6.18([protected: bstr .cbor protected, unprotected: {}, payload: bstr .cbor claims, signature: bstr])

protected = {
  1 => -7 / -8 / -19 / -35 / -36,  ; algorithm: ES256, EdDSA, Ed25519, ES384, ES512
  4 => bstr .size 8,               ; first bytes of the SHA-256 of the signer's certificate (DER)
}

claims = {
  1 => tstr,                       ; iss: id of the institution
  4 => uint,                       ; exp: seconds since the epoch
  6 => uint,                       ; iat: seconds since the epoch
  65535 => {"status_list": {"idx": uint, "uri": tstr}},
  -65537 => pda1 / ehic / prc / application,  ; content
}

days = int                         ; days since 1970-01-01
"""


def cddl() -> str:
    """Return the form of a seal in CDDL."""
    kinds = (_map(kind, SEAL_ROWS[kind], number) for kind, number in KIND_NUMBERS.items())
    inside: dict[str, tuple[SealRow, ...]] = {}
    for rows in SEAL_ROWS.values():
        inside |= {_rule_name(row): row.rows for row in _with_rows(rows)}
    return "\n".join((_HEAD, *kinds, *(_map(name, rows) for name, rows in inside.items())))


def typescript() -> str:
    """Return the table as a module: label, path from the object around it, form, and the labels inside."""
    kinds = {number: [kind, SEAL_TYPES[kind]] for kind, number in KIND_NUMBERS.items()}
    return "\n".join(
        (
            "/** Written by `make docs` from schemas/seals/labels.py; changes belong there. */",
            "",
            f"export type SealForm = {' | '.join(json.dumps(form.value) for form in SealForm)};",
            "",
            "/** Label, path from the object around it, form, and for rows the labels inside. */",
            "export type SealRow = readonly [label: number, path: readonly string[], form: SealForm, "
            "rows?: readonly SealRow[]];",
            "",
            "/** The label of the kind of document. */",
            f"export const KIND_LABEL = {KIND};",
            "",
            "/** Kind and type of each number of a kind. */",
            f"export const SEAL_KINDS: Readonly<Record<number, readonly [kind: string, type: string]>> = "
            f"{json.dumps(kinds)};",
            "",
            "export const SEAL_ROWS: Readonly<Record<string, readonly SealRow[]>> = {",
            *(line for kind, rows in SEAL_ROWS.items() for line in _typescript_rows(kind, rows)),
            "};",
            "",
        )
    )


def _typescript_rows(kind: str, rows: tuple[SealRow, ...]) -> Iterator[str]:
    yield f"  {kind}: ["
    yield from (f"    {json.dumps(_typescript_row(row))}," for row in rows)
    yield "  ],"


def _typescript_row(row: SealRow) -> list[object]:
    inside = [[_typescript_row(each) for each in row.rows]] if row.rows else []
    return [row.label, list(row.path), row.form.value, *inside]


def _with_rows(rows: tuple[SealRow, ...]) -> Iterator[SealRow]:
    for row in rows:
        if row.rows:
            yield row
            yield from _with_rows(row.rows)


def _map(name: str, rows: tuple[SealRow, ...], number: int | None = None) -> str:
    kind = () if number is None else (f"  {KIND} => {number},  ; kind",)
    return "\n".join((f"{name} = {{", *kind, *map(_member, rows), "}", ""))


def _member(row: SealRow) -> str:
    value = f"[+ {_rule_name(row)}]" if row.rows else _TYPES[row.form]
    return f"  {'' if row.mandatory else '? '}{row.label} => {value},  ; {'.'.join(row.path)}"


def _rule_name(row: SealRow) -> str:
    return "-".join(row.path).replace("_", "-")
