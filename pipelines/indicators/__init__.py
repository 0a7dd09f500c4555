"""Model tables -> one long table of estimates: one file per indicator, found by discovery (no list to edit).

Belongs here: what is estimated, at which level, in which unit (indicators.md).
Does not belong here: how an interval is computed (estimators), what is concluded (decisions), what may be printed.
"""
