"""What is declared: the reviewed policy, its public keys and geographies, and the stored split.

Does not belong here: what a budget is worth (privacy.engine) and what was spent (privacy.ledger).
"""
