"""What the privacy officer reads before a release and signs.

Does not belong here: anything that reads a confidential row.
"""
