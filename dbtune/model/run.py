"""Whatever a command came to: a result that is written as a document and drawn as a page."""

from __future__ import annotations

from typing import TypeAlias

from dbtune.model.advice import Report
from dbtune.model.comparison import Comparison
from dbtune.model.digest import QueryDigest
from dbtune.model.load import LoadReport

Run: TypeAlias = Report | QueryDigest | LoadReport | Comparison
