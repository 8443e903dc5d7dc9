"""The command line: how an application is found, options, commands, the environment."""

from __future__ import annotations

import os
import sys
import types

import click
import werkzeug.serving
import werkzeug.test
from click.testing import CliRunner

import flask
from flask.cli import (
    NoAppException,
    ScriptInfo,
    find_app_by_string,
    find_best_app,
    locate_app,
    prepare_import,
)

from ..harness import Lab, family, scenario

APP = """
import click, flask
app = flask.Flask(__name__)
@app.cli.command("who")
def who():
    made = flask.current_app.config.get("MADE", "plain")
    click.echo(f"t: {flask.current_app.import_name} {made} {flask.current_app.debug}")
"""
FACTORY = """
import click, flask
def create_app(*args, **kwargs):
    app = flask.Flask("factory")
    app.config["MADE"] = f"{args} {sorted(kwargs.items())}"
    @app.cli.command("who")
    def who():
        made = flask.current_app.config["MADE"]
        click.echo(f"t: {flask.current_app.import_name} {made} {flask.current_app.debug}")
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
    except Exception as error:
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
        "import flask\napp = flask.Flask('app')\napplication = flask.Flask('application')\n"
        "other = flask.Flask('other')\nnumber = 5\n"
        "def build(a='default', b=None): return flask.Flask(f'{a!r} {b!r}')\n"
        "def needs(a): return flask.Flask('needs')\n"
        "def raises(): raise LookupError('inside')\n"
        "class holder: app = app\n",
        module.__dict__,
    )
    try:
        return find_app_by_string(module, text).name
    except Exception as error:
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
    except Exception as error:
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
