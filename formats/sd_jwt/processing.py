"""From a verified payload and its disclosures to the claims as the issuer meant them. Spec: RFC 9901 §7.1.

Steps: hash algorithm -> contents by digest -> walk of the payload -> leftovers. The walk puts each disclosed value
in its place, drops undisclosed ones and decoys, and refuses a digest that stands twice anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from portadoc.errors import Malformed, Untrusted
from portadoc.formats.sd_jwt import disclosures as disclosure_texts
from portadoc.formats.sd_jwt.digests import DEFAULT_HASH_ALG, PROTECTED_CLAIMS, RESERVED_NAMES, hash_function
from portadoc.schemas.claims import ClaimPath, Json, JsonObject

MAX_DEPTH: Final = 32
_TEXT: Final = frozenset((str,))
_CONTAINERS: Final = frozenset((dict, list))
_NO_NAMES: Final[frozenset[str]] = frozenset()


class ProcessedClaims(NamedTuple):
    """Claims without any trace of the format.

    ``disclosed`` lists the places in ``claims`` that a disclosure filled, parents before children.
    ``issued_positions`` gives, for each array with undisclosed elements, the index as issued of every element that
    is left: to a verifier, decoys among them, an index means a place as issued. ``withheld`` names each object
    that has digests without a disclosure: members of it may have been kept back, for decoys look the same.
    """

    claims: JsonObject
    disclosed: tuple[ClaimPath, ...]
    hash_alg: str
    issued_positions: Mapping[ClaimPath, tuple[int, ...]]
    withheld: frozenset[ClaimPath]


def process(
    payload: JsonObject, disclosures: Sequence[str], *, protected_claims: frozenset[str] = PROTECTED_CLAIMS
) -> ProcessedClaims:
    """Return the claims that a payload and its disclosures stand for.

    The payload's signature must have been verified. Raises Untrusted[hash_alg_unsupported],
    [disclosure_unreferenced], [protected_claim_disclosed], Malformed[disclosure_malformed],
    [disclosure_duplicate], [digest_duplicate], [reserved_claim_name], [claim_collision], [malformed_token],
    [limit_exceeded].
    Spec: RFC 9901 §7.1 steps 2-5, SD-JWT VC §2.2.2.2.
    """
    hash_alg = payload.get("_sd_alg", DEFAULT_HASH_ALG)
    contents = disclosure_texts.read(disclosures, hash_function(hash_alg))
    walk = assemble(payload, contents, protected_claims)
    placed, withheld = tuple(walk.digest_at), frozenset(walk.withheld)
    return ProcessedClaims(walk.claims, placed, hash_alg, walk.issued_positions, withheld)


@dataclass(slots=True)
class Assembly:
    """One walk over one payload: what is still to place, what was seen, what was placed where."""

    contents: Mapping[str, disclosure_texts.Content]
    protected_claims: frozenset[str]
    claims: JsonObject = field(default_factory=dict)
    digest_at: dict[ClaimPath, str] = field(default_factory=dict)
    issued_positions: dict[ClaimPath, tuple[int, ...]] = field(default_factory=dict)
    withheld: list[ClaimPath] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def walk(self, source: Any, path: ClaimPath) -> Json:
        """Return a container with everything in place. Raises Malformed[limit_exceeded] below 32 levels."""
        if len(path) >= MAX_DEPTH:
            raise Malformed("limit_exceeded", what="claims", limit=MAX_DEPTH)
        if type(source) is not dict:
            return self._elements(source, path)
        members = dict(source)
        digests = [] if RESERVED_NAMES.isdisjoint(source) else _take_digests(members, at_root=not path)
        if digests:
            self._note(digests)
        for name, value in source.items():
            if type(value) in _CONTAINERS and name in members:
                members[name] = self.walk(value, (*path, name))
        if digests:
            self._place(digests, members, path)
        return members

    def _place(self, digests: list[str], members: JsonObject, path: ClaimPath) -> None:
        """Put the disclosed members of an object in their place. Spec: RFC 9901 §7.1 step 3.c.ii."""
        contents, digest_at = self.contents, self.digest_at
        protected = _NO_NAMES if path else self.protected_claims
        below_protected = bool(path) and path[0] in self.protected_claims
        all_disclosed = True
        for digest in digests:
            content = contents.get(digest)
            if content is None:
                all_disclosed = False
                continue
            if len(content) != 3:
                raise _malformed_content("element_among_members")
            _, name, value = content
            if name in RESERVED_NAMES:
                raise Malformed("reserved_claim_name", spec="RFC 9901 §7.1")
            if name in members:
                raise Malformed("claim_collision", spec="RFC 9901 §7.1")
            place = (*path, name)
            if below_protected or name in protected:
                raise _protected(place)
            digest_at[place] = digest
            members[name] = self.walk(value, place) if type(value) in _CONTAINERS else value
        if not all_disclosed:
            self.withheld.append(path)

    def _elements(self, source: list[Any], path: ClaimPath) -> list[Any]:
        elements: list[Any] = []
        positions: list[int] = []
        for index, element in enumerate(source):
            place = (*path, len(elements))
            if type(element) is dict and "..." in element:
                digest = _placeholder(element)
                self._note([digest])
                if digest not in self.contents:
                    continue
                element = self._element(digest, place)
            elements.append(self.walk(element, place) if type(element) in _CONTAINERS else element)
            positions.append(index)
        if len(positions) != len(source):
            self.issued_positions[path] = tuple(positions)
        return elements

    def _element(self, digest: str, place: ClaimPath) -> Json:
        """Return a disclosed array element. Spec: RFC 9901 §7.1 step 3.c.iii."""
        content = self.contents[digest]
        if len(content) != 2:
            raise _malformed_content("member_among_elements")
        if place[0] in self.protected_claims:
            raise _protected(place)
        self.digest_at[place] = digest
        return content[1]

    def _note(self, digests: Sequence[str]) -> None:
        """Refuse a digest met before, whether or not its disclosure came along. Spec: RFC 9901 §7.1 step 4."""
        expected = len(self.seen) + len(digests)
        self.seen.update(digests)
        if len(self.seen) != expected:
            raise Malformed("digest_duplicate", spec="RFC 9901 §7.1")


def assemble(
    payload: JsonObject, contents: Mapping[str, disclosure_texts.Content], protected_claims: frozenset[str]
) -> Assembly:
    """Walk the payload once and use every content. Raises as ``process`` from step 3 on."""
    assembly = Assembly(contents, protected_claims)
    assembly.claims = assembly.walk(payload, ())
    if len(assembly.digest_at) != len(contents):
        raise Untrusted("disclosure_unreferenced", spec="RFC 9901 §7.1")
    return assembly


def _take_digests(members: JsonObject, *, at_root: bool) -> list[str]:
    """Remove what belongs to the format from an object and return its digests. Spec: RFC 9901 §4.2.4.1."""
    if "..." in members:
        raise _malformed("placeholder")
    if "_sd_alg" in members and not at_root:
        raise Untrusted("hash_alg_unsupported", spec="RFC 9901 §4.1.1")
    members.pop("_sd_alg", None)
    digests = members.pop("_sd", [])
    if type(digests) is not list or not _TEXT.issuperset(map(type, digests)):
        raise _malformed("_sd")
    return digests


def _placeholder(element: JsonObject) -> str:
    """Return the digest that stands for an array element. Spec: RFC 9901 §4.2.4.2."""
    digest = element["..."]
    if len(element) != 1 or type(digest) is not str:
        raise _malformed("placeholder")
    return digest


def _malformed_content(reason: str) -> Malformed:
    return Malformed("disclosure_malformed", spec="RFC 9901 §7.1", reason=reason)


def _protected(place: ClaimPath) -> Untrusted:
    return Untrusted("protected_claim_disclosed", spec="SD-JWT VC §2.2.2.2", claim=str(place[0]))


def _malformed(reason: str) -> Malformed:
    return Malformed("malformed_token", spec="RFC 9901 §4.2.4", part="payload", reason=reason)
