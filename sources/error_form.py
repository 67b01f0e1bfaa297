"""The form of the text of a number, and sentences that many of them end with.

Does not belong here: any number (`error_texts`, `delivery_error_texts`).
"""

from dataclasses import dataclass
from typing import Literal

from failures.numbered import ErrorText

Fate = Literal["set aside", "dropped", "blanked", "kept"]


@dataclass(frozen=True)
class DeliveryText(ErrorText):
    """A text about a delivery or about lines of a file.

    Attributes:
        fate: what becomes of a line with this number: it is set aside; dropped, because it adds
            nothing; kept with the field left blank; or kept, and the number is a note.
    """

    fate: Fate = "set aside"


RESEND = "Correct the files and send them again with the same sequence"
CORRECT = "Correct the field at its source and send the record in the next delivery"
