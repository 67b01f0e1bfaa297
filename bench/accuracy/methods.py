"""Every method that is compared: how it is run, how long it may, and what its intervals are worth.

Does not belong here: running (bench.accuracy.running), and what a method does (its own script).
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE / "peers"

NO_INTERVAL = "none"


@dataclass(frozen=True)
class Told:
    """One row of the printed table: its title, and what it says of its own error."""

    title: str
    intervals: str


@dataclass(frozen=True)
class Method:
    """A script, the environment that it needs, and what it may take.

    `environment` names a file of requirements; None is the project's own environment. `told` has
    one entry for each name under which the script answers.
    """

    name: str
    script: Path
    draws: int
    seconds: int
    told: dict[str, Told]
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
    told={
        "estimate": Told("this engine, estimate", "exact, published"),
        "count": Told("this engine, count", "the estimate's"),
        "modelled": Told("this engine, modelled", "from its model"),
    },
    reads=tuple(sorted((HERE.parents[1] / "privacy").glob("*.py"))),
)

METHODS = (
    OURS,
    Method(
        "opendp_laplace",
        PEERS / "opendp_laplace.py",
        draws=200,
        seconds=300,
        told={"": Told("OpenDP, Laplace, even split", "from the scale")},
    ),
    Method(
        "opendp_polars",
        PEERS / "opendp_polars.py",
        draws=200,
        seconds=600,
        told={
            "signed": Told("OpenDP Polars, Gaussian, even split", "its summary"),
            "default": Told("OpenDP Polars, as above, clipped at zero", "its summary"),
        },
        environment="opendp",
    ),
    Method(
        "opendp_aim",
        PEERS / "opendp_aim.py",
        draws=20,
        seconds=240,
        told={"": Told("OpenDP, AIM", NO_INTERVAL)},
        environment="opendp",
    ),
    Method(
        "tumult",
        PEERS / "tumult.py",
        draws=20,
        seconds=420,
        told={"": Told("Tumult Analytics", "from the scale")},
        environment="tumult",
    ),
    Method(
        "smartnoise",
        PEERS / "smartnoise.py",
        draws=40,
        seconds=200,
        told={
            "default": Told("SmartNoise SQL", "its accuracy, of shown cells"),
            "open": Told("SmartNoise SQL, empty cells given away", "its accuracy, of shown cells"),
        },
        environment="smartnoise",
    ),
    Method(
        "pac",
        PEERS / "pac.py",
        draws=200,
        seconds=200,
        told={
            "synthetic": Told("PAC synthesizer, synthetic children", NO_INTERVAL),
            "aggregates": Told("PAC synthesizer, its aggregates", NO_INTERVAL),
        },
        environment="pac",
    ),
    Method(
        "private_pgm",
        PEERS / "private_pgm.py",
        draws=60,
        seconds=200,
        told={"": Told("Private-PGM on this engine's split", NO_INTERVAL)},
    ),
    Method(
        "inf_tda",
        PEERS / "inf_tda.py",
        draws=100,
        seconds=200,
        told={"": Told("inf-tda, total unprotected", NO_INTERVAL)},
        environment="inftda",
    ),
)


def find_method(name: str) -> Method:
    """Return the method of this name."""
    return next(method for method in METHODS if method.name == name)
