"""Notebooks: committed without outputs, executed on the published demonstration lake with a fresh kernel."""

from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_committed_without_outputs(path: Path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_runs_on_the_published_lake(path: Path, demo_run, monkeypatch: pytest.MonkeyPatch):
    from nbclient import NotebookClient

    monkeypatch.setenv("BILAN_LAKE", str(demo_run.published))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    drawn = [o["data"]["image/svg+xml"] for o in outputs if "image/svg+xml" in o.get("data", {})]
    assert drawn and all("<svg" in d for d in drawn)
    shown = "".join(str(o.get("data", {})) for o in outputs)
    assert "cdn" not in shown, "nothing is asked of the network"
    for identity in demo_run.identities:
        assert identity not in shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_runs_on_a_study_that_has_no_team_and_one_wave(path: Path, survey_run, monkeypatch: pytest.MonkeyPatch):
    from nbclient import NotebookClient

    monkeypatch.setenv("BILAN_LAKE", str(survey_run.published))
    NotebookClient(nbformat.read(path, as_version=4), timeout=120, kernel_name="python3").execute()
