"""What XML may grow into is bounded before it grows: nodes in memory, namespaces in the canonical form."""

import pytest

from portadoc.errors import Malformed
from portadoc.formats.trust_lists import xml_size
from portadoc.formats.trust_lists.xml_signature import parse_xml
from tests.unit.formats import trust_list_workshop as workshop

MANY = xml_size.MAX_NODES
LONG = "urn:" + "x" * 4000


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        pytest.param(b"x" * (xml_size.MAX_BYTES + 1), "trust_list", id="bytes"),
        pytest.param(b"<a>" + b"<b/>" * MANY + b"</a>", "trust_list_nodes", id="elements"),
        pytest.param(b"<a>" + b"<b/>x" * (MANY // 2) + b"</a>", "trust_list_nodes", id="texts"),
        pytest.param(b"<a " + b"b='' " * (MANY // 2) + b"/>", "trust_list_nodes", id="attributes"),
        pytest.param(b"<a>" + b">" * MANY + b"</a>", "trust_list_nodes", id="letters that are written longer"),
        pytest.param(
            f'<a xmlns:n="{LONG}">{"<n:b/>" * 1000}</a>'.encode(), "trust_list_namespaces", id="namespaces"
        ),
        pytest.param(
            f'<a xmlns:n="{LONG}" xmlns:m="{LONG}">{"<n:b><m:b/></n:b>" * 400}</a>'.encode(),
            "trust_list_namespaces",
            id="two names of one namespace",
        ),
        pytest.param(
            (f'<a xmlns:n="{LONG}">' + "<b n:c=''/>" * 1000 + "</a>").encode(),
            "trust_list_namespaces",
            id="namespaces of attributes",
        ),
    ],
)
def test_v32_p16_what_would_grow_is_refused_before_it_does(raw: bytes, what: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_xml(raw)
    assert (refusal.value.code, refusal.value.params["what"]) == ("limit_exceeded", what)


def test_a_namespace_that_stays_in_use_is_written_once() -> None:
    assert len(parse_xml(f'<n:a xmlns:n="{LONG}">{"<n:b/>" * 10_000}</n:a>'.encode())) == 10_000


def test_a_list_of_some_hundred_services_is_far_from_the_bounds() -> None:
    services = [workshop.XmlService((workshop.provider(0).issuance.der,))] * 20
    raw = workshop.xml_list(*(workshop.xml_provider(workshop.provider(0), *services) for _ in range(20)))
    parse_xml(raw)
    assert raw.count(b"<") < MANY // 8
