"""From what was drawn to what a release says, and reading a release back.

Does not belong here: files and pages (portal).
"""
