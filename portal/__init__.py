"""What leaves: the release folder, its page, and the check that anyone can make of it.

Here: turning a release, which `privacy` has drawn, into files. Not here: any exact count, the
warehouse, or a decision about what may leave; this room accepts the released types and nothing
else.
"""
