"""The definitions once more, person by person: a slow second reading against which the warehouse is tested.

Nothing here shares code with the dbt models. Input are raw register rows, `{(register, period): [row, ...]}`
with the columns of the registers; output are the marts as lists of dicts.
"""

from .child_emigration import child_emigration
from .descendant import descendant_emigration
from .emigration_by_origin import emigration_by_origin
from .evidence import Evidence, Registers
from .family import family_year
from .migration_balance import migration_balance
from .migration_event import migration_event
from .migration_flow import migration_flow
from .mobility_rate import mobility_rate
from .mover_profile import mover_profile
from .person_year import person_year
from .stay import immigration_spell

__all__ = [
    "Evidence",
    "Registers",
    "child_emigration",
    "descendant_emigration",
    "emigration_by_origin",
    "family_year",
    "immigration_spell",
    "migration_balance",
    "migration_event",
    "migration_flow",
    "mobility_rate",
    "mover_profile",
    "person_year",
]
