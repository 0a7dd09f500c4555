"""Finds every contract: each module of this package that holds `Table` objects is read, no list to edit."""

import importlib
import pkgutil
from functools import cache

from pipelines.contracts.base import Table


@cache
def all_tables() -> dict[str, Table]:
    """Qualified name -> contract, in a fixed order (layer as declared by module, then order in the module).

    Raises ValueError when two contracts claim one qualified name.
    """
    import pipelines.contracts as package

    found: dict[str, Table] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, Table) and found.setdefault(value.qualified_name, value) is not value:
                raise ValueError(f"two contracts for {value.qualified_name}")
    return found


def table(qualified_name: str) -> Table:
    """The contract of `layer.name`; KeyError if there is none."""
    return all_tables()[qualified_name]
