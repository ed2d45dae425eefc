"""What the catalogue consists of: figures and tables, and the queries behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Query:
    """What is read for a block, where its text is, and which column tells the lines of a chart apart.

    `sql` is given where the release has a table of its own for the block; otherwise the file of `analysis/`
    is run.
    """

    name: str
    file: str
    series: str = ""
    sql: str | None = None


@dataclass(frozen=True)
class Entry:
    """One figure or table: its number, and the characteristics by which a page can be filtered."""

    number: str
    block: str
    method: str
    title: str
    about: Mapping[str, str] = field(default_factory=dict)
