"""What a browser may do with a page."""

import base64
import hashlib

from gate.csp import MOST_ATTRIBUTES, write_policy


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def rules(page: str, **more: bool) -> dict[str, str]:
    policy = write_policy(page.encode(), **more)
    return dict(rule.partition(" ")[::2] for rule in policy.split("; "))


def test_a_page_without_styles_and_scripts_may_have_none() -> None:
    assert rules("<p>Text</p>") == {
        "default-src": "'none'",
        "img-src": "'self' data:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def test_exactly_the_pages_own_texts_are_allowed() -> None:
    found = rules(
        "<style>a > b {}</style><style>c</style><script>1 < 2 && '</p>'</script>"
        "<script type=module>x</script><p style='color: red'>é</p>"
    )
    assert found["style-src"] == f"{hashed('a > b {}')} {hashed('c')}"
    assert found["script-src"] == f"{hashed('1 < 2 && ' + repr('</p>'))} {hashed('x')}"
    assert found["style-src-attr"] == f"'unsafe-hashes' {hashed('color: red')}"


def test_texts_are_hashed_as_a_browser_reads_them() -> None:
    assert rules("<style>a\r\nb &amp; é</style>")["style-src"] == hashed("a\nb &amp; é")
    assert rules("<p style='a &amp; b'>")["style-src-attr"].endswith(hashed("a & b"))


def test_a_script_from_elsewhere_is_not_allowed() -> None:
    assert "script-src" not in rules("<script src='https://example.org/x.js'></script>")


def test_what_only_looks_like_a_script_is_not_allowed() -> None:
    assert "script-src" not in rules("<!-- <script>x</script> --><p>&lt;script&gt;x</p>")


def test_a_page_of_the_gates_own_may_send_a_form_to_it() -> None:
    assert rules("<form></form>", has_form=True)["form-action"] == "'self'"


def test_very_many_style_attributes_do_not_outgrow_a_header() -> None:
    page = "".join(f"<p style='width: {n}px'>" for n in range(MOST_ATTRIBUTES + 1))
    assert rules(page)["style-src-attr"] == "'unsafe-inline'"
    assert "unsafe-inline" not in write_policy(page.partition("<p style='width: 1px'>")[0].encode())
