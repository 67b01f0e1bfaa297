import json
import os
from pathlib import Path

import pytest

from durable.writing import PUBLIC, make_folder
from privacy.approval.plan_folder import PlanFolder
from privacy.canonical import compute_sha256
from privacy.errors import PrivacyError
from privacy.ledger.chain import GENESIS

AT = "2025-04-02T08:00:00+00:00"


@pytest.fixture
def review(tmp_path: Path) -> PlanFolder:
    return PlanFolder("2025Q1", tmp_path / "review" / "2025Q1")


def test_a_plan_is_kept_byte_for_byte(review: PlanFolder) -> None:
    path = review.put_plan('{"é":1}')
    assert path.read_bytes() == review.read_plan() == '{"é":1}'.encode()
    assert compute_sha256('{"é":1}') == compute_sha256(path.read_text("utf-8"))


def test_the_same_plan_put_up_again_keeps_its_signatures(review: PlanFolder) -> None:
    review.put_plan("{}")
    review.add_signature("AA", b"signed")
    review.put_plan("{}")
    assert review.read_signatures() == {"plan.json.AA.minisig": b"signed"}


def test_another_plan_sets_the_old_one_aside_with_its_signatures(review: PlanFolder) -> None:
    review.put_plan("{}")
    review.add_signature("AA", b"signed")
    review.put_plan("[]")
    assert review.read_signatures() == {}
    kept = review.folder / "superseded" / compute_sha256("{}")[:16]
    assert (kept / "plan.json").read_bytes() == b"{}"
    assert (kept / "plan.json.AA.minisig").read_bytes() == b"signed"


def test_what_was_set_aside_or_rejected_can_be_read_by_everyone_like_the_plan(
    review: PlanFolder,
) -> None:
    before = os.umask(0o077)
    try:
        make_folder(review.folder, PUBLIC)
        review.put_plan("{}")
        review.reject("a" * 64, "too dear", AT)
        review.put_plan("[]")
    finally:
        os.umask(before)
    for path in review.folder.rglob("*"):
        needed = 0o055 if path.is_dir() else 0o044
        assert path.stat().st_mode & needed == needed, path


def test_a_key_has_one_signature_and_files_are_whole_or_not_there(review: PlanFolder) -> None:
    review.put_plan("{}")
    review.add_signature("AA", b"first")
    review.add_signature("AA", b"second")
    review.add_signature("BB", b"other")
    assert [*review.read_signatures().values()] == [b"second", b"other"]
    assert not list(review.folder.glob("*.draft"))


def test_a_folder_without_a_plan_is_a_sentence(review: PlanFolder) -> None:
    with pytest.raises(PrivacyError, match="MS650"):
        review.read_plan()
    assert review.read_signatures() == {}
    assert review.list_rejections() == ()


def test_rejections_are_added_each_with_the_hash_of_the_one_before(review: PlanFolder) -> None:
    first = review.reject("a" * 64, "too dear", AT)
    second = review.reject("b" * 64, "too “coarse”\nand\u2028late", AT)
    assert review.list_rejections() == (first, second)
    lines = (review.folder / "rejections.jsonl").read_text("utf-8").splitlines()
    assert (first.previous, second.previous) == (GENESIS, compute_sha256(lines[0]))
    assert review.find_rejection("a" * 64) == review.list_rejections()[0]
    assert review.find_rejection("c" * 64) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0].replace("dear", "cheap"), lines[1]],
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0]],
        lambda lines: ["no JSON", lines[1]],
        lambda lines: ["[]", lines[1]],
        lambda lines: [json.dumps({"at": "", "previous": GENESIS}), lines[1]],
    ],
)
def test_a_changed_record_of_rejections_is_found_and_not_added_to(
    review: PlanFolder, change: object
) -> None:
    review.reject("a" * 64, "too dear", AT)
    review.reject("b" * 64, "too coarse", AT)
    record = review.folder / "rejections.jsonl"
    changed = change(record.read_text("utf-8").splitlines())  # type: ignore[operator]
    record.write_text("".join(f"{line}\n" for line in changed), "utf-8")
    before = record.read_bytes()
    for act in (review.list_rejections, lambda: review.reject("c" * 64, "why", AT)):
        with pytest.raises(PrivacyError, match="MS658") as caught:
            act()
        assert caught.value.exit_code == 6
    assert record.read_bytes() == before


def test_a_record_that_cannot_be_read_is_a_sentence(review: PlanFolder) -> None:
    (review.folder / "rejections.jsonl").mkdir(parents=True)
    with pytest.raises(PrivacyError, match="MS658"):
        review.find_rejection("a" * 64)
