"""The extension: an application's OpenAPI document and documentation page, at their URLs."""

from __future__ import annotations

import hashlib
import threading
import typing as t
from collections.abc import Callable, Mapping, Sequence

import msgspec
from werkzeug.exceptions import NotFound

from ..globals import current_app, request
from ..params.views import compile_view
from .commands import openapi_command
from .document import build_document
from .metadata import operation
from .pages import Page, find_page
from .scope import EXTENSION, Scope
from .settings import Settings

if t.TYPE_CHECKING:
    from ..sansio.app import App
    from ..sansio.blueprints import Blueprint, BlueprintSetupState
    from ..wrappers import Response

Json = dict[str, t.Any]


class OpenAPI:
    """The OpenAPI 3.1 document of an application, served with a documentation page.

    .. code-block:: python

        app = Flask(__name__)
        OpenAPI(app, title="Shop", version="1.0")

    :param app: an application, or a blueprint to describe only its views. Without it, call
        :meth:`init_app` later.
    :param title: the name of the API.
    :param version: the version of the API, not of OpenAPI.
    :param summary: one line about the API.
    :param description: Markdown about the API.
    :param contact: ``name``, ``url`` and ``email``.
    :param license: ``name`` and ``identifier`` or ``url``.
    :param servers: server objects; by default the one that the document came from.
    :param tags: descriptions of tags by name, in the order in which they are shown.
    :param security_schemes: security scheme objects by name.
    :param security: names of schemes that operations need unless they say otherwise.
    :param webhooks: typed functions by name, which describe requests that the API sends.
    :param document_url: the path of the document; ``None`` doesn't serve it.
    :param docs_url: the path of the documentation page; ``None`` doesn't serve it.
    :param page: ``"own"``, or ``"swagger-ui"`` with the extra of that name installed.
    :param include_untyped: list views without declared parameters or result, too.
    :param name: the endpoint of the document, from which the page's are derived.
    :param extra: members of the document that are added as they are.
    """

    def __init__(
        self,
        app: App | Blueprint | None = None,
        *,
        title: str = "API",
        version: str = "1.0",
        summary: str | None = None,
        description: str | None = None,
        contact: Mapping[str, str] | None = None,
        license: Mapping[str, str] | None = None,
        servers: Sequence[Mapping[str, t.Any]] = (),
        tags: Mapping[str, str] | None = None,
        security_schemes: Mapping[str, Mapping[str, t.Any]] | None = None,
        security: Sequence[t.Any] = (),
        webhooks: Mapping[str, Callable[..., t.Any]] | None = None,
        document_url: str | None = "/openapi.json",
        docs_url: str | None = "/docs",
        page: t.Literal["own", "swagger-ui"] = "own",
        include_untyped: bool = False,
        name: str = "openapi",
        extra: Mapping[str, t.Any] | None = None,
    ) -> None:
        self.settings = Settings(
            title=title,
            version=version,
            summary=summary,
            description=description,
            contact=contact,
            license=license,
            servers=servers,
            tags=tags or {},
            security_schemes=security_schemes or {},
            security=security,
            webhooks={key: compile_view(view) for key, view in (webhooks or {}).items()},
            include_untyped=include_untyped,
            extra=extra or {},
        )
        self.document_url = document_url
        self.docs_url = docs_url
        self.name = name
        self._page: Page | None = None if docs_url is None else find_page(page)
        self._lock = threading.Lock()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: App | Blueprint) -> None:
        """Declare the URLs of document and page, and the ``flask openapi`` command.

        Call it for a blueprint before the blueprint is registered.
        """
        if hasattr(app, "url_map"):
            self._attach(t.cast("App", app), "")
        else:
            t.cast(t.Any, app).record(self._attach_registered)
        self._declare(app)

    def document(self, app: App, prefix: str = "", root: str | None = None) -> Json:
        """Return the document, as data for JSON.

        :param prefix: the beginning of the endpoints that are described.
        :param root: the path where the application is mounted.
        """
        return build_document(self.settings, app, prefix, root)

    def _attach_registered(self, state: BlueprintSetupState) -> None:
        self._attach(state.app, f"{state.name_prefix}.{state.name}.".lstrip("."))

    def _attach(self, app: App, prefix: str) -> None:
        app.extensions.setdefault(EXTENSION, []).append(Scope(self, prefix))
        for endpoint, view in list(app.view_functions.items()):
            # Registered before `flask.params` was imported, which only its result can be.
            app.view_functions[endpoint] = compile_view(view)
        cli = getattr(app, "cli", None)
        if cli is not None and openapi_command.name not in cli.commands:
            cli.add_command(openapi_command)

    def _declare(self, app: App | Blueprint) -> None:
        if self.document_url is not None:
            app.add_url_rule(self.document_url, self.name, self._view(self._serve_document))
        if self.docs_url is not None:
            url, endpoint = self.docs_url.rstrip("/"), f"{self.name}_docs"
            app.add_url_rule(self.docs_url, endpoint, self._view(self._serve_page))
            asset = f"{self.name}_asset"
            app.add_url_rule(f"{url}/<name>", asset, self._view(self._serve_asset))

    def _view(self, method: Callable[..., Response]) -> Callable[..., Response]:
        def serve(**kwargs: t.Any) -> t.Any:
            return method(**kwargs)

        return operation(hidden=True)(serve)

    # Serving

    def _scope(self) -> Scope:
        here = f"{request.blueprint}." if request.blueprint else ""
        scopes: list[Scope] = current_app.extensions[EXTENSION]
        return next(it for it in scopes if it.openapi is self and it.prefix == here)

    def _serve_document(self) -> Response:
        return self._respond("document", "application/json", self._render_document)

    def _serve_page(self) -> Response:
        page = t.cast(Page, self._page)
        response = self._respond("page", "text/html; charset=utf-8", self._render_page)
        response.headers["Content-Security-Policy"] = page.policy(self.settings.servers)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _serve_asset(self, name: str) -> Response:
        asset = t.cast(Page, self._page).asset(name)
        if asset is None:
            raise NotFound
        return self._conditional(asset.body, asset.content_type)

    def _render_document(self, scope: Scope, root: str) -> bytes:
        return msgspec.json.encode(self.document(current_app, scope.prefix, root or None))

    def _render_page(self, scope: Scope, root: str) -> bytes:
        document = self.document(current_app, scope.prefix, root or None)
        before = "." if scope.prefix else ""
        urls = {
            "document": None
            if self.document_url is None
            else current_app.url_for(before + self.name),
            "assets": current_app.url_for(f"{before}{self.name}_asset", name="").rstrip("/"),
        }
        return t.cast(Page, self._page).render(document, urls).encode()

    def _respond(
        self, what: str, content_type: str, render: Callable[[Scope, str], bytes]
    ) -> Response:
        scope = self._scope()
        root = request.root_path
        with self._lock:
            body = scope.kept(what, root, lambda: render(scope, root))
        return self._conditional(body, content_type)

    def _conditional(self, body: bytes, content_type: str) -> Response:
        response = current_app.response_class(body, content_type=content_type)
        response.set_etag(hashlib.sha256(body).hexdigest()[:32])
        response.headers["Cache-Control"] = "no-cache"
        return t.cast("Response", response.make_conditional(request.environ))
