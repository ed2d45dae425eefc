"""Change rules one at a time, at random, and see which test notices.

A test that never fails guards nothing. This script draws small wrong changes (mutants) over the models, the
macros, the flags of the code lists and the Python code: a boundary moved by one, `and` made `or`, an inner
join made a left join, two branches of a `case` in the other order, a lock left out. Against each it runs the
tests that reach it, cheapest first, until one fails. A mutant that nothing catches either says the same as
before (an equivalent mutant: say why in `mutations.md`) or shows a guard that is missing: write the test.

    python benchmarks/mutations.py list --seed 1 --number 40   # what would be changed; same seed, same list
    python benchmarks/mutations.py run --seed 1 --number 40    # run them; goes on where it was stopped
    python benchmarks/mutations.py run --quick                 # first the tests of dbt alone, for all mutants
    python benchmarks/mutations.py run --only int_stay__spell  # mutants of some files (part of the path)
    python benchmarks/mutations.py run --seed 1 3 7            # numbers 3 and 7 of the list
    python benchmarks/mutations.py table --seed 1              # the results in Markdown
    python benchmarks/mutations.py patch --seed 1 7 > 7.patch  # number 7 of the list, for git apply

Everything happens in a copy of the checkout (`--work`, by default `target/mutations`), never in the checkout
itself: a mutant cannot be committed by mistake. The first run makes the copy and builds a small warehouse;
the first Python mutant records which lines each file of tests executes (coverage.py, subprocesses included),
which takes as long as the tests do. Files of tests that take longer than `--longest` seconds are not run
against mutants: `ran` in the results (a line of JSON for each mutant) says which were. Delete the folder
after changing the program: the copy is as it was.

Which tests reach a mutant, in order:

1. of SQL, the unit tests of the model, or of the models that use the macro;
2. of SQL and code lists, the model and what descends from it, built on the small warehouse with data tests;
3. files of tests: those that execute the line, for Python; for the rest those that read a descendant, by the
   relations that they name (`marts.person_year`), of the tests' reference too, and the exposures; for what
   decides which years are built, the tests of builds by year before all that.

What is not mutated, since nothing would be learned: comments, texts, types, sizes of charts, messages; and
`union all` made `union`, which says the same wherever rows have a key. A mutant that is no program is drawn
again. Needs the development environment, Linux or macOS, and coverage (`pip install coverage`).
"""

from __future__ import annotations

import argparse
import ast
import csv
import difflib
import io
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
# The kind of each of twenty mutants: nine of models, six of Python, three of macros, two of code lists.
KINDS = ["model", "macro", "model", "macro", "model", "python", "model", "seed", "model", "python"]
KINDS += ["model", "python", "model", "macro", "model", "python", "model", "seed", "model", "python"]
# Tests of builds by year, which reach what decides which years are built.
BY_YEAR = ("builds/test_incremental.py", "builds/test_yearly_builds.py")
YEARS = "from_year|all_years|is_built"
# Numbers there are sizes, positions and waits, or how large something is in a world that is made up.
WITHOUT_NUMBERS: tuple[str, ...] = (
    "report/charts.py",
    "deliveries/page.py",
    "common/console.py",
    "common/progress.py",
    "cli.py",
)
WITHOUT_NUMBERS += ("simulation/parameters.py", "simulation/calibration.py")
NO_RULES = {"timeout", "indent", "width", "height", "maxlen", "max_examples", "help", "encoding", "parents"}
BUILD = "the small warehouse"
OUT_OF_TIME = "runs out of time"
NEVER = 1e6
UNKNOWN = 300.0


@dataclass(frozen=True)
class Mutant:
    """One changed place of one file; `start` and `end` count characters."""

    kind: str
    operator: str
    path: str
    line: int
    start: int
    end: int
    replacement: str
    before: str
    after: str

    @property
    def name(self) -> str:
        """What a person reads."""
        return f"{self.path}:{self.line} {self.before} → {self.after}"

    def text(self, project: Path) -> str:
        """Return the file with the change."""
        text = (project / self.path).read_bytes().decode()
        return text[: self.start] + self.replacement + text[self.end :]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant; `void` ones, which are no program at all, are drawn again."""

    index: int
    name: str
    operator: str
    caught_by: str
    seconds: float
    ran: tuple[str, ...]
    void: bool = False


# --- places to change ---------------------------------------------------------------------------------------


def mutant(kind: str, operator: str, path: str, text: str, start: int, end: int, replacement: str) -> Mutant:
    """Describe a change by the lines it is on."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    before = " ".join(text[first:last].split())
    after = " ".join((text[first:start] + replacement + text[end:last]).split())
    line = text.count("\n", 0, start) + 1
    return Mutant(kind, operator, path, line, start, end, replacement, before, after or "(nothing)")


def blank(text: str, spans: list[tuple[int, int]]) -> str:
    """Replace parts of a text by spaces, lines stay."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = ["\n" if letter == "\n" else " " for letter in letters[start:end]]
    return "".join(letters)


def spans(pattern: str, text: str) -> list[tuple[int, int]]:
    """Where a pattern lies."""
    return [match.span() for match in re.finditer(pattern, text, re.DOTALL)]


def masks(text: str) -> tuple[str, str]:
    """Return the SQL and the Jinja of a file, each with all else blank: comments and strings in both."""
    code = blank(text, spans(r"\{#.*?#\}", text))
    code = blank(code, spans(r"--[^\n]*", code))
    tags = spans(r"\{%.*?%\}|\{\{.*?\}\}", code)
    sql, jinja = blank(code, tags), list(blank(code, [(0, len(code))]))
    sql_letters = list(blank(sql, spans(r"'[^'\n]*'", sql)))
    for start, end in tags:
        tag = code[start:end]
        # Queries that macros run are strings of several lines.
        for first, last in spans(r'"[^"]*\n[^"]*"', tag):
            query = tag[first + 1 : last - 1]
            sql_letters[start + first + 1 : start + last - 1] = blank(query, spans(r"'[^'\n]*'", query))
        if re.match(r"\{[{%]-?\s*(config|macro|return|endmacro|do)\b", tag) is None:
            jinja[start:end] = blank(tag, spans(r"'[^']*'|\"[^\"]*\"", tag))
    return "".join(sql_letters), "".join(jinja)


def clauses(sql: str) -> list[tuple[int, str]]:
    """Return where which clause begins; what is in parentheses begins with the clause around it."""
    found, stack, now = [(0, "")], [""], ""
    words = r"\b(select|from|on|where|having|qualify|group by|order by|partition by|limit)\b"
    words += r"|\b(case|when|then|else)\b|[()]"
    for match in re.finditer(words, sql):
        if match.group() == "(":
            stack.append(now)
        elif match.group() == ")":
            now = stack.pop() if len(stack) > 1 else now
        else:
            now = match.group()
        found.append((match.start(), now))
    return found


WORDS = [
    ("and/or", r"\band\b", "or"),
    ("and/or", r"\bor\b", "and"),
    ("join", r"\binner join\b", "left join"),
    ("join", r"\bleft join\b", "inner join"),
    ("null", r"\bis null\b", "is not null"),
    ("null", r"\bis not null\b", "is null"),
    ("not", r"\bnot (?=[\w(])(?!null|distinct|exists|materialized)", ""),
    ("comparison", r"(?<![<>=!])<(?![<>=])", "<="),
    ("comparison", r"<=", "<"),
    ("comparison", r"(?<![<>=!-])>(?![<>=])", ">="),
    ("comparison", r">=", ">"),
    ("equality", r"(?<![<>=!:])=(?![=>])", "<>"),
    ("equality", r"<>", "="),
    ("extreme", r"\bmin\(", "max("),
    ("extreme", r"\bmax\(", "min("),
    ("extreme", r"\bfirst\(", "last("),
    ("extreme", r"\bleast\(", "greatest("),
    ("extreme", r"\bgreatest\(", "least("),
    ("extreme", r"\bbool_or\(", "bool_and("),
    ("order", r" desc\b", ""),
    ("order", r"\blead\(", "lag("),
    ("order", r"\blag\(", "lead("),
    ("distinct", r"\bselect distinct\b", "select"),
    ("distinct", r"\bcount\(distinct ", "count("),
    ("flag", r"\btrue\b", "false"),
    ("flag", r"\bfalse\b", "true"),
    ("arithmetic", r"(?<=[\w)]) \+ (?=[\w(])", " - "),
    ("arithmetic", r"(?<=[\w)]) - (?=[\w(])", " + "),
    ("rounding", r"\bround\(", "floor("),
]


def sql_mutants(kind: str, path: str, text: str) -> Iterator[Mutant]:
    """All mutants of a model or macro."""
    sql, jinja = masks(text)
    begins = clauses(sql)

    def clause(position: int) -> str:
        return [name for start, name in begins if start <= position][-1]

    between = {
        match.start(1)
        for match in re.finditer(r"\bbetween\b(?:(?!\bbetween\b|\bor\b).)*?(\band\b)", sql, re.DOTALL)
    }
    for operator, pattern, replacement in WORDS:
        for match in re.finditer(pattern, sql):
            here = clause(match.start())
            if operator == "and/or" and match.start() in between:
                continue
            # Joined by inequality, persons take forever; in a select list `=` may name a parameter.
            if operator == "equality" and here == "on":
                continue
            # The order in which a table lies is no rule.
            if here == "order by" and "\n" not in sql[match.start() :].strip("\n"):
                continue
            yield mutant(kind, operator, path, text, *match.span(), replacement)
    for match in re.finditer(r"(?<![\w.])(\d+)(?![\w.])", sql):
        before = sql[: match.start()].rstrip()[-12:]
        if clause(match.start()) in ("group by", "order by", "limit") or re.search(r"decimal\($", before):
            continue
        if re.search(r"(<|>|=|\bbetween|\band|\+|-|,|\(|interval|then|else)$", before):
            yield mutant(kind, "number", path, text, *match.span(), str(int(match.group()) + 1))
            if match.group() not in ("0", "1"):
                yield mutant(kind, "number", path, text, *match.span(), str(int(match.group()) - 1))
    # A condition left out, where it has a line of its own.
    for match in re.finditer(r"\n *(and|or) [^\n]*(?=\n)", sql):
        if clause(match.start()) in ("on", "where", "qualify") and balanced(match.group()):
            yield mutant(kind, "condition", path, text, match.start() + 1, match.end() + 1, "")
    yield from swapped_branches(kind, path, text, sql)
    for operator, pattern, replacement in (
        ("and/or", r"\band\b", "or"),
        ("and/or", r"\bor\b", "and"),
        ("not", r"\bnot (?!in\b|none\b)", ""),
        ("equality", r"==", "!="),
        ("equality", r"!=", "=="),
        ("arithmetic", r" \+ ", " - "),
        ("arithmetic", r" - ", " + "),
        ("null", r"\bis none\b", "is not none"),
        ("null", r"\bis not none\b", "is none"),
    ):
        for match in re.finditer(pattern, jinja):
            yield mutant(kind, operator, path, text, *match.span(), replacement)
    # A year later than an input matters from; a year earlier only builds more than is needed.
    for match in re.finditer(r"(?:from_year|all_years)\('\w+', '[^'+]+?( [+-] \d+)?'", text):
        later = int((match.group(1) or "0").replace(" ", "")) + 1
        start, end = match.span(1) if match.group(1) else (match.end() - 1, match.end() - 1)
        said = f" {'-' if later < 0 else '+'} {abs(later)}" if later else ""
        yield mutant(kind, "number", path, text, start, end, said)
    for match in re.finditer(r"earlier=(\d+)", text):
        yield mutant(kind, "number", path, text, *match.span(1), str(int(match.group(1)) - 1))


def balanced(text: str) -> bool:
    """Whether parentheses and cases of a text are closed in it."""
    cases = len(re.findall(r"\bcase\b", text)) == len(re.findall(r"\bend\b", text))
    return text.count("(") == text.count(")") and cases


def swapped_branches(kind: str, path: str, text: str, sql: str) -> Iterator[Mutant]:
    """Mutants in which two branches of a `case`, one after the other, have changed places."""
    stack: list[list[int]] = []
    for match in re.finditer(r"\b(case|when|else|end)\b", sql):
        word, start = match.group(), match.start()
        if word == "case":
            stack.append([] if sql[match.end() :].lstrip().startswith("when") else [-1])
        elif stack and word in ("when", "else"):
            stack[-1].append(start)
        elif stack:
            places = [*stack.pop(), start]
            if places[0] < 0:
                continue
            for first, second, third in zip(places, places[1:], places[2:], strict=False):
                if not sql.startswith("when", second):
                    continue
                one, two = text[first:second].rstrip(), text[second:third].rstrip()
                space = text[first + len(one) : second]
                alike = [re.match(r"when ([\w.]+) (?:between|=) ", part) for part in (one, two)]
                # Branches that exclude each other.
                if alike[0] and alike[1] and alike[0].group(1) == alike[1].group(1):
                    continue
                yield mutant(kind, "precedence", path, text, first, second + len(two), two + space + one)


COMPARED: dict[type, tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}


def python_mutants(path: str, text: str) -> Iterator[Mutant]:
    """All mutants of a Python file, by its syntax tree: comments, docstrings and types stay."""
    offsets = [0]
    for line in text.encode().splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    raw = text.encode()

    def place(line: int, column: int) -> int:
        return len(raw[: offsets[line - 1] + column].decode())

    def span(node: Any) -> tuple[int, int]:
        return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)

    def change(operator: str, start: int, end: int, replacement: str) -> Mutant:
        return mutant("python", operator, path, text, start, end, replacement)

    def between(left: Any, right: Any, old: str, new: str, operator: str) -> Iterator[Mutant]:
        start, end = span(left)[1], span(right)[0]
        found = re.search(re.escape(old) if not old[0].isalpha() else rf"\b{old}\b", text[start:end])
        if found:
            yield change(operator, start + found.start(), start + found.end(), new)

    def visit(node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, ast.Compare):
            for left, sign, right in zip(
                [node.left, *node.comparators], node.ops, node.comparators, strict=False
            ):
                old, new = COMPARED[type(sign)]
                yield from between(left, right, old, new, "comparison")
        elif isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in itertools.pairwise(node.values):
                yield from between(left, right, old, new, "and/or")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield change("not", span(node)[0], span(node.operand)[0], "")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            texts = any(
                isinstance(part, ast.JoinedStr | ast.List | ast.Tuple)
                or (isinstance(part, ast.Constant) and isinstance(part.value, str))
                for part in (node.left, node.right)
            )
            if not texts:
                old, new = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
                yield from between(node.left, node.right, old, new, "arithmetic")
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield change("flag", *span(node), str(not node.value))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, int)
            and not path.endswith(WITHOUT_NUMBERS)
        ):
            yield change("number", *span(node), str(node.value + 1))
        elif isinstance(node, ast.With):
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "exclusive":
                    yield change("lock", *span(call), '__import__("contextlib").nullcontext()')
        elif isinstance(node, ast.Raise):
            yield change("left out", *span(node), "pass")
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            called = ast.unparse(node.value.func)
            if not re.search(r"print|echo|progress|log|warn|show|console|close", called):
                yield change("left out", *span(node), "pass")
        elif isinstance(node, ast.Name) and node.id in ("min", "max") and isinstance(node.ctx, ast.Load):
            yield change("extreme", *span(node), "max" if node.id == "min" else "min")
        yield from inside(node)

    def inside(node: ast.AST) -> Iterator[Mutant]:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list") or isinstance(node, ast.JoinedStr):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.keyword) and child.arg in NO_RULES:
                    continue
                if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                    continue
                if isinstance(child, ast.AST):
                    yield from visit(child)

    yield from inside(ast.parse(text))


def seed_mutants(path: str, text: str) -> Iterator[Mutant]:
    """All mutants of a code list: one flag of one code."""
    position = 0
    for line in text.splitlines(keepends=True):
        fields = next(csv.reader([line]))
        for flag in re.finditer(r"(?<=,)(true|false)(?=,|\r?\n)", line):
            if flag.group() in fields:
                start, end = (position + place for place in flag.span())
                yield mutant(
                    "seed", "flag", path, text, start, end, "false" if flag.group() == "true" else "true"
                )
        position += len(line)


def places(project: Path, only: str = "") -> dict[str, list[Mutant]]:
    """All mutants there are, by kind."""
    found: dict[str, list[Mutant]] = {"model": [], "macro": [], "python": [], "seed": []}
    for kind, folder, pattern in (
        ("model", "models", "*.sql"),
        ("macro", "macros", "*.sql"),
        ("python", "python/utvandring", "*.py"),
        ("seed", "seeds/code_lists", "*.csv"),
    ):
        for file in sorted((project / folder).rglob(pattern)):
            path = file.relative_to(project).as_posix()
            if only not in path:
                continue
            text = file.read_bytes().decode()
            if kind == "python":
                found[kind] += python_mutants(path, text)
            elif kind == "seed":
                found[kind] += seed_mutants(path, text)
            else:
                found[kind] += sql_mutants(kind, path, text)
    return found


def draw(project: Path, seed: int, only: str = "") -> Iterator[Mutant]:
    """Mutants in the order of a seed: a kind by its share, an operator, a file, a place."""
    chance = random.Random(seed)
    pool = {kind: found for kind, found in places(project, only).items() if found}
    drawn: set[tuple[str, int, str]] = set()
    for kind in itertools.cycle(kind for kind in KINDS if kind in pool):
        for _ in range(1000):
            operator = chance.choice(sorted({one.operator for one in pool[kind]}))
            of_operator = [one for one in pool[kind] if one.operator == operator]
            path = chance.choice(sorted({one.path for one in of_operator}))
            one = chance.choice([one for one in of_operator if one.path == path])
            if (one.path, one.start, one.replacement) in drawn:
                continue
            drawn.add((one.path, one.start, one.replacement))
            if kind != "python" or compiles(one.text(project)):
                yield one
                break
        else:
            return


def compiles(text: str) -> bool:
    """Whether a text is Python."""
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


# --- what reaches what --------------------------------------------------------------------------------------


class Reach:
    """Which tests reach which file: by dbt's lineage and by recorded coverage."""

    def __init__(self, work: Path) -> None:
        checkout = work / "checkout"
        self.manifest = json.loads((work / "target" / "manifest.json").read_text(encoding="utf-8"))
        self.nodes: dict[str, Any] = self.manifest["nodes"]
        self.lines: dict[str, dict[str, list[int]]] = read_json(work / "coverage.json", {})
        self.seconds: dict[str, float] = read_json(work / "seconds.json", {})
        self.tests = self._tests(checkout / "tests" / "python", checkout / "analysis")
        self.times = {
            result["unique_id"]: result["execution_time"]
            for result in read_json(work / "root" / "target" / "run_results.json", {"results": []})["results"]
        }

    def _tests(self, folder: Path, analysis: Path) -> dict[str, set[str]]:
        """Return the models whose relations each file of tests names, itself or through what it imports."""
        queries = "\n".join(path.read_text(encoding="utf-8") for path in sorted(analysis.rglob("*.sql")))
        helpers = {path.stem: path for path in folder.glob("*.py") if not path.name.startswith("test_")}
        reference = "\n".join(
            path.read_text(encoding="utf-8") for path in sorted(folder.glob("reference/*.py"))
        )
        relations = {
            f"{node['schema']}.{node['alias']}": name
            for name, node in self.nodes.items()
            if node["resource_type"] in ("model", "seed")
        }
        named: dict[str, set[str]] = {}
        for path in sorted(folder.rglob("test_*.py")):
            file, text = path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")
            imported = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)) - {"conftest"}
            text += "".join(
                helpers[name].read_text(encoding="utf-8") for name in sorted(imported & set(helpers))
            )
            if "reference.warehouse" in text:
                text += reference
            if "analysis" in text:
                text += queries
            words = set(re.findall(r"\w+\.\w+", text))
            quoted = {
                f"{schema}.{word}" for word in re.findall(r'"(\w+)"', text) for schema in ("marts", "release")
            }
            named[file] = {
                name for relation, name in relations.items() if relation in words or (relation in quoted)
            }
            # A test may run a model by its file.
            named[file] |= {name for name in relations.values() if f"{self.nodes[name]['name']}.sql" in text}
            for exposure in self.manifest["exposures"].values():
                if path.name.startswith(f"test_{exposure['name']}"):
                    named[file] |= set(exposure["depends_on"]["nodes"])
        return named

    def of_file(self, path: str) -> set[str]:
        """Return the models or seeds that a file is, or the models that use its macros."""
        found = {name for name, node in self.nodes.items() if node["original_file_path"] == path}
        if path.startswith("macros/"):
            macros = {
                name for name, macro in self.manifest["macros"].items() if macro["original_file_path"] == path
            }
            while True:
                more = {
                    name
                    for name, macro in self.manifest["macros"].items()
                    if macro["package_name"] == "utvandring" and macros & set(macro["depends_on"]["macros"])
                }
                if more <= macros:
                    break
                macros |= more
            found = {name for name, node in self.nodes.items() if macros & set(node["depends_on"]["macros"])}
        return {name for name in found if name.split(".")[0] in ("model", "seed")}

    def descendants(self, names: set[str]) -> set[str]:
        """Return the nodes and all that is made of them, models and seeds only."""
        found, new = set(names), set(names)
        while new:
            new = {child for name in new for child in self.manifest["child_map"].get(name, [])} - found
            found |= new
        return {name for name in found if name.split(".")[0] in ("model", "seed")}

    def unit_tested(self, names: set[str]) -> list[str]:
        """Return those models that have unit tests."""
        tested = {
            model
            for test in self.manifest["unit_tests"].values()
            for model in test["depends_on"]["nodes"][:1]
        }
        return sorted(self.nodes[name]["name"] for name in names & tested)

    def by_lineage(self, names: set[str]) -> list[str]:
        """Return the files of tests that read one of the models, or something made of it, cheapest first."""
        made = self.descendants(names)
        files = {file for file, read in self.tests.items() if read & made}
        return sorted(files - set(BY_YEAR), key=self.cost)

    def by_coverage(self, path: str, line: int) -> tuple[list[str], bool]:
        """Return the files of tests that execute a line, cheapest first, and whether building does."""
        of_file = self.lines.get(path, {})
        files = {name for name, lines in of_file.items() if line in lines and name}
        if not files - {BUILD}:
            # Executed when the file is read: whoever calls something of it.
            files = {name for name in of_file if name}
        return sorted(files - {BUILD}, key=self.cost), BUILD in files

    def cost(self, file: str) -> tuple[float, str]:
        """Seconds that a file of tests takes; of those that were not measured it is a guess."""
        return self.seconds.get(file, UNKNOWN), file


def read_json(path: Path, otherwise: Any) -> Any:
    """Read a file that may not exist."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else otherwise


# --- the copy that is changed -------------------------------------------------------------------------------


def environment(work: Path, **more: str) -> dict[str, str]:
    """Return the variables under which the copy runs its own Python, never an installed one."""
    path = f"{work / 'checkout' / 'python'}{os.pathsep}{Path(__file__).parent}"
    return {
        **os.environ,
        "PYTHONPATH": path,
        "UTVANDRING_MEMORY": "3GB",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


def prepare(work: Path) -> None:
    """Copy the checkout and build a small warehouse in it; done once."""
    work.mkdir(parents=True, exist_ok=True)
    checkout, root = work / "checkout", work / "root"
    if not (work / "original").exists():
        listing = ["git", "ls-files", "-co", "--exclude-standard"]
        listed = subprocess.run(listing, cwd=PROJECT, capture_output=True, text=True, check=True)
        for name in listed.stdout.splitlines():
            if (PROJECT / name).is_file():
                (checkout / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(PROJECT / name, checkout / name)
        shutil.copytree(checkout, work / "original")
    if not (root / "published" / "utvandring.duckdb").exists():
        print("The small warehouse is simulated and built ...", file=sys.stderr)
        for arguments in (
            ["simulate", "--out", str(work / "delivery"), "--scale", "0.01", "--seed", "1"],
            ["deliver", str(work / "delivery")],
            ["build"],
        ):
            subprocess.run(
                [sys.executable, *recording(work), "-m", "utvandring.cli", "--quiet", *arguments],
                cwd=checkout,
                env=environment(work, UTVANDRING_DATA=str(root), MUTATION_CONTEXT=BUILD),
                check=True,
            )
    if not (work / "target" / "partial_parse.msgpack").exists():
        dbt(work, root, "parse", timeout=600)


def recording(work: Path) -> list[str]:
    """Return the arguments of Python under which lines are recorded, in subprocesses too."""
    (work / "coverage").mkdir(exist_ok=True)
    (work / "coverage.ini").write_text(
        "[run]\nsource_pkgs = utvandring\nparallel = true\npatch = subprocess, _exit\n"
        f"data_file = {work / 'coverage' / 'data'}\ncontext = ${{MUTATION_CONTEXT-}}\n"
    )
    return ["-m", "coverage", "run", f"--rcfile={work / 'coverage.ini'}"]


def record(work: Path, longest: float) -> None:
    """Record which lines of Python each file of tests executes; done once, and as long as the tests."""
    checkout = work / "checkout"
    seconds: dict[str, float] = read_json(work / "seconds.json", {})
    folder = checkout / "tests" / "python"
    for file in sorted(path.relative_to(folder).as_posix() for path in folder.rglob("test_*.py")):
        if file in seconds:
            continue
        print(f"What {file} executes is recorded ...", file=sys.stderr)
        shutil.rmtree(work / "trial", ignore_errors=True)
        shutil.copytree(work / "root", work / "trial" / "built" / "made")
        begun = time.monotonic()
        failed, _ = run_tests(
            work, [file], timeout=longest, is_built=True, prefix=recording(work), MUTATION_CONTEXT=file
        )
        seconds[file] = NEVER if failed == OUT_OF_TIME else round(time.monotonic() - begun, 1)
        if failed:
            print(f"  {failed} already, without any change", file=sys.stderr)
        (work / "seconds.json").write_text(json.dumps(seconds, indent=1), encoding="utf-8")
        read_coverage(work)


def read_coverage(work: Path) -> None:
    """Read which lines each file of tests executed."""
    import coverage

    found: dict[str, dict[str, set[int]]] = {}
    for part in sorted((work / "coverage").glob("data*")):
        data = coverage.CoverageData(str(part))
        data.read()
        for file in data.measured_files():
            path = "python/utvandring" + file.replace(os.sep, "/").rpartition("python/utvandring")[2]
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in contexts:
                    found.setdefault(path, {}).setdefault(context.split("|")[0], set()).add(line)
    lines = {
        path: {context: sorted(lines) for context, lines in by_context.items()}
        for path, by_context in found.items()
    }
    (work / "coverage.json").write_text(json.dumps(lines), encoding="utf-8")


def run_tests(
    work: Path,
    files: list[str],
    *,
    timeout: float,
    is_built: bool,
    prefix: list[str] | None = None,
    **more: str,
) -> tuple[str, str]:
    """Run files of tests one after the other; return the test that failed first, with what was told.

    `is_built` says that the warehouse in `trial/built/made` is the one that tests share; else they make it.
    """
    trial = work / "trial"
    trial.mkdir(parents=True, exist_ok=True)
    if is_built:
        # As `made_once` of tests/python/conftest.py leaves them; elsewhere they would be made again.
        (trial / "simulated").mkdir(exist_ok=True)
        if not (trial / "simulated" / "made").exists():
            (trial / "simulated" / "made").symlink_to(work / "delivery")
        for name in ("simulated", "built"):
            (trial / name / "done").touch()
    options = ["-x", "-q", "--tb=line", "-p", "no:cacheprovider", "--basetemp", str(trial / "gw0")]
    options += [f"tests/python/{file}" for file in files]
    with subprocess.Popen(
        [sys.executable, *(prefix or []), "-m", "pytest", *options],
        cwd=work / "checkout",
        env=environment(work, PYTEST_XDIST_WORKER="gw0", **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as ran:
        try:
            told, _ = ran.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(ran.pid, signal.SIGKILL)
            return OUT_OF_TIME, ""
    if ran.returncode == 0:
        return "", ""
    found = re.search(r"^(?:FAILED|ERROR) (?:tests/python/)?(\S+)", told, re.MULTILINE)
    return (found.group(1) if found else "pytest"), told[-2000:]


def dbt(work: Path, root: Path, *arguments: str, timeout: float) -> tuple[str, str]:
    """Run dbt in the copy; return what failed first, with its message, or two empty texts.

    In a copy of this process, which has read the program of dbt already: a fifth of a short run.
    """
    import dbt.adapters.duckdb
    import dbt.cli.main

    results, log = work / "target" / "run_results.json", work / "dbt.txt"
    results.unlink(missing_ok=True)
    more = ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    more += ["--project-dir", ".", "--profiles-dir", "."]
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(work / "checkout")
        os.environ.update(environment(work, UTVANDRING_DATA=str(root)))
        sys.path.insert(0, str(work / "checkout" / "python"))
        done = dbt.cli.main.dbtRunner().invoke(["--no-send-anonymous-usage-stats", *arguments, *more])
        print(done.exception or "", flush=True)
        os._exit(0 if done.success else 1)
    deadline = time.monotonic() + timeout
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return OUT_OF_TIME, ""
        time.sleep(0.1)
    if status == 0:
        return "", ""
    for result in read_json(results, {"results": []})["results"]:
        if result["status"] in ("fail", "error", "runtime error"):
            kind, _, name = result["unique_id"].split(".", 2)
            kind = {"test": "data test", "unit_test": "unit test"}.get(kind, kind)
            name = name.split(".")[0] if kind == "data test" else name.rpartition(".")[2]
            return f"{kind} {name}", str(result["message"])
    return "dbt", log.read_text(encoding="utf-8", errors="replace")[-3000:]


class Trial:
    """The copy while one mutant is in it."""

    def __init__(self, work: Path, reach: Reach, longest: float, is_quick: bool) -> None:
        self.work, self.reach, self.longest, self.is_quick = work, reach, longest, is_quick
        self.ran: list[str] = []

    def run(self, index: int, one: Mutant) -> Verdict:
        """Put the mutant into the copy, run what reaches it until something fails, and take it out again."""
        file = self.work / "checkout" / one.path
        begun = time.monotonic()
        parsed = self.work / "target" / "partial_parse.msgpack"
        keep = parsed.read_bytes()
        shutil.rmtree(self.work / "trial", ignore_errors=True)
        self.ran = []
        try:
            file.write_bytes(one.text(self.work / "original").encode())
            caught, message = self._python(one) if one.kind == "python" else self._sql(one)
        finally:
            shutil.copyfile(self.work / "original" / one.path, file)
            parsed.write_bytes(keep)
        is_no_sql = "Parser Error" in message or "syntax error" in message.lower() or caught == "dbt"
        if re.search(r"Binder Error|Catalog Error|Compilation Error", message) and not caught.startswith(
            "test_"
        ):
            caught = f"does not compile ({caught})"
        seconds = round(time.monotonic() - begun, 1)
        return Verdict(index, one.name, one.operator, caught, seconds, tuple(self.ran), is_no_sql)

    def _sql(self, one: Mutant) -> tuple[str, str]:
        names = self.reach.of_file(one.path)
        is_everywhere = one.kind == "macro" and not names
        # A unit test that gives a code list no rows reads the list itself.
        readers = {child for name in names for child in self.reach.manifest["child_map"].get(name, [])}
        tested = self.reach.unit_tested(names | readers if one.kind == "seed" else names)
        if tested:
            self.ran.append("unit tests")
            selection = [f"{name},test_type:unit" for name in tested]
            found = dbt(
                self.work, self.work / "root", "test", "--fail-fast", "--select", *selection, timeout=600
            )
            if found[0]:
                return found
        made = self.reach.descendants(names)
        if one.path.startswith("macros/incremental") or re.search(YEARS, one.before):
            found = ("", "") if self.is_quick else self._pytest(list(BY_YEAR), is_built=False)
            if found[0]:
                return found
        files = self.reach.by_lineage(set(self.reach.nodes) if is_everywhere else names)
        # Those that build from hand-written registers need no warehouse of this mutant.
        own = [file for file in files if "hand_written" in file]
        building = sum(self.reach.times.get(name, 0.1) for name in made)
        if own and building > 30 and not self.is_quick:
            found = self._pytest(own, is_built=False)
            if found[0]:
                return found
            files = [file for file in files if file not in own]
        root = self.work / "trial" / "built" / "made"
        shutil.copytree(self.work / "root", root)
        self.ran.append("data tests")
        kinds = [part for kind in ("model", "seed", "test") for part in ("--resource-type", kind)]
        selection = [f"{self.reach.nodes[name]['name']}+" for name in sorted(names)] or ["fqn:*"]
        found = dbt(
            self.work,
            root,
            "build",
            "--full-refresh",
            "--fail-fast",
            *kinds,
            "--select",
            *selection,
            timeout=900,
        )
        if found[0] or self.is_quick:
            return found
        publish = "import sys; from pathlib import Path; from utvandring.builds.building import program_of; "
        publish += "from utvandring.common.project import DataRoot, project_root; "
        publish += "from utvandring.builds.publication import publish; "
        publish += "publish(DataRoot(Path(sys.argv[1])), program_of(project_root()))"
        subprocess.run(
            [sys.executable, "-c", publish, str(root)],
            env=environment(self.work),
            cwd=self.work / "checkout",
            check=True,
        )
        return self._pytest(files, is_built=True)

    def _python(self, one: Mutant) -> tuple[str, str]:
        files, is_built = self.reach.by_coverage(one.path, one.line)
        root = self.work / "trial" / "built" / "made"
        shutil.copytree(self.work / "root", root)
        found = self._pytest(files, is_built=True)
        if found[0] or not is_built:
            return found
        folder = self.work / "checkout" / "tests" / "python"
        fixtures = ("built_warehouse", "small_delivery")
        again = [
            file for file in files if any(name in (folder / file).read_text("utf-8") for name in fixtures)
        ]
        shutil.rmtree(self.work / "trial", ignore_errors=True)
        return self._pytest(again, is_built=False)

    def _pytest(self, files: list[str], *, is_built: bool) -> tuple[str, str]:
        """Run files of tests, over the warehouse of this mutant if there is one."""
        files = [file for file in files if self.reach.cost(file)[0] <= self.longest]
        if not files:
            return "", ""
        self.ran += files
        timeout = 300 + 3 * sum(self.reach.cost(file)[0] for file in files)
        return run_tests(self.work, files, timeout=timeout, is_built=is_built)


# --- the command --------------------------------------------------------------------------------------------


def read_results(work: Path, seed: int, only: str) -> dict[int, Verdict]:
    """Read what was run already."""
    path = results_file(work, seed, only)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    verdicts = [Verdict(**json.loads(line)) for line in lines]
    return {verdict.index: verdict for verdict in verdicts}


def results_file(work: Path, seed: int, only: str) -> Path:
    """Return the file of the verdicts of one draw."""
    return work / f"results-{seed}{'-' + re.sub(r'[^a-z0-9_]+', '-', only) if only else ''}.jsonl"


def table(results: dict[int, Verdict]) -> str:
    """Return the verdicts as a table in Markdown."""

    def cell(text: str) -> str:
        return text.replace("|", "\\|").replace("`", "'")

    out = io.StringIO()
    out.write("| | Mutant | Caught by | s |\n|--:|---|---|--:|\n")
    for verdict in (verdict for _, verdict in sorted(results.items()) if not verdict.void):
        place, _, change = verdict.name.partition(" ")
        caught = f"`{cell(verdict.caught_by)}`" if verdict.caught_by else "**nothing**"
        out.write(f"| {verdict.index} | {place}<br>`{cell(change)}` | {caught} | {verdict.seconds:.0f} |\n")
    return out.getvalue()


def main() -> None:
    """Take the command line."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("list", "run", "table", "patch"))
    parser.add_argument("numbers", nargs="*", type=int, help="of the list, for patch and run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=40)
    parser.add_argument("--only", default="", help="part of a path: mutants of these files only")
    parser.add_argument("--work", type=Path, default=PROJECT / "target" / "mutations")
    parser.add_argument(
        "--longest", type=float, default=600, help="leave out files of tests that take longer (s)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="only the tests of dbt; what they miss is run later"
    )
    told = parser.parse_intermixed_args()
    work = told.work.absolute()
    if told.what == "table":
        print(table(read_results(work, told.seed, told.only)), end="")
        return
    if told.what == "run":
        prepare(work)
    original = work / "original" if (work / "original").exists() else PROJECT
    drawn = draw(original, told.seed, told.only)
    if told.what == "patch":
        for index, one in enumerate(drawn):
            if index > max(told.numbers):
                break
            if index in told.numbers:
                old = (original / one.path).read_bytes().decode().splitlines(keepends=True)
                new = one.text(original).splitlines(keepends=True)
                sys.stdout.writelines(difflib.unified_diff(old, new, f"a/{one.path}", f"b/{one.path}"))
        return
    if told.what == "list":
        for index, one in enumerate(itertools.islice(drawn, told.number)):
            print(f"{index:3} {one.kind:6} {one.operator:10} {one.name}")
        return
    trial = Trial(work, Reach(work), told.longest, told.quick)
    for index, one in enumerate(drawn):
        results = read_results(work, told.seed, told.only)
        if told.numbers and index > max(told.numbers):
            break
        if not told.numbers and sum(not verdict.void for verdict in results.values()) >= told.number:
            break
        if (
            index in results
            or (told.numbers and index not in told.numbers)
            or (told.quick and one.kind == "python")
        ):
            continue
        if one.kind == "python":
            record(work, told.longest)
            trial.reach = Reach(work)
        verdict = trial.run(index, one)
        if told.quick and not verdict.caught_by:
            print(
                f"{index:3} {verdict.seconds:5.0f} s  {one.name}\n      not by the tests of dbt", flush=True
            )
            continue
        with results_file(work, told.seed, told.only).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(verdict)) + "\n")
        print(
            f"{index:3} {verdict.seconds:5.0f} s  {one.name}\n      {verdict.caught_by or 'NOTHING'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
