"""Sphinx configuration."""

import skvae

project = "skvae"
author = copyright = "the skvae developers"
version = release = skvae.__version__

extensions = [
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
autosummary_generate = True
numpydoc_show_class_members = False
autodoc_default_options = {"members": True, "inherited-members": True}
intersphinx_mapping = {
    "sklearn": ("https://scikit-learn.org/stable", None),
    "python": ("https://docs.python.org/3", None),
}
extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_",
}
html_theme = "alabaster"
