import dagster as dg
import pytest

from orchestration.defs.border import border
from orchestration.hub.errors import OrchestrationError
from orchestration.hub.settings import Settings
from sources.errors import SourcesError

MARKER = "QZJXVKWY"


def test_a_rooms_own_sentence_passes_with_its_code_and_no_cause(tmp_path) -> None:
    settings = Settings(tmp_path)
    with pytest.raises(dg.Failure) as caught, border("raw/dss", settings):
        raise SourcesError("MS118")
    failure = caught.value
    assert failure.description == SourcesError("MS118").sentence
    assert failure.metadata["code"].value == "MS118"
    assert failure.__cause__ is None
    assert failure.__suppress_context__
    assert failure.allow_retries is False


def test_an_unexpected_error_is_told_without_its_message_which_stays_in_the_vault(tmp_path) -> None:
    settings = Settings(tmp_path)
    with pytest.raises(dg.Failure) as caught, border("core", settings):
        raise ValueError(MARKER)
    description = caught.value.description or ""
    assert description.startswith("MS901")
    assert MARKER not in description
    [report] = settings.vault.errors.iterdir()
    assert MARKER in report.read_text("utf-8")
    assert MARKER not in report.name


def test_a_step_that_succeeds_is_left_alone(tmp_path) -> None:
    with border("core", Settings(tmp_path)):
        pass
    assert not (tmp_path / "vault").exists()


def test_every_error_of_orchestration_says_what_why_and_what_next() -> None:
    error = OrchestrationError("MS904", text="2025Q9")
    assert error.sentence.count(". ") == 2
    assert error.exit_code == 2
