"""Where things are: the dbt project, and the data root with everything the system keeps."""

import os
from dataclasses import dataclass
from pathlib import Path

from utvandring.common.errors import UtvandringError

SPECIFICATION = Path("models/staging/registers.yml")


def project_root() -> Path:
    """Find the checkout that holds the dbt project.

    The checkout that this package is installed from comes first, then the current directory and its
    parents, so that an ordinary (not editable) installation works inside a clone as well.

    Returns
    -------
    Path
        The absolute path of the project.

    Raises
    ------
    UtvandringError
        If there is no checkout to be found.
    """
    here = Path(__file__).resolve()
    working = Path.cwd()
    for candidate in (here.parents[3], working, *working.parents):
        if (candidate / SPECIFICATION).is_file():
            return candidate
    raise UtvandringError(
        "The project folder was not found: run the command inside a clone "
        f"(a folder with {SPECIFICATION.as_posix()})."
    )


@dataclass(frozen=True)
class DataRoot:
    """The folder that holds everything the system keeps; two roots never touch each other."""

    path: Path

    @classmethod
    def from_environment(cls) -> "DataRoot":
        """Return the root named by `UTVANDRING_DATA`, or `data/` in the checkout."""
        configured = os.environ.get("UTVANDRING_DATA", "")
        path = Path(configured).expanduser() if configured else project_root() / "data"
        return cls(path.absolute())

    @property
    def accepted(self) -> Path:
        """Accepted files and the ledger."""
        return self.path / "accepted"

    @property
    def ledger(self) -> Path:
        """The ledger of deliveries."""
        return self.accepted / "ledger.json"

    @property
    def files(self) -> Path:
        """The accepted files, one folder per register."""
        return self.accepted / "files"

    @property
    def quarantine(self) -> Path:
        """The reports of refused deliveries."""
        return self.path / "quarantine"

    @property
    def warehouse(self) -> Path:
        """The database that `dbt build` writes."""
        return self.path / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The folder of the published database."""
        return self.path / "published"

    @property
    def publication(self) -> Path:
        """The published database, which readers open."""
        return self.published / "utvandring.duckdb"

    @property
    def exports(self) -> Path:
        """The counts of every export, so that a later one can be compared with them."""
        return self.path / "exports"

    @property
    def exports_ledger(self) -> Path:
        """The ledger of exports."""
        return self.exports / "ledger.json"

    @property
    def logs(self) -> Path:
        """The logs of dbt."""
        return self.path / "logs"

    @property
    def target(self) -> Path:
        """The artefacts of dbt; inside the root, so that builds over two roots do not share them."""
        return self.path / "target"

    @property
    def lock(self) -> Path:
        """The lock that a command holds while it writes."""
        return self.path / ".lock"

    def prepare(self) -> None:
        """Create the folders that do not exist yet.

        Raises
        ------
        UtvandringError
            If the root cannot be created or written.
        """
        try:
            for folder in (
                self.path,
                self.path / "incoming",
                self.accepted,
                self.files,
                self.quarantine,
                self.published,
                self.logs,
            ):
                folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise UtvandringError(
                f"The data root {self.path} cannot be written ({error.strerror}): "
                "name another folder in UTVANDRING_DATA."
            ) from error
        if not os.access(self.path, os.W_OK | os.X_OK) or not os.access(self.accepted, os.W_OK | os.X_OK):
            raise UtvandringError(
                f"The data root {self.path} cannot be written (permission denied): "
                "name another folder in UTVANDRING_DATA."
            )
