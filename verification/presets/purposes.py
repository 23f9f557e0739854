"""Who may see what: the purposes for which attestations are asked, and how far each of them may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portadoc.errors import Refused
from portadoc.verification.presets.fields import table


class Permission(StrEnum):
    """What a purpose may do with a column."""

    SEES = "sees"
    ON_REQUEST = "on_request"
    """Asked for with a reason that the file of the case holds."""
    MATCH_ONLY = "match_only"
    """Compared with a value that the asker already has."""
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """A purpose: title by language, kinds of attestation it may ask for, what it may do with each column."""

    id: str
    title: Mapping[str, str]
    attestations: frozenset[str]
    columns: Mapping[str, Permission]

    def permission(self, column: str) -> Permission:
        """Return what may be done with a column: what is not granted is not permitted."""
        return self.columns.get(column, Permission.NO)


def _purposes() -> Mapping[str, Purpose]:
    granted = (Permission.SEES, Permission.ON_REQUEST, Permission.MATCH_ONLY)
    return {
        id_: Purpose(
            id=id_,
            title={"en": row["en"], "fr": row["fr"]},
            attestations=frozenset(row["attestations"]),
            columns={column: permission for permission in granted for column in row.get(permission, ())},
        )
        for id_, row in table("purposes").items()
    }


PURPOSES: Final = _purposes()
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = table("columns")
"""Titles by language of the columns, in the order of the table."""


def purpose(purpose_id: str) -> Purpose:
    """Return a purpose by id. Raises Refused[purpose_unknown]."""
    found = PURPOSES.get(purpose_id)
    if found is None:
        raise Refused("purpose_unknown", known=", ".join(PURPOSES))
    return found
