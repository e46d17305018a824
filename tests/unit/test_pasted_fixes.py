"""The option that an N+1's fix names is taken by SQLAlchemy as it stands, and ends the N+1."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest
from sqlalchemy import Column, Engine, ForeignKey, Select, Table, create_engine, orm, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, relationship
from sqlalchemy.pool import StaticPool

import dbtune


class Base(DeclarativeBase):
    """The models of a library."""

    id: Mapped[int] = mapped_column(primary_key=True)


_tagged = Table(
    "tagged",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Author(Base):
    """Has books."""

    __tablename__ = "authors"
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    """Has an author, tags and reviews."""

    __tablename__ = "books"
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")
    tags: Mapped[list[Tag]] = relationship(secondary=_tagged)
    reviews: Mapped[list[Review]] = relationship()


class Tag(Base):
    """Is of many books."""

    __tablename__ = "tags"


class Person(Base):
    """Works for a company."""

    __tablename__ = "people"
    kind: Mapped[str]
    company_id: Mapped[int | None] = mapped_column(ForeignKey("companies.id"))
    company: Mapped[Company | None] = relationship(back_populates="people")
    __mapper_args__: ClassVar[dict[str, str]] = {
        "polymorphic_on": "kind",
        "polymorphic_identity": "person",
    }


class Driver(Person):
    """Has cars."""

    __tablename__ = "drivers"
    id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    cars: Mapped[list[Car]] = relationship()
    __mapper_args__: ClassVar[dict[str, str]] = {"polymorphic_identity": "driver"}


class Car(Base):
    """Is a driver's."""

    __tablename__ = "cars"
    driver_id: Mapped[int] = mapped_column(ForeignKey("drivers.id"))


class Company(Base):
    """Has people."""

    __tablename__ = "companies"
    people: Mapped[list[Person]] = relationship(back_populates="company")


class Review(Base):
    """Is a person's, of a book."""

    __tablename__ = "reviews"
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    person: Mapped[Person] = relationship()


class Node(Base):
    """Hangs below another one."""

    __tablename__ = "nodes"
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    children: Mapped[list[Node]] = relationship(back_populates="parent")
    parent: Mapped[Node | None] = relationship(back_populates="children", remote_side="Node.id")


def _rows() -> Iterator[Base]:
    tags = [Tag(), Tag()]
    for _ in range(6):
        driver = Driver(cars=[Car()])
        yield Company(people=[driver, Person()])
        books = [Book(tags=tags, reviews=[Review(person=Driver())]) for _ in range(2)]
        yield Author(books=books)
        yield Node(children=[Node(children=[Node()])])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Six of each."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(_rows())
        session.commit()
    yield engine
    engine.dispose()


ALIAS = aliased(Author)
ROOTS = select(Node).where(Node.parent_id.is_(None))
Use = Callable[[Any], object]
BOOKS_REVIEWS: Use = lambda author: [book.reviews for book in author.books]  # noqa: E731
DRIVERS: Use = lambda company: [p.cars for p in company.people if isinstance(p, Driver)]  # noqa: E731
CASES: dict[str, tuple[Select[Any], Use, int]] = {
    "to many": (select(Author), lambda author: author.books, 2),
    "to one": (select(Book).group_by(Book.author_id), lambda book: book.author, 2),
    "many to many": (select(Book), lambda book: book.tags, 2),
    "below one another": (
        select(Author),
        lambda author: [review.person for book in author.books for review in book.reviews],
        4,
    ),
    "behind an eager load": (
        select(Author).options(orm.joinedload(Author.books)),
        lambda author: [book.tags for book in author.books],
        2,
    ),
    "of an alias": (select(ALIAS), BOOKS_REVIEWS, 3),
    "of a class above": (select(Driver), lambda driver: driver.company, 2),
    "of a class below": (
        select(Person),
        lambda person: isinstance(person, Driver) and person.cars,
        3,
    ),
    "of a class below, nested": (select(Company), DRIVERS, 4),
    "children": (ROOTS, lambda node: node.children, 2),
    "a tree": (ROOTS, lambda node: [below.children for below in node.children], 4),
}


def answer(engine: Engine, query: Select[Any], use: Use) -> tuple[int, Sequence[str]]:
    """Return how many queries a page sends, and the options that its N+1 are told to need."""
    told = ""
    with Session(engine) as session, dbtune.assert_queries(engine=engine) as log:
        for row in session.scalars(query).unique().all():
            use(row)
    try:
        with Session(engine) as session, dbtune.assert_queries(no_n_plus_one=True, engine=engine):
            for row in session.scalars(query).unique().all():
                use(row)
    except AssertionError as error:
        told = str(error)
    return log.count, re.findall(r"add \.options\((.*)\) to the query", told)


@pytest.mark.parametrize(("query", "use", "queries"), CASES.values(), ids=CASES)
def test_what_is_pasted_ends_the_n_plus_one(
    engine: Engine, query: Select[Any], use: Use, queries: int
) -> None:
    """All fixes of a page go into one query, which then sends one for each relationship."""
    names = {**vars(orm), **globals(), "alias": ALIAS}
    before, options = answer(engine, query, use)
    assert before > 6
    assert options
    for option in options:
        query = query.options(*eval(f"({option},)", names))
    assert answer(engine, query, use) == (queries, [])
