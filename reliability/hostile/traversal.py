"""Files: no path that a client can write leads out of the folder that is served."""

from __future__ import annotations

import tempfile
import typing as t
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import unquote

import flask
from flask import Flask

from . import target
from .caller import Twins, environ_of
from .case import Tally, case

SECRET = b"not to be served"
PUBLIC = b"to be served"

UP = [
    "..",
    "%2e%2e",
    "%2e.",
    ".%2e",
    "%252e%252e",
    "%c0%ae%c0%ae",
    "%e0%80%ae",
    "..;",
    "....",
    "\uff0e\uff0e",
]
UP += [
    ".. ",
    "..%00",
    "..%20",
    ".%00.",
    "%uff0e%uff0e",
    ".\\.",
    "..\\",
    "..%5c",
    "%2e%2e%5c",
    "..%255c",
]
SLASHES = [
    "/",
    "//",
    "%2f",
    "%252f",
    "\\",
    "%5c",
    "%255c",
    "%c0%af",
    "/./",
    "%00/",
    "\u2215",
    "\uff0f",
]
OUTSIDE = ["secret.txt", "app.py", "files2/secret.txt"]

ABSOLUTE = ["/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "\\etc\\passwd", "file:///etc/passwd"]
ABSOLUTE += [
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "C:secret.txt",
    "\\\\host\\share\\x",
    "~root",
]
ABSOLUTE += ["/proc/self/environ", "%00/etc/passwd", "public.txt/../../secret.txt", "\\\\?\\C:\\x"]

DEVICES = [
    "CON",
    "PRN",
    "AUX",
    "NUL",
    "COM1",
    "COM9",
    "LPT1",
    "CONIN$",
    "CONOUT$",
    "CLOCK$",
    "COM¹",
]
DEVICE_FORMS = ["{}", "{}.txt", "{}:", "sub/{}", "{} ", "{}.", "{}.tar.gz", "{}::$DATA", "./{}"]

ODD = ["public.txt%00", "public.txt%00.html", "%00public.txt", "public.txt/", "public.txt/.", "sub"]
ODD += ["sub/", "", ".", "./", "/", "public.txt::$DATA", "PUBLIC~1.TXT", "public.txt%20", "%ff%fe"]
ODD += [
    "a" * 300,
    "a/" * 2000,
    "x" * 5000,
    "link/../../secret.txt",
    "linked/../secret.txt",
    "\ud800",
]
ODD += ["missing/../public.txt", "sub/../public.txt", "sub/../../files/public.txt"]
ODD += ["%2e", "%2e/", "%", "%2", "%zz", "*", "?", "public.tx?", "%0d%0a", "pub\nlic.txt"]


def _wanted() -> Iterator[str]:
    """Yield what is asked for below a folder."""
    for up, slash, times, name in product(UP, SLASHES, (1, 2, 5), OUTSIDE):
        yield (up + slash) * times + name
        yield "sub" + slash + (up + slash) * (times + 1) + name
    yield from ABSOLUTE
    yield from ODD
    for form, device in product(DEVICE_FORMS, DEVICES):
        yield form.format(device)
        yield form.format(device.lower())


def _lay_out(folder: Path) -> None:
    root = folder / "app"
    for name in ("static", "files", "files2"):
        (root / name / "sub").mkdir(parents=True)
        (root / name / "public.txt").write_bytes(PUBLIC)
        (root / name / "sub" / "public.txt").write_bytes(PUBLIC)
        (root / name / "linked").symlink_to(folder / "outside", target_is_directory=True)
    (folder / "outside").mkdir()
    for place in (folder, root, root / "files2"):
        (place / "secret.txt").write_bytes(SECRET)
    (root / "app.py").write_bytes(SECRET)


def _serving(root: Path) -> t.Callable[[type[Flask]], Flask]:
    def make(app_class: type[Flask]) -> Flask:
        app = target.make(app_class, root)

        @app.route("/files/<path:name>")
        def file(name: str) -> flask.Response:
            return flask.send_from_directory("files", name)

        @app.route("/saved/<path:name>")
        def attachment(name: str) -> flask.Response:
            return flask.send_from_directory("files", name, as_attachment=True)

        @app.route("/asked")
        def asked() -> flask.Response:
            return flask.send_from_directory("files", flask.request.args["name"])

        return app

    return make


@case(
    "traversal",
    "static files and send_from_directory: dots and slashes plain, encoded once and twice,"
    " overlong, backslashes, NUL, absolute paths, Windows devices; nothing outside is served",
)
def traversal(tally: Tally) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _lay_out(folder)
        twins = Twins(_serving(folder / "app"))
        served = twins.ask(Tally(), environ_of("/static/public.txt"))
        tally.expect(served.body == PUBLIC, "what may be served was not", "/static/public.txt")
        for wanted in tally.some(_wanted()):
            # A server unquotes once; the other form is for one that does not.
            for form in {wanted, unquote(wanted, errors="surrogateescape")}:
                for place in ("/static/", "/files/", "/saved/"):
                    _ask(tally, twins, place + form)
                _ask_by_query(tally, twins, form)


def _ask(tally: Tally, twins: Twins, path: str) -> None:
    raw = path.encode("utf-8", "surrogatepass" if "\ud800" in path else "surrogateescape")
    environ = environ_of(PATH_INFO=raw.decode("latin-1"))
    answer = twins.ask(tally, environ)
    _judge(tally, answer.body, answer.status, path)


def _ask_by_query(tally: Tally, twins: Twins, name: str) -> None:
    query = "".join(f"%{byte:02x}" for byte in name.encode("utf-8", "replace"))
    answer = twins.ask(tally, environ_of("/asked", QUERY_STRING=f"name={query}"))
    _judge(tally, answer.body, answer.status, name)


def _judge(tally: Tally, body: bytes, status: int, path: str) -> None:
    tally.expect(
        SECRET not in body and (status != 200 or body == PUBLIC),
        "a file from outside was served",
        path,
    )


@case(
    "symlinks",
    "a link out of a served folder serves what it points to, as whoever made it must have wanted,"
    " and no path goes on from there",
)
def symlinks(tally: Tally) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _lay_out(folder)
        (folder / "outside" / "shared.txt").write_bytes(PUBLIC)
        twins = Twins(_serving(folder / "app"))
        for place, up, slash in product(("/static/", "/files/", "/saved/"), UP, SLASHES):
            for raw in (f"linked{slash}{up}{slash}secret.txt", f"linked{slash}{up}{slash}app.py"):
                for form in {raw, unquote(raw, errors="surrogateescape")}:
                    _ask(tally, twins, place + form)
            shared = twins.ask(tally, environ_of(f"{place}linked/shared.txt"))
            tally.expect(shared.body == PUBLIC, "a link was not followed", place)
