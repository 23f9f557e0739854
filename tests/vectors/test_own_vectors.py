"""Our own vectors: each fault alone leads to its code, and the files are what the generator writes."""

import importlib.util
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.status_tokens import believe_status_list
from portadoc.wallet_sim.faults import FaultCategory

FOLDER = Path(__file__).parent / "presentation"
FILES = sorted(path.name for path in FOLDER.glob("*.json") if path.name != "context.json")


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def context() -> dict[str, Any]:
    return read("context.json")


@pytest.fixture(scope="module")
def trust(context: dict[str, Any]) -> TrustStore:
    return trust_from_json(context["trust"])


def held(context: dict[str, Any], trust: TrustStore) -> HeldStatusLists:
    lists = {}
    for uri, text in context["status_lists"].items():
        believed = believe_status_list(
            text, uri=uri, trust=trust, now=context["now"], skew_s=60, limits=StatusListLimits()
        )
        lists[uri] = HeldStatusList(believed.token, believed.speaks_for, context["now"])
    return HeldStatusLists(lists, {uri: (code, reason) for uri, (code, reason) in context["blocked"].items()})


@pytest.mark.parametrize("name", FILES)
def test_a_vector_leads_to_its_verdict_and_code(name: str, context: dict[str, Any], trust: TrustStore) -> None:
    vector = read(name)
    policy = VerificationPolicy(
        policy_id="vectors",
        accepted_types=frozenset(context["accepted_types"]),
        key_binding=KeyBindingRequired(**context["key_binding"]),
        status_required=context["status_required"],
        profile=profile(context["profile"]),
        on_date=date.fromisoformat(context["day"]),
        clock_skew_s=context["clock_skew_s"],
    )
    report = verify_presentation(
        vector["presentation"], trust=trust, status=held(context, trust), policy=policy, now=context["now"]
    )
    problem = report.first_problem
    assert {
        "verdict": report.verdict.value,
        "code": problem.full_code if problem else None,
    } == vector["expected"]


def test_the_files_are_what_the_generator_writes() -> None:
    place = Path(__file__).parent / "generate.py"
    specification = importlib.util.spec_from_file_location("generate_vectors", place)
    assert specification is not None
    assert specification.loader is not None
    generate = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generate)
    written = {name: generate.text_of(content) for name, content in generate.vectors()}
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == written


def test_there_are_vectors_of_every_category() -> None:
    categories = {read(name)["category"] for name in FILES}
    assert categories >= {category.value for category in FaultCategory}
