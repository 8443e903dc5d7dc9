"""The laboratory a scenario runs in: clean surroundings, and eyes on everything observable.

A scenario is a function of one argument, the :class:`Lab`, and perhaps one more, the
parameter of its family.  What it answers, the events it noted, log records, warnings and a
context left behind make up its observation.  Nothing here knows which implementation of
``flask`` is installed.
"""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import gc
import importlib
import itertools
import logging
import os
import pkgutil
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import werkzeug.serving
import werkzeug.test

import flask
import flask.signals

from . import normalise
from . import scenarios as scenario_package

Scenario = Callable[["Lab"], Any]
# The directories of all scenarios; each is made when something is put into it.
BASE = Path(tempfile.mkdtemp(prefix="scenarios-")).resolve()
atexit.register(shutil.rmtree, BASE, ignore_errors=True)
NUMBERS = itertools.count()
REGISTRY: dict[str, Scenario] = {}
SIGNALS = (
    "template_rendered",
    "before_render_template",
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_tearing_down",
    "appcontext_pushed",
    "appcontext_popped",
    "message_flashed",
)


def topic_of(function: Callable[..., Any]) -> str:
    return function.__module__.rpartition(".")[2]


def register(identity: str, function: Scenario) -> None:
    if identity in REGISTRY:
        raise ValueError(f"two scenarios are called {identity}")
    REGISTRY[identity] = function


def scenario(function: Scenario) -> Scenario:
    """Register a function as the scenario ``topic.name``."""
    register(f"{topic_of(function)}.{function.__name__}", function)
    return function


def family(
    *plain: Any, **members: Any
) -> Callable[[Callable[[Lab, Any], Any]], Callable[[Lab, Any], Any]]:
    """Register one scenario for each member: ``topic.name[member]``."""
    named = {str(member): member for member in plain} | members

    def decorate(function: Callable[[Lab, Any], Any]) -> Callable[[Lab, Any], Any]:
        for key, value in named.items():

            def bound(lab: Lab, value: Any = value) -> Any:
                return function(lab, value)

            register(f"{topic_of(function)}.{function.__name__}[{key}]", bound)
        return function

    return decorate


class LogKeeper(logging.Handler):
    """Keep who said what how loudly; wording only where the scenario itself wrote it."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self.lab = lab

    def emit(self, record: logging.LogRecord) -> None:
        # "hipflask" has hints for developers, which the original does not give.
        if record.name.startswith(("asyncio", "concurrent", "hipflask")):
            return
        line = f"{record.name} {record.levelname}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f" {type(record.exc_info[1]).__name__}"
        message = record.getMessage()
        if message.startswith("t:"):
            line += f" {message}"
        self.lab.logs.append(line)
        self.lab.messages.append(message)


class Lab:
    """What a scenario works with."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.events: list[Any] = []
        self.logs: list[str] = []
        self.messages: list[str] = []
        self.exit = contextlib.ExitStack()
        self.normal = normalise.Normaliser()
        self.normal.add_place(os.getcwd(), "<cwd>")
        self.wrote = False
        self._place = BASE / f"scenario{next(NUMBERS)}"
        self.normal.add_place(self._place, "<tmp>")

    # surroundings

    @property
    def tmp(self) -> Path:
        """A directory of this scenario's own, shown as ``<tmp>``."""
        if not self.wrote:
            self.wrote = True
            self._place.mkdir()
            self.exit.callback(shutil.rmtree, self._place, ignore_errors=True)
        return self._place

    def file(self, name: str, content: str | bytes = "", mtime: int = 1_600_000_000) -> Path:
        """Write a file below :attr:`tmp` with a fixed modification time."""
        path = self.tmp / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (mtime, mtime))
        return path

    def chdir(self, path: Path | str) -> None:
        self.exit.callback(os.chdir, os.getcwd())
        os.chdir(path)

    def importable(self, path: Path | None = None) -> None:
        """Put a directory first on the import path; its modules are forgotten afterwards."""
        place = str(path or self.tmp)
        sys.path.insert(0, place)
        importlib.invalidate_caches()

    def freeze(self, moment: float | None = None) -> None:
        """Make ``time.time`` answer one moment (the present one), so that signatures repeat."""
        fixed = time.time() if moment is None else moment
        self.patch(time, "time", lambda: fixed)

    def patch(self, owner: Any, name: str, value: Any) -> Any:
        """Set an attribute for the length of the scenario; answers the old value."""
        before = getattr(owner, name, None)
        if name in vars(owner):
            self.exit.callback(setattr, owner, name, vars(owner)[name])
        else:
            self.exit.callback(delattr, owner, name)
        setattr(owner, name, value)
        return before

    def patch_run_simple(self, value: Any) -> None:
        """Put something in the place of the development server, whoever imported it."""
        original = werkzeug.serving.run_simple
        for module in [sys.modules[name] for name in list(sys.modules)]:
            if getattr(module, "__dict__", {}).get("run_simple") is original:
                self.patch(module, "run_simple", value)

    def app(self, name: str = "shop", /, **options: Any) -> flask.Flask:
        """Make a plain application, rooted in :attr:`tmp`; capitals go to its config."""
        config = {key: options.pop(key) for key in list(options) if key.isupper()}
        options.setdefault("root_path", str(self._place))
        made = options.pop("cls", flask.Flask)(name, **options)
        made.config.update(config)
        return made

    # eyes

    def say(self, *event: Any) -> None:
        """Note an event; the order of events is part of the observation."""
        self.events.append(list(event) if len(event) > 1 else event[0])

    def state(self) -> str:
        """Tell which contexts are active right now."""
        return f"app={flask.has_app_context():d} request={flask.has_request_context():d}"

    def watch(self, app: flask.Flask, *names: str) -> None:
        """Note every signal (or those named) with its sender and the names it carries."""
        for name in names or SIGNALS:
            signal = getattr(flask.signals, name)

            def receive(sender: Any, _name: str = name, **values: Any) -> None:
                who = "app" if sender is app else type(sender).__name__
                self.say("signal", _name, who, sorted(values))

            self.exit.enter_context(signal.connected_to(receive))

    def raises(self, function: Callable[..., Any], *args: Any, words: int = 0, **kw: Any) -> Any:
        """Call, and answer the exception's facts, or the value under ``returned``."""
        try:
            value = function(*args, **kw)
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, MemoryError)):
                raise
            return normalise.exception_facts(error, words)
        return {"returned": value if _observable(value) else f"<{type(value).__name__}>"}

    def facts(self, error: BaseException) -> dict[str, Any]:
        """Answer an exception's facts, as :meth:`raises` does."""
        return normalise.exception_facts(error)

    def see(self, response: Any, raw: bool = False) -> dict[str, Any]:
        """Put down a response: status line, headers, body, and the redirects before it."""
        pairs = list(response.headers)
        seen: dict[str, Any] = {
            "status": response.status,
            "headers": [f"{k}: {v}" for k, v in pairs] if raw else normalise.headers(pairs),
        }
        data = response.get_data()
        if data:
            seen["body"] = normalise.body(data)
        history = getattr(response, "history", ())
        if history:
            seen["history"] = [f"{item.status} {item.headers.get('Location')}" for item in history]
        return seen

    def hit(self, target: Any, path: str = "/", *, raw: bool = False, **options: Any) -> Any:
        """Send one request to an application or a client, and see the answer.

        The path may begin with a method (``"POST /things"``); ``cookie`` is sent to an
        application as it stands.  An exception that reaches the caller is answered by its
        facts.
        """
        if "cookie" in options:
            options["headers"] = {"Cookie": options.pop("cookie")}
            # A client with a cookie jar overwrites the header.
            target = target.test_client(use_cookies=False)
        if " " in path:
            options["method"], _, path = path.partition(" ")
        client = target.test_client() if hasattr(target, "test_client") else target
        try:
            response = client.open(path, **options)
        except Exception as error:
            return normalise.exception_facts(error)
        try:
            return self.see(response, raw=raw)
        finally:
            response.close()

    def hits(self, target: Any, *paths: str, **options: Any) -> dict[str, Any]:
        """See the answers to several requests by their paths."""
        return {path: self.hit(target, path, **options) for path in paths}

    def brief(self, target: Any, path: str = "/", **options: Any) -> str:
        """See only status code and body, as one line."""
        seen = self.hit(target, path, **options)
        if "raised" in seen:
            return f"raised {seen['raised']}"
        text = seen.get("body", "")
        if text.startswith("<!doctype html>"):
            text = "<page>"
        return f"{seen['status'].split()[0]} {text}".rstrip()

    def briefs(self, target: Any, *paths: str, **options: Any) -> dict[str, str]:
        """See status code and body of several requests by their paths."""
        return {path: self.brief(target, path, **options) for path in paths}

    def code(self, target: Any, path: str = "/", **options: Any) -> str:
        """See only the status and where a redirect leads; for pages of others' wording."""
        seen = self.hit(target, path, **options)
        if "raised" in seen:
            return f"raised {seen['raised']}"
        where = [h for h in seen["headers"] if h.startswith("Location")]
        return " ".join([seen["status"].split()[0], *where])

    def codes(self, target: Any, *paths: str, **options: Any) -> dict[str, str]:
        return {path: self.code(target, path, **options) for path in paths}

    def wsgi(self, app: Any, environ: dict[str, Any], read: int | None = None) -> dict[str, Any]:
        """Call the application as a server does, noting each step between the two.

        With ``read``, only so many chunks are taken before the body is closed.
        """
        answer: dict[str, Any] = {}

        def start_response(status: str, pairs: Any, exc_info: Any = None) -> Callable[..., Any]:
            self.say("start_response", status)
            answer.update(status=status, headers=normalise.headers(pairs))
            return lambda data: None

        chunks: list[bytes] = []
        try:
            iterable = app(environ, start_response)
            try:
                for number, chunk in enumerate(iterable):
                    self.say("chunk", chunk.decode("latin-1"))
                    chunks.append(chunk)
                    if read is not None and number + 1 >= read:
                        break
            finally:
                self.say("closing", self.state())
                if hasattr(iterable, "close"):
                    iterable.close()
                self.say("closed", self.state())
        except Exception as error:
            answer["raised"] = normalise.exception_name(error)
        answer["chunks"] = [normalise.body(chunk) for chunk in chunks]
        return answer


def _observable(value: Any) -> bool:
    return value is None or isinstance(value, (str, bytes, int, float, list, tuple, dict))


# running


def load(topics: Iterable[str] = ()) -> dict[str, Scenario]:
    """Import the scenario modules (all, or those named) and answer their scenarios."""
    names = [module.name for module in pkgutil.iter_modules(scenario_package.__path__)]
    wanted = list(topics) or names
    for name in wanted:
        if name not in names:
            raise ValueError(f"there is no topic {name!r}; there are {', '.join(names)}")
        importlib.import_module(f"{scenario_package.__name__}.{name}")
    return {key: run for key, run in REGISTRY.items() if key.partition(".")[0] in wanted}


def topics() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(scenario_package.__path__)]


@contextlib.contextmanager
def clean_surroundings(lab: Lab) -> Iterator[None]:
    """Give a scenario its own logging, environment, modules and paths, and take them away."""
    root = logging.getLogger()
    loggers = root.manager.loggerDict
    for name in [name for name in loggers if name.partition(".")[0] == "shop"]:
        _forget_logger(name)  # of an application in another test
    known_loggers, known_modules = set(loggers), set(sys.modules)
    kept = root.handlers[:], root.level, dict(os.environ), sys.path[:], sys.argv[:], os.getcwd()
    for key in [key for key in os.environ if key.startswith("FLASK_")]:
        del os.environ[key]
    root.handlers[:] = [LogKeeper(lab)]
    root.setLevel(logging.WARNING)
    # Werkzeug's client makes multipart boundaries, whose length shows, of these two.
    lab.patch(werkzeug.test, "time", lambda: 0)
    lab.patch(werkzeug.test, "random", lambda: 0.5)
    # One dictionary for all applications, as long as nobody gives his own.
    options = dict(flask.Flask.jinja_options)
    lab.exit.callback(flask.Flask.jinja_options.update, options)
    lab.exit.callback(flask.Flask.jinja_options.clear)
    try:
        yield
    finally:
        os.chdir(kept[5])
        lab.exit.close()
        root.handlers[:] = kept[0]
        root.setLevel(kept[1])
        os.environ.clear()
        os.environ.update(kept[2])
        sys.path[:], sys.argv[:] = kept[3], kept[4]
        for name in set(loggers) - known_loggers:
            _forget_logger(name)
        _forget_modules(lab, known_modules)


def _forget_logger(name: str) -> None:
    logger = logging.getLogger(name)  # in place of a placeholder, too
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True
    del logging.Logger.manager.loggerDict[name]


def _forget_modules(lab: Lab, known: set[str]) -> None:
    if not lab.wrote:
        return
    for name in set(sys.modules) - known:
        module = sys.modules[name]
        origin = getattr(module, "__file__", None) or str(list(getattr(module, "__path__", [""])))
        if str(lab._place) in origin:
            del sys.modules[name]


def observe(
    identity: str, run: Scenario, prepare: Callable[[Lab], None] | None = None
) -> dict[str, Any]:
    """Run one scenario in an empty context and answer all that was observed of it.

    ``prepare`` changes the surroundings first; see :mod:`.variants`.
    """
    lab = Lab(identity)
    answer: dict[str, Any] = {}
    context = contextvars.Context()

    def inside() -> None:
        try:
            answer["saw"] = run(lab)
        except Exception as error:
            answer["raised"] = normalise.exception_name(error)
            if os.environ.get("DIFFERENTIAL_TRACE"):
                raise
        if flask.has_app_context() or flask.has_request_context():
            answer["left behind"] = lab.state()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with clean_surroundings(lab):
            if prepare is not None:
                prepare(lab)
            context.run(inside)
            if identity.endswith("[open_text]"):
                gc.collect()  # its files are behind an exception, which may be in a cycle
            answer["events"] = lab.events
            answer["logs"] = lab.logs
            answer["warnings"] = [
                item.category.__name__
                for item in caught
                if not issubclass(item.category, (ResourceWarning, PendingDeprecationWarning))
            ]
            return {
                key: lab.normal(value) for key, value in answer.items() if value or key == "saw"
            }
