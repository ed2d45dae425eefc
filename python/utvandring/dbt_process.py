"""dbt in a process of its own that never outlives the command that started it.

`utvandring build` keeps the other end of standard input open. When it ends, in whatever way, standard input
ends, and with it this process: a killed build leaves no dbt behind that goes on writing the warehouse.
"""

import gc
import json
import os
import sys
import threading
from typing import Any

# The engine asks Python for signals between any two pieces of a query, and has to wait while another node is
# prepared in Python: up to 5 ms each time by default, which makes a large build a seventh longer.
_SWITCH_SECONDS = 2e-4

# Objects made before Python looks for unreachable ones, 700 by default. dbt keeps nearly all that it makes:
# looking so often takes a twelfth of a small build and finds nothing.
_COLLECTION_THRESHOLD = 50_000


def _end_with_parent() -> None:
    # Not sys.stdin: its lock, held by a waiting thread, would break the ordinary end of this process.
    while os.read(0, 1):
        pass
    os._exit(1)


def _tell(event: Any) -> None:
    """Write what the command follows, one line of JSON each: nodes that ended, warnings and errors.

    dbt's own log in JSON turns every event into text, of which it then throws away nine in ten.
    """
    if event.info.level in ("warn", "error"):
        told = {"level": event.info.level, "message": event.info.msg}
    elif event.info.name.endswith("Result") and getattr(event.data, "total", 0):
        told = {"node": event.data.node_info.node_name, "index": event.data.index, "total": event.data.total}
    else:
        return
    print(json.dumps(told), flush=True)


def main() -> None:
    """Run dbt with the arguments of this process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(_COLLECTION_THRESHOLD)
    from dbt.cli.main import cli

    cli.main(sys.argv[1:], obj={"callbacks": [_tell]})


if __name__ == "__main__":
    main()
