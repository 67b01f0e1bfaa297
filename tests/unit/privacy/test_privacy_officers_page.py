"""The page an officer reads: whole, static, offline, and with the numbers of the plan on it."""

import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from privacy_examples import example_plan

from portal.checklist import fill_checklist
from portal.officers_page import describe_officers_page, render_officers_page
from privacy.approval.approval import Officer
from privacy.approval.assessment import assess
from privacy.plan import Plan
from privacy.released import NOT_RELEASED
from privacy.shown import ShownPlan, Signature

DOE = Officer("j_doe", "A1B2", b"", is_throwaway=False)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return example_plan("2024Q4")


@pytest.fixture(scope="module")
def review(plan: Plan) -> ShownPlan:
    return assess(plan, (), [DOE])


@pytest.fixture(scope="module")
def html(review: ShownPlan) -> str:
    return render_officers_page(review).decode("utf-8")


class Outline(HTMLParser):
    """Ids, links and outside addresses of a page, and whether its tags are balanced."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        self.tags.add(tag)
        self.ids += [fields["id"] or ""] if "id" in fields else []
        self.links += [fields[name] or "" for name in ("href", "src") if name in fields]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_file_without_a_script_or_an_outside_address(html: str) -> None:
    outline = Outline(html)
    assert "script" not in outline.tags
    assert "://" not in html
    assert {link for link in outline.links if not link.startswith("#")} == {"data:,", "plan.json"}
    assert len(html.encode()) < 150_000


def test_every_link_on_the_page_leads_somewhere_and_no_id_is_there_twice(html: str) -> None:
    outline = Outline(html)
    assert len(set(outline.ids)) == len(outline.ids)
    assert {link[1:] for link in outline.links if link.startswith("#")} <= set(outline.ids)


def test_what_must_be_read_takes_a_quarter_of_an_hour(review: ShownPlan) -> None:
    """A fourth quarter is longest; what is folded repeats or illustrates what is read."""
    judged = [
        replace(one, usable=() if one.silence else (1, 1, 1), compared="2024Q3")
        for one in review.tables
    ]
    page = render_officers_page(replace(review, tables=tuple(judged))).decode("utf-8")
    assert len(list_read_words(page)) <= 15 * 230
    assert "Rehearsal on made-up records" in page


def list_read_words(page: str) -> list[str]:
    """Words that stand on a page while nothing is unfolded."""
    unfolded = re.sub(r"(?s)<style>.*?</style>|</summary>.*?</details>", " ", page)
    text = re.sub(r"<[^>]+>", " ", unfolded)
    return [word for word in text.split() if re.search(r"\w", word)]


def test_the_page_shows_hash_cost_margins_and_who_may_sign(
    html: str, plan: Plan, review: ShownPlan
) -> None:
    assert plan.hash in html
    assert f"rho {float(plan.rho):.5f}" in html
    assert "j doe (<code>A1B2</code>)" in html
    for table in review.tables:
        assert table.title.replace("'", "’") in html
        assert table.silence or f"± {table.moe90[1]:g}" in html
    for period in review.periods:
        assert f"{float(period.cap):.5f}" in html


def test_what_the_policy_withholds_is_folded_away_with_its_reason(
    html: str, review: ShownPlan
) -> None:
    reasons = [one.definition for one in review.tables if one.silence == NOT_RELEASED]
    assert len(reasons) == 2
    read = " ".join(list_read_words(html))
    assert "Tables of the policy that are not released and cost nothing, and why" in read
    assert all(reason in html and reason not in read for reason in reasons)


def test_the_verdict_says_whether_the_plan_can_be_paid(html: str, review: ShownPlan) -> None:
    assert "stays under every cap" in html
    refused = render_officers_page(replace(review, problem="MS625: Too dear.")).decode()
    assert "cannot be released" in refused
    assert "MS625: Too dear." in refused


def test_the_page_shows_both_epsilons_and_that_a_lifetime_does_not_run_out(html: str) -> None:
    for words in ("3.54", "3.31", "epsilon at most", "this noise", "7.29", "bring a lifetime to"):
        assert words in html


def test_the_page_shows_which_records_stand_in_two_sets(html: str, review: ShownPlan) -> None:
    assert review.shared
    for pair in review.shared:
        assert f"<code>{pair.test}</code>" in html
    assert (
        "Records that stand in two sets"
        not in render_officers_page(replace(review, shared=())).decode()
    )


def test_what_changed_is_said_in_each_of_its_three_ways(review: ShownPlan) -> None:
    def words(**changes: object) -> str:
        return render_officers_page(replace(review, **changes)).decode()  # type: ignore[arg-type]

    assert "No plan was charged before" in words()
    assert "Nothing but the quarter" in words(changed_since="2024Q3")
    told = words(changed_since="2024Q3", changes=("arrests is not measured.",))
    assert "Against the plan of 2024Q3" in told
    assert "<li>Arrests is not measured.</li>" in told


def test_usable_cells_are_shown_where_a_release_can_judge_them(review: ShownPlan) -> None:
    assert "Usable cells" not in render_officers_page(review).decode()
    first = replace(review.tables[0], usable=(0, 1, 1), compared="2024Q3")
    shown = render_officers_page(replace(review, tables=(first, *review.tables[1:]))).decode()
    assert "Usable cells" in shown
    assert "1 of 1" in shown
    assert "never released before" in shown


def test_a_plan_that_nobody_may_sign_says_so(review: ShownPlan) -> None:
    shown = render_officers_page(replace(review, officers=(), signers=2)).decode()
    assert "none is in <code>privacy/officers</code> yet" in shown
    assert "2 officers must sign" in shown


def test_who_may_sign_is_shown_by_name_and_role(review: ShownPlan) -> None:
    doe = Signature("jane_doe-privacy_officer", "A1B2")
    shown = render_officers_page(replace(review, officers=(doe,))).decode()
    assert "jane doe, privacy officer (<code>A1B2</code>)" in shown


def test_a_period_over_its_cap_is_marked_and_its_bar_ends_there(review: ShownPlan) -> None:
    over = replace(review.periods[0], before=Fraction(1), after=Fraction(2), cap=Fraction(3, 2))
    [shown] = describe_officers_page(replace(review, periods=(over,))).periods
    assert shown.is_over
    assert shown.share_before + shown.share_cost == 100
    assert shown.left == "0.00000"


def test_what_comes_of_the_officers_own_words_is_escaped(review: ShownPlan) -> None:
    shown = render_officers_page(replace(review, unit="<b>One</b> & all")).decode()
    assert "&lt;b&gt;One&lt;/b&gt; &amp; all" in shown


def test_every_question_is_answered_and_says_where_it_is_shown(
    review: ShownPlan, html: str
) -> None:
    items = [item for group in fill_checklist(review) for item in group.items]
    assert len(items) > 20
    assert len({item.question for item in items}) == len(items)
    ids = set(Outline(html).ids)
    for item in items:
        assert item.question.endswith("?")
        assert item.answer.endswith(".")
        assert item.anchor in ids or re.fullmatch(r"docs/\w+\.md", item.place)


def test_answers_follow_the_plan(review: ShownPlan) -> None:
    def answers(**changes: object) -> str:
        groups = fill_checklist(replace(review, **changes))  # type: ignore[arg-type]
        return " ".join(item.answer for group in groups for item in group.items)

    assert "after 1 signature of this plan" in answers(signers=1)
    assert "after 2 signatures of this plan" in answers(signers=2)
    assert "synthetic records" not in answers(is_synthetic=False)
    assert "synthetic records" in answers(is_synthetic=True)
    assert "modelled values" in answers(is_modelled=True)
    assert "see the rehearsal" in answers()
    judged = replace(review.tables[0], usable=(0, 1, 1), compared="2024Q3")
    assert "1 of 1 cells" in answers(tables=(judged, *review.tables[1:]))
    assert "MS625" in answers(problem="MS625: Too dear.")


def test_how_often_an_identity_is_counted_is_said_in_words(review: ShownPlan) -> None:
    frame = next(one for one in review.frames if one.counting == "activity")
    ways = [
        replace(frame, quarters=None),
        replace(frame, quarters=1, cadence="quarterly"),
        replace(frame, quarters=2, cadence="annual"),
        replace(frame, counting="cohort"),
    ]
    shown = describe_officers_page(replace(review, frames=tuple(ways))).bounds
    assert [bound.times for bound in shown] == [
        "every time",
        "in 1 quarter",
        "in 2 years",
        "once ever",
    ]


def test_the_places_of_a_linked_table_are_said_beside_its_distance(review: ShownPlan) -> None:
    linked = replace(review.frames[0], kind="linked", bound=9, places=2)
    frames = (linked, replace(linked, bound=3, places=1), replace(linked, bound=5, places=None))
    shown = describe_officers_page(replace(review, frames=frames)).bounds
    assert [bound.bound for bound in shown] == [
        "a distance of √9, as at most 2 records may take one child",
        "a distance of √3, as at most 1 record may take one child",
        "a distance of √5",
    ]


def test_the_page_says_first_what_differs_from_the_plan_that_was_signed_last(
    review: ShownPlan,
) -> None:
    assert "It is the first plan" in describe_officers_page(review).news
    same = replace(review, changed_since="2024Q3")
    assert describe_officers_page(same).news == (
        "Nothing but the quarter differs from the plan of 2024Q3."
    )
    changes = tuple(f"change {number} is made." for number in range(6))
    page = describe_officers_page(replace(same, changes=changes))
    assert page.news.startswith("Against the plan of 2024Q3: Change 0 is made. Change 1")
    assert page.news.endswith("2 more stand under “Changes”.")
    html = render_officers_page(replace(same, changes=changes)).decode("utf-8")
    assert html.index(page.news) < html.index("Nothing is drawn until")
