"""`bilan questionnaires`: structures and pages to print."""

import sys
from pathlib import Path

import click

from pipelines.cli._shared import OUT, STUDY_DIR, refusals, show


@click.command()
@STUDY_DIR
@OUT
def command(study_dir: Path, out: Path | None) -> None:
    """Write the questionnaires: structures that LimeSurvey imports (.lss, .txt) and pages to print (.html).

    They are in French. Where the official wording of an item is missing, its place is marked, and the exit code is 1.
    """
    from pipelines.defs.run import write_questionnaires

    with refusals():
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
        show([f"study.yaml: the official wording of {', '.join(missing)} is missing, and marked in {unready}: do not"
               " send them. Paste it, with its credit line, under `instruments:` as `items: [{item: BE1, text: '...'}]`"
               " and `arrays: [{array: BE, text: '...'}]`, then write them again."])  # fmt: skip
        sys.exit(1)
