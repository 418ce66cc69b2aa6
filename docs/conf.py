"""Sphinx configuration of the manual: ``make docs``. Nothing of the site comes from a network."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(ROOT)]

from manual import docstrings  # noqa: E402
from manual.generate import generate  # noqa: E402

import continuum  # noqa: E402

project = "continuum"
author = "The continuum authors"
version = release = continuum.__version__
html_title = f"continuum {release}"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "_generated"]
nitpicky = True  # see docstrings.resolve
#: Base classes that stand on no page: of other packages, and those that no room exports.
FOREIGN = "abc|enum|gymnasium|keras_tuner|optuna|rich|sklearn|stable_baselines3|torch"
nitpick_ignore_regex = [("py:class", rf"(?:{FOREIGN})\..*|continuum\.\w+\.\w+\..*")]
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {
    "exclude-members": "extra_repr, set_fit_request, set_partial_fit_request, set_predict_request, set_score_request",
}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072B2", "color-brand-content": "#0072B2"},
    "dark_css_variables": {"color-brand-primary": "#56B4E9", "color-brand-content": "#56B4E9"},
}
copybutton_exclude = ".linenos, .gp, .go"
pygments_style = "friendly"
pygments_dark_style = "monokai"
#: SVG needs no fonts, which some browsers refuse to load from a file.
MATHJAX = "mathjax/tex-svg.js"


def setup(app: Sphinx) -> None:
    """Write the generated pages before Sphinx looks for pages."""
    app.config.mathjax_path = MATHJAX
    app.connect("builder-inited", lambda app: generate(DOCS))
    app.connect("autodoc-process-docstring", docstrings.before, priority=400)
    app.connect("autodoc-process-docstring", docstrings.after, priority=600)
    app.connect("autodoc-process-signature", docstrings.shorten)
    app.connect("missing-reference", docstrings.resolve)
