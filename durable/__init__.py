"""Files that are there whole or not at all, whatever happens to the machine.

A lowest room: every other one writes through it, and it imports none. Belongs here: how a file
or a folder appears, what a killed process leaves, and where the parts of the vault lie. Does not
belong here: what is in a file, and who is told when it cannot be written.
"""
