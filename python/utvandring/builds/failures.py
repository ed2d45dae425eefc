"""What failed in a build, in words: which node, in which file, and why."""

import json
import re
from pathlib import Path
from typing import Any

_SHOWN_CHARACTERS = 400
_SHOWN_ROWS = 20
_ROWS_DIFFER = "actual differs from expected:"
# Where the words of the engine begin; before them dbt names the node once more and guesses.
_ENGINE = re.compile(r"^\s*(?=[A-Z][\w ]*Error: )", re.MULTILINE)
# The engine counts lines in what dbt made of the model, and may count wrong. The name that it does not know
# is looked for in the model instead.
_PLACE_IN_GENERATED_SQL = re.compile(r"\s*LINE \d+:.*", re.DOTALL)


class Failures:
    """Describes nodes that failed, with the files that they are written in.

    Parameters
    ----------
    project
        The dbt project.
    manifest
        `manifest.json` of the run; without it nodes are named without their files.
    """

    def __init__(self, project: Path, manifest: Path) -> None:
        self._project = project
        self._files: dict[str, str] = {}
        try:
            content = json.loads(manifest.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        for node in (*content["nodes"].values(), *content["unit_tests"].values()):
            self._files[node["unique_id"]] = node["original_file_path"]

    def describe(self, result: dict[str, Any]) -> str:
        """Return what became of a node: its kind, name and file, then the reason.

        A unit test is named with its model. Rows that differ from the expected ones are a table below.

        Parameters
        ----------
        result
            An entry of `run_results.json`.
        """
        unique_id: str = result["unique_id"]
        kind, project, name, *more = unique_id.split(".")
        file = self._files.get(unique_id, "")
        if kind != "unit_test":
            return self._line(kind, name, file, file if kind == "model" else "", result)
        named = f"{more[0]} of model {name}"
        return self._line(kind, named, file, self._files.get(f"model.{project}.{name}", ""), result)

    def _line(self, kind: str, name: str, file: str, model: str, result: dict[str, Any]) -> str:
        message = result.get("message") or result["status"]
        node = f"{kind} {name} ({file})" if file else f"{kind} {name}"
        if _ROWS_DIFFER in message:
            return (
                f"{node}: the rows differ from the expected ones:{_table(message.partition(_ROWS_DIFFER)[2])}"
            )
        begins = _ENGINE.search(message)
        words = _PLACE_IN_GENERATED_SQL.sub("", message[begins.end() :] if begins else message)
        reason = shorten(words)
        lines = self._lines_of(words, model) if begins else ""
        return f"{node}: {reason} ({model}, {lines})" if lines else f"{node}: {reason}"

    def _lines_of(self, words: str, model: str) -> str:
        """Return the lines of a model that hold a name of which the engine complains, if they are few."""
        path = self._project / model
        if not path.is_file():
            return ""
        text = path.read_text(encoding="utf-8").splitlines()
        # The last name of the first sentence is the unknown one, such as a column after its table.
        for name in reversed(re.findall(r'"(\w+)"', words.partition("\n")[0])):
            found = [n for n, line in enumerate(text, 1) if re.search(rf"\b{name}\b", line)]
            if 0 < len(found) <= 3:
                return f"line{'s' if len(found) > 1 else ''} {', '.join(map(str, found))}"
        return ""


def _table(text: str) -> str:
    rows = [row.rstrip() for row in text.splitlines() if row.strip()]
    shown = [f"\n    {row}" for row in rows[:_SHOWN_ROWS]]
    return "".join(shown) + (f"\n    and {len(rows) - _SHOWN_ROWS} more" if len(rows) > _SHOWN_ROWS else "")


def shorten(message: str) -> str:
    """Return a message on one line, without a traceback and the engine's advice about its own settings."""
    message = message.partition("Traceback (most recent call last)")[0].partition("Possible solutions:")[0]
    text = " ".join(message.split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
