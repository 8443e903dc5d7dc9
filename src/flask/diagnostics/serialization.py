"""The place in the data of a value that JSON can't represent."""

from __future__ import annotations

import typing as t

from ..globals import _cv_request

_MOST_VALUES = 10_000
_JSON_TYPES = (str, int, float, bool, type(None))

Default = t.Callable[[t.Any], t.Any]


def explain_unserializable(error: TypeError, data: t.Any, default: Default) -> None:
    """Add the place of the value, the view and the remedy to the error of a JSON encoder.

    :param default: the encoder's function for unsupported values; it raises for this one.
    """
    if getattr(error, "__notes__", None) or "not JSON serializable" not in str(error):
        return
    found = _find(data, default)
    if found is None:
        return
    path, value = found
    context = _cv_request.get(None)
    view = "" if context is None else f" The view is {context.request.endpoint!r}."
    error.add_note(
        f"The value is data{path}, of type {type(value).__qualname__}.{view} Convert it before it"
        " is returned, or set 'app.json.default' to a function that converts such values."
    )


def _find(data: t.Any, default: Default) -> tuple[str, t.Any] | None:
    """Return the path of the first value that can't be encoded, and the value."""
    waiting: list[tuple[str, t.Any]] = [("", data)]
    for _ in range(_MOST_VALUES):
        if not waiting:
            break
        path, value = waiting.pop()
        if isinstance(value, dict):
            items = [(f"{path}[{key!r}]", inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            items = [(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
        elif isinstance(value, _JSON_TYPES):
            continue
        else:
            try:
                items = [(path, default(value))]
            except TypeError:
                return path, value
        waiting.extend(reversed(items))
    return None
