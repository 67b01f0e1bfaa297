"""What NIBRS lines say beside whose they are, found for many lines at once.

Belongs here: looking at lines as bytes, so that a line that says what another says is read once.
Does not belong here: what is made of it (`nibrs_pieces`), or any rule.

Whose a line is, is left out where it has its form, and kept where the checks must see it: ORI and
number of levels 1 to 7, and the transaction number of an arrest. What is left ends with the length
of the line in two characters, and with "?" where a byte of it was not printable ASCII, else " ".
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

KEY_START, KEY_END = 16, 37
_KEY_LENGTH = KEY_END - KEY_START
_CITY_START = 12
"""City indicator: nothing is asked of it, so it is left out of every line."""

_NO_CITY = b"    "
_NOBODY = b"ORI000000NUMBER      "
_NUMBER_START, _NUMBER_END = 39, 51
_NO_NUMBER = b"NUMBER      "

_LETTER, _BLANK, _HYPHEN, _OTHER = range(4)
_KINDS = np.full(256, _OTHER, np.uint8)
_KINDS[np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", np.uint8)] = _LETTER
_KINDS[ord(" ")] = _BLANK
_KINDS[ord("-")] = _HYPHEN

_LONGEST = 6000
_LENGTHS = pa.array([bytes([32 + n // 80, 32 + n % 80]) for n in range(_LONGEST + 1)], pa.binary())


def cut_lines(lines: pa.Array, lengths: pa.Array, raw: pa.Array) -> pa.DictionaryArray:
    """What is left of each line, as a number of one of the different texts.

    Args:
        lines: padded to the end of their key at least.
        lengths: before they were padded.
        raw: not NULL where a byte of the line was odd.
    """
    octets = lines.view(pa.binary())
    level = pc.binary_slice(octets, 4, 5)
    keyed = pa.array(_find_keyed(pc.binary_slice(octets, KEY_START, KEY_END)))
    is_left_out = pc.and_(keyed, pc.not_equal(level, b"0"))
    left = pc.binary_replace_slice(octets, _CITY_START, KEY_END, _NO_CITY + _NOBODY)
    if not pc.all(is_left_out).as_py():
        with_keys = pc.binary_replace_slice(octets, _CITY_START, KEY_START, _NO_CITY)
        left = pc.if_else(is_left_out, left, with_keys)
    left = _leave_numbers(left, pc.equal(level, b"6"))
    length = _LENGTHS.take(pc.min_element_wise(lengths, _LONGEST))
    is_odd = pc.if_else(pc.is_null(raw), b" ", b"?")
    whole = pc.binary_join_element_wise(left, length, is_odd, b"")
    return whole.view(pa.string()).dictionary_encode()


def _leave_numbers(lines: pa.Array, is_arrest: pa.Array) -> pa.Array:
    """Leave the transaction number out of arrests, where it has its form."""
    arrests = lines.filter(is_arrest)
    numbers = pc.binary_slice(arrests, _NUMBER_START, _NUMBER_END)
    is_formed = pc.match_substring_regex(numbers, r"^[A-Z0-9-]+ *$")
    left = pc.binary_replace_slice(arrests, _NUMBER_START, _NUMBER_END, _NO_NUMBER)
    return pc.replace_with_mask(lines, is_arrest, pc.if_else(is_formed, left, arrests))


def _find_keyed(keys: pa.Array) -> npt.NDArray[np.bool_]:
    """Where ORI and number have their form: capital letters, digits and, in the number, hyphens."""
    octets = np.frombuffer(keys.buffers()[2] or b"", np.uint8)
    first = keys.offset * _KEY_LENGTH
    kinds = _KINDS[octets[first : first + len(keys) * _KEY_LENGTH]]
    kinds = kinds.reshape(len(keys), _KEY_LENGTH)
    ori, number = kinds[:, :9], kinds[:, 9:]
    is_parted = ((number[:, :-1] == _BLANK) & (number[:, 1:] != _BLANK)).any(axis=1)
    is_formed = (ori == _LETTER).all(axis=1) & (number[:, 0] != _BLANK) & (number <= _HYPHEN).all(1)
    found: npt.NDArray[np.bool_] = is_formed & ~is_parted
    return found
