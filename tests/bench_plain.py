"""What an analyst would write instead: one plain script, pandas + scipy + altair, for the demonstration study only.

Same inputs, same estimates for the programme, the teams and the tools, same number of charts, one HTML page, open
tables. No validation, no account of rows, no pseudonyms, no disclosure control, no lake, no other study. It is what
`make bench` measures the pipeline against.
"""

import sys
from pathlib import Path

import altair as alt
import fastexcel
import numpy as np
import pandas as pd
import vl_convert
from scipy import optimize, sparse, stats

STUDY, OUT = Path(sys.argv[1]), Path(sys.argv[2])
START, END = pd.Timestamp("2026-02-02"), pd.Timestamp("2026-06-29")
TOOLS = {"IA-A": "assistanta", "IA-B": "assistantb", "IA-C": "assistantc",
         "Assistant A": "assistanta", "Assistant B": "assistantb", "Assistant C": "assistantc"}  # fmt: skip
PROCESSES = {
    "Courriels - réponses": "courriels", "Mails récurrents": "courriels",
    "Réponses aux courriels récurrents": "courriels",
    "CR de réunion": "comptesrendus", "Comptes-rendus": "comptesrendus", "Comptes rendus de réunion": "comptesrendus",
    "Extraction dossiers": "extraction", "Extraction": "extraction", "Extraction de données de dossiers": "extraction",
    "Agendas": "temoin", "Agendas partagés": "temoin", "Mise à jour des agendas partagés": "temoin",
}  # fmt: skip
WHO5 = {"Tout le temps": 5, "La plupart du temps": 4, "Plus de la moitié du temps": 3,
        "Moins de la moitié du temps": 2, "De temps en temps": 1, "Jamais": 0}  # fmt: skip


def excel(path, sheet, skip=0):
    reader = fastexcel.read_excel(path)
    name = sheet if sheet in reader.sheet_names else 0
    return reader.load_sheet(name, header_row=skip, dtypes="string").to_pandas()


def minutes(text):
    text = text.astype("string").str.strip()
    clock = text.str.extract(r"^(\d+)\s*[:hH]\s*(\d+)?(?::(\d+))?$").astype(float)
    plain = pd.to_numeric(text.str.replace(",", ".").str.replace(" min", ""), errors="coerce")
    return plain.fillna(clock[0] * 60 + clock[1].fillna(0) + clock[2].fillna(0) / 60)


def number(text):
    return pd.to_numeric(text.astype("string").str.replace(",", "."), errors="coerce")


def sheets():
    parts, weeks = [], []
    for path in sorted((STUDY / "temps").glob("feuille_*")):
        parts.append(excel(path, "Saisie", 1) if path.suffix == ".xlsx"
                     else pd.read_csv(path, sep=";", encoding="cp1252", dtype=str))  # fmt: skip
        if path.suffix == ".xlsx":
            weeks.append(excel(path, "Semaines"))
    weeks += [pd.read_csv(p, sep=";", encoding="cp1252", dtype=str) for p in (STUDY / "temps").glob("semaines_*.csv")]
    rows = pd.concat(parts).rename(columns=lambda c: c.replace("’", "'"))
    week = pd.concat(weeks)
    day = lambda s: pd.to_datetime(s, format="mixed", dayfirst=True, errors="coerce")  # noqa: E731
    iso = rows["Date"].str.match(r"^\d{4}-")
    date = day(rows["Date"].where(~iso)).fillna(pd.to_datetime(rows["Date"].where(iso), errors="coerce"))
    lines = pd.DataFrame({
        "who": rows["Mon code"], "date": date, "label": rows["Processus"],
        "tool": rows["Outil (ou « sans IA »)"].map(TOOLS), "n": number(rows["Nombre de fois (1)"]).fillna(1),
        "minutes": minutes(rows["Durée totale en min, tout compris"]),
        "items": number(rows["Nombre d'éléments"]), "errors": number(rows["Reprises nécessaires"]),
        "new": rows.get("nouvelle tâche", pd.Series(index=rows.index, dtype=str)).eq("oui"),
    })  # fmt: skip
    monday = week["Semaine (lundi)"]
    iso = monday.str.match(r"^\d{4}-")
    said = pd.DataFrame({
        "who": week["Mon code"], "logged": ~week["Ma semaine"].str.startswith("Congé"),
        "week": day(monday.where(~iso)).fillna(pd.to_datetime(monday.where(iso), errors="coerce")),
    })  # fmt: skip
    return lines.drop_duplicates(), said


def trackers():
    k = pd.read_csv(STUDY / "temps/kimai.csv", dtype=str)
    t = pd.read_csv(STUDY / "temps/toggl.csv", dtype=str)
    c = pd.read_csv(STUDY / "temps/clockify.csv", dtype=str)
    tool = lambda s: s.str.extract(r"(IA-[ABC])")[0].map(TOOLS)  # noqa: E731
    frames = [
        pd.DataFrame({"who": k["E-mail"], "date": pd.to_datetime(k["Date"]), "label": k["Activity"],
                      "tool": tool(k["Tags"]), "minutes": minutes(k["Duration"]), "start": k["From"]}),
        pd.DataFrame({"who": t["Email"], "date": pd.to_datetime(t["Start date"]), "label": t["Project"],
                      "tool": tool(t["Tags"]), "minutes": minutes(t["Duration"]), "start": t["Start time"]}),
        pd.DataFrame({"who": c["Email"], "date": pd.to_datetime(c["Start Date"], dayfirst=True), "label": c["Task"],
                      "tool": tool(c["Tags"]), "minutes": minutes(c["Duration (h)"]), "start": c["Start Time"]}),
    ]  # fmt: skip
    rows = pd.concat(frames)
    return rows.drop_duplicates().assign(n=1.0, items=np.nan, errors=np.nan, new=False).drop(columns="start")


people = excel(STUDY / "registers/people_time.xlsx", "Agents")
team_of = pd.concat([people.dropna(subset=[c]).set_index(c)["team"] for c in ("email", "sheet_code")])
person_of = pd.concat([people.dropna(subset=[c]).set_index(c, drop=False)["email"] for c in ("email", "sheet_code")])
lines, said = sheets()
time = pd.concat([lines, trackers()])
time["team"], time["person"] = time["who"].map(team_of), time["who"].map(person_of)
time["week"] = time["date"].dt.to_period("W").dt.start_time
good = (time["team"].notna() & time["minutes"].between(0.01, 720) & (time["date"] >= START) & (time["date"] < END)
        & ~(time["errors"] > time["items"]))  # fmt: skip
time = time[good]
time["process"] = time["label"].map(PROCESSES)
overhead = time[time["process"].isna() & time["label"].notna()]
time = time[time["process"].notna() & ~time["new"]]

deployments = pd.read_csv(STUDY / "registers/deployments.csv", sep=";", parse_dates=["go_live"], encoding="utf-8-sig")
live = deployments.groupby("team")["go_live"].min()
cells = time.groupby(["person", "team", "process", "week"], as_index=False).agg(
    n=("n", "sum"), minutes=("minutes", "sum"), items=("items", "sum"), errors=("errors", "sum"))  # fmt: skip
cells = cells.merge(deployments.rename(columns={"tool": "deployed"}), on=["team", "process"], how="left")
cells["treated"] = cells["week"] >= cells["go_live"]
cells["steady"] = cells["treated"] & (cells["week"] >= cells["go_live"] + pd.Timedelta(weeks=3))
cells["month"] = cells["week"].dt.to_period("M").astype(str)


def expected(frame, effects, y="minutes", exposure="n"):
    """Poisson with additive log effects, fitted on untreated cells, predicted on all."""
    fit = frame[~frame["treated"] & (frame[exposure] > 0)]
    levels = [np.unique(fit[e]) for e in effects]

    def design(part):
        known = np.ones(len(part), dtype=bool)
        blocks = []
        for e, found in zip(effects, levels, strict=True):
            at = np.searchsorted(found, part[e].to_numpy())
            at = np.clip(at, 0, len(found) - 1)
            known &= found[at] == part[e].to_numpy()
            blocks.append(sparse.csr_matrix((np.ones(len(part)), (np.arange(len(part)), at)), (len(part), len(found))))
        return sparse.hstack(blocks).tocsr(), known

    x, _ = design(fit)
    count, offset = fit[y].to_numpy(float), np.log(fit[exposure].to_numpy(float))

    def loss(beta):
        mu = np.exp(x @ beta + offset)
        return (mu - count * (x @ beta)).sum() + 5e-7 * (beta @ beta), x.T @ (mu - count) + 1e-6 * beta

    start = np.zeros(x.shape[1])
    start[: len(levels[0])] = np.log(count.sum() / np.exp(offset).sum())
    beta = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-13}).x
    every, known = design(frame)
    return np.where(known, np.exp(every @ beta) * frame[exposure], np.nan)


def interval(whole, deleted):
    g = len(deleted)
    se = g / (g - 1) * np.sqrt((g - 1) / g * ((np.array(deleted) - whole) ** 2).sum())
    half = stats.t.ppf(0.975, g - 1) * se
    return whole - half, whole + half


def pool(y, v, scale):
    y, v = np.asarray(y, float), np.asarray(v, float)
    tau = scale * np.linspace(0, 6, 2001)
    precision = 1 / (v[None, :] + tau[:, None] ** 2)
    mu = (precision * y).sum(1) / precision.sum(1)
    like = 0.5 * np.log(precision).sum(1) - 0.5 * np.log(precision.sum(1))
    like = like - 0.5 * (precision * (y - mu[:, None]) ** 2).sum(1)
    weight = np.exp(like - like.max()) * 2 * stats.norm.pdf(tau, 0, scale)
    weight /= weight.sum()
    shrink = v[None, :] * precision
    mean = shrink * mu[:, None] + (1 - shrink) * y
    var = (1 - shrink) * v[None, :] + shrink**2 / precision.sum(1)[:, None]
    m = (weight[:, None] * mean).sum(0)
    s = np.sqrt((weight[:, None] * (var + mean**2)).sum(0) - m**2)
    return m, m - 1.96 * s, m + 1.96 * s


TEAMS = sorted(cells["team"].unique())


def time_effect(frame):
    frame = frame.assign(mu0=expected(frame, ["person", "process", "month"]))
    part = frame[frame["steady"] & frame["mu0"].notna()]
    return np.log(part["minutes"].sum() / part["mu0"].sum()), frame


said["team"], said["person"] = said["who"].map(team_of), said["who"].map(person_of)
on_tracker = time[~time["team"].isin(said["team"])][["person", "team", "week"]].drop_duplicates().assign(logged=True)
weeks = pd.concat([said[["person", "team", "week", "logged"]], on_tracker]).dropna().drop_duplicates(["person", "week"])
weeks = weeks[weeks["logged"] & (weeks["week"] >= weeks["team"].map(live))]
training = pd.read_csv(STUDY / "registers/training.csv", sep=";", encoding="utf-8-sig")
training["team"] = training["email"].map(team_of)
lost = training[training["attended"] == "oui"].groupby("team")["minutes"].sum()
overhead = overhead[overhead["week"] >= overhead["team"].map(live)].groupby("team")["minutes"].sum()


def hours(frame, teams):
    treated = frame[frame["treated"] & frame["mu0"].notna() & frame["team"].isin(teams)]
    gain = (treated["mu0"] - treated["minutes"]).sum() - overhead.reindex(teams).sum() - lost.reindex(teams).sum()
    return gain / 60 / weeks["team"].isin(teams).sum()


def error_effect(frame):
    frame = frame.assign(mu0=expected(frame, ["team", "process"], "errors", "items"))
    part = frame[frame["treated"] & frame["mu0"].notna()]
    return np.log((part["errors"].sum() + 0.5) / (part["mu0"].sum() + 0.5)), frame


rows = []


def add(indicator, scope, key, value, low, high):
    rows.append({"indicator": indicator, "scope": scope, "key": key, "estimate": value, "low": low, "high": high})


percent = lambda x: 100 * (np.exp(x) - 1)  # noqa: E731
theta, fitted = time_effect(cells)
without = {t: time_effect(cells[cells["team"] != t]) for t in TEAMS}
add("time_per_task", "programme", "", *percent(np.array([theta, *interval(theta, [b for b, _ in without.values()])])))
net = hours(fitted, TEAMS)
rest = [hours(frame, [u for u in TEAMS if u != t]) for t, (_, frame) in without.items()]
add("net_hours", "programme", "", net, *interval(net, rest))
counted = cells[(cells["items"] > 0)]
rate, errors = error_effect(counted)
by_team = sorted(counted["team"].unique())
apart = [error_effect(counted[counted["team"] != t])[0] for t in by_team]
add("errors", "programme", "", *np.exp([rate, *interval(rate, apart)]))
steady = fitted[fitted["steady"] & fitted["mu0"].notna()]
for scope, column in (("team", "team"), ("tool", "deployed")):
    sums = steady.groupby(column)[["minutes", "mu0"]].sum()
    person = steady.groupby([column, "person"])[["minutes", "mu0"]].sum().reset_index()
    person["y"] = np.log(person["minutes"] / person["mu0"])
    weight = person["mu0"] / person.groupby(column)["mu0"].transform("sum")
    centre = (weight * person["y"]).groupby(person[column]).transform("sum")
    spread = (weight * (person["y"] - centre) ** 2).sum() / len(sums)
    v = spread * (weight**2).groupby(person[column]).sum()
    for key, *values in zip(sums.index, *pool(np.log(sums["minutes"] / sums["mu0"]), v, 0.15), strict=True):
        add("time_per_task", scope, key, *percent(np.array(values)))
    groups = [(k, fitted[fitted[column] == k]) for k in sums.index]
    values = [hours(part, sorted(part.loc[part["treated"], "team"].unique())) for _, part in groups]
    for (key, _), *found in zip(groups, *pool(values, np.full(len(values), 0.05), 1.0), strict=True):
        add("net_hours", scope, key, *found)
    treated = errors[errors["treated"] & errors["mu0"].notna()].groupby(column)[["errors", "mu0"]].sum() + 0.5
    ratios = pool(np.log(treated["errors"] / treated["mu0"]), 1 / treated["mu0"], 0.3)
    for key, *found in zip(treated.index, *ratios, strict=True):
        add("errors", scope, key, *np.exp(found))

t0 = pd.read_csv(STUDY / "questionnaires/resultats_t0.csv", encoding="utf-8-sig")
t1 = pd.read_csv(STUDY / "questionnaires/resultats_t1.csv", sep=";", encoding="utf-8-sig")
t1.columns = [c.split(". ")[0] for c in t1.columns]
codes = pd.read_csv(STUDY / "registers/people_survey.csv", sep=";", encoding="utf-8-sig")
codes = codes[codes["role"] == "agent"].set_index("code")["team"]
items = [f"BE{i}" for i in range(1, 6)]
before = t0.drop_duplicates("CODE", keep="last").set_index("CODE")[items].apply(pd.to_numeric).where(lambda f: f <= 5)
after = t1.drop_duplicates("CODE", keep="last").set_index("CODE")
then = after[items].replace(WHO5).apply(pd.to_numeric, errors="coerce")
score = pd.DataFrame({"a": before.mean(axis=1) * 20, "b": then.mean(axis=1) * 20})
score["team"] = score.index.map(codes)
paired = score.dropna()


def change(frame, at):
    slope = np.polyfit(frame["a"] - at, frame["b"] - frame["a"], 1)
    return slope[1]


whole = change(paired, score["a"].mean())
add("wellbeing", "programme", "", whole,
    *interval(whole, [change(paired[paired["team"] != t], score["a"].mean()) for t in TEAMS]))  # fmt: skip
said_of_tools = after[[c for c in after if c.startswith("SO1")]]
happy = said_of_tools.isin(["Satisfait", "Très satisfait"]).astype(float).where(said_of_tools.notna())
mine = pd.DataFrame({"y": happy.mean(axis=1), "team": happy.index.map(codes)}).dropna()
share = 100 * mine["y"].mean()
others = [100 * mine.loc[mine["team"] != t, "y"].mean() for t in TEAMS]
add("satisfaction", "programme", "", share, *interval(share, others))
p = share / 100
size = mine.groupby("team")["y"].agg(["mean", "size"])
pooled = pool(100 * size["mean"], 1e4 * p * (1 - p) / size["size"], 10)
for key, *found in zip(size.index, *pooled, strict=True):
    add("satisfaction", "team", key, *found)
by_tool = happy.rename(columns=lambda c: c[4:-1]).join(codes.rename("team")).groupby("team").mean()
for key in by_tool:
    each = 100 * by_tool[key].dropna()
    add("satisfaction", "tool", key, each.mean(), *interval(each.mean(), [each.drop(t).mean() for t in each.index]))

table = pd.DataFrame(rows)
OUT.mkdir(parents=True, exist_ok=True)
table.to_csv(OUT / "estimates.csv", index=False)
table.to_parquet(OUT / "estimates.parquet")
figures = []
for (indicator, scope), part in table.groupby(["indicator", "scope"], sort=True):
    for width in (640, 320):
        base = alt.Chart(part).encode(y=alt.Y("key:N", title=None))
        chart = (base.mark_rule().encode(x="low:Q", x2="high:Q") + base.mark_point(filled=True).encode(x="estimate:Q")
                 ).properties(width=width, title=f"{indicator}, {scope}")  # fmt: skip
        figures.append(vl_convert.vegalite_to_svg(chart.to_json()))
shown = table.round(2).to_html(index=False)
page = f"<!doctype html><meta charset='utf-8'><title>Bilan</title>{shown}{''.join(figures)}"
(OUT / "bilan.html").write_text(page, encoding="utf-8")
print(table[table["scope"] == "programme"].round(2).to_string(index=False))
