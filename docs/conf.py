"""Sphinx settings for the documentation site. Build it with `make docs`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

_project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Hipflask"
author = "The Hipflask contributors"
project_copyright = author
release = version = _project["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "hipflask_site",
]

exclude_patterns = ["_ext", "_static", "_templates"]
templates_path = ["_templates"]
source_suffix = {".md": "markdown"}
root_doc = "index"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4

autodoc_member_order = "groupwise"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
add_module_names = False

# Classes that are documented under the name they are imported by keep their own name as a second
# target, so "Blueprint" in an annotation has several.
suppress_warnings = ["ref.python"]

pygments_style = "hipflask_site.LightStyle"
pygments_dark_style = "hipflask_site.DarkStyle"

html_theme = "furo"
html_title = f"Hipflask {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_favicon = "_static/logo.svg"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_theme_options = {
    "light_logo": "logo.svg",
    "dark_logo": "logo-dark.svg",
    "sidebar_hide_name": False,
    # Contrast of at least 4.5 to 1 on every background that the theme uses.
    "light_css_variables": {
        "color-brand-primary": "#0b5a6f",
        "color-brand-content": "#0b5a6f",
        "color-brand-visited": "#5b4a8a",
        "color-foreground-muted": "#56606a",
        "color-foreground-secondary": "#454f59",
        "color-api-name": "#0b5a6f",
        "color-api-pre-name": "#0b5a6f",
    },
    "dark_css_variables": {
        "color-brand-primary": "#6fc7dd",
        "color-brand-content": "#6fc7dd",
        "color-brand-visited": "#b9a8ea",
        "color-foreground-muted": "#a3adb7",
        "color-foreground-secondary": "#b4bec8",
        "color-api-name": "#6fc7dd",
        "color-api-pre-name": "#6fc7dd",
    },
}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/versions.html",
        "sidebar/scroll-end.html",
    ]
}
