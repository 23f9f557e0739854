"""What XML may grow into: a tree of nodes in memory, and the canonical form that is hashed under a signature.

Four bytes of markup become a node of more than a hundred, and canonical XML repeats a namespace wherever it comes
into use, however long its name is: 240 kB can become 300 MB. Both are bounded before they are made. Lists are
certificates for the most part, some fifty elements to a service; nothing in them needs either bound.
Spec: Exclusive XML Canonicalization §3.
"""

from typing import Final

from lxml import etree

from portadoc.errors import Malformed

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_NODES: Final = 100_000
MAX_NAMESPACE_CHARS: Final = 512 * 1024


def check_text(raw: bytes) -> None:
    """Refuse a document that is too long or has too much markup. Raises Malformed[limit_exceeded]."""
    if len(raw) > MAX_BYTES:
        raise Malformed("limit_exceeded", what="trust_list", limit=MAX_BYTES)
    elements = raw.count(b"<") - raw.count(b"</")
    texts = raw.count(b">") - raw.count(b"><")
    attributes = raw.count(b'"') + raw.count(b"'")  # two quotes each; an attribute is a node and holds a text
    if elements + texts + attributes > MAX_NODES:
        raise Malformed("limit_exceeded", what="trust_list_nodes", limit=MAX_NODES)


def check_canonical_form(root: etree._Element) -> None:
    """Refuse a tree in which long namespaces come into use too often. Raises Malformed[limit_exceeded]."""
    written = 0
    for element in root.iter():
        parent = element.getparent()
        if parent is None or _used(element) != _used(parent):
            written += len(element.tag)
        written += sum(len(str(name)) for name in element.attrib)
    if written > MAX_NAMESPACE_CHARS:
        raise Malformed("limit_exceeded", what="trust_list_namespaces", limit=MAX_NAMESPACE_CHARS)


def _used(element: etree._Element) -> tuple[str | None, str]:
    return element.prefix, str(element.tag).partition("}")[0]
