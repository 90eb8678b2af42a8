"""Configuration of the documentation build: ``sphinx-build -W docs docs/_build``."""

import inspect
import re
from pathlib import Path

from sphinx.errors import SphinxError

import sklreg

project = "sklreg"
author = "sklreg developers"
copyright = "2026, sklreg developers"
version = release = sklreg.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "examples/*.rst", "auto_examples/*.ipynb"]
default_role = "literal"
nitpicky = False

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
# Stricter than the linter's, which cannot tell a public name from a helper.
numpydoc_validation_checks = {
    "all",
    "ES01",  # an extended summary is written where there is more to say
    "EX01",  # methods are shown in the example of their class
    "GL01",  # the summary stands on the opening line
    "GL08",  # inherited methods without a docstring
    "RT02",  # `coef : ndarray` reads well for a single value too
    "SA01",  # See Also where there is something to see
    "SS05",  # takes a plural noun for a verb
    "SS06",  # a summary may need two lines
    "YD01",  # generators
}
numpydoc_validation_exclude = {
    # one protocol, stated at the head of each module
    r"^sklreg\.(penalties|losses)\.\w+\.\w+$",
    # written by scikit-learn, not here
    r"\.(get|set)_params$",
    r"\.get_metadata_routing$",
    r"\.set_\w+_request$",
    r"\.set_output$",
    r"\.fit_transform$",
    r"\.fit_predict$",
    r"\.(predict|score)$",
    # imbalanced-learn's own words on methods that are inherited from it
    r"\.\w*(SMOTE\w*|ADASYN|RandomOverSampler)\.fit(_resample)?$",
}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
}
suppress_warnings = ["config.cache"]  # sphinx-gallery's settings do not pickle

html_theme = "pydata_sphinx_theme"
html_title = f"sklreg {release}"
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False


def check_doc_links(app, exception):
    """Every link that scikit-learn's HTML representation shows leads to a page."""
    if exception is not None or app.builder.name != "html":
        return
    for package in sklreg.__all__:
        package = getattr(sklreg, package)
        for name in getattr(package, "__all__", ()):
            thing = getattr(package, name)
            if inspect.isclass(thing) and hasattr(thing, "_get_doc_link"):
                link = thing.__new__(thing)._get_doc_link()
                page = Path(app.outdir, link.partition("/en/stable/")[2])
                if not page.is_file():
                    raise SphinxError(f"{link} of {name} has no page")


def prepare_docstring(app, what, name, obj, options, lines):
    """Take out of docstrings what means something else on these pages."""
    text = "\n".join(lines)
    if getattr(obj, "__module__", "").startswith("sklearn."):
        # labels of scikit-learn's own site
        text = re.sub(r":(?:ref|term):`~?([^`<]+?)(?:\s*<[^>]*>)?`", r"\1", text)
    # a shape such as (n_features_in_,): a trailing underscore makes a link
    text = re.sub(r"(?<=[(,\s])(\w+_)(?=[,)])", r"`\1`", text)
    lines[:] = text.split("\n")


def setup(app):
    app.connect("build-finished", check_doc_links)
    app.connect("autodoc-process-docstring", prepare_docstring, priority=400)
