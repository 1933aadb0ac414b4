"""Sphinx settings of the report: one offline site from Markdown and executed notebooks."""

import sys

# jsonschema would read a grammar of web addresses for a second, which no notebook needs
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

project = "Escaping Minima"
html_title = "Escaping Minima"
language = "en"
extensions = ["myst_nb"]
exclude_patterns = ["_build"]

# the notebooks were executed before; dollars are dollars, so that no page asks for MathJax
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions: list[str] = []
myst_heading_anchors = 3

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["report.css", "first_page.css"]
html_js_files = ["tables.js", "ledger.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_use_index = False
html_domain_indices = False
# summaries would be fetched, which a browser refuses for pages opened from disk
html_show_search_summary = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
