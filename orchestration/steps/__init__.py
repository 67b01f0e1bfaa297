"""What is done to a quarter, one module for each step, from a delivery to the released folder.

Does not belong here: when it is done (``defs``), who asked for it (``cli``), and whether it may be
done at all (``guards``).
"""
