"""The method page: formulas in words, models, what the intervals are worth, dictionaries of estimates and tables.

Belongs here: turning the wording, the contracts, the published codebook and the figures of the bench into sections.
Does not belong here: any formula, any figure; prose holds no number that is not read from a table.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

import polars as pl

from pipelines.charts.context import Page
from pipelines.charts.rule import rule
from pipelines.contracts import all_tables
from pipelines.contracts.base import DUCKDB_TYPES, Table
from pipelines.wording.page import heading, inline, pairs, paragraph, raw, table

BENCH, TRUTHS = "bench.csv", "truths.csv"  # written by `make bench-stats` and `python -m tests.truths`
PARTS = ("says", "source", "assumes", "refuses")
INTERVALS = ("jackknife", "pooling", "regle_t")  # how model_id ends
LAYERS = ("published", "indicators", "model", "clean")
HELD = ("held", "within_error")


class Method:
    """The method page of one study, from its published tables by name and the folder that holds the bench figures."""

    def __init__(self, frames: Mapping[str, pl.DataFrame], figures: Path) -> None:
        self.page = Page(frames)
        self.words = self.page.words
        self.figures = figures
        self.sections: dict[str, tuple[str, Callable[[], str]]] = {
            "formulas": ("formules", self._formulas),
            "models": ("modeles", self._models),
            "rule": ("regle", lambda: rule(self.page)),
            "bench": ("banc", self._bench),
            "truths": ("verites", self._truths),
            "codebook": ("dictionnaire", self._codebook),
            "tables": ("tables", self._tables),
        }

    def opening(self) -> str:
        """What the page is; the band of a fictional study."""
        band = f'<p class="band">{inline(self.words.text("demo.band"))}</p>' if self.page.fictional else ""
        return raw(band + paragraph(self.words.text("methode.intro")))

    def section(self, name: str) -> str:
        """One section with its heading, as Markdown that holds a raw block. KeyError on an unknown name."""
        anchor, make = self.sections[name]
        return heading(self.words.text(f"methode.sections.{name}"), anchor) + raw(make())

    def _formulas(self) -> str:
        words, made = self.words, []
        for code, entry in words.raw("methode.formulas").items():
            said = {part: words.text(f"methode.formulas.{code}.{part}") for part in PARTS if part != "refuses"}
            said["refuses"] = words.raw("semicolon").join(words.reason(reason) for reason in entry["refuses"])
            terms = [(words.text(f"methode.parts.{part}"), said[part]) for part in PARTS]
            made.append(f"<h3>{inline(words.text(f'methode.formulas.{code}.title'))}</h3>" + pairs(terms, "gl"))
        return "".join(made)

    def _models(self) -> str:
        used = self.page.frame("codebook")["models"].drop_nulls().str.split(", ").explode().unique().sort().to_list()
        rows = [[_code(model), *(escape(said) for said in self.model(model))] for model in used]
        return self._table("models", rows, html=True)

    def model(self, model_id: str) -> tuple[str, str]:
        """What a model_id computes, and where its interval comes from. KeyError when the wording does not know it."""
        bases = self.words.raw("methode.models.bases")
        ending = next((i for i in INTERVALS if model_id.endswith(f"_{i}")), "own")
        base = model_id if model_id in bases else model_id.removesuffix(f"_{ending}")
        months = base not in bases and base.endswith("_mois")
        base = base.removesuffix("_mois") if months else base
        more = self.words.raw("methode.models.months") if months else ""
        said = self.words.text(f"methode.models.bases.{base}") + more
        return said, self.words.text(f"methode.models.intervals.{ending}")

    def _bench(self) -> str:
        words, path = self.words, self.figures / BENCH
        if not path.is_file():
            return paragraph(words.text("methode.bench.none"))
        figures = pl.read_csv(path).to_dicts()
        missed = [self._scenario(r) for r in figures if r["status"] not in HELD]
        counts = {status: sum(r["status"] == status for r in figures) for status in HELD}
        said = words.text(
            "methode.bench.held", studies=words.number(min(r["replicates"] for r in figures)),
            held=words.number(counts["held"]), n=words.number(len(figures)),
            error=words.number(counts["within_error"]), missed=words.number(len(missed)),
        )  # fmt: skip
        names = [paragraph(words.text("methode.bench.missed", names=words.raw("semicolon").join(missed)))]
        rows, blank = [], words.text("methode.bench.blank")
        for r in figures:
            scenario, indicator, scope = self._names(r)
            rows.append([
                scenario, indicator, scope, words.text(f"methode.bench.status.{r['status']}"),
                self._share(r["coverage"], r["coverage_error"]),
                words.text("methode.bench.within", low=self._share(r["bar_low"], decimals=0),
                           high=self._share(r["bar_high"], decimals=0)),
                self._share(r["false_reached"]),
                self._or_none(r["false_bar"], lambda v: words.text("methode.bench.most", value=self._share(v))),
                *(f"{self._share(r[f'{what}_coverage'])} / {self._share(r[f'{what}_false'])}"
                  if r[f"{what}_coverage"] is not None else blank for what in ("naive", "plain")),
            ])  # fmt: skip
        intro = paragraph(words.text("methode.bench.intro")) + paragraph(said)
        return intro + "".join(names if missed else []) + self._table("bench", rows, numeric=range(4, 10))

    def _names(self, row: Mapping[str, str]) -> tuple[str, str, str]:
        words = self.words
        return (words.text(f"methode.bench.scenarios.{row['scenario']}"),
                words.text(f"indicators.{row['indicator']}.title"),
                words.text(f"methode.bench.scopes.{row['scope']}"))  # fmt: skip

    def _scenario(self, row: Mapping[str, str]) -> str:
        """« équipes inégales (Temps par tâche, équipe) »."""
        scenario, indicator, scope = self._names(row)
        return f"{scenario} ({indicator}{self.words.raw('comma')}{scope})"

    def _share(self, value: float | None, error: float | None = None, *, decimals: int = 1) -> str:
        """A share in %, without its sign; with its Monte-Carlo error when there is one."""
        if value is None:
            return self.words.text("methode.bench.blank")
        shown = self.words.number(100 * value, decimals)
        if error is None:
            return shown
        return self.words.text("methode.bench.error", value=shown, error=self.words.number(100 * error, decimals))

    def _or_none(self, value: float | None, show: Callable[[float], str]) -> str:
        return self.words.text("methode.bench.blank") if value is None else show(value)

    def _truths(self) -> str:
        words, path = self.words, self.figures / TRUTHS
        if not path.is_file():
            return paragraph(words.text("methode.truths.none"))
        rows = [
            [
                words.text(f"methode.truths.planted.{r['planted']}"),
                *(self._or_none(r[c], lambda v: words.number(v, 1)) for c in ("truth", "mean_estimate")),
                *(self._or_none(r[c], words.number) for c in ("seeds", "found", "covered", "false_success")),
                words.text(f"methode.truths.status.{r['status']}"),
            ]
            for r in pl.read_csv(path).iter_rows(named=True)
        ]
        return paragraph(words.text("methode.truths.intro")) + self._table("truths", rows, numeric=range(1, 7))

    def _codebook(self) -> str:
        words, rows, before = self.words, list[list[str]](), ""
        for r in self.page.frame("codebook").iter_rows(named=True):
            told = "" if r["indicator"] == before else _english(r["description"])  # once for all that it estimates
            before = r["indicator"]
            rows.append([
                _code(r["indicator"]), told, _code(r["estimand"]), _english(r["unit"]),
                escape(words.text(f"methode.codebook.{r['direction']}")) if r["direction"] else "",
                _code(r["scopes"]), _code(r["models"]),
            ])  # fmt: skip
        return paragraph(words.text("methode.codebook.intro")) + self._table("codebook", rows, html=True)

    def _tables(self) -> str:
        tables = [t for layer in LAYERS for t in all_tables().values() if t.layer == layer]
        return "".join(self._one_table(t) for t in tables)

    def _one_table(self, contract: Table) -> str:
        words = self.words
        title = words.text(
            "methode.codebook.open", name=contract.qualified_name, n=words.number(len(contract.columns))
        )  # fmt: skip
        rows = [
            [_code(c.name), _code(DUCKDB_TYPES[c.dtype]), _english(c.unit),
             escape(words.text(f"methode.codebook.{'can' if c.nullable else 'cannot'}")), _english(c.description)]
            for c in contract.columns
        ]  # fmt: skip
        body = table(title, words.raw("methode.codebook.columns"), rows, html=True)
        return f"<details><summary>{inline(title)}</summary><p>{_english(contract.description)}</p>{body}</details>"

    def _table(self, name: str, rows: Sequence[Sequence[str]], *, numeric: range = range(0), html: bool = False) -> str:
        heads = [self.words.print(h) for h in self.words.raw(f"methode.{name}.heads")]
        return table(self.words.text(f"methode.{name}.caption"), heads, rows, numeric=numeric, html=html)


def _code(text: str | None) -> str:
    """A name of the code, which may break after an underscore."""
    return f"<code>{escape(text).replace('_', '_<wbr>')}</code>" if text else ""


def _english(text: str | None) -> str:
    """Words of the code, whatever the language of the page."""
    return f'<span lang="en">{escape(text)}</span>' if text else ""
