"""Every method that is compared: how it is run, for how long, and under what titles.

Does not belong here: running (bench.accuracy.running), and what a method does (its own script).
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE / "peers"


@dataclass(frozen=True)
class Method:
    """A script, the environment that it needs, and what it may take.

    `environment` names a file of requirements; None is the project's own environment. `titles` has
    one entry for each name under which the script answers.
    """

    name: str
    script: Path
    draws: int
    seconds: int
    titles: dict[str, str]
    environment: str | None = None
    reads: tuple[Path, ...] = ()

    @property
    def requirements(self) -> Path | None:
        """The pinned packages of its environment."""
        return HERE / "requirements" / f"{self.environment}.txt" if self.environment else None


OURS = Method(
    "ours",
    HERE / "ours.py",
    draws=200,
    seconds=1200,
    titles={
        "estimate": "this engine, estimate",
        "count": "this engine, count",
        "modelled": "this engine, modelled",
    },
    reads=tuple(sorted((HERE.parents[1] / "privacy").rglob("*.py"))),
)

METHODS = (
    OURS,
    Method(
        "opendp_laplace",
        PEERS / "opendp_laplace.py",
        draws=200,
        seconds=300,
        titles={"": "OpenDP, Laplace, even split"},
    ),
    Method(
        "opendp_polars",
        PEERS / "opendp_polars.py",
        draws=200,
        seconds=600,
        titles={
            "signed": "OpenDP Polars, Gaussian, even split",
            "default": "OpenDP Polars, as above, clipped at zero",
        },
        environment="opendp",
    ),
    Method(
        "opendp_aim",
        PEERS / "opendp_aim.py",
        draws=20,
        seconds=400,
        titles={"": "OpenDP, AIM"},
        environment="opendp",
    ),
    Method(
        "tumult",
        PEERS / "tumult.py",
        draws=20,
        seconds=420,
        titles={"": "Tumult Analytics"},
        environment="tumult",
    ),
    Method(
        "smartnoise",
        PEERS / "smartnoise.py",
        draws=40,
        seconds=200,
        titles={
            "default": "SmartNoise SQL",
            "open": "SmartNoise SQL, empty cells given away",
        },
        environment="smartnoise",
    ),
    Method(
        "pac",
        PEERS / "pac.py",
        draws=200,
        seconds=200,
        titles={
            "synthetic": "PAC synthesizer, synthetic children",
            "aggregates": "PAC synthesizer, its aggregates",
        },
        environment="pac",
    ),
    Method(
        "private_pgm",
        PEERS / "private_pgm.py",
        draws=60,
        seconds=200,
        titles={"": "Private-PGM on this engine's split"},
    ),
    Method(
        "inf_tda",
        PEERS / "inf_tda.py",
        draws=100,
        seconds=200,
        titles={"": "inf-tda, total unprotected"},
        environment="inftda",
    ),
)


def find_method(name: str) -> Method:
    """Return the method of this name."""
    return next(method for method in METHODS if method.name == name)
