"""The settings file: read whole or refused with the setting that is wrong."""

import re
from pathlib import Path

import pytest

from gate.errors import GateError
from gate.settings import Limits, Proxy, read_settings

WHOLE = """\
address = "https://moshare.example.org"
releases = "releases"
state = "/var/lib/gate"
calendar = "calendar.toml"
publisher = "Hub"
contact = "data@example.org"
"""


def read(tmp_path: Path, text: str):
    path = tmp_path / "gate.toml"
    path.write_text(text, "utf-8")
    return read_settings(path)


def refuse(tmp_path: Path, text: str) -> str:
    with pytest.raises(GateError) as caught:
        read(tmp_path, text)
    assert caught.value.code == "MS720"
    assert caught.value.exit_code == 2
    return caught.value.sentence


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = read(tmp_path, WHOLE)
    assert settings.releases == tmp_path / "releases"
    assert settings.state == Path("/var/lib/gate")
    assert settings.public_key is None


def test_what_is_not_said_is_strict(tmp_path: Path) -> None:
    settings = read(tmp_path, WHOLE)
    assert not settings.anonymous
    assert settings.listen == "127.0.0.1"
    assert settings.proxy.addresses == ()
    assert settings.limits == Limits()


def test_tables_and_lists_of_tables_are_read(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        WHOLE
        + """
[limits]
header_seconds = 2
[proxy]
addresses = ["127.0.0.1"]
secret = "proxy.secret"
[[proxy.groups]]
name = "analysts"
agency = "dss"
tier = "partner"
[[webhook]]
name = "desk"
address = "https://desk.example.org/hook"
[[mail]]
name = "council"
sender = "a@example.org"
recipients = ["b@example.org"]
host = "mail.example.org"
""",
    )
    assert settings.limits.header_seconds == 2.0
    assert settings.proxy.groups[0].agency == "dss"
    assert settings.webhook[0].name == "desk"
    assert settings.mail[0].recipients == ("b@example.org",)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (WHOLE + "adress = 1", "There is no entry 'adress'"),
        (WHOLE + "[limits]\nrequests = 1", "There is no entry 'limits.requests'"),
        (WHOLE.replace('state = "/var/lib/gate"\n', ""), "'state' is missing"),
        (WHOLE + 'port = "80"', "'port' is not a whole number"),
        (WHOLE + "port = true", "'port'"),
        (WHOLE + "public_key = 7", "'public_key' is not a path"),
        (WHOLE + "port = 65536", "'port' is not below 65536"),
        (WHOLE + f"session_hours = {10**23}", "'session_hours' is above 8760"),
        (WHOLE + "[limits]\nanswer_seconds = inf", "'limits.answer_seconds' is not below"),
        (WHOLE + f"[limits]\nconnections = {10**23}", "'limits.connections' is not below"),
        (WHOLE + 'public_key = "a\\u0000b"', "'public_key' is not a path"),
        (WHOLE + "limits = 7", "'limits' is not a table"),
        (WHOLE + "webhook = 7", "'webhook' is not a list"),
        (WHOLE + "[limits]\nconnections = 0", "'limits.connections' is not above 0"),
        (WHOLE + '[[webhook]]\nname = "a"\naddress = "http://desk.example.org/"', "https"),
        (WHOLE + '[[webhook]]\nname = "a"\naddress = "ftp://127.0.0.1/"', "https"),
        (WHOLE + '[proxy]\naddresses = ["proxy.example.org"]', "'proxy.addresses[0]' is no IP"),
        (WHOLE.replace('.org"\nreleases', '.org:99999"\nreleases'), "'address' is not an address"),
        (WHOLE + '[proxy]\naddresses = ["127.0.0.1"]', "proxy.secret"),
        (WHOLE.replace("https://moshare", "http://moshare"), "must begin with https"),
        (WHOLE.replace('.org"\nreleases', '.org/gate"\nreleases'), "'address'"),
        (
            WHOLE + '[[proxy.groups]]\nname = "a"\nagency = "b"\ntier = "all"',
            "'proxy.groups[0].tier' is not one of 'public' or 'partner'",
        ),
        ("address = ", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    assert named in refuse(tmp_path, text)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"MS720.*cannot be read"):
        read_settings(tmp_path / "absent.toml")


def test_only_the_gates_own_names_are_hosts(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE).hosts == (
        "moshare.example.org",
        "moshare.example.org:443",
        "127.0.0.1:8600",
        "localhost:8600",
    )


EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "gate.example.toml"


def test_the_example_believes_nobody_until_it_is_changed() -> None:
    assert read_settings(EXAMPLE).proxy == Proxy()


def test_the_example_is_a_settings_file_that_shows_every_setting(tmp_path: Path) -> None:
    text = re.sub(r"^#(?=[\[a-z])", "", EXAMPLE.read_text("utf-8"), flags=re.M)
    settings = read(tmp_path, text)
    sections = (settings, settings.limits, settings.proxy, settings.proxy.groups[0])
    sections += (settings.sftp[0], settings.mail[0], settings.webhook[0])
    named = {name for section in sections for name in vars(section)}
    assert [name for name in sorted(named) if name not in text] == []
