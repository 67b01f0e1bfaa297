"""What the exit code of a command says, for the scripts that call it.

Does not belong here: which failure has which code; its text says so.
"""

from enum import IntEnum


class Exit(IntEnum):
    """An exit code and what it means."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> "Exit":
        """Keep the meaning beside the number."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "ok"
    UNEXPECTED = 1, "unexpected error, reported in the vault (of doctor: not fit to run)"
    USAGE = 2, "usage"
    DELIVERY = 3, "delivery rejected (of validate: or lines set aside)"
    QUALITY = 4, "quality check failed"
    BUDGET = 5, "budget refused"
    APPROVAL = 6, "approval missing or invalid"
    DELIVERY_OUT = 7, "delivery out failed"
    VERIFICATION = 8, "verification failed"
    INTERRUPTED = 130, "interrupted by Ctrl-C; run it again"
    TERMINATED = 143, "interrupted by SIGTERM; run it again"
