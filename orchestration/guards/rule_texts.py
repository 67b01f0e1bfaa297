"""The normal form of a rule's text: what may be written otherwise without being another rule.

Comments, white space between words, descriptions, docstrings and tests are no rules. Where it is
not certain that something is one of these, it counts as a rule: a signature too many is asked for,
never one too few. Does not belong here: which files hold rules (see `rules`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import jinja2
import yaml

_NO_RULES = frozenset({"data_tests", "description", "docs", "meta", "tests", "unit_tests"})
"""What dbt's files hold beside rules: words for people, and tests, which can stop rows only."""

_SAYS_NOTHING = frozenset({"comment_begin", "comment", "comment_end", "whitespace"})
"""What a template may hold without doing anything."""

_FIRST_MARK, _LAST_MARK = 0xE000, 0xF8FF
_MARK = f"[{chr(_FIRST_MARK)}-{chr(_LAST_MARK)}]"
_SQL = re.compile(
    rf"""
    (?P<gap>(?<={_MARK})\s+|\s+(?={_MARK}))    # it may part or join what a template makes
    |(?P<space>\s+)
    |(?P<comment>--[^\n]*|/\*.*?\*/)
    |[eE]'(?:\\.|''|[^'\\])*'                  # with escapes
    |\$(?P<tag>\w*)\$.*?\$(?P=tag)\$           # between dollars
    |[\w{chr(_FIRST_MARK)}-{chr(_LAST_MARK)}]*'(?:''|[^'])*'
    |"(?:""|[^"])*"
    |[\w{chr(_FIRST_MARK)}-{chr(_LAST_MARK)}]+
    |(?:(?!--|/\*)[-+*/<>=~!@\#%^&|`?:])+      # one operator, however many signs it has
    |.
    """,
    re.VERBOSE | re.DOTALL,
)
"""The words of SQL as DuckDB and PostgreSQL cut them, and marks where a template stood."""


def normalise_sql(text: str) -> list[list[str]]:
    """Cut a template of SQL into its words, without comments and the space between words.

    Returns:
        The words of the SQL, with a mark where a template stands, and the words of the templates.

    A comment that holds a template is kept, for dbt runs what stands in it.

    Raises:
        ValueError: When it is no template.
    """
    sql, templates = _set_marks(text)
    words: list[str] = []
    for found in _SQL.finditer(sql.strip()):
        word = found.group()
        if found["gap"]:
            words += [] if words[-1:] == [" "] else [" "]
        elif found["space"] or (found["comment"] and not re.search(_MARK, word)):
            continue
        else:
            words.append(word)
    return [words, templates]


def normalise_yaml(text: str) -> Any:  # noqa: ANN401 - whatever YAML can hold
    """Give what dbt reads from one of its files, without words for people and tests.

    Raises:
        ValueError: When it is not YAML.
    """
    try:
        return _strip(yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        raise ValueError("it is not YAML") from None


def normalise_python(text: str) -> Any:  # noqa: ANN401 - a tree
    """Give the syntax tree of a module without docstrings; the same in every version of Python.

    Raises:
        ValueError: When it is not Python.
    """
    try:
        return _describe(ast.parse(text))
    except SyntaxError:
        raise ValueError("it is not Python") from None


def _set_marks(text: str) -> tuple[str, list[str]]:
    """Put a mark in the place of each template; give the templates' own words beside."""
    sql, inside = "", False
    templates: list[str] = []
    try:
        tokens = list(jinja2.Environment().lex(text))  # noqa: S701 - this is SQL
    except jinja2.TemplateSyntaxError:
        raise ValueError("it is no template") from None
    for _, kind, word in tokens:
        if kind == "data":
            sql += word
        elif kind not in _SAYS_NOTHING:
            if not inside:
                sql += chr(_FIRST_MARK + len(templates) % (_LAST_MARK - _FIRST_MARK))
            templates.append(word.strip())
            inside = kind not in ("block_end", "variable_end", "raw_end")
    return sql, templates


def _strip(content: Any) -> Any:  # noqa: ANN401
    if isinstance(content, dict):
        return {str(k): _strip(v) for k, v in content.items() if k not in _NO_RULES}
    if isinstance(content, list):
        return [_strip(one) for one in content]
    return repr(content)


def _describe(node: Any) -> Any:  # noqa: ANN401
    if isinstance(node, list):
        return [_describe(one) for one in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    return [type(node).__name__, dict(_list_fields(node))]


def _list_fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """List the fields that hold something: new versions of Python add empty ones."""
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(value, list):
            value = [one for one in value if not _is_text_alone(one)]
        if value not in (None, []):
            yield name, _describe(value)


def _is_text_alone(node: ast.AST) -> bool:
    """Whether a statement is a text and does nothing, as a docstring is."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
