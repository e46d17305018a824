"""How Sphinx makes the site of these pages: make docs.

The pages are Markdown that reads the same on GitHub: relative links, GitHub's anchors. A link or an
anchor that leads nowhere is a warning, and warnings end the build.
"""

from dbtune._version import __version__

project = "dbtune"
author = "the authors of dbtune"
copyright = "the authors of dbtune, MIT licence"
version = release = __version__

extensions = ["myst_parser"]
myst_heading_anchors = 6
nitpicky = True
# Blocks without a language are what a terminal shows.
highlight_language = "text"

# The source is the whole checkout, so that links to what lies beside docs/ work as on GitHub.
root_doc = "docs/index"
include_patterns = ["docs/**.md", "bench/results/*.md", "CHANGELOG.md"]
exclude_patterns = ["docs/_build"]

html_theme = "furo"
# The front door: whoever serves the folder is led to the first page.
html_extra_path = ["front"]
html_use_index = False
html_title = f"dbtune {version}"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
