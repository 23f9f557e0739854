"""Records as JSON: versioned, strict, and the same record back.

``{"kind": "pda1", "record_version": 1, ...}`` with the fields of the dataclass as members, dates as ``YYYY-MM-DD``
and every absent value as ``null``. EL and UK are accepted for GR and GB on the way in.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from portadoc.days import read_day
from portadoc.errors import Error, Malformed
from portadoc.schemas import ehic, pda1
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.codes import canonical_country
from portadoc.schemas.coverage import application, certificates
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.coverage.certificates import (
    BilateralCertificate,
    CoverageCertificate,
    MaintenanceCertificate,
)
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.pda1 import Pda1, RecordWarning
from portadoc.schemas.pid import Pid

Record = Pda1 | Ehic | Pid | Prc | BilateralCertificate | MaintenanceCertificate | ApplicationProof

_CLASSES: Final[Mapping[str, type[Record]]] = {
    each.KIND: each
    for each in (Pda1, Ehic, Pid, Prc, BilateralCertificate, MaintenanceCertificate, ApplicationProof)
}
RECORD_KINDS: Final = tuple(_CLASSES)
"""What ``kind`` says in the JSON form of a record."""
_COUNTRY_MEMBERS: Final = frozenset(
    {
        "country",
        "state",
        "issuing_country",
        "nationalities",
        "flag_or_base_state",
        "state_of_work",
        "states_of_work",
    }
)


def record_warnings(record: Record) -> tuple[RecordWarning, ...]:
    """Return what is unusual about a valid record; nothing here stops issuance."""
    if isinstance(record, Pda1):
        return pda1.warnings(record)
    if isinstance(record, CoverageCertificate):
        return certificates.warnings(record)
    if isinstance(record, ApplicationProof):
        return application.warnings(record)
    return ehic.warnings(record) if isinstance(record, Ehic | Prc) else ()


def record_to_json(record: Record) -> JsonObject:
    """Return the JSON form of a record, every field present."""
    return {"kind": record.KIND, "record_version": record.RECORD_VERSION, **_members(record)}


def _members(part: Any) -> JsonObject:
    return {name: _json(getattr(part, name)) for name in _field_names(part.__class__)}


def _json(value: Any) -> Json:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    return _members(value)


@cache
def _field_names(part_class: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(part_class))


def record_from_json(obj: JsonObject) -> Record:
    """Return the record that a JSON object describes, all invariants checked.

    ``obj`` is unverified JSON. Raises Malformed[record_kind_unknown], [record_version_unsupported],
    [member_unknown] (with the nearest known name), [member_missing], [member_invalid], or the code of the
    invariant that does not hold; ``member`` is a JSON Pointer, and no error carries a value.
    """
    kind = obj.get("kind")
    if not isinstance(kind, str) or kind not in _CLASSES:
        raise Malformed("record_kind_unknown", known=", ".join(_CLASSES))
    record_class = _CLASSES[kind]
    version = obj.get("record_version")
    if isinstance(version, bool) or version != record_class.RECORD_VERSION:
        raise Malformed("record_version_unsupported", supported=record_class.RECORD_VERSION)
    members = {name: value for name, value in obj.items() if name not in ("kind", "record_version")}
    record: Record = _part(record_class, members, "")
    return record


def _part(part_class: Any, obj: Json, place: str) -> Any:
    if not isinstance(obj, dict):
        raise Malformed("member_invalid", member=place or "/", expected="object")
    readers = _readers(part_class)
    for name in obj:
        if name not in readers:
            raise _unknown_member(name, readers, place)
    values = {}
    for name, (read, required) in readers.items():
        if name in obj:
            values[name] = read(obj[name], f"{place}/{name}")
        elif required:
            raise Malformed("member_missing", member=f"{place}/{name}")
    try:
        return part_class(**values)
    except Error as exc:
        member = f"{place}/{exc.params['member']}"
        raise type(exc)(exc.code, spec=exc.spec, **{**exc.params, "member": member}) from None


def _unknown_member(name: str, known: Mapping[str, object], place: str) -> Malformed:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return Malformed("member_unknown", member=f"{place}/{name[:64]}", nearest=nearest[0])


Reader = Callable[[Json, str], Any]


@cache
def _readers(part_class: type) -> Mapping[str, tuple[Reader, bool]]:
    hints = get_type_hints(part_class)
    return {
        field.name: (_reader(hints[field.name], field.name), field.default is MISSING)
        for field in fields(part_class)
    }


def _reader(hint: Any, name: str) -> Reader:
    if isinstance(hint, UnionType):
        (inner,) = (option for option in get_args(hint) if option is not NoneType)
        read = _reader(inner, name)
        return lambda value, place: None if value is None else read(value, place)
    if get_origin(hint) is tuple:
        read_item = _reader(get_args(hint)[0], name)
        return lambda value, place: _items(read_item, value, place)
    if is_dataclass(hint):
        return lambda value, place: _part(hint, value, place)
    if hint is date:
        return _date
    if name in _COUNTRY_MEMBERS:
        return lambda value, place: canonical_country(_scalar(str, value, place))
    return lambda value, place: _scalar(hint, value, place)


def _items(read_item: Reader, value: Json, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise Malformed("member_invalid", member=place, expected="array")
    return tuple(read_item(item, f"{place}/{index}") for index, item in enumerate(value))


def _scalar(expected: type[Any], value: Json, place: str) -> Any:
    if type(value) is not expected:
        raise Malformed("member_invalid", member=place, expected=expected.__name__)
    return value


def _date(value: Json, place: str) -> date:
    try:
        return read_day(value if isinstance(value, str) else "")
    except ValueError as exc:
        raise Malformed("member_invalid", member=place, expected="date YYYY-MM-DD") from exc
