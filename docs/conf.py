"""Sphinx configuration; the version and the API pages come from the installed package."""

import re
import runpy
from importlib import import_module
from pathlib import Path
from types import ModuleType

import kousei

project = "kousei"
author = "the kousei developers"
copyright = f"2026, {author}"
version = release = kousei.__version__

extensions = [
    "breathe",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
default_role = "py:obj"

html_theme = "pydata_sphinx_theme"
html_title = f"kousei {version}"
html_theme_options = {"navigation_with_keys": False, "show_toc_level": 2}
html_show_sourcelink = False
html_sidebars = {page: [] for page in ("index", "performance", "reliability", "limitations")}
html_static_path = ["_static"]
html_css_files = ["kousei.css"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

# The code of the pages, `python -m sphinx -b doctest`; that of the docstrings is run by scipy-doctest.
doctest_test_doctest_blocks = ""
doctest_global_setup = "from importlib.util import find_spec"

autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "plot_",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("kousei",),
    "write_computation_times": False,
    "download_all_examples": False,
}

breathe_projects = {"kousei": "_build/doxygen/xml"}
breathe_default_project = "kousei"
breathe_show_include = False

for script in ("rooms.py", "cpp.py"):  # the picture of the map, and the pages of the C++ library
    runpy.run_path(str(Path(__file__).with_name(script)), run_name="__main__")


def api_of(room):
    """Sort what a package exports: objects with a page of their own, constants, and what another one documents."""
    api = {"pages": [], "constants": [], "elsewhere": []}
    for name in room.__all__:
        value = getattr(room, name)
        home = next((other for other in rooms[1:] if name in other.__all__ and getattr(other, name) is value), room)
        if isinstance(value, ModuleType) or name.startswith("__"):
            continue
        if home is not room:
            api["elsewhere"].append(f"{home.__name__}.{name}")
        elif hasattr(value, "__name__"):
            api["pages"].append(name)
        else:
            api["constants"].append(
                (name, f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins."))
            )
    return api


rooms = [
    import_module(name)
    for name in (
        *("kousei", "kousei.activation", "kousei.attribution", "kousei.binary", "kousei.distributed"),
        "kousei.equivariant",
        *("kousei.fashion", "kousei.front", "kousei.funahashi", "kousei.interop.torch", "kousei.io", "kousei.ising"),
        *("kousei.isotonic", "kousei.network", "kousei.packed"),
        *("kousei.rbm", "kousei.recommend", "kousei.repu", "kousei.rg", "kousei.ridgelet", "kousei.score"),
    )
]
autosummary_context = {"api": {room.__name__: api_of(room) for room in rooms}}


exported = {path.rpartition(".")[2]: path for path in autosummary_context["api"]["kousei"]["elsewhere"]}


def find_exported(app, env, node, contnode):
    """Resolve `kousei.MLP`, which has its page where it is defined, as kousei.network.MLP."""
    package, _, path = node["reftarget"].partition(".")
    name, dot, member = path.partition(".")
    if node.get("refdomain") != "py" or package != "kousei" or name not in exported:
        return None
    target = exported[name] + dot + member
    return env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, contnode)


def escape_bars(app, what, name, obj, options, lines):
    """Docstrings write |s| for an absolute value; reStructuredText would take it for a substitution."""
    lines[:] = [line if line.lstrip().startswith((">>>", "...")) else line.replace("|", r"\|") for line in lines]


def skip_foreign(app, what, name, obj, skip, options):
    """Leave out fields of named tuples, which have no text of their own, and how scikit-learn routes arguments."""
    field = (getattr(obj, "__doc__", None) or "").startswith("Alias for field number")
    return True if field or re.fullmatch(r"get_metadata_routing|set_\w+_request", name) else None


def setup(app):
    """Connect the three rules above, that of docstrings before numpydoc reads them."""
    app.connect("missing-reference", find_exported)
    app.connect("autodoc-process-docstring", escape_bars, priority=100)
    app.connect("autodoc-skip-member", skip_foreign)
