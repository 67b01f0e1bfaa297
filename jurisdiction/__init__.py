"""What is true of the state that this installation serves, read from its folder of data.

Belongs here: where that folder lies, and the types of what it says. Does not belong here: the
facts themselves, which are data (`missouri/`); another state is another folder of the same shape.
"""
