"""The description of the interface for machines (OpenAPI 3.1), made from the questions and kinds of the portal.

Spec: OpenAPI Specification 3.1.0, JSON Schema 2020-12.
"""

from collections.abc import Mapping
from typing import Any, Final

from portadoc.catalogue import WITH_TEXTS, texts
from portadoc.portal.applications.application import ApplicationState, CertificateKind, RequestKind
from portadoc.portal.applications.timers import ReminderKind
from portadoc.portal.http.machines.schemas import (
    OPERATIONS,
    PROBLEMS,
    application_schema,
    replacement_request_schema,
    replacement_schema,
    summary_schema,
)
from portadoc.portal.login.machines import MACHINES_PATH
from portadoc.portal.questions.flows import FLOWS
from portadoc.portal.questions.form import MOST_ROWS, Field, FieldKind, Question, Shape
from portadoc.portal.questions.posting import WITHDRAWAL
from portadoc.portal.settings import PortalSettings
from portadoc.schemas.claims import JsonObject
from portadoc.web.machines.openapi import paths_of, problem_schema, token_path

VERSION: Final = "1"
_PLAIN: Final[Mapping[FieldKind, Mapping[str, Any]]] = {
    FieldKind.TEXT: {"type": "string"},
    FieldKind.ID: {"type": "string"},
    FieldKind.DATE: {"type": "string", "format": "date"},
    FieldKind.YES_NO: {"type": "boolean"},
    FieldKind.CHOICE: {"type": "string"},
    FieldKind.COUNTRY: {"type": "string", "pattern": "^[A-Z]{2}$"},
    FieldKind.NATIONALITY: {"type": "string"},
    FieldKind.PERCENT: {"type": "number", "minimum": 0, "maximum": 100},
    FieldKind.NUMBER: {"type": "integer", "minimum": 0},
}
_LENGTHS: Final = frozenset({FieldKind.TEXT, FieldKind.ID})


def openapi_document(settings: PortalSettings) -> JsonObject:
    """Return the document of an installation."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Portadoc: applications by machines",
            "version": VERSION,
            "description": "Files and follows applications in the name of employers that gave a mandate; gives "
            "care providers replacement certificates. "
            "Answers are those of the form: a question that is not asked in a case takes none, and one that is "
            "asked needs one; what registers know is not asked.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.base_url}],
        "security": [{"bearer": []}],
        "paths": {MACHINES_PATH: token_path(), **paths_of(OPERATIONS, PROBLEMS)},
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Request": _request_schema(settings),
                "Answers": _answers_schema(),
                "Application": application_schema(_enums()),
                "Summary": summary_schema(_enums()),
                "ReplacementRequest": replacement_request_schema(),
                "Replacement": replacement_schema(_enums()),
                "Problem": problem_schema(),
            },
        },
    }


def _enums() -> dict[str, list[str]]:
    return {
        "certificate": [each.value for each in CertificateKind],
        "request": [each.value for each in RequestKind],
        "state": [each.value for each in ApplicationState],
        "reminder": [each.value for each in ReminderKind],
    }


def _request_schema(settings: PortalSettings) -> JsonObject:
    offered = sorted({kind for each in settings.institutions for kind in each.certificates} & FLOWS.keys())
    return {
        "type": "object",
        "required": ["answers"],
        "additionalProperties": False,
        "properties": {
            "certificate": {"type": "string", "enum": offered, "default": "a1"},
            "request": {"type": "string", "enum": [each.value for each in RequestKind], "default": "new"},
            "employer": {"type": "string", "description": "For whom, where several employers gave a mandate."},
            "predecessor": {"type": "string", "description": "The application that anything but `new` follows."},
            "language": {"type": "string", "enum": list(WITH_TEXTS), "default": "en"},
            "answers": {"$ref": "#/components/schemas/Answers"},
        },
    }


def _answers_schema() -> JsonObject:
    """Return every question of every flow, each once; which ones a case asks follows from the answers before."""
    asked = {each.id: each for flow in (*FLOWS.values(), WITHDRAWAL) for each in flow}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _question_schema(each) for name, each in sorted(asked.items())},
    }


def _question_schema(question: Question) -> JsonObject:
    title = texts("en", "portal").entries.get(f"question.{question.id}.title", question.id)
    if question.shape is Shape.ONE:
        return {"title": title, **_field_schema(question.fields[0])}
    row = {
        "type": "object",
        "additionalProperties": False,
        "properties": {each.name: _field_schema(each) for each in question.fields},
        "required": [each.name for each in question.fields if each.required and not each.unknown],
    }
    if question.shape is Shape.GROUP:
        return {"title": title, **row}
    return {"title": title, "type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": row}


def _field_schema(field: Field) -> JsonObject:
    schema = dict(_PLAIN[field.kind])
    if field.options:
        schema["enum"] = list(field.options)
    if field.kind in _LENGTHS:
        schema["maxLength"] = field.most
    if field.kind is FieldKind.NUMBER:
        schema["maximum"] = field.most
    if field.unknown or not field.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema
