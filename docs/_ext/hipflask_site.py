"""The site's own part of the build: commands, links into the repository, llms.txt, versions.

- ``{commands}`` describes the ``flask`` command from the click objects themselves.
- Links out of ``docs/`` lead to the copy of a page in the site, or become plain text: the site has
  to work without a network, and without knowing where the repository is hosted.
- ``<!-- index: words -->`` makes search find a page by these words first.
- ``llms.txt`` lists every page for language models, ``llms-full.txt`` has their text.
- A build into a folder named after the version becomes one entry of the list of versions.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from docutils.statemachine import StringList
from pygments.style import Style
from pygments.styles.gh_dark import GhDarkStyle
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]

#: Files of the repository that are pages of the site.
PAGES = {
    "ARCHITECTURE.md": "/project/architecture.md",
    "CHANGELOG.md": "/project/changelog.md",
    "CONTRIBUTING.md": "/project/contributing.md",
    "SECURITY.md": "/project/security-policy.md",
    "benchmarks/README.md": "/project/benchmarks.md",
}
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
INCLUDED = re.compile(r"```\{include\} (\S+)\n```")
#: Words that lead to a page or a section, as a comment, which other viewers of Markdown don't show.
INDEX = re.compile(r"^<!-- index( also)?: (.+) -->$", flags=re.MULTILINE)
#: In an index, stands for all pages beside it that it does not list.
UNLISTED = "UNLISTED PAGES"

INTRODUCTION = """\
# Hipflask

> An independent, faster implementation of the Flask web framework's public interface. The import
> package is `flask`; applications and extensions written for Flask 3.1 run unchanged.

Each page is also part of llms-full.txt, as Markdown. Code blocks are run by the project's tests.
"""


class LightStyle(Style):
    """Code on a light page, each colour at a contrast of 4.5 to 1 or more."""

    background_color = "#f8f9fb"
    styles = {  # noqa: RUF012 - Pygments reads it from the class
        Token: "#24292f",
        Comment: "italic #57606a",
        Keyword: "#a0111f",
        Operator: "#24292f",
        Name.Builtin: "#0a4fa8",
        Name.Class: "#7a3a00",
        Name.Decorator: "#6f31b8",
        Name.Exception: "#7a3a00",
        Name.Function: "#6f31b8",
        Name.Tag: "#116329",
        Name.Attribute: "#0a4fa8",
        Number: "#0a4fa8",
        String: "#0a3069",
    }


class DarkStyle(GhDarkStyle):
    """Pygments's dark style, with comments that are easier to read."""

    styles = {**GhDarkStyle.styles, Comment: "italic #a5afba"}  # noqa: RUF012


class Commands(SphinxDirective):
    """Describe the commands of ``flask`` with all their arguments and options."""

    def run(self) -> list[nodes.Node]:
        from flask.cli import cli

        lines = StringList()
        for line in command_lines(cli, ("flask",), level=2):
            lines.append(line, "flask.cli")
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def command_lines(command: click.Command, path: tuple[str, ...], level: int) -> Iterator[str]:
    """Yield Markdown that describes a command and the commands below it."""
    context = click.Context(command, info_name=" ".join(path))
    name = " ".join(path)
    yield f"({'-'.join(('command', *path))})="
    yield f"{'#' * level} `{name}`"
    yield ""
    yield f"```{{index}} {name}\n```"
    yield ""
    yield f"    {' '.join([name, *command.collect_usage_pieces(context)])}"
    yield ""
    yield plain_help(command)
    yield ""
    for parameter in command.get_params(context):
        yield from option_lines(parameter, context, path)
    if isinstance(command, click.Group):
        for child_name in sorted(command.commands):
            child = command.commands[child_name]
            if not child.hidden:
                yield from command_lines(child, (*path, child_name), level + 1)


def plain_help(command: click.Command) -> str:
    """Return a command's help text without click's marks for paragraphs."""
    text = command.help or command.short_help or ""
    return re.sub(r"[ \t]*\b\n", "\n", text.partition("\f")[0].replace("\b", "")).strip()


def option_lines(
    parameter: click.Parameter, context: click.Context, path: tuple[str, ...]
) -> Iterator[str]:
    """Yield one entry of a definition list for an option or an argument."""
    record = parameter.get_help_record(context)
    if isinstance(parameter, click.Option) and (record is None or parameter.hidden):
        return
    spelled, text = record or (parameter.human_readable_name.upper(), "")
    variable = ""
    if isinstance(parameter, click.Option) and parameter.name not in {"help", "version"}:
        names = [p.upper().replace("-", "_") for p in path]
        given = parameter.envvar
        variable = given if isinstance(given, str) else "_".join([*names, parameter.name.upper()])
    yield f"`{spelled}`"
    yield f": {' '.join(text.split()) or 'See above.'}"
    if variable:
        yield f"  Environment variable: `{variable}`."
    yield ""


def localize(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put included files in place, complete the navigation, and point links at the site's pages."""
    source = Path(app.env.doc2path(docname)).resolve()
    included = INCLUDED.match(content[0])
    if included:
        source = (source.parent / included[1]).resolve()
        content[0] = source.read_text(encoding="utf-8")
        app.env.note_dependency(str(source))
    if source.name == "index.md":
        content[0] = content[0].replace(UNLISTED, "\n".join(unlisted_pages(source, content[0])))
    content[0] = INDEX.sub(index_directive, localized(content[0], source))


def index_directive(found: re.Match[str]) -> str:
    """Turn the comment that names index entries into Sphinx's directive.

    Search puts main entries first; those of ``index also`` come after them.
    """
    mark = "" if found[1] else "! "
    entries = ", ".join(mark + name for name in found[2].split(", "))
    return f"```{{index}} {entries}\n```"


def unlisted_pages(index: Path, text: str) -> list[str]:
    """Return the pages beside an index that no line of it lists."""
    names = sorted(page.stem for page in index.parent.glob("*.md"))
    return [name for name in names if name not in {"index", *text.splitlines()}]


def localized(text: str, source: Path) -> str:
    """Rewrite the links of a page that stands at a place in the repository."""
    docs = ROOT / "docs"

    def place(target: str) -> str | None:
        """The site's address of a link's target, or None for a file that is no page."""
        path, mark, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target) or path.startswith("/"):
            return target
        linked = Path(os.path.normpath(source.parent / path))
        if linked.is_relative_to(docs):
            return f"/{linked.relative_to(docs)}{mark}{anchor}"
        page = PAGES.get(str(linked.relative_to(ROOT))) if linked.is_relative_to(ROOT) else None
        return page and f"{page}{mark}{anchor}"

    def link(found: re.Match[str]) -> str:
        target = place(found[2])
        return f"[{found[1]}]({target})" if target else found[1]

    def picture(found: re.Match[str]) -> str:
        linked = Path(os.path.normpath(source.parent / found[2]))
        if re.match(r"[a-z]+:|/", found[2]):
            return found[0]
        return f"![{found[1]}](/{os.path.relpath(linked, docs)})"

    return PICTURE.sub(picture, LINK.sub(link, text))


def complete_captions(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the headings in the navigation the level that ARIA asks for."""
    tree = context.get("furo_navigation_tree")
    if tree:
        heading = 'role="heading"'
        context["furo_navigation_tree"] = tree.replace(heading, f'{heading} aria-level="2"')


def shown_text(app: Sphinx, docname: str) -> str:
    """Return a page's Markdown, with the file that it includes in place of the directive."""
    path = Path(app.env.doc2path(docname))
    text = path.read_text(encoding="utf-8")
    included = INCLUDED.match(text)
    if included:
        return (path.parent / included[1]).read_text(encoding="utf-8")
    return text


def summary(text: str) -> str:
    """Return the first sentence of a page's first paragraph."""
    for block in re.split(r"\n\s*\n", text):
        if re.match(r"[A-Za-z`*\[]", block):
            words = LINK.sub(r"\1", " ".join(block.split()))
            return re.sub(r":$", ".", re.split(r"(?<=[.?])\s", words)[0])
    return ""


def write_llms(app: Sphinx, error: Exception | None) -> None:
    """Write llms.txt, a list of the pages, and llms-full.txt, their text."""
    if error or app.builder.name != "html":
        return
    lines, whole = [INTRODUCTION], [INTRODUCTION]
    for docname in reading_order(app):
        text = shown_text(app, docname)
        title = app.env.titles[docname].astext()
        lines.append(f"- [{title}]({docname}.html): {summary(text)}")
        whole.append(f"\n<!-- {docname}.html -->\n\n{text}")
    out = Path(app.outdir)
    (out / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / "llms-full.txt").write_text("\n".join(whole) + "\n", encoding="utf-8")


def reading_order(app: Sphinx) -> Iterator[str]:
    """Yield the pages as the navigation lists them."""
    includes = app.env.toctree_includes

    def below(docname: str) -> Iterator[str]:
        yield docname
        for child in includes.get(docname, []):
            yield from below(child)

    yield from dict.fromkeys(below(app.config.root_doc))


def write_versions(app: Sphinx, error: Exception | None) -> None:
    """List the versions that were built beside this one, and lead to the newest of them."""
    out = Path(app.outdir)
    if error or app.builder.name != "html" or out.name != app.config.release:
        return
    found = [page.parent.name for page in out.parent.glob("*/index.html")]
    newest_first = sorted(found, key=release_key, reverse=True)
    script = f"window.HIPFLASK_VERSIONS = {json.dumps(newest_first)};\n"
    (out.parent / "versions.js").write_text(script, encoding="utf-8")
    start = f"{newest_first[0]}/index.html"
    (out.parent / "index.html").write_text(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Hipflask</title>\n'
        f'<meta http-equiv="refresh" content="0; url={start}">\n'
        f'<p><a href="{start}">Documentation of Hipflask {newest_first[0]}</a></p>\n</html>\n',
        encoding="utf-8",
    )


def release_key(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", name))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("commands", Commands)
    app.connect("source-read", localize)
    # After the theme, which makes the navigation.
    app.connect("html-page-context", complete_captions, priority=900)
    app.connect("build-finished", write_llms)
    app.connect("build-finished", write_versions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
