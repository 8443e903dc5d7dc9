"""Extractor of form fields and uploaded files."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Sequence
from fnmatch import fnmatchcase

from werkzeug.datastructures import FileStorage

from . import annotations as hints
from .bodies import media_type_fault
from .contract import Parameter
from .faults import Fault, join_pointer
from .problem import WrongMediaType
from .strings import Extract, StringSource, Values, collect, is_list, model_fields

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def form_extractor(fields: Sequence[Parameter], files: Sequence[Parameter]) -> Extract:
    """Return the extractor of the parameters that are form fields or files."""
    source = StringSource("form", fields)
    readers = [FileReader(it) for it in files]
    booleans = _names_of_booleans(source)
    accepted = (MULTIPART,) if files else (URLENCODED, MULTIPART)

    def extract(ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]) -> t.Any:
        request = ctx.request
        if environ.get("CONTENT_TYPE") and request.mimetype not in accepted:
            raise WrongMediaType(errors=[media_type_fault(accepted)])
        form = request.form
        values: Values = collect(form.items(multi=True), source.lists)
        for name in booleans & values.keys():
            if isinstance(values[name], str):
                values[name] = _BOOLEANS.get(values[name].lower(), "")
        faults = source.add(values, arguments) or []
        for reader in readers:
            faults += reader.add(request.files, arguments)
            if reader.parameter.alias in form:
                place = join_pointer("", reader.parameter.alias)
                faults.append(Fault("form", place, "Expected a file", "type"))
        return faults or None

    return extract


_BOOLEANS = {"true": True, "false": False, "on": True}
"""Strings for booleans in a form. Browsers send ``on`` for a checked box."""


def _names_of_booleans(source: StringSource) -> frozenset[str]:
    fields = [(it.alias, it.kind) for it in source.parameters]
    for model in source.models:
        fields += model_fields(model.kind)
    return frozenset(name for name, kind in fields if hints.bare(kind) is bool)


class FileReader:
    """Reader of the files of one parameter.

    :raises TypeError: if the parameter's type is not a file.
    """

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        kind = hints.bare(parameter.kind)
        self.takes_list = is_list(kind)
        self.plain = hints.bare(t.get_args(kind)[0]) if self.takes_list else kind
        if self.plain not in (bytes, FileStorage):
            raise TypeError(
                f"The file parameter {parameter.name!r} has the type {kind!r}: use"
                " werkzeug.datastructures.FileStorage or bytes, or a list of one of them."
            )

    def add(self, files: t.Any, arguments: dict[str, t.Any]) -> list[Fault]:
        """Add the files to the view's arguments; return their faults."""
        parameter = self.parameter
        # Browsers send a file without a name where none was chosen.
        given = [it for it in files.getlist(parameter.alias) if it.filename or _size_of(it)]
        place = join_pointer("", parameter.alias)
        if not given and not (self.takes_list and parameter.required):
            if parameter.required:
                return [Fault("form", place, "Missing required file", "missing")]
            arguments[parameter.name] = parameter.default
            return []
        faults = self._count_faults(len(given), place)
        for index, file in enumerate(given):
            faults += self._faults_of(
                file, join_pointer(place, index) if self.takes_list else place
            )
        if not faults:
            values = [it.read() if self.plain is bytes else it for it in given]
            arguments[parameter.name] = values if self.takes_list else values[0]
        return faults

    def _count_faults(self, count: int, place: str) -> list[Fault]:
        if not self.takes_list:
            return []
        limits = self.parameter.marker.constraints
        least = limits.get("min_length", 1 if self.parameter.required else 0)
        most = limits.get("max_length")
        if count < least:
            code = "too_short" if count else "missing"
            return [Fault("form", place, f"Expected at least {least} files", code)]
        if most is not None and count > most:
            return [Fault("form", place, f"Expected at most {most} files", "too_long")]
        return []

    def _faults_of(self, file: FileStorage, place: str) -> list[Fault]:
        marker: t.Any = self.parameter.marker
        faults = []
        if marker.max_size is not None and _size_of(file) > marker.max_size:
            message = f"Expected at most {marker.max_size} bytes"
            faults.append(Fault("form", place, message, "too_long"))
        if marker.content_types and not any(
            fnmatchcase(file.mimetype, it) for it in marker.content_types
        ):
            message = f"Expected {' or '.join(marker.content_types)}"
            faults.append(Fault("form", place, message, "media_type"))
        return faults


def _size_of(file: FileStorage) -> int:
    position = file.stream.tell()
    size = file.stream.seek(0, os.SEEK_END)
    file.stream.seek(position)
    return size
