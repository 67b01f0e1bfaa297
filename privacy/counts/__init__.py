"""Whole, non-negative counts that add up, made from the estimates.

Does not belong here: estimates (privacy.engine) and what outside figures tell (privacy.modelled).
"""
