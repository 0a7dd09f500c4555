"""The study file: every fault names its line and what to write instead."""

from pathlib import Path

import pytest

from pipelines.study.load import StudyError, house_instruments, load_study

MINIMAL = """\
study: essai
title: Un essai
organisation: Université de démonstration
calendar:
  measurement_start: 2026-02-02
  measurement_end: 2026-06-29
  as_of: 2026-07-03
"""


def _faults(folder: Path, text: str) -> list[str]:
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as refused:
        load_study(folder)
    return refused.value.problems


def test_a_minimal_study_has_the_defaults_of_the_house(tmp_path: Path):
    (tmp_path / "study.yaml").write_text(MINIMAL, encoding="utf-8")
    loaded = load_study(tmp_path)
    assert loaded.study.thresholds.net_hours == 0.5
    assert loaded.study.privacy.min_persons == 5
    assert loaded.study.is_over
    assert len(loaded.sha256) == 64


def test_a_typo_names_the_line_and_the_key_meant(tmp_path: Path):
    (fault,) = _faults(tmp_path, MINIMAL + "tresholds: {net_hours: 1}\n")
    assert fault.startswith("study.yaml, line 8: `tresholds`") and "`thresholds`" in fault


def test_a_day_that_is_not_a_monday_gives_the_monday(tmp_path: Path):
    (fault,) = _faults(tmp_path, MINIMAL.replace("2026-02-02", "2026-02-04"))
    assert "line 5" in fault and "2026-02-02" in fault


def test_a_path_cannot_leave_the_study_folder(tmp_path: Path):
    (fault,) = _faults(tmp_path, MINIMAL + "registers:\n  teams: ../secret.csv\n")
    assert "line 9" in fault and "inside the study folder" in fault


def test_a_missing_key_a_wrong_word_and_bad_yaml(tmp_path: Path):
    (fault,) = _faults(tmp_path, MINIMAL.replace("title: Un essai\n", ""))
    assert "`title` is missing" in fault
    (fault,) = _faults(tmp_path, MINIMAL + "language: de\n")
    assert "line 8" in fault and "'fr' or 'en'" in fault
    (fault,) = _faults(tmp_path, MINIMAL + "  waves: [\n")
    assert "not valid YAML" in fault


def test_a_folder_without_study_file(tmp_path: Path):
    with pytest.raises(StudyError, match=r"study\.yaml: no such file"):
        load_study(tmp_path)


def test_privacy_thresholds_cannot_be_lowered(tmp_path: Path):
    (fault,) = _faults(tmp_path, MINIMAL + "privacy: {min_persons: 3}\n")
    assert "greater than or equal to 5" in fault


def test_every_scale_of_the_house_scores_known_items():
    instruments = house_instruments()
    assert all(instruments.item(i) for s in instruments.scales for i in s.items)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL.replace("2026-06-29", "2026-02-31"), "study.yaml, line 6: the calendar has no 2026-02-31"),
        (MINIMAL + "satisfaction: {item: SO9}\n", "line 8: no instrument holds the item `SO9`. Did you mean"),
        (MINIMAL + "distributions:\n  - SO1\n  - ZZ1\n", "study.yaml, line 10: no instrument holds the item `ZZ1`"),
        (MINIMAL + "thresholds:\n  net_hours: .nan\n", "study.yaml, line 9: `thresholds.net_hours`"),
        (MINIMAL + "public_pseudonym_key: true\nregisters:\n  people_time: p.csv\n", "public_pseudonym_key lets"),
        (MINIMAL + "waves:\n  - {wave: T0, label: a, role: baseline, opens: 2026-03-01, closes: 2026-02-01}\n",
         "study.yaml, line 9: `waves.1`: the wave closes"),
        (MINIMAL + "  closures:\n    - {first: 2026-05-02, last: 2026-05-01, label: Pont}\n",
         "study.yaml, line 9: `calendar.closures.1`: the closure ends"),
    ],
)  # fmt: skip
def test_values_that_mean_nothing_are_refused_with_their_line(tmp_path: Path, text: str, said: str):
    (fault,) = _faults(tmp_path, text)
    assert said in fault


def test_a_mandatory_key_that_is_misspelt_is_one_fault(tmp_path: Path):
    (fault,) = _faults(tmp_path, MINIMAL.replace("organisation:", "organisatio:"))
    assert fault.startswith("study.yaml, line 3: `organisatio`") and "`organisation`" in fault


def test_a_condition_of_the_rule_that_means_nothing_names_its_line(tmp_path: Path):
    rule = 'proposals:\n  lines:\n    - line: "2"\n      proposal: generaliser\n      when: [[gain >= 15, speed > 3]]\n'
    (fault,) = _faults(tmp_path, MINIMAL + rule)
    assert fault.startswith("study.yaml, line 12: ") and "'speed > 3'" in fault and "wish_to_continue" in fault
    (tmp_path / "study.yaml").write_text(MINIMAL + rule.replace("speed", "gain.low"), encoding="utf-8")
    assert load_study(tmp_path).study.proposals.lines[0].when == (("gain >= 15", "gain.low > 3"),)
