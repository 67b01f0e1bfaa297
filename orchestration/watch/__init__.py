"""The year as it runs: what is due, from whom, since when, and who is told.

Does not belong here: doing what is due (``defs`` starts it, ``steps`` do it).
"""
