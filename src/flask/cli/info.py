"""``flask info``: which implementation is installed, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from .script import ScriptInfo, pass_script_info

if TYPE_CHECKING:
    from ..app import Flask
    from ..diagnostics.installation import Installation


@click.command("info", short_help="Describe the installed implementation.")
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")
@click.option(
    "--check",
    is_flag=True,
    help="Fail, with exit code 1, unless the importable and the installed 'flask' are Hipflask.",
)
@pass_script_info
def info_command(info: ScriptInfo, as_json: bool, check: bool) -> None:
    """Describe the installation: implementation, versions, location, extras.

    With an application named by '--app' or FLASK_APP, describe that as well.
    """
    # Costs time that other commands should not pay: installed distributions are searched.
    from ..diagnostics.installation import describe

    facts = describe()
    application = _describe_application(info) if not check else {}
    if as_json:
        import json

        click.echo(json.dumps({**facts, "application": application or None}, indent=2))
    elif not check:
        click.echo("\n".join(_lines(facts, application)))
    elif not facts["problems"]:
        click.echo(f"{facts['implementation']} {facts['version']} in {facts['location']}")
    _report_problems(facts, check)


def _report_problems(facts: Installation, check: bool) -> None:
    for problem in facts["problems"]:
        click.secho(problem, err=True, fg="red")
    if facts["problems"]:
        click.echo(
            "Uninstall 'flask' and install Hipflask again; docs/install.md shows how to pin it.",
            err=True,
        )
        if check:
            raise SystemExit(1)


def _describe_application(info: ScriptInfo) -> dict[str, object]:
    """Describe the application that the command line names, if it names one."""
    if info.create_app is None and not info.app_import_path:
        return {}
    app = info.load_app()
    return {
        "name": app.name,
        "import_name": app.import_name,
        "debug": app.debug,
        "root_path": app.root_path,
        "instance_path": app.instance_path,
        "json": _qualified(app.json),
        "sessions": _qualified(app.session_interface),
        "extensions": ", ".join(sorted(app.extensions)),
        "routes": _count_rules(app),
    }


def _count_rules(app: Flask) -> int:
    return sum(1 for _ in app.url_map.iter_rules())


def _qualified(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _lines(facts: Installation, application: dict[str, object]) -> Iterator[str]:
    python = facts["python"]
    yield (
        f"{facts['implementation']} {facts['version']}, compatible with Flask"
        f" {facts['compatible_with']}"
    )
    yield from _section(
        {
            "Imported from": facts["location"] + (" (editable)" if facts["editable"] else ""),
            python["implementation"]: f"{python['version']} ({python['executable']})",
            **{name: version or "missing" for name, version in facts["libraries"].items()},
        }
    )
    yield "\nExtras"
    yield from _section({name: _extra(name, of) for name, of in facts["extras"].items()})
    if application:
        yield f"\nApplication {application.pop('name')!r}"
        yield from _section(
            {name: str(value) for name, value in application.items() if value != ""}
        )


def _extra(name: str, packages: dict[str, str | None]) -> str:
    missing = [package for package, version in packages.items() if version is None]
    if missing:
        return f"off: pip install {' '.join(missing)}"
    return "on: " + ", ".join(f"{package} {version}" for package, version in packages.items())


def _section(rows: dict[str, str]) -> Iterator[str]:
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        yield f"  {name.ljust(width)}  {value}"
