"""flask run: what it hands to the server, its certificate options, and broken applications."""

from __future__ import annotations

import os
import ssl
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from testkit import processes
from werkzeug.test import run_wsgi_app

import flask.cli
from flask import Flask
from flask.cli import (
    CertParamType,
    FlaskGroup,
    NoAppException,
    SeparatedPathType,
    cli,
    show_server_banner,
)

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
Server = list[tuple[tuple[Any, ...], dict[str, Any]]]

APP = Flask("shop")


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """Note how the server would be started, instead of starting it."""
    calls: Server = []
    monkeypatch.setattr(flask.cli, "run_simple", lambda *args, **kw: calls.append((args, kw)))
    return calls


@pytest.fixture
def started(run: Run, server: Server) -> Callable[..., dict[str, Any]]:
    """Run ``flask run`` with more words, and answer what the server would have got."""

    def start(*words: str, before: tuple[str, ...] = (), **options: Any) -> dict[str, Any]:
        group = FlaskGroup(create_app=lambda: APP)
        result = run(*before, "run", *words, group=group, **options)
        assert result.exit_code == 0, result.stderr
        ((host, port, app), keywords) = server.pop()
        return {"host": host, "port": port, "app": app, **keywords}

    return start


Started = Callable[..., dict[str, Any]]


def test_defaults(started: Started) -> None:
    assert started() == {
        "host": "127.0.0.1",
        "port": 5000,
        "app": APP,
        "use_reloader": False,
        "use_debugger": False,
        "threaded": True,
        "ssl_context": None,
        "extra_files": None,
        "exclude_patterns": None,
    }


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["-h", "::1", "-p", "81", "--without-threads"], {}),
        (["--host", "::1", "--port", "81", "--without-threads"], {}),
        ([], {"FLASK_RUN_HOST": "::1", "FLASK_RUN_PORT": "81", "FLASK_RUN_WITH_THREADS": "0"}),
        (
            ["-h", "::1", "-p81"],
            {"FLASK_RUN_HOST": "no", "FLASK_RUN_PORT": "8", "FLASK_RUN_WITH_THREADS": "no"},
        ),
    ],
)
def test_options_and_their_variables(
    started: Started, words: list[str], env: dict[str, str]
) -> None:
    got = started(*words, env=env)
    assert (got["host"], got["port"], got["threaded"]) == ("::1", 81, False)


@pytest.mark.parametrize(
    ("before", "words", "env", "reloader", "debugger"),
    [
        ((), [], {}, False, False),
        ((), ["--debug"], {}, True, True),
        (("--debug",), [], {}, True, True),
        ((), [], {"FLASK_DEBUG": "1"}, True, True),
        ((), [], {"FLASK_RUN_DEBUG": "1"}, True, True),
        (("--debug",), ["--no-debug"], {}, False, False),
        ((), ["--debug", "--no-reload"], {}, False, True),
        ((), ["--debug", "--no-debugger"], {}, True, False),
        ((), ["--reload"], {}, True, False),
        ((), ["--debugger"], {}, False, True),
    ],
)
def test_reloader_and_debugger_follow_debug_mode(
    started: Started,
    before: tuple[str, ...],
    words: list[str],
    env: dict[str, str],
    reloader: bool,
    debugger: bool,
) -> None:
    got = started(*words, before=before, env=env)
    assert (got["use_reloader"], got["use_debugger"]) == (reloader, debugger)


def test_debug_option_reaches_the_app(started: Started) -> None:
    started("--debug")
    assert APP.debug is True
    assert os.environ["FLASK_DEBUG"] == "1"
    started("--no-debug")
    assert APP.debug is False


def test_lists_of_paths(started: Started) -> None:
    files = os.pathsep.join(["a.toml", "folder/b.toml"])
    got = started("--extra-files", files, "--exclude-patterns", "*.log")
    assert got["extra_files"] == ["a.toml", "folder/b.toml"]
    assert got["exclude_patterns"] == ["*.log"]
    got = started(env={"FLASK_RUN_EXTRA_FILES": files})
    assert got["extra_files"] == ["a.toml", "folder/b.toml"]


def test_each_path_of_a_list_is_checked(write: Write) -> None:
    write("there", "")
    kind = SeparatedPathType(exists=True)
    assert kind.convert("there", None, None) == ["there"]
    with pytest.raises(click.BadParameter, match="missing"):
        kind.convert(os.pathsep.join(["there", "missing"]), None, None)


@pytest.mark.parametrize("words", [["-p", "x"], ["--port", ""], ["extra"], ["--nonsense"]])
def test_wrong_options(run: Run, server: Server, words: list[str]) -> None:
    result = run("run", *words, group=FlaskGroup(create_app=lambda: APP))
    assert result.exit_code == 2
    assert server == []


# Certificates


@pytest.fixture
def pems(write: Write) -> tuple[str, str]:
    """Write files where a certificate and its key are expected."""
    return str(write("cert.pem", "")), str(write("key.pem", ""))


def test_certificate_in_files(started: Started, pems: tuple[str, str]) -> None:
    assert started("--cert", "cert.pem", "--key", "key.pem")["ssl_context"] == pems
    assert started("--key", "key.pem", "--cert", "cert.pem")["ssl_context"] == pems
    env = {"FLASK_RUN_CERT": "cert.pem", "FLASK_RUN_KEY": "key.pem"}
    assert started(env=env)["ssl_context"] == pems


@pytest.mark.parametrize("word", ["adhoc", "ADHOC"])
def test_certificate_made_on_the_spot(started: Started, word: str) -> None:
    assert started("--cert", word)["ssl_context"] == "adhoc"


@pytest.mark.parametrize("name", ["secure:context", "secure.context"])
def test_certificate_by_import_name(
    started: Started, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write("secure.py", "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n")
    monkeypatch.syspath_prepend(str(project))
    assert isinstance(started("--cert", name)["ssl_context"], ssl.SSLContext)


@pytest.mark.usefixtures("pems")
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--cert", "cert.pem"], "--key"),
        (["--key", "key.pem"], "--cert"),
        (["--cert", "adhoc", "--key", "key.pem"], "--cert"),
        (["--cert", "secure.context", "--key", "key.pem"], "--cert"),
        (["--cert", "missing.pem"], "missing.pem"),
        (["--cert", "missing.pem", "--key", "key.pem"], "missing.pem"),
        (["--cert", "cert.pem", "--key", "missing.pem"], "missing.pem"),
        (["--cert", "."], "SSLContext"),
        (["--cert", ""], "SSLContext"),
        (["--cert", "secure.number"], "SSLContext"),
        (["--cert", "secure.missing"], "SSLContext"),
    ],
)
def test_certificates_that_do_not_fit(
    run: Run,
    server: Server,
    write: Write,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    hint: str,
) -> None:
    write(
        "secure.py",
        "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\nnumber = 3\n",
    )
    monkeypatch.syspath_prepend(str(project))
    result = run("run", *words, group=FlaskGroup(create_app=lambda: APP))
    assert result.exit_code == 2
    assert hint in result.stderr
    assert server == []


@pytest.mark.usefixtures("pems")
@pytest.mark.parametrize(
    ("module", "words"),
    [("cryptography", ["adhoc"]), ("ssl", ["adhoc"]), ("ssl", ["cert.pem", "--key", "key.pem"])],
)
def test_certificates_without_what_they_need(
    run: Run, monkeypatch: pytest.MonkeyPatch, module: str, words: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    result = run("run", "--cert", *words, group=FlaskGroup(create_app=lambda: APP))
    assert result.exit_code == 2
    assert f"'{module}'" in result.stderr


def test_certificate_type_alone(pems: tuple[str, str]) -> None:
    kind = CertParamType()
    assert kind.name == "path"
    assert kind.convert("cert.pem", None, None) == pems[0]
    with pytest.raises(click.BadParameter):
        kind.convert("missing.pem", None, None)


# The banner


@pytest.mark.parametrize(
    ("debug", "path", "lines", "parts"),
    [
        (True, "shop", 2, ["'shop'", "on"]),
        (False, "shop:app", 2, ["'shop:app'", "off"]),
        (None, "shop", 1, ["'shop'"]),
        (True, None, 1, ["on"]),
        (None, None, 0, []),
    ],
)
def test_banner(
    capsys: pytest.CaptureFixture[str],
    debug: bool | None,
    path: str | None,
    lines: int,
    parts: list[str],
) -> None:
    show_server_banner(debug, path)
    out, err = capsys.readouterr()
    assert err == ""
    assert len(out.splitlines()) == lines
    for part in parts:
        assert part in out


def test_banner_is_not_repeated_by_the_reloader(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    show_server_banner(True, "shop")
    assert capsys.readouterr().out == ""


def test_banner_can_be_replaced(run: Run, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    write("shop.py", "from flask import Flask\napp = Flask('shop')\n")
    shown = []
    monkeypatch.setattr(flask.cli, "show_server_banner", lambda *args: shown.append(args))
    assert run("--app", "shop", "run").output == ""
    assert shown == [(False, "shop")]


# Applications that fail to load


@pytest.fixture
def broken(write: Write) -> None:
    write("divides.py", "ratio = 1 / 0\n")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("words", [[], ["--debug"], ["--reload"]])
def test_broken_app_does_not_start(run: Run, server: Server, words: list[str]) -> None:
    assert isinstance(run("--app", "divides", "run", *words).exception, ZeroDivisionError)
    result = run("--app", "missing", "run", *words)
    assert result.exit_code == 2
    assert "Could not import 'missing'" in result.stderr
    assert server == []


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("name", "error", "shown"),
    [
        ("divides", ZeroDivisionError, "divides.py"),
        ("missing", NoAppException, "Could not import 'missing'"),
    ],
)
def test_broken_app_in_the_reloader_raises_at_each_request(
    run: Run,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: type[Exception],
    shown: str,
) -> None:
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    result = run("--app", name, "run", "--debug")
    assert result.exit_code == 0
    assert shown in result.stderr
    assert result.stdout == ""
    ((_, _, app), keywords) = server.pop()
    assert keywords["use_reloader"] is True
    lengths = set()
    for _ in range(3):
        with pytest.raises(error) as caught:
            run_wsgi_app(app, {})
        lengths.add(len(caught.traceback))
    assert len(lengths) == 1


# The real server


def test_served_app_answers(write: Write, project: Path) -> None:
    write(
        "shop.py",
        "from flask import Flask\napp = Flask('shop')\n"
        "@app.get('/')\ndef index():\n    return 'welcome'\n",
    )
    # Port 0 lets the system choose.
    words = [sys.executable, "-m", "flask", "--app", "shop", "run", "--port", "0"]
    with processes.started(words, project / "log", cwd=project) as group:
        url = f"http://127.0.0.1:{group.listening_port()}"
        with urllib.request.urlopen(url, timeout=10) as response:
            assert response.read() == b"welcome"
    assert "'shop'" in group.log
    assert "Debug mode: off" in group.log


def test_run_is_a_command_of_the_program() -> None:
    assert cli.commands["run"].params[0].name == "debug"
