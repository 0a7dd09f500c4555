"""The rule of the proposals, line by line, on rows whose answer can be read off the specification (section 10)."""

from datetime import date

import polars as pl
import pytest

from pipelines.contracts import table
from pipelines.contracts.proposals import INPUTS
from pipelines.decisions.proposals import decide_lines, inputs_of, propose, told
from pipelines.study.proposals import HOUSE_LINES, Line, Proposals, condition

HOUSE = Proposals()
NO_ACTION = table("published.actions").empty()
# Generalised: every limit of line 2 met exactly, or just.
GOOD = {
    "process": "mail", "tool": "a", "gain": 15.0, "gain_low": 0.1, "gain_high": 28.0, "evidence": "B",
    "irritation": 0.0, "umux_lite": 60.0, "wish_to_continue": 60.0, "abandonment": None, "errors": 1.1,
    "errors_low": 0.9, "not_compliant": 0, "not_assessed": 0, "human_incidents": 0, "escaped_errors": 0,
}  # fmt: skip
SLOW = {"gain": 1.0, "gain_low": -3.0, "gain_high": 4.9, "irritation": 0.0}
SCHEMA = {"process": pl.String, "tool": pl.String, **{c.name: c.dtype for c in INPUTS}}


def decided(*, rule: Proposals = HOUSE, actions: pl.DataFrame = NO_ACTION, **values: object) -> tuple[str, str, str]:
    row = decide_lines(pl.DataFrame([GOOD | values], schema=SCHEMA), rule, actions).row(0, named=True)
    return row["proposal"], row["line"], row["reasons"]


@pytest.mark.parametrize(
    ("values", "proposal", "line"),
    [
        ({}, "generaliser", "2"),
        # Gates: known, whatever the gain.
        ({"not_compliant": 1}, "ne_pas_poursuivre", "1a"),
        ({"human_incidents": 1}, "ne_pas_poursuivre", "1b"),
        ({"escaped_errors": 1}, "ne_pas_poursuivre", "1c"),
        ({"errors": 1.4, "errors_low": 1.16}, "ne_pas_poursuivre", "1d"),
        ({"errors": 1.4, "errors_low": 1.15}, "generaliser", "2"),  # not beyond the margin: no gate
        ({"errors": None, "errors_low": None}, "generaliser", "2"),  # not computed: no gate
        # Line 2, each condition in turn known to fail.
        ({"gain": 14.9}, "ajuster", "4"),
        ({"gain": 14.9, "irritation": None}, "preuve_insuffisante", "4"),  # irritation might have generalised
        ({"umux_lite": 59.9}, "ajuster", "4"),
        ({"wish_to_continue": 59.9}, "ajuster", "4"),
        ({"not_assessed": 1}, "ajuster", "4"),  # not compliant for generalising, and stops nothing
        # ... by irritation, with a gain that may be a small loss.
        ({"gain": 6.0, "gain_low": -9.9, "irritation": -2.0}, "generaliser", "2"),
        ({"gain": 6.0, "gain_low": -9.9, "irritation": -1.9}, "ajuster", "4"),
        # Lack of data: what line 2 needs is not known, is too wide, or rests on too little evidence.
        ({"umux_lite": None}, "preuve_insuffisante", "4"),
        ({"gain_low": -0.1}, "preuve_insuffisante", "4"),
        ({"evidence": "C"}, "preuve_insuffisante", "4"),
        ({"gain": None, "gain_low": None, "gain_high": None, "evidence": None}, "preuve_insuffisante", "4"),
        ({"gain_low": None, "gain_high": None}, "preuve_insuffisante", "4"),  # under 30 times: no interval
        # Line 3.
        (SLOW, "ne_pas_poursuivre", "3"),
        (SLOW | {"gain_high": 5.0}, "preuve_insuffisante", "4"),  # the interval does not exclude 5 %
        (SLOW | {"irritation": -2.0, "umux_lite": 50.0}, "ajuster", "4"),  # irritation improved
        (SLOW | {"irritation": None}, "preuve_insuffisante", "4"),  # absence of proof is no stop
        ({"gain": 8.0, "irritation": 0.0, "abandonment": 60.0}, "ne_pas_poursuivre", "3"),
        ({"gain": 8.0, "irritation": 0.0, "abandonment": 59.9}, "ajuster", "4"),
        ({"gain": 8.0, "irritation": 0.0, "abandonment": None}, "ajuster", "4"),  # hidden: never waited for
    ],
)
def test_every_line_and_gate(values: dict[str, object], proposal: str, line: str):
    assert decided(**values)[:2] == (proposal, line)


def test_nothing_known_is_never_a_stop():
    unknown = dict.fromkeys(n for n in GOOD if n not in ("process", "tool", "human_incidents", "escaped_errors"))
    assert decided(**unknown)[:2] == ("preuve_insuffisante", "4")


def test_the_reasons_are_the_conditions_that_made_it():
    assert decided()[2] == (
        "gain >= 15; gain.low > 0; umux_lite >= 60; wish_to_continue >= 60; not_assessed <= 0; evidence >= B"
    )
    assert decided(gain=8.0, irritation=0.0)[2] == "gain >= 15; irritation <= -2"  # what generalising lacks
    assert decided(umux_lite=None, irritation=0.0)[2] == "umux_lite >= 60"  # what would have to be known
    assert decided(**SLOW)[2] == "gain.high < 5; irritation > -2"


ACTION = {
    "action": "A1", "line": "1a", "process": None, "tool": "a", "what": "x", "owner": "DN", "due": date(2026, 9, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("ajuster", "1a")),
        ({"process": "mail"}, ("ajuster", "1a")),
        ({"process": "notes"}, ("ne_pas_poursuivre", "1a")),
        ({"tool": "b"}, ("ne_pas_poursuivre", "1a")),
        ({"line": "1b"}, ("ne_pas_poursuivre", "1a")),
        ({"closed_on": date(2026, 7, 1)}, ("ne_pas_poursuivre", "1a")),
    ],
)
def test_only_an_open_action_for_that_gate_and_tool_answers_it(change: dict[str, object], expected: tuple[str, str]):
    actions = pl.DataFrame([ACTION | change], schema=NO_ACTION.schema)
    assert decided(actions=actions, not_compliant=1)[:2] == expected
    # A second gate that nothing answers stops all the same.
    assert decided(actions=actions, not_compliant=1, escaped_errors=1)[0] == "ne_pas_poursuivre"


def test_a_study_writes_its_own_lines():
    rule = Proposals(lines=(Line(line="x", proposal="generaliser", when=(("gain.low >= 2.5",),)),))
    assert decided(rule=rule, gain_low=2.5) == ("generaliser", "x", "gain.low >= 2.5")
    assert decided(rule=rule, gain=2.0, gain_low=1.0) == ("ajuster", "4", "gain.low >= 2.5")
    assert Proposals.model_validate_json(rule.model_dump_json()) == rule


@pytest.mark.parametrize(
    "text", ["gain > ", "gain>=15", "speed >= 1", "umux_lite.low >= 60", "evidence >= 2", "gain >= B"]
)
def test_a_condition_that_means_nothing_is_refused(text: str):
    with pytest.raises(ValueError, match=r"condition|may look at|compared"):
        condition(text)


def test_lines_that_say_nothing_or_share_a_name_are_refused():
    with pytest.raises(ValueError, match="two lines are called 3"):
        Proposals(lines=(*HOUSE_LINES, HOUSE_LINES[-1]))
    with pytest.raises(ValueError, match="a rule needs lines"):
        Proposals(lines=())
    with pytest.raises(ValueError, match="at least one list of conditions"):
        Line(line="5", proposal="ajuster", when=((),))
    with pytest.raises(ValueError, match="line 4 is what no other line settles"):
        Proposals(lines=(HOUSE_LINES[-1].model_copy(update={"line": "4"}),))


def test_what_is_told_of_every_condition_is_what_the_rule_used():
    row = decide_lines(pl.DataFrame([GOOD | SLOW], schema=SCHEMA), HOUSE, NO_ACTION).row(0, named=True)
    said = {line.line: [[met for _, met in alternative] for alternative in found] for line, found in told(row, HOUSE)}
    assert said["3"] == [[True, True], [None]]
    assert said["2"][0] == [False, None, True, True, True, True]  # 1 % with a low bound of −3 %: a gain is not excluded
    assert said["1d"] == [[False]]


def published(**settings: str) -> dict[str, pl.DataFrame]:
    """Two processes, two tools, one pair each: published tables with just what the rule reads."""
    def rows(name: str, *given: dict[str, object]) -> pl.DataFrame:
        contract = table(f"published.{name}")
        return contract.conform(pl.DataFrame(list(given), schema_overrides={
            n: t for n, t in contract.polars_schema.items() if n in {k for row in given for k in row}},
            infer_schema_length=None))  # fmt: skip

    def estimate(indicator: str, estimand: str, scope: str, key: str, value: float | None = None, **more: object):
        status = "suppressed" if value is None else "published"
        return {
            "indicator": indicator, "estimand": estimand, "unit": "u", "scope": scope, "scope_key": key,
            "population": "p", "direction": "higher", "estimate": value, "disclosure_status": status, **more,
        }  # fmt: skip

    def incident(tool: str | None, process: str | None, kind: str, severity: int, escaped: int):
        return {"tool": tool, "process": process, "kind": kind, "severity": severity, "incidents": 1, "confirmed": 1,
                "open": 0, "left_service": 1, "escaped": escaped}  # fmt: skip

    card = {"compliance_transfers": "conforme", "compliance_training": "non_evalue", "compliance_processor": "reserve",
            "compliance_sensitive": "non_conforme"}  # fmt: skip
    live = {"go_live": date(2026, 3, 2)}
    told_settings = {"calendar.as_of": "2026-07-03", "calendar.measurement_end": "2026-06-29",
                     "proposals": HOUSE.model_dump_json()} | settings  # fmt: skip
    return {
        "estimates": rows(
            "estimates",
            estimate("process_tool_gain", "gain", "process_tool", "mail:a", 99.0, ci_low=98.0, ci_high=100.0),
            estimate("process_tool_gain", "gain_90", "process_tool", "mail:a", 20.0, ci_low=9.0, ci_high=30.0,
                     evidence="A"),
            estimate("process_tool_gain", "gain_90", "process_tool", "notes:b"),
            estimate("irritation", "change", "process", "mail", -1.0),
            estimate("umux_lite", "mean", "tool", "a", 71.0),
            estimate("wish_to_continue", "share_continue", "tool", "a", 80.0),
            estimate("errors", "rate_ratio_guardrail", "tool", "a", 0.9, ci_low=0.7, ci_high=1.1),
        ),
        "tools": rows("tools", {"tool": "a", "label": "A"} | dict.fromkeys(card, "conforme"),
                      {"tool": "b", "label": "B"} | card),
        "processes": rows("processes", *({"process": p, "label": p, "family": f"family {p}", "witness": False}
                                         for p in ("mail", "notes"))),
        "deployments": rows("deployments", *({"team": t, "process": p, "tool": k, **live}
                                             for t, p, k in (("t1", "mail", "a"), ("t2", "mail", "a"),
                                                             ("t1", "notes", "b")))),
        "incidents": rows(
            "incidents", incident("b", "mail", "erreur", 3, 1), incident("b", None, "erreur", 3, 2),
            incident("b", "notes", "erreur", 2, 4), incident(None, "notes", "erreur", 3, 8),
            incident(None, None, "part_humaine", 1, 0),
        ),
        "actions": NO_ACTION,
        "study": rows("study", *({"setting": k, "value": v} for k, v in told_settings.items())),
    }  # fmt: skip


def test_inputs_come_from_the_finest_published_row():
    mail, notes = inputs_of(published()).to_dicts()
    assert (mail["proposal_id"], mail["family"]) == ("mail:a", "family mail")
    assert (mail["gain"], mail["gain_low"], mail["gain_high"], mail["evidence"]) == (20.0, 9.0, 30.0, "A")
    assert (mail["irritation"], mail["umux_lite"], mail["wish_to_continue"]) == (-1.0, 71.0, 80.0)
    assert (mail["errors"], mail["errors_low"], mail["not_compliant"], mail["not_assessed"]) == (0.9, 0.7, 0, 0)
    assert (mail["not_published"], mail["not_measured"]) == (None, "abandonment")
    assert (notes["not_published"], notes["not_measured"]) == (
        "gain", "irritation; umux_lite; wish_to_continue; abandonment; errors")  # fmt: skip
    assert (notes["not_compliant"], notes["not_assessed"]) == (1, 1)
    # Tool b, any process or this one, severe; not that of no tool, nor the lesser one, nor that of another process.
    assert (mail["escaped_errors"], notes["escaped_errors"]) == (0, 2)
    assert (mail["human_incidents"], notes["human_incidents"]) == (1, 1)  # names neither tool nor process: about all


def test_proposals_follow_the_published_tables_and_nothing_is_proposed_early():
    tables = published()
    without = tables | {"incidents": tables["incidents"].filter(pl.col("kind") != "part_humaine")}
    found = propose(without)
    assert found.select("proposal_id", "proposal", "line", "basis").rows() == [
        ("mail:a", "generaliser", "2", "met"), ("notes:b", "ne_pas_poursuivre", "1a", "met")]  # fmt: skip
    assert propose(tables)["line"].to_list() == ["1b", "1a"]
    early = propose(without | {"study": published(**{"calendar.as_of": "2026-06-28"})["study"]})
    assert early.select("proposal", "line", "basis", "reasons").null_count().row(0) == (2, 2, 2, 2)
    assert early["gain"].to_list() == [20.0, None]
