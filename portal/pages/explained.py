"""A decision in words: what it says, the rule of law, why, on which facts, and what one can do about it.

The reasons are those of the rules; facts stand under the names that the form has for them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from portadoc.portal.applications.application import HEALTH, Application, ApplicationState
from portadoc.portal.applications.course import is_disputed
from portadoc.portal.pages.health_view import health_facts_shown, health_reasons, health_steps
from portadoc.portal.pages.words import Words
from portadoc.rules.decision import Decision, decision_from_json
from portadoc.rules.explanation import Explanation, explain
from portadoc.rules.facts import read_facts
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.codes import WORLD_COUNTRIES, canonical_country

_UNDECIDED: Final = frozenset({ApplicationState.DRAFT})
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PLACE: Final = re.compile(r"/\d+")


def is_elsewhere(application: Application) -> bool:
    """Tell whether it was decided that the law of another State applies, whose institution issues."""
    told = (application.decision or {}).get("action") == "DETERMINE_AND_NOTIFY"
    return told and application.state is ApplicationState.GRANTED


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision in the words of a reader. ``reasons`` say why, ``steps`` each rule that was looked at."""

    headline: str
    article: str
    reasons: tuple[str, ...]
    remedy: str
    facts_used: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]


def explained(application: Application, words: Words) -> Explained | None:
    """Return the last decision in words, None where nothing is decided yet."""
    if application.decision is None or application.facts is None or application.state in _UNDECIDED:
        return None
    if application.certificate_kind in HEALTH and "reason" not in application.decision:
        return _of_health(application, words)
    if "reason" in application.decision:
        return _by_person(application, application.decision, words)
    decision = decision_from_json(application.decision)
    if is_disputed(application):  # what becomes definitive by itself is told no more
        decision = replace(decision, provisional=False)
    told = explain(decision, read_facts(application.facts), words.reader.language)
    return Explained(
        headline=_headline(application, words),
        article=_article(decision.article, decision.instrument, words),
        reasons=_reasons(told),
        remedy=told.remedy,
        facts_used=tuple(dict.fromkeys(_facts(decision, words))),
        steps=tuple(dict.fromkeys(told.steps)),
    )


def _of_health(application: Application, words: Words) -> Explained:
    """Return a decision from the insurance register in words."""
    decision, headline = application.decision or {}, f"headline.{application.state.value}"
    own = f"{headline}.{application.certificate_kind.value}"
    return Explained(
        headline=words.reader.say(own if words.reader.has(own) else headline),
        article=_article(decision.get("article"), decision.get("instrument"), words),
        reasons=health_reasons(application, words.reader),
        remedy=words.reader.say("health.remedy"),
        facts_used=health_facts_shown(application, words.reader),
        steps=health_steps(application, words.reader),
    )


def _by_person(application: Application, decision: JsonObject, words: Words) -> Explained:
    """Return a decision by a person: its reason is what that person wrote."""
    return Explained(
        headline=_headline(application, words),
        article=_article(decision["article"], decision["instrument"], words),
        reasons=(str(decision["reason"]),),
        remedy="",
        facts_used=(),
        steps=(),
    )


def _headline(application: Application, words: Words) -> str:
    if is_elsewhere(application):
        country = canonical_country(str((application.decision or {}).get("competent_state")))
        return words.reader.say("headline.granted.elsewhere", country=words.reader.country(country))
    return words.reader.say(f"headline.{application.state.value}")


def _reasons(told: Explanation) -> tuple[str, ...]:
    """Return the paragraphs that say why: without the list of steps and without that it was automated, which the
    page says itself."""
    own = set(told.steps)
    kept = [each for each in told.paragraphs if not any(step in each for step in own)]
    return tuple(kept[:-1])


def _article(article: str | None, instrument: str | None, words: Words) -> str:
    if article is None or instrument is None:
        return ""
    key = f"instrument.{instrument}"
    name = words.reader.say(key) if words.reader.has(key) else instrument
    return words.reader.say("page.decision.article.of", article=article, instrument=name)


def _facts(decision: Decision, words: Words) -> Iterator[tuple[str, str]]:
    """Yield name and value of each fact that a step quotes and that has a name."""
    for pointer, value in _quoted(decision):
        key = f"fact{_PLACE.sub('', pointer).replace('/', '.')}"
        if words.reader.has(key) and value is not None and not isinstance(value, list | dict):
            yield words.reader.say(key), _written(value, pointer, words)


def _quoted(decision: Decision) -> Iterable[tuple[str, Any]]:
    return {pointer: value for step in decision.derivation for pointer, value in step.facts}.items()


def _written(value: Any, pointer: str, words: Words) -> str:
    if isinstance(value, bool):
        return words.reader.say("option.yes" if value else "option.no")
    if isinstance(value, float):
        return f"{value:g} %" if "share" in pointer else f"{value:g}"
    if isinstance(value, str) and _DAY.fullmatch(value):
        return words.reader.day(value)
    if isinstance(value, str) and canonical_country(value) in WORLD_COUNTRIES:
        return words.reader.country(canonical_country(value))
    key = f"value.{value}"
    return words.reader.say(key) if words.reader.has(key) else str(value)
