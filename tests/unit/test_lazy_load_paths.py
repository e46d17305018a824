"""How the recorder names a lazy load: with the way from what the list's query selects."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Prints the relationship of each lazy load.
MODELS = """
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.orm import aliased, joinedload
from dbtune.recorder import lazy_loads

lazy_loads.watch()

class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)

class Node(Base):
    __tablename__ = "nodes"
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    parent: Mapped["Node | None"] = relationship(remote_side="Node.id")

class Leaf(Base):
    __tablename__ = "leaves"
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    node: Mapped[Node] = relationship()

engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Node(id=1), Node(id=2, parent_id=1), Node(id=3, parent_id=2)])
    session.add(Node(id=4, parent_id=3))
    session.flush()
    session.add(Leaf(node_id=3))
    session.commit()

@event.listens_for(engine, "before_cursor_execute")
def tell(connection, cursor, text, *rest):
    name = lazy_loads.take_relationship(text)
    if name:
        print(name)

with Session(engine) as session:
    LOAD
engine.dispose()
"""


@pytest.mark.parametrize(
    ("load", "named"),
    [
        ("session.get(Leaf, 1).node", ["Leaf.node"]),
        ("session.get(Leaf, 1).node.parent", ["Leaf.node", "Leaf.node > Node.parent"]),
        (
            "session.get(Leaf, 1, options=[joinedload(Leaf.node)]).node.parent",
            ["Leaf.node > Node.parent"],
        ),
        ("session.get(Node, 3).parent.parent", ["Node.parent", "Node.parent > Node.parent"]),
        (
            "session.get(Node, 4).parent.parent.parent",
            ["Node.parent", *["Node.parent > Node.parent"] * 2],
        ),
        (
            "session.get(Leaf, 1).node.parent.parent",
            ["Leaf.node", "Leaf.node > Node.parent", "Node.parent > Node.parent"],
        ),
        ("session.scalars(select(aliased(Leaf))).one().node", ["aliased(Leaf).node"]),
    ],
    ids=[
        "from the list",
        "from what was loaded lazily",
        "joined",
        "up a tree",
        "up far",
        "to a tree",
        "alias",
    ],
)
def test_a_lazy_load_is_named_with_its_way(load: str, named: list[str]) -> None:
    """SQLAlchemy refuses an option that does not begin at the query's entity; a tree is one N+1."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MODELS.replace("LOAD", load)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (named, "")
