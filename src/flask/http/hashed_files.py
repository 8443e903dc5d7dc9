"""Static files under names with the hash of their content, for ``STATIC_HASHED``.

``url_for("static", filename="app.css")`` then gives ``/static/app.3f2a9c1b7d4e.css``, and the view
of static files answers that name with ``app.css``.  There is nothing to build or copy: the hash is
computed when a file is first linked.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import typing as t
import weakref

from werkzeug.security import safe_join

LARGEST = 64 * 1024 * 1024
"""The most bytes of a file that is given a name with a hash."""

_MAX_KEPT = 1024
_DIGITS = 12
_match_hashed = re.compile(rf"(.+)\.([0-9a-f]{{{_DIGITS}}})(\.[^./]+)").fullmatch
_split_suffix = re.compile(r"(.*[^/])(\.[^./]+)").fullmatch

_digests: dict[str, tuple[float, int, str]] = {}
"""The hashes of files by their path, with the time and the size that they had."""

_places: dict[tuple[str, str], tuple[str, str, str]] = {}
"""By directory and name with a hash: the name without, the path of the file, and the hash."""


def digest_of(file_path: str) -> str | None:
    """Return the hash of a file's content, computed anew when its time or size changes.

    ``None`` if there is no such file, or it is larger than :data:`LARGEST`.
    """
    try:
        found = os.stat(file_path)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return None
        kept = _digests.get(file_path)
        if kept is None or kept[:2] != (found.st_mtime, found.st_size):
            with open(file_path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]
            if len(_digests) >= _MAX_KEPT:
                _digests.clear()
            kept = _digests[file_path] = found.st_mtime, found.st_size, digest
    except (OSError, ValueError):
        return None
    return kept[2]


def hashed_name(directory: str, filename: str) -> str:
    """Return the name of a file with the hash of its content before the suffix.

    The name as it is, if there is no such file or it has no suffix.
    """
    split = _split_suffix(filename)
    file_path = None if split is None else safe_join(directory, filename)
    digest = None if file_path is None else digest_of(file_path)
    return filename if split is None or digest is None else f"{split[1]}.{digest}{split[2]}"


def file_of(directory: str, filename: str) -> tuple[str, bool]:
    """Return the file that a name stands for, and whether the name has the hash of its content.

    A name with the hash of another content, as pages linked before a deployment have, stands for
    the file as it is now.
    """
    place = directory, filename
    kept = _places.get(place)
    if kept is not None and digest_of(kept[1]) == kept[2]:
        return kept[0], True
    hashed = _match_hashed(filename)
    if hashed is None:
        return filename, False
    plain = hashed[1] + hashed[3]
    file_path = safe_join(directory, plain)
    digest = None if file_path is None else digest_of(file_path)
    if file_path is not None and digest is not None and digest == hashed[2]:
        if len(_places) >= _MAX_KEPT:
            _places.clear()
        _places[place] = plain, file_path, digest
        return plain, True
    as_it_is = safe_join(directory, filename)
    is_other_file = digest is None or (as_it_is is not None and os.path.isfile(as_it_is))
    return (filename, False) if is_other_file else (plain, False)


def static_folder_of(app: t.Any, endpoint: str) -> str | None:
    """Return the folder of the static files that an endpoint answers, if it is one of those."""
    if endpoint == "static":
        return t.cast("str | None", app.static_folder)
    name, _, view = endpoint.rpartition(".")
    blueprint = app.blueprints.get(name) if view == "static" else None
    return None if blueprint is None else t.cast("str | None", blueprint.static_folder)


def with_hash(app: t.Any, endpoint: str, values: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the values for a URL of a static file, with the hash in the file's name."""
    filename = values.get("filename")
    folder = static_folder_of(app, endpoint) if type(filename) is str else None
    if folder is None or not app.config.get("STATIC_HASHED"):
        return values
    return {**values, "filename": hashed_name(folder, t.cast(str, filename))}


class HashedBuilder:
    """Builds the paths of static files, for :meth:`flask.Flask.url_for`.

    :param build: makes a path of the values.
    """

    def __init__(self, app: t.Any, endpoint: str, build: t.Callable[..., str | None]) -> None:
        self._app = weakref.ref(app)
        self._endpoint = endpoint
        self._build = build
        self._paths: dict[str, str] = {}

    def __call__(self, values: dict[str, t.Any]) -> str | None:
        """Return the path for the values; ``None``: ask Werkzeug's adapter."""
        app = self._app()
        filename = values.get("filename")
        if app is None or type(filename) is not str or len(values) != 1:
            return None
        # PERF: outside of debug mode, files are those of one deployment: each is looked at once.
        path = None if app.debug else self._paths.get(filename)
        if path is None:
            hashed = with_hash(app, self._endpoint, values)
            path = self._build(hashed)
            if path is not None and hashed["filename"] != filename and not app.debug:
                if len(self._paths) >= _MAX_KEPT:
                    self._paths.clear()
                self._paths[filename] = path
        return path
