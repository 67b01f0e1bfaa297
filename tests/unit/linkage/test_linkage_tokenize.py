from __future__ import annotations

import csv
import hashlib
import hmac
import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failures.exits import Exit
from linkage.errors import LinkageError
from linkage.recipe import RECIPE, TOKEN_TYPES
from linkage.tokenize import make_token, make_tokens, new_key, read_key

KEY = bytes(range(32))
MARKER = "Xyzzymarker"
GOLDEN = Path(__file__).parent / "golden_tokens.csv"


def hash_of(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def roster(tmp_path: Path, *lines: str, heading: str = "record_key,name,birth_date") -> Path:
    path = tmp_path / "roster.csv"
    path.write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
    return path


def tokens(path: Path) -> dict[str, str]:
    with path.open(newline="") as lines:
        return {row["record_key"]: row["token"] for row in csv.DictReader(lines)}


def list_golden() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("row", list_golden(), ids=lambda row: row["why"])
def test_the_recipe_gives_the_tokens_that_were_written_down(row: dict[str, str]) -> None:
    """Another token here means another recipe: it needs a version of its own."""
    assert RECIPE == "moshare-token/3"
    made = make_token(row["name"], row["birth_date"], KEY)
    assert made == (row["token"] or None)


def test_a_token_is_the_hash_of_one_form_under_the_key_of_its_type() -> None:
    (epoch, *tokens) = (make_token("BECK, Ina", "2011-02-03", KEY) or "").split(":")
    assert epoch == hash_of(KEY, "moshare-token/3\nepoch")[:16]
    forms = (
        *("beck ina\n2011-02-03",) * 3,
        "b200 i500\n2011-02-03",
        "beck ina\n2011-02-03",
        "b2 i5\n2011",
        "b2 i5",
        "b2\n2011-02-03",
        "i5\n2011-02-03",
    )
    for kind, token, form in zip((*TOKEN_TYPES, "part"), tokens, forms, strict=True):
        key = bytes.fromhex(hash_of(KEY, f"moshare-token/3\n{kind}"))
        assert token == hash_of(key, form)[:32]


def test_tokens_of_two_types_are_never_equal_though_they_hash_the_same_text() -> None:
    (_, *tokens) = (make_token("Ina Beck", "2011-02-03", KEY) or "").split(":")
    assert len(set(tokens)) == len(TOKEN_TYPES) + 1


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("parts", ("Ina de la Beck Jr.", "2011-02-03"), ("BECK, INA M", "2011-02-03")),
        ("parts", ("María García-López", "2011-02-03"), ("GARCIA LOPEZ, MARIA", "2011-02-03")),
        ("nickname", ("Bill Beck", "2011-02-03"), ("BECK, WILLIAM", "2011-02-03")),
        ("sound", ("Bill Meyer", "2011-02-03"), ("MEIER, WILIAM", "2011-02-03")),
        ("day_month", ("Ina Beck", "2011-02-03"), ("BECK, INA", "2011-03-02")),
        ("name", ("Ina Beck", "2011-02-03"), ("BECKE, INA", "2010-12-30")),
        ("name_year", ("Ina Beck", "2011-02-03"), ("BECKE, INA", "2011-12-30")),
        ("part", ("Ina Beck", "2011-02-03"), ("BECK, SYLVIA", "2011-02-03")),
    ],
)
def test_a_type_does_not_tell_its_variants_apart_and_exact_does(
    kind: str, one: tuple[str, str], other: tuple[str, str]
) -> None:
    made = [(make_token(*person, KEY) or "").split(":")[1:] for person in (one, other)]
    first, second = (dict(zip(TOKEN_TYPES, tokens, strict=False)) for tokens in made)
    assert first[kind] == second[kind]
    if one[0] != "María García-López":
        assert first["exact"] != second["exact"]


def test_where_less_else_is_equal_more_of_the_name_must_be() -> None:
    """Soundex takes two surnames for one; types that ask for less of the birth date do not."""
    made = [
        (make_token(f"Ina {name}", "2011-02-03", KEY) or "") for name in ("Ashcraft", "Ashcroftman")
    ]
    one, other = (dict(zip(TOKEN_TYPES, token.split(":")[1:], strict=False)) for token in made)
    equal = {kind for kind in TOKEN_TYPES if one[kind] == other[kind]}
    assert equal == {"sound"}


@pytest.mark.parametrize(
    ("name", "birth_date"),
    [
        ("Unknown Unknown", "2011-02-03"),
        ("DOE, JANE", "2011-02-03"),
        ("BABY BOY Beck", "2011-02-03"),
        ("Ina", "2011-02-03"),
        ("Ina B.", "2011-02-03"),
        ("Beck Jr", "2011-02-03"),
    ],
)
def test_a_placeholder_or_half_a_name_is_nobody(name: str, birth_date: str) -> None:
    assert make_token(name, birth_date, KEY) is None


@pytest.mark.parametrize("birth_date", ["", "1900-01-01"])
def test_a_name_without_a_birth_date_has_the_token_of_the_name_alone(birth_date: str) -> None:
    (_, *tokens) = (make_token("Ina Beck", birth_date, KEY) or "").split(":")
    (_, *dated) = (make_token("Ina Beck", "2011-02-03", KEY) or "").split(":")
    place = TOKEN_TYPES.index("name")
    assert tokens == [*[""] * place, dated[place]]


def test_a_particle_that_is_one_of_two_names_is_kept() -> None:
    assert make_token("Van Nguyen", "2011-02-03", KEY) is not None


@given(st.text(max_size=30), st.text(max_size=30), st.dates())
def test_the_order_of_the_parts_of_a_name_does_not_matter(one: str, two: str, day: date) -> None:
    assert make_token(f"{one} {two}", str(day), KEY) == make_token(f"{two}, {one}", str(day), KEY)


def test_another_key_gives_another_token() -> None:
    assert make_token("Ina Beck", "2011-02-03", KEY) != make_token(
        "Ina Beck", "2011-02-03", b"1" * 32
    )


def test_two_agencies_give_one_child_one_token(tmp_path: Path) -> None:
    source = roster(tmp_path, "C1,Ina Beck,2011-02-03", '"M:1:001","BECK, INA",2011-02-03')
    make_tokens(source, KEY, tmp_path / "tokens.csv")
    made = tokens(tmp_path / "tokens.csv")
    assert made["C1"] == made["M:1:001"]
    assert len(made["C1"]) == 16 + 9 * 33


def test_a_record_without_a_whole_name_gets_no_token(tmp_path: Path) -> None:
    source = roster(tmp_path, "C1,,2011-02-03", "C2,Ina,2011-02-03", "C3,Ina Beck,2011-02-03")
    summary = make_tokens(source, KEY, tmp_path / "tokens.csv")
    assert set(tokens(tmp_path / "tokens.csv")) == {"C3"}
    assert (summary.records, summary.without_token) == (3, 2)


def test_a_roster_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    source = tmp_path / "roster.csv"
    source.write_bytes(
        "record_key,name,birth_date\r\nC1,Löwen Ina,2011-02-03\r\n".encode("utf-8-sig")
    )
    make_tokens(source, KEY, tmp_path / "tokens.csv")
    assert set(tokens(tmp_path / "tokens.csv")) == {"C1"}


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (f"C2,{MARKER},03/02/2011", "MS807", "line 3, field birth_date"),
        (f"C2,{MARKER},{MARKER}", "MS807", "line 3, field birth_date"),
        (f" ,{MARKER},2011-02-03", "MS807", "line 3, field record_key"),
        (f"C2,{MARKER}", "MS806", "line 3"),
        (f"C2,{MARKER},2011-02-03,{MARKER}", "MS806", "line 3"),
        (f'C2,"{MARKER}"x,2011-02-03', "MS808", "roster.csv"),
    ],
)
def test_a_faulty_line_is_named_without_its_values_and_leaves_no_file(
    tmp_path: Path, line: str, code: str, words: str
) -> None:
    source = roster(tmp_path, "C1,Ina Beck,2011-02-03", line)
    with pytest.raises(LinkageError) as failure:
        make_tokens(source, KEY, tmp_path / "tokens.csv")
    assert failure.value.code == code
    assert words in failure.value.sentence
    assert MARKER not in failure.value.sentence
    assert failure.value.__suppress_context__ or failure.value.__context__ is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["roster.csv"]


def test_a_failed_run_keeps_the_tokens_of_the_run_before(tmp_path: Path) -> None:
    out = tmp_path / "tokens.csv"
    make_tokens(roster(tmp_path, "C1,Ina Beck,2011-02-03"), KEY, out)
    before = out.read_bytes()
    with pytest.raises(LinkageError):
        make_tokens(roster(tmp_path, "C1,Ina Beck,unknown"), KEY, out)
    assert out.read_bytes() == before


def test_another_heading_is_refused(tmp_path: Path) -> None:
    source = roster(tmp_path, heading="id,name,born")
    with pytest.raises(LinkageError, match="MS805"):
        make_tokens(source, KEY, tmp_path / "tokens.csv")


def test_a_roster_that_is_no_text_or_missing_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "roster.csv"
    with pytest.raises(LinkageError, match="MS808") as found:
        make_tokens(source, KEY, tmp_path / "tokens.csv")
    assert found.value.exit_code == Exit.USAGE
    source.write_bytes(b"record_key,name,birth_date\nC1,\xff\xfe,2011-02-03\n")
    with pytest.raises(LinkageError, match="MS808"):
        make_tokens(source, KEY, tmp_path / "tokens.csv")


@pytest.mark.parametrize("name", ["roster.csv", "linkage.key"])
def test_tokens_are_never_written_over_a_roster_or_the_key(tmp_path: Path, name: str) -> None:
    new_key(tmp_path / "linkage.key")
    (tmp_path / "roster.csv").write_text("record_key,name,birth_date\nC1,Ann Lee,2011-02-03\n")
    before = (tmp_path / name).read_bytes()
    with pytest.raises(LinkageError, match="MS810"):
        make_tokens(tmp_path / "roster.csv", KEY, tmp_path / name)
    assert (tmp_path / name).read_bytes() == before


def test_tokens_may_be_made_again(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("record_key,name,birth_date\nC1,Ann Lee,2011-02-03\n")
    for _ in range(2):
        make_tokens(tmp_path / "roster.csv", KEY, tmp_path / "tokens.csv")
    assert len((tmp_path / "tokens.csv").read_text().splitlines()) == 2


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkageError, match="MS810"):
        make_tokens(roster(tmp_path), KEY, tmp_path / "nowhere" / "tokens.csv")


def test_a_new_key_is_32_random_bytes_that_only_the_owner_can_read(tmp_path: Path) -> None:
    new_key(tmp_path / "one.key")
    new_key(tmp_path / "two.key")
    assert stat.S_IMODE((tmp_path / "one.key").stat().st_mode) == 0o600
    assert len(read_key(tmp_path / "one.key")) == 32
    assert read_key(tmp_path / "one.key") != read_key(tmp_path / "two.key")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    new_key(tmp_path / "shared.key")
    before = read_key(tmp_path / "shared.key")
    with pytest.raises(LinkageError, match="MS801"):
        new_key(tmp_path / "shared.key")
    assert read_key(tmp_path / "shared.key") == before


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    new_key(tmp_path / "shared.key")
    (tmp_path / "shared.key").chmod(mode)
    with pytest.raises(LinkageError, match="MS803"):
        read_key(tmp_path / "shared.key")


@pytest.mark.parametrize("content", ["", "abc", "00" * 31, "00" * 33, "zz" * 32])
def test_a_key_that_is_short_or_no_hexadecimal_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "shared.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(LinkageError, match="MS804"):
        read_key(path)


@pytest.mark.parametrize(
    "key", [bytes(32), bytes(range(32)), b"secret!!" * 4, bytes(range(0, 96, 3))]
)
def test_a_key_that_nobody_drew_is_refused(tmp_path: Path, key: bytes) -> None:
    path = tmp_path / "shared.key"
    path.write_text(key.hex())
    path.chmod(0o600)
    with pytest.raises(LinkageError, match="MS813"):
        read_key(path)


def test_a_key_that_cannot_be_read_or_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkageError, match="MS802"):
        read_key(tmp_path / "shared.key")
    with pytest.raises(LinkageError, match="MS812"):
        new_key(tmp_path / "nowhere" / "shared.key")
