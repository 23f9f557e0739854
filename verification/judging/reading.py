"""Authenticated claims, read once for all judging steps."""

from functools import cached_property

from portadoc.errors import Error, Malformed
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.formats.type_metadata import Disclosable
from portadoc.schemas.catalogue import projection_for
from portadoc.schemas.claims import ClaimPath, JsonObject
from portadoc.schemas.projections import Deviation, Projection, Restored
from portadoc.verification.answers import TypeMetadataAnswers


class Reading:
    """Claims that a trusted signature vouches for, and the layout in which they are to be read."""

    def __init__(self, processed: ProcessedClaims) -> None:
        self.processed = processed
        self.claims: JsonObject = processed.claims

    @cached_property
    def vct(self) -> str | None:
        """Return the type. Raises Malformed[claim_invalid] for one that is no text."""
        return self.text("vct")

    @cached_property
    def layout(self) -> Projection:
        """Return the layout. Raises Malformed[claim_missing], Refused[vct_unknown], Malformed[layout_unknown]."""
        if self.vct is None:
            raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2.1", claim="vct")
        return projection_for(self.vct, self.claims)

    @cached_property
    def restored(self) -> Restored:
        """Return the claims in the vocabulary of the record. Raises as ``layout``."""
        return self.layout.restore(self.claims)

    @property
    def known_layout(self) -> str | None:
        """Return the id of the layout; None where there is none."""
        try:
            return self.layout.id
        except Error:
            return None

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """Return every place where the claims deviate from their layout; none where there is no layout."""
        return () if self.known_layout is None else self.restored.deviations

    def may_be_kept_back(self, path: ClaimPath | None, types: TypeMetadataAnswers) -> bool:
        """Tell whether a claim of the layout is not shown and may stand behind a digest without a disclosure.

        It may not where the issuer binds itself to Type Metadata that say of the claim: never by a disclosure.
        Raises as ``layout``, Untrusted[type_metadata_invalid]. Spec: RFC 9901 §4.2.5, SD-JWT VC, Type Metadata.
        """
        withheld = self.processed.withheld
        if path is None or not withheld or withheld.isdisjoint(self.layout.could_hold(self.claims, path)):
            return False
        pin = self.text("vct#integrity")
        metadata = None if pin is None or self.vct is None else types.of_type(self.vct, pin)
        rules = () if metadata is None else metadata.claims
        return not any(rule.path == path and rule.sd is Disclosable.NEVER for rule in rules)

    def text(self, name: str) -> str | None:
        """Return a text claim, or None when it is absent. Raises Malformed[claim_invalid] for another type."""
        value = self.claims.get(name)
        if value is not None and not isinstance(value, str):
            raise Malformed("claim_invalid", spec="RFC 7519 §4.1", claim=name)
        return value
