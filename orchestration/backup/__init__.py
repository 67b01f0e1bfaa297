"""Back the data home up into one encrypted file, and put it back.

Does not belong here: when a backup is made, and whether a restored hub may draw (see
`steps.spending`).
"""
