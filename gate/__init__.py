"""The gate: releases as files, for those who may have them, and a record of every answer.

Here: who asks, what they may open and when, the bytes of a release that verifies, and the audit.
Not here: a query engine, any number that is not in a released file, or a road to the vault; the
gate runs where only the releases can be read.
"""
