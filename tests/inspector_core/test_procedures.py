"""Whole procedures: every vector, and what is made out of good ones, judged by both languages to the last check.

``Random`` only chooses what is spoiled; nothing here is a secret.
"""

import json
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random  # noqa: TID251
from typing import Any

import pytest

from portadoc.base64url import decode, encode
from portadoc.formats.headers import signing_header
from portadoc.formats.numeric_date import LATEST
from portadoc.formats.sd_jwt import bind, issue, select
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.type_metadata import integrity
from portadoc.formats.visible_seal import base45
from portadoc.keys.certificates import from_pem
from portadoc.keys.trust.trust_file import trust_from_json, trust_to_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.schemas.catalogue import ACCEPTED_VCTS, CREDENTIAL_TYPES, SEAL_VCTS
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import (
    KeyBindingRefused,
    KeyBindingRequired,
    KeyBindingUnsolicited,
    VerificationPolicy,
    WorkAsked,
)
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.rendering.report_json import report_to_json
from portadoc.verification.status_tokens import believe_status_list
from portadoc.wallet_sim.faults import PRESENTATION_FAULTS
from tests.vectors import test_seal_vectors
from tests.vectors.generate import AUDIENCE, ISSUER, LIST_URI, NONCE, NOW, VectorWorld

from .conftest import Core

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
SEALS = sorted(path.name for path in (VECTORS / "seal").glob("*.json") if path.name != "context.json")
PRESENTATIONS = sorted(
    path.name for path in (VECTORS / "presentation").glob("*.json") if path.name != "context.json"
)
TYPES = {vct: [type_metadata(vct).decode()] for vct in {each.vct for each in CREDENTIAL_TYPES.values()}}
MUTATIONS = 500


def read(*place: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(VECTORS.joinpath(*place).read_text(encoding="utf-8"))
    return content


def said(report: dict[str, Any]) -> dict[str, Any]:
    """Return all of a report that has to be the same: order and kinds of numbers in parameters are not."""
    checks = [
        (
            each["id"],
            each["outcome"],
            each["code"],
            each["clause"],
            sorted((n, str(v)) for n, v in each["params"].items()),
        )
        for each in report["checks"]
    ]
    deviations = sorted((each["code"], each["claim"], each["expected"]) for each in report["deviations"])
    rest = {name: value for name, value in report.items() if name not in ("checks", "deviations", "policy_id")}
    return {"checks": checks, "deviations": deviations, **rest}


@pytest.fixture(scope="module")
def context() -> dict[str, Any]:
    return read("presentation", "context.json")


@pytest.fixture(scope="module")
def both(core: Core, context: dict[str, Any]) -> Callable[..., tuple[dict[str, Any], dict[str, Any]]]:
    """What judges a presentation in both languages as of the vectors' time."""
    return judging(core, context)


def judging(core: Core, context: dict[str, Any]) -> Callable[..., tuple[dict[str, Any], dict[str, Any]]]:
    """Return what judges a presentation in both languages as of the vectors' time."""
    trust, now = trust_from_json(context["trust"]), context["now"]
    lists = {}
    for uri, text in context["status_lists"].items():
        believed = believe_status_list(
            text, uri=uri, trust=trust, now=now, skew_s=LATEST, limits=StatusListLimits()
        )
        lists[uri] = HeldStatusList(believed.token, believed.speaks_for, now)
    status = HeldStatusLists(lists, {uri: (code, reason) for uri, (code, reason) in context["blocked"].items()})
    core.ask(
        "hold",
        knowledge="vectors",
        trust=context["trust"],
        lists=[{"uri": uri, "text": text, "resolvedAt": now} for uri, text in context["status_lists"].items()],
        blocked=context["blocked"],
        types=TYPES,
        now=now,
    )

    def judge(text: str, policy: VerificationPolicy, at: int = now) -> tuple[dict[str, Any], dict[str, Any]]:
        core.ask("decide", policy="vectors", **told_policy(policy))
        python = verify_presentation(text, trust=trust, status=status, policy=policy, now=at)
        found = core.ask("judge_presentation", text=text, knowledge="vectors", policy="vectors", now=at)
        return said(json.loads(json.dumps(report_to_json(python)))), said(found.value)

    return judge


def policy_of(context: dict[str, Any], **changes: Any) -> VerificationPolicy:
    chosen: dict[str, Any] = {
        "policy_id": "vectors",
        "accepted_types": frozenset(context["accepted_types"]),
        "key_binding": KeyBindingRequired(**context["key_binding"]),
        "status_required": context["status_required"],
        "profile": profile(context["profile"]),
        "on_date": date.fromisoformat(context["day"]),
        "clock_skew_s": context["clock_skew_s"],
    }
    return VerificationPolicy(**{**chosen, **changes})


def told_policy(policy: VerificationPolicy) -> dict[str, Any]:
    rule, work = policy.key_binding, policy.work
    binding: dict[str, Any] = {"kind": "refused"}
    if isinstance(rule, KeyBindingUnsolicited):
        binding = {"kind": "unsolicited", "audience": rule.audience, "maxAgeS": rule.max_age_s}
    if isinstance(rule, KeyBindingRequired):
        binding = {"kind": "required", "audience": rule.audience, "nonce": rule.nonce, "maxAgeS": rule.max_age_s}
        binding["transactionData"] = list(rule.transaction_data)
    told: dict[str, Any] = {
        "acceptedTypes": sorted(policy.accepted_types),
        "keyBinding": binding,
        "statusRequired": policy.status_required,
        "profile": policy.profile.id,
        "onDate": policy.on_date.isoformat(),
        "clockSkewS": policy.clock_skew_s,
    }
    if policy.max_status_age_s is not None:
        told["maxStatusAgeS"] = policy.max_status_age_s
    if work is not None:
        days = {"first": work.first, "last": work.last}
        told["work"] = {
            "employers": sorted(work.employers),
            **({} if work.state is None else {"state": work.state}),
            **{name: day.isoformat() for name, day in days.items() if day is not None},
        }
    return told


# --- presentations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESENTATIONS)
def test_a_presentation_vector_is_judged_the_same(name: str, context: dict[str, Any], both: Any) -> None:
    vector = read("presentation", name)
    python, core = both(vector["presentation"], policy_of(context))
    assert core == python
    assert core["verdict"] == vector["expected"]["verdict"]


POLICIES: list[dict[str, Any]] = [
    {"key_binding": KeyBindingRefused()},
    {"profile": profile("haip-1.0")},
    {"profile": profile("eudi-2026")},
    {"accepted_types": frozenset({"urn:eudi:ehic:1"})},
    {"accepted_types": ACCEPTED_VCTS | SEAL_VCTS},
    {"max_status_age_s": 10},
    {"max_status_age_s": 3600},
    *(
        {"on_date": date(*day)}
        for day in ((2020, 1, 1), (2026, 10, 11), (2026, 11, 21), (2027, 8, 31), (2030, 1, 1))
    ),
    *(
        {"work": WorkAsked(**work)}
        for work in (
            {"state": "DE"},
            {"state": "FR"},
            {"state": "PL"},
            {"employers": frozenset({"999 000 001 00019"})},
            {"employers": frozenset({"someone-else"})},
            {"first": date(2026, 11, 1), "last": date(2026, 12, 1)},
            {"first": date(2026, 1, 1), "last": date(2028, 1, 1)},
            {"state": "PL", "first": date(2027, 1, 1)},
        )
    ),
]


@pytest.mark.parametrize(
    "name", ["good.json", "withdrawn.json", "credential-expired.json", "status-left-out.json"]
)
@pytest.mark.parametrize("changes", POLICIES, ids=[str(number) for number in range(len(POLICIES))])
def test_every_policy_judges_the_same(
    name: str, changes: dict[str, Any], context: dict[str, Any], both: Any
) -> None:
    python, core = both(read("presentation", name)["presentation"], policy_of(context, **changes))
    assert core == python


@pytest.mark.parametrize(
    "seconds", [-90_000_000, -86_400, -301, -61, -1, 299, 301, 3_660, 4_000, 8_000_000, 90_000_000]
)
def test_k06_every_time_judges_the_same(seconds: int, context: dict[str, Any], both: Any) -> None:
    python, core = both(
        read("presentation", "good.json")["presentation"], policy_of(context), context["now"] + seconds
    )
    assert core == python


NEARBY = "urn:portadoc:proximity:1"


@pytest.mark.parametrize("nonce", ["unsolicited", "0123456789ABCDEF", "FEDCBA9876543210"])
@pytest.mark.parametrize("age_s", [0, 119, 121, -61])
@pytest.mark.parametrize("rule", ["required", "unsolicited"])
def test_k07_a_presentation_nearby_is_judged_the_same(
    nonce: str, age_s: int, rule: str, context: dict[str, Any], both: Any
) -> None:
    world = vector_world()
    shown = select(world.credential(3), [("document_number",)])
    text = bind(shown, audience=NEARBY, nonce=nonce, now=NOW - age_s, signer=world.holder)
    unsolicited = KeyBindingUnsolicited(audience=NEARBY, max_age_s=120)
    required = KeyBindingRequired(audience=NEARBY, nonce="0123456789ABCDEF", max_age_s=120)
    policy = policy_of(context, key_binding=unsolicited if rule == "unsolicited" else required)
    python, core = both(text, policy)
    assert core == python
    expected = {"required": "0123456789ABCDEF", "unsolicited": "unsolicited"}[rule] == nonce and 0 <= age_s < 120
    green = core["verdict"] == "authentic_in_force"
    assert green == (expected and rule == "required")


def test_no_mutation_of_a_presentation_is_accepted_in_either(context: dict[str, Any], both: Any) -> None:
    good, policy, accepted = read("presentation", "good.json")["presentation"], policy_of(context), []
    for spoiled in mutations(good, MUTATIONS, Random(4)):
        python, core = both(spoiled, policy)
        assert core == python, spoiled
        if "authentic_in_force" in (core["verdict"], python["verdict"]):
            accepted.append(spoiled)
    assert accepted == []


def mutations(good: str, count: int, random: Random) -> Iterator[str]:
    """Yield texts that differ from a good one in a letter or in their structure."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~= \u00e9"
    made = 0
    while made < count:
        at, kind = random.randrange(len(good)), random.randrange(6)
        if kind < 3:
            spoiled = good[:at] + random.choice(letters) + good[at + 1 :]
        elif kind == 3:
            spoiled = good[:at] + random.choice(letters) + good[at:]
        elif kind == 4:
            spoiled = good[:at] + good[at + 1 :]
        else:
            spoiled = restructured(good, random)
        if spoiled != good:
            made += 1
            yield spoiled


def restructured(good: str, random: Random) -> str:
    """Return a presentation with parts dropped, doubled, swapped or changed inside."""
    parts = good.split("~")
    at = random.randrange(1, len(parts) - 1)
    match random.randrange(5):
        case 0:
            del parts[at]
        case 1:
            parts.insert(at, parts[at])
        case 2:
            other = random.randrange(1, len(parts) - 1)
            parts[at], parts[other] = parts[other], parts[at]
        case 3:
            content = json.loads(decode(parts[at].encode()))
            content[-1] = random.choice([None, True, 1, "x", [], {}, {"_sd": []}])
            parts[at] = encode(json.dumps(content).encode())
        case _:
            parts = [*parts[:-1], ""]
    return "~".join(parts)


def test_hostile_variants_made_now_are_judged_the_same(context: dict[str, Any], both: Any) -> None:
    """The faults of the simulated wallet, for another presentation than the vectors'."""
    world = vector_world()
    shown = select(world.credential(3), [("document_number",), ("employer",), ("work_address", "country")])
    text = bind(shown, audience=AUDIENCE, nonce=NONCE, now=NOW, signer=world.holder)
    good = replace(world.good(world.credential(3)), text=text)
    judged = 0
    for fault in PRESENTATION_FAULTS:
        python, core = both(fault.apply(good), policy_of(context))
        assert core == python, fault.name
        assert core["verdict"] != "authentic_in_force", fault.name
        judged += 1
    assert judged > 50


@pytest.mark.parametrize("configuration", CREDENTIAL_TYPES)
@pytest.mark.parametrize("seed", range(6))
def test_every_layout_is_read_the_same(configuration: str, seed: int, context: dict[str, Any], core: Core) -> None:
    """Any choice of disclosures, with and without type metadata, for any work."""
    random, world = Random(f"{configuration} {seed}"), vector_world()
    projection = CREDENTIAL_TYPES[configuration].projection
    text = presented(world, configuration, random)
    trust = trust_to_json(authorised(world, projection.vct))
    asked = {"state": random.choice(["DE", "FR", "EL", "JP"]), "employers": frozenset(random.choice([(), ("x",)]))}
    policy = policy_of(
        context,
        accepted_types=ACCEPTED_VCTS,
        on_date=date(2026, 11, random.randrange(1, 28)),
        work=WorkAsked(**asked) if random.random() < 0.7 else None,
    )
    core.ask("hold", knowledge="layout", trust=trust, types=TYPES, now=NOW)
    core.ask("decide", policy="layout", **told_policy(policy))
    python = verify_presentation(
        text, trust=trust_from_json(trust), status=HeldStatusLists(), policy=policy, now=NOW
    )
    found = core.ask("judge_presentation", text=text, knowledge="layout", policy="layout", now=NOW)
    assert said(found.value) == said(json.loads(json.dumps(report_to_json(python))))
    assert python.record or configuration == "pid", "something of the record was read"


def vector_world() -> VectorWorld:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return VectorWorld()


def presented(world: VectorWorld, configuration: str, random: Random) -> str:
    """Return a presentation of an example in a layout, with a random choice of what is shown."""
    projection = CREDENTIAL_TYPES[configuration].projection
    examples = {
        "pda1": "posted-worker-fr-de",
        "ehic": "insured-traveller",
        "pid": "pid-posted-worker",
        "bilateral": "bilateral-fr-jp",
        "maintenance": "maintenance-fr-ke",
        "prc": "replacement-certificate",
    }
    subject = projection.project(example(examples[projection.kind]))
    claims = {
        **subject,
        "vct": projection.vct,
        "iss": ISSUER,
        "iat": NOW - 3600,
        "exp": NOW + 86_400,
        "cnf": {"jwk": dict(world.holder.public_jwk)},
        "status": StatusReference(LIST_URI, 1).to_claim(),
        **({"vct#integrity": integrity(type_metadata(projection.vct))} if random.random() < 0.5 else {}),
        **({"strange": random.choice([1, 1.5, None, {"a": [1]}])} if random.random() < 0.5 else {}),
    }
    paths = projection.disclosable(subject)
    issued = issue(
        claims,
        disclosable=paths,
        header=signing_header("dc+sd-jwt", world.issuer),
        signer=world.issuer,
        random_bytes=world.random_bytes,
        decoys=random.randrange(3),
    )
    shown = [path for path in paths if random.random() < 0.6]
    return bind(select(issued.text, shown), audience=AUDIENCE, nonce=NONCE, now=NOW, signer=world.holder)


def authorised(world: VectorWorld, vct: str) -> TrustStore:
    """Return the trust of the vectors, with another type in its one authorisation."""
    store = world.trust()
    (only,) = store.authorisations
    return TrustStore(store.anchors, (replace(only, credential_types=frozenset({vct})),))


def test_a_presentation_is_judged_from_a_trust_pack_alone(context: dict[str, Any], core: Core) -> None:
    example, policy = read("trust_pack", "example.json"), policy_of(context)
    shown, pins = example["presentation"], list(from_pem(example["anchor"]))
    binding = KeyBindingRequired(audience=shown["audience"], nonce=shown["nonce"], max_age_s=300)
    core.ask("decide", policy="pack", **told_policy(replace(policy, key_binding=binding)))
    whose = {"operator": "DE:TEST90", "pins": pins, "now": example["now"], "policy": "pack"}
    found = core.ask("judge_by_pack", raw=decode(example["pack"]), text=shown["text"], **whose).value
    assert found["verdict"] == example["verdict"]
    assert found["pack_sequence"] == example["pack_content"]["sequence"]
    again = core.ask("judge_by_pack", raw=decode(example["pack"]), text=shown["text"][:-1] + "A", **whose).value
    assert again["verdict"] != example["verdict"]


# --- seals -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both_seals(core: Core) -> Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Any]]]:
    """Return what judges a vector of seals in both languages."""

    def judge(vector: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        given = {**read("seal", "context.json"), **vector["given"]}
        hold_seals(core, given)
        found = core.ask("judge_seal", text=vector["seal"], knowledge="seals", policy="seals", now=given["now"])
        return said(json.loads(json.dumps(report_to_json(test_seal_vectors.judged(vector))))), said(found.value)

    return judge


def hold_seals(core: Core, given: dict[str, Any]) -> None:
    lists = [
        {"uri": uri, "text": packed["token"], "resolvedAt": packed["resolved_at"]}
        for uri, packed in given["status_lists"].items()
    ]
    core.ask(
        "hold", knowledge="seals", trust=given["trust"], signers=given["signers"], lists=lists, now=given["now"]
    )
    work = None if given["work"] is None else {"employers": [], **given["work"]}
    core.ask(
        "decide",
        policy="seals",
        acceptedTypes=given["accepted_types"],
        keyBinding={"kind": "refused"},
        statusRequired=True,
        profile=given["profile"],
        onDate=given["day"],
        clockSkewS=given["clock_skew_s"],
        maxStatusAgeS=given["max_status_age_s"],
        work=work,
    )


@pytest.mark.parametrize("name", SEALS)
def test_a_seal_vector_is_judged_the_same(name: str, both_seals: Any) -> None:
    vector = read("seal", name)
    python, core = both_seals(vector)
    assert core == python
    assert core["verdict"] == vector["expected"]["verdict"]


GOOD_SEALS = [name for name in SEALS if name.startswith("good-")]
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def test_no_mutation_of_a_seal_is_accepted_in_either(core: Core) -> None:
    """1,500 seals that differ from a good one in a character, in their bytes, or in what the signature is over."""
    context = read("seal", "context.json")
    hold_seals(core, context)
    random, accepted = Random(45), []
    for number in range(1500):
        vector = read("seal", GOOD_SEALS[number % len(GOOD_SEALS)])
        spoiled = spoiled_seal(vector["seal"], random)
        if spoiled == vector["seal"]:
            continue
        found = core.ask("judge_seal", text=spoiled, knowledge="seals", policy="seals", now=context["now"]).value
        python = report_to_json(test_seal_vectors.judged({"seal": spoiled, "given": {}}))
        assert said(found) == said(json.loads(json.dumps(python))), spoiled
        if "not_authentic" not in (found["verdict"], python["verdict"]):
            accepted.append(spoiled)
    assert accepted == []


def spoiled_seal(good: str, random: Random) -> str:
    """Return a seal changed in one way: its text, its compressed bytes, or the message under the compression."""
    at = random.randrange(len(good))
    match random.randrange(6):
        case 0 | 1:
            return good[:at] + random.choice(ALPHABET) + good[at + 1 :]
        case 2:
            return (
                good[:at]
                + random.choice(("", random.choice(ALPHABET) + good[at], "\u00e9", "\n"))
                + good[at + 1 :]
            )
        case 3:
            stream = bytearray(base45.decode(good[4:]))
            stream[random.randrange(len(stream))] ^= 1 << random.randrange(8)
            return "PD1:" + base45.encode(bytes(stream))
        case 4:
            message = bytearray(zlib.decompress(base45.decode(good[4:])))
            message[random.randrange(len(message))] ^= 1 << random.randrange(8)
            return "PD1:" + base45.encode(zlib.compress(bytes(message), 9))
        case _:
            stream = base45.decode(good[4:])
            cut = random.randrange(1, len(stream))
            return "PD1:" + base45.encode(stream[:cut] + random.randbytes(random.randrange(4)))
