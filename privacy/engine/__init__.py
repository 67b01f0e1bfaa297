"""Measuring and estimating: geometry, the best split, noise, least squares and exact variances.

Knows frames, trees and noise scales only. Does not belong here: policies, plans and releases, and
numbers that are not unbiased (privacy.counts, privacy.modelled).
"""
