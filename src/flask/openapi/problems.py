"""The schema of problem documents, which typed views refuse requests with."""

from __future__ import annotations

import typing as t

from .schemas import PREFIX, Schemas

PROBLEM = "ProblemDetails"
PROBLEM_REF = PREFIX + PROBLEM

_FAULT = "ProblemFault"


def add_problem(schemas: Schemas) -> None:
    """Add the components of problem documents (:rfc:`9457`)."""
    if PROBLEM in schemas.components:
        return
    schemas.components[PROBLEM] = {
        "title": PROBLEM,
        "description": "Why a request was refused (RFC 9457).",
        "type": "object",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": PREFIX + _FAULT}},
        },
        "required": ["type", "title", "status"],
    }
    schemas.components[_FAULT] = {
        "title": _FAULT,
        "description": "One fault of a request.",
        "type": "object",
        "properties": _FAULT_PROPERTIES,
        "required": ["in", "pointer", "message", "code"],
    }


_FAULT_PROPERTIES: dict[str, t.Any] = {
    "in": {"enum": ["path", "query", "header", "cookie", "form", "body"], "type": "string"},
    "pointer": {"type": "string", "description": "JSON Pointer to the fault."},
    "message": {"type": "string"},
    "code": {"type": "string"},
}
