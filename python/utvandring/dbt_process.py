"""dbt in a process of its own that never outlives the command that started it.

`utvandring build` keeps the other end of standard input open. When it ends, in whatever way, standard input
ends, and with it this process: a killed build leaves no dbt behind that goes on writing the warehouse.
"""

import os
import sys
import threading


def _end_with_parent() -> None:
    # Not sys.stdin: its lock, held by a waiting thread, would break the ordinary end of this process.
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    """Run dbt with the arguments of this process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from dbt.cli.main import cli

    cli(sys.argv[1:])


if __name__ == "__main__":
    main()
