"""dbt in a process of its own that never outlives the command that started it.

It reads the project, and waits until a line of standard input says what to build: `utvandring build` checks
the accepted files meanwhile, and keeps its end of standard input open. When it ends, in whatever way,
standard input ends, and with it this process: a killed build leaves no dbt behind that goes on writing the
warehouse.
"""

import gc
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from utvandring.builds.program import current_program

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner

# The engine asks Python for signals between any two pieces of a query, and has to wait while another node is
# prepared in Python: up to 5 ms each time by default, which makes a large build a seventh longer.
_SWITCH_SECONDS = 2e-4

# Objects made before Python looks for unreachable ones, 700 by default. dbt keeps nearly all that it makes:
# looking so often takes a twelfth of a small build and finds nothing.
COLLECTION_THRESHOLD = 50_000


# Not sys.stdin: its lock, held by a waiting thread, would break the ordinary end of this process.
def _read_order() -> bytes:
    order = b""
    while not order.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            sys.exit(1)
        order += piece
    return order


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


def _tell(event: Any) -> None:
    """Write what the command follows, one line of JSON each: nodes that ended, warnings and errors.

    dbt's own log in JSON turns every event into text, of which it then throws away nine in ten.
    """
    if event.info.level in ("warn", "error"):
        told = {"level": event.info.level, "message": event.info.msg}
    elif event.info.name.endswith("Result") and (total := _nodes_in_all(event.data)):
        told = {"node": event.data.node_info.node_name, "index": event.data.index, "total": total}
    else:
        return
    _say(told)


def _say(told: dict[str, Any]) -> None:
    # In one piece: nodes end in threads, and `print` writes the end of a line by itself, so that two lines of
    # two nodes could become one that nobody can read.
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _nodes_in_all(result: Any) -> int:
    # dbt names the same number differently in results of models and of tests.
    total: int = getattr(result, "total", 0) or getattr(result, "num_models", 0)
    return total


def run(dbt: "dbtRunner", *arguments: str) -> Any:
    """Run one command of dbt and return what it made; end the process if it fails."""
    done = dbt.invoke(list(arguments))
    if done.exception is not None:
        _say({"level": "error", "message": str(done.exception)})
    if not done.success:
        sys.exit(1)
    return done.result


def main(settings: list[str]) -> None:
    """Run `dbt build` on request, by one line of JSON: a list of further arguments.

    Parameters
    ----------
    settings
        Arguments that every command of dbt takes.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(COLLECTION_THRESHOLD)
    from dbt.cli.main import dbtRunner

    # Before the project is read: what is changed later is for the next build to find.
    current_program()
    dbt = dbtRunner(callbacks=[_tell])
    dbt.manifest = run(dbt, "--no-write-json", "parse", *settings)
    order = json.loads(_read_order())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run(dbt, "build", *settings, *order)


if __name__ == "__main__":
    main(sys.argv[1:])
