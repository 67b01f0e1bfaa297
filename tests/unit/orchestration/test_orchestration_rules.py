"""Which changes of SQL and code are changes of the rules that a plan names, and which are not."""

import shutil
from pathlib import Path

import pytest

from orchestration.guards import built_rules, rules
from orchestration.guards.rule_texts import normalise_python, normalise_sql, normalise_yaml
from orchestration.guards.rules import CODE, hash_rules
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import PROJECT_ROOT, Settings
from orchestration.steps.proposing import plan_quarter, put_up_plan
from privacy.approval.approval import check_shown
from privacy.approval.plan_folder import PlanFolder
from privacy.errors import PrivacyError
from privacy.plan import Plan
from sources.quarters import Quarter

QUARTER = Quarter(2025, 1)
SQL = """
{#- How it is made. -#}
{{ config(alias='x') }}
select
    a.key, -- which one
    '-- no comment' as text /* nor
    this */
from {{ ref('a') }} as a
where a.known <= {{ current_quarter() }} and a.n > 2
"""


class CopiedRules(Settings):
    """Settings whose dbt project and source tree are copies that a test may change."""

    @property
    def code(self) -> Path:
        return self.home / "code"

    @property
    def dbt_project(self) -> Path:
        return self.home / "dbt_project"

    @property
    def public_keys(self) -> Path:
        return self.home / "lists"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return copy_rules(tmp_path)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, PlanFolder]:
    """The plan by the rules as they are, and the folder in which it was put up."""
    made = copy_rules(tmp_path_factory.mktemp("shown"))
    plan = plan_quarter(QUARTER, made)
    review = PlanFolder(str(QUARTER), put_up_plan(QUARTER, made))
    check_shown(plan, review)
    return plan, review


def copy_rules(folder: Path) -> Settings:
    made = CopiedRules(folder)
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(PROJECT_ROOT / "dbt_project", made.dbt_project, ignore=ignored)
    shutil.copytree(Settings(folder).public_keys, made.public_keys)
    for name in CODE:
        (made.code / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT_ROOT / name, made.code / name)
    return made


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" -- which one", ""),
        (" -- which one", " -- another one; and a.n > 3"),
        ("/* nor\n    this */", ""),
        ("{#- How it is made. -#}\n", ""),
        ("a.key,", "a.key  ,"),
        ("select\n    a.key", "select a.key"),
        ("{{ ref('a') }}", "{{ref( 'a' )}}"),
        ("a.n > 2", "a.n>2"),
    ],
)
def test_a_comment_or_white_space_in_sql_is_no_change(before: str, after: str) -> None:
    assert before in SQL
    assert normalise_sql(SQL.replace(before, after, 1)) == normalise_sql(SQL)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a.n > 2", "a.n > 3"),
        ("a.n > 2", "a.n >= 2"),
        ("'-- no comment'", "'-- another'"),
        ("'-- no comment'", "'--  no comment'"),
        ("-- which one", "\n-- {{ run_query('drop table a') }}"),
        ("a.key, -- which one", "-- a.key,"),
        ("/* nor\n    this */", "/* nor */ + 1 /* this */"),
        ("ref('a')", "ref('b')"),
        ("alias='x'", "alias='x '"),
        ("a.key", "akey"),
        ("{#- How it is made. -#}", "{% raw %}{#- How it is made. -#}{% endraw %}"),
        ("'-- no comment'", "$$ -- no comment $$"),
        ("'-- no comment'", "E'\\'' || n --'"),
        ("{{ ref('a') }} as", "{{ ref('a') }}as"),
    ],
)
def test_anything_else_in_sql_is_a_change(before: str, after: str) -> None:
    assert before in SQL
    assert normalise_sql(SQL.replace(before, after, 1)) != normalise_sql(SQL)


def test_a_text_that_only_looks_like_a_comment_is_kept() -> None:
    for one, other in [
        ("select e'\\'--', a", "select e'\\'--', b"),
        ("select $x$ ' $x$, '--', a", "select $x$ ' $x$, '--', b"),
        ('select "it\'s", a -- c', 'select "it\'s", b -- c'),
        ("select '{{ x }}--{{ y }}', a", "select '{{ x }}--{{ y }}', b"),
        ("select x 'a'", "select x'a'"),
        ("select a <-1", "select a < -1"),
    ]:
        assert normalise_sql(one) != normalise_sql(other)


def test_words_for_people_and_tests_are_no_rules_of_a_yaml_file() -> None:
    bare = {"models": [{"name": "a", "columns": [{"name": "b", "data_type": "date"}]}]}
    text = """
# a comment
models:
  - name: a
    description: words
    data_tests: [one]
    columns: [{name: b, data_type: date, description: more, data_tests: [two]}]
unit_tests: [three]
"""
    assert normalise_yaml(text) == normalise_yaml(str(bare))
    assert normalise_yaml(text.replace("date", "text")) != normalise_yaml(text)
    assert normalise_yaml("a: true") != normalise_yaml("a: 'True'")


def test_docstrings_comments_and_layout_are_no_rules_of_code() -> None:
    code = '"""Words."""\nK = 2\n"""More."""\ndef f(x):\n    """Say."""\n    return x + K  # so\n'
    same = "K = 2\n\n\ndef f(\n    x,\n):\n    return (x + K)\n"
    assert normalise_python(code) == normalise_python(same)
    for before, after in [("K = 2", "K = 3"), ("x + K", "x - K"), ("def f(x)", "def f(x=1)")]:
        assert normalise_python(code.replace(before, after)) != normalise_python(code)
    assert normalise_python("f('a')") != normalise_python("f()")


@pytest.mark.parametrize("read", [normalise_sql, normalise_yaml, normalise_python])
def test_a_text_that_is_not_what_its_name_says_is_told(read) -> None:
    with pytest.raises(ValueError, match="it is "):
        read("{{ 'a ((")


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


RULES = [
    ("dbt_project/models/release_input/report_choices.sql", "<= {{", "< {{"),
    ("dbt_project/models/release_input/release_input.yml", "data_type: date", "data_type: text"),
    (
        "dbt_project/models/core/child_events.sql",
        "where reports.is_trafficking_event",
        "where true",
    ),
    ("dbt_project/models/intermediate/int_dss__child_reports.sql", "and is_child", ""),
    ("dbt_project/models/sources.yml", "union_by_name = true", "union_by_name = false"),
    ("dbt_project/macros/quarters.sql", "<= {{ current_quarter() }}", "< {{ current_quarter() }}"),
    ("dbt_project/seeds/nibrs_relationships.csv", "\n", "\nmore,"),
    ("lists/counties.csv", ",2019-09-01,", ",2019-10-01,"),
    ("dbt_project/dbt_project.yml", "+full_refresh: false", "+full_refresh: true"),
    ("dbt_project/dbt_project.yml", '  - "{{ seal_lock() }}"\n', ""),
    ("code/linkage/links.py", "place <= {self.k}", "place < {self.k}"),
    ("code/linkage/matching.py", "where not is_before", "where is_before"),
    ("code/orchestration/guards/bounds.py", "= stated\n", "= 9\n"),
    ("code/orchestration/steps/dbt_steps.py", "**read_bounds(policy)", '**{"bound_reports": 9}'),
    ("code/orchestration/steps/linking.py", "where r.is_trafficking_event", "where true"),
    ("code/orchestration/guards/quarter_order.py", "later > quarter and ", ""),
]


@pytest.mark.parametrize(("file", "before", "after"), RULES)
def test_a_changed_rule_gives_another_plan_that_nobody_signed(
    settings: Settings, shown: tuple[Plan, PlanFolder], file: str, before: str, after: str
) -> None:
    old, review = shown
    assert hash_rules(settings) == old.rules_hash
    change(settings.home / file, before, after)
    new = plan_quarter(QUARTER, settings)
    assert (new.rules_hash, new.hash) != (old.rules_hash, old.hash)
    with pytest.raises(PrivacyError, match="MS651"):
        check_shown(new, review)


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("dbt_project/models/release_input/report_choices.sql", "select", "-- why\nselect"),
        (
            "dbt_project/models/release_input/release_input.yml",
            'description: "',
            'description: "A ',
        ),
        ("dbt_project/dbt_project.yml", "vars:", "# words\nvars:"),
        ("code/linkage/links.py", '"""Decide', '"""Say'),
        ("code/orchestration/steps/linking.py", "import annotations", "import annotations  # why"),
    ],
)
def test_what_is_no_rule_leaves_the_plan_as_it_was(settings, file, before, after) -> None:
    old = hash_rules(settings)
    change(settings.home / file, before, after)
    assert hash_rules(settings) == old


def test_a_new_model_is_a_new_rule_and_a_new_test_is_none(settings) -> None:
    old = hash_rules(settings)
    (settings.dbt_project / "tests" / "assert_more.sql").write_text("select 1", "utf-8")
    (settings.dbt_project / "target").mkdir()
    (settings.dbt_project / "target" / "run.sql").write_text("select 1", "utf-8")
    (settings.dbt_project / "models" / ".more.sql").write_text("select 1", "utf-8")
    (settings.dbt_project / "README.md").write_text("words", "utf-8")
    assert hash_rules(settings) == old
    (settings.dbt_project / "models" / "core" / "more.sql").write_text("select 1", "utf-8")
    assert hash_rules(settings) != old


@pytest.mark.parametrize("file", ["linkage/links.py", "orchestration/steps/linking.py"])
def test_rules_that_cannot_be_read_are_a_sentence(settings, file: str) -> None:
    (settings.code / file).write_text("def (", "utf-8")
    with pytest.raises(OrchestrationError, match=f"MS935.*{file}") as caught:
        hash_rules(settings)
    assert caught.value.exit_code == 5


def test_every_module_of_the_linker_and_every_folder_of_dbt_is_a_rule_or_said_to_be_none() -> None:
    linker = {f"linkage/{path.name}" for path in (PROJECT_ROOT / "linkage").glob("*.py")}
    recipe = {f"linkage/{name}.py" for name in ("nicknames", "normalise", "recipe")}
    at_the_agency = {*recipe, "linkage/tokenize.py"}
    words = {"linkage/__init__.py", "linkage/errors.py"}
    assert linker - set(CODE) == at_the_agency | words
    folders = {path.name for path in (PROJECT_ROOT / "dbt_project").iterdir() if path.is_dir()}
    assert folders - {"models", "macros", "seeds"} <= {*rules._NO_RULES, ".user"}


@pytest.fixture
def built(settings) -> Settings:
    """Everything of a quarter was made by the rules of now."""
    steps = (built_rules.STAGING, built_rules.CORE, built_rules.LINKAGE, built_rules.RELEASE_INPUT)
    for step in steps:
        begun = built_rules.begin_step(step, QUARTER, (), settings)
        built_rules.end_step(step, QUARTER, begun, settings)
    return settings


def test_rows_made_by_other_rules_than_the_plan_names_are_not_released(built) -> None:
    file, before, after = RULES[0]

    def require(rules_hash: str) -> None:
        making = built_rules.Making.now(rules_hash, QUARTER, ())
        built_rules.require_made(built_rules.RELEASE_INPUT, QUARTER, making, built)

    require(plan_quarter(QUARTER, built).rules_hash)
    change(built.home / file, before, after)
    plan = plan_quarter(QUARTER, built)
    with pytest.raises(OrchestrationError, match=r"MS933.*2025Q1.*release_input") as caught:
        require(plan.rules_hash)
    assert caught.value.exit_code == 4
    with pytest.raises(OrchestrationError, match=r"MS933.*staging"):
        built_rules.begin_step(built_rules.RELEASE_INPUT, QUARTER, (), built)


@pytest.mark.parametrize("step", [built_rules.STAGING, built_rules.CORE, built_rules.LINKAGE])
def test_a_step_that_never_ended_made_nothing_by_any_rules(built, step: str) -> None:
    built_rules.begin_step(step, QUARTER, (), built)
    with pytest.raises(OrchestrationError, match=f"MS933.*{step}"):
        built_rules.begin_step(built_rules.RELEASE_INPUT, QUARTER, (), built)


def test_staging_is_of_all_quarters_and_links_are_of_one(built) -> None:
    other = QUARTER.next()
    begun = built_rules.begin_step(built_rules.LINKAGE, other, (), built)
    built_rules.begin_step(built_rules.RELEASE_INPUT, QUARTER, (), built)
    built_rules.end_step(built_rules.LINKAGE, other, begun, built)
    built_rules.begin_step(built_rules.STAGING, other, (), built)
    with pytest.raises(OrchestrationError, match=r"MS933.*staging"):
        built_rules.begin_step(built_rules.RELEASE_INPUT, QUARTER, (), built)
