"""The URL map: Werkzeug's, which tells when rules are added to it."""

from __future__ import annotations

import typing as t

from werkzeug.routing import Map as BaseMap
from werkzeug.routing import RuleFactory

from ..pipeline.invalidation import Observable


class Map(Observable, BaseMap):
    """A URL map that notifies its observers of changes."""

    version = 0
    """Grows with each change."""

    def add(self, rulefactory: RuleFactory) -> None:
        """Add the rules of a factory and bind them to the map."""
        super().add(rulefactory)
        self._changed()

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in _SETTINGS:
            self._changed()

    def _changed(self) -> None:
        self.__dict__["version"] = self.version + 1
        super()._changed()


_SETTINGS = {"default_subdomain", "host_matching", "merge_slashes", "redirect_defaults"}
"""Attributes that a map's answers depend on besides its rules."""
