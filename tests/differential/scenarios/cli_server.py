"""The commands `run` and `routes`."""

from __future__ import annotations

import os

import werkzeug.serving
import werkzeug.test
from click.testing import CliRunner

import flask

from ..harness import Lab, family, scenario
from .cli import APP, invoke, several


def running(lab: Lab, *arguments: str, text: str = APP):
    several(lab)
    lab.file("runs.py", text)

    def fake(host, port, application, **options):
        answer = []
        client = werkzeug.test.Client(application)
        try:
            answer.append(client.get("/").status_code)
        except Exception as error:
            answer.append(type(error).__name__)
        lab.say(
            "run_simple",
            host,
            port,
            {
                k: v if isinstance(v, (str, int, list, tuple, type(None))) else type(v).__name__
                for k, v in options.items()
            },
            answer,
        )

    lab.patch_run_simple(fake)
    seen = invoke(lab, *arguments)
    return [seen, os.environ.get("FLASK_RUN_FROM_CLI"), os.environ.get("WERKZEUG_RUN_MAIN")]


CERT = ("--cert", "cert.pem")
RUNS = {
    "plain": [],
    "host": ["--host", "0.0.0.0"],
    "short_host": ["-h", "::1"],
    "port": ["--port", "8080"],
    "short_port": ["-p", "0"],
    "port_bad": ["-p", "x"],
    "port_empty": ["-p", ""],
    "reload": ["--reload"],
    "no_reload": ["--no-reload"],
    "debugger": ["--debugger"],
    "no_debugger": ["--no-debugger"],
    "without_threads": ["--without-threads"],
    "with_threads": ["--with-threads"],
    "debug": ["--debug"],
    "no_debug": ["--no-debug"],
    "debug_no_reload": ["--debug", "--no-reload"],
    "extra": ["--extra-files", f"a{os.pathsep}b"],
    "extra_one": ["--extra-files", "a"],
    "exclude": ["--exclude-patterns", f"*/x{os.pathsep}y*"],
    "extra_twice": ["--extra-files", "a", "--extra-files", "b"],
    "key_alone": ["--key", "key.pem"],
    "cert_missing": ["--cert", "none.pem"],
    "cert_without_key": [*CERT],
    "cert_and_key": [*CERT, "--key", "key.pem"],
    "key_then_cert": ["--key", "key.pem", *CERT],
    "adhoc": ["--cert", "adhoc"],
    "adhoc_upper": ["--cert", "ADHOC"],
    "adhoc_key": ["--cert", "adhoc", "--key", "key.pem"],
    "context": ["--cert", "certmod:context"],
    "context_module": ["--cert", "certmod"],
    "context_key": ["--cert", "certmod.context", "--key", "key.pem"],
    "context_dotted": ["--cert", "certmod.context"],
    "unknown": ["--nonsense"],
    "argument": ["extra"],
    "everything": [
        "-h",
        "h",
        "-p",
        "1",
        "--reload",
        "--debugger",
        "--without-threads",
        "--extra-files",
        "x",
        "--exclude-patterns",
        "y",
    ],
}


@family(**RUNS)
def run(lab: Lab, arguments):
    lab.file("cert.pem", "c")
    lab.file("key.pem", "k")
    lab.importable()
    lab.file("certmod.py", "import ssl\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n")
    return running(lab, "--app", "runs", "run", *arguments)


@family(
    "import_error",
    "no_app",
    "factory_error",
    "missing",
    "import_error_reload",
    "missing_reload",
    "no_app_reload",
)
def run_with_a_broken_app(lab: Lab, kind):
    text = {
        "import_error": "import nonsense_module_name",
        "no_app": "",
        "factory_error": "def create_app(): raise ValueError('x')",
    }.get(kind.removesuffix("_reload"), "")
    name = "nothing_here" if kind.startswith("missing") else "runs"
    return running(
        lab, "--app", name, "run", *(["--reload"] if kind.endswith("reload") else []), text=text
    )


@family("import_error", "no_app", "factory_error", "missing", "syntax")
def run_with_a_broken_app_in_the_reloaders_child(lab: Lab, kind):
    """There the server starts all the same, and the error shows in the browser."""
    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    text = {
        "import_error": "import nonsense_module_name",
        "no_app": "",
        "factory_error": "def create_app(): raise ValueError('x')",
        "syntax": "def (",
    }.get(kind, "")
    return running(
        lab, "--app", "nothing_here" if kind == "missing" else "runs", "run", "--reload", text=text
    )


@scenario
def run_options_from_the_environment(lab: Lab):
    os.environ.update(
        {
            "FLASK_RUN_PORT": "7777",
            "FLASK_RUN_HOST": "envhost",
            "FLASK_RUN_RELOAD": "1",
            "FLASK_RUN_DEBUGGER": "0",
            "FLASK_RUN_EXTRA_FILES": "e1",
            "FLASK_RUN_WITH_THREADS": "0",
        }
    )
    return running(lab, "--app", "runs", "run")


@scenario
def run_ignores_app_run_calls_in_the_module(lab: Lab):
    return running(lab, "--app", "runs", "run", text=APP + "\napp.run()\n")


@scenario
def app_run_inside_a_command(lab: Lab):
    return running(
        lab,
        "--app",
        "runs",
        "go",
        text=APP + "\n@app.cli.command('go')\ndef go(): app.run(port=5)\n",
    )


@scenario
def server_name_is_not_used_by_the_command(lab: Lab):
    return running(
        lab, "--app", "runs", "run", text=APP + "\napp.config['SERVER_NAME'] = 'x.example:99'\n"
    )


@scenario
def unknown_host_and_debug_from_the_environment(lab: Lab):
    os.environ["FLASK_DEBUG"] = "1"
    return running(lab, "--app", "runs", "run", "-p", "5")


# routes


ROUTES = (
    APP
    + """
from flask import Blueprint
app.add_url_rule("/", "index", lambda: "", methods=["GET", "POST"])
app.add_url_rule("/zebra/<int:n>", "a_zebra", lambda n: "")
app.add_url_rule("/apple", "z_apple", lambda: "", methods=["DELETE", "PUT"])
bp = Blueprint("bp", __name__, url_prefix="/bp")
bp.add_url_rule("/x", "x", lambda: "")
app.register_blueprint(bp)
"""
)
HOSTS = """
import flask
app = flask.Flask(__name__, host_matching=True, static_host="static.example")
app.add_url_rule("/", "one", lambda: "", host="one.example")
app.add_url_rule("/", "two", lambda: "", host="two.example")
"""
SUBDOMAINS = """
import flask
app = flask.Flask(__name__, subdomain_matching=True)
app.config["SERVER_NAME"] = "s.example"
app.add_url_rule("/", "one", lambda: "", subdomain="one")
app.add_url_rule("/", "bare", lambda: "")
"""
EMPTY = "import flask\napp = flask.Flask(__name__, static_folder=None)\n"
TABLES = {
    "plain": (ROUTES, []),
    "sort_rule": (ROUTES, ["--sort", "rule"]),
    "sort_methods": (ROUTES, ["-s", "methods"]),
    "sort_match": (ROUTES, ["-s", "match"]),
    "sort_endpoint": (ROUTES, ["-s", "endpoint"]),
    "sort_domain": (ROUTES, ["-s", "domain"]),
    "sort_bad": (ROUTES, ["-s", "colour"]),
    "all_methods": (ROUTES, ["--all-methods"]),
    "hosts": (HOSTS, []),
    "hosts_by_domain": (HOSTS, ["-s", "domain"]),
    "subdomains": (SUBDOMAINS, []),
    "subdomains_by_domain": (SUBDOMAINS, ["-s", "domain"]),
    "subdomains_by_rule": (SUBDOMAINS, ["-s", "rule"]),
    "empty": (EMPTY, []),
    "argument": (ROUTES, ["x"]),
    "subdomain_rule_without_matching": (SUBDOMAINS.replace(", subdomain_matching=True", ""), []),
}


@family(**TABLES)
def routes(lab: Lab, case):
    text, arguments = case
    lab.file("table.py", text)
    lab.chdir(lab.tmp)
    result = CliRunner().invoke(
        flask.cli.cli, ["--app", "table", "routes", *arguments], prog_name="flask"
    )
    rows = [
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in result.output.splitlines()
    ]
    if result.exit_code:
        return result.exit_code
    if len(rows) == 1:
        return "one line, no table"
    return [result.exit_code, rows[0], [set(cell) == {"-"} for cell in rows[1]], rows[2:]]


# commands of one's own
