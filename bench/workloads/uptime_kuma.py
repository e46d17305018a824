"""Uptime Kuma: 120 monitors, their beats of some months, statistics and status pages.

The schema is that of uptime_kuma/kuma.db, the database that each installation starts from, and
the tables that the application's later migrations add (db/old_migrations/patch-*.sql and
db/knex_migrations): groups, status pages, incidents, maintenance, tags and statistics. The two
indexes on heartbeat by monitor and time of patch-improve-performance.sql are left out, since
they are what there is to find; those of kuma.db stay. Queries: uptime_kuma.sql.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from .recorded import Dice, Query, Row, Values, build_workload, insert, read_queries, read_schema

_NOW = datetime(2026, 3, 1)
_EPOCH = int((_NOW - datetime(1970, 1, 1)).total_seconds())
_USERS = 3
_MESSAGES = {"200 - OK": 0.9, "timeout of 48000ms exceeded": 0.05, "connect ECONNREFUSED": 0.05}

_STATISTICS = """
CREATE TABLE `stat_{period}` (
    `id` integer not null primary key autoincrement,
    `monitor_id` integer not null,
    `timestamp` integer not null,
    `ping` float not null,
    `up` smallint not null,
    `down` smallint not null,
    `ping_min` float not null default '0',
    `ping_max` float not null default '0',
    foreign key(`monitor_id`) references `monitor`(`id`) on delete CASCADE on update CASCADE
)"""
_UNIQUE = (
    "CREATE UNIQUE INDEX `stat_{period}_monitor_id_timestamp_unique`"
    " on `stat_{period}` (`monitor_id`, `timestamp`)"
)
_PERIODS = ("minutely", "hourly", "daily")
_REFERENCE = "REFERENCES [{table}] ([id]) ON DELETE CASCADE ON UPDATE CASCADE"
_MONITOR = "INTEGER NOT NULL " + _REFERENCE.format(table="monitor")
_MIGRATED = (
    *(_STATISTICS.format(period=period).strip() for period in _PERIODS),
    *(_UNIQUE.format(period=period) for period in _PERIODS),
    "CREATE TABLE `group` (id INTEGER NOT NULL CONSTRAINT group_pk PRIMARY KEY AUTOINCREMENT,"
    " name VARCHAR(255) NOT NULL, created_date DATETIME DEFAULT (DATETIME('now')) NOT NULL,"
    " public BOOLEAN DEFAULT 0 NOT NULL, active BOOLEAN DEFAULT 1 NOT NULL,"
    " weight BOOLEAN NOT NULL DEFAULT 1000, status_page_id INTEGER)",
    f"CREATE TABLE [monitor_group] ([id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
    f" [monitor_id] {_MONITOR},"
    f" [group_id] INTEGER NOT NULL {_REFERENCE.format(table='group')},"
    " weight BOOLEAN NOT NULL DEFAULT 1000)",
    "CREATE INDEX [fk] ON [monitor_group] ([monitor_id], [group_id])",
    "CREATE TABLE [status_page] ([id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
    " [slug] VARCHAR(255) NOT NULL UNIQUE, [title] VARCHAR(255) NOT NULL, [description] TEXT,"
    " [icon] VARCHAR(255) NOT NULL, [theme] VARCHAR(30) NOT NULL,"
    " [published] BOOLEAN NOT NULL DEFAULT 1)",
    "CREATE UNIQUE INDEX [slug] ON [status_page] ([slug])",
    "CREATE TABLE incident (id INTEGER NOT NULL CONSTRAINT incident_pk PRIMARY KEY AUTOINCREMENT,"
    " title VARCHAR(255) NOT NULL, content TEXT NOT NULL,"
    " style VARCHAR(30) DEFAULT 'warning' NOT NULL,"
    " created_date DATETIME DEFAULT (DATETIME('now')) NOT NULL, last_updated_date DATETIME,"
    " pin BOOLEAN DEFAULT 1 NOT NULL, active BOOLEAN DEFAULT 1 NOT NULL, status_page_id INTEGER)",
    "CREATE TABLE [maintenance] ([id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
    " [title] VARCHAR(150) NOT NULL, [description] TEXT NOT NULL,"
    " [user_id] INTEGER REFERENCES [user] ([id]) ON DELETE SET NULL ON UPDATE CASCADE,"
    " [active] BOOLEAN NOT NULL DEFAULT 1, [strategy] VARCHAR(50) NOT NULL DEFAULT 'single')",
    "CREATE INDEX [manual_active] ON [maintenance] ([strategy], [active])",
    "CREATE INDEX [active] ON [maintenance] ([active])",
    "CREATE INDEX [maintenance_user_id] ON [maintenance] ([user_id])",
    "CREATE TABLE maintenance_status_page (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,"
    f" status_page_id INTEGER NOT NULL {_REFERENCE.format(table='status_page')},"
    f" maintenance_id INTEGER NOT NULL {_REFERENCE.format(table='maintenance')})",
    "CREATE INDEX [status_page_id_index] ON [maintenance_status_page] ([status_page_id])",
    "CREATE INDEX [maintenance_id_index] ON [maintenance_status_page] ([maintenance_id])",
    "CREATE TABLE monitor_maintenance (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,"
    f" monitor_id {_MONITOR},"
    f" maintenance_id INTEGER NOT NULL {_REFERENCE.format(table='maintenance')})",
    "CREATE INDEX [maintenance_id_index2] ON [monitor_maintenance] ([maintenance_id])",
    "CREATE INDEX [monitor_id_index] ON [monitor_maintenance] ([monitor_id])",
    "CREATE TABLE tag (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, name VARCHAR(255) NOT NULL,"
    " color VARCHAR(255) NOT NULL, created_date DATETIME DEFAULT (DATETIME('now')) NOT NULL)",
    "CREATE TABLE monitor_tag (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,"
    f" monitor_id {_MONITOR}, tag_id INTEGER NOT NULL {_REFERENCE.format(table='tag')},"
    " value TEXT)",
    "CREATE INDEX monitor_tag_monitor_id_index ON monitor_tag (monitor_id)",
    "CREATE INDEX monitor_tag_tag_id_index ON monitor_tag (tag_id)",
    "CREATE TABLE [notification_sent_history] ([id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,"
    " [type] VARCHAR(50) NOT NULL, [monitor_id] INTEGER NOT NULL, [days] INTEGER NOT NULL,"
    " UNIQUE([type], [monitor_id], [days]))",
    "CREATE INDEX [good_index] ON [notification_sent_history] ([type], [monitor_id], [days])",
)


def build(work: Path, scale: float = 1.0) -> tuple[Path, Path]:
    """Return the database, some 60 MB at scale 1, and its recording."""

    def fill(connection: sqlite3.Connection, generator: random.Random) -> tuple[Query, ...]:
        watch = _Watch(Dice(generator, scale))
        watch.fill_settings(connection)
        watch.fill_beats(connection)
        watch.fill_pages(connection)
        asked = {**watch.about_beats(), **watch.about_statistics(), **watch.about_pages()}
        return read_queries("uptime_kuma", asked)

    schema = (*read_schema("uptime_kuma/kuma.db"), *_MIGRATED)
    return build_workload(work, "uptime_kuma", scale, fill, schema)


class _Watch:
    """How much there is of everything, the rows, and values to ask for."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.monitors = dice.rows(120)
        self.beats = dice.rows(650_000)
        self.minutes, self.hours, self.days = dice.rows(600), dice.rows(240), dice.rows(120)
        self.pages, self.groups = dice.rows(20), dice.rows(80)

    def fill_settings(self, connection: sqlite3.Connection) -> None:
        users = ((n, f"user{n}", "$2a$10$abcdefgh", 1) for n in range(1, _USERS + 1))
        insert(connection, "user", "id, username, password, active", users)
        settings = (
            (f"setting{n}", f"value {n}", "general" if n % 2 else "notification") for n in range(40)
        )
        insert(connection, "setting", "key, value, type", settings)
        monitors = (
            (n, f"Monitor {n}", n % 9 > 0, 1 + n % _USERS, 60, f"https://host{n}.example/", "http")
            for n in range(1, self.monitors + 1)
        )
        columns = 'id, name, active, user_id, "interval", url, type'
        insert(connection, "monitor", columns, monitors)
        told = ((n, f"Channel {n}", '{"type":"smtp"}', 1, 1) for n in range(1, 13))
        insert(connection, "notification", "id, name, config, active, user_id", told)
        pairs = ((m, n) for m in range(1, self.monitors + 1) for n in (1, 2 + m % 11))
        insert(connection, "monitor_notification", "monitor_id, notification_id", pairs)

    def fill_beats(self, connection: sqlite3.Connection) -> None:
        columns = "important, monitor_id, status, msg, time, ping, duration"
        insert(connection, "heartbeat", columns, self._beats())
        spans = zip(
            _PERIODS, (60, 3_600, 86_400), (self.minutes, self.hours, self.days), strict=True
        )
        for period, seconds, count in spans:
            rows = (
                (monitor, _EPOCH - seconds * ago, 30.5 + monitor, seconds // 60, ago % 50 == 0)
                for ago in range(count, 0, -1)
                for monitor in range(1, self.monitors + 1)
            )
            insert(connection, f"stat_{period}", "monitor_id, timestamp, ping, up, down", rows)

    def _beats(self) -> Iterator[Row]:
        dice = self.dice
        for n in range(self.beats):
            # Most monitors are asked once a minute, and some every few seconds.
            monitor = dice.one_of(self.monitors, 1.6)
            seconds = 150 * 86_400 * (1 - n / self.beats)
            status = int(dice.random.random() > 0.015)
            message = dice.pick(_MESSAGES) if n % 7 == 0 else ""
            ping = int(dice.random.paretovariate(1.5) * 20) if status else None
            important = dice.random.random() < 0.004
            yield (important, monitor, status, message, _time(seconds), ping, 60)

    def fill_pages(self, connection: sqlite3.Connection) -> None:
        pages = (
            (n, f"page-{n}", f"Page {n}", "/icon.svg", "auto") for n in range(1, self.pages + 1)
        )
        insert(connection, "status_page", "id, slug, title, icon, theme", pages)
        groups = (
            (n, f"Group {n}", n % 10 > 0, n % 7, self.dice.one_of(self.pages))
            for n in range(1, self.groups + 1)
        )
        insert(connection, "`group`", "id, name, public, weight, status_page_id", groups)
        members = (
            (self._monitor(), self.dice.one_of(self.groups, 1.2), n % 30)
            for n in range(self.dice.rows(700))
        )
        insert(connection, "monitor_group", "monitor_id, group_id, weight", members)
        incidents = (
            (f"Incident {n}", "text " * 30, _time(n * 9_000), n % 50 == 0, n % 3 == 0, self._page())
            for n in range(self.dice.rows(1_500))
        )
        columns = "title, content, created_date, pin, active, status_page_id"
        insert(connection, "incident", columns, incidents)
        works = ((n, f"Work {n}", "text", 1, n % 2) for n in range(1, 31))
        insert(connection, "maintenance", "id, title, description, user_id, active", works)
        pairs = ((self._page(), 1 + n % 30) for n in range(60))
        insert(connection, "maintenance_status_page", "status_page_id, maintenance_id", pairs)
        pairs = ((self._monitor(), 1 + n % 30) for n in range(200))
        insert(connection, "monitor_maintenance", "monitor_id, maintenance_id", pairs)
        tags = ((n, f"tag{n}", "#DC2626") for n in range(1, 21))
        insert(connection, "tag", "id, name, color", tags)
        tagged = ((self._monitor(), 1 + n % 20, "") for n in range(300))
        insert(connection, "monitor_tag", "monitor_id, tag_id, value", tagged)
        sent = (("certificate", monitor, 21) for monitor in range(1, self.monitors + 1, 4))
        insert(connection, "notification_sent_history", "type, monitor_id, days", sent)

    def about_beats(self) -> dict[str, Values]:
        """Values for the beats themselves."""
        monitor, dice = self._monitor, self.dice
        return {
            "beats_list": lambda: (monitor(),),
            "beats_newest": lambda: (monitor(),),
            "beat_previous": lambda: (monitor(), 1),
            "beat_by_greatest_id": lambda: (monitor(), 1),
            "beats_important": lambda: (monitor(),),
            "beats_important_count": lambda: (monitor(),),
            "beats_important_page_all": lambda: (25, 25 * dice.random.randint(0, 3)),
            "beats_important_page": lambda: (monitor(), 25, 0),
            "beat_last_down": lambda: (monitor(), 0),
            "beats_of_period": lambda: (-dice.random.choice((3, 6, 24, 168)), monitor())[::-1],
            "beats_uptime": self._uptime,
            "beats_average_ping": lambda: (-24, monitor()),
            "badge_average_ping": lambda: (-24, monitor()),
            "migration_dates": lambda: (monitor(),),
            "migration_beats": lambda: (monitor(), _time(86_400 * dice.one_of(100))[:10]),
            "beat_insert": lambda: (60, 0, monitor(), "200 - OK", 35, 1, _time(-60) + ".123"),
            "beats_clear_old": lambda: (-24 * 149,),
            "beats_clear_unimportant": lambda: (one := monitor(), -24 * 140, one, 100),
            "beats_clear_events": lambda: ("", "0", self.monitors - dice.random.randint(0, 9)),
        }  # fmt: skip

    def _uptime(self) -> Row:
        start = _time(3_600 * self.dice.random.choice((24, 720)))
        return (start, start, start, start, start, self._monitor())

    def about_statistics(self) -> dict[str, Values]:
        """Values for the statistics by minute, hour and day."""
        monitor, dice = self._monitor, self.dice
        return {
            "minutely_list": lambda: (monitor(), _EPOCH - 86_400),
            "hourly_list": lambda: (monitor(), _EPOCH - 30 * 86_400),
            "daily_list": lambda: (monitor(), _EPOCH - 365 * 86_400),
            "minutely_find": lambda: (monitor(), _EPOCH - 60 * dice.random.randint(1, 9), 1),
            "minutely_insert": lambda: (
                0, monitor(), 35.5, 36, 35, _EPOCH + 60 * dice.random.randint(1, 99_999), 1,
            ),
            "minutely_update": lambda: (
                36.5, 30, 41, 2, 0, dice.random.randint(1, self.minutes * self.monitors),
            ),
            "minutely_clear": lambda: (monitor(), _EPOCH - 60 * (self.minutes - 5)),
            "hourly_clear": lambda: (monitor(), _EPOCH - 3_600 * (self.hours - 1)),
            "daily_clear": lambda: (_EPOCH - 86_400 * (self.days - 1),),
        }  # fmt: skip

    def about_pages(self) -> dict[str, Values]:
        """Values for monitors, status pages and settings."""
        monitor, dice = self._monitor, self.dice
        return {
            "monitors_of_user": lambda: (1 + dice.random.randrange(_USERS),),
            "monitor_of_user": lambda: (one := monitor(), 1 + one % _USERS, 1),
            "notifications_of_monitor": lambda: (monitor(),),
            "notifications_of_monitors": lambda: dice.some_of(self.monitors, 8),
            "notification_sent": lambda: ("certificate", monitor(), 21),
            "notification_sent_insert": lambda: ("certificate", monitor(), 14),
            "tags_of_monitors": lambda: dice.some_of(self.monitors, 8),
            "maintenance_of_monitor": lambda: (monitor(),),
            "maintenance_monitors": lambda: (dice.one_of(30),),
            "maintenance_of_page": lambda: (self._page(),),
            "page_by_slug": lambda: (f"page-{self._page()}", 1),
            "page_incidents": lambda: (self._page(),),
            "page_groups": lambda: (self._page(),),
            "group_monitors": lambda: (dice.one_of(self.groups, 1.2),),
            "page_monitors": lambda: (self._page(),),
            "badge_is_public": lambda: (monitor(),),
            "user_login": lambda: ("user1", 1),
            "setting_value": lambda: (f"setting{dice.random.randrange(40)}",),
            "settings_of_type": lambda: ("general",),
            "monitor_delete": lambda: (one := self.monitors - dice.one_of(9), 1 + one % _USERS),
        }

    def _monitor(self) -> int:
        return self.dice.one_of(self.monitors, 1.6)

    def _page(self) -> int:
        return self.dice.one_of(self.pages, 1.5)


def _time(ago_s: float) -> str:
    return (_NOW - timedelta(seconds=ago_s)).strftime("%Y-%m-%d %H:%M:%S")
