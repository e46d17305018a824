"""The demo platform as a small Flask application over SQLite or PostgreSQL.

flask --app examples/platform/app.py run
gunicorn --chdir examples/platform "app:create_app()"

PLATFORM_DB     the database that `dbtune demo` built; demo/platform.db by default
DATABASE_URL    a PostgreSQL database in its place
PLATFORM_FIXED  1: without N+1, queries_after.py in place of queries_before.py
PLATFORM_HOOK   1: with dbtune.install and dbtune.flask
"""

from __future__ import annotations

import os
from pathlib import Path

import queries_after
import queries_before
import writes
from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker


def create_app() -> Flask:
    """Return the application as the environment describes it."""
    app = Flask(__name__)
    engine = _engine()
    if os.environ.get("PLATFORM_HOOK") == "1":
        import dbtune

        dbtune.install(engine)
        dbtune.flask(app)
    _add_pages(app, engine)
    _add_writes(app, engine)
    app.register_error_handler(OperationalError, _unavailable)
    return app


def _engine() -> Engine:
    if "DATABASE_URL" in os.environ:
        url = os.environ["DATABASE_URL"]
        return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    path = Path(os.environ.get("PLATFORM_DB", "demo/platform.db")).absolute()
    if not path.is_file():
        # SQLite would create an empty database.
        raise SystemExit(f"{path} is missing. Hint: run dbtune demo DIR, and set PLATFORM_DB")
    return create_engine(f"sqlite:///{path}")


def _add_pages(app: Flask, engine: Engine) -> None:
    sessions = sessionmaker(engine)
    queries = queries_after if os.environ.get("PLATFORM_FIXED") == "1" else queries_before

    @app.get("/")
    def show_size() -> Response:
        with sessions() as session:
            return jsonify(writes.count_rows(session))

    @app.get("/chefs")
    def list_chefs() -> Response:
        with sessions() as session:
            return jsonify(queries.list_chefs(session, request.args["cuisine"], _page()))

    @app.get("/chefs/<int:chef_id>")
    def show_chef(chef_id: int) -> Response:
        with sessions() as session:
            return jsonify(queries.show_chef(session, chef_id) or abort(404))

    @app.get("/products")
    def list_products() -> Response:
        with sessions() as session:
            return jsonify(queries.list_products(session, request.args["category"], _page()))

    @app.get("/users/<int:user_id>/bookings")
    def list_bookings(user_id: int) -> Response:
        with sessions() as session:
            return jsonify(queries.list_bookings(session, user_id))

    @app.get("/users/<int:user_id>/dashboard")
    def show_dashboard(user_id: int) -> Response:
        with sessions() as session:
            return jsonify(queries.show_dashboard(session, user_id) or abort(404))

    @app.get("/feed")
    def show_feed() -> Response:
        with sessions() as session:
            return jsonify(queries.show_feed(session, _page()))


def _add_writes(app: Flask, engine: Engine) -> None:
    sessions = sessionmaker(engine)

    @app.post("/chefs/<int:chef_id>/bookings")
    def book(chef_id: int) -> tuple[Response, int]:
        with sessions.begin() as session:
            return jsonify(writes.book(session, chef_id, request.get_json()) or abort(404)), 201

    @app.post("/chefs/<int:chef_id>/reviews")
    def add_review(chef_id: int) -> tuple[Response, int]:
        with sessions.begin() as session:
            return jsonify(writes.review(session, chef_id, request.get_json()) or abort(404)), 201

    @app.post("/posts/<int:post_id>/like")
    def like(post_id: int) -> Response:
        with sessions.begin() as session:
            return jsonify(writes.like(session, post_id) or abort(404))


def _page() -> int:
    return max(0, request.args.get("page", 0, type=int))


def _unavailable(error: OperationalError) -> tuple[Response, int]:
    """Answer when the database is locked, as it is when others write."""
    return jsonify({"error": str(error.orig)}), 503
