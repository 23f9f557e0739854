"""What a seal holds of a record, under which numbers. Described in docs/seal.md."""

from portadoc.schemas.seals.content import PinShown, SealContent, seal_content
from portadoc.schemas.seals.labels import KIND_NUMBERS, SEAL_ROWS, SEAL_TYPES, SealForm, SealRow
from portadoc.schemas.seals.layouts import SEAL_LAYOUTS, seal_record
from portadoc.schemas.seals.restoring import named_content, seal_kind

__all__ = [
    "KIND_NUMBERS",
    "SEAL_LAYOUTS",
    "SEAL_ROWS",
    "SEAL_TYPES",
    "PinShown",
    "SealContent",
    "SealForm",
    "SealRow",
    "named_content",
    "seal_content",
    "seal_kind",
    "seal_record",
]
