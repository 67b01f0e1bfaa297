"""Which lines of fixed width have the form of their layout, found for many lines at once.

Belongs here: looking at codes and dates as bytes, so that a line in order is not looked at field by
field. Does not belong here: what is wrong with a line that is not (`ncands`).
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_Octets = npt.NDArray[np.uint8]
_Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int32]

_ZERO = ord("0")
_BLANK = ord(" ")
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.uint8)
"""Days of each month; who was born on 29 February is looked at closely."""


def find_formed(
    lines: pa.Array, width: int, codes: Mapping[int, Sequence[str]], dates: Sequence[int]
) -> tuple[_Flags, list[Days]]:
    """Where every code is listed or blank and every date is a day, or blank; and these days.

    Args:
        lines: padded to the width at least; a longer one has not the form.
        width: of the layout.
        codes: first position of a field (from 1) -> its codes in full width, of 1 or 2 characters.
        dates: first positions of dates mmddyyyy.

    Returns:
        Whether each line has the form; for each date, the day of each such line as the number
        yyyymmdd, 0 where it is blank.
    """
    octets = _lay_out(lines, width)
    is_formed = np.asarray(pc.equal(pc.binary_length(lines), width))
    for start, end, table in _join_codes(codes):
        is_formed = is_formed & table[octets[:, start - 1 : end]].all(axis=1)
    for start, listed in codes.items():
        if len(listed[0]) == 2:
            pairs = octets[:, start - 1].astype(np.uint16) << 8 | octets[:, start]
            is_formed = is_formed & _list_pairs(listed)[pairs]
    days = []
    for start in dates:
        is_day_or_blank, day = _read_day(octets[:, start - 1 : start + 7])
        is_formed = is_formed & is_day_or_blank
        days.append(day)
    return is_formed, days


def _lay_out(lines: pa.Array, width: int) -> _Octets:
    cut = pc.binary_slice(lines.cast(pa.binary()), 0, width)
    octets = np.frombuffer(cut.buffers()[2] or b"", np.uint8)
    first = cut.offset * width
    return octets[first : first + len(cut) * width].reshape(len(cut), width)


def _join_codes(codes: Mapping[int, Sequence[str]]) -> Iterator[tuple[int, int, _Flags]]:
    """Neighbouring fields of one character and the same list, as first and last position."""
    runs: list[tuple[int, int, frozenset[str]]] = []
    for start, listed in sorted(codes.items()):
        if len(listed[0]) == 1:
            if runs and runs[-1][1] == start - 1 and runs[-1][2] == frozenset(listed):
                runs[-1] = (runs[-1][0], start, runs[-1][2])
            else:
                runs.append((start, start, frozenset(listed)))
    for first, last, known in runs:
        table = np.zeros(256, np.bool_)
        table[[_BLANK, *map(ord, known)]] = True
        yield first, last, table


def _list_pairs(listed: Sequence[str]) -> _Flags:
    table = np.zeros(1 << 16, np.bool_)
    table[[ord(code[0]) << 8 | ord(code[1]) for code in [*listed, "  "]]] = True
    return table


def _read_day(octets: _Octets) -> tuple[_Flags, Days]:
    """Whether each date is a day or blank, and as a number, 0 where it is no day."""
    digits = octets - _ZERO
    month, day, century, year = (digits[:, i] * 10 + digits[:, i + 1] for i in (0, 2, 4, 6))
    longest = _DAYS[np.minimum(month, 12)]
    is_day: _Flags = (
        (digits <= 9).all(axis=1)
        & (month >= 1)
        & (month <= 12)
        & (day >= 1)
        & (day <= longest)
        & ((century == 19) | (century == 20))
    )
    is_blank: _Flags = (octets == _BLANK).all(axis=1)
    number = ((century.astype(np.int32) * 100 + year) * 100 + month) * 100 + day
    return is_day | is_blank, np.where(is_day, number, 0)
