"""A report becomes a page: the renderer is chosen, the page checked, and only then put in its place.

Belongs here: what holds for both renderers. Does not belong here: how either of them works.
"""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

from pipelines.publish.embedded import render_embedded
from pipelines.publish.qmd import RenderError, read_report
from pipelines.publish.quarto import find_quarto, render_quarto

__all__ = ["RenderError", "Renderer", "page_faults", "render_report"]

Renderer = Literal["quarto", "embedded"]
LOG = logging.getLogger(__name__)
# The project file speaks French; what it says of the page itself, in English.
ENGLISH = {"toc-title": "Contents", "skip-label": "Skip to content"}
MADE_BY = {
    "fr": {"quarto": "Page composée par Quarto ({})", "embedded": "Page composée par le moteur intégré ({})"},
    "en": {"quarto": "Page made by Quarto ({})", "embedded": "Page made by the embedded renderer ({})"},
}
RENDERER_PLACE = '<p class="renderer"></p>'
UNRESOLVED = re.compile(r"\?(?:@\w[\w-]*|meta:[\w.-]+)")
RANDOM_CELL_ID = re.compile(r'(?<=<div id=")[0-9a-f]{8}(?=" class="cell\b)')


def render_report(
    qmd: Path,
    out_html: Path,
    *,
    env: Mapping[str, str],
    metadata: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    renderer: Renderer | None = None,
) -> Renderer:
    """Render a report to one self-contained page; return the renderer that made it.

    That is Quarto if it is found, else the embedded one; `renderer` asks for one of them.
    `env` is added to the environment of the cells; `metadata` wins over the front matter (`lang: en`, `title: ...`);
    `params` are given to the cell tagged `parameters`. The same inputs give the same bytes.
    Raises RenderError, and leaves whatever stood at `out_html` as it was.
    """
    given = dict(metadata or {})
    report = read_report(qmd.resolve(), given)
    language = "en" if str(report.metadata.get("lang", "fr")).startswith("en") else "fr"
    if language == "en":
        given = {key: word for key, word in ENGLISH.items() if key not in report.header} | given
        report = read_report(qmd.resolve(), given)
    if params and not any("parameters" in (cell.options.get("tags") or []) for cell in report.cells):
        raise RenderError([f"{qmd.name}: parameters were given, and no cell is tagged `parameters`"])
    with tempfile.TemporaryDirectory(prefix="bilan-") as name:
        work = Path(name)
        page = work / "page.html"
        # Nothing of the user's IPython settings, nothing that changes from run to run.
        fixed = {"IPYTHONDIR": str(work / "ipython"), "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
        environment = {**os.environ, **env, **fixed}
        quarto = None if renderer == "embedded" else find_quarto(environment)
        if renderer == "quarto" and not quarto:
            raise RenderError([f"{qmd.name}: Quarto was asked for, and is not on this machine"])
        made_with: Renderer = "quarto" if quarto else "embedded"
        if quarto:
            command, version = quarto
            render_quarto(command, report, page, work, env=environment, params=params or {}, metadata=given)
        else:
            version = render_embedded(report, page, work, env=environment, params=params or {})
        text = page.read_text(encoding="utf-8")
    LOG.info("%s rendered by %s (%s)", qmd.name, made_with, version)
    _write(_finished(text, qmd.name, MADE_BY[language][made_with].format(version)), out_html)
    return made_with


def _finished(text: str, name: str, made_by: str) -> str:
    """The page with the renderer's name in its footer and no random identifier; RenderError if it may not be sent."""
    faults = page_faults(text)
    if RENDERER_PLACE not in text:
        faults.append(f"no {RENDERER_PLACE} to write the renderer's name in")
    if faults:
        raise RenderError([f"{name}: the page: {fault}" for fault in faults])
    cells = iter(range(1, sys.maxsize))
    text = RANDOM_CELL_ID.sub(lambda _: f"cell-{next(cells)}", text)
    return text.replace(RENDERER_PLACE, f'<p class="renderer">{made_by}</p>')


def _write(text: str, out_html: Path) -> None:
    """A reader of `out_html` sees the old page or the new one, never half of one."""
    out_html.parent.mkdir(parents=True, exist_ok=True)
    half = out_html.with_name(f".{out_html.name}.part")
    half.write_text(text, encoding="utf-8", newline="\n")
    half.replace(out_html)


def page_faults(text: str) -> list[str]:
    """Why a page may not be sent: a script, a request to a host, no CSP, a repeated id, an unresolved reference."""
    page = _Page()
    page.feed(text)
    page.close()
    faults = list(dict.fromkeys(page.faults))
    if not page.has_policy:
        faults.append("no Content-Security-Policy that starts from default-src 'none'")
    # How Quarto prints what it could not resolve, with a mere warning.
    faults += [f"unresolved {found}" for found in sorted(set(UNRESOLVED.findall(" ".join(page.texts))))]
    return faults


class _Page(HTMLParser):
    """Gathers what a browser would fetch or run."""

    LOADS = ("src", "srcset", "poster", "data", "background", "action", "formaction")
    FORBIDDEN = ("script", "iframe", "object", "embed", "base")
    OUTSIDE_CSS = re.compile(r"@import|url\(\s*['\"]?(?!data:|#)[^)]{0,40}", re.I)

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.texts: list[str] = []
        self.has_policy = False
        self._ids: set[str] = set()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in self.FORBIDDEN:
            self.faults.append(f"<{tag}>")
        values = {name: value or "" for name, value in attrs}
        equivalent = values.get("http-equiv", "").lower()
        self.has_policy |= equivalent == "content-security-policy" and "default-src 'none'" in values.get("content", "")
        if equivalent == "refresh":
            self.faults.append("<meta http-equiv=refresh>")
        for name, value in values.items():
            inside = value.strip().lower().startswith(("data:", "#"))
            # Only a link a reader follows may leave the page; an SVG href loads what it names.
            if (name in self.LOADS or (name in ("href", "xlink:href") and tag != "a")) and not inside:
                self.faults.append(f"<{tag} {name}={value[:60]!r}> asks for a file")
            if name.startswith("on") or value.strip().lower().startswith("javascript:"):
                self.faults.append(f"<{tag} {name}> is a script")
            if name == "style":
                self._check_css(value)
            if name == "id" and value:
                if value in self._ids:
                    self.faults.append(f"the id {value!r} is used twice")
                self._ids.add(value)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._check_css(data)
        else:
            self.texts.append(data)

    def _check_css(self, css: str) -> None:
        self.faults += [f"the style asks for a file: {found[:60]}" for found in self.OUTSIDE_CSS.findall(css)]
