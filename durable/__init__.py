"""Files that are there whole or not at all, whatever happens to the machine.

The lowest room: every other one writes through it, and it imports none. Belongs here: how a file
or a folder appears, and what a killed process leaves. Does not belong here: what is in a file,
where it lies, and who is told when it cannot be written.
"""
