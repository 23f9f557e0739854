"""What is known in an application before anybody is asked: kept with it as JSON, read as the form expects it."""

from collections.abc import Mapping, Sequence
from typing import Final

from portadoc.portal.applications.application import Application, RequestKind
from portadoc.portal.questions.flows import answers_that_apply
from portadoc.portal.questions.form import Capacity, Known, Source, Told
from portadoc.portal.questions.law_states import in_codes_of_rules
from portadoc.portal.questions.prefill import Earlier, Sources, known_from
from portadoc.schemas.claims import Json, JsonObject

EXTENSION_OF_SAME: Final = "extension_of_same_posting"
_FORMS: Final = {
    RequestKind.NEW: "new",
    RequestKind.EXTENSION: "extension",
    RequestKind.CORRECTION: "correction",
    RequestKind.CHANGE: "correction",
    RequestKind.WITHDRAWAL: "withdrawal",
}
"""Something that has changed is asked like something that was wrong: every answer can be put right."""


def known_of(application: Application, *, own_state: str) -> Known:
    """Return what is known in an application."""
    kept = application.known
    sources = Sources(
        person=kept.get("person"),
        person_source=Source(kept.get("person_source") or Source.PERSON_REGISTER),
        employer=kept.get("employer"),
        earlier=_earlier(kept.get("earlier")),
        records={name: kept[name] for name in ("certificate_period",) if name in kept},
        choices=kept.get("choices") or {},
    )
    return known_from(
        sources,
        capacity=Capacity(application.applicant.capacity.value),
        asked_state=own_state,
        certificate=application.certificate_kind.value,
        request=_FORMS[application.request_kind],
        answers=application.answers,
    )


def earlier_of(chain: Sequence[Application], *, own_state: str) -> JsonObject:
    """Return what an extension knows of the requests before it; ``chain`` begins with the one just before."""
    last = chain[0]
    known = known_of(last, own_state=own_state)
    return {
        "answers": answers_that_apply(last.answers, known),
        "told": {name: {"value": each.value, "source": each.source.value} for name, each in known.told.items()},
        "period": [_text(last.valid_from), _text(last.valid_to)],
        "postings": postings_of(chain),
    }


def postings_of(chain: Sequence[Application]) -> list[Json]:
    """Return the postings of a chain of certificates in the shape of facts, the oldest first.

    Each is told as the same posting extended: the rules add up what is unbroken. Spec: Decision A2 point 3(c).
    """
    latest = undertakings_of(chain[0].facts or {})
    return [
        {
            "host_state": ((each.facts or {}).get("posting") or {}).get("host_state"),
            "start": _text(each.valid_from),
            "end": _text(each.valid_to),
            "same_undertakings": undertakings_of(each.facts or {}) == latest,
            "relation": EXTENSION_OF_SAME,
        }
        for each in reversed(chain)
        if each.valid_from is not None and each.valid_to is not None and (each.facts or {}).get("posting")
    ]


def with_records(
    facts: JsonObject, person: Mapping[str, Json] | None, standing: Sequence[Application]
) -> JsonObject:
    """Return the facts with what this institution and the person register have on record, each thing once.

    ``person`` is the extract of the register, whether or not the applicant was shown it. ``standing`` are the
    other applications on the same person whose certificates stand.
    """
    registered = (person or {}).get("certificates") or ()
    certificates = [*map(certificate_of, standing), *(_registered(each) for each in registered)]
    postings = [
        {
            "host_state": each["host_state"],
            "start": each["start"],
            "end": each["end"],
            "same_undertakings": not undertakings_of(facts).isdisjoint(each.get("host_undertakings") or ()),
            "relation": "separate_assignment",
        }
        for each in registered
        if str(each["article"]).startswith("12(") and each["status"] == "valid"
    ]
    return {
        **facts,
        "existing_a1": _each_once(
            facts["existing_a1"], in_codes_of_rules(certificates), ("state", "start", "end")
        ),
        "previous_postings": _each_once(
            facts["previous_postings"], in_codes_of_rules(postings), ("host_state", "start", "end")
        ),
    }


def undertakings_of(facts: Mapping[str, Json]) -> frozenset[str]:
    """Return the names of the undertakings in the host State."""
    posting = facts.get("posting") or {}
    return frozenset(posting.get("host_undertakings") or ())


def _each_once(listed: Sequence[Json], more: Sequence[Json], named_by: tuple[str, ...]) -> list[Json]:
    found = {tuple(each[name] for name in named_by): each for each in (*more, *listed)}
    return list(found.values())


def certificate_of(other: Application) -> JsonObject:
    """Return the certificate of another application in the shape of facts."""
    decision = other.decision or {}
    return {
        "state": decision.get("competent_state"),
        "article": decision.get("article"),
        "start": _text(other.valid_from),
        "end": _text(other.valid_to),
        "status": "valid",
        "employer_same": None,
        "host_state": ((other.facts or {}).get("posting") or {}).get("host_state"),
    }


def _registered(each: Mapping[str, Json]) -> JsonObject:
    named = ("state", "article", "start", "end", "status", "host_state")
    return {**{name: each[name] for name in named}, "employer_same": None}


def _earlier(kept: Mapping[str, Json] | None) -> Earlier | None:
    if kept is None or None in kept["period"]:
        return None
    told = {name: Told(each["value"], Source(each["source"])) for name, each in kept["told"].items()}
    start, end = kept["period"]
    return Earlier(kept["answers"], told, (start, end), tuple(kept["postings"]))


def _text(day: object) -> str | None:
    return None if day is None else str(day)
