"""Dagster: resources, one module per layer, checks, automation.

Belongs here: what runs when, what is stored where, what the UI shows. Does not belong here: anything that computes,
SQL, or the name of a study: the study is read at run time.
"""
