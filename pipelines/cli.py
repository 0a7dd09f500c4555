"""The `bilan` command: thin verbs over `pipelines.defs.run` and `pipelines.demo`.

Belongs here: arguments, printing, exit codes. Does not belong here: anything that computes.
"""

import gc
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from pipelines.contracts.rules import Problem

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")

STUDY_DIR = click.argument("study_dir", type=click.Path(path_type=Path))
OUT = click.option("--out", type=click.Path(path_type=Path), help="Write everything under this folder.")


@click.group()
def main() -> None:
    """Measure what an AI pilot does to the work of administrative teams."""


@main.command()
@STUDY_DIR
@OUT
def run(study_dir: Path, out: Path | None) -> None:
    """Read a study, compute its indicators and publish the bilan."""
    from pipelines.defs.run import run_study
    from pipelines.wording import summary_line

    logging.disable(logging.INFO)  # libraries talk; the steps below are what the analyst needs
    gc.set_threshold(200_000, 50, 50)  # a short run that imports much: collecting often is a tenth of its time
    afterwards = "Nothing was published: the last published state is untouched. `bilan check` says all that is wrong."
    with _refusals(afterwards):
        summary = run_study(study_dir, out, progress=click.echo)
    click.echo()
    click.echo(
        f"Rows: {summary.received} received = {summary.accepted} accepted"
        f" + {summary.set_aside} set aside + {summary.duplicates} duplicates"
    )
    for row in summary.indicators.iter_rows(named=True):
        click.echo(f"  {summary_line(row)}")
    click.echo(f"Bilan: {summary.page}")


@main.command()
@STUDY_DIR
def check(study_dir: Path) -> None:
    """Read everything, write nothing, and say what is wrong, worst first; exit 1 if a run would stop."""
    from pipelines.defs.run import check_study
    from pipelines.wording.problems import problem_lines, verdict

    with _refusals():
        problems = check_study(study_dir)
    for line in (*problem_lines(problems), *([""] if problems else []), verdict(problems)):
        click.echo(line)
    sys.exit(1 if any(p.stops for p in problems) else 0)


@main.command()
@STUDY_DIR
@OUT
def power(study_dir: Path, out: Path | None) -> None:
    """What 10, 15, 20 or 30 teams can detect, with the variances of the last run of this study."""
    from pipelines.defs.power import power_of_study

    with _refusals():
        found = power_of_study(study_dir, out)
    click.echo("Smallest effect detected four times out of five, and true value from which the objective is shown:")
    for line in (*found.lines, "", found.advice, "", f"Table: {found.table}", f"Chart: {found.chart}"):
        click.echo(line)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write the study into.")
@click.option("--seed", type=int, default=2026, show_default=True, help="Another seed, another study.")
@click.option("--teams", type=click.IntRange(6, 300), default=10, show_default=True, help="Number of teams.")
@click.option("--entries", type=click.IntRange(1000), help="About how many time entries.")
def demo(out: Path, seed: int, teams: int, entries: int | None) -> None:
    """Write a demonstration study: fictitious, deterministic, of any size."""
    from pipelines.demo import write_demo

    with _refusals():
        click.echo(f"Demonstration study: {write_demo(out, seed=seed, teams=teams, entries=entries)}")


@main.command()
@STUDY_DIR
@OUT
def questionnaires(study_dir: Path, out: Path | None) -> None:
    """Write the questionnaires: structures that LimeSurvey imports (.lss, .txt) and pages to print (.html).

    They are in French. Where the official wording of an item is missing, its place is marked, and the exit code is 1.
    """
    from pipelines.defs.run import write_questionnaires

    with _refusals():
        folder, surveys = write_questionnaires(study_dir, out)
    for survey in surveys:
        form = survey.form
        budgets = ((form.budget_minutes, "min"), (form.budget_questions, "questions"))
        planned = ", ".join(f"{budget:g} {unit}" for budget, unit in budgets if budget is not None)
        spent = f"{form.questionnaire:6} {survey.minutes:4.1f} min, {survey.questions:2} questions"
        click.echo(f"{spent} (at most {planned}{': EXCEEDED' if survey.over_budget else ''})  {form.title}")
        if survey.left_out:
            click.echo(f"       left out, as no register lists what to ask about: {', '.join(survey.left_out)}")
    click.echo(f"Questionnaires: {folder}")
    if missing := dict.fromkeys(code for survey in surveys for code in survey.to_paste):
        unready = ", ".join(s.form.questionnaire for s in surveys if s.to_paste)
        _show([f"study.yaml: the official wording of {', '.join(missing)} is missing, and marked in {unready}: do not"
               " send them. Paste it, with its credit line, under `instruments:` as `items: [{item: BE1, text: '...'}]`"
               " and `arrays: [{array: BE, text: '...'}]`, then write them again."])  # fmt: skip
        sys.exit(1)


@contextmanager
def _refusals(afterwards: str = "") -> Iterator[None]:
    """A refusal in words and exit code 1: exceptions that carry `problems`, and files. Anything else is our mistake."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError):
            advice = "Check that the folder exists and that you may write there."
            problems = [f"{error.filename}: {error.strerror}. {advice}"]
        elif (problems := getattr(error, "problems", [])) == []:
            raise
        _show(problems)
        if afterwards:
            click.echo(afterwards, err=True)
        sys.exit(1)


def _show(problems: Sequence[Problem | str]) -> None:
    from pipelines.wording.problems import problem_lines

    texts = [f"- {problem}" for problem in problems if isinstance(problem, str)]
    told = problem_lines([problem for problem in problems if isinstance(problem, Problem)])
    for line in (*texts, *told, f"{len(problems)} problem{'s' if len(problems) > 1 else ''}."):
        click.echo(line, err=True)


if __name__ == "__main__":
    main()
