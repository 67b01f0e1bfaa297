import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from small_policy import SMALL, load_small

from privacy.errors import PrivacyError
from privacy.policy.optimise import optimise
from privacy.policy.strategy import Share, Split, Strategy, load_strategy, make_frames
from privacy.released import ANNUAL, QUARTERLY

EXAMPLE = Strategy(
    "p" * 64,
    "k" * 64,
    (
        Split(QUARTERLY, "0.0100", (Share("a", "state", ("sex", "age"), Fraction(1, 3)),)),
        Split(
            ANNUAL,
            "0.0000",
            (
                Share("b", "state", (), Fraction(1, 2)),
                Share("b", "region", (), Fraction(1, 2)),
            ),
        ),
    ),
)


def store(folder: Path, text: str) -> Path:
    path = folder / "strategy.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_stored_is_read_back_exactly(tmp_path: Path) -> None:
    assert load_strategy(store(tmp_path, EXAMPLE.to_text())) == EXAMPLE


def test_a_stored_split_has_one_share_a_line() -> None:
    assert sum("share" in line and "frame" in line for line in EXAMPLE.to_text().splitlines()) == 3


def test_every_share_is_part_of_the_hash() -> None:
    first, second = EXAMPLE.splits
    other = replace(second, shares=tuple(reversed(second.shares)))
    assert replace(EXAMPLE, splits=(first, other)).hash != EXAMPLE.hash
    assert replace(EXAMPLE, splits=EXAMPLE.splits).hash == EXAMPLE.hash


def test_shares_are_found_by_frame() -> None:
    assert [share.level for share in EXAMPLE.find_shares("b")] == ["state", "region"]
    assert EXAMPLE.find_shares("c") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        EXAMPLE.to_text().replace('"1/3"', '"1/0"'),
        EXAMPLE.to_text().replace('"1/3"', '"a third"'),
        EXAMPLE.to_text().replace('"level"', '"depth"'),
    ],
)
def test_a_split_in_another_form_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match=r"MS645.*strategy\.json"):
        load_strategy(store(tmp_path, text))


def test_a_missing_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError, match="MS645"):
        load_strategy(tmp_path / "strategy.json")


def test_each_budget_is_split_over_the_frames_of_its_cadence(tmp_path: Path) -> None:
    policy, keys = load_small(tmp_path)
    strategy = optimise(policy, keys)
    assert (strategy.policy_hash, strategy.keys_hash) == (policy.hash, keys.hash)
    frames = {split.cadence: {share.frame for share in split.shares} for split in strategy.splits}
    assert frames == {QUARTERLY: {"victims", "pairs"}, ANNUAL: {"calls"}}
    for split in strategy.splits:
        assert Fraction(99, 100) < sum(share.share for share in split.shares) <= 1
        assert 0 <= float(split.gap) < 0.1


def test_a_policy_without_annual_frames_has_one_split(tmp_path: Path) -> None:
    policy, keys = load_small(
        tmp_path, SMALL.replace('cadence = "annual"', 'cadence = "quarterly"')
    )
    assert [split.cadence for split in optimise(policy, keys).splits] == [QUARTERLY]


def test_a_heavier_table_gets_more_of_the_budget(tmp_path: Path) -> None:
    def find_share(text: str) -> Fraction:
        shares = optimise(*load_small(tmp_path, text)).find_shares("pairs")
        return sum((share.share for share in shares), start=Fraction(0))

    assert find_share(SMALL.replace("weight = 1", "weight = 9")) > find_share(SMALL)


def test_the_split_looks_at_no_texts(tmp_path: Path) -> None:
    one = optimise(*load_small(tmp_path))
    other = optimise(*load_small(tmp_path, SMALL.replace("All.", "Each.")))
    assert one.splits == other.splits


def test_a_frame_has_the_levels_and_keys_of_the_policy(tmp_path: Path) -> None:
    frames = make_frames(*load_small(tmp_path))
    assert list(frames) == ["victims", "pairs", "calls"]
    assert [level.name for level in frames["victims"].levels] == ["state", "region"]
    assert frames["victims"].keys == (("strict", "broad_only"),)
    assert [level.name for level in frames["pairs"].levels] == ["state"]
    assert frames["pairs"].bound == 7


def test_the_stored_text_is_plain_json(tmp_path: Path) -> None:
    stored = json.loads(EXAMPLE.to_text())
    assert stored["splits"][0]["shares"][0]["dimensions"] == ["sex", "age"]
