"""The `bilan` command: thin verbs over `pipelines.defs` and `pipelines.demo`, one file each, found by name.

Belongs here: arguments, printing, exit codes. Does not belong here: anything that computes.
"""

import importlib
import os
import pkgutil

import click

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")


class _Verbs(click.Group):
    """Each public module of this package is a verb: `bilan power` is `power.py: command`. Only that one is read."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(__path__))
        return sorted(name for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command


@click.group(cls=_Verbs)
def main() -> None:
    """Measure what an AI pilot does to the work of administrative teams."""
