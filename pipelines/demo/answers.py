"""What people answer: latent values plus noise, put on the answers of the instruments. Codes, never labels.

Columns are LimeSurvey's: `ITEM`, `ITEM[process]`, `ITEM[tool]`; null = not asked of that person.
"""

from datetime import date

import numpy as np
import polars as pl

from pipelines.demo import truths
from pipelines.demo.design import PROCESSES, TOOL_LABELS, Roster

DECLINED = "99"
DECLINE_RATE = 0.03
HUMAN_PART = (3.1, 3.2, 2.7, 2.9, 2.6, 3.3, 1.8)  # mean of DH1 to DH7, from 1 to 4
EQUIPPABLE = [p for p in PROCESSES if not p.witness]


def answers_t0_t1(rng: np.random.Generator, roster: Roster) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Everybody's answers before and at the end, one row per envelope; who really answers is drawn later."""
    n = roster.envelopes.height
    team = roster.envelopes["team"].to_numpy()
    team_mood = rng.normal(0.0, 2.0, roster.teams.height)[team]
    both: tuple[dict[str, pl.Series], dict[str, pl.Series]] = ({}, {})

    usual = {p.process: rng.normal(0.0, truths.PERSON_SD, n) for p in EQUIPPABLE}
    for process in EQUIPPABLE:
        asked = _asked(roster, "process", process.process)
        weekly = rng.poisson(process.per_week, n)
        declared = truths.mean_minutes(process.minutes) * np.exp(
            usual[process.process] + rng.normal(0.0, truths.DECLARED_SD, n))  # fmt: skip
        errors = rng.binomial(10, 0.18, n)
        irritation = rng.normal(6.3, 1.5, n)
        for wave, answers in enumerate(both):
            minutes = declared * (1 + wave * truths.DECLARED_EFFECT[process.process])
            change = wave * truths.IRRITATION_CHANGE[process.process] + rng.normal(0.0, 0.8, n)
            felt = _on(irritation + change, 0, 10)
            values = {"TP1": weekly, "TP2": np.rint(minutes / 5) * 5, "ER1": errors, "IR1": felt}
            answers |= {f"{i}[{process.process}]": _codes(v, asked) for i, v in values.items()}

    wellbeing = np.clip(rng.normal(58.0, 13.0, n) + team_mood, 5, 95)
    energy, job, skill = rng.normal(3.3, 0.7, n), rng.normal(6.4, 1.4, n), rng.normal(4.6, 1.6, n)
    human = {f"DH{i + 1}": rng.normal(mean, 0.6, n) for i, mean in enumerate(HUMAN_PART)}
    everybody = np.ones(n, dtype=bool)
    for wave, answers in enumerate(both):
        mood = (wellbeing + wave * truths.WELLBEING_CHANGE + rng.normal(0.0, 5.0, n)) / 20
        scores = {f"BE{i}": _on(mood + rng.normal(0.0, 0.6, n), 0, 5) for i in range(1, 6)}
        scores |= {f"QV{i}": _on(energy + rng.normal(0.0, 0.6, n), 1, 5) for i in range(1, 5)}
        scores["SA1"] = _on(job + wave * truths.JOB_SATISFACTION_CHANGE + rng.normal(0.0, 0.7, n), 0, 10)
        for item, latent in human.items():
            shift = wave * truths.HUMAN_PART_CHANGE.get(item, 0.0) * 3 / 100
            scores[item] = _on(latent + shift + rng.normal(0.0, 0.35, n), 1, 4)
        for i in range(1, 4):
            scores[f"AE{i}"] = _on(skill + wave * truths.SELF_EFFICACY_CHANGE + rng.normal(0.0, 1.0, n), 0, 10)
        scores["US0"] = _on(1.8 + 1.1 * wave + rng.normal(0.0, 0.7, n), 1, 4)
        for item, score in scores.items():
            sensitive = item[:2] in ("BE", "DH", "US")
            answers[item] = _codes(score, everybody, rng.random(n) < DECLINE_RATE if sensitive else None)
    _at_the_end(rng, roster, both[1])
    return _frame(both[0]), _frame(both[1])


def pulse_answers(rng: np.random.Generator, roster: Roster, on: date) -> pl.DataFrame:
    """Use and mood of the week, asked of the teams already equipped."""
    answers: dict[str, pl.Series] = {}
    n = roster.envelopes.height
    for tool in TOOL_LABELS:
        asked = _asked(roster, "tool", tool, on)
        use = rng.choice(np.array([1, 2, 3, 4]), n, p=[0.15, 0.30, 0.35, 0.20])
        answers[f"PU1[{tool}]"] = _codes(use, asked)
        answers[f"PU5[{tool}]"] = _codes(_on(3.3 + rng.normal(0.0, 0.8, n), 1, 5), asked & (use > 1))
    frame = _frame(answers)
    asked_something = pl.any_horizontal(pl.col(f"PU1[{t}]").is_not_null() for t in TOOL_LABELS)
    return frame.filter(asked_something)


def _at_the_end(rng: np.random.Generator, roster: Roster, answers: dict[str, pl.Series]) -> None:
    """Items of T1 only: the tools, and the place of people in the work."""
    n = roster.envelopes.height
    liking = rng.random(n)  # who likes one tool tends to like the other
    for tool, shares in truths.SATISFACTION.items():
        asked = _asked(roster, "tool", tool)
        rank = np.clip(0.7 * (liking - 0.5) + 0.3 * (rng.random(n) - 0.5) + 0.5, 0, 1)
        # Ranks in place of values: the shares of the answers are then the planted ones.
        order = (np.argsort(np.argsort(rank)) + 0.5) / n
        satisfied = 1 + np.searchsorted(np.cumsum(shares)[:-1], order)
        near = satisfied + rng.normal(0.0, 0.5, n)
        answers[f"UX1[{tool}]"] = _codes(_on(near * 1.4 - 0.2, 1, 7), asked)
        answers[f"UX2[{tool}]"] = _codes(_on(near * 1.4 + rng.normal(0.0, 0.5, n), 1, 7), asked)
        answers[f"SO1[{tool}]"] = _codes(satisfied, asked)
        answers[f"SO2[{tool}]"] = _codes(_on(near * 2 - 0.5, 0, 10), asked)
        wish = np.array([1, 1, 2, 2, 3])[_on(5 - near, 0, 4)]
        answers[f"SO3[{tool}]"] = _codes(np.where(rng.random(n) < 0.05, 4, wish), asked)
    declined = rng.random(n) < DECLINE_RATE
    answers["DH8"] = _codes(_on(3.0 + rng.normal(0.0, 0.8, n), 1, 5), np.ones(n, dtype=bool), declined)


def _asked(roster: Roster, column: str, code: str, on: date | None = None) -> np.ndarray:
    """Which envelopes belong to a team that has the process or the tool (by that day)."""
    rows = roster.deployments.filter(pl.col(column) == code)
    rows = rows if on is None else rows.filter(pl.col("go_live") <= on)
    return roster.envelopes["team"].is_in(rows["team"].to_list()).to_numpy()


def _on(values: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.clip(np.rint(values), low, high).astype(np.int64)


def _codes(values: np.ndarray, asked: np.ndarray, declined: np.ndarray | None = None) -> pl.Series:
    codes = pl.Series(values.astype(np.int64)).cast(pl.String)
    if declined is not None:
        codes = codes.zip_with(pl.Series(~declined), pl.Series([DECLINED] * len(codes)))
    return codes.zip_with(pl.Series(asked), pl.Series([None] * len(codes), dtype=pl.String))


def _frame(answers: dict[str, pl.Series]) -> pl.DataFrame:
    return pl.DataFrame(answers).with_row_index("envelope")
