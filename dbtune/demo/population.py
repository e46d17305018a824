"""How many rows each table of the demo platform has in the end."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

# A platform in which every page still finds something to show.
_FEWEST_ROWS = 40

# The catalogue of scenarios and the platform's own services do not grow with its customers.
_SCENARIOS = 160


@dataclass(frozen=True)
class Population:
    """Rows in the end, in the order in which the tables are filled: parents before children."""

    users: int = 11_000
    chefs: int = 1_200
    products: int = 2_400
    scenarios: int = _SCENARIOS
    subscriptions: int = 7_000
    bookings: int = 48_000
    payments: int = 48_000
    reviews: int = 30_000
    sns_accounts: int = 9_000
    campaigns: int = 700
    sns_posts: int = 62_000
    campaign_applications: int = 18_000
    ai_employees: int = 2_000
    page_views: int = 50_000

    @property
    def tables(self) -> tuple[tuple[str, int], ...]:
        """Name and rows of each table, parents before children."""
        return tuple((table, getattr(self, table)) for table in _TABLES)

    @property
    def rows(self) -> int:
        """Rows of all tables that are left in the end, which page_views is not."""
        return sum(rows for _, rows in self.tables) - self.page_views


_TABLES = tuple(field.name for field in dataclasses.fields(Population))


def population_at(scale: float) -> Population:
    """Return the platform at a scale; 1 is a file of about 50 MB."""
    full = Population()
    rows = {table: max(_FEWEST_ROWS, round(count * scale)) for table, count in full.tables}
    return dataclasses.replace(Population(**rows), scenarios=_SCENARIOS)
