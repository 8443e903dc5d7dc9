"""Configuration: where it comes from and what it holds."""

from __future__ import annotations

import datetime
import json
import os
import tomllib
import types

import flask
from flask.config import Config, ConfigAttribute

from ..harness import Lab, family, scenario


def upper(config, *also):
    defaults = flask.Flask("x").config
    return {
        key: value
        for key, value in sorted(config.items())
        if key not in defaults or defaults[key] != value or key in also
    }


@scenario
def defaults(lab: Lab):
    app = lab.app()
    return [
        dict(app.config),
        type(app.config).__name__,
        isinstance(app.config, dict),
        dict(app.default_config) == dict(app.config),
    ]


@scenario
def defaults_are_fresh_for_each_app(lab: Lab):
    one, two = lab.app(), lab.app()
    one.config["X"] = 1
    one.config["SESSION_COOKIE_NAME"] = "changed"
    return [
        "X" in two.config,
        two.config["SESSION_COOKIE_NAME"],
        flask.Flask.default_config["SESSION_COOKIE_NAME"],
    ]


class Base:
    DEBUG = True
    lower = 1
    _UNDER = 2
    Mixed = 3
    WITH_1 = 4


class Child(Base):
    SECRET_KEY = "child"

    @property
    def COMPUTED(self):
        return f"computed {self.WITH_1}"


OBJECTS = {
    "class": Base,
    "child": Child,
    "instance": Child(),
    "module": types.SimpleNamespace(A=1, b=2),
    "dict": {"A": 1},
    "none": None,
    "number": 5,
}


@family(**OBJECTS)
def from_object(lab: Lab, source):
    app = lab.app()
    facts = lab.raises(app.config.from_object, source)
    return [
        facts,
        {
            k: str(v) if isinstance(v, property) else v
            for k, v in upper(app.config).items()
            if not isinstance(v, property)
        },
        sorted(upper(app.config)),
    ]


IMPORTS = {
    "colon": "settings_mod:Production",
    "dot": "settings_mod.Production",
    "module": "settings_mod",
    "missing_module": "settings_none",
    "missing_name": "settings_mod.Nothing",
    "missing_colon": "settings_mod:Nothing",
    "empty": "",
    "relative": ".settings_mod",
}


@family(**IMPORTS)
def from_object_by_name(lab: Lab, name):
    lab.file("settings_mod.py", "A = 1\nclass Production:\n    B = 2\n    DEBUG = True\n")
    lab.importable()
    app = lab.app()
    return [lab.raises(app.config.from_object, name), upper(app.config)]


FILES = {
    "plain": "A = 1\nb = 2\nC = [1, 2]\nimport os\nD = os.sep\n",
    "empty": "",
    "syntax": "A = \n",
    "raises": "A = 1\nraise ValueError('in file')\n",
    "dunder": "A = __name__\nF = __file__\n",
    "unicode": "A = '\u00fc\u2603'\n",
    "config_seen": "A = 1\nB = A + 1\ndef F():\n    return A\n",
}


@family(**FILES)
def from_pyfile(lab: Lab, text):
    lab.file("settings.cfg", text)
    app = lab.app()
    facts = lab.raises(app.config.from_pyfile, "settings.cfg")
    return [
        facts,
        {k: v for k, v in upper(app.config).items() if not callable(v)},
        sorted(upper(app.config)),
    ]


@family(
    "relative",
    "absolute",
    "path_object",
    "missing",
    "missing_silent",
    "directory",
    "directory_silent",
)
def from_pyfile_place(lab: Lab, kind):
    path = lab.file("deep/settings.py", "A = 1\n")
    app = lab.app()
    use = {
        "relative": lambda: app.config.from_pyfile("deep/settings.py"),
        "absolute": lambda: app.config.from_pyfile(str(path)),
        "path_object": lambda: app.config.from_pyfile(path),
        "missing": lambda: app.config.from_pyfile("none.py"),
        "missing_silent": lambda: app.config.from_pyfile("none.py", silent=True),
        "directory": lambda: app.config.from_pyfile("deep"),
        "directory_silent": lambda: app.config.from_pyfile("deep", silent=True),
    }[kind]
    return [lab.raises(use), upper(app.config)]


@family("set", "unset", "unset_silent", "missing_file", "missing_silent", "empty")
def from_envvar(lab: Lab, kind):
    lab.file("settings.py", "A = 'env'\n")
    os.environ.pop("SHOP_SETTINGS", None)
    if "unset" not in kind:
        os.environ["SHOP_SETTINGS"] = {"set": str(lab.tmp / "settings.py"), "empty": ""}.get(
            kind, "none.py"
        )
    app = lab.app()
    return [
        lab.raises(app.config.from_envvar, "SHOP_SETTINGS", silent="silent" in kind),
        upper(app.config),
    ]


PREFIXED = {
    "types": {
        "FLASK_A": "1",
        "FLASK_B": "true",
        "FLASK_C": "text",
        "FLASK_D": "[1, 2]",
        "FLASK_E": '{"a": 1}',
        "FLASK_F": "null",
        "FLASK_G": "1.5",
        "FLASK_H": '"quoted"',
        "FLASK_I": "",
        "FLASK_J": "True",
        "FLASK_K": "007",
    },
    "nested": {
        "FLASK_DB__host": "h",
        "FLASK_DB__port": "5",
        "FLASK_DB__opts__deep": "true",
        "FLASK_DB__OPTS__deep": "upper",
    },
    "nested_over_value": {"FLASK_A": "5", "FLASK_A__b": "6"},
    "nested_into_existing": {"FLASK_EXIST__new": "1", "FLASK_EXIST__old": "2"},
    "names": {
        "FLASK_lower": "1",
        "FLASK_": "2",
        "FLASK__UNDER": "3",
        "FLASKX": "4",
        "OTHER_A": "5",
        "FLASK_A_B": "6",
        "FLASK___": "7",
        "FLASK_A__": "8",
    },
    "known": {
        "FLASK_DEBUG": "true",
        "FLASK_SECRET_KEY": "k",
        "FLASK_PERMANENT_SESSION_LIFETIME": "60",
        "FLASK_TESTING": "1",
    },
}


@family(**PREFIXED)
def from_prefixed_env(lab: Lab, values):
    os.environ.update(values)
    app = lab.app()
    app.config["EXIST"] = {"old": 1}
    return [lab.raises(app.config.from_prefixed_env), upper(app.config)]


@scenario
def from_prefixed_env_with_a_prefix(lab: Lab):
    os.environ.update({"SHOP_A": "1", "SHOP_B__C": "2", "FLASK_A": "9", "SHOP_": "3"})
    app = lab.app()
    return [lab.raises(app.config.from_prefixed_env, "SHOP"), upper(app.config)]


@scenario
def from_prefixed_env_with_loads(lab: Lab):
    os.environ.update({"FLASK_A": "1", "FLASK_B": "boom", "FLASK_C": "c"})

    def loads(text):
        lab.say("loads", text)
        if text == "boom":
            raise ValueError
        return f"<{text}>"

    app = lab.app()
    return [lab.raises(app.config.from_prefixed_env, loads=loads), upper(app.config)]


@scenario
def from_prefixed_env_nesting_into_text(lab: Lab):
    os.environ.update({"FLASK_TEXT__a": "1"})
    app = lab.app()
    app.config["TEXT"] = "text"
    return lab.raises(app.config.from_prefixed_env)


@scenario
def environment_is_not_read_by_itself(lab: Lab):
    os.environ.update({"FLASK_TESTING": "1", "FLASK_SECRET_KEY": "k", "FLASK_DEBUG": "1"})
    app = lab.app()
    return [app.config["TESTING"], app.config["SECRET_KEY"], app.debug, app.config["DEBUG"]]


@family("1", "0", "true", "false", "no", "yes", "", "anything", "False", "NO", "f")
def debug_from_the_environment(lab: Lab, value):
    os.environ["FLASK_DEBUG"] = value
    app = lab.app()
    return [app.debug, flask.helpers.get_debug_flag()]


@family("json", "toml", "toml_text", "missing", "silent", "lower", "json_list", "wrong")
def from_file(lab: Lab, kind):
    lab.file("c.json", json.dumps({"A": 1, "b": 2, "NESTED": {"x": [1]}}))
    lab.file("c.toml", 'A = 1\nb = 2\n[NESTED]\nx = "\u00fc"\nwhen = 2024-01-02\n')
    lab.file("l.json", json.dumps({"low": 1}))
    lab.file("list.json", "[1]")
    lab.file("wrong.json", "{")
    app = lab.app()
    use = {
        "json": lambda: app.config.from_file("c.json", load=json.load),
        "toml": lambda: app.config.from_file("c.toml", load=tomllib.load, text=False),
        "toml_text": lambda: app.config.from_file("c.toml", load=tomllib.load),
        "missing": lambda: app.config.from_file("no.json", load=json.load),
        "silent": lambda: app.config.from_file("no.json", load=json.load, silent=True),
        "lower": lambda: app.config.from_file("l.json", load=json.load),
        "json_list": lambda: app.config.from_file("list.json", load=json.load),
        "wrong": lambda: app.config.from_file("wrong.json", load=json.load, silent=True),
    }[kind]
    return [lab.raises(use), upper(app.config)]


@scenario
def from_file_opens_text_or_bytes(lab: Lab):
    lab.file("c.txt", "A")
    app = lab.app()
    seen = []
    for text in (True, False):
        app.config.from_file(
            "c.txt", load=lambda f: (seen.append(type(f.read()).__name__), {})[1], text=text
        )
    return seen


MAPPINGS = {
    "dict": (({"A": 1, "b": 2},), {}),
    "keywords": ((), {"A": 1, "b": 2}),
    "both": (({"A": 1},), {"A": 2, "C": 3}),
    "none": ((None,), {}),
    "two": (({"A": 1}, {"B": 1}), {}),
    "pairs": (([("A", 1)],), {}),
    "nothing": ((), {}),
}


@family(**MAPPINGS)
def from_mapping(lab: Lab, arguments):
    app = lab.app()
    return [lab.raises(app.config.from_mapping, *arguments[0], **arguments[1]), upper(app.config)]


NAMESPACES = {
    "plain": {},
    "keep_case": {"lowercase": False},
    "keep_prefix": {"trim_namespace": False},
    "keep_both": {"lowercase": False, "trim_namespace": False},
}


@family(**NAMESPACES)
def get_namespace(lab: Lab, options):
    config = Config(
        "/", {"STORE_TYPE": "fs", "STORE_PATH": "/x", "STOREROOM": 1, "OTHER": 2, "STORE_": "empty"}
    )
    return [
        config.get_namespace("STORE_", **options),
        config.get_namespace("STORE", **options),
        config.get_namespace("NONE_", **options),
    ]


@scenario
def config_repr_and_copy(lab: Lab):
    config = Config(lab.tmp, {"A": 1})
    return [
        repr(config),
        type(config.copy()).__name__,
        config.root_path == str(lab.tmp) or config.root_path == lab.tmp,
        Config("/").get("X"),
    ]


@scenario
def config_attributes_of_the_app(lab: Lab):
    app = lab.app()
    seen = [app.testing, app.secret_key, app.permanent_session_lifetime, app.debug]
    app.testing = True
    app.secret_key = "s"
    app.permanent_session_lifetime = 30
    app.debug = True
    seen.append(
        {k: app.config[k] for k in ("TESTING", "SECRET_KEY", "PERMANENT_SESSION_LIFETIME", "DEBUG")}
    )
    app.config.update(
        TESTING=False, SECRET_KEY="t", PERMANENT_SESSION_LIFETIME=datetime.timedelta(1), DEBUG=False
    )
    return [*seen, [app.testing, app.secret_key, app.permanent_session_lifetime, app.debug]]


@scenario
def permanent_session_lifetime_from_a_number(lab: Lab):
    app = lab.app(PERMANENT_SESSION_LIFETIME=42)
    return [app.permanent_session_lifetime, app.config["PERMANENT_SESSION_LIFETIME"]]


@scenario
def config_attribute_of_ones_own(lab: Lab):
    class Shop(flask.Flask):
        colour = ConfigAttribute("COLOUR")
        doubled = ConfigAttribute("NUMBER", get_converter=lambda n: n * 2)

    app = lab.app(cls=Shop, COLOUR="red", NUMBER=4)
    seen = [app.colour, app.doubled]
    app.colour = "blue"
    return [
        *seen,
        app.config["COLOUR"],
        isinstance(Shop.colour, ConfigAttribute),
        lab.raises(lambda: lab.app(cls=Shop).colour),
    ]


@scenario
def make_config_overridden(lab: Lab):
    class Shop(flask.Flask):
        def make_config(self, instance_relative=False):
            lab.say("make_config", instance_relative)
            config = super().make_config(instance_relative)
            config["MADE"] = True
            return config

    return lab.app(cls=Shop, instance_relative_config=True).config["MADE"]


@scenario
def config_class_and_defaults_of_ones_own(lab: Lab):
    class Loud(Config):
        def __setitem__(self, key, value):
            lab.say("set", key)
            super().__setitem__(key, value)

    class Shop(flask.Flask):
        config_class = Loud
        default_config = {**flask.Flask.default_config, "EXTRA": 1}

    app = lab.app(cls=Shop)
    app.config["X"] = 5
    return [app.config["EXTRA"], type(app.config).__name__]


@scenario
def instance_relative_config(lab: Lab):
    lab.file("instance/settings.py", "WHERE = 'instance'\n")
    lab.file("settings.py", "WHERE = 'root'\n")
    seen = []
    for relative in (True, False):
        app = lab.app(instance_relative_config=relative, instance_path=str(lab.tmp / "instance"))
        app.config.from_pyfile("settings.py")
        seen.append([app.config["WHERE"], str(app.config.root_path)])
    return seen


@scenario
def instance_path_must_be_absolute(lab: Lab):
    return lab.raises(flask.Flask, "shop", instance_path="relative")


@scenario
def unknown_keys_and_lower_case(lab: Lab):
    app = lab.app()
    app.config["lower"] = 1
    app.config.update(A=1, b=2)
    return [app.config["lower"], app.config["b"], lab.raises(lambda: app.config["MISSING"])]


@scenario
def config_in_templates(lab: Lab):
    app = lab.app(TITLE="T")
    with app.app_context():
        return flask.render_template_string(
            "{{ config.TITLE }} {{ config['TITLE'] }} {{ config.get('X', 'no') }}"
        )


@scenario
def select_jinja_autoescape_and_reload_settings(lab: Lab):
    app = lab.app()
    seen = [app.jinja_env.auto_reload]
    app.debug = True
    seen.append(app.jinja_env.auto_reload)
    other = lab.app(DEBUG=True)
    seen.append(other.jinja_env.auto_reload)
    third = lab.app(TEMPLATES_AUTO_RELOAD=True)
    fourth = lab.app(TEMPLATES_AUTO_RELOAD=False, DEBUG=True)
    return [*seen, third.jinja_env.auto_reload, fourth.jinja_env.auto_reload]
