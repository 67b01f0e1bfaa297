"""The hub itself: settings, locks and storage, numbered failures, and whether it is fit to run.

Does not belong here: anything that happens to a quarter (``steps``).
"""
