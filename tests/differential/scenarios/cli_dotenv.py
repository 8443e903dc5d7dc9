"""Debug mode and dotenv files."""

from __future__ import annotations

import os

from click.testing import CliRunner

import flask
from flask.cli import (
    load_dotenv,
)

from ..harness import Lab, family, scenario
from .cli import APP, invoke, several


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
