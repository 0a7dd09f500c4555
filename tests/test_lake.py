"""The lake: contracts land as types and comments, publication is atomic, hashes ignore pseudonyms."""

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import lake as lakes
from pipelines.contracts import table
from pipelines.contracts.rules import DataProblems
from pipelines.lake import Lake, content_hash, point_to, publish_lake, published

RECOMMENDATIONS = pl.DataFrame(
    {"recommendation": [2, 1], "finding": ["b", "a"], "action": ["x", "y"], "owner": ["o", "o"], "due": ["s", "s"]}
)


def test_types_order_and_dictionary_land_in_the_lake(tmp_path: Path):
    lake = Lake(tmp_path / "work" / "lake.duckdb")
    assert lake.write(table("clean.recommendations"), RECOMMENDATIONS) == 2
    assert lake.tables() == ["clean.recommendations"]
    back = lake.read("clean.recommendations")
    assert back["recommendation"].to_list() == [1, 2]
    assert back.schema == table("clean.recommendations").polars_schema
    with duckdb.connect(str(lake.path), read_only=True) as con:
        query = "select column_name, comment from duckdb_columns() where schema_name = 'clean'"
        comments = dict(con.sql(query).fetchall())
    assert comments["owner"] == "who is responsible (a function, not a person)"


def test_a_failed_write_leaves_every_table_as_it_was(tmp_path: Path):
    lake = Lake(tmp_path / "lake.duckdb")
    lake.write(table("clean.recommendations"), RECOMMENDATIONS)
    with pytest.raises(ValueError, match="missing columns"):
        lake.write_all({"clean.recommendations": RECOMMENDATIONS.head(1), "clean.teams": pl.DataFrame({"team": ["a"]})})
    assert lake.read("clean.recommendations").height == 2


def test_a_file_that_is_no_lake_is_told_in_words(tmp_path: Path):
    (tmp_path / "lake.duckdb").write_bytes(b"not a lake" * 1000)
    with pytest.raises(DataProblems, match="Close that program, or delete the file"):
        Lake(tmp_path / "lake.duckdb").write(table("clean.recommendations"), RECOMMENDATIONS)


def test_hash_follows_values_and_types_but_not_pseudonyms():
    frame = pl.DataFrame({"person_time": ["p", "q"], "minutes": [1.0, 2.5]})
    assert content_hash(frame) == content_hash(frame.with_columns(person_time=pl.Series(["r", "s"])))
    assert content_hash(frame) != content_hash(frame.with_columns(minutes=pl.Series([1.0, 2.6])))
    assert content_hash(frame) != content_hash(frame.with_columns(minutes=pl.Series([1.0, None])))
    integers = pl.DataFrame({"n": [1]})
    assert content_hash(integers) != content_hash(integers.cast(pl.Int32))


def test_readers_follow_the_pointer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BILAN_LAKE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="make bilan"):
        published()
    for digest, rows in (("a" * 64, 1), ("b" * 64, 2)):
        frames = {"published.recommendations": RECOMMENDATIONS.head(rows)}
        point_to(tmp_path, publish_lake(tmp_path, frames, digest), digest)
        assert published().read("recommendations").height == rows
    assert published().tables() == ["recommendations"]
    assert published().describe("recommendations")["column"].to_list()[0] == "recommendation"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["current.json", "lake-" + "b" * 16 + ".duckdb"]
    assert json.loads((tmp_path / "current.json").read_text("utf-8"))["content"] == "b" * 64


def test_default_places_are_those_of_the_project(tmp_path: Path):
    usual = lakes.places("demo")
    assert usual.published == lakes.ROOT / "data" / "processed" / "demo" / "published"
    assert lakes.places("demo", tmp_path).published == tmp_path / "published"
