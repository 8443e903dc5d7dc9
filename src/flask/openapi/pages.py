"""Pages that show the document to people: this package's own, or Swagger UI."""

from __future__ import annotations

import importlib
import mimetypes
import pathlib
import typing as t
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .examples import example_of
from .prose import to_html
from .reading import ReadableDocument

Json = t.Mapping[str, t.Any]

_FOLDER = pathlib.Path(__file__).with_name("page")


class Asset(t.NamedTuple):
    """A file that a page loads."""

    body: bytes
    content_type: str


class Page(t.Protocol):
    """A page that shows a document."""

    def render(self, document: Json, urls: t.Mapping[str, str | None]) -> str:
        """Return the HTML.

        :param urls: ``document``, the document's, and ``assets``, the folder's of the assets.
        """
        ...

    def asset(self, name: str) -> Asset | None:
        """Return a file that the page loads; ``None`` if it has none of that name."""
        ...

    def policy(self, servers: t.Sequence[Json]) -> str:
        """Return the content security policy that the page works under."""
        ...


def find_page(name: str) -> Page:
    """Return a page by its name.

    :raises RuntimeError: if the extra that it needs is not installed.
    """
    if name == "own":
        return OwnPage()
    if name == "swagger-ui":
        return SwaggerPage()
    raise ValueError(f"There is no page {name!r}: use 'own' or 'swagger-ui'.")


class OwnPage:
    """The page of this package. Readable without scripts, which only send requests."""

    def __init__(self) -> None:
        self._environment: Environment | None = None

    def render(self, document: Json, urls: t.Mapping[str, str | None]) -> str:
        environment = self._environment or self._make_environment()
        readable = ReadableDocument(document)
        return environment.get_template("docs.html").render(
            doc=readable, components=readable.schemas, urls=urls
        )

    def _make_environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["prose"] = to_html
        environment.globals["example_of"] = example_of
        self._environment = environment
        return environment

    def asset(self, name: str) -> Asset | None:
        if name not in ("docs.css", "docs.js"):
            return None
        return _read(_FOLDER / name)

    def policy(self, servers: t.Sequence[Json]) -> str:
        return _policy(servers, style="'self'")


class SwaggerPage:
    """Swagger UI, from the package of the extra ``swagger-ui``."""

    _SCRIPTS = ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js")

    def __init__(self) -> None:
        try:
            package: t.Any = importlib.import_module("swagger_ui_bundle")
        except ImportError:
            raise RuntimeError(
                "The page 'swagger-ui' needs the package swagger-ui-bundle: install"
                " 'flask[swagger-ui]'."
            ) from None
        self._folder = pathlib.Path(
            getattr(package, "swagger_ui_path", None) or package.swagger_ui_3_path
        )

    def render(self, document: Json, urls: t.Mapping[str, str | None]) -> str:
        environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True)
        return environment.get_template("swagger.html").render(
            title=document["info"]["title"], urls=urls, scripts=self._SCRIPTS
        )

    def asset(self, name: str) -> Asset | None:
        if name == "swagger-start.js":
            return _read(_FOLDER / name)
        if name not in (*self._SCRIPTS, "swagger-ui.css", "favicon-32x32.png"):
            return None
        path = self._folder / name
        return _read(path) if path.is_file() else None

    def policy(self, servers: t.Sequence[Json]) -> str:
        return _policy(
            servers, style="'self' 'unsafe-inline'"
        )  # its elements have style attributes


def _policy(servers: t.Sequence[Json], style: str) -> str:
    origins = {"'self'"}
    for server in servers:
        parts = urlsplit(server.get("url", ""))
        if parts.scheme in ("http", "https") and parts.netloc:
            origins.add(f"{parts.scheme}://{parts.netloc}")
    return (
        f"default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:;"
        f" connect-src {' '.join(sorted(origins))}; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )


def _read(path: pathlib.Path) -> Asset:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith("javascript"):
        kind += "; charset=utf-8"
    return Asset(path.read_bytes(), kind)
