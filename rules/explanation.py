"""What a decision says to the person: in plain sentences, with the facts and figures of the case filled in.

It tells the outcome, the article, every reason, which facts and rules led there, that a program decided, and what
the person can do. A fact that nobody gave is called "not known"; States and days are
written in the words of the language.

Spec: Regulation (EC) 883/2004 art. 76(4); Regulation (EU) 2016/679 art. 13(2)(f), 22(3); Charter art. 41(2)(c)
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portadoc.catalogue import Texts, day_in_words, texts
from portadoc.rules.decision import Action, Decision, Outcome
from portadoc.rules.derivation import MET, NOT_MET, UNKNOWN, Step, plain
from portadoc.rules.determination import law_for
from portadoc.rules.explained_figures import figures, named
from portadoc.rules.facts import Facts, RequestKind
from portadoc.rules.law import CURRENT_PACK

BOOK: Final = "rules"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_STATE: Final = re.compile(r"state(s/[0-9]+)?$|legislation$")
_BETWEEN_INSTITUTIONS: Final = frozenset({RequestKind.INCOMING, RequestKind.PROCEDURE})


@dataclass(frozen=True, slots=True)
class Explanation:
    """``facts_used`` pairs JSON pointers with what stands there, ``questions`` pointers with their question."""

    headline: str
    paragraphs: tuple[str, ...]
    remedy: str
    steps: tuple[str, ...]
    facts_used: tuple[tuple[str, str], ...]
    questions: tuple[tuple[str, str], ...]


def explain(decision: Decision, facts: Facts, language: str) -> Explanation:
    """Explain a decision in one of the 24 languages, or in English where the texts are not there yet.

    Raises Misconfigured[language_unknown] for another language.
    """
    found = texts(language, BOOK)
    words = _Words(found, figures(decision, facts, law_for(facts, pack=_pack(decision)), found))
    steps = tuple([_step(words, step) for step in decision.derivation])
    questions = tuple([(pointer, words.say(question_key(pointer))) for pointer in decision.questions])
    return Explanation(
        headline=_headline(words, decision),
        paragraphs=tuple(_paragraphs(words, decision, questions)),
        remedy=" ".join(_remedies(words, decision, facts)),
        steps=steps,
        facts_used=tuple(_facts_used(words, decision.derivation)),
        questions=questions,
    )


def question_key(pointer: str) -> str:
    """Return the key of the question for a fact: its JSON pointer without places in lists."""
    return ".".join(["question", *[part for part in pointer.split("/")[1:] if not part.isdigit()]])


def article_key(article: str) -> str:
    """Return the key of the text for an article of Regulation 883/2004 or 987/2009, as ``13(1)(b)(iv)``."""
    return "article." + article.replace(")(", "_").replace("(", "_").replace(")", "")


@dataclass(frozen=True, slots=True)
class _Words:
    found: Texts
    params: dict[str, str]

    def has(self, key: str) -> bool:
        return key in self.found.entries

    def say(self, key: str, **more: str) -> str:
        return self.found.text(key, **{**self.params, **more})


def _pack(decision: Decision) -> str:
    """Return the pack under which the law is read again: a simulation of the Union's own law names it."""
    return decision.pack if decision.simulation and decision.pack.startswith("eu-") else CURRENT_PACK


def _headline(words: _Words, decision: Decision) -> str:
    general = f"headline.{decision.outcome.value.lower()}"
    special = f"{general}.{decision.action.value.lower()}"
    return words.say(special if words.has(special) else general)


def _paragraphs(words: _Words, decision: Decision, questions: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield from [words.say(f"reason.{code}") for code in decision.reasons]
    yield from [question for _, question in questions]
    yield from _legal_basis(words, decision)
    yield from [words.say(_either(words, code)) for code in decision.info]
    yield from _consequences(words, decision)
    if decision.derivation:
        yield _deciding(words, _deciding_step(decision))
    if decision.simulation:
        yield words.say("decision.simulation")
    yield words.say("decision.automated")


def _either(words: _Words, code: str) -> str:
    """Return the key of an information; some codes decide in one route and only inform in another."""
    return f"info.{code}" if words.has(f"info.{code}") else f"reason.{code}"


def _legal_basis(words: _Words, decision: Decision) -> Iterator[str]:
    if decision.article is None:
        return
    yield words.say("decision.article")
    key = article_key(words.params["article_of_883"])
    if words.has(key):
        yield words.say(key)


def _consequences(words: _Words, decision: Decision) -> Iterator[str]:
    if decision.outcome is Outcome.GRANT and decision.validity_start is not None:
        yield words.say("decision.validity" if decision.validity_end else "decision.validity_open")
    if decision.outcome is Outcome.REFUSE and decision.competent_state is not None:
        yield words.say("decision.applies_instead")
    if decision.provisional and decision.status_code is not None:
        yield words.say("decision.provisional")
    if decision.notify_states:
        yield words.say("decision.notify")
    if decision.default_state is not None:
        yield words.say("decision.default")


def _remedies(words: _Words, decision: Decision, facts: Facts) -> Iterator[str]:
    """No automatic refusal is final; national law gives the appeal; art. 16 where it is open."""
    if facts.request.kind in _BETWEEN_INSTITUTIONS:
        yield words.say("remedy.institution")
    elif decision.outcome is Outcome.GRANT:
        yield words.say("remedy.grant")
    elif decision.outcome is Outcome.REVIEW:
        asks = decision.questions or decision.action is Action.REQUEST_INFO
        yield words.say("remedy.answer" if asks else "remedy.review")
    else:
        yield words.say("remedy.officer")
        yield words.say("remedy.appeal")
        yield from _way_to_an_exception(words, decision, facts)


def _way_to_an_exception(words: _Words, decision: Decision, facts: Facts) -> Iterator[str]:
    if decision.outcome is not Outcome.REFUSE:
        return
    pack = law_for(facts, pack=_pack(decision)).pack_of(facts.regime)
    if pack.id == "uk-tca":
        yield words.say("remedy.no_exception")
    elif pack.exception_possible and facts.request.requested_legislation is not None:
        yield words.say("remedy.exception")


def _deciding_step(decision: Decision) -> Step:
    """Return the step that settled it: a grant's own article, else the last that was not met or not known."""
    steps = decision.derivation
    if decision.outcome is Outcome.GRANT:
        own = [step for step in steps if step.result == MET and step.provision.endswith(f" {decision.article}")]
    else:
        own = [step for step in steps if step.result in (NOT_MET, UNKNOWN)]
    return (own or steps)[-1]


def _deciding(words: _Words, step: Step) -> str:
    """Tell the deciding step with its facts, each as the question that it answers."""
    facts = [
        words.say("decision.fact", question=words.say(key), answer=written(pointer, plain(value), words.found))
        for pointer, key, value in [(pointer, question_key(pointer), value) for pointer, value in step.facts]
        if value is not None and words.has(key)
    ]
    return " ".join([_step(words, step, "decision.deciding"), *facts])


def _step(words: _Words, step: Step, key: str = "step") -> str:
    return words.say(
        key,
        condition=words.say(f"row.{step.rule}"),
        result=words.say(f"word.{step.result}"),
        provision=step.provision,
    )


def _facts_used(words: _Words, derivation: Iterable[Step]) -> Iterator[tuple[str, str]]:
    quoted = {pointer: value for step in derivation for pointer, value in step.facts}
    for pointer, value in quoted.items():
        yield pointer, written(pointer, plain(value), words.found)


def written(pointer: str, value: Any, found: Texts) -> str:
    """Write one fact: days and States in words, numbers without a needless point, null as "not known"."""
    if value is None:
        return found.text("word.none")
    if isinstance(value, bool):
        return found.text("word.true" if value else "word.false")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join([written(pointer, item, found) for item in value]) or found.text("word.none")
    if isinstance(value, str) and _DAY.fullmatch(value):
        return day_in_words(date.fromisoformat(value), found.language)
    return named(str(value), found.language) if _STATE.search(pointer) else str(value)
