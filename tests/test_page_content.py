"""The sections of the bilan on a hand-made published folder: what is said, what is hidden, what is valid HTML."""

import re
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from lxml import html

from pipelines.charts.context import Page
from pipelines.charts.people import CRITERIA, basis, opinion
from pipelines.charts.report import SECTIONS, Report
from pipelines.contracts import table
from pipelines.wording.page import metadata
from pipelines.wording.page import table as html_table
from tests.page_fixture import TEAMS, estimate, frames, programme, survey_frames

QMD = Path(__file__).parents[1] / "reports" / "bilan.qmd"
HEADING = re.compile(r"^## (.*) \{#([\w-]+)\}$", flags=re.M)


def _markdown(published: dict[str, pl.DataFrame]) -> str:
    report = Report(published)
    return report.opening() + "".join(report.section(name) for name in SECTIONS)


def _body(markdown: str) -> html.HtmlElement:
    """The Markdown of the report as the HTML it becomes: headings, then raw blocks."""
    text = HEADING.sub(r'<h2 id="\2">\1</h2>', markdown).replace("```{=html}", "").replace("```", "")
    return html.fromstring(f"<main><h1>Titre</h1>{text}</main>")


def _text(markdown: str) -> str:
    body = _body(markdown)
    for drawing in body.xpath("//svg"):
        drawing.drop_tree()
    return re.sub(r"\s+", " ", " ".join(body.itertext())).replace("\u202f", " ")


@pytest.fixture(scope="module")
def demo() -> str:
    return _markdown(frames())


@pytest.fixture(scope="module")
def english() -> str:
    return _markdown(frames(language="en"))


@pytest.fixture(scope="module")
def survey() -> str:
    return _markdown(survey_frames())


def test_the_report_asks_for_every_section_once_and_in_order():
    source = QMD.read_text(encoding="utf-8")
    assert source.count("for name in SECTIONS:\n    print(report.section(name))") == 1
    headings = HEADING.findall(_markdown(frames()))
    assert [anchor for _, anchor in headings] == [anchor for anchor, _ in SECTIONS.values()]


def test_the_report_imports_only_what_a_report_may():
    rooms = re.findall(r"^(?:from|import) ([\w.]+)(?: import (\w+))?", QMD.read_text(encoding="utf-8"), flags=re.M)
    assert {f"{a}.{b}".split(".")[1] for a, b in rooms} <= {"lake", "charts", "wording", "contracts"}


def test_the_tiles_hold_estimate_verdict_objective_and_evidence(demo: str):
    tiles = _body(demo).xpath('//li[@class="tile"]')
    said = [" ".join(t.itertext()).replace("\u202f", " ").replace("\u00a0", " ") for t in tiles]
    assert len(said) == 4
    expected = [
        ("Temps gagné net", "Atteint", "+1,4 h", "gagner au moins 0,5 h", "Niveau A, comparaison"),
        (
            "Erreurs",
            "Baisse : on ne peut pas trancher",
            "−18 %",
            "Pas d’aggravation de plus de 15 %",
            "Niveau B, avant-après",
        ),
        ("Bien-être", "Préservé", "+2,1 points", "ne pas perdre plus de 5 points", "Niveau B"),
        ("Satisfaction", "Non atteint", "51 %", "au moins 60 %", "Niveau B, mesure unique"),
    ]
    for text, parts in zip(said, expected, strict=True):
        assert [p for p in parts if p not in text] == [], text


def test_suppressed_rows_leave_no_value_anywhere(demo: str):
    secret = frames()
    rows = secret["estimates"].with_columns(
        pl.when(pl.col("disclosure_status") == "suppressed")
        .then(pl.lit(7.7777))
        .otherwise("estimate")
        .alias("estimate"),
        pl.when(pl.col("disclosure_status") == "suppressed").then(pl.lit(4.4444)).otherwise("ci_low").alias("ci_low"),
        pl.when(pl.col("disclosure_status") == "suppressed").then(pl.lit(9.9999)).otherwise("ci_high").alias("ci_high"),
    )
    assert _markdown(secret | {"estimates": rows}) == demo


def test_a_hidden_team_is_a_visible_gap(demo: str):
    text = _text(demo)
    assert "Logistique non publié" in text
    assert "résultats d’équipe comptent dans l’ensemble mais ne sont pas publiés" in text
    assert "Bien-être : aucun résultat n’est publié à ce niveau." in text.replace("\u00a0", " ")


def test_teams_are_in_the_order_of_their_codes_without_a_verdict(demo: str):
    rows = _body(demo).xpath('//figure[@id="figure-2"]//tbody/tr/th/text()')
    assert rows == [*TEAMS.values(), "Ensemble des équipes"]
    section = re.search(r"\{#equipes\}(.*?)^## ", demo, flags=re.S | re.M)
    assert section and "chip" not in section[1]


def test_teams_that_are_not_named_are_told_apart_by_a_number():
    published = frames(privacy__publish_named="false")
    teams = published["teams"].with_columns(pl.col("family").alias("label"))
    labels = Page(published | {"teams": teams}).team_labels()
    assert labels["eq1"] == "Services, équipe 1" and labels["eq6"] == "Services, équipe 6"
    made = Report(published | {"teams": teams})
    text = _text(made.section("teams") + made.section("participation"))
    assert "Services, équipe 1" in text.replace("\u00a0", " ")
    assert not any(name in text for name in TEAMS.values())


def test_the_waterfall_closes(demo: str):
    figure = next(f for f in _body(demo).xpath("//figure") if "Gain brut" in "".join(f.itertext()))
    cells = [td.replace("\u202f", "").replace("\u00a0", " ") for td in figure.xpath(".//tbody/tr/td/text()")]
    # 1000 - 120 - 200 - 30 - 50 - 100 = 500, rework not measured
    assert cells == ["1000 h", "−120 h", "−200 h", "non mesuré", "−30 h", "−50 h", "−100 h", "+500 h"]
    assert "Sur 1000 h de gain brut, 500 h restent" in "".join(figure.itertext()).replace("\u202f", "").replace(
        "\u00a0", " "
    )


def test_a_hidden_part_hides_the_waterfall():
    published = frames()
    hide = (pl.col("estimand") == "training") & (pl.col("scope") == "programme")
    rows = published["estimates"].with_columns(
        pl.when(hide).then(pl.lit("suppressed")).otherwise("disclosure_status").alias("disclosure_status")
    )
    assert "Gain net" not in _text(Report(published | {"estimates": rows}).section("tools"))


def test_vigilance_says_what_the_rows_say(demo: str):
    text = _text(demo).replace("\u00a0", " ")
    assert "3 incidents déclarés ; 1 confirmé ; 0 encore ouvert ; 1 erreur sortie du service" in text
    assert "1 outil sur 3 ne peut pas être généralisé en l’état ; 1 outil avec une réserve à lever" in text
    assert "23 % du gain brut est repris" in text  # (200 + 30) / 1000


def test_not_assessed_counts_as_not_compliant():
    fine = dict.fromkeys(CRITERIA, "conforme")
    assert opinion(fine) == "ok"
    assert opinion(fine | {"compliance_training": "reserve"}) == "watch"
    assert opinion(fine | {"compliance_training": "non_evalue"}) == "fix"


def test_a_recommendation_stands_beside_what_the_measure_says(demo: str):
    page = Page(frames())
    assert basis(page, "net_hours").replace("\u00a0", " ") == "Temps gagné net : +1,4 h [+0,8 ; +2,1], atteint"
    assert basis(page, None) == "" and basis(page, "inconnu") == ""
    process = page.rows("process", "time_per_task")[0]["scope_key"]
    said = basis(page, "time_per_task", "process", process)
    assert said and said != basis(page, "time_per_task") and basis(page, "time_per_task", "process", "inconnu") == ""
    assert "Décision de la direction : en attente" in _text(demo).replace("\u00a0", " ")


def test_rows_are_accounted_for_by_the_label_of_the_rule(demo: str):
    text = _text(demo).replace("\u00a0", " ")
    assert "Sur 1 000 lignes reçues, 940 sont utilisées (94,0 %) ; 40 mises de côté, 20 répétées" in text
    assert "Durée nulle ou négative temps Mise de côté 40" in text


def test_demonstration_data_are_marked_on_the_page_and_on_each_chart(demo: str, survey: str):
    assert demo.count('class="band"') == 1
    drawings = re.findall(r'<svg class="(?:wd|nw|tb)".*?</svg>', demo, flags=re.S)
    assert len(drawings) > 15 and all("Données fictives" in d for d in drawings)
    assert "fictiv" not in survey


def test_a_real_study_without_its_steps_says_so():
    real = frames(fictional="false", governance__aipd="2026-01-10")
    opening = Report(real).opening()
    assert "avis du délégué à la protection des données" in opening and "AIPD" not in opening
    steps = {f"governance__{s}": "2026-01-10" for s in ("dpo_opinion", "aipd", "csa_information", "notice_sent")}
    assert "band" not in Report(frames(fictional="false", **steps)).opening()


def test_sections_without_data_say_so_in_one_sentence(survey: str):
    text = _text(survey).replace("\u00a0", " ")
    for sentence in (
        "65 % des répondants sont satisfaits.",
        "Pas d’intervalle : étude sans équipes, donc sans intervalle ni verdict.",
        "Cette étude ne comporte pas d’équipes",
        "Cette étude ne comporte pas d’outils",
        "Cette étude ne suit pas la participation",
        "Aucune recommandation n’a été écrite",
        "Auteurs, licence libre",
    ):
        assert sentence in text, sentence
    assert "volontaires" not in text
    assert "<svg" in survey  # the distribution is drawn


def test_a_study_with_nothing_published_still_makes_a_page():
    bare = {"study": frames()["study"], "estimates": table("published.estimates").empty()}
    assert "Aucun des quatre indicateurs n’a pu être publié." in _text(_markdown(bare))


def test_before_the_end_no_verdict_is_printed():
    rows = [r | {"verdict": None, "verdict_reason": None} for r in programme()]
    early = table("published.estimates").conform(pl.DataFrame(rows, infer_schema_length=None))
    page = Report(frames() | {"estimates": early}).section("essential")
    chips = {c.text_content() for c in _body(page).xpath('//li[@class="tile"]//span[contains(@class,"chip")]')}
    assert chips == {"Trop tôt pour conclure"}


def test_english_is_english_throughout(english: str):
    page = _text(english)
    assert "Net time gained" in page and "What we do not know" in page
    french = re.findall(r"\b(?:équipes?|Seuil|Effectif|agents|Niveau|lignes|heures|publiée?s?)\b", page)
    # Labels written by hand in the study stay as they were written.
    assert french == []


@pytest.mark.parametrize("page", ["demo", "english", "survey"])
def test_the_html_is_accessible_by_construction(page: str, request: pytest.FixtureRequest):
    body = _body(request.getfixturevalue(page))
    ids = body.xpath("//@id")
    assert len(ids) == len(set(ids))
    levels = [int(h.tag[1]) for h in body.xpath("//h1|//h2|//h3|//h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert body.xpath("//th[not(@scope)]") == []
    for found in body.xpath("//table"):
        assert found.xpath("./caption") and found.getparent().get("tabindex") == "0"
    labels = body.xpath('//*[@role="region"]/@aria-label')
    assert len(labels) == len(set(labels)) and all(labels)
    for drawing in body.xpath("//svg[@role]"):
        title, desc = drawing.get("aria-labelledby").split()
        assert drawing.xpath(f'./*[@id="{title}"]') and drawing.xpath(f'./*[@id="{desc}"]')
    assert body.xpath('//svg[not(@role) and not(@aria-hidden="true")]') == []
    assert body.xpath("//script|//link|//img|//iframe|//@src|//@style|//@onclick") == []


def test_the_page_is_light(demo: str):
    assert len(demo.encode()) < 500_000


def test_text_of_the_study_is_escaped():
    published = frames()
    teams = published["teams"].with_columns(pl.lit("<b>Équipe</b> & Cie").alias("label")).head(1)
    made = Report(published | {"teams": teams}).section("teams")
    assert "<b>Équipe" not in made and "&lt;b&gt;Équipe" in made
    assert 'aria-label="a&quot;b"' in html_table('a"b', ["x"], [["<i>"]])


def test_two_runs_give_the_same_page(demo: str):
    assert _markdown(frames()) == demo


def test_what_the_renderer_is_told():
    assert metadata({"language": "fr", "title": "L'IA ici"}) == {"lang": "fr", "title": "L’IA ici"}
    assert metadata({"language": "en", "title": None}) == {"lang": "en"}


def test_a_tile_that_is_not_published_shows_no_figure():
    rows = [r | ({"disclosure_status": "suppressed"} if r["indicator"] == "wellbeing" else {}) for r in programme()]
    hidden = table("published.estimates").conform(pl.DataFrame(rows, infer_schema_length=None))
    tiles = _body(Report(frames() | {"estimates": hidden}).section("essential")).xpath('//li[@class="tile"]')
    assert "".join(tiles[2].itertext()) == "Bien-êtreNon publié"


def test_an_answer_that_is_not_published_keeps_its_label_only():
    published = frames()
    answers = published["distributions"].filter(pl.col("item") == "SO1")
    rare = pl.col("value_code") == "5"
    some = answers.with_columns(
        pl.when(rare).then(pl.lit("suppressed")).otherwise("disclosure_status").alias("disclosure_status")
    )
    made = Report(published | {"distributions": some}).section("voices")
    text = _text(made).replace("\u00a0", " ")
    assert "Très satisfait non publié" in text and "11 %" not in made.replace("\u00a0", " ")
    assert "« Satisfait » : réponse la plus fréquente" in text  # 43 %, and 11 % hidden
    most = answers.with_columns(
        pl.when(pl.col("value_code") == "4").then(pl.lit("suppressed")).otherwise("disclosure_status")
        .alias("disclosure_status")
    )  # fmt: skip
    text = _text(Report(published | {"distributions": most}).section("voices")).replace("\u00a0", " ")
    assert "Répartition des réponses (après)" in text and "la plus fréquente" not in text


def test_families_stand_for_teams_too_small_for_well_being():
    row = estimate("wellbeing", "family", "Services", estimate=1.0, ci_low=-3.0, ci_high=5.0, verdict="atteint")
    published = frames()
    more = pl.concat([published["estimates"], published["estimates"].head(0).vstack(_conformed([row]))])
    text = _text(Report(published | {"estimates": more}).section("teams")).replace("\u00a0", " ")
    assert "Le bien-être, par famille de métiers" in text and "Services +1,0 [−3,0 ; +5,0]" in text


def _conformed(rows: list[dict[str, object]]) -> pl.DataFrame:
    return table("published.estimates").conform(pl.DataFrame(rows, infer_schema_length=None))


def test_several_waves_are_told_apart():
    published = frames()
    answers = published["distributions"].filter(pl.col("item") == "SO1")
    both = pl.concat([answers.with_columns(pl.lit("T0").alias("wave")), answers])
    body = _body(Report(published | {"distributions": both}).section("voices"))
    figure = next(f for f in body.xpath("//figure") if "Très satisfait" in "".join(f.itertext()))
    assert figure.xpath(".//thead//th/text()")[1:] == ["Part, avant", "Part, après"]


def test_programme_figures_come_from_the_same_row(demo: str):
    table_rows = _body(demo).xpath('//figure[@id="figure-2"]//tr[@class="tot"]//text()')
    row = estimate("net_hours", estimate=1.43, ci_low=0.83, ci_high=2.01)
    assert row["estimate"] == 1.43 and table_rows[1] == "+1,4"


def test_only_figures_with_pooled_rows_say_that_their_values_are_drawn_together():
    tables = frames()
    model = pl.when(pl.col("scope") == "team").then(pl.lit("imputation_pooling")).otherwise("model_id")
    tables["estimates"] = tables["estimates"].with_columns(model.alias("model_id"))
    figures = _body(_markdown(tables)).xpath("//figure")
    pooled = [f.xpath("string(figcaption)") for f in figures if "Estimations stabilisées" in f.text_content()]
    assert any("par agent et par semaine" in caption for caption in pooled)
    assert not any("OMS-5" in caption or "processus" in caption for caption in pooled)
