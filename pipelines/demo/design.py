"""The fictitious university: its calendar, tools, processes, teams and people. Every name here is invented."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

START, END, AS_OF = date(2026, 2, 2), date(2026, 6, 29), date(2026, 7, 3)
WEEKS = (END - START).days // 7
GO_LIVE = (date(2026, 3, 2), date(2026, 5, 4))  # first and second start group
CLOSURES = (
    (date(2026, 4, 6), date(2026, 4, 6), "Lundi de Pâques"),
    (date(2026, 4, 20), date(2026, 4, 24), "Fermeture de printemps"),
    (date(2026, 5, 1), date(2026, 5, 1), "Fête du Travail"),
    (date(2026, 5, 8), date(2026, 5, 8), "Victoire de 1945"),
    (date(2026, 5, 14), date(2026, 5, 15), "Ascension et pont"),
    (date(2026, 5, 25), date(2026, 5, 25), "Lundi de Pentecôte"),
)


@dataclass(frozen=True)
class Wave:
    """One wave of questionnaires."""

    wave: str
    label: str
    role: str
    opens: date
    closes: date


WAVES = (
    Wave("T0", "Avant l'expérimentation", "baseline", date(2026, 2, 2), date(2026, 2, 20)),
    Wave("P1", "Point hebdo 1", "pulse", date(2026, 3, 16), date(2026, 3, 20)),
    Wave("P2", "Point hebdo 2", "pulse", date(2026, 3, 30), date(2026, 4, 3)),
    Wave("P3", "Point hebdo 3", "pulse", date(2026, 4, 13), date(2026, 4, 17)),
    Wave("P4", "Point hebdo 4", "pulse", date(2026, 5, 18), date(2026, 5, 22)),
    Wave("P5", "Point hebdo 5", "pulse", date(2026, 6, 1), date(2026, 6, 5)),
    Wave("T1", "Fin de l'expérimentation", "end", date(2026, 6, 15), date(2026, 6, 26)),
)

# code, label, provider, model, hosting, then compliance: transfers, training, processor, sensitive data
TOOLS = (
    ("assistanta", "Assistant A", "Fournisseur fictif A", "modèle A, version 1", "Union européenne",
     "conforme", "conforme", "conforme", "conforme"),
    ("assistantb", "Assistant B", "Fournisseur fictif B", "modèle B, version 3", "Serveurs de l'établissement",
     "conforme", "conforme", "reserve", "conforme"),
    ("assistantc", "Assistant C", "Fournisseur fictif C", "modèle C, version 2", "Hors Union européenne",
     "non_conforme", "reserve", "conforme", "non_evalue"),
)  # fmt: skip
TOOL_LABELS = {t[0]: t[1] for t in TOOLS}


@dataclass(frozen=True)
class Process:
    """A process followed: median minutes of one occurrence, mean occurrences per person and week."""

    process: str
    label: str
    family: str
    minutes: float
    per_week: float
    witness: bool = False


PROCESSES = (
    Process("courriels", "Réponses aux courriels récurrents", "Relation aux usagers", 48, 6.5),
    Process("comptesrendus", "Comptes rendus de réunion", "Rédaction", 35, 1.4),
    Process("extraction", "Extraction de données de dossiers", "Traitement de dossiers", 30, 2.2),
    Process("temoin", "Mise à jour des agendas partagés", "Organisation", 20, 2.0, witness=True),
)

# label, service, family, people (supervisor included), {process: tool}
TEAMS: tuple[tuple[str, str, str, int, dict[str, str]], ...] = (
    ("Scolarité", "Direction des études", "Études et vie étudiante", 12,
     {"courriels": "assistanta", "extraction": "assistantc"}),
    ("Ressources humaines, gestion", "Direction des ressources humaines", "Pilotage et moyens", 9,
     {"courriels": "assistantb", "comptesrendus": "assistanta"}),
    ("Formation continue", "Direction des études", "Études et vie étudiante", 8,
     {"courriels": "assistanta", "comptesrendus": "assistantb"}),
    ("Bibliothèque, accueil du public", "Service de documentation", "Recherche et documentation", 11,
     {"courriels": "assistantb", "comptesrendus": "assistanta"}),
    ("Finances, dépenses", "Direction des finances", "Pilotage et moyens", 9,
     {"courriels": "assistantb", "extraction": "assistantc", "comptesrendus": "assistantb"}),
    ("Relations internationales", "Direction des études", "Études et vie étudiante", 8,
     {"courriels": "assistantc", "extraction": "assistanta"}),
    ("Secrétariats de départements", "Composantes", "Études et vie étudiante", 10,
     {"courriels": "assistanta", "comptesrendus": "assistantc"}),
    ("Direction de la recherche", "Direction de la recherche", "Recherche et documentation", 8,
     {"courriels": "assistantb", "extraction": "assistanta", "comptesrendus": "assistanta"}),
    ("Logistique et patrimoine", "Direction du patrimoine", "Pilotage et moyens", 6,
     {"courriels": "assistantc", "comptesrendus": "assistantc"}),
    ("Vie étudiante", "Service de la vie étudiante", "Études et vie étudiante", 4,
     {"courriels": "assistantc", "extraction": "assistantb"}),
)  # fmt: skip

FIRST_NAMES = (
    "Agathe", "Albane", "Anselme", "Apolline", "Barnabé", "Bérénice", "Cassandre", "Célestin", "Clothilde", "Côme",
    "Daphné", "Diane", "Edgar", "Élisée", "Elvire", "Ernestine", "Eudes", "Fantine", "Félicie", "Firmin", "Gaspard",
    "Gisèle", "Guillemette", "Hector", "Hortense", "Irénée", "Isaure", "Joséphine", "Ladislas", "Léopold", "Lucrèce",
    "Mahaut", "Maxence", "Mélisande", "Octave", "Ondine", "Pacôme", "Pétronille", "Philomène", "Quentin", "Rosalie",
    "Séraphin", "Sidonie", "Tancrède", "Théophile", "Ursule", "Valère", "Zélie",
)  # fmt: skip
# Surnames are put together from two halves, so that none is anybody's.
SURNAME_STARTS = ("Valbr", "Corsen", "Fontev", "Delmar", "Lantr", "Tervil", "Orbesc", "Marquen")
SURNAME_ENDS = ("anche", "oisel", "urmont", "adour", "ignac", "arolles", "ampierre", "onnaud")
CODE_LETTERS = "BCDFGHJKMNPQRSTVWXZ2346789"  # no vowel, nothing that reads like another sign
JOINER_FROM, LEAVER_TO = date(2026, 3, 23), date(2026, 5, 29)  # one person each
WITHDRAWN_ON = date(2026, 5, 29)  # the smallest team; a Friday, so that its last week is whole
FORMATS = ("sheet_xlsx", "sheet_csv", "kimai", "toggl", "clockify")


@dataclass(frozen=True)
class Roster:
    """The frames everything else is drawn from. Rows are people, teams, deployments; `person` counts from 0.

    `teams`: those of clean.teams plus format; one has withdrawn. `people`: name, email, sheet_code, tracker_user,
    team (number), role, weekly_hours, from_date, to_date. `envelopes`: code, team (number), role, from_date,
    to_date, in the order of the codes: nothing tells which person drew which. `deployments`: team (number),
    process, tool, go_live.
    """

    teams: pl.DataFrame
    people: pl.DataFrame
    envelopes: pl.DataFrame
    deployments: pl.DataFrame


def build_roster(rng: np.random.Generator, teams: int) -> Roster:
    """Draw the start groups, the people and the codes of `teams` teams."""
    codes = [f"E{i + 1:02d}" for i in range(teams)]
    kinds = [TEAMS[i % len(TEAMS)] for i in range(teams)]
    copies = [i // len(TEAMS) for i in range(teams)]
    group = np.empty(teams, dtype=np.int64)
    group[rng.permutation(teams)] = np.arange(teams) % 2 + 1
    sizes = np.array([k[3] for k in kinds])
    smallest = teams - 1 - int(np.argmin(sizes[::-1]))  # the last of them
    team_frame = pl.DataFrame({
        "team": codes,
        "label": [k[0] + (f" ({c + 1})" if c else "") for k, c in zip(kinds, copies, strict=True)],
        "service": [k[1] for k in kinds],
        "family": [k[2] for k in kinds],
        "headcount": sizes,
        "start_group": group,
        "withdrawn_on": [WITHDRAWN_ON if t == smallest else None for t in range(teams)],
        "format": _formats(teams),
    })  # fmt: skip
    deployments = pl.DataFrame(
        [
            (t, process, tool, GO_LIVE[group[t] - 1])
            for t in range(teams)
            for process, tool in kinds[t][4].items()
        ],
        schema={"team": pl.Int64, "process": pl.String, "tool": pl.String, "go_live": pl.Date},
        orient="row",
    )  # fmt: skip
    return Roster(team_frame, *_people(rng, sizes, team_frame["format"].to_list()), deployments)


def open_days() -> list[list[date]]:
    """The working days of each week of measurement."""
    shut = {a + timedelta(days=i) for a, b, _ in CLOSURES for i in range((b - a).days + 1)}
    weeks = [[START + timedelta(days=7 * w + i) for i in range(5)] for w in range(WEEKS)]
    return [[d for d in days if d not in shut] for days in weeks]


def plain(text: str) -> str:
    """`text` without accents, in lower case."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def _formats(teams: int) -> list[str]:
    """Seven teams in ten keep the time sheet, which alone counts errors; the others share the three trackers."""
    sheets = min(round(0.7 * teams), teams - 3)
    kinds = ["sheet_xlsx"] * (sheets // 3) + ["sheet_csv"] * (sheets - sheets // 3)
    rest = teams - sheets
    for i, kind in enumerate(FORMATS[2:]):
        kinds += [kind] * (rest // 3 + (i < rest % 3))
    return kinds


def _people(
    rng: np.random.Generator, sizes: np.ndarray, kinds: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    n = int(sizes.sum())
    team = np.repeat(np.arange(sizes.size), sizes)
    first_of_team = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    role = np.full(n, "agent", dtype=object)
    role[first_of_team] = "encadrant"
    starts, ends = len(SURNAME_STARTS), len(SURNAME_ENDS)
    drawn = rng.permutation(len(FIRST_NAMES) * starts * ends)[:n]
    first = [FIRST_NAMES[i // (starts * ends)] for i in drawn]
    last = [SURNAME_STARTS[i // ends % starts] + SURNAME_ENDS[i % ends] for i in drawn]
    on_sheet = np.array([k.startswith("sheet") for k in kinds])[team]
    codes = _codes(rng, 2 * n)
    hours = rng.choice([37.5, 35.0, 30.0, 18.75], size=n, p=[0.6, 0.2, 0.15, 0.05])
    from_date: list[date | None] = [None] * n
    to_date: list[date | None] = [None] * n
    last_of_team = first_of_team + sizes - 1
    from_date[last_of_team[kinds.index("kimai")]] = JOINER_FROM
    to_date[last_of_team[len(kinds) - 1 - kinds[::-1].index("sheet_csv")]] = LEAVER_TO
    people = pl.DataFrame({
        "person": np.arange(n),
        "name": [f"{f} {s}" for f, s in zip(first, last, strict=True)],
        "email": [f"{plain(f)}.{plain(s)}@example.org" for f, s in zip(first, last, strict=True)],
        "sheet_code": [c if s else None for c, s in zip(codes[:n], on_sheet, strict=True)],
        "tracker_user": [None if s else f"{plain(f)[0]}{plain(x)}{i:03d}"
                         for i, (f, x, s) in enumerate(zip(first, last, on_sheet, strict=True))],
        "team": team,
        "role": role.astype(str),
        "weekly_hours": hours,
        "from_date": pl.Series(from_date, dtype=pl.Date),
        "to_date": pl.Series(to_date, dtype=pl.Date),
    })  # fmt: skip
    envelopes = people.select("team", "role", "from_date", "to_date").with_columns(pl.Series("code", codes[n:]))
    return people, envelopes.sort("code").select("code", "team", "role", "from_date", "to_date")


def _codes(rng: np.random.Generator, n: int) -> list[str]:
    """`n` distinct codes such as `7KQ2-M4XD`."""
    digits = rng.integers(0, len(CODE_LETTERS), size=(2 * n, 8))
    words = dict.fromkeys("".join(CODE_LETTERS[d] for d in row) for row in digits)
    return [f"{w[:4]}-{w[4:]}" for w in list(words)[:n]]
