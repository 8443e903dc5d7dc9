"""The command line: how an application is found, options, commands, the environment."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import types

import click
import werkzeug.serving
import werkzeug.test
from click.testing import CliRunner

import flask
from flask.cli import (
    AppGroup,
    FlaskGroup,
    NoAppException,
    ScriptInfo,
    find_app_by_string,
    find_best_app,
    load_dotenv,
    locate_app,
    pass_script_info,
    prepare_import,
    with_appcontext,
)

from ..harness import Lab, family, scenario

APP = """
import click, flask
app = flask.Flask(__name__)
@app.cli.command("who")
def who():
    click.echo(f"t: {flask.current_app.import_name} {flask.current_app.config.get('MADE', 'plain')} {flask.current_app.debug}")
"""
FACTORY = """
import click, flask
def create_app(*args, **kwargs):
    app = flask.Flask("factory")
    app.config["MADE"] = f"{args} {sorted(kwargs.items())}"
    @app.cli.command("who")
    def who():
        click.echo(f"t: {flask.current_app.import_name} {flask.current_app.config['MADE']} {flask.current_app.debug}")
    return app
"""


def invoke(lab: Lab, *arguments: str, cli=None, **options):
    """Run the command line here and tell what came of it, but for its wording."""
    lab.chdir(lab.tmp)
    if werkzeug.serving.run_simple.__module__ == "werkzeug.serving":
        lab.patch_run_simple(lambda *args, **kw: lab.say("the server would run"))
    result = CliRunner().invoke(cli or flask.cli.cli, list(arguments), prog_name="flask", **options)
    said = [line for line in result.output.splitlines() if line.startswith("t:")]
    failure = (
        None
        if isinstance(result.exception, (SystemExit, type(None)))
        else type(result.exception).__name__
    )
    return [result.exit_code, said, failure]


FILES = {
    "app_py": {"app.py": APP},
    "wsgi_py": {"wsgi.py": APP},
    "both": {"app.py": FACTORY, "wsgi.py": APP},
    "nothing": {},
    "app_factory": {"app.py": FACTORY},
    "app_package": {"app/__init__.py": APP},
    "wsgi_package": {"wsgi/__init__.py": FACTORY},
    "app_empty": {"app.py": ""},
    "app_broken": {"app.py": "import nonsense_module_name"},
    "app_syntax": {"app.py": "def ("},
    "app_raises": {"app.py": "raise RuntimeError('broken')"},
    "wsgi_broken_app_fine": {"wsgi.py": "import nonsense_module_name", "app.py": APP},
    "other": {"other.py": APP},
}


@family(**FILES)
def found_by_default(lab: Lab, files):
    for name, text in files.items():
        lab.file(name, text)
    return invoke(lab, "who")


MODULES = {
    "app": "import flask\napp = flask.Flask('a')\nother = flask.Flask('b')\n",
    "application": "import flask\napplication = flask.Flask('a')\nother = flask.Flask('b')\n",
    "both_names": "import flask\napplication = flask.Flask('a')\napp = flask.Flask('b')\n",
    "one_other_name": "import flask\nmyapp = flask.Flask('a')\n",
    "two_others": "import flask\none = flask.Flask('a')\ntwo = flask.Flask('b')\n",
    "same_twice": "import flask\none = flask.Flask('a')\ntwo = one\n",
    "create_app": "import flask\ndef create_app(): return flask.Flask('made')\n",
    "make_app": "import flask\ndef make_app(): return flask.Flask('made')\n",
    "other_factory": "import flask\ndef build(): return flask.Flask('made')\n",
    "both_factories": """\
import flask
def make_app(): return flask.Flask('make')
def create_app(): return flask.Flask('create')
""",
    "app_and_factory": """\
import flask
x = flask.Flask('inst')
def create_app(): return flask.Flask('made')
""",
    "factory_default": "import flask\ndef create_app(a=1): return flask.Flask(f'made{a}')\n",
    "factory_needs": "import flask\ndef create_app(a): return flask.Flask('made')\n",
    "factory_none": "def create_app(): pass\n",
    "factory_wrong": "def create_app(): return 5\n",
    "factory_raises": "def create_app(): raise ValueError('x')\n",
    "factory_type_error": "def create_app(): raise TypeError('x')\n",
    "factory_inner_type_error": "def inner(a): pass\ndef create_app(): inner()\n",
    "factory_star": "import flask\ndef create_app(*a, **k): return flask.Flask('star')\n",
    "factory_keyword_only": "import flask\ndef create_app(*, a): return flask.Flask('k')\n",
    "app_not_flask": "app = 5\n",
    "app_is_factory": "import flask\ndef app(): return flask.Flask('called')\n",
    "subclass": "import flask\nclass F(flask.Flask): pass\nthing = F('sub')\n",
    "nothing": "",
    "lazy": """\
from werkzeug.local import LocalProxy
import flask
_a = flask.Flask('proxied')
app = LocalProxy(lambda: _a)
""",
    "factory_class": """\
import flask
class create_app(flask.Flask):
    def __init__(self): super().__init__('class')
""",
    "factory_partial": """\
import flask, functools
create_app = functools.partial(flask.Flask, 'partial')
""",
    "factory_async": "async def create_app(): pass\n",
}


@family(**MODULES)
def best_app_of_a_module(lab: Lab, text):
    module = types.ModuleType("best")
    exec(text, module.__dict__)
    try:
        return find_best_app(module).name
    except Exception:
        return lab.facts(error)


STRINGS = (
    "app",
    "application",
    "other",
    "none",
    "build",
    "build()",
    "build('x')",
    "build('x', b=2)",
    "build(name)",
    "build(1 + 1)",
    "build(",
    "build)",
    "app.config",
    "holder.app",
    "5",
    "",
    "build(*[1])",
    "build(**{})",
    "build('x', 'y', 'z')",
    "number",
    "app()",
    "build(b={'k': [1, (2,)]})",
    "app = 1",
    "lambda: app",
    "import os",
    "build(nothing='x')",
    "build(b=True, a=None)",
    "holder",
    "build.attribute",
    "needs",
    "needs()",
    "raises()",
    " app ",
    "app;app",
    "build(-1)",
    "build(b'x')",
)


@family(*STRINGS)
def app_by_string(lab: Lab, text):
    module = types.ModuleType("strings")
    exec(
        "import flask\napp = flask.Flask('app')\napplication = flask.Flask('application')\nother = flask.Flask('other')\nnumber = 5\n"
        "def build(a='default', b=None): return flask.Flask(f'{a!r} {b!r}')\n"
        "def needs(a): return flask.Flask('needs')\n"
        "def raises(): raise LookupError('inside')\n"
        "class holder: app = app\n",
        module.__dict__,
    )
    try:
        return find_app_by_string(module, text).name
    except Exception:
        return lab.facts(error)


APPS = {
    "module": "shop",
    "file": "shop.py",
    "attribute": "shop:app",
    "factory": "fact:create_app",
    "factory_called": "fact:create_app()",
    "factory_argument": "fact:create_app('x', y=2)",
    "factory_file": "fact.py:create_app('x')",
    "package": "pack",
    "package_module": "pack.web",
    "package_dir": "pack/",
    "package_dir_no_slash": "./pack",
    "deep_file": "deep/shop2.py",
    "init_file": "pack/__init__.py",
    "absolute": "ABS/shop.py:app",
    "missing": "nothing_here",
    "missing_file": "nothing.py",
    "missing_attribute": "shop:none",
    "broken": "broken",
    "broken_inside": "inside",
    "spaces": " shop : app ",
    "empty": "",
    "colon_only": ":",
    "colon_start": ":app",
    "colon_end": "shop:",
    "two_colons": "shop:app:x",
    "not_python": "data.txt",
    "directory_missing": "none/",
    "windows": "shop\\x",
    "raises": "raising",
    "syntax": "synt",
}


def several(lab: Lab):
    lab.file("shop.py", APP)
    lab.file("fact.py", FACTORY)
    lab.file("pack/__init__.py", APP)
    lab.file("pack/web.py", APP)
    lab.file("deep/shop2.py", APP)
    lab.file("broken.py", "import nonsense_module_name\n")
    lab.file("inside.py", "import broken\n")
    lab.file("raising.py", "raise KeyError('planned')\n")
    lab.file("synt.py", "def (\n")
    lab.file("data.txt", "data")


@family(**APPS)
def app_option(lab: Lab, value):
    several(lab)
    return invoke(lab, "--app", value.replace("ABS", str(lab.tmp)), "who")


@family(
    "module", "file", "factory_argument", "missing", "broken", "empty", "spaces", "package_module"
)
def app_from_the_environment(lab: Lab, name):
    several(lab)
    os.environ["FLASK_APP"] = APPS[name]
    return invoke(lab, "who")


@scenario
def app_option_before_the_environment(lab: Lab):
    several(lab)
    os.environ["FLASK_APP"] = "nothing_here"
    return [
        invoke(lab, "--app", "shop", "who"),
        invoke(lab, "-A", "pack", "who"),
        os.environ.get("FLASK_APP"),
    ]


@scenario
def short_and_equal_forms(lab: Lab):
    several(lab)
    return [
        invoke(lab, *arguments)
        for arguments in (
            ("-Ashop", "who"),
            ("--app=shop", "who"),
            ("who", "--app", "shop"),
            ("--app", "shop"),
            ("--app",),
            ("--app", "shop", "nothing"),
        )
    ]


PREPARED = {
    "module": "shop",
    "file": "shop.py",
    "package": "pack",
    "in_package": "pack/web.py",
    "init": "pack/__init__.py",
    "deep": "deep/shop2.py",
    "no_such": "none",
    "no_such_py": "none.py",
    "directory": "deep",
}


@family(**PREPARED)
def prepare_import_of(lab: Lab, path):
    several(lab)
    before = sys.path[:]
    name = prepare_import(str(lab.tmp / path))
    return [name, [p for p in sys.path if p not in before], sys.path[0]]


LOCATED = {
    "module": ("shop", None, True),
    "string": ("fact", "create_app('a')", True),
    "missing": ("none_at_all", None, True),
    "missing_quiet": ("none_at_all", None, False),
    "broken": ("broken", None, True),
    "broken_quiet": ("broken", None, False),
    "inside_quiet": ("inside", None, False),
    "wrong": ("shop", "none", True),
}


@family(**LOCATED)
def locating(lab: Lab, case):
    several(lab)
    lab.importable()
    module, name, loud = case
    try:
        found = locate_app(module, name, raise_if_not_found=loud)
        return found and found.import_name
    except Exception:
        return lab.facts(error)


@scenario
def no_app_exception(lab: Lab):
    return [issubclass(NoAppException, click.UsageError), NoAppException("x").exit_code]


SCRIPT = {
    "path": {"app_import_path": "shop"},
    "path_string": {"app_import_path": "fact:create_app('s')"},
    "create": {"create_app": lambda: flask.Flask("made by function")},
    "nothing": {},
    "missing": {"app_import_path": "none_at_all"},
    "create_none": {"create_app": lambda: None},
    "both": {"app_import_path": "shop", "create_app": lambda: flask.Flask("function wins")},
    "no_debug": {"create_app": lambda: flask.Flask("nodebug"), "set_debug_flag": False},
}


@family(**SCRIPT)
def script_info(lab: Lab, options):
    several(lab)
    lab.chdir(lab.tmp)
    os.environ["FLASK_DEBUG"] = "1"
    info = ScriptInfo(**options)

    def use():
        app = info.load_app()
        return [app.import_name, app is info.load_app(), app.debug]

    return [
        lab.raises(use),
        info.app_import_path,
        info.data,
        getattr(info, "load_dotenv_defaults", None),
    ]


@scenario
def script_info_sets_debug(lab: Lab):
    seen = []
    for value in ("0", "1"):
        os.environ["FLASK_DEBUG"] = value
        for flag in (True, False):
            os.environ["FLASK_DEBUG"] = "1" if value == "0" else "0"
            app = flask.Flask("y")
            os.environ["FLASK_DEBUG"] = value
            seen.append(
                [
                    value,
                    flag,
                    ScriptInfo(create_app=lambda app=app: app, set_debug_flag=flag)
                    .load_app()
                    .debug,
                ]
            )
    return seen


@family("debug", "no_debug", "neither", "env", "env_and_flag", "env_and_no_flag")
def debug_option(lab: Lab, kind):
    several(lab)
    if "env" in kind:
        os.environ["FLASK_DEBUG"] = "1"
    flags = {
        "debug": ["--debug"],
        "no_debug": ["--no-debug"],
        "env_and_flag": ["--debug"],
        "env_and_no_flag": ["--no-debug"],
    }.get(kind, [])
    return [
        invoke(lab, "--app", "shop", *flags, "who"),
        invoke(lab, *flags, "--app", "shop", "who"),
    ]


@scenario
def config_debug_of_the_app_against_the_flag(lab: Lab):
    lab.file("dbg.py", APP + "\napp.debug = True\n")
    return [invoke(lab, "--app", "dbg", "who"), invoke(lab, "--app", "dbg", "--no-debug", "who")]


DOTENV = {
    "both": {".env": "A=env\nB=env\n", ".flaskenv": "A=flaskenv\nC=flaskenv\n"},
    "env": {".env": "A=env\n"},
    "flaskenv": {".flaskenv": "A=flaskenv\n"},
    "nothing": {},
    "app": {".env": "FLASK_APP=shop\n"},
    "app_flaskenv": {".flaskenv": "FLASK_APP=shop\n", ".env": "FLASK_DEBUG=1\n"},
    "expansion": {".env": "A=one\nB=${A}two\n"},
    "unicode": {".env": "A=\u00fc\u2603\n"},
}


@family(**DOTENV)
def dotenv_files(lab: Lab, files):
    several(lab)
    for name, text in files.items():
        lab.file(name, text)
    lab.chdir(lab.tmp)
    os.environ["C"] = "from the environment"
    seen = invoke(lab, *([] if "FLASK_APP" in str(files) else ["--app", "shop"]), "who")
    return [seen, {key: os.environ.get(key) for key in "ABC"}, os.environ.get("FLASK_APP")]


@family("set", "zero", "true", "false", "empty")
def skipping_dotenv(lab: Lab, kind):
    several(lab)
    lab.file(".env", "A=env\n")
    os.environ["FLASK_SKIP_DOTENV"] = {
        "set": "1",
        "zero": "0",
        "true": "true",
        "false": "false",
        "empty": "",
    }[kind]
    return [
        invoke(lab, "--app", "shop", "who"),
        os.environ.get("A"),
        flask.helpers.get_load_dotenv(),
    ]


ENV_FILES = {
    "given": ["--env-file", "own.env"],
    "short": ["-e", "own.env"],
    "missing": ["-e", "none.env"],
    "before_app": ["-e", "appl.env"],
    "directory": ["-e", "."],
    "app_wins": ["--app", "shop", "-e", "appl.env"],
    "two": ["-e", "own.env", "-e", "second.env"],
}


@family(**ENV_FILES)
def env_file_option(lab: Lab, arguments):
    several(lab)
    lab.file(".env", "A=dotenv\nD=dotenv\n")
    lab.file(".flaskenv", "A=flaskenv\nE=flaskenv\n")
    lab.file("own.env", "A=own\nB=own\n")
    lab.file("second.env", "A=second\n")
    lab.file("appl.env", "FLASK_APP=pack\nFLASK_DEBUG=1\n")
    app = [] if "appl.env" in arguments else ["--app", "shop"]
    return [invoke(lab, *app, *arguments, "who"), {key: os.environ.get(key) for key in "ABDE"}]


@family("none", "path", "missing", "no_defaults", "path_no_defaults")
def load_dotenv_by_hand(lab: Lab, kind):
    lab.file(".env", "A=env\n")
    lab.file(".flaskenv", "A=flaskenv\nB=flaskenv\n")
    lab.file("own", "A=own\nC=own\n")
    lab.chdir(lab.tmp)
    arguments, options = {
        "none": ((), {}),
        "path": (("own",), {}),
        "missing": (("nothing",), {}),
        "no_defaults": ((), {"load_defaults": False}),
        "path_no_defaults": (("own",), {"load_defaults": False}),
    }[kind]
    return [
        lab.raises(load_dotenv, *arguments, **options),
        {key: os.environ.get(key) for key in "ABC"},
    ]


@scenario
def dotenv_in_a_parent_directory(lab: Lab):
    several(lab)
    lab.file(".env", "A=parent\n")
    lab.file("sub/app.py", APP)
    lab.chdir(lab.tmp / "sub")
    result = CliRunner().invoke(flask.cli.cli, ["who"], prog_name="flask")
    return [result.exit_code, os.environ.get("A"), os.getcwd()]


@scenario
def dotenv_does_not_change_the_directory(lab: Lab):
    several(lab)
    lab.file("deep/own.env", "A=1\n")
    return [invoke(lab, "--app", "shop", "-e", "deep/own.env", "who"), os.getcwd()]


# run


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


def own_commands(lab: Lab, tail: str):
    lab.file("own.py", APP + tail)
    return lambda *arguments, **options: invoke(lab, "--app", "own", *arguments, **options)


COMMANDS = {
    "context": (
        """\
@app.cli.command()
def ctx():
    click.echo(f't: {flask.has_app_context()} {flask.has_request_context()} {flask.current_app.name}')
""",
        ["ctx"],
    ),
    "without_context": (
        """\
@app.cli.command(with_appcontext=False)
def ctx():
    click.echo(f't: {flask.has_app_context()}')
""",
        ["ctx"],
    ),
    "plain_click": (
        """\
@click.command()
def ctx():
    click.echo(f't: {flask.has_app_context()}')
app.cli.add_command(ctx)
""",
        ["ctx"],
    ),
    "decorated": (
        """\
from flask.cli import with_appcontext
@click.command()
@with_appcontext
def ctx():
    click.echo(f't: {flask.current_app.name}')
app.cli.add_command(ctx)
""",
        ["ctx"],
    ),
    "group": (
        """\
from flask.cli import AppGroup
g = AppGroup('g')
@g.command('c')
@click.argument('x')
def c(x):
    click.echo(f't: {x} {flask.has_app_context()}')
app.cli.add_command(g)
""",
        ["g", "c", "arg"],
    ),
    "group_of_app": (
        """\
@app.cli.group()
def g():
    click.echo(f't: in group {flask.has_app_context()}')
@g.command()
def c():
    click.echo(f't: {flask.has_app_context()}')
""",
        ["g", "c"],
    ),
    "underscore": (
        "@app.cli.command()\ndef two_words():\n    click.echo('t: two')\n",
        ["two-words"],
    ),
    "underscore_as_written": (
        "@app.cli.command()\ndef two_words():\n    click.echo('t: two')\n",
        ["two_words"],
    ),
    "suffix": ("@app.cli.command()\ndef some_command():\n    click.echo('t: some')\n", ["some"]),
    "fails": ("@app.cli.command()\ndef bad():\n    raise LookupError\n", ["bad"]),
    "exit": ("@app.cli.command()\ndef bad():\n    raise SystemExit(4)\n", ["bad"]),
    "click_exit": (
        "@app.cli.command()\n@click.pass_context\ndef bad(ctx):\n    ctx.exit(6)\n",
        ["bad"],
    ),
    "abort": ("@app.cli.command()\ndef bad():\n    raise click.Abort\n", ["bad"]),
    "usage": ("@app.cli.command()\ndef bad():\n    raise click.UsageError('x')\n", ["bad"]),
    "overrides_run": ("@app.cli.command('run')\ndef r():\n    click.echo('t: own run')\n", ["run"]),
    "options": (
        """\
@app.cli.command()
@click.option('--n', type=int, default=3)
def o(n):
    click.echo(f't: {n!r}')
""",
        ["o", "--n", "5"],
    ),
    "option_bad": (
        "@app.cli.command()\n@click.option('--n', type=int)\ndef o(n): pass\n",
        ["o", "--n", "x"],
    ),
    "teardown": (
        """\
app.teardown_appcontext(lambda e: click.echo(f't: teardown {type(e).__name__}'))
@app.cli.command()
def td():
    click.echo('t: body')
""",
        ["td"],
    ),
    "teardown_error": (
        """\
app.teardown_appcontext(lambda e: click.echo(f't: teardown {type(e).__name__}'))
@app.cli.command()
def td():
    raise KeyError
""",
        ["td"],
    ),
    "url_for": (
        """\
app.config['SERVER_NAME'] = 's.example'
@app.cli.command()
def u():
    click.echo('t: ' + flask.url_for('static', filename='x'))
""",
        ["u"],
    ),
    "script_info": (
        """\
from flask.cli import pass_script_info
@click.command()
@pass_script_info
def s(info):
    click.echo(f't: {info.app_import_path} {info.load_app().name} {info.data}')
app.cli.add_command(s)
""",
        ["s"],
    ),
    "unknown": ("", ["no-such-command"]),
    "nested_context": (
        """\
@app.cli.command()
@click.pass_context
def outer(ctx):
    click.echo(f't: {flask.has_app_context()}')
    ctx.invoke(who)
""",
        ["outer"],
    ),
    "result": ("@app.cli.command()\ndef r():\n    return 5\n", ["r"]),
    "blueprint": (
        """\
bp = flask.Blueprint('bp', __name__)
@bp.cli.command('c')
def c():
    click.echo(f't: bp {flask.current_app.name}')
app.register_blueprint(bp)
""",
        ["bp", "c"],
    ),
}


@family(**COMMANDS)
def command(lab: Lab, case):
    tail, arguments = case
    return own_commands(lab, tail)(*arguments)


HELPS = (
    ("--help",),
    ("run", "--help"),
    ("routes", "--help"),
    ("shell", "--help"),
    ("--version",),
    (),
    ("--nonsense",),
    ("--app", "nothing_here", "--help"),
    ("--app", "own", "--help"),
    ("--help", "--app", "own"),
    ("--app", "broken", "--help"),
    ("--app", "broken", "run", "--help"),
    ("--app", "broken"),
    ("--debug",),
    ("who", "--help"),
)


@family(*(" ".join(h) or "bare" for h in HELPS))
def help_page(lab: Lab, text):
    several(lab)
    lab.file("own.py", APP)
    arguments = [] if text == "bare" else text.split()
    lab.chdir(lab.tmp)
    result = CliRunner().invoke(flask.cli.cli, arguments, prog_name="flask")
    words = {
        word
        for word in ("run", "routes", "shell", "who")
        for line in result.output.splitlines()
        if line.split()[:1] == [word]
    }
    return [
        result.exit_code,
        sorted(words),
        sorted(
            o
            for o in ("--app", "--env-file", "--debug", "--version", "--host", "--sort")
            if o in result.output
        ),
    ]


@scenario
def version_names_python_and_werkzeug(lab: Lab):
    import platform

    result = CliRunner().invoke(flask.cli.cli, ["--version"], prog_name="flask")
    return [
        result.exit_code,
        platform.python_version() in result.output,
        "Werkzeug" in result.output,
    ]


@scenario
def shell(lab: Lab):
    import code

    seen = []
    lab.patch(
        code,
        "interact",
        lambda *args, **kw: seen.append(
            [
                sorted(k for k in kw.get("local", {}) if not k.startswith("__")),
                flask.has_app_context(),
            ]
        ),
    )
    run_it = own_commands(
        lab, "\n@app.shell_context_processor\ndef extra():\n    return {'extra': 1}\n"
    )
    return [run_it("shell"), seen]


@scenario
def shell_with_a_startup_file(lab: Lab):
    import code

    startup = lab.file("startup.py", "started = 'yes'\n")
    os.environ["PYTHONSTARTUP"] = str(startup)
    seen = []
    lab.patch(
        code,
        "interact",
        lambda *args, **kw: seen.append(
            [sorted(k for k in kw["local"] if not k.startswith("__")), kw["local"].get("started")]
        ),
    )
    return [own_commands(lab, "")("shell"), seen]


@scenario
def shell_uses_the_interactive_hook(lab: Lab):
    import code

    lab.patch(code, "interact", lambda *args, **kw: lab.say("interact"))
    lab.patch(sys, "__interactivehook__", lambda: lab.say("hook"))
    return own_commands(lab, "")("shell")


# groups of one's own


@family(
    "plain",
    "no_default_commands",
    "no_version",
    "no_debug",
    "callback",
    "extra_params",
    "create_app",
    "load_dotenv_off",
)
def flask_group_of_ones_own(lab: Lab, kind):
    lab.file(".env", "GROUP_ENV=loaded\n")

    def create_app():
        app = flask.Flask("grouped")
        app.cli.command("who")(
            lambda: click.echo(f"t: {flask.current_app.name} {flask.current_app.debug}")
        )
        return app

    options = {
        "no_default_commands": {"add_default_commands": False},
        "no_version": {"add_version_option": False},
        "no_debug": {"set_debug_flag": False},
        "load_dotenv_off": {"load_dotenv": False},
        "extra_params": {"params": [click.Option(["--mine"])]},
    }.get(kind, {})
    os.environ["FLASK_DEBUG"] = "1"

    @click.group(cls=FlaskGroup, create_app=create_app, **options)
    def group(**values):
        if kind in {"callback", "extra_params"}:
            click.echo(f"t: callback {sorted(values)}")

    group_ = FlaskGroup("named", create_app=create_app) if kind == "create_app" else group
    return [
        invoke(lab, "who", cli=group_),
        invoke(lab, "--version", cli=group_)[0],
        sorted(group_.commands),
        [p.name for p in group_.params],
        os.environ.get("GROUP_ENV"),
        invoke(lab, "--app", "x", "who", cli=group_),
    ]


@scenario
def app_group_commands(lab: Lab):
    group = AppGroup("g")

    @group.command()
    def one():
        click.echo(f"t: {flask.has_app_context()}")

    @group.command("two", with_appcontext=False)
    def second():
        click.echo(f"t: {flask.has_app_context()}")

    @group.group()
    def sub():
        pass

    @sub.command()
    def three():
        click.echo(f"t: {flask.has_app_context()}")

    info = ScriptInfo(create_app=lambda: flask.Flask("x"))
    return [
        sorted(group.commands),
        type(sub).__name__,
        [invoke(lab, *a, cli=group, obj=info) for a in (["one"], ["two"], ["sub", "three"])],
    ]


@scenario
def with_appcontext_twice_and_inside(lab: Lab):
    app = flask.Flask("x")

    @click.command()
    @with_appcontext
    def command():
        click.echo(f"t: {flask.current_app.name} {flask.current_app._get_current_object() is app}")

    info = ScriptInfo(create_app=lambda: app)
    outside = invoke(lab, cli=command, obj=info)
    other = flask.Flask("other")
    with other.app_context():
        inside = invoke(lab, cli=command, obj=info)
    with app.app_context():
        same = invoke(lab, cli=command, obj=info)
    return [outside, inside, same]


@scenario
def with_appcontext_without_an_app(lab: Lab):
    @click.command()
    @with_appcontext
    def command():
        click.echo("t: ran")

    return invoke(lab, cli=command)


@scenario
def pass_script_info_decorator(lab: Lab):
    @click.command()
    @pass_script_info
    def command(info):
        click.echo(f"t: {type(info).__name__} {info.load_app().name}")

    return invoke(lab, cli=command, obj=ScriptInfo(create_app=lambda: flask.Flask("passed")))


@scenario
def entry_points_are_loaded(lab: Lab):
    lab.file(
        "plug_mod.py",
        "import click\n@click.command()\ndef plugged():\n    click.echo('t: plugged')\n",
    )
    lab.file(
        "plug_mod-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plug-mod\nVersion: 1.0\n"
    )
    lab.file(
        "plug_mod-1.0.dist-info/entry_points.txt",
        "[flask.commands]\nplugged = plug_mod:plugged\nrenamed = plug_mod:plugged\n",
    )
    several(lab)
    lab.importable()
    group = FlaskGroup("g")
    return [
        invoke(lab, *a, cli=group)
        for a in (
            ["plugged"],
            ["renamed"],
            ["--app", "shop", "plugged"],
            ["--app", "nothing_here", "plugged"],
        )
    ]


@scenario
def get_command_prefers_built_in_then_app(lab: Lab):
    several(lab)
    group = FlaskGroup("g", create_app=lambda: flask.Flask("x"))
    group.command("mine")(lambda: click.echo("t: mine"))
    return [invoke(lab, "mine", cli=group), invoke(lab, "routes", cli=group)[0]]


@scenario
def main_entry(lab: Lab):
    several(lab)
    lab.chdir(lab.tmp)
    lab.patch(sys, "argv", ["flask", "--app", "shop", "who"])
    with contextlib.redirect_stdout(io.StringIO()) as said:
        facts = lab.raises(flask.cli.main)
    return [facts, said.getvalue()]


@scenario
def environment_prefix_of_own_options(lab: Lab):
    os.environ["FLASK_OPTS_LEVEL"] = "9"
    return own_commands(
        lab,
        """\
@app.cli.command('opts')
@click.option('--level', type=int)
def opts(level):
    click.echo(f't: {level}')
""",
    )("opts")


@scenario
def cli_of_the_app_called_directly(lab: Lab):
    app = flask.Flask("direct")
    app.cli.command("c")(lambda: click.echo(f"t: {flask.has_app_context()}"))
    return [
        type(app.cli).__name__,
        app.cli.name,
        invoke(lab, "c", cli=app.cli, obj=ScriptInfo(create_app=lambda: app)),
        app.test_cli_runner().invoke(args=["c"]).output,
    ]


@scenario
def context_is_gone_after_the_command(lab: Lab):
    seen = own_commands(lab, "")("who")
    return [seen, lab.state()]
