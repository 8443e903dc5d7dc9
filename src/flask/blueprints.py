"""``Blueprint``, with static files and commands."""

from __future__ import annotations

import os
import typing as t
from datetime import timedelta

from .globals import current_app
from .helpers import send_from_directory
from .sansio.blueprints import UNSET
from .sansio.blueprints import Blueprint as SansioBlueprint
from .sansio.blueprints import BlueprintSetupState as BlueprintSetupState
from .sansio.websockets import BlueprintWebsockets

if t.TYPE_CHECKING:
    from .cli import AppGroup
    from .wrappers import Response


STATIC_OPTIONS = frozenset({"STATIC_HASHED", "STATIC_PRECOMPRESSED", "STATIC_VERSIONED"})
"""Settings that make :mod:`flask.http.precompressed` serve static files."""


def max_age_setting(config: t.Mapping[str, t.Any]) -> int | None:
    """Return ``SEND_FILE_MAX_AGE_DEFAULT`` in seconds, or ``None`` to revalidate each time."""
    value: t.Any = config["SEND_FILE_MAX_AGE_DEFAULT"]
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    seconds: int | None = value
    return seconds


def open_in(folder: str, resource: str, mode: str, encoding: str | None) -> t.IO[t.AnyStr]:
    """Open a file in a folder for reading. The default encoding of text files is UTF-8.

    :raises ValueError: for a mode that writes.
    """
    if mode not in {"r", "rt", "rb"}:
        raise ValueError(
            f"Resources can only be opened for reading, by mode 'r' or 'rb', not {mode!r}."
        )
    path = os.path.join(folder, resource)
    return open(path, mode, encoding=None if mode == "rb" else encoding)


class CommandsOnDemand:
    """Makes the command group of an application or a blueprint when it is first accessed."""

    # PERF: importing Click and the command line takes a tenth of the time that an import of this
    # package takes, and a process that serves requests needs neither.

    commands: t.ClassVar[dict[str, t.Any]] = {}
    """The commands before the first access: none."""

    def __get__(self, instance: t.Any, owner: type) -> t.Any:
        """Return the group, or this object if the class is asked."""
        if instance is None:
            return self
        own = vars(instance)
        group = own.get("cli", self)
        if group is self:
            from .cli import AppGroup

            group = own["cli"] = AppGroup(instance.name)
        return group

    def __set__(self, instance: t.Any, group: t.Any) -> None:
        """Put a group in the place of the one that would be made."""
        vars(instance)["cli"] = group

    @staticmethod
    def reserve(instance: t.Any) -> None:
        """Let ``vars`` of an instance have the attribute's name, as if the group was made."""
        declared = getattr(type(instance), "cli", None)
        if isinstance(declared, CommandsOnDemand):
            vars(instance)["cli"] = declared


class Blueprint(BlueprintWebsockets, SansioBlueprint):
    __doc__ = SansioBlueprint.__doc__

    if t.TYPE_CHECKING:
        cli: AppGroup
    else:
        cli = CommandsOnDemand()
    """The blueprint's commands, available to ``flask`` once the blueprint is registered."""

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, t.Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = UNSET,
    ) -> None:
        super().__init__(
            name,
            import_name,
            cli_group=cli_group,
            root_path=root_path,
            static_folder=static_folder,
            static_url_path=static_url_path,
            subdomain=subdomain,
            template_folder=template_folder,
            url_defaults=url_defaults,
            url_prefix=url_prefix,
        )
        CommandsOnDemand.reserve(self)

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return the number of seconds that clients may cache a static file without asking again.

        ``None`` makes them revalidate each time. The default is the current application's
        ``SEND_FILE_MAX_AGE_DEFAULT`` for every file.
        """
        return max_age_setting(current_app.config)

    def send_static_file(self, filename: str) -> Response:
        """Return a response with a file from the static folder.

        :raises RuntimeError: if there is no such folder.
        """
        folder = self.static_folder
        if folder is None:
            raise RuntimeError(f"{self!r} has no 'static_folder' to serve files from.")
        max_age = self.get_send_file_max_age(filename)
        if not STATIC_OPTIONS.isdisjoint(current_app.config):
            from .http.precompressed import send_static  # PERF: most applications don't ask for it

            return send_static(folder, filename, max_age)
        return send_from_directory(folder, filename, max_age=max_age)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> t.IO[t.AnyStr]:
        """Open a file below the root path for reading.

        :raises ValueError: for a mode that writes.
        """
        return open_in(self.root_path, resource, mode, encoding)


def __getattr__(name: str) -> t.Any:
    if name == "AppGroup":  # PERF: see CommandsOnDemand
        from . import cli

        return cli.AppGroup
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
