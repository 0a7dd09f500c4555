"""Measure what an AI pilot does to the work of administrative teams.

The rooms of this house, from raw exports to the published bilan, are described in CONTRIBUTING.md.
"""
