"""A trusted list in whichever of the two forms it is."""

from collections.abc import Mapping
from typing import Final

from portadoc.formats.trust_lists import lote
from portadoc.formats.trust_lists.listing import SchemeOperators, malformed
from portadoc.keys.trust.trust_list import ListForm, TrustListSnapshot

MAX_BYTES: Final[Mapping[ListForm, int]] = {
    ListForm.LOTE: lote.MAX_BYTES,
    ListForm.ETSI_TL: 8 * 1024 * 1024,
}
_MEDIA_TYPES: Final[Mapping[ListForm, tuple[str, ...]]] = {
    ListForm.LOTE: ("application/jwt", "application/jose", "application/octet-stream", "text/plain"),
    ListForm.ETSI_TL: (
        *("application/vnd.etsi.tsl+xml", "application/xml", "text/xml"),
        "application/octet-stream",
    ),
}


def read_trust_list(
    raw: bytes, *, form: ListForm, uri: str, operators: SchemeOperators, now: int, skew_s: int
) -> TrustListSnapshot:
    """Return what a list says that its scheme operator signed. Raises as the reader of its form does."""
    if form is ListForm.LOTE:
        try:
            text = raw.decode("ascii").strip()
        except UnicodeDecodeError as exc:
            raise malformed("not_ascii") from exc
        return lote.read_lote(text, uri=uri, operators=operators, now=now, skew_s=skew_s)
    from portadoc.formats.trust_lists.etsi_tl import read_etsi_tl  # lxml takes its time to load

    return read_etsi_tl(raw, uri=uri, operators=operators, now=now, skew_s=skew_s)


def media_types(form: ListForm) -> tuple[str, ...]:
    """Return the media types under which lists of a form are published."""
    return _MEDIA_TYPES[form]
