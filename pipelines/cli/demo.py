"""`bilan demo`: a demonstration study."""

from pathlib import Path

import click

from pipelines.cli._shared import refusals


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write the study into.")
@click.option("--seed", type=int, default=2026, show_default=True, help="Another seed, another study.")
@click.option("--teams", type=click.IntRange(6, 300), default=10, show_default=True, help="Number of teams.")
@click.option("--entries", type=click.IntRange(1000), help="About how many time entries.")
def command(out: Path, seed: int, teams: int, entries: int | None) -> None:
    """Write a demonstration study: fictitious, deterministic, of any size."""
    from pipelines.demo import write_demo

    with refusals():
        click.echo(f"Demonstration study: {write_demo(out, seed=seed, teams=teams, entries=entries)}")
