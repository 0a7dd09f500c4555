"""What leaves the house: the open tables, the manifest, and the pages made from `reports/*.qmd`.

Belongs here: writing published files, and the two renderers (Quarto, embedded). Does not belong here: any computation,
and any reading of a table that was not disclosed.
"""
