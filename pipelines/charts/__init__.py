"""Charts and the page sections built on them: frames of the published lake -> inline SVG and HTML.

Belongs here: drawings, the theme (tokens.yaml), the sections of a report. Does not belong here: statistics, thresholds,
words (pipelines/wording), reading the lake. A suppressed row never reaches a chart.
"""
