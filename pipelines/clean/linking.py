"""The waves of one person: from the code on each response to the person it belongs to.

Belongs here: which known code a response carries, an exact one or one with a single mistyped element. Codes become
pseudonyms before this module is left: nothing of them is stored or printed.
"""

import polars as pl

from pipelines.clean.labels import team_codes
from pipelines.clean.pseudonyms import code_key, pseudonymise
from pipelines.clean.registers import Registers
from pipelines.contracts import table
from pipelines.sources.choices import NOT_GIVEN
from pipelines.sources.survey import TEAM
from pipelines.sources.values import normalise
from pipelines.study.models import Linking, Study

CODE = "code as given"
# A self-made code: two letters, two digits, one letter, two digits; where each element starts, and its length.
SELF_MADE = "^[a-z]{2}[0-9]{2}[a-z][0-9]{2}$"
ELEMENTS = pl.DataFrame({"start": [0, 2, 4, 5], "length": [2, 2, 1, 2]})
_ROW, _HELD_ELSEWHERE = ["source", "source_file", "source_row"], ["duplicate_row", "reexported_row", "superseded_row"]
_UNKNOWN, _CANDIDATE = ["wave", "team", "code"], ["wave", "team", "known"]


def link(answers: pl.DataFrame, known: pl.DataFrame, linking: Linking, *, whatever_team: bool) -> pl.DataFrame:
    """`answers` [wave, team, code, ...] with `meant`, the known code that each carries (null when none), and `link`.

    `known`: [team, code]; codes are in the spelling of code_key(), '' or null when none was given. `whatever_team`: a
    known code is recognised beside any team (a register says whose it is), else beside its own only. `link`: `none` (no
    code given), `exact`, `mistyped`, `ambiguous`, `unknown`. An unknown code is taken for a known one of its team that
    differs by one element (a character, or one of the four elements of a self-made code) when that is the only one so
    near, its owner did not answer this wave, and no other unknown code is as near to it; else it is ambiguous.
    """
    rows = answers.with_row_index("rank").with_columns(pl.col("code").fill_null(""))
    owner = ["code"] if whatever_team else ["team", "code"]
    exact = rows.join(known, on=owner, how="semi", nulls_equal=True)["rank"]
    rows = rows.with_columns((pl.col("rank").is_in(exact.implode()) & (pl.col("code") != "")).alias("exact"))
    pairs = _pairs(rows.filter(~pl.col("exact"), pl.col("code") != ""), known, linking)
    answered = rows.filter("exact").select("wave", *owner).rename({"code": "known"})
    alone = pairs.filter(pl.len().over(_UNKNOWN) == 1, pl.len().over(_CANDIDATE) == 1)
    found = alone.join(answered, on=answered.columns, how="anti")
    near = pairs.select(_UNKNOWN).unique().with_columns(pl.lit(True).alias("near"))
    rows = rows.join(near, on=_UNKNOWN, how="left").join(found, on=_UNKNOWN, how="left").sort("rank")
    said = (
        pl.when(pl.col("code") == "").then(pl.lit("none"))
        .when("exact").then(pl.lit("exact"))
        .when(pl.col("known").is_not_null()).then(pl.lit("mistyped"))
        .when("near").then(pl.lit("ambiguous"))
        .otherwise(pl.lit("unknown"))
    )  # fmt: skip
    meant = pl.when("exact").then("code").otherwise("known")
    return rows.with_columns(meant.alias("meant"), said.alias("link")).select(*answers.columns, "meant", "link")


def _pairs(unknown: pl.DataFrame, known: pl.DataFrame, linking: Linking) -> pl.DataFrame:
    """[wave, team, code, known]: each unknown code and each known one of its team that differs by one element."""
    codes = unknown.select(_UNKNOWN).drop_nulls("team").unique()
    others = known.select("team", known="code").drop_nulls("team").unique()
    pairs = _masked(codes, "code", linking).join(_masked(others, "known", linking), on=["team", "start", "mask"])
    return pairs.select(*_UNKNOWN, "known")


def _masked(codes: pl.DataFrame, code: str, linking: Linking) -> pl.DataFrame:
    """`codes` once per element: its `start`, and `mask`, the code without it. Two codes that share a start and a mask
    differ there only."""
    if linking == "self_made":
        cut = codes.filter(pl.col(code).str.contains(SELF_MADE)).join(ELEMENTS, how="cross")
    else:
        starts = pl.int_ranges(0, pl.col(code).str.len_chars().cast(pl.Int64))
        cut = codes.with_columns(starts.alias("start"), pl.lit(1, pl.Int64).alias("length")).explode("start")
    before = pl.col(code).str.slice(0, pl.col("start"))
    after = pl.col(code).str.slice(pl.col("start") + pl.col("length"))
    return cut.with_columns(pl.concat_str(before, pl.lit("\0"), after).alias("mask")).drop("length")


def link_respondents(
    tables: dict[str, pl.DataFrame], study: Study, registers: Registers
) -> dict[str, pl.DataFrame]:
    """Raw tables of questionnaires, with `person_survey` and `link` instead of the codes (the column CODE, null where a
    source links nobody).

    With a register of codes, a response that carries none of them is nobody's. Without one, codes being self-made,
    those of the baseline wave are known, a person is a code in a team, and a code nobody had before is somebody new.
    """
    if not tables:
        return {}
    waves = {s.id: s.wave for s in study.sources if s.is_survey}
    asked = pl.concat([t.select("source", CODE, TEAM if TEAM in t.columns else pl.lit(None, pl.String).alias(TEAM))
                       for t in tables.values()])  # fmt: skip
    answers = asked.select(
        pl.col("source").replace_strict(waves, return_dtype=pl.String).alias("wave"),
        team_codes(asked[TEAM], registers.tables["teams"]).alias("team"),
        pl.when(~normalise(asked[CODE]).is_in(NOT_GIVEN)).then(code_key(asked[CODE])).alias("code"),
    )
    if study.registers.people_survey is not None:
        people = registers.survey_identities.join(registers.tables["people_survey"], on="person_survey")
        found = link(answers, people.select("team", code="identifier"), study.linking, whatever_team=True)
        person = people.select("person_survey", meant="identifier")
        found = found.join(person, on="meant", how="left", maintain_order="left")
    else:
        baseline = pl.lit(study.wave_of_role("baseline"), pl.String)
        first = answers.filter(pl.col("wave") == baseline, pl.col("code") != "")
        found = link(answers, first.select("team", "code").unique(), study.linking, whatever_team=False)
        someone = pl.when(pl.col("link").is_in(["exact", "mistyped", "unknown"])).then(pl.coalesce("meant", "code"))
        named = found.select(pl.concat_str(pl.col("team").fill_null(""), someone, separator="\x1f")).to_series()
        found = found.with_columns(pseudonymise(named, registers.survey_key).alias("person_survey"))
    out, start = {}, 0
    for name, rows in tables.items():
        own = found.slice(start, rows.height)
        out[name] = rows.drop(CODE).with_columns(own["person_survey"], own["link"])
        start += rows.height
    return out


def linking_table(
    raw: pl.DataFrame, rejected: pl.DataFrame, responses: pl.DataFrame, study: Study
) -> pl.DataFrame:
    """clean.linking from the raw rows of questionnaires, those set aside or repeated, and clean.responses; waves that
    link nobody have no row.

    A response that several exports hold is one. People are agents, as in the participation: `paired` answered this wave
    and the baseline one.
    """
    contract = table("clean.linking")
    waves = {s.id: s.wave for s in study.sources if s.is_survey and s.person is not None}
    once = raw.join(rejected.filter(pl.col("rule").is_in(_HELD_ELSEWHERE)), on=_ROW, how="anti")
    rows = once.filter(pl.col("source").is_in(list(waves)))
    if rows.is_empty():
        return contract.empty()
    wave = pl.col("source").replace_strict(waves, return_dtype=pl.String).alias("wave")
    counts = rows.group_by(wave).agg(
        pl.len().cast(pl.Int64).alias("responses"),
        *((pl.col("link") == name).sum().cast(pl.Int64).alias(name) for name in ("exact", "mistyped", "ambiguous")),
    )
    baseline = study.wave_of_role("baseline")
    agents = responses.filter(pl.col("role") == "agent").select("wave", "person_survey").unique()
    first = agents.filter(pl.col("wave") == pl.lit(baseline, pl.String))["person_survey"]
    again = pl.col("person_survey").is_in(first.implode())
    people = agents.group_by("wave").agg(
        pl.len().cast(pl.Int64).alias("answered"), again.sum().cast(pl.Int64).alias("paired"))  # fmt: skip
    later = pl.col("wave") != pl.lit(baseline, pl.String)  # null without a baseline wave
    found = counts.join(people, on="wave", how="left").with_columns(
        pl.col("answered").fill_null(0),
        pl.when(later).then(pl.col("paired").fill_null(0)).alias("paired"),
        pl.when(later).then(pl.lit(first.len(), pl.Int64)).alias("baseline"),
    )
    rank = {w.wave: n for n, w in enumerate(study.waves, start=1)}
    ranked = pl.col("wave").replace_strict(rank, return_dtype=pl.Int64).alias("rank")
    return contract.conform(found.with_columns(ranked))
