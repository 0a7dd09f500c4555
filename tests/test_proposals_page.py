"""Proposals where people meet them: the page, the decisions beside, the console that makes them again."""

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from lxml import html

from pipelines.charts.report import Report
from pipelines.cli import main
from pipelines.contracts import table
from pipelines.decisions.proposals import propose
from pipelines.lake import places, point_to, publish_lake
from tests.page_fixture import frames, proposal, survey_frames
from tests.test_proposals import published
from tests.test_study import MINIMAL

DECISIONS = table("published.decisions")


def section(published: dict[str, pl.DataFrame]) -> html.HtmlElement:
    text = Report(published).section("proposals")
    return html.fromstring(f"<main>{text.replace('```{=html}', '').replace('```', '')}</main>")


def said(element: html.HtmlElement) -> str:
    return re.sub(r"\s+", " ", " ".join(element.itertext())).replace("\u202f", " ").replace("’", "'").strip()


def lines(element: html.HtmlElement, caption: str) -> list[list[str]]:
    (found,) = [t for t in element.xpath("//table") if caption in said(t.xpath("caption")[0])]
    return [[said(cell) for cell in row] for row in found.xpath("tbody/tr")]


def test_the_matrix_has_a_word_for_every_pair_deployed():
    assert lines(section(frames()), "chaque outil déployé") == [
        ["Réponses aux courriels", "Généraliser", "Ajuster", "non déployé"],
        ["Extraction de données", "Ajuster", "Ne pas poursuivre en l'état",
         "Preuve insuffisante : prolonger la mesure"],
    ]  # fmt: skip


def test_each_proposal_names_its_line_its_inputs_and_waits_for_the_decision():
    page = section(frames())
    assert "Décision de la direction : en attente." in said(page)
    by_pair = {row[0]: row[1:] for row in lines(page, "chaque proposition repose")}
    assert by_pair["Réponses aux courriels, Assistant A"] == [
        "Généraliser, dans la famille « écrit » seulement",
        "Ligne 2 : gain de temps 25,8 % (au moins 15 %) ; borne basse du gain 22,3 % (plus de 0 %) ;"
        " niveau de preuve A (au moins B).",
        "variation de l'irritation : non publié", "En attente",
    ]  # fmt: skip
    assert by_pair["Réponses aux courriels, Assistant B"][1] == (
        "Ligne 1a : critères bloquants non conformes 1 (au moins 1) ; une action ouverte y répond."
    )
    assert by_pair["Extraction de données, Assistant A"][1:3] == [
        "Ligne 4. Il manque, pour généraliser : variation de l'irritation −0,2 point (au plus −2 points).", "rien"
    ]  # fmt: skip
    assert by_pair["Extraction de données, Assistant B"][1] == (
        "Ligne 1d : borne basse de la variation des erreurs +25,4 % (plus de +15 %)."
    )
    assert by_pair["Extraction de données, Assistant C"][1:3] == [
        "Ligne 4. Les données ne permettent pas de savoir : borne haute du gain non publié (moins de 5 %) ;"
        " facilité d'usage non mesuré (au moins 60 points).",
        "gain de temps : non publié ; facilité d'usage, abandon : non mesuré",
    ]  # fmt: skip


def test_decisions_stand_beside_the_proposals_with_their_reason_where_they_differ():
    decisions = DECISIONS.conform(pl.DataFrame([
        {"proposal_id": "courriels:aa", "decision": "generaliser", "authority": "Direction générale",
         "date": date(2026, 7, 10), "csa_information": date(2026, 7, 7)},
        {"proposal_id": "courriels:ab", "decision": "ne_pas_poursuivre", "authority": "Direction générale",
         "date": date(2026, 7, 10), "reason": "contrat non signé"},
        {"proposal_id": "extraction:aa", "decision": "generaliser", "authority": "Direction générale",
         "date": date(2026, 7, 10)},
    ], infer_schema_length=None))  # fmt: skip
    page = section(frames() | {"decisions": decisions})
    assert "Décision de la direction : en attente." not in said(page)
    assert [row[-1] for row in lines(page, "chaque proposition repose")] == [
        "Généraliser, Direction générale, 10 juillet 2026. CSA informé le 7 juillet 2026.",
        "Ne pas poursuivre en l'état, Direction générale, 10 juillet 2026. Motif : contrat non signé.",
        "Généraliser, Direction générale, 10 juillet 2026. Motif : non renseigné.",
        "En attente", "En attente",
    ]  # fmt: skip


def test_without_deployment_or_before_the_end_one_sentence_says_so():
    assert "ne propose rien par processus et par outil" in said(section(survey_frames()))
    early = table("published.proposals").conform(pl.DataFrame([proposal("courriels", "aa", None, None, None, None)]))
    page = section(frames() | {"proposals": early})
    assert "rien n'est proposé" in said(page) and not page.xpath("//table")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study whose published tables hold two proposals."""
    (tmp_path / "study.yaml").write_text(MINIMAL, encoding="utf-8")
    return tmp_path


def publish(study: Path, change: pl.Expr | None = None) -> None:
    tables = published()
    tables["proposals"] = propose(tables)
    if change is not None:
        tables["proposals"] = tables["proposals"].with_columns(change)
    folder = places("essai", study / "out").published
    folder.mkdir(parents=True, exist_ok=True)
    named = {f"published.{name}": frame for name, frame in tables.items()}
    digest = "0" * 64 if change is None else "1" * 64
    point_to(folder, publish_lake(folder, named, digest), digest)


def run(study: Path, *options: str):
    return CliRunner().invoke(main, ["propose", str(study), "--out", str(study / "out"), *options])


def test_the_console_makes_the_published_proposals_again(study: Path):
    publish(study)
    found = run(study)
    assert found.exit_code == 0
    assert found.output.splitlines() == [
        "mail:a: do not continue as it is (line 1b)",
        "notes:b: do not continue as it is (line 1a)",
        "What is published is what the rule gives on the published tables.",
    ]
    told = [line.replace("\u00a0", " ").replace("\u202f", " ") for line in run(study, "--explain").output.splitlines()]
    assert "  line 1b: confirmed incidents on the human part of work 1 (at least 1) met" in told
    assert "  line 3, or: abandonment not measured (at least 60%) not known" in told
    assert any(line.startswith("  line 2: time gained 20.0% (at least 15%) met; ") for line in told)


def test_what_was_changed_after_the_rule_is_told(study: Path):
    publish(study, pl.when(pl.col("tool") == "b").then(pl.lit("generaliser")).otherwise("proposal").alias("proposal"))
    found = run(study)
    assert found.exit_code == 1
    assert "notes:b: what is published is not what the rule gives" in found.output
    assert "mail:a: what" not in found.output


def test_nothing_published_says_what_to_run(study: Path):
    found = run(study)
    assert found.exit_code == 1 and "Run `bilan run" in found.output
