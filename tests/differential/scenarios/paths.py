"""Where an application lives: root path, instance path, and the constructor's own arguments."""

from __future__ import annotations

import importlib
import io
import os
import runpy
import sys
import types
import zipfile

import flask

from ..harness import Lab, family, scenario

BODY = "import flask\napp = flask.Flask(__name__)\n"


def facts(app):
    return [app.name, app.import_name, app.root_path, app.instance_path]


LAYOUTS = {
    "module": ("mod_shop.py", "mod_shop"),
    "package": ("pkg_shop/__init__.py", "pkg_shop"),
    "in_package": ("pkg_shop/app.py", "pkg_shop.app"),
    "namespace": ("ns_shop/app.py", "ns_shop.app"),
    "deep_package": ("pkg_shop/web/__init__.py", "pkg_shop.web"),
    "site_module": ("lib/python3.11/site-packages/mod_shop.py", "mod_shop"),
    "site_package": ("lib/python3.11/site-packages/pkg_shop/__init__.py", "pkg_shop"),
    "site_lower": ("Lib/site-packages/pkg_shop/__init__.py", "pkg_shop"),
    "bare_site": ("site-packages/mod_shop.py", "mod_shop"),
    "dist_packages": ("lib/python3/dist-packages/mod_shop.py", "mod_shop"),
    "namespace_package": ("ns_shop/sub/__init__.py", "ns_shop.sub"),
}


@family(**LAYOUTS)
def layout(lab: Lab, case):
    name, module = case
    if (name.startswith("pkg_shop/") and "__init__" not in name) or name.startswith("pkg_shop/web"):
        lab.file("pkg_shop/__init__.py")
    path = lab.file(name, BODY)
    depth = len(module.split(".")) - 1 + ("__init__" in name)
    lab.importable(path.parents[depth])
    return facts(importlib.import_module(module).app)


@family("venv", "plain")
def under_a_prefix(lab: Lab, kind):
    """A module below ``sys.prefix`` counts as installed; its instance is below var."""
    prefix = lab.tmp / "prefix"
    path = (
        lab.file("prefix/lib/python3.11/site-packages/mod_pre.py", BODY)
        if kind == "venv"
        else lab.file("prefix/code/mod_pre.py", BODY)
    )
    lab.patch(sys, "prefix", str(prefix))
    lab.importable(path.parent)
    return facts(importlib.import_module("mod_pre").app)


@scenario
def zipped_package(lab: Lab):
    archive = lab.tmp / "shop.zip"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("zip_shop/__init__.py", BODY)
        z.writestr("zip_mod.py", BODY)
    lab.importable(archive)
    return [
        facts(importlib.import_module("zip_shop").app),
        facts(importlib.import_module("zip_mod").app),
    ]


@scenario
def run_as_main(lab: Lab):
    path = lab.file("script_shop.py", BODY)
    old = sys.modules["__main__"]
    lab.exit.callback(sys.modules.__setitem__, "__main__", old)
    module = types.ModuleType("__main__")
    module.__file__ = str(path)
    sys.modules["__main__"] = module
    app = flask.Flask("__main__")
    return facts(app)


@scenario
def main_without_a_file(lab: Lab):
    old = sys.modules["__main__"]
    lab.exit.callback(sys.modules.__setitem__, "__main__", old)
    sys.modules["__main__"] = types.ModuleType("__main__")
    lab.chdir(lab.tmp)
    return facts(flask.Flask("__main__"))


@scenario
def run_path(lab: Lab):
    path = lab.file("ran.py", BODY)
    lab.chdir(lab.tmp)
    return runpy.run_path(str(path), run_name="ran_module")["app"].import_name


@scenario
def not_importable(lab: Lab):
    lab.chdir(lab.tmp)
    return facts(flask.Flask("no_such_module_at_all"))


@scenario
def dotted_not_importable(lab: Lab):
    lab.chdir(lab.tmp)
    return lab.raises(lambda: facts(flask.Flask("no_such.module_at_all")))


@scenario
def namespace_package_itself(lab: Lab):
    lab.file("ns_only/mod.py")
    lab.importable()
    importlib.import_module("ns_only.mod")
    return lab.raises(lambda: facts(flask.Flask("ns_only")))


@scenario
def loaded_module_without_a_file(lab: Lab):
    module = types.ModuleType("ghost_shop")
    sys.modules["ghost_shop"] = module
    lab.exit.callback(sys.modules.pop, "ghost_shop", None)
    return lab.raises(lambda: facts(flask.Flask("ghost_shop")))


@scenario
def builtin_module_name(lab: Lab):
    lab.chdir(lab.tmp)
    return lab.raises(lambda: flask.Flask("sys").root_path)


@scenario
def root_path_given(lab: Lab):
    app = flask.Flask("anything", root_path=str(lab.tmp / "root"))
    return [app.root_path, app.template_folder, app.static_folder]


@scenario
def root_path_relative(lab: Lab):
    return flask.Flask("anything", root_path="relative").root_path


@scenario
def instance_path_given(lab: Lab):
    app = flask.Flask("anything", instance_path=str(lab.tmp / "inst"))
    return [app.instance_path, os.path.exists(app.instance_path)]


@scenario
def auto_find_instance_path(lab: Lab):
    path = lab.file("mod_auto.py", BODY)
    lab.importable(path.parent)
    return importlib.import_module("mod_auto").app.auto_find_instance_path()


@scenario
def auto_find_instance_path_overridden(lab: Lab):
    class Shop(flask.Flask):
        def auto_find_instance_path(self):
            lab.say("auto")
            return "/own/instance"

    return [
        lab.app(cls=Shop).instance_path,
        lab.app(cls=Shop, instance_path="/given").instance_path,
    ]


@scenario
def get_root_path_of_modules(lab: Lab):
    from flask.helpers import get_root_path

    lab.file("root_pkg/__init__.py")
    lab.file("root_pkg/sub.py")
    lab.importable()
    return [
        get_root_path("root_pkg"),
        get_root_path("root_pkg.sub"),
        lab.raises(get_root_path, "sys"),
    ]


@scenario
def constructor_defaults(lab: Lab):
    app = flask.Flask("plain")
    return {
        "static_url_path": app.static_url_path,
        "static_folder": os.path.basename(app.static_folder),
        "template_folder": app.template_folder,
        "subdomain_matching": app.subdomain_matching,
        "host_matching": app.url_map.host_matching,
        "debug": app.debug,
        "testing": app.testing,
        "secret_key": app.secret_key,
        "extensions": app.extensions,
        "blueprints": app.blueprints,
        "views": sorted(app.view_functions),
        "rules": [str(r) for r in app.url_map.iter_rules()],
        "name": app.name,
        "import_name": app.import_name,
        "cli": app.cli.name,
        "repr": repr(app),
        "hash": isinstance(hash(app), int),
        "default_subdomain": app.url_map.default_subdomain,
    }


@scenario
def constructor_positional_order(lab: Lab):
    app = flask.Flask(
        "plain", "/su", "sf", None, False, False, "tf", str(lab.tmp), False, str(lab.tmp / "r")
    )
    return [
        app.static_url_path,
        app.static_folder,
        app.template_folder,
        app.instance_path,
        app.root_path,
    ]


@scenario
def constructor_needs_a_name(lab: Lab):
    return [
        lab.raises(flask.Flask),
        lab.raises(flask.Flask, None),
        lab.raises(flask.Flask, "x", nonsense=1),
        lab.raises(flask.Blueprint),
        lab.raises(flask.Blueprint, "x"),
    ]


@scenario
def class_attributes(lab: Lab):
    kind = flask.Flask
    return [
        kind.request_class.__name__,
        kind.response_class.__name__,
        kind.session_interface.__class__.__name__,
        kind.jinja_environment.__name__,
        kind.app_ctx_globals_class.__name__,
        kind.config_class.__name__,
        kind.url_rule_class.__name__,
        kind.url_map_class.__name__,
        kind.test_client_class,
        kind.test_cli_runner_class,
        kind.json_provider_class.__name__,
        kind.aborter_class.__name__,
        dict(kind.jinja_options),
        sorted(kind.default_config),
    ]


@scenario
def equality_weakref_and_pickling(lab: Lab):
    import weakref

    app = lab.app()
    reference = weakref.ref(app)
    return [
        app == app,
        app != lab.app(),
        reference() is app,
        {app: 1}[app],
        type(weakref.ref(app.test_request_context("/"))()).__name__
        in {"RequestContext", "NoneType"},
    ]


@scenario
def version_and_unknown_attributes(lab: Lab):
    import importlib.metadata

    version = importlib.metadata.version("flask")
    return [
        version.startswith("3.1.3"),
        all(part.isdigit() for part in version.split(".")),
        lab.raises(lambda: flask.nonsense),
        lab.raises(lambda: flask.__version__.split(".")[:3]),
        hasattr(flask, "_request_ctx_stack"),
        hasattr(flask, "_app_ctx_stack"),
        hasattr(flask, "Markup"),
        hasattr(flask, "escape"),
    ]


RUNS = {
    "default": {},
    "port": {"port": 1234},
    "host": {"host": "0.0.0.0"},
    "debug": {"debug": True},
    "debug_false": {"debug": False},
    "options": {"threaded": False, "ssl_context": "adhoc", "use_reloader": False},
    "text_port": {"port": "99"},
    "zero_port": {"port": 0},
    "no_dotenv": {"load_dotenv": False},
    "empty_host": {"host": ""},
    "reloader": {"use_reloader": True, "use_debugger": False},
    "threaded_default": {"processes": 2, "threaded": False},
}


@family(**RUNS)
def run(lab: Lab, options):
    lab.chdir(lab.tmp)
    seen = []
    for settings in ({}, {"SERVER_NAME": "conf.example:777"}, {"SERVER_NAME": "conf.example"}):
        app = lab.app(**settings)

        def fake(host, port, application, app=app, **kwargs):
            seen.append([host, port, application is app, kwargs])

        lab.patch_run_simple(fake)
        lab.patch(sys, "stdout", io.StringIO())
        app.run(**options)
        seen.append([app.debug])
    return seen


@family("FLASK_DEBUG", "FLASK_RUN_FROM_CLI")
def run_and_the_environment(lab: Lab, name):
    lab.chdir(lab.tmp)
    os.environ[name] = "true"
    lab.patch_run_simple(
        lambda host, port, application, **kwargs: lab.say("run", host, port, kwargs)
    )
    lab.patch(sys, "stdout", io.StringIO())
    app = lab.app()
    app.run()
    return app.debug


@scenario
def run_reads_dotenv(lab: Lab):
    lab.file(".env", "FROM_ENV=env\nBOTH=env\n")
    lab.file(".flaskenv", "FROM_FLASKENV=flaskenv\nBOTH=flaskenv\nFLASK_DEBUG=1\n")
    lab.chdir(lab.tmp)
    lab.patch_run_simple(
        lambda host, port, application, **kwargs: lab.say("run", kwargs.get("use_reloader"))
    )
    lab.patch(sys, "stdout", io.StringIO())
    app = lab.app()
    app.run()
    seen = [os.environ.get(k) for k in ("FROM_ENV", "FROM_FLASKENV", "BOTH")]
    return [seen, app.debug]
