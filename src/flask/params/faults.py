"""Faults: places where a request doesn't match the view's declaration."""

from __future__ import annotations

import typing as t

MOST_FAULTS = 50
"""Maximum number of faults that a response lists; the search stops there."""

_MOST_TEXT = 200
"""Maximum length of names and messages, in characters."""


_MOST_POINTER = 800
"""Length from which on a pointer is not extended, in characters."""


class Fault(t.NamedTuple):
    """One fault, with its place and a message. It never contains values of the request."""

    source: str
    """``query``, ``header``, ``cookie``, ``form``, ``path`` or ``body``."""

    pointer: str
    """The place inside, as a JSON Pointer (:rfc:`6901`); of a parameter, its name."""

    message: str
    code: str
    """For programs: ``missing``, ``type``, ``minimum``, ``too_long``, ``pattern`` and others."""

    def as_document(self) -> dict[str, str]:
        """Return the entry of ``errors`` in a problem document."""
        return {
            "in": self.source,
            "pointer": self.pointer,
            "message": shortened(self.message),
            "code": self.code,
        }


class EnoughFaults(Exception):
    """Raised by :meth:`Faults.add` to end the search."""


class Faults:
    """Faults that were found in one part of a request, up to :data:`MOST_FAULTS`.

    :param source: the part, see :attr:`Fault.source`.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[Fault] = []

    def add(self, pointer: str, message: str, code: str) -> None:
        """Note a fault.

        :raises EnoughFaults: once there are as many as will be listed.
        """
        self.found.append(Fault(self.source, pointer, message, code))
        if len(self.found) >= MOST_FAULTS:
            raise EnoughFaults


def join_pointer(pointer: str, key: str | int) -> str:
    """Return the JSON Pointer of a member, or its ancestor's if it would get too long."""
    if len(pointer) > _MOST_POINTER:
        return pointer
    name = shortened(str(key)).replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{name}"


def shortened(text: str) -> str:
    """Return a text that is safe to encode and short enough to be sent."""
    if len(text) > _MOST_TEXT:
        text = text[: _MOST_TEXT - 3] + "..."
    return text.encode("utf-8", "replace").decode()
