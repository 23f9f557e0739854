"""What a trusted key sealed, by the names of the record, read once for all judging steps."""

from functools import cached_property

from portadoc.errors import Error
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.formats.visible_seal import SealClaims
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.projections import Projection
from portadoc.schemas.seals import SEAL_LAYOUTS, SEAL_TYPES, named_content, seal_kind
from portadoc.verification.judging.reading import Reading


class SealReading(Reading):
    """Claims of a seal, and the layout of its kind. All of them are there to see: none can be kept back."""

    def __init__(self, signed: SealClaims) -> None:
        super().__init__(ProcessedClaims(_claims(signed), (), "", {}, frozenset()))
        self._content = signed.content

    @cached_property
    def layout(self) -> Projection:
        """Return the layout of the kind. Raises Malformed[claim_missing], [claim_invalid], Refused."""
        return SEAL_LAYOUTS[seal_kind(self._content)]


def _claims(signed: SealClaims) -> JsonObject:
    """Return the claims with the type and the names of the kind; without them where the kind is not known."""
    try:
        kind = seal_kind(signed.content)
    except Error:
        return dict(signed.envelope)
    return {"vct": SEAL_TYPES[kind], **signed.envelope, "content": named_content(signed.content)}
