"""A load test read back from its JSON document."""

from __future__ import annotations

from dbtune.model.load import LoadReport
from dbtune.report.documents.json_node import JsonNode
from dbtune.report.documents.json_record import read_record


def read_load(root: JsonNode) -> LoadReport:
    """Return the LoadReport of a document whose version is known."""
    source, load = root.field("source"), root.field("load")
    return read_record(
        root,
        LoadReport,
        database=source.field("path").text(),
        size_bytes=source.field("size_bytes").size(),
        mix=load.field("mix").one_of(("recorded", "reads")),
        unit=load.field("unit").one_of(("request", "transaction", "statement")),
        units=load.field("units").size(),
        statements=load.field("statements").size(),
    )
