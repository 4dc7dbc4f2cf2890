"""Scripts, styles and HTML: the page's own, then those that lie beside each tab."""

from __future__ import annotations

from pathlib import Path

APP = Path(__file__).resolve().parent.parent
OWN = APP / "page" / "static"
SCRIPTS = ("viewer.js", "cross.js", "rail.js", "help.js", "page.js", "guide.js")
"""The page's own, in the order in which they build on each other. Those of the tabs build on these alone."""


def scripts() -> str:
    """JavaScript of the page and of every tab."""
    return "".join(path.read_text(encoding="utf-8") for path in [*(OWN / name for name in SCRIPTS), *beside_tabs("js")])


def styles() -> str:
    """CSS of the page and of every tab."""
    return "".join(path.read_text(encoding="utf-8") for path in [*sorted(OWN.glob("*.css")), *beside_tabs("css")])


def beside_tabs(suffix: str) -> list[Path]:
    """The files of one kind in the folders of the tabs, sorted."""
    return sorted((APP / "tabs").glob(f"*/*.{suffix}"))


def page_html(tab: str) -> str:
    """The HTML that a tab's script fills in."""
    return (APP / "tabs" / tab / "page.html").read_text(encoding="utf-8")
