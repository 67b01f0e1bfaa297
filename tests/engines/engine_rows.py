"""Rows for both engines: values for the project's macros, constructs written alike, and traps."""

from datetime import date
from typing import Any

NULL, ROWS = "cast(null as string)", "select {} from (values {}) as t ({})"

BLANKS = [
    chr(code) for code in (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
]
TEXTS = [
    "a",
    " a ",
    "",
    " ",
    "\ta",
    "a\t",
    *(f"{blank}a{blank}" for blank in BLANKS),
    "a\u200b",
    None,
]
NUMBERS = ["0", "7", "007", " 12 ", "2147483647", "2147483648", "99999999999", "", "x", "1x", None]
DAYS = ["01012025", "02302025", "02292024", "02292025", "13012025", "00012025", "01002025"]
DAYS += [
    "12319999",
    "1012025",
    "010120255",
    "0101 025",
    "01/12025",
    "1 012025",
    "ABCDEFGH",
    "",
    None,
]
DATES = ["20250101", "20250230", "20240229", "20251301", "20250001", "99991231", "2025-101", None]
QUARTERS = ["2025Q1", " 2025Q4 ", "2025Q5", "2025Q", "202Q1", "20255Q1", "abcdQ1", "", None]
KEYED = ["R1", "", "dss:R1:C1", "é", "😀", "a'b", "x" * 200, None]
TOKENS = ["e:1:2:3:4:5:6:7:p:q", "e:::::::n", "e::::::y:n:", "plain", "", None]

MACROS: list[tuple[str, list[str | None]]] = [
    ("text_or_null('x')", TEXTS),
    ("whole_number('x')", NUMBERS),
    ("read_date('x', 'mmddyyyy')", DAYS),
    ("read_date('x', 'yyyymmdd')", DATES),
    ("read_quarter('x')", QUARTERS),
    ("keyed_order(\"'key'\", 'x')", KEYED),
    ("fips_of_number('try_cast(x as integer)')", ["1", "510", None]),
    (
        "fips_of_ori('x')",
        ["MO0010100", "MO097", "MOKPD0000", "MOSPD", "MOMHP0000", "KS001", "MO", "", None],
    ),
    ("token_field(5).replace('whole', 'x')", TOKENS),
    ("part_tokens(9).replace('whole', 'x')", TOKENS),
    (
        "age_on(\"date '2025-02-28'\", 'try_cast(x as date)')",
        ["2024-02-29", "2007-03-01", "2025-02-28"],
    ),
    (
        "age_band('try_cast(x as integer)', 'try_cast(x as integer)')",
        ["0", "5", "6", "17", "18", None],
    ),
    ("quarter_of('try_cast(x as date)')", ["2025-01-01", "2025-03-31", "2024-12-31", None]),
    (
        "days_between('try_cast(x as date)', \"date '2025-03-30'\")",
        ["2025-03-30", "2024-02-29", None],
    ),
    (
        "known_quarter('try_cast(x as date)', \"date '2025-04-01'\")",
        ["2025-01-01", "2025-07-01", None],
    ),
]

PLAIN: dict[str, tuple[str, Any]] = {
    "nulls first": (
        ROWS.format("x", "(2), (null), (1)", "x") + " order by x nulls first",
        [(None,), (1,), (2,)],
    ),
    "nulls last": (
        ROWS.format("x", "(2), (null), (1)", "x") + " order by x desc nulls last",
        [(2,), (1,), (None,)],
    ),
    "a truth in an order": (
        ROWS.format("x", "('b'), (null), ('a')", "x") + " order by x is not null desc, x",
        [("a",), ("b",), (None,)],
    ),
    "texts in an order": (
        ROWS.format("x", "('b'), ('B'), ('é'), ('a '), ('a')", "x") + " order by x",
        [("B",), ("a",), ("a ",), ("b",), ("é",)],
    ),
    "row_number": (
        (
            "select x, row_number() over (partition by y order by x desc nulls last) from (values "
            "(1, 'a'), (null, 'a'), (2, 'b')) as t (x, y) order by x nulls first"
        ),
        [(None, 2), (1, 1), (2, 1)],
    ),
    "lead": (
        ROWS.format("lead(x) over (order by x nulls last)", "(1), (2)", "x") + " order by x",
        [(2,), (None,)],
    ),
    "min and max over": (
        ROWS.format(
            "max(case when x > 1 then x end) over (partition by y), min(x) over (partition by y)",
            "(1, 1), (2, 1)",
            "x, y",
        ),
        [(2, 1), (2, 1)],
    ),
    "a count over groups": (
        (
            "select count(*) over (partition by x) from (select x, y from (values (1, 1), (1, 2)) "
            "as t (x, y) group by x, y)"
        ),
        [(2,), (2,)],
    ),
    "min and max": (ROWS.format("min(x), max(x)", "(2), (null), (1)", "x"), [(1, 2)]),
    "max of truths": (ROWS.format("max(x)", "(false), (null), (true)", "x"), [(True,)]),
    "rank": (
        ROWS.format("rank() over (order by x nulls last)", "(1), (1), (2)", "x") + " order by 1",
        [(1,), (1,), (3,)],
    ),
    "bool_or": (
        ROWS.format("bool_or(x), bool_or(x) filter (where y = 1)", "(null, 1), (true, 2)", "x, y"),
        [(True, None)],
    ),
    "months and days": (
        (
            "select try_cast(date '2025-05-31' - interval 3 month as date), "
            "try_cast(date '2025-01-01' + interval 3 month - interval 1 day as date), "
            "try_cast(date '2024-02-29' - interval 1 year as date)"
        ),
        [(date(2025, 2, 28), date(2025, 3, 31), date(2023, 2, 28))],
    ),
    "a count over part of a window": (
        ROWS.format(
            "count(case when not x then 1 end) over (order by y)", "(true, 1), (false, 2)", "x, y"
        ),
        [(0,), (1,)],
    ),
    "max of nothing": (ROWS.format("max(x)", "(1)", "x") + " where false", [(None,)]),
    "count": (
        ROWS.format("count(*), count(x), count(distinct x)", "(1), (null), (1)", "x"),
        [(3, 2, 1)],
    ),
    "count filter": (ROWS.format("count(*) filter (where x is null)", "(1), (null)", "x"), [(1,)]),
    "sum": (
        ROWS.format("try_cast(sum(x) as bigint)", "(9007199254740993), (1)", "x"),
        [(9007199254740994,)],
    ),
    "sum of nothing": (ROWS.format("sum(x)", "(1)", "x") + " where false", [(None,)]),
    "array_agg": (ROWS.format("array_agg(distinct x)", "('a'), ('a')", "x"), [(["a"],)]),
    "coalesce and nullif": (
        f"select coalesce({NULL}, 'b'), nullif('', ''), nullif('a', '')",
        [("b", None, "a")],
    ),
    "least": (
        (
            "select least(date '2025-01-02', try_cast(null as date)), least(date '2025-01-02', "
            "date '2025-01-01')"
        ),
        [(date(2025, 1, 2), date(2025, 1, 1))],
    ),
    "concatenation with nothing": (f"select 'a' || {NULL}, 'a' || ''", [(None, "a")]),
    "substr": (
        "select substr('MO0010100', 1, 2), substr('2025Q1', 5), substr('ab', 3, 3)",
        [("MO", "Q1", "")],
    ),
    "length": ("select length('é😀'), length('')", [(2, 0)]),
    "contains": (
        f"select contains('a:b', ':'), contains('ab', ':'), contains({NULL}, ':')",
        [(True, False, None)],
    ),
    "split_part": ("select split_part('a:b::d', ':', 3), split_part('a:b', ':', 9)", [("", "")]),
    "extract and year": (
        (
            "select extract(year from date '2024-02-29'), extract(month from date '2024-02-29'), "
            "extract(day from date '2024-02-29'), year(date '2024-02-29')"
        ),
        [(2024, 2, 29, 2024)],
    ),
    "date_trunc": (
        (
            "select try_cast(date_trunc('year', date '2025-05-05') as date), "
            "try_cast(date_trunc('quarter', date '2025-12-31') as date)"
        ),
        [(date(2025, 1, 1), date(2025, 10, 1))],
    ),
    "between with nothing": (
        (
            "select date '2025-01-01' between date '2025-01-01' and date '2025-03-31', "
            "try_cast(null as integer) between 0 and 21"
        ),
        [(True, None)],
    ),
    "case without a match": (
        (
            "select case 'x' when 'y' then 1 end, case when try_cast(null as boolean) then 1 "
            "else 0 end"
        ),
        [(None, 0)],
    ),
    "in with nothing": (
        f"select {NULL} in ('a'), 'a' in ('a', {NULL}), 'b' in ('a', {NULL})",
        [(None, True, None)],
    ),
    "not in a list that holds nothing": (
        (
            "select x from (values (1), (2)) as t (x) where x not in (select y from (values (1), "
            "(null)) as u (y))"
        ),
        [],
    ),
    "not exists": (
        "select not exists (select 1 as a where false), not exists (select 1 as a)",
        [(True, False)],
    ),
    "full outer join": (
        (
            "select a, b from (values (1), (2)) as t (a) full outer join (values (2), (3)) as u "
            "(b) on a = b order by a nulls last, b"
        ),
        [(1, None), (2, 2), (None, 3)],
    ),
    "a join on nothing": (
        (
            "select count(*) from (values (null)) as t (a) inner join (values (null)) as u (b) "
            "on a = b"
        ),
        [(0,)],
    ),
    "distinct": (ROWS.format("distinct x, y", "(1, null), (1, null)", "x, y"), [(1, None)]),
    "union all": ("select 1 as a union all select 1 as a", [(1,), (1,)]),
    "groups of nothing": (
        ROWS.format("x, count(*)", "(null), (null)", "x") + " group by x",
        [(None, 2)],
    ),
    "having by a name": (ROWS.format("count(*) as n", "(1)", "x") + " having n <> 1", []),
    "a row from no table": ("select '' as a, 0 as b where false", []),
    "equal texts": ("select 'a' = 'A', 'a' = 'a '", [(False, False)]),
    "a whole number as text": (
        "select try_cast(29001 as string), 29000 + 2 * 97 - 1",
        [("29001", 29193)],
    ),
    "a large position": ("select 3 * 10000000000 + 7", [(30000000007,)]),
    "an apostrophe written twice": ("select 'O''Fallon'", [("O'Fallon",)]),
    "one row for a table": (
        "select (select max(x) from (values ('k')) as t (x)) || '!'",
        [("k!",)],
    ),
}
"""What is written alike for both engines: the query, and its rows."""

TRAPS: dict[str, tuple[tuple[str, Any], tuple[str, Any], str]] = {
    "nulls in an order that does not say where": (
        (ROWS.format("x", "(2), (null)", "x") + " order by x", [(2,), (None,)]),
        (ROWS.format("x", "(2), (null)", "x") + " order by x", [(None,), (2,)]),
        r"order by(?![^)]*nulls)(?=[^)]*(?:_order|position|rank|sequence|_at\b))",
    ),
    "the first match or all": (
        ("select regexp_replace('aaa', 'a', 'b')", [("baa",)]),
        ("select regexp_replace('aaa', 'a', 'b')", [("bbb",)]),
        r"regexp_replace",
    ),
    "least of a value that is nothing": (
        (ROWS.format("arg_min(x, y)", "(null, 1), ('b', 2)", "x, y"), [("b",)]),
        (ROWS.format("min_by(x, y)", "(null, 1), ('b', 2)", "x, y"), [(None,)]),
        r"arg_m|m.._by",
    ),
    "least by a tuple that holds nothing": (
        (ROWS.format("arg_min(x, (y, z))", "('a', null, 1), ('b', 2, 1)", "x, y, z"), [("b",)]),
        (
            ROWS.format("min_by(x, struct(y, z))", "('a', null, 1), ('b', 2, 1)", "x, y, z"),
            [("a",)],
        ),
        r"arg_m|m.._by",
    ),
    "a tuple that holds nothing beside one": (
        ("select (null, 1) < (1, 1)", [(False,)]),
        ("select struct(cast(null as int), 1) < struct(1, 1)", [(True,)]),
        r"(?<!\w)\(\w+, \w+\) *[<>]",
    ),
    "nothing among what is gathered": (
        (ROWS.format("len(list(x))", "('a'), (null)", "x"), [(2,)]),
        (ROWS.format("size(collect_list(x))", "('a'), (null)", "x"), [(1,)]),
        r"\blist\(|collect_",
    ),
    "a clock in a zone": (
        (
            (
                "select strftime(timestamp '2025-01-01 08:30:00' "
                "at time zone 'America/Chicago', '%Y-%m-%d %H:%M:%S')"
            ),
            [("2025-01-01 14:30:00",)],
        ),
        (
            (
                "select string(from_utc_timestamp(timestamp_ntz '2025-01-01 08:30:00', "
                "'America/Chicago'))"
            ),
            [("2025-01-01 02:30:00",)],
        ),
        r"at time zone|utc_timestamp",
    ),
    "months by what is passed or by what has gone by": (
        ("select date_diff('month', date '2025-01-31', date '2025-02-01')", [(1,)]),
        ("select timestampdiff(month, date '2025-01-31', date '2025-02-01')", [(0,)]),
        r"date_?diff\('|timestampdiff",
    ),
    "a day less a day": (
        ("select date '2025-01-02' - date '2025-01-01' < 0", [(False,)]),
        (
            "select date '2025-01-02' - date '2025-01-01' < 0",
            "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
        ),
        r"_date\"? - \w*date",
    ),
    "the number of a Sunday": (
        ("select dayofweek(date '2025-01-05')", [(0,)]),
        ("select dayofweek(date '2025-01-05')", [(1,)]),
        r"dayofweek|\bdow\b",
    ),
    "a text from its place 0": (
        ("select substr('abc', 0, 2)", [("a",)]),
        ("select substr('abc', 0, 2)", [("ab",)]),
        r"substr\([^,]*, 0",
    ),
    "a part of a list by its number": (
        ("select string_split('a:b', ':')[1]", [("a",)]),
        ("select split('a:b', ':')[1]", [("b",)]),
        r"\w\[\d+\]",
    ),
    "a whole number with more than digits": (
        (
            "select [try_cast(x as integer) for x in ['1.5', '1e3', '1_000', '0x1A']]",
            [([2, 1000, 1000, 26],)],
        ),
        (
            "select transform(array('1.5', '1e3', '1_000', '0x1A'), x -> try_cast(x as int))",
            [([None] * 4,)],
        ),
        "",
    ),
}
"""What they answer otherwise: the queries, their rows, and how a model that uses it is found.

Readers blank a number with more than digits before it is stored, so the last one needs no watch.
"""
