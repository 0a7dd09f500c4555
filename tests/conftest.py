"""Shared fixtures: the demonstration study run once, and the rule that a skip fails when REQUIRE_ALL=1."""

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "raw" / "demo"


@dataclass(frozen=True)
class DemoRun:
    """One run of the demonstration study: its folder, what it published, and the identities nothing may show."""

    out: Path
    published: Path
    page: Path
    log: list[str]
    indicators: pl.DataFrame
    identities: list[str]


def identities_of(study: Path) -> list[str]:
    """Names, addresses, logins and codes of the people registers of a study (longer than four characters)."""
    people = pl.read_excel(study / "registers" / "people_time.xlsx", infer_schema_length=0)
    codes = pl.read_csv(study / "registers" / "people_survey.csv", separator=";", infer_schema=False)
    columns = [people[c] for c in ("name", "email", "sheet_code", "tracker_user")] + [codes["code"]]
    return sorted({v for c in columns for v in c.drop_nulls().to_list() if len(v) > 4})


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """The committed demonstration study, run once for the whole session."""
    from pipelines.defs.run import run_study

    out = tmp_path_factory.mktemp("demo_run")
    log: list[str] = []
    summary = run_study(DEMO, out, progress=log.append)
    return DemoRun(out, summary.published, summary.page, log, summary.indicators, identities_of(DEMO))


@dataclass(frozen=True)
class SurveyRun:
    """One run of the study on the public survey."""

    published: Path
    page: Path


@pytest.fixture(scope="session")
def survey_run(tmp_path_factory: pytest.TempPathFactory) -> SurveyRun:
    """data/raw/rse-uk-2017, run once for the whole session."""
    from pipelines.defs.run import run_study

    out = tmp_path_factory.mktemp("survey_run")
    summary = run_study(ROOT / "data" / "raw" / "rse-uk-2017", out, progress=lambda _: None)
    return SurveyRun(summary.published, summary.page)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("REQUIRE_ALL") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1: a skip is a failure. {report.longrepr}"
    return report
