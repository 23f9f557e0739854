"""Whatever happens to the bytes of a list, it is refused by name or says exactly what its operator signed."""

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from portadoc.errors import Error
from portadoc.formats.trust_lists.reading import read_trust_list
from portadoc.keys.trust.trust_list import ListForm, TrustListSnapshot

from .trust_list_workshop import LIST_URI, NOW, lote, operators, provider, sign_xml, xml_list, xml_provider

LOTE = lote(provider(0).entry(), provider(1).entry()).encode()
XML = sign_xml(xml_list(xml_provider(provider(0)), xml_provider(provider(1))))


def read(raw: bytes, form: ListForm) -> TrustListSnapshot:
    return read_trust_list(raw, form=form, uri=LIST_URI, operators=operators(), now=NOW, skew_s=60)


def said(raw: bytes, form: ListForm) -> TrustListSnapshot | None:
    """Return what a list says, without the digest of its bytes; None when it is refused."""
    try:
        return replace(read(raw, form), digest="")
    except Error:
        return None


SOUND = {form: said(raw, form) for form, raw in ((ListForm.LOTE, LOTE), (ListForm.ETSI_TL, XML))}
FORMS = st.sampled_from([(ListForm.LOTE, LOTE), (ListForm.ETSI_TL, XML)])


@settings(max_examples=400, deadline=None)
@given(FORMS, st.floats(0, 1, exclude_max=True), st.binary(max_size=8), st.integers(0, 40))
def test_v32_no_change_of_a_list_changes_what_is_believed(
    signed: tuple[ListForm, bytes], place: float, new: bytes, cut: int
) -> None:
    form, raw = signed
    start = int(place * len(raw))
    answer = said(raw[:start] + new + raw[start + cut :], form)
    assert answer is None or answer == SOUND[form]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(ListForm)), st.binary(max_size=2000))
@example(ListForm.ETSI_TL, b"<a xmlns='&lt;'/>")
@example(ListForm.ETSI_TL, b"\xef\xbb\xbf<a/>")
@example(ListForm.ETSI_TL, b"<a>\x00</a>")
def test_v32_anything_that_is_no_list_is_refused_by_name(form: ListForm, raw: bytes) -> None:
    assert said(raw, form) is None
