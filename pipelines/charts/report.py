"""The bilan as a page: its sections in order, each a function of one `Page`.

A report calls `Report(frames).section("teams")`; the section comes with its heading, ready to be printed as it is.
"""

from collections.abc import Callable, Mapping

import polars as pl

from pipelines.charts import (
    annexes,
    background,
    comparison,
    essential,
    hours,
    people,
    proposals,
    request,
    results,
    sheets,
    usage,
)
from pipelines.charts.context import Page
from pipelines.wording.page import heading

# Section -> (anchor, what makes it). Anchors stay the same whatever the language: links to a bilan keep working.
SECTIONS: dict[str, tuple[str, Callable[[Page], str]]] = {
    "essential": ("essentiel", essential.essential),
    "request": ("demande", request.request),
    "protocol": ("protocole", request.protocol),
    "participation": ("participation", people.participation),
    "teams": ("equipes", results.teams),
    "tools": ("outils", results.tools),
    "proposals": ("propositions", proposals.proposals),
    "sheets": ("fiches", sheets.sheets),
    "usage": ("usages", usage.usage),
    "conditions": ("conditions", usage.conditions),
    "voices": ("agents", results.voices),
    "hours": ("temps", hours.hours),
    "vigilance": ("vigilance", people.vigilance),
    "comparison": ("comparaison", comparison.comparison),
    "recommendations": ("recommandations", people.recommendations),
    "unknowns": ("inconnues", people.unknowns),
    "charter": ("charte", background.charter),
    "quality": ("qualite", background.quality),
    "method": ("methode", background.method),
    "sensitivities": ("sensibilites", annexes.sensitivities),
    "instruments": ("questions", annexes.instruments),
    "rerun": ("refaire", annexes.rerun),
    "trace": ("tracabilite", background.trace),
}


class Report:
    """The bilan of one study, from its published tables by name."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self.page = Page(frames)

    def opening(self) -> str:
        """Bands, period, and the figures of who took part."""
        return essential.opening(self.page)

    def section(self, name: str) -> str:
        """One section with its heading, as Markdown that holds a raw block. KeyError on an unknown name."""
        anchor, make = SECTIONS[name]
        return heading(self.page.words.text(f"sections.{name}"), anchor) + make(self.page)
