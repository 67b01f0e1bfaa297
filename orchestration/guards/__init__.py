"""What must hold before a step: order of quarters, rules and bounds, and the rows that are kept.

Does not belong here: doing the step.
"""
