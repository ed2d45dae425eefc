"""What the commands show: plain text to a pipe, progress bars and colours to a person."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

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
def progress_bar(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Show how far a long work has come, if a person is watching.

    Parameters
    ----------
    quiet
        Whether to show nothing.

    Yields
    ------
    callable
        Takes what is being done and the share that is done, from 0 to 1.
    """
    columns = (
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda label, fraction: progress.update(task, description=label, completed=fraction)
