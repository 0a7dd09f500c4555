"""The graph: it explains the study by itself, and starts when the study's files change."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from pipelines.clean.pseudonyms import Keys
from pipelines.contracts import all_tables, table
from pipelines.contracts.base import DUCKDB_TYPES
from pipelines.definitions import defs
from pipelines.defs import reuse
from pipelines.defs.automation import fingerprint, study_folder
from pipelines.defs.clean import rows_add_up
from pipelines.defs.resources import StudyResource
from pipelines.indicators.base import discover
from pipelines.quality.suites import kinds_of
from pipelines.study.load import LoadedStudy
from pipelines.study.models import Study


@pytest.fixture(scope="module")
def graph() -> AssetGraph:
    return defs().resolve_asset_graph()


def test_every_table_is_an_asset_that_explains_itself(graph: AssetGraph):
    keys = {k.to_user_string() for k in graph.get_all_asset_keys()}
    assert {t.qualified_name.replace(".", "/") for t in all_tables().values()} <= keys
    assert {f"indicators/{name}" for name in discover()} <= keys
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description and node.owners and node.kinds and node.group_name == key.path[0], key
    for contract in all_tables().values():
        schema = graph.get(dg.AssetKey([contract.layer, contract.name])).metadata["dagster/column_schema"]
        assert [c.name for c in schema.columns] == [c.name for c in contract.columns]
        assert [c.type for c in schema.columns] == [DUCKDB_TYPES[c.dtype] for c in contract.columns]


def test_lineage_runs_from_exports_to_the_page(graph: AssetGraph):
    above = graph.get_ancestor_asset_keys(dg.AssetKey(["release", "bilan"]))
    assert dg.AssetKey(["raw", "kimai"]) in above
    assert dg.AssetKey(["clean", "time_entries"]) in above
    assert dg.AssetKey(["indicators", "net_hours"]) in above
    assert dg.AssetKey(["clean", "responses"]) in graph.get(dg.AssetKey(["model", "scores"])).parent_keys


def test_every_rule_of_every_contract_is_a_blocking_check(graph: AssetGraph):
    checks = {(k.asset_key.to_user_string(), k.name) for k in graph.asset_check_keys}
    for contract in all_tables().values():
        for kind in kinds_of(contract):
            assert (contract.qualified_name.replace(".", "/"), kind) in checks
            check = dg.AssetCheckKey(dg.AssetKey([contract.layer, contract.name]), kind)
            assert graph.get(check).blocking == (contract.severity == "blocking")


def test_job_schedule_and_executor():
    found = defs()
    assert found.resolve_job_def("bilan").executor_def.name == "in_process"
    assert found.resolve_schedule_def("every_monday").cron_schedule == "0 6 * * 1"


def test_sensor_starts_a_run_only_when_content_changes(tmp_path: Path):
    (tmp_path / "study.yaml").write_text("study: x", encoding="utf-8")
    study = StudyResource(path=str(tmp_path))
    context = dg.build_sensor_context(resources={"study": study})
    first = study_folder(context)
    assert isinstance(first, dg.SensorResult) and first.cursor == fingerprint(tmp_path)
    assert [r.run_key for r in first.run_requests or []] == [first.cursor]
    (tmp_path / "study.yaml").touch()
    same = study_folder(dg.build_sensor_context(cursor=first.cursor, resources={"study": study}))
    assert isinstance(same, dg.SkipReason)
    (tmp_path / "kimai.csv").write_text("a,b", encoding="utf-8")
    again = study_folder(dg.build_sensor_context(cursor=first.cursor, resources={"study": study}))
    assert isinstance(again, dg.SensorResult)


@pytest.mark.parametrize(("accepted", "passed"), [(7, True), (8, False)])
def test_rows_that_do_not_add_up_fail_the_check(tmp_path: Path, accepted: int, passed: bool):
    (tmp_path / "study.yaml").write_text(
        "study: x\ntitle: X\norganisation: X\n"
        "calendar: {measurement_start: 2026-02-02, measurement_end: 2026-06-29, as_of: 2026-07-03}\n",
        encoding="utf-8",
    )
    study = StudyResource(path=str(tmp_path), out=str(tmp_path / "out"))
    accounts = pl.DataFrame({"source": ["s"], "source_file": ["f.csv"], "format": ["kimai"], "sha256": ["0"],
        "received": [10], "accepted": [accepted], "set_aside": [2], "duplicates": [1]})  # fmt: skip
    study.lake.write(table("clean.accounts"), accounts)
    result = rows_add_up(study)
    assert isinstance(result, dg.AssetCheckResult) and result.passed is passed
    assert result.metadata["files"].value == ([] if passed else ["f.csv"])


def test_a_survey_structure_that_changes_is_read_again(tmp_path: Path):
    source = {"id": "q", "format": "limesurvey", "files": ["a.csv"], "wave": "T0", "structure": "a.lss"}
    study = Study.model_validate({
        "study": "essai", "title": "t", "organisation": "o", "sources": [source],
        "calendar": {"measurement_start": "2026-02-02", "measurement_end": "2026-06-29", "as_of": "2026-07-03"},
        "waves": [{"wave": "T0", "label": "T0", "role": "single", "opens": "2026-02-02", "closes": "2026-02-15"}],
    })  # fmt: skip
    loaded, keys = LoadedStudy(study, tmp_path, "0"), Keys(b"t" * 32, b"s" * 32)
    made_of = []
    for structure in ("<a/>", "<a/>", "<b/>"):
        (tmp_path / "a.lss").write_text(structure, encoding="utf-8")
        made_of.append(reuse.fingerprint(loaded, keys))
    assert made_of[0] == made_of[1] != made_of[2]
