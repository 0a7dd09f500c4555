"""Who may import whom (CONTRIBUTING.md): read from the source, so that no import escapes."""

import ast
from pathlib import Path

import pytest

import pipelines

HOUSE = Path(pipelines.__file__).parent
BASE = {"contracts", "study"}
MAY_IMPORT: dict[str, set[str]] = {
    "contracts": set(),
    "study": {"contracts"},
    "sources": BASE,
    "clean": BASE | {"sources", "parts"},
    "estimators": {"contracts"},
    "indicators": BASE | {"estimators"},
    "decisions": BASE | {"estimators", "indicators"},
    "disclosure": BASE | {"estimators", "indicators", "decisions"},
    "wording": {"contracts"},
    "charts": {"contracts", "wording"},
    "lake": {"contracts", "parts"},
    "parts": set(),
    "workbooks": set(),
    "quality": {"contracts", "lake"},
    "demo": BASE | {"workbooks"},
    "questionnaires": BASE,
    "publish": BASE | {"lake", "workbooks", "wording", "charts", "decisions", "disclosure", "indicators"},
    "cli": {"contracts", "study", "defs", "demo", "wording"},
    "definitions": {"defs"},
}


def _rooms_imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pipelines"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("pipelines.")}
    return found


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda p: p.relative_to(HOUSE).as_posix())
def test_imports_stay_in_their_rooms(path: Path):
    room = path.relative_to(HOUSE).parts[0].removesuffix(".py")
    if room in ("defs", "__init__"):
        return
    assert _rooms_imported(path) <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("path", sorted(HOUSE.rglob("*.py")), ids=lambda p: p.relative_to(HOUSE).as_posix())
def test_no_file_is_over_400_lines_and_each_opens_with_a_docstring(path: Path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 400
    assert not source.strip() or ast.get_docstring(ast.parse(source)), "say what belongs here"
