"""Do two attestations speak of one person."""

from enum import StrEnum

from portadoc.schemas.claims import JsonObject


class PersonMatch(StrEnum):
    """What comparing two records says of their persons."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_COMPARABLE = "not_comparable"


def same_person(record: JsonObject, other: JsonObject) -> PersonMatch:
    """Compare what two records say of their persons."""
    return PersonMatch.NOT_COMPARABLE
