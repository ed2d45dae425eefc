"""Output of the commands: plain text to a pipe, progress bars and colours to a person."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console

from utvandring.common.progress import Progress

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str | None = None) -> None:
    """Print one line of the result; text from files is never taken for markup."""
    out.print(text, style=style, markup=False)


def complain(text: str) -> None:
    """Print one line about an error."""
    err.print(text, style="red", markup=False)


def examples(*commands: str) -> str:
    """Return the closing lines of a command's help: one example on each."""
    return "\n\n".join(["Examples:", *(f"`{command}`" for command in commands)])


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Progress]:
    """Show how far a long work has come, if a person is watching.

    Parameters
    ----------
    quiet
        Whether to show nothing.

    Yields
    ------
    Progress
        Called with the progress of the work.
    """
    columns = (
        bars.BarColumn(bar_width=30),
        bars.TaskProgressColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.description}", markup=False),
    )
    with bars.Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda label, fraction: bar.update(task, description=label, completed=fraction)
