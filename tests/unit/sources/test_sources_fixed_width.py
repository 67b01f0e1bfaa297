from pathlib import Path

import pytest

import sources.fixed_width as fixed_width
from sources.contracts import ContractFile
from sources.errors import SourcesError
from sources.fixed_width import count_records, iterate_lines, list_cuts
from sources.layout import load_ncands_layout


def read(tmp_path: Path, content: bytes) -> list[tuple[int, str, bytes | None]]:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    rows = [row for batch in iterate_lines(path) for row in batch.to_pylist()]
    return [(row["line_number"], row["line"], row["raw"]) for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        b"AB\nCD\n",
        b"AB\r\nCD\r\n",
        b"AB\nCD",
        b"AB\r\nCD\r",
        b"AB   \nCD  \n",
        b"AB   \r\nCD \r\n",
        b"\xef\xbb\xbfAB\nCD\n",
        b"AB\nCD\n\n   \n \r\n",
        b"AB\nCD\n\x1a",
        b"AB\r\nCD\x1a",
        b"AB\t\nCD \t \r\n",
        b"AB\0\0\nCD\f\n\0\0\0\0",
    ],
)
def test_line_ends_blanks_and_marks_of_begin_and_end_do_not_change_the_lines(
    tmp_path: Path, content: bytes
) -> None:
    assert read(tmp_path, content) == [(1, "AB", None), (2, "CD", None)]


def test_blank_lines_are_left_out_but_counted_in_line_numbers(tmp_path: Path) -> None:
    assert [row[:2] for row in read(tmp_path, b"\n\nAB\n  \nCD\n")] == [(3, "AB"), (5, "CD")]


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xef\xbb\xbf", b"  \r\n\n", b"\xef\xbb\xbf\n", b"\x1a"]
)
def test_a_file_without_a_record_gives_no_line(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == []


@pytest.mark.parametrize("odd", [b"\xff", b"\xc3\xa9", b"\x00", b"\t", b"\x1a", b"\r", b"\x7f"])
def test_a_byte_that_is_not_printable_ascii_marks_its_line_alone(
    tmp_path: Path, odd: bytes
) -> None:
    rows = read(tmp_path, b"AB\nC" + odd + b"D\nEF\n")
    assert rows == [
        (1, "AB", None),
        (2, "C" + "?" * len(odd) + "D", b"C" + odd + b"D"),
        (3, "EF", None),
    ]


def test_lines_are_the_same_however_the_file_falls_into_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"\xef\xbb\xbf" + b"".join(b"LINE %d\r\n\n" % i for i in range(50)) + b"\xe9\nLAST"
    whole = read(tmp_path, content)
    for block in (1, 2, 3, 7, 64):
        monkeypatch.setattr(fixed_width, "BLOCK_BYTES", block)
        assert read(tmp_path, content) == whole
    assert whole[-1] == (102, "LAST", None)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\nAB\n"])
def test_a_line_above_the_limit_is_no_text_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: bytes
) -> None:
    monkeypatch.setattr(fixed_width, "MAX_LINE_BYTES", 100)
    assert read(tmp_path, b"A" * 100 + ending)[0][1] == "A" * 100
    with pytest.raises(SourcesError) as caught:
        read(tmp_path, b"A" * 101 + ending)
    assert caught.value.code == "MS117"


def test_a_long_stretch_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixed_width, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(fixed_width, "BLOCK_BYTES", 60)
    with pytest.raises(SourcesError, match="MS117"):
        read(tmp_path, b"A" * 130 + b"\n")


@pytest.mark.parametrize(
    ("file_format", "content", "rows"),
    [
        ("ncands_child_file", b"A\n\nB\n", 2),
        ("nibrs_flat", b"A\r\nB", 2),
        ("tokens", b"record_key,token\nA,B\n", 1),
        ("tokens", b"record_key,token", 0),
        ("tokens", b"", 0),
        ("counts", b"h\nA\nB\n\n", 2),
        ("datapackage", b"{\n}\n", 0),
    ],
)
def test_rows_are_lines_that_are_not_blank_without_a_csv_header(
    tmp_path: Path, file_format: str, content: bytes, rows: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    agreed = ContractFile(role="file", format=file_format, required=True)
    assert count_records(path, agreed) == rows


def test_cuts_name_each_field_with_its_position_and_length() -> None:
    cuts = list_cuts(load_ncands_layout(), ["staterr", "chid"])
    assert cuts == "substr(line, 5, 2) AS staterr, substr(line, 19, 12) AS chid"
