"""Raw tables -> canonical tables: mapping, units, pseudonyms, duplicates, rejects. Pure polars.

Belongs here: everything that turns what an office exported into the tables of contracts/clean.py.
Does not belong here: the lake, statistics, what is printed.
"""
