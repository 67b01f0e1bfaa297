"""Records whose every field carries a marker, and the search for that marker outside the vault."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from small_deliveries import (
    child_record,
    incident,
    put,
    segment,
    write_courts,
    write_hotline,
    write_line,
    write_lines,
    write_tokens,
)

from orchestration.hub.settings import PROJECT_ROOT, Settings
from sources.delivery_keys import PublicKeys
from sources.layout import load_ncands_layout, load_nibrs_layout

MARKER = "QZJXVKWYPH"
WINDOW = 4
"""Any four characters of the repeated marker betray it, so that short fields are guarded too."""

NOBODY: Mapping[str, PublicKeys | None] = dict.fromkeys(("dss", "mshp", "hotline"))


DBT_PROJECT = PROJECT_ROOT / "dbt_project"

TRACES = {(MARKER * 2)[start : start + WINDOW].encode() for start in range(len(MARKER))}

LONG_MARK = (MARKER * 40)[:338]


def marked(length: int) -> str:
    return (MARKER * 40)[:length]


def poisoned_children() -> list[str]:
    """One record of markers alone, and one that is legal wherever a check stands."""
    layout = load_ncands_layout()
    legal = {
        "rptid": marked(12),
        "chid": marked(12),
        **{f.name: marked(f.length) for f in layout.fields if f.name.endswith("id")},
        "wrkrid": marked(12),
        "suprvid": marked(12),
        "afcarsid": marked(12),
    }
    everything = write_line(layout, 338, {f.name: marked(f.length) for f in layout.fields})
    usual = [child_record(rptid=f"R{n:011d}", chid=f"C{n:011d}") for n in range(40)]
    return [child_record(**legal), everything, *usual]


def poisoned_incidents() -> list[str]:
    number = marked(12)
    broken = [
        write_line(
            load_nibrs_layout()[level],
            load_nibrs_layout()[level].width,
            {f.name: marked(f.length) for f in load_nibrs_layout()[level].fields},
        )
        for level in "124567"
    ]
    half_broken = [
        segment(1, 88, incident_number=marked(11), incident_date=marked(8)),
        segment(4, 141, incident_number=marked(11), age_of_victim=marked(4)),
    ]
    usual = [line for n in range(60) for line in incident(f"INC{n:09d}")]
    return [*incident(number), *broken, *half_broken, *usual]


def usual_tokens(keys: str) -> dict[str, str]:
    return {keys.format(n): f"{n:064x}" for n in range(60)}


def put_poisoned_quarter(
    settings: Settings, made: Path, encrypt_to: Mapping[str, PublicKeys | None] = NOBODY
) -> None:
    token = "cd" * 32
    put(settings, "dss", "2025Q1", {
        "child_file": write_lines(made / "child_file.txt", poisoned_children()),
        "tokens": write_tokens(made / "dss/tokens.csv", {
            **usual_tokens("C{:011d}"), marked(12): token, MARKER * 3: MARKER}),
    }, encrypt_to=encrypt_to["dss"])  # fmt: skip
    put(settings, "mshp", "2025Q1", {
        "nibrs": write_lines(made / "nibrs.txt", poisoned_incidents()),
        "tokens": write_tokens(made / "mshp/tokens.csv", {
            **usual_tokens("MO0950000:INC{:09d}:001"),
            f"MO0950000:{marked(12)}:001": token, MARKER: MARKER}),
    }, encrypt_to=encrypt_to["mshp"])  # fmt: skip
    hotline = write_hotline(made / "hotline", "2025Q1")
    put(settings, "hotline", "2025Q1", hotline, encrypt_to=encrypt_to["hotline"])
    put(
        settings,
        "courts",
        "2025Q1",
        poison_totals(made / "courts"),
        encrypt_to=encrypt_to["hotline"],
    )


def poison_totals(folder: Path) -> dict[str, Path]:
    """Totals of the courts that are refused: a marked row too many, and words all marked."""
    files = write_courts(folder, "2025Q1")
    with files["counts"].open("a", encoding="utf-8") as counts:
        counts.write(f"2025Q1,{MARKER},{MARKER},{MARKER}\n")
    said = files["datapackage"].read_text(encoding="utf-8")
    files["datapackage"].write_text(said.replace('"Totals"', f'"{MARKER}"'), encoding="utf-8")
    return files


def files_outside_the_vault(settings: Settings) -> Iterator[Path]:
    private = (settings.vault.folder, settings.landing / "inbox")
    for path in (*settings.home.rglob("*"), *DBT_PROJECT.rglob("*")):
        if path.is_file() and not any(path.is_relative_to(zone) for zone in private):
            yield path


def look_inside(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of a file, and of whatever is packed in it: spreadsheets, archives of them."""
    yield name, content
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for entry in packed.infolist():
            yield from look_inside(f"{name}/{entry.filename}", packed.read(entry))


def traces_of(marks: set[bytes], settings: Settings, printed: str) -> list[str]:
    found = [
        name
        for path in files_outside_the_vault(settings)
        for name, content in look_inside(path.name, path.read_bytes())
        if any(mark in content or mark.decode() in name for mark in marks)
    ]
    return found + (["console"] if any(mark.decode() in printed for mark in marks) else [])
