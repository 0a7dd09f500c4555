"""What the verbs share: arguments, and refusals in words."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from pipelines.contracts.rules import Problem

STUDY_DIR = click.argument("study_dir", type=click.Path(path_type=Path))
OUT = click.option("--out", type=click.Path(path_type=Path), help="Write everything under this folder.")


@contextmanager
def refusals(afterwards: str = "") -> Iterator[None]:
    """A refusal in words and exit code 1: exceptions that carry `problems`, and files. Anything else is our mistake."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError):
            advice = "Check that the folder exists and that you may write there."
            problems = [f"{error.filename}: {error.strerror}. {advice}"]
        elif (problems := getattr(error, "problems", [])) == []:
            raise
        show(problems)
        if afterwards:
            click.echo(afterwards, err=True)
        sys.exit(1)


def show(problems: Sequence[Problem | str]) -> None:
    from pipelines.wording.problems import problem_lines

    texts = [f"- {problem}" for problem in problems if isinstance(problem, str)]
    told = problem_lines([problem for problem in problems if isinstance(problem, Problem)])
    for line in (*texts, *told, f"{len(problems)} problem{'s' if len(problems) > 1 else ''}."):
        click.echo(line, err=True)
