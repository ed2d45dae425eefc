"""`utvandring fit --release`: a model of one's own by the rules of `release`, for who checks output.

What may leave and what the check needs lie apart: `release/` holds estimates that were withheld, rounded and
counted as those of the report are; `checking/` holds the numbers behind each, which stay. `results.json` has
the form of ACRO's record, so that its viewer opens the folder.
"""

import datetime
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from utvandring import __version__
from utvandring.common.errors import UsageError
from utvandring.common.files import sha256_of, sync_file, sync_folder
from utvandring.common.opening import open_to_read
from utvandring.estimators.multinomial_result import MultinomialFit
from utvandring.regressions.own import OwnFit, as_one_table, described, query_of
from utvandring.regressions.papers import write
from utvandring.regressions.resting import rules_of
from utvandring.regressions.specification import OwnModel
from utvandring.release.suppression import Rule

LEAVES = "After disclosure control: estimates on too few persons or events are withheld, the others rounded."
NOT_FITTED, TOO_FEW_DEGREES, SATURATED = "not_fitted", "too_few_degrees_of_freedom", "saturated"
_RELEASE, _CHECKING = "release", "checking"
_FOLDER_MODE = 0o750
_ROUNDED = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
_README = """\
A model of a researcher's own, for the person who checks output.

{release}/      may leave when you agree: estimates, effects and tests after disclosure control
{checking}/     stays in the secure zone: the numbers behind each of them
results.json  the same in the form of ACRO's record, stays as well
checksums/    the SHA-256 of every file

{models}
What was done (checking/rules.csv has the numbers)
- Every coefficient compares persons of a category with those of its reference. It is withheld if
  either has fewer than {min_persons} persons, or fewer than {min_events} of them with the event or
  without it. A person counts once, however many years are in the model. An interaction must have
  as many in every combination that it compares.
- A model with fewer than {min_degrees_of_freedom} persons more than coefficients is withheld as a whole;
  so is a saturated one, whose coefficients are the rates of cells (make a table of those).
- Where one of several effects that add up to zero is withheld, so are the others.
- Estimates are rounded to {estimate_decimals} decimals, ratios to 2, log likelihoods to whole numbers.
  Counts below {threshold} are not shown; others are rounded to multiples of {rounding_base}.
- Why a model was not fitted stays in checking/: the text may name an empty category.

What is left for you
- checking/estimates.csv: do `persons_n` and `events_n` agree with what leaves?
- checking/query.*.sql: whom does the condition select? Two models whose samples differ by a few
  persons tell of these. Compare with what this researcher has taken out before.
- A category that stands in release/ with a dash holds at least one person.
- Is there nothing else in release/?

{source}
"""


@dataclass(frozen=True)
class Released:
    """What was written.

    Attributes
    ----------
    folder
        The folder.
    files
        Its files, relative to it.
    withheld_n, estimates_n
        Coefficients that were withheld, of how many.
    """

    folder: Path
    files: tuple[str, ...]
    withheld_n: int
    estimates_n: int


def require_free(folder: Path) -> None:
    """Make sure that a folder can be made.

    Raises
    ------
    UsageError
        If something is in its place, or the folder above does not exist.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists: name a new folder for what is to be checked.")
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"The folder {folder.absolute().parent} does not exist: make it first.")


def write_release(
    folder: Path, database: Path, models: Sequence[OwnModel], fits: Sequence[OwnFit], command: str
) -> Released:
    """Write what may leave of some models, and what the person needs who checks it.

    Parameters
    ----------
    folder
        The folder to make; it appears when it is whole.
    database
        The database that the models were fitted to.
    models
        The specifications.
    fits
        What `fit_own_model` gave, with persons counted.
    command
        How the program was called.

    Raises
    ------
    UsageError
        If something else is in the place of the folder.
    """
    folder = folder.absolute()
    require_free(folder)
    with open_to_read(database) as connection:
        rules = rules_of(connection)
        source, deliveries = _source(connection), _deliveries(connection)
    rule = Rule(rules["threshold"], rules["rounding_base"], rules["protection"])
    leaving = [_leaving(fit, rules, rule) for fit in fits]
    temporary = folder.with_name(f".{folder.name}.writing")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        for name in ("", _RELEASE, _CHECKING, "checksums"):
            (temporary / name).mkdir(mode=_FOLDER_MODE)
        _write_leaving(temporary / _RELEASE, leaving, source)
        _write_behind(temporary / _CHECKING, models, fits, rules, deliveries)
        text = _README.format(
            release=_RELEASE, checking=_CHECKING, models=_models_in_words(leaving), source=source, **rules
        )
        (temporary / "README.txt").write_text(text, encoding="utf-8")
        record = _acro(leaving, fits, rules, command, _files_of(temporary / _RELEASE))
        (temporary / "results.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        files = [
            path.relative_to(temporary).as_posix() for path in sorted(temporary.rglob("*")) if path.is_file()
        ]
        for name in files:
            sync_file(temporary / name)
            checksum = temporary / "checksums" / f"{name.replace('/', '_')}.txt"
            checksum.write_text(sha256_of(temporary / name), encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        temporary.replace(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    tables = [fit.estimates for fit in leaving if fit.estimates is not None]
    withheld_n = sum(int(table["withheld_reason"].notna().sum()) for table in tables)
    return Released(folder, tuple(files), withheld_n, sum(map(len, tables)))


# --- what may leave -----------------------------------------------------------------------------------------


def degrees_of_freedom(fit: OwnFit) -> int:
    """Return the persons of a model less its coefficients, of all equations; 0 where it was not fitted."""
    if fit.fit is None or fit.n_persons is None:
        return 0
    return fit.n_persons - int(np.size(fit.fit.params))


def _leaving(fit: OwnFit, rules: dict[str, int], rule: Rule) -> OwnFit:
    """Return a fit as it may leave: withheld, rounded, and without what is exact."""
    degrees = degrees_of_freedom(fit)
    persons = None if fit.n_persons is None else _count(fit.n_persons, rule)
    fit = replace(
        fit, n_obs=_count(fit.n_obs, rule), n_persons=persons, incomplete_n=0, notes="", standardised=None
    )
    if fit.estimates is None or fit.fit is None:
        return replace(fit, reason=NOT_FITTED)
    whole = TOO_FEW_DEGREES if degrees < rules["min_degrees_of_freedom"] else None
    if fit.patterns_n is not None and fit.patterns_n <= len(fit.fit.names):
        whole = SATURATED
    decimals = rules["estimate_decimals"]
    estimates = fit.estimates
    if not isinstance(fit.fit, MultinomialFit):
        # Whom an outcome lacks has another: the effects on all of them add up to nothing.
        estimates = withheld_together(estimates, ["term"])
    estimates = _withheld(estimates, decimals, whole)
    effects = None
    if fit.effects is not None:
        effects = _withheld(withheld_together(fit.effects, ["term", "contrast"]), decimals, whole)
    tests = None
    if fit.tests is not None:
        secret = estimates[estimates["withheld_reason"].notna()]
        tests = fit.tests.assign(
            withheld_reason=[_why_no_test(row, secret) for row in fit.tests.to_dict("records")]
        )
        shown = tests["withheld_reason"].isna()
        for column, digits in (("statistic", 2), ("p_value", decimals)):
            tests[column] = tests[column].where(shown).round(digits)
        # Of these the number of persons follows.
        tests = tests.drop(columns="df_residual")
    return replace(fit, estimates=estimates, effects=effects, tests=tests)


def withheld_together(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Withhold what follows from withheld rows: of rows that add up, one that is missing can be worked out.

    Parameters
    ----------
    table
        Rows with `withheld_reason`.
    keys
        Columns whose rows add up over the outcomes.
    """
    reason = table.groupby(keys, sort=False)["withheld_reason"].transform("first")
    return table.assign(withheld_reason=reason.where(reason.notna(), None))


def _withheld(table: pd.DataFrame, decimals: int, whole: str | None) -> pd.DataFrame:
    """Withhold rows for their own reason or that of the whole model, and round the others."""
    reason = table["withheld_reason"]
    if whole is not None:
        reason = pd.Series([whole] * len(table), index=table.index)
    shown = reason.isna()
    rounded = {column: table[column].where(shown).round(decimals) for column in _ROUNDED}
    rounded["statistic"] = table["statistic"].where(shown).round(2)
    return table.assign(**rounded, withheld_reason=reason).drop(columns=["persons_n", "events_n"])


def _why_no_test(test: dict[str, Any], secret: pd.DataFrame) -> str | None:
    """Return why a test is withheld: it tells of a coefficient that it names."""
    for row in secret.itertuples():
        if str(row.term) in test["restriction"] and test["equation"] in (row.equation, "all"):
            return str(row.withheld_reason)
    return None


def _count(count: int, rule: Rule) -> int:
    """Return a count as it is shown; -1 where it is not."""
    return -1 if count < rule.threshold else int(rule.shown(np.array([count]))[0])


def _write_leaving(folder: Path, leaving: Sequence[OwnFit], source: str) -> None:
    table = as_one_table(leaving, may_leave=True)
    table["n_obs"] = table["n_obs"].where(table["n_obs"] >= 0).astype("Int64")
    table.drop(columns="may_leave").to_csv(folder / "estimates.csv", index=False)
    _about(leaving).to_csv(folder / "models.csv", index=False)
    for what in ("effects", "tests"):
        further = described(leaving, what)
        if not further.empty:
            further.to_csv(folder / f"{what}.csv", index=False)
    if any(fit.estimates is not None for fit in leaving):
        for name in ("table.md", "table.tex", "table.html", "plot.svg"):
            write(folder / name, leaving, [source, LEAVES], may_leave=True)


def _about(fits: Sequence[OwnFit]) -> pd.DataFrame:
    """Describe each model in one row; counts below zero are not shown."""
    rows = []
    for fit in fits:
        logit = fit.fit if isinstance(fit.fit, MultinomialFit) and fit.estimates is not None else None
        rows.append(
            {
                "model": fit.model,
                **fit.group,
                "n_obs": None if fit.n_obs < 0 else fit.n_obs,
                "n_persons": None if fit.n_persons is None or fit.n_persons < 0 else fit.n_persons,
                "std_errors": "" if fit.fit is None else fit.fit.vcov,
                "log_likelihood": None if logit is None else round(logit.log_likelihood),
                "not_fitted_reason": fit.reason,
            }
        )
    return pd.DataFrame(rows).astype({"n_obs": "Int64", "n_persons": "Int64"})


# --- what the check needs -----------------------------------------------------------------------------------


def _write_behind(
    folder: Path,
    models: Sequence[OwnModel],
    fits: Sequence[OwnFit],
    rules: dict[str, int],
    deliveries: pd.DataFrame,
) -> None:
    exact = as_one_table(fits)
    models_behind = [
        {
            "model": fit.model,
            **fit.group,
            "n_obs": fit.n_obs,
            "n_persons": fit.n_persons,
            "incomplete_n": fit.incomplete_n,
            "degrees_of_freedom": degrees_of_freedom(fit),
            "not_fitted_reason": fit.reason,
            "notes": fit.notes,
        }
        for fit in fits
    ]
    exact.to_csv(folder / "estimates.csv", index=False)
    pd.DataFrame(models_behind).to_csv(folder / "models.csv", index=False)
    for what in ("effects", "tests"):
        table = described(fits, what)
        if not table.empty:
            table.to_csv(folder / f"{what}.csv", index=False)
    pd.DataFrame(sorted(rules.items()), columns=["rule", "value"]).to_csv(folder / "rules.csv", index=False)
    deliveries.to_csv(folder / "deliveries.csv", index=False)
    for own in models:
        query = query_of(own, by_person=True)
        (folder / f"query.{own.model.name}.sql").write_text(query + "\n", encoding="utf-8")
        (folder / f"model.{own.model.name}.txt").write_text(_in_words(own), encoding="utf-8")


def _in_words(own: OwnModel) -> str:
    """Write a specification out, one key on each line."""
    model = own.model
    lines: dict[str, Any] = {
        "program": f"utvandring {__version__}",
        "model": model.kind,
        "outcome": f"outcome_{model.outcome}",
        "where": own.where,
        "by": dict(model.by),
        "only": dict(model.only),
        "columns": dict(own.columns),
        "std_errors": own.std_errors,
        "deaths": own.deaths,
        **(
            {"formula": model.formula.text}
            if model.formula
            else {f"term {place}": term for place, term in enumerate(model.terms, start=1)}
        ),
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def _models_in_words(leaving: Sequence[OwnFit]) -> str:
    lines = []
    for fit in leaving:
        name = ", ".join(filter(None, (fit.model, fit.label)))
        if fit.estimates is None:
            lines.append(f"{name}: not fitted")
        else:
            withheld = int(fit.estimates["withheld_reason"].notna().sum())
            lines.append(f"{name}: {len(fit.estimates)} coefficients, {withheld} withheld")
    return "\n".join(lines) + "\n"


def _acro(
    leaving: Sequence[OwnFit], fits: Sequence[OwnFit], rules: dict[str, int], command: str, files: list[str]
) -> dict[str, Any]:
    """Return the outputs in the form of ACRO's `results.json`: one for each model."""
    results: dict[str, Any] = {}
    today = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    for place, (left, exact) in enumerate(zip(leaving, fits, strict=True)):
        degrees = degrees_of_freedom(exact)
        reasons = (
            pd.Series(dtype=object) if left.estimates is None else left.estimates["withheld_reason"].dropna()
        )
        counted = "".join(
            f" {reason}: {n} coefficients withheld;" for reason, n in reasons.value_counts().items()
        )
        enough = degrees >= rules["min_degrees_of_freedom"]
        sign = ">=" if enough else "<"
        uid = f"output_{place}"
        results[uid] = {
            "uid": uid,
            # What fails was withheld, and is in no file; a person looks all the same.
            "status": "pass" if enough and reasons.empty and left.estimates is not None else "review",
            "type": "regression",
            "properties": {
                "method": "mnlogit" if isinstance(exact.fit, MultinomialFit) else "ols",
                "dof": degrees,
                "model": ", ".join(filter(None, (exact.model, exact.label))),
            },
            "files": [{"name": f"{_RELEASE}/{name}", "sdc": {}} for name in files],
            "outcome": {},
            "command": command,
            "summary": f"dof={degrees} {sign} {rules['min_degrees_of_freedom']};{counted}".rstrip(";"),
            "timestamp": today,
            "comments": [f"Made by utvandring {__version__}; what is behind each number is in {_CHECKING}/."],
            "exception": "",
        }
    return {"version": f"utvandring {__version__}", "results": results}


def _files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _source(connection: duckdb.DuckDBPyConnection) -> str:
    rows = _rows_of(connection, "citation")
    texts = [] if rows.empty else rows.loc[rows["language"] == "en", "cite_as"].tolist()
    return str(texts[0]) if texts else f"utvandring {__version__}, a database without citation."


def _deliveries(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return _rows_of(connection, "delivery")


def _rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    """Read a released table, if the database has it."""
    there = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'release' and table_name = $table",
        {"table": table},
    ).fetchall()
    return connection.table(f"release.{table}").df() if there == [(1,)] else pd.DataFrame()
