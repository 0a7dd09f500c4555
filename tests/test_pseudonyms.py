"""Pseudonyms: keyed, stable, one domain apart from the other."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.clean.pseudonyms import Keys, keys_path, load_keys, pseudonymise
from pipelines.study.load import StudyError, load_study
from tests.test_study import MINIMAL


def test_spelling_variants_are_one_person_and_null_stays_null():
    values = pl.Series(["Zoé  Test", "zoé\u00a0test ", None, "Autre"])
    out = pseudonymise(values, b"k" * 32)
    assert out[0] == out[1] != out[3] and out[2] is None
    assert all(len(v) == 16 for v in out.drop_nulls())


def test_another_key_gives_unlinkable_pseudonyms():
    values = pl.Series(["a", "b"])
    assert not set(pseudonymise(values, b"1" * 32)) & set(pseudonymise(values, b"2" * 32))


def test_keys_are_created_once_outside_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("BILAN_KEYS", str(tmp_path / "keys"))
    (tmp_path / "study.yaml").write_text(MINIMAL, encoding="utf-8")
    loaded = load_study(tmp_path)
    assert load_keys(loaded, create=False).time and not keys_path("essai").exists()
    first, second = load_keys(loaded), load_keys(loaded)
    assert (first.time, first.survey) == (second.time, second.survey) and first.time != first.survey
    assert "Keep a copy" in capsys.readouterr().err
    assert "hidden" in repr(first)
    keys_path("essai").write_text("{}", encoding="utf-8")
    with pytest.raises(StudyError, match="damaged"):
        load_keys(loaded)


def test_a_key_is_never_shown():
    assert "6b" not in repr(Keys(b"k" * 32, b"l" * 32))
