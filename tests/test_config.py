"""The configuration dictionary: what each source contributes, and what its mistakes raise."""

from __future__ import annotations

import copy
import json
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import IO, Any

import pytest
from werkzeug.utils import ImportStringError

from flask import Config, Flask
from flask.config import ConfigAttribute

OPENING = "Unable to load configuration file"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(str(tmp_path))


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


# The dictionary


def test_defaults_are_taken_over_unfiltered() -> None:
    defaults = {"UPPER": 1, "lower": 2}
    config = Config("/srv", defaults)
    assert config == defaults
    assert config.root_path == "/srv"
    config["UPPER"] = 5
    assert defaults["UPPER"] == 1


@pytest.mark.parametrize("arguments", [(), (None,), ({},)])
def test_without_defaults_it_is_empty(arguments: tuple[Any, ...]) -> None:
    assert dict(Config("/srv", *arguments)) == {}


def test_repr_names_the_class_and_shows_the_settings() -> None:
    assert repr(Config("/", {"A": "x"})) == "<Config {'A': 'x'}>"


def test_copy_of_config_is_a_config_and_its_own_copy_method_gives_a_dict() -> None:
    config = Config("/srv", {"A": 1})
    copied = copy.copy(config)
    assert isinstance(copied, Config)
    assert copied == config
    assert copied.root_path == "/srv"
    assert type(config.copy()) is dict


def test_subclass_shows_in_repr_and_is_used_by_the_application() -> None:
    class Settings(Config):
        pass

    class Shop(Flask):
        config_class = Settings

    app = Shop("shop")
    assert type(app.config) is Settings
    assert repr(Settings("/")) == "<Settings {}>"


# Mappings


def test_from_mapping_takes_upper_case_keys_only(config: Config) -> None:
    assert config.from_mapping({"DEPTH": 1, "Depth": 2, "depth": 3, "X_1": 4}) is True
    assert config == {"DEPTH": 1, "X_1": 4}


def test_from_mapping_takes_pairs_and_keywords_and_keywords_win(config: Config) -> None:
    config.from_mapping([("A", 1), ("B", 2)], B=3, C=4, lower=5)
    assert config == {"A": 1, "B": 3, "C": 4}


def test_from_mapping_takes_anything_with_keys_and_items(config: Config) -> None:
    class Store:
        def keys(self) -> Iterator[str]:
            return iter(["NAME", "other"])

        def __getitem__(self, key: str) -> str:
            return key * 2

    config.from_mapping(Store())
    assert config == {"NAME": "NAMENAME"}


def test_from_mapping_of_nothing_changes_nothing(config: Config) -> None:
    assert config.from_mapping() is True
    assert config.from_mapping(None) is True
    assert config == {}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (({"A": 1}, {"B": 2}), TypeError),
        (([1, 2],), TypeError),
        (({1: 2},), AttributeError),
    ],
    ids=["two mappings", "no pairs", "keys are no strings"],
)
def test_from_mapping_refuses_other_things(
    config: Config, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        config.from_mapping(*arguments)


# Objects


class Base:
    LEVEL = 1
    NAME = "base"
    lower = 0
    _PRIVATE = "starts with an underscore"

    @property
    def COMPUTED(self) -> str:
        return self.NAME + "!"


class Derived(Base):
    NAME = "derived"


def test_from_object_reads_class_attributes_with_inheritance(config: Config) -> None:
    config.from_object(Derived)
    assert config["LEVEL"] == 1
    assert config["NAME"] == "derived"
    assert config["_PRIVATE"] == "starts with an underscore"
    assert "lower" not in config


def test_from_object_computes_properties_of_instances_only(config: Config) -> None:
    config.from_object(Derived)
    assert isinstance(config["COMPUTED"], property)
    config.from_object(Derived())
    assert config["COMPUTED"] == "derived!"


def test_from_object_takes_import_names(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "settings_by_name.py", "ONE = 1\ntwo = 2\nclass Inner:\n    THREE = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    config.from_object("settings_by_name")
    assert config == {"ONE": 1}
    config.from_object("settings_by_name.Inner")
    config.from_object("settings_by_name:Inner")
    assert config == {"ONE": 1, "THREE": 3}
    del sys.modules["settings_by_name"]


@pytest.mark.parametrize("name", ["no_such_module_here", "os.no_such_name", "os:no_such_name"])
def test_from_object_with_import_name_that_leads_nowhere(config: Config, name: str) -> None:
    with pytest.raises(ImportStringError):
        config.from_object(name)


def test_from_object_of_a_mapping_reads_its_attributes_not_its_keys(config: Config) -> None:
    config.from_object({"KEY": 1})
    assert config == {}


# Python files


def test_from_pyfile_runs_a_file_beside_the_root_path(config: Config, tmp_path: Path) -> None:
    name = write(
        tmp_path, "settings.py", "base = 2\nSIZE = base * 2\nWHERE = __file__\nWHO = __name__\n"
    )
    assert config.from_pyfile(name) is True
    assert config == {"SIZE": 4, "WHERE": str(tmp_path / name), "WHO": "config"}
    assert "config" not in sys.modules


def test_from_pyfile_takes_absolute_and_path_like_names(tmp_path: Path) -> None:
    write(tmp_path, "settings.py", "A = 1\n")
    config = Config(tmp_path / "elsewhere")
    assert config.from_pyfile(tmp_path / "settings.py") is True
    assert config == {"A": 1}


def test_from_pyfile_follows_the_encoding_that_the_file_declares(
    config: Config, tmp_path: Path
) -> None:
    source = '# -*- coding: latin-1 -*-\nWORD = "gr\u00fc\u00df"\n'
    (tmp_path / "settings.py").write_bytes(source.encode("latin-1"))
    config.from_pyfile("settings.py")
    assert config["WORD"] == "gr\u00fc\u00df"


def test_from_pyfile_keeps_classes_and_functions_usable(config: Config, tmp_path: Path) -> None:
    name = write(tmp_path, "settings.py", "rate = 3\ndef APPLY(n): return n * rate\n")
    config.from_pyfile(name)
    assert config["APPLY"](2) == 6


def test_from_pyfile_names_the_file_in_tracebacks(config: Config, tmp_path: Path) -> None:
    name = write(tmp_path, "settings.py", "A = 1\nB = 1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        config.from_pyfile(name, silent=True)
    entry = caught.traceback[-1]
    assert (Path(str(entry.path)), entry.lineno) == (tmp_path / name, 1)
    assert config == {}


def test_from_pyfile_with_a_syntax_error(config: Config, tmp_path: Path) -> None:
    name = write(tmp_path, "settings.py", "A =\n")
    with pytest.raises(SyntaxError):
        config.from_pyfile(name, silent=True)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing.py", FileNotFoundError),
        (".", IsADirectoryError),
        ("settings.py/inside.py", NotADirectoryError),
    ],
)
def test_from_pyfile_that_is_not_there(
    config: Config, tmp_path: Path, name: str, error: type[OSError]
) -> None:
    write(tmp_path, "settings.py", "")
    with pytest.raises(error) as caught:
        config.from_pyfile(name)
    assert caught.value.strerror is not None
    assert caught.value.strerror.startswith(f"{OPENING} (")
    assert caught.value.filename == os.path.join(tmp_path, name)
    assert OPENING in str(caught.value)
    assert config.from_pyfile(name, silent=True) is False


# Files of other formats


def test_from_file_takes_upper_case_keys_of_what_load_returns(
    config: Config, tmp_path: Path
) -> None:
    write(tmp_path, "settings.json", '{"A": {"b": 1}, "lower": 2}')
    assert config.from_file("settings.json", json.load) is True
    assert config == {"A": {"b": 1}}


def test_from_file_opens_bytes_on_request(config: Config, tmp_path: Path) -> None:
    write(tmp_path, "settings.toml", "A = 1\n[MAIL]\nhost = 'localhost'\n")
    assert config.from_file(tmp_path / "settings.toml", tomllib.load, text=False) is True
    assert config == {"A": 1, "MAIL": {"host": "localhost"}}


@pytest.mark.parametrize(("text", "kind"), [(True, str), (False, bytes)])
def test_from_file_hands_over_an_open_file_and_closes_it(
    config: Config, tmp_path: Path, text: bool, kind: type
) -> None:
    write(tmp_path, "settings.txt", "anything")
    files = []

    def load(file: IO[Any]) -> dict[str, Any]:
        files.append(file)
        return {"CONTENT": file.read()}

    config.from_file("settings.txt", load, text=text)
    assert isinstance(config["CONTENT"], kind)
    assert [file.closed for file in files] == [True]


@pytest.mark.parametrize(("name", "error"), [("no", FileNotFoundError), (".", IsADirectoryError)])
def test_from_file_that_is_not_there(config: Config, name: str, error: type[OSError]) -> None:
    with pytest.raises(error) as caught:
        config.from_file(name, json.load)
    assert str(caught.value.strerror).startswith(f"{OPENING} (")
    assert config.from_file(name, json.load, silent=True) is False


def test_from_file_through_a_file_is_an_error_even_if_silent(
    config: Config, tmp_path: Path
) -> None:
    write(tmp_path, "settings.json", "{}")
    with pytest.raises(NotADirectoryError):
        config.from_file("settings.json/inside", json.load, silent=True)


def test_from_file_counts_what_load_cannot_open_as_the_file(config: Config, tmp_path: Path) -> None:
    write(tmp_path, "settings.json", "{}")

    def load(file: IO[Any]) -> dict[str, Any]:
        with open(tmp_path / "included", encoding="utf-8") as included:
            return {"A": included.read()}

    assert config.from_file("settings.json", load, silent=True) is False
    with pytest.raises(FileNotFoundError) as caught:
        config.from_file("settings.json", load)
    assert caught.value.filename == str(tmp_path / "included")


def test_from_file_lets_errors_of_the_format_through(config: Config, tmp_path: Path) -> None:
    write(tmp_path, "settings.json", "{")
    with pytest.raises(json.JSONDecodeError):
        config.from_file("settings.json", json.load, silent=True)


# The file that an environment variable names


def test_from_envvar_runs_the_file_it_names(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SETTINGS", write(tmp_path, "settings.py", "A = 1\n"))
    assert config.from_envvar("SHOP_SETTINGS") is True
    assert config == {"A": 1}


@pytest.mark.parametrize("value", [None, ""])
def test_from_envvar_that_is_not_set(
    config: Config, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("SHOP_SETTINGS", raising=False)
    else:
        monkeypatch.setenv("SHOP_SETTINGS", value)
    with pytest.raises(RuntimeError, match="SHOP_SETTINGS"):
        config.from_envvar("SHOP_SETTINGS")
    assert config.from_envvar("SHOP_SETTINGS", silent=True) is False


def test_from_envvar_with_a_missing_file(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SETTINGS", "missing.py")
    with pytest.raises(FileNotFoundError):
        config.from_envvar("SHOP_SETTINGS")
    assert config.from_envvar("SHOP_SETTINGS", silent=True) is False


# Environment variables with a prefix


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Replace the environment by an empty one."""
    variables: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", variables)
    return variables


def test_prefixed_env_reads_values_as_json_and_else_as_text(
    config: Config, environ: dict[str, str]
) -> None:
    environ.update(
        FLASK_NUMBER="1",
        FLASK_FLAG="true",
        FLASK_NONE="null",
        FLASK_LIST='[1, "two"]',
        FLASK_TEXT="hello",
        FLASK_EMPTY="",
        FLASK_QUOTED='"7"',
        FLASK_lower="1.5",
        OTHER_A="1",
        FLASKY="1",
    )
    assert config.from_prefixed_env() is True
    assert config == {
        "NUMBER": 1,
        "FLAG": True,
        "NONE": None,
        "LIST": [1, "two"],
        "TEXT": "hello",
        "EMPTY": "",
        "QUOTED": "7",
        "lower": 1.5,
    }


def test_prefixed_env_with_another_prefix(config: Config, environ: dict[str, str]) -> None:
    environ.update(SHOP_A="1", SHOP="2", SHOP__B="3", FLASK_A="4")
    config.from_prefixed_env("SHOP")
    assert config == {"A": 1, "_B": 3}


def test_prefixed_env_with_a_loads_of_ones_own(config: Config, environ: dict[str, str]) -> None:
    def loads(text: str) -> str:
        if text == "no":
            raise LookupError(text)
        return text * 2

    environ.update(FLASK_A="x", FLASK_B="no")
    config.from_prefixed_env(loads=loads)
    assert config == {"A": "xx", "B": "no"}


def test_prefixed_env_does_not_hide_what_is_no_exception(
    config: Config, environ: dict[str, str]
) -> None:
    def loads(text: str) -> str:
        raise KeyboardInterrupt

    environ["FLASK_A"] = "x"
    with pytest.raises(KeyboardInterrupt):
        config.from_prefixed_env(loads=loads)


def test_prefixed_env_makes_nested_dictionaries(config: Config, environ: dict[str, str]) -> None:
    environ.update(FLASK_MAIL__host="smtp", FLASK_MAIL__AUTH__user="me", FLASK_MAIL__PORT="25")
    config.from_prefixed_env()
    assert config == {"MAIL": {"host": "smtp", "AUTH": {"user": "me"}, "PORT": 25}}


def test_prefixed_env_extends_a_dictionary_that_is_there(
    config: Config, environ: dict[str, str]
) -> None:
    mail = {"host": "localhost", "port": 25}
    config["MAIL"] = mail
    environ["FLASK_MAIL__host"] = "smtp"
    config.from_prefixed_env()
    assert config["MAIL"] is mail
    assert mail == {"host": "smtp", "port": 25}


def test_prefixed_env_applies_variables_in_the_order_of_their_names(
    config: Config, environ: dict[str, str]
) -> None:
    environ.update(FLASK_A__x__y="2", FLASK_A='{"x": {"y": 1, "z": 1}}', FLASK_A__x__w="3")
    config.from_prefixed_env()
    assert config == {"A": {"x": {"y": 2, "z": 1, "w": 3}}}


@pytest.mark.parametrize("value", [5, None, "text", []])
@pytest.mark.parametrize("variable", ["FLASK_N__a", "FLASK_N__a__b"])
def test_prefixed_env_cannot_step_into_other_values(
    config: Config, environ: dict[str, str], variable: str, value: object
) -> None:
    environ[variable] = "1"
    config["N"] = value
    with pytest.raises(TypeError):
        config.from_prefixed_env()
    assert config == {"N": value}


# Namespaces


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"host": "a", "auth_user": "b"}),
        ({"lowercase": False}, {"HOST": "a", "AUTH_USER": "b"}),
        ({"trim_namespace": False}, {"mail_host": "a", "mail_auth_user": "b"}),
        (
            {"lowercase": False, "trim_namespace": False},
            {"MAIL_HOST": "a", "MAIL_AUTH_USER": "b"},
        ),
    ],
)
def test_get_namespace(options: dict[str, bool], expected: dict[str, str]) -> None:
    config = Config("/", {"MAIL_HOST": "a", "MAIL_AUTH_USER": "b", "MAILER": "c", "OTHER": "d"})
    assert config.get_namespace("MAIL_", **options) == expected


def test_get_namespace_gives_a_new_dictionary() -> None:
    config = Config("/", {"A_B": 1})
    config.get_namespace("A_")["b"] = 2
    assert config == {"A_B": 1}
    assert config.get_namespace("NOTHING_") == {}


# Attributes that show a key


class Owner:
    plain = ConfigAttribute[Any]("PLAIN")
    number = ConfigAttribute[int]("NUMBER", get_converter=int)

    def __init__(self) -> None:
        self.config = {"PLAIN": "5", "NUMBER": "6"}


def test_config_attribute_reads_and_writes_the_key() -> None:
    owner: Any = Owner()
    assert (owner.plain, owner.number) == ("5", 6)
    owner.plain = "x"
    owner.number = "7"
    assert owner.config == {"PLAIN": "x", "NUMBER": "7"}
    assert owner.number == 7


def test_config_attribute_of_a_missing_key() -> None:
    owner: Any = Owner()
    owner.config.clear()
    with pytest.raises(KeyError):
        _ = owner.plain


def test_config_attribute_on_the_class_is_itself() -> None:
    owner: Any = Owner
    assert isinstance(owner.plain, ConfigAttribute)
    assert owner.plain.__name__ == "PLAIN"
    assert owner.number.get_converter is int


def test_config_attributes_of_the_application() -> None:
    app = Flask("shop")
    app.secret_key = "s"
    app.testing = True
    app.permanent_session_lifetime = 60  # type: ignore[assignment]
    assert app.config["SECRET_KEY"] == "s"
    assert app.config["TESTING"] is True
    assert app.permanent_session_lifetime.total_seconds() == 60


def test_modules_and_namespaces_are_objects_too(config: Config) -> None:
    module = ModuleType("settings")
    module.A = 1  # type: ignore[attr-defined]
    config.from_object(module)
    config.from_object(SimpleNamespace(B=2, c=3))
    assert config == {"A": 1, "B": 2}
