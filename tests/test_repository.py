"""The repository itself: layout, no registry, no path of a machine, dependencies explained."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {
    "pyproject.toml", "pipelines", "notebooks", "data", "reports", "tests", "README.md", "Makefile", "CONTRIBUTING.md",
    "CHANGELOG.md", "LICENSE", "requirements.lock",
}  # fmt: skip
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".qmd", ".ipynb", ".lua", ".sql", ""}


def _tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail("not a git checkout: run the tests from a clone")
    return done.stdout.splitlines()


def test_the_top_level_holds_only_what_was_agreed():
    top = {name.split("/")[0] for name in _tracked()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def test_the_lock_names_no_registry_and_hashes_everything():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock and "--index-url" not in lock
    pins = re.findall(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==", lock, flags=re.M)
    assert len(pins) > 100
    assert len(re.findall(r"^[a-z0-9].*==.*\\\n\s+--hash=sha256:", lock, flags=re.M)) == len(pins)


def test_every_dependency_is_explained_and_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = [re.split(r"[<>=]", w)[0] for w in wanted]
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert [n for n in names if not re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", contributing)] == []
    assert [n for n in names if f"\n{n}==" not in lock] == []


def test_no_committed_text_holds_a_path_of_a_machine():
    pattern = re.compile(r"/(?:work|home|Users|root)/[a-z]")
    for name in _tracked():
        path = ROOT / name
        if path.suffix in TEXT and path.is_file():
            assert not pattern.search(path.read_text(encoding="utf-8")) or name == "tests/test_repository.py", name
