"""What every section of a page reads: the published tables of one study, its words, its labels, its figure numbers.

Belongs here: looking things up. Does not belong here: HTML, drawings, thresholds.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

import polars as pl

from pipelines.charts.base import Frame
from pipelines.contracts import table
from pipelines.wording.display import Row, headline, is_published
from pipelines.wording.sentences import by_key
from pipelines.wording.words import Words

PROGRAMME = "programme"
OTHER_INDICATORS = ("errors", "satisfaction", "wellbeing", "time_per_task")


class Page:
    """One page in the making. `frames` = published tables by name; a table that is absent reads as empty."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self._frames = frames
        settings = self.frame("study")
        self.settings: dict[str, str] = {s: v for s, v in settings.iter_rows() if v is not None}
        self.words = Words("en" if self.settings.get("language", "fr") == "en" else "fr")
        self.fictional = self.settings.get("fictional") == "true"
        self.named = self.settings.get("privacy.publish_named") == "true"
        self.programme = by_key(self.rows(PROGRAMME))
        self._numbers = count(1)
        self._drawings = count(1)

    def frame(self, name: str) -> pl.DataFrame:
        """A published table, or one without rows."""
        return self._frames.get(name, table(f"published.{name}").empty())

    def setting(self, path: str, default: str = "") -> str:
        """A setting of the study as text."""
        return self.settings.get(path, default)

    def under(self, prefix: str) -> dict[str, str]:
        """Settings that start with `prefix.`, without it."""
        start = f"{prefix}."
        return {k.removeprefix(start): v for k, v in self.settings.items() if k.startswith(start)}

    def rows(self, scope: str, indicator: str | None = None) -> list[dict[str, Any]]:
        """Rows of estimates of one scope (and of the first estimand of one indicator), in the order of their key."""
        wanted = pl.col("scope") == scope
        if indicator is not None:
            wanted &= (pl.col("indicator") == indicator) & (pl.col("estimand") == headline(indicator))
        return self.frame("estimates").filter(wanted).sort("indicator", "estimand", "scope_key").to_dicts()

    def headline(self, indicator: str) -> Row | None:
        """The programme row printed first for an indicator."""
        return self.programme.get((indicator, headline(indicator)))

    def hidden(self, scope: str | None = None) -> int:
        """Estimates that are not published, of one scope or of all."""
        rows = self.frame("estimates").filter(pl.col("disclosure_status") == "suppressed")
        return rows.height if scope is None else rows.filter(pl.col("scope") == scope).height

    def team_labels(self) -> dict[str, str]:
        """Code -> label to print, in the order of the codes; teams that share a label are numbered inside it."""
        teams = self.frame("teams").sort("team")
        numbered = teams.with_columns(
            pl.len().over("label").alias("same"), pl.int_range(pl.len()).over("label").alias("rank")
        )
        return {
            r["team"]: self.words.print(r["label"]) if r["same"] == 1
            else self.words.text("team_number", label=r["label"], n=str(r["rank"] + 1))
            for r in numbered.iter_rows(named=True)
        }  # fmt: skip

    def labels(self, scope: str) -> dict[str, str]:
        """Code -> label of the things a scope is about."""
        if scope == "team":
            return self.team_labels()
        if scope == "family":
            return {f: self.words.print(f) for f in self.frame("teams")["family"].unique().sort().to_list()}
        kind = {"tool": "tools", "process": "processes"}.get(scope)
        if kind is None:
            return {}
        found = {r[scope]: self.words.print(r["label"]) for r in self.frame(kind).sort(scope).iter_rows(named=True)}
        return found | ({"plusieurs": self.words.text("several_tools")} if scope == "tool" else {})

    def wave(self, code: str) -> str:
        """Label of a wave."""
        return self.words.print(self.setting(f"waves.{code}.label", code))

    def item(self, code: str) -> str:
        """Text of an item, as `question` prints it."""
        return self.question(self.setting(f"item.{code}.text", code))

    def question(self, text: str) -> str:
        """A question; what each respondent saw in place of [outil] or [processus] becomes « cet outil »."""
        for place, said in self.words.raw("placeholders").items():
            text = text.replace(f"[{place}]", said)
        return self.words.print(text)

    def step(self, name: str, scope: str = PROGRAMME) -> tuple[int | None, int | None]:
        """(people, people of the reference) of one step of the participation; None when absent or not published."""
        rows = self.frame("participation").filter((pl.col("step") == name) & (pl.col("scope") == scope))
        for row in rows.iter_rows(named=True):
            if is_published(row):
                return row["n_persons"], row["n_reference"]
        return None, None

    def number(self) -> str:
        """Number of the next figure."""
        return str(next(self._numbers))

    def drawing(self, title: str, desc: str) -> Frame:
        """A place for one drawing: its own ids, and the mark of demonstration data when the study is fictional."""
        mark = self.words.text("demo.short") if self.fictional else ""
        return Frame(self.words, f"d{next(self._drawings)}", title, desc, mark)
