"""One corpus, four verifiers: ours, npm ``@sd-jwt/sd-jwt-vc``, PyPI ``sd-jwt`` and PyPI ``pyeudiw``.

Our own vectors are judged by our whole procedure and by what each library offers; altered disclosures and the
published examples by our formats. Where a library judges otherwise than we do, ``DISAGREEMENTS`` names the
presentation with the reason; one that is not in the table fails, and so does an entry that is true no longer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from tests.interop import corpus
from tests.interop.corpus import Part
from tests.interop.peers import (
    Judge,
    Judgement,
    PyeudiwProcess,
    by_formats,
    by_procedure,
    by_pypi_sd_jwt,
)

PEERS: Final = (pytest.param("npm @sd-jwt", marks=pytest.mark.node), "PyPI sd-jwt", "PyPI pyeudiw")

UNPLACED: Final = "a disclosure without a place is passed over; RFC 9901 §7.1 step 5 refuses it"
SPELLING: Final = "base64url is read with padding, other letters or blanks, and what comes of it is passed over"
CONTENT: Final = "salt, shape and name of a disclosure are not looked at; RFC 9901 §7.1 step 3 refuses them"
DOUBLED: Final = "one of two wins; RFC 9901 §7.1 steps 3 and 4 refuse a name or digest that stands twice"
HIDDEN: Final = "what must stand in clear may be hidden; SD-JWT VC §2.2.2.2 refuses it"
HIDDEN_CLAIMS: Final = "only some of the claims that must stand in clear are known to it; SD-JWT VC §2.2.2.2"
WHO_MAY: Final = "which institution may sign which type under which address is its caller's business"
STATUS: Final = "the status is its caller's business"
STATUS_IF_KNOWN: Final = "a credential without status list is taken as one without status"
TIMES: Final = "it looks at no clock and at no form of times"
EXPIRY_FORM: Final = "exp is compared without a look at its type"
AUDIENCE: Final = "aud of the key binding is its caller's business"
AGE: Final = "the age of the key binding is its caller's business"
KB_TYP: Final = "typ of the key binding is not looked at"
PRIVATE: Final = "a private part in cnf is passed over"
NO_KEY_BY_NAME: Final = "a kid in the header has to be the kid of the key at hand"

DISAGREEMENTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "npm @sd-jwt": {
        UNPLACED: (
            "disclosure-altered",
            "disclosure-made-up",
            "disclosure-rewritten-with-space",
            "element-among-members",
            "altered/salt-replaced",
            "altered/value-replaced",
            "altered/name-replaced",
            "altered/value-null",
            "altered/written-with-spaces",
        ),
        SPELLING: ("disclosure-outside-alphabet", "altered/padded", "altered/with-four-spaces"),
        CONTENT: ("disclosure-named-like-the-format", "disclosure-with-number-as-salt"),
        DOUBLED: (
            "digest-twice",
            "disclosure-over-a-claim-in-clear",
            "disclosure-twice",
            "altered/followed-by-its-copy",
        ),
        HIDDEN_CLAIMS: ("disclosure-of-further-types",),
        WHO_MAY: ("issuer-of-another-institution", "type-not-authorised"),
        STATUS_IF_KNOWN: ("status-by-unknown-means", "status-left-out"),
        EXPIRY_FORM: ("credential-expiry-as-text",),
        AUDIENCE: ("audience-list", "audience-of-another-verifier", "audience-without-prefix"),
        AGE: (
            "key-binding-a-year-old",
            "key-binding-expired",
            "key-binding-from-next-year",
            "key-binding-time-as-text",
        ),
    },
    "PyPI sd-jwt": {
        UNPLACED: (
            "disclosure-altered",
            "disclosure-made-up",
            "disclosure-rewritten-with-space",
            "altered/salt-replaced",
            "altered/value-replaced",
            "altered/name-replaced",
            "altered/value-null",
            "altered/written-with-spaces",
        ),
        SPELLING: ("disclosure-outside-alphabet", "altered/padded", "altered/with-four-spaces"),
        CONTENT: (
            "disclosure-is-an-object",
            "disclosure-named-like-the-format",
            "disclosure-of-four-elements",
            "disclosure-with-number-as-salt",
        ),
        HIDDEN: ("disclosure-of-further-types",),
        WHO_MAY: ("issuer-of-another-institution", "type-not-authorised"),
        STATUS: (
            "withdrawn",
            "status-behind-another-protocol",
            "status-by-unknown-means",
            "status-index-as-text",
            "status-index-negative",
            "status-index-outside-list",
            "status-left-out",
        ),
        TIMES: (
            "credential-expired",
            "credential-expiry-as-text",
            "credential-not-yet-valid",
            "key-binding-a-year-old",
            "key-binding-expired",
            "key-binding-from-next-year",
            "key-binding-time-as-text",
            "key-binding-without-time",
        ),
        PRIVATE: ("holder-key-with-private-part",),
    },
    "PyPI pyeudiw": {
        UNPLACED: (
            "disclosure-altered",
            "disclosure-made-up",
            "disclosure-rewritten-with-space",
            "altered/salt-replaced",
            "altered/value-replaced",
            "altered/name-replaced",
            "altered/value-null",
            "altered/written-with-spaces",
        ),
        CONTENT: (
            "disclosure-is-an-object",
            "disclosure-named-like-the-format",
            "disclosure-of-four-elements",
            "disclosure-with-number-as-salt",
        ),
        HIDDEN: ("disclosure-of-further-types",),
        WHO_MAY: ("issuer-of-another-institution", "type-not-authorised"),
        STATUS: (
            "withdrawn",
            "status-behind-another-protocol",
            "status-by-unknown-means",
            "status-index-as-text",
            "status-index-negative",
            "status-index-outside-list",
            "status-left-out",
        ),
        AGE: ("key-binding-a-year-old",),
        KB_TYP: ("key-binding-of-any-type",),
        NO_KEY_BY_NAME: ("published/oauth-sd-jwt-vc-0", "published/oauth-sd-jwt-vc-1"),
    },
}


@pytest.fixture(scope="session")
def npm_judge(run_script: Callable[[str, object], Any]) -> Judge:
    """What npm ``@sd-jwt/sd-jwt-vc`` says of presentations."""
    return lambda part: {
        name: Judgement.of(each) for name, each in run_script("judge.mjs", part.question()).items()
    }


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest) -> tuple[str, Judge]:
    """Each library by name."""
    name: str = request.param
    if name == "npm @sd-jwt":
        return name, request.getfixturevalue("npm_judge")
    if name == "PyPI sd-jwt":
        return name, by_pypi_sd_jwt
    process: PyeudiwProcess = request.getfixturevalue("pyeudiw")
    return name, process.judge


def listed(peer: str, folder: str) -> set[str]:
    """Return the names of a folder that the table has for a peer."""
    every = [name for names in DISAGREEMENTS[peer].values() for name in names]
    assert len(set(every)) == len(every), "a presentation stands under two reasons"
    placed = (name if "/" in name else f"vectors/{name}" for name in every)
    return {name.partition("/")[2] for name in placed if name.startswith(f"{folder}/")}


def differences(part: Part, ours: dict[str, Judgement], theirs: dict[str, Judgement]) -> set[str]:
    """Return what is judged otherwise; what both accept has to be read alike, and as published."""
    assert theirs.keys() == ours.keys() == part.texts.keys()
    for name, one in ours.items():
        if one.accepted and theirs[name].accepted:
            assert theirs[name].told == one.told == part.read.get(name, one.told), name
    return {name for name, one in ours.items() if one.accepted != theirs[name].accepted}


def test_p15_our_vectors_are_judged_alike_or_the_table_says_why_not(peer: tuple[str, Judge]) -> None:
    name, judge = peer
    part = corpus.vectors()
    ours = by_procedure(part)
    assert [vector for vector, one in ours.items() if one.accepted] == ["good"]
    assert differences(part, ours, judge(part)) == listed(name, "vectors")


def test_p15_a_altered_disclosures_are_judged_alike_or_the_table_says_why_not(peer: tuple[str, Judge]) -> None:
    name, judge = peer
    part = corpus.altered()
    ours = by_formats(part)
    assert {each for each, one in ours.items() if one.accepted} == {"sound", "in-another-order"}
    found = differences(part, ours, judge(part))
    places = len(part.texts) // len(corpus.ALTERATIONS)
    assert places > 10
    assert found == {f"{kind}:{place}" for kind in listed(name, "altered") for place in range(places)}


def test_published_examples_are_judged_alike_or_the_table_says_why_not(peer: tuple[str, Judge]) -> None:
    name, judge = peer
    parts = corpus.published()
    if not parts:
        pytest.skip("PORTADOC_VECTORS names no folder of vectors: published examples were not judged")
    found: set[str] = set()
    for part in parts:
        ours = by_formats(part)
        assert all(one.accepted for one in ours.values()), ours
        found |= differences(part, ours, judge(part))
    assert found == listed(name, "published")


def test_what_a_library_accepts_of_an_altered_disclosure_never_enters_its_claims(
    peer: tuple[str, Judge],
) -> None:
    _, judge = peer
    part = corpus.altered()
    for name, one in judge(part).items():
        if one.accepted:
            assert "another value" not in repr(one.told), name
            assert "another_name" not in repr(one.told), name
