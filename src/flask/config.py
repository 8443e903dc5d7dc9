"""The configuration dictionary of an application and the sources it can be filled from."""

from __future__ import annotations

import errno
import json
import os
import types
import typing as t  # noqa: F401 - published code takes it from here
from collections.abc import Callable, Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar, overload

from werkzeug.utils import import_string

if TYPE_CHECKING:
    from _typeshed import SupportsKeysAndGetItem

    from .sansio.app import App

T = TypeVar("T")

#: What may be "just not there" when a source is read with ``silent=True``.
_ABSENT_FILE = (errno.ENOENT, errno.EISDIR)
_ABSENT_SCRIPT = (*_ABSENT_FILE, errno.ENOTDIR)


class ConfigAttribute(Generic[T]):
    """Descriptor that exposes a configuration key as an attribute of the application.

    Reading the attribute reads ``app.config[name]``, passed through ``get_converter`` if there
    is one; assigning writes the key as it is. A missing key raises :exc:`KeyError`. On the class
    itself the attribute is this descriptor.
    """

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @overload
    def __get__(self, obj: None, owner: None) -> ConfigAttribute[T]: ...

    @overload
    def __get__(self, obj: App, owner: type[App]) -> T: ...

    def __get__(self, obj: App | None, owner: type[App] | None = None) -> T | ConfigAttribute[T]:
        if obj is None:
            return self
        stored = obj.config[self.__name__]
        if self.get_converter is None:
            return stored  # type: ignore[no-any-return]
        return self.get_converter(stored)

    def __set__(self, obj: App, value: Any) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, Any]):
    """A ``dict`` of settings, with methods to load them from files, objects and the environment.

    Only upper-case names are loaded from modules, files and mappings, so a settings file can use
    lower-case helper variables.

    :param root_path: directory against which relative file names are resolved.
    :param defaults: initial settings, not filtered.
    """

    root_path: str | os.PathLike[str]
    """The directory against which relative file names are resolved."""

    def __init__(
        self, root_path: str | os.PathLike[str], defaults: dict[str, Any] | None = None
    ) -> None:
        super().__init__(() if defaults is None else defaults)
        self.root_path = root_path

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Load the Python file whose path is in an environment variable.

        :param silent: return ``False`` instead of raising if the variable is unset or empty or the
            file does not exist.
        :raises RuntimeError: if the variable is unset or empty.
        :return: whether a file was read; see :meth:`from_pyfile`.
        """
        path = os.environ.get(variable_name)
        if path:
            return self.from_pyfile(path, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set, or is empty: it should be the"
            " path of a settings file to configure the application from."
        )

    def from_prefixed_env(
        self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads
    ) -> bool:
        """Load all environment variables that start with ``prefix`` and an underscore.

        The rest of the variable's name is the key. Two underscores lead into a nested dictionary,
        which is created if missing: ``FLASK_MAIL__HOST`` sets ``config["MAIL"]["HOST"]``.
        Variables are applied in the order of their names.

        :param loads: converts the text of a variable into a value; if it raises an
            :exc:`Exception`, the text is stored unchanged.
        :raises TypeError: if a variable leads into a value that isn't a dictionary.
        :return: always ``True``.

        >>> os.environ["SHOP_MAIL__PORT"] = "2525"
        >>> config = Config(".")
        >>> config.from_prefixed_env("SHOP")
        True
        >>> config["MAIL"]
        {'PORT': 2525}
        >>> del os.environ["SHOP_MAIL__PORT"]
        """
        lead = f"{prefix}_"
        for variable in sorted(os.environ):
            if not variable.startswith(lead):
                continue
            text = os.environ[variable]
            try:
                value = loads(text)
            except Exception:
                value = text
            self._set_nested(variable, variable.removeprefix(lead).split("__"), value)
        return True

    def _set_nested(self, variable: str, steps: list[str], value: Any) -> None:
        """Store ``value`` under a path of keys, creating missing dictionaries."""
        *parents, last = steps
        target: Any = self
        try:
            for key in parents:
                if key not in target:
                    target[key] = {}
                target = target[key]
            target[last] = value
        except TypeError as error:
            raise TypeError(
                f"{variable} addresses a nested setting, yet one of the keys leading to"
                f" {last!r} already holds a value that takes no keys of its own: {target!r}."
            ) from error

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and load the upper-case names it defines.

        The file runs as a separate module that is not added to :data:`sys.modules`.

        :param filename: absolute, or relative to :attr:`root_path`.
        :param silent: return ``False`` instead of raising for a missing file, a directory, or a
            path that leads through a file.
        :raises OSError: if the file can't be read; ``strerror`` says what was attempted.
        :return: ``True`` once the file has run.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, mode="rb") as script:
                source = script.read()
        except OSError as error:
            if silent and error.errno in _ABSENT_SCRIPT:
                return False
            _name_the_attempt(error)
            raise
        module = types.ModuleType("config")
        module.__file__ = path
        # The owner's own file, which is a program.
        exec(compile(source, path, "exec"), module.__dict__)
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Load the upper-case attributes of an object, usually a module or a class.

        A class is not instantiated, so its properties are loaded as property objects; pass an
        instance to get their values.

        :param obj: the object, or its import name: ``"package.module"``,
            ``"package.module.Name"`` or ``"package.module:Name"``.
        :raises ImportError: if nothing can be imported by that name
            (:exc:`werkzeug.utils.ImportStringError`).

        >>> class Production:
        ...     SESSION_COOKIE_SECURE = True
        ...     debug_toolbar = False
        >>> config = Config(".")
        >>> config.from_object(Production)
        >>> dict(config)
        {'SESSION_COOKIE_SECURE': True}
        """
        source = import_string(obj) if isinstance(obj, str) else obj
        for name in dir(source):
            if name.isupper():
                self[name] = getattr(source, name)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Load the upper-case keys of a file in any format that ``load`` understands.

        :param filename: absolute, or relative to :attr:`root_path`.
        :param load: function that returns a mapping for the open file, such as ``json.load``, or
            ``tomllib.load`` with ``text=False``.
        :param silent: return ``False`` instead of raising for a missing file or a directory.
        :param text: open the file as text in the locale's encoding, else as bytes.
        :raises OSError: if the file can't be read; ``strerror`` says what was attempted.
        :return: ``True`` once the file has been read.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, "r" if text else "rb") as file:
                loaded = load(file)
        except OSError as error:
            if silent and error.errno in _ABSENT_FILE:
                return False
            _name_the_attempt(error)
            raise
        return self.from_mapping(loaded)

    def from_mapping(
        self,
        mapping: SupportsKeysAndGetItem[str, Any] | Iterable[tuple[str, Any]] | None = None,
        **kwargs: Any,
    ) -> bool:
        """Load the upper-case keys of a mapping, of pairs and of keyword arguments.

        A keyword argument takes precedence over the same key in ``mapping``.

        :return: always ``True``.

        >>> config = Config(".")
        >>> config.from_mapping({"TITLE": "Shop", "lower": 1}, TITLE="Books")
        True
        >>> dict(config)
        {'TITLE': 'Books'}
        """
        given: dict[str, Any] = {} if mapping is None else dict(mapping)
        given.update(kwargs)
        for key, value in given.items():
            if key.isupper():
                self[key] = value
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, Any]:
        """Return the settings whose key starts with ``namespace`` as a new dictionary.

        The result can be passed on as keyword arguments: with ``MAIL_HOST`` and ``MAIL_PORT`` set,
        ``get_namespace("MAIL_")`` has the keys ``host`` and ``port``.

        :param lowercase: convert the keys to lower case.
        :param trim_namespace: remove ``namespace`` from the keys.

        >>> config = Config(".", {"MAIL_HOST": "localhost", "MAIL_PORT": 25, "DEBUG": False})
        >>> config.get_namespace("MAIL_")
        {'host': 'localhost', 'port': 25}
        """
        cut = len(namespace) if trim_namespace else 0
        return {
            key[cut:].lower() if lowercase else key[cut:]: value
            for key, value in self.items()
            if key.startswith(namespace)
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {super().__repr__()}>"


def _name_the_attempt(error: OSError) -> None:
    """Add the purpose of the file to an error of the operating system."""
    error.strerror = f"Unable to load configuration file ({error.strerror})"
