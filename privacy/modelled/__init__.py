"""What may be read out of released numbers besides: modelled columns and synthetic records.

Does not belong here: anything that has seen a confidential row.
"""
