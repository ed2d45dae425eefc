"""utvandring: the open warehouse for research on who leaves Norway."""

import os
from importlib.metadata import version

# Read by numpy's linear algebra when it is loaded. With several threads its last digits depend on how many
# cores there are, and on a busy machine they wait for each other for longer than they work: the build of a
# hundredth of Norway takes a fifth less processor time with one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = version("utvandring")
