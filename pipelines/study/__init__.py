"""The study file and the instruments: what is measured, when, by whom, with which thresholds.

Belongs here: frozen pydantic models, reading with messages that name the line, instruments and scoring keys as data.
Does not belong here: reading exports, computing anything from answers.
"""
