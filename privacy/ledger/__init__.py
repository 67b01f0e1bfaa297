"""What was spent: the append-only ledger on two databases, its hash chain and the caps.

Does not belong here: what a release holds, and who approved it (privacy.approval).
"""
