"""What `utvandring fit` does: models are read, fitted, shown, and written where that was asked for."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from utvandring.common.errors import UsageError
from utvandring.common.opening import open_to_read
from utvandring.common.progress import Progress
from utvandring.estimators.broom import broom, glance
from utvandring.regressions.leaving import require_free, write_release
from utvandring.regressions.own import Asked, OwnFit, as_one_table, described, fit_own_model
from utvandring.regressions.papers import require_writable, write
from utvandring.regressions.showing import show
from utvandring.regressions.specification import OwnModel, read_own_model

STAYS = "This may not leave the secure zone: it has not been through disclosure control."


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line.

    Attributes
    ----------
    specs
        Files of models.
    options
        Keys of a model that come before those of the files.
    effects, contrasts, tests, standardised
        As :class:`utvandring.regressions.own.Asked`.
    files
        Files to write; the suffix says what.
    broom, release
        Folders to write, or None.
    as_json
        Whether to print JSON.
    """

    specs: tuple[Path, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    effects: bool = False
    contrasts: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    standardised: bool = False
    files: tuple[Path, ...] = ()
    broom: Path | None = None
    release: Path | None = None
    as_json: bool = False


@dataclass(frozen=True)
class Done:
    """What was fitted and written."""

    fits: Sequence[OwnFit]
    written: Sequence[str]
    wanted: Wanted

    @property
    def all_fitted(self) -> bool:
        """Whether every group of every model has estimates."""
        return all(fit.reason is None for fit in self.fits)

    def show(self) -> None:
        """Print the estimates, as tables or as JSON."""
        if self.wanted.as_json:
            typer.echo(as_one_table(self.fits).to_json(orient="records", indent=1))
        else:
            show(self.fits, released=self.wanted.release is not None)


def fit_and_write(database: Path, wanted: Wanted, progress: Progress | None = None) -> Done:
    """Fit the models and write what was asked for.

    Parameters
    ----------
    database
        A built or published database.
    wanted
        What was asked for.
    progress
        Told which group is being fitted.

    Raises
    ------
    UsageError
        If a model is none, or something cannot be written.
    UtvandringError
        If the database cannot be opened, or a condition selects nobody.
    """
    models = _models(wanted)
    for path in wanted.files:
        require_writable(path)
    if wanted.broom is not None and not wanted.broom.absolute().parent.is_dir():
        raise UsageError(f"The folder {wanted.broom.absolute().parent} does not exist: make it first.")
    if wanted.release is not None:
        require_free(wanted.release)
    asked = Asked(
        wanted.effects,
        wanted.contrasts,
        wanted.tests,
        wanted.standardised,
        persons=wanted.release is not None,
    )
    fits = [fit for own in models for fit in fit_own_model(database, own, progress, asked)]
    written = []
    for path in wanted.files:
        write(path, fits, [*_source(database), STAYS])
        written.append(f"Wrote {path}.")
    if wanted.broom is not None and all(fit.estimates is None for fit in fits):
        written.append(f"{wanted.broom} was not written: no model was fitted.")
    elif wanted.broom is not None:
        files = _write_broom(wanted.broom, fits)
        written.append(f"Wrote {', '.join(files)} to {wanted.broom}.")
    if wanted.release is not None and all(fit.estimates is None for fit in fits):
        written.append(f"{wanted.release} was not written: no model was fitted.")
    elif wanted.release is not None:
        released = write_release(wanted.release, database, models, fits, shlex.join(sys.argv[1:]))
        written.append(
            f"Wrote {wanted.release} for the person who checks output: {released.withheld_n} of "
            f"{released.estimates_n} coefficients are withheld. Nothing leaves before that "
            "person agrees; then only what is in its folder release."
        )
    return Done(fits, written, wanted)


def _models(wanted: Wanted) -> list[OwnModel]:
    if not wanted.specs:
        if "formula" not in wanted.options:
            raise UsageError("Name a model: --spec FILE, or --formula 'outcome ~ age + sex' with --where.")
        return [read_own_model(None, wanted.options)]
    models = [read_own_model(path, wanted.options) for path in wanted.specs]
    names = [own.model.name for own in models]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(
            f"Two specifications are called {twice[0]}: files need different names side by side."
        )
    return models


def _source(database: Path) -> list[str]:
    """Return how numbers of the database are cited, if it says so."""
    with open_to_read(database) as connection:
        there = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'release' and table_name = 'citation'"
        ).fetchall()
        if there != [(1,)]:
            return []
        rows = connection.execute("select cite_as from release.citation where language = 'en'").fetchall()
    # What it says of disclosure control is true of released tables, not of these numbers.
    return [str(text).replace(", after disclosure control", "") for (text,) in rows]


def _write_broom(folder: Path, fits: Sequence[OwnFit]) -> list[str]:
    """Write tidy.csv and glance.csv, and effects.csv and tests.csv where they were asked for."""
    folder.mkdir(exist_ok=True)
    tables = {"tidy.csv": broom(as_one_table([fit for fit in fits if fit.estimates is not None]))}
    several = len({fit.model for fit in fits}) > 1
    rows = [
        glance(fit.fit).assign(**{**({"model": fit.model} if several else {}), **fit.group})
        for fit in fits
        if fit.fit is not None
    ]
    tables["glance.csv"] = pd.concat(rows, ignore_index=True)
    for what in ("effects", "tests", "standardised"):
        table = described(fits, what)
        if not table.empty:
            tables[f"{what}.csv"] = broom(table)
    for name, table in tables.items():
        table.assign(may_leave=False).to_csv(folder / name, index=False)
    return list(tables)
