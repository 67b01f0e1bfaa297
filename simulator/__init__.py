"""A made-up state: one population of children, agencies that see parts of it.

Belongs here: everything about simulated deliveries. Does not belong here: reading deliveries, and
making tokens or links from rosters (linkage). Every output says that it is simulated.
"""
