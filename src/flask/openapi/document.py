"""Builds the OpenAPI document from an application's rules and views."""

from __future__ import annotations

import inspect
import re
import typing as t
from collections.abc import Callable, Iterator

import msgspec
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import Rule

from ..params.bodies import media_types
from ..params.contract import MISSING, Contract, Parameter, read_contract
from ..params.forms import MULTIPART, URLENCODED
from ..params.markers import Body, Cookie, File, Form, Header, Query
from ..params.problem import answers_with_problems
from ..params.results import Answer, answers_of, is_encoded
from ..params.strings import is_list, is_model, model_fields
from ..params.views import contracts_of
from ..wrappers import blueprint_chain
from . import paths
from .metadata import Operation, metadata_of
from .problems import PROBLEM_REF, add_problem
from .schemas import Schemas

if t.TYPE_CHECKING:
    from .settings import Settings

Json = dict[str, t.Any]

VERSION = "3.1.1"


def build_document(
    settings: Settings, app: t.Any, prefix: str = "", root: str | None = None
) -> Json:
    """Return the OpenAPI document of an application, as data for JSON.

    :param prefix: describe only endpoints that start with it; for a blueprint, its name and a dot.
    :param root: the path where the application is mounted.
    """
    return _Builder(settings, app, prefix, root).build()


class _Builder:
    """Builds one document."""

    def __init__(self, settings: Settings, app: t.Any, prefix: str, root: str | None) -> None:
        self.settings = settings
        self.app = app
        self.prefix = prefix
        self.root = root or "/"
        self.schemas = Schemas()
        self.operation_ids: set[str] = set()
        self.tags: dict[str, str] = {}

    def build(self) -> Json:
        paths_found = self._paths()
        settings = self.settings
        document: Json = {"openapi": VERSION, "info": settings.info()}
        document["servers"] = list(settings.servers) or [{"url": self.root}]
        document["paths"] = paths_found
        webhooks = {
            name: {"post": self._operation(view, None, "post", name)}
            for name, view in settings.webhooks.items()
        }
        if webhooks:
            document["webhooks"] = webhooks
        components: Json = {}
        if self.schemas.components:
            components["schemas"] = dict(sorted(self.schemas.components.items()))
        if settings.security_schemes:
            components["securitySchemes"] = dict(settings.security_schemes)
        if components:
            document["components"] = components
        document["security"] = _requirements(settings.security)
        tags = self._tag_objects()
        if tags:
            document["tags"] = tags
        return {**document, **settings.extra}

    def _tag_objects(self) -> list[Json]:
        said = {**dict.fromkeys(self.settings.tags, ""), **self.tags, **self.settings.tags}
        return [
            {"name": name, **({"description": text} if text else {})} for name, text in said.items()
        ]

    def _paths(self) -> Json:
        found: Json = {}
        for rule in self._rules():
            view = self.app.view_functions.get(rule.endpoint)
            if view is None:
                continue
            for method in paths.methods_of(rule):
                if self._is_listed(view, method):
                    item = found.setdefault(paths.template_of(rule), {})
                    if method not in item:
                        item[method] = self._operation(view, rule, method, rule.endpoint)
        return found

    def _rules(self) -> Iterator[Rule]:
        for rule in self.app.url_map.iter_rules():
            if rule.build_only or rule.websocket or rule.alias or rule.redirect_to is not None:
                continue
            if str(rule.endpoint).startswith(self.prefix):
                yield rule

    def _is_listed(self, view: t.Any, method: str) -> bool:
        if metadata_of(_function_of(view, method)).hidden:
            return False
        return self.settings.include_untyped or _contract_for(view, method) is not None

    # Operations

    def _operation(self, view: t.Any, rule: Rule | None, method: str, endpoint: str) -> Json:
        function = _function_of(view, method)
        said = metadata_of(function)
        contract = _contract_for(view, method) or read_contract(function)
        summary, description = _described(function, said, endpoint)
        operation: Json = {"operationId": self._operation_id(said, endpoint, view, method)}
        operation["summary"] = summary
        if description:
            operation["description"] = description
        tags = self._tags(said, endpoint)
        if tags:
            operation["tags"] = tags
        if said.deprecated:
            operation["deprecated"] = True
        parameters = self._path_parameters(rule, contract) + self._parameters(contract)
        if parameters:
            operation["parameters"] = parameters
        body = self._request_body(contract, said)
        if body is not None:
            operation["requestBody"] = body
        security = self.settings.security if said.security is None else said.security
        operation["responses"] = self._responses(contract, rule, bool(security))
        if said.security is not None:
            operation["security"] = _requirements(said.security)
        return {**operation, **said.extra}

    def _operation_id(self, said: Operation, endpoint: str, view: t.Any, method: str) -> str:
        name = said.operation_id or re.sub(r"\W+", "_", endpoint)
        is_class = hasattr(view, "view_class")
        if said.operation_id is None and is_class:
            name = f"{name}_{method}"
        free, number = name, 2
        while free in self.operation_ids:
            free = f"{name}_{method}" if number == 2 and not is_class else f"{name}_{number}"
            number += 1
        self.operation_ids.add(free)
        return free

    def _tags(self, said: Operation, endpoint: str) -> list[str]:
        if said.tags is not None:
            return list(said.tags)
        blueprint = endpoint.rpartition(".")[0]
        if not blueprint:
            return []
        tag = blueprint.rpartition(".")[2]
        self.tags.setdefault(tag, "")
        return [tag]

    # Parameters

    def _path_parameters(self, rule: Rule | None, contract: Contract) -> list[Json]:
        if rule is None:
            return []
        constrained = {it.name: self.schemas.of(it.kind) for it in contract.path}
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {**paths.schema_of(converter), **constrained.get(name, {})},
            }
            for name, converter in paths.variables_of(rule)
        ]

    def _parameters(self, contract: Contract) -> list[Json]:
        found = []
        for place, marker in (("query", Query), ("header", Header), ("cookie", Cookie)):
            for parameter in contract.of_source(t.cast(type, marker)):
                if parameter.marker.include_in_schema:
                    found += self._parameter(parameter, place)
        return found

    def _parameter(self, parameter: Parameter, place: str) -> list[Json]:
        if is_model(parameter.kind):
            return self._model_parameters(parameter, place)
        marker = parameter.marker
        described: Json = {"name": parameter.alias, "in": place}
        if marker.description:
            described["description"] = marker.description
        if parameter.required:
            described["required"] = True
        if marker.deprecated:
            described["deprecated"] = True
        described |= self._style(parameter.kind, place)
        described["schema"] = self._value_schema(parameter)
        if marker.examples:
            described["examples"] = _example_objects(marker.examples)
        return [described]

    def _model_parameters(self, parameter: Parameter, place: str) -> list[Json]:
        """Describe a model whose fields are separate parameters."""
        component = self._resolve(self.schemas.of(parameter.kind))
        required = component.get("required", ()) if parameter.required else ()
        found = []
        for name, kind in model_fields(parameter.kind):
            schema = component.get("properties", {}).get(name, {})
            described: Json = {"name": name, "in": place}
            if name in required:
                described["required"] = True
            found.append({**described, **self._style(kind, place), "schema": schema})
        return found

    def _resolve(self, schema: Json) -> Json:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        return self.schemas.components[reference.rpartition("/")[2]]

    def _style(self, kind: t.Any, place: str) -> Json:
        if not is_list(kind):
            return {}
        return {"explode": True} if place in ("query", "cookie") else {"explode": False}

    def _value_schema(self, parameter: Parameter) -> Json:
        marker = parameter.marker
        schema = _without_null(self.schemas.of(parameter.kind))
        if marker.title:
            schema = {**schema, "title": marker.title}
        if not parameter.required and parameter.default is not None:
            default = _plain(parameter.default)
            if default is not MISSING:
                schema = {**schema, "default": default}
        return {**schema, **marker.extra_json_schema}

    # Bodies

    def _request_body(self, contract: Contract, said: Operation) -> Json | None:
        bodies = contract.of_source(t.cast(type, Body))
        if bodies:
            return self._whole_body(bodies[0], said)
        fields = contract.of_source(t.cast(type, Form))
        files = contract.of_source(t.cast(type, File))
        return self._form(fields, files) if fields or files else None

    def _whole_body(self, parameter: Parameter, said: Operation) -> Json:
        marker = parameter.marker
        content = {}
        for media_type in media_types(parameter):
            described: Json = {}
            if media_type.endswith(("json", "msgpack")):
                described["schema"] = {
                    **self.schemas.of(parameter.kind),
                    **marker.extra_json_schema,
                }
                examples = _example_objects(marker.examples or ()) | _named(said.examples)
                if examples:
                    described["examples"] = examples
            content[media_type] = described
        body: Json = {"content": content, "required": parameter.required}
        return {"description": marker.description, **body} if marker.description else body

    def _form(self, fields: tuple[Parameter, ...], files: tuple[Parameter, ...]) -> Json:
        properties: Json = {}
        required: list[str] = []
        for field in fields:
            if is_model(field.kind):
                model = self._resolve(self.schemas.of(field.kind))
                properties |= model.get("properties", {})
                required += model.get("required", ()) if field.required else ()
                continue
            properties[field.alias] = _with_description(self._value_schema(field), field)
            required += [field.alias] if field.required else []
        for file in files:
            properties[file.alias] = _with_description(_file_schema(file), file)
            required += [file.alias] if file.required else []
        schema: Json = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        accepted = (MULTIPART,) if files else (URLENCODED, MULTIPART)
        content = {media_type: {"schema": schema} for media_type in accepted}
        encoding = {
            it.alias: {"contentType": ", ".join(types)}
            for it in files
            if (types := t.cast(t.Any, it.marker).content_types)
        }
        if encoding:
            content[MULTIPART]["encoding"] = encoding
        return {"content": content, "required": bool(required)}

    # Responses

    def _responses(self, contract: Contract, rule: Rule | None, is_secured: bool) -> Json:
        found: Json = {}
        problems = rule is None or self._answers_with_problems(str(rule.endpoint))
        for answer in answers_of(contract):
            status = str(answer.status or (204 if answer.is_empty else 200))
            if answer.kind is MISSING and int(status) >= 400 and problems:
                found[status] = self._problem(answer.description or _phrase(status))
            else:
                found[status] = self._merged(found.get(status), self._response(answer, status))
        for status, text in self._refusals(contract, rule, is_secured).items():
            if status not in found:
                is_ours = status in ("400", "415", "422")
                found[status] = (
                    self._problem(text) if is_ours or problems else {"description": text}
                )
        return dict(sorted(found.items()))

    def _merged(self, known: Json | None, response: Json) -> Json:
        """Merge two responses with the same status into one with alternative bodies."""
        if known is None or "content" not in known or "content" not in response:
            return known or response
        for media_type, described in response["content"].items():
            one = known["content"].setdefault(media_type, described)
            if one != described:
                members = [*one["schema"].get("anyOf", [one["schema"]]), described["schema"]]
                known["content"][media_type] = {"schema": {"anyOf": members}}
        return known

    def _response(self, answer: Answer, status: str) -> Json:
        response: Json = {"description": answer.description or _phrase(status)}
        if answer.headers:
            response["headers"] = {
                name: {"schema": self.schemas.of(kind)} for name, kind in answer.headers.items()
            }
        if answer.kind is MISSING or answer.is_empty or int(status) in (204, 304):
            if answer.content_type:
                response["content"] = {answer.content_type: {}}
            return response
        media_type = answer.content_type
        if is_encoded(answer.kind) or _is_json(answer.kind):
            schema = self.schemas.of(answer.kind, output=True)
            response["content"] = {media_type or "application/json": {"schema": schema}}
        elif answer.kind is str:
            response["content"] = {media_type or "text/html": {"schema": {"type": "string"}}}
        elif media_type:
            response["content"] = {media_type: {}}
        return response

    def _refusals(self, contract: Contract, rule: Rule | None, is_secured: bool) -> dict[str, str]:
        """Return the error responses that are possible before the view is called."""
        found = {}
        if is_secured:
            found["401"] = "Credentials are missing or wrong."
        if rule is not None and paths.variables_of(rule):
            found["404"] = "There is nothing at this path."
        takes_body = any(contract.of_source(t.cast(type, it)) for it in (Body, Form, File))
        if takes_body:
            found["400"] = "The body is malformed."
            found["413"] = "The body is too large."
            found["415"] = "The media type of the body is not supported."
        if contract.parameters or contract.path:
            found["422"] = "The request does not match the declared parameters."
        return found

    def _answers_with_problems(self, endpoint: str) -> bool:
        name = endpoint.rpartition(".")[0]
        return answers_with_problems(self.app, blueprint_chain(name) if name else ())

    def _problem(self, text: str) -> Json:
        add_problem(self.schemas)
        content = {"application/problem+json": {"schema": {"$ref": PROBLEM_REF}}}
        return {"description": text, "content": content}


def _contract_for(view: t.Any, method: str) -> Contract | None:
    contracts = contracts_of(view)
    return contracts.get(method.upper()) or contracts.get(None)


def _function_of(view: t.Any, method: str) -> t.Any:
    """Return the function that handles an HTTP method; for a class-based view, its method."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return view
    found: Callable[..., t.Any] | None = getattr(view_class, method, None)
    return found or view_class.dispatch_request


def _described(function: t.Any, said: Operation, endpoint: str) -> tuple[str, str | None]:
    """Return summary and description, by default from the docstring."""
    text = inspect.getdoc(function) or ""
    first, _, rest = text.partition("\n")
    name = endpoint.rpartition(".")[2].replace("_", " ").strip().capitalize()
    return said.summary or first.strip() or name, said.description or rest.strip() or None


def _requirements(schemes: t.Iterable[t.Any]) -> list[Json]:
    return [{it: []} if isinstance(it, str) else dict(it) for it in schemes]


def _without_null(schema: Json) -> Json:
    """Return a schema without ``null``, which a parameter can't transmit."""
    members = [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]
    if len(members) == 1:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**members[0], **rest}
    kinds = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        kept = [it for it in kinds if it != "null"]
        return {**schema, "type": kept[0] if len(kept) == 1 else kept}
    return {**schema, "anyOf": members} if members else schema


def _file_schema(file: Parameter) -> Json:
    single: Json = {"type": "string", "format": "binary"}
    if not is_list(file.kind):
        return single
    limits = file.marker.constraints
    schema: Json = {"type": "array", "items": single}
    if "max_length" in limits:
        schema["maxItems"] = limits["max_length"]
    least = limits.get("min_length", 1 if file.required else 0)
    return {**schema, "minItems": least} if least else schema


def _with_description(schema: Json, parameter: Parameter) -> Json:
    text = parameter.marker.description
    return {**schema, "description": text} if text else schema


def _example_objects(examples: t.Iterable[t.Any]) -> Json:
    return _named({str(number): it for number, it in enumerate(examples, 1)})


def _named(examples: t.Mapping[str, t.Any]) -> Json:
    return {name: {"value": _plain(value)} for name, value in examples.items()}


def _plain(value: t.Any) -> t.Any:
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json", by_alias=True)
    try:
        return msgspec.to_builtins(value)
    except TypeError:
        return MISSING


def _is_json(kind: t.Any) -> bool:
    origin = t.get_origin(kind) or kind
    return origin in (dict, list)


def _phrase(status: str) -> str:
    return HTTP_STATUS_CODES.get(int(status), "Response")
