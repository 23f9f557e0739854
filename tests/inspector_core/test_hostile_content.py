"""What an institution signed and nobody expected: both languages read it the same, and neither falls over it."""

import json
import warnings
from collections.abc import Iterator
from random import Random  # noqa: TID251
from typing import Any

import pytest

from portadoc.errors import Error
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt import bind, issue
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.verification.rendering.report_json import report_to_json
from tests.vectors import test_seal_vectors
from tests.vectors.generate import AUDIENCE, ISSUER, LIST_URI, NONCE, NOW, VectorWorld
from tests.vectors.seal_world import SealWorld, text_of

from .conftest import Core
from .test_procedures import hold_seals, judging, policy_of, read, said

ROUNDS = 800
STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 23, 2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63, 2**64 - 1, -(2**63)),
    *(
        -719_163,
        2_932_897,
        "",
        " ",
        "0",
        "1",
        "FR",
        "EL",
        "UK",
        "fr",
        "XX",
        "2026-11-22",
        "2026-02-30",
        "9999-12-31",
    ),
    *("__proto__", "constructor", "toString", "length", "\u202eFR", "a\u0000b", "\ufeff", "\U0001f1eb", "Z" * 300),
    *(
        [],
        [[]],
        {},
        [None],
        [{}],
        {"__proto__": 1},
        {"__proto__": {"start": 1}},
        {"constructor": {"prototype": {}}},
    ),
    *({0: 0}, {"x": 0}, {0: 1, "x": 2}, {-1: "x"}, {2**53: 1}),
    *({"status_list": each} for each in ({}, {"idx": -1, "uri": ""}, {"idx": True, "uri": 1})),
    *({"status_list": {"idx": idx, "uri": LIST_URI}} for idx in (42, 2**53 + 1, "42", None)),
    {"status_list": {"idx": 42, "uri": LIST_URI, "more": 1}},
)

NAMES: tuple[Any, ...] = (99, -2, 23, 24, 2**60, "__proto__", "constructor", "x" * 70)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield (*path, name)
        yield from places(each, (*path, name))


def changed(value: Any, random: Random) -> Any:
    """Return a value with one to three strange things in it."""
    made = _copied(value)
    for _ in range(random.randint(1, 3)):
        path = random.choice(list(places(made)))
        holder = made
        for name in path[:-1]:
            holder = holder[name]
        strange = _copied(random.choice(STRANGE))
        match random.randrange(4):
            case 0 if isinstance(holder, dict):
                del holder[path[-1]]
            case 1 if isinstance(holder, dict):
                holder[random.choice(NAMES)] = strange
            case _:
                holder[path[-1]] = strange
    return made


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list | tuple) else value


def exact(told: Any) -> Any:
    """Return what the core told with its large numbers as numbers."""
    if isinstance(told, dict):
        return (
            int(told["bigint"])
            if told.keys() == {"bigint"}
            else {name: exact(each) for name, each in told.items()}
        )
    return type(told)(exact(each) for each in told) if isinstance(told, list | tuple) else told


@pytest.fixture(scope="module")
def world() -> SealWorld:
    return SealWorld()


@pytest.mark.parametrize("kind", ["pda1", "ehic", "prc"])
def test_k04_strange_content_that_is_signed_well_is_read_the_same(core: Core, world: SealWorld, kind: str) -> None:
    context = read("seal", "context.json")
    hold_seals(core, context)
    random, good = Random(kind), world.claims(getattr(world, kind)())
    for _ in range(ROUNDS // 3):
        claims = changed(good, random)
        text = text_of(world.message(claims))
        found = core.ask("judge_seal", text=text, knowledge="seals", policy="seals", now=context["now"])
        assert found.code == "", (found, claims)
        python = report_to_json(test_seal_vectors.judged({"seal": text, "given": {}}))
        assert exact(said(found.value)) == said(json.loads(json.dumps(python))), claims


@pytest.mark.parametrize("kind", ["pda1", "ehic"])
def test_k04_strange_claims_that_are_signed_well_are_read_the_same(core: Core, kind: str) -> None:
    context = read("presentation", "context.json")
    judge, policy = judging(core, context), policy_of(context)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        world = VectorWorld()
    random, judged = Random(kind), 0
    for _ in range(ROUNDS // 4):
        text = strange_presentation(world, kind, random)
        if text is not None:
            python, found = judge(text, policy)
            assert exact(found) == python, text
            judged += 1
    assert judged > ROUNDS // 12


def strange_presentation(world: VectorWorld, kind: str, random: Random) -> str | None:
    """Return a presentation of strange claims, all shown; None for what no issuer of ours can sign."""
    projection = CREDENTIAL_TYPES[kind].projection
    subject = projection.project(example({"pda1": "posted-worker-fr-de", "ehic": "insured-traveller"}[kind]))
    claims = {
        **_copied(subject),
        "vct": projection.vct,
        "iss": ISSUER,
        "iat": NOW - 3600,
        "exp": NOW + 30 * 86_400,
        "cnf": {"jwk": dict(world.holder.public_jwk)},
        "status": StatusReference(LIST_URI, 3).to_claim(),
    }
    strange = _named(changed(claims, random))
    disclosable = [path for path in places(strange) if path[0] in subject and random.random() < 0.3]
    try:
        issued = issue(
            strange,
            disclosable=disclosable,
            header=signing_header("dc+sd-jwt", world.issuer),
            signer=world.issuer,
            random_bytes=world.random_bytes,
            decoys=0,
        )
    except Error:
        return None
    return bind(issued.text, audience=AUDIENCE, nonce=NONCE, now=NOW, signer=world.holder)


def _named(value: Any) -> Any:
    """Return a value with texts for names, as JSON wants them; none is a number, which JavaScript puts first."""
    if isinstance(value, dict):
        return {name if isinstance(name, str) else f"n{name}": _named(each) for name, each in value.items()}
    return [_named(each) for each in value] if isinstance(value, list) else value
