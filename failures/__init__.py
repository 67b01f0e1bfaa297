"""What a failure is: a number, a sentence in three parts, and the exit code of the command.

A lowest room: every other one fails through it, and it imports none. Belongs here: the form of a
text, the class that every error is of, and the exit codes. Does not belong here: any text; each
room keeps its own in its `errors.py`.
"""
