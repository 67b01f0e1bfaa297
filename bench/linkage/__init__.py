"""How well records of two agencies are linked, how fast, and how near the truth their overlap is.

`python -m bench.linkage` makes people, has two clerks write them down, and compares rules on the
same files: the exact token, the token of the sound of names, the one-to-one matching by several
tokens, and Splink on plain names and on the same tokens, where it is installed (`pip install
--target FOLDER splink==5.0.0 sqlglot`, with FOLDER on PYTHONPATH).
Does not belong here: the rules (see `linkage`), and proofs of their bounds.
"""
