"""Home Assistant's recorder: a house of 400 entities, its history, logbook and statistics.

The schema is that of home_assistant/home-assistant_v2.db. It has not all the indexes of a
current installation: those on (metadata_id, last_updated_ts), last_updated_ts, attributes_id,
time_fired_ts, the events' contexts and start_ts are missing, so nothing had to be removed. It
has no table of short-term statistics. The queries and where they are from: home_assistant.sql.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from .recorded import Dice, Query, Row, Values, build_workload, insert, read_queries, read_schema

_NOW = 1_767_225_600.0
_DAY = 86_400.0
# The recorder keeps ten days.
_KEPT = 10 * _DAY
_DOMAINS = {
    "sensor": 0.6, "binary_sensor": 0.15, "light": 0.08, "switch": 0.07, "climate": 0.03,
    "device_tracker": 0.03, "automation": 0.04,
}  # fmt: skip
_EVENT_TYPES = (
    "call_service", "automation_triggered", "script_started", "component_loaded",
    "service_registered", "entity_registry_updated", "homeassistant_started", "zha_event",
    "timer_finished", "lovelace_updated",
)  # fmt: skip


def build(work: Path, scale: float = 1.0) -> tuple[Path, Path]:
    """Return the database, some 80 MB at scale 1, and its recording."""

    def fill(connection: sqlite3.Connection, generator: random.Random) -> tuple[Query, ...]:
        house = _House(Dice(generator, scale))
        house.fill_states(connection)
        house.fill_events(connection)
        house.fill_statistics(connection)
        asked = {**house.about_states(), **house.about_events(), **house.about_statistics()}
        return read_queries("home_assistant", {**asked, **house.written(), **house.upkeep()})

    schema = read_schema("home_assistant/home-assistant_v2.db")
    return build_workload(work, "home_assistant", scale, fill, schema)


class _House:
    """How much there is of everything in a house, its rows, and values to ask for."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.entities = dice.rows(400)
        self.states = dice.rows(330_000)
        self.attributes = dice.rows(30_000)
        self.events = dice.rows(40_000)
        self.event_data = dice.rows(9_000)
        self.metas = dice.rows(160)
        self.hours = dice.rows(900)
        self._names = [f"{dice.pick(_DOMAINS)}.room_{n}" for n in range(1, self.entities + 1)]

    def fill_states(self, connection: sqlite3.Connection) -> None:
        names = enumerate(self._names, 1)
        insert(connection, "states_meta", "metadata_id, entity_id", names)
        attributes = ((n, _hash(n), self._attributes(n)) for n in range(1, self.attributes + 1))
        insert(connection, "state_attributes", "attributes_id, hash, shared_attrs", attributes)
        columns = (
            "state_id, state, last_changed_ts, last_updated_ts, old_state_id, attributes_id,"
            " origin_idx, context_id_bin, context_user_id_bin, context_parent_id_bin, metadata_id"
        )
        insert(connection, "states", columns, self._state_rows())

    def _state_rows(self) -> Iterator[Row]:
        dice = self.dice
        last: dict[int, int] = {}
        for n in range(1, self.states + 1):
            entity = dice.one_of(self.entities)
            at = _at(n / self.states)
            changed = at - 30 if dice.random.random() < 0.35 else None
            user = dice.bytes() if dice.random.random() < 0.01 else None
            parent = dice.bytes() if dice.random.random() < 0.05 else None
            yield (
                n, self._state(), changed, at, last.get(entity), self._attribute(), 0,
                _context(n), user, parent, entity,
            )  # fmt: skip
            last[entity] = n

    def fill_events(self, connection: sqlite3.Connection) -> None:
        insert(connection, "event_types", "event_type_id, event_type", enumerate(_EVENT_TYPES, 1))
        data = (
            (n, _hash(n), json.dumps({"entity_id": f"light.room_{n % 90}", "name": f"scene {n}"}))
            for n in range(1, self.event_data + 1)
        )
        insert(connection, "event_data", "data_id, hash, shared_data", data)
        events = (
            (n, 0, _at(n / self.events), self._datum(), self._event_context(n), self._type())
            for n in range(1, self.events + 1)
        )
        columns = "event_id, origin_idx, time_fired_ts, data_id, context_id_bin, event_type_id"
        insert(connection, "events", columns, events)

    def fill_statistics(self, connection: sqlite3.Connection) -> None:
        metas = (
            (n, _sensor(n), "recorder" if n % 8 else "energy", "kWh", n % 3 > 0, 1, n % 2)
            for n in range(1, self.metas + 1)
        )
        columns = "id, statistic_id, source, unit_of_measurement, has_mean, has_sum, mean_type"
        insert(connection, "statistics_meta", columns, metas)
        hourly = (
            (start + 3610, meta, start, 20.5 + meta, 18.0, 24.0, self.dice.random.random() * 900)
            for start in map(_hour, range(self.hours, 0, -1))
            for meta in range(1, self.metas + 1)
        )
        columns = "created_ts, metadata_id, start_ts, mean, min, max, sum"
        insert(connection, "statistics", columns, hourly)
        runs = ((_text(_hour(hour)),) for hour in range(self.hours, 0, -1))
        insert(connection, "statistics_runs", "start", runs)
        starts = [_text(_NOW - days * _DAY) for days in range(40, 0, -1)]
        recorded = (
            (start, end, 0, start) for start, end in zip(starts, [*starts[1:], None], strict=True)
        )
        insert(connection, "recorder_runs", 'start, "end", closed_incorrect, created', recorded)

    def about_states(self) -> dict[str, Values]:
        """Values for history."""
        return {
            "history_one": self._one_entity,
            "history_many": self._several_entities,
            "history_all_changes": lambda: (*self._entities(3), *self._span(1)),
            "changes_during_period": self._changes,
            "changes_with_limit": lambda: (self._span(2)[0], self._entity(), 10, 0),
            "last_change": lambda: (self._entity(),),
            "last_changes": lambda: (self._entity(), 20, 0),
        }

    def _one_entity(self) -> Row:
        start, end = self._span(1)
        entity = self._entity()
        return (0, start, entity, 1, 0, entity, start, end)

    def _several_entities(self) -> Row:
        start, _ = self._span(0.5)
        some = self._entities(6)
        bounds = (_NOW - _KEPT, start)
        return (0, *bounds, *some, *bounds, *some, *some[:2], *some, start)

    def _changes(self) -> Row:
        start, end = self._span(1)
        return (start, self._entity(), end)

    def about_events(self) -> dict[str, Values]:
        """Values for the logbook."""
        return {
            "logbook_all": lambda: (*(span := self._span(0.5)), 1, 2, 8, *span),
            "logbook_entities": lambda: (
                *(asked := (*self._span(1), *self._entities(2))), *asked,
            ),
            "logbook_devices": lambda: (*self._span(1), 1, 8, "a1b2", "light.room_7"),
            "logbook_context": lambda: (
                (context := self._event_context(self._event())), *self._span(1), context,
            ),
        }  # fmt: skip

    def about_statistics(self) -> dict[str, Values]:
        """Values for statistics."""
        return {
            "statistics_during": lambda: (*self._span(7), *self.dice.some_of(self.metas, 4)),
            "statistics_all": lambda: (_hour(24),),
            "statistics_last": lambda: (self._meta(), 1, 0),
            "statistics_at_time": lambda: (self._span(7)[0], *self.dice.some_of(self.metas, 3)),
            "statistics_extremes": lambda: (*self._span(9), self._meta()),
            "statistics_duplicates": lambda: (1, 1, 998, 0),
            "statistics_hour_done": lambda: (_hour(self.dice.random.randint(1, 10)), 1, 0),
            "statistics_metas": lambda: [_sensor(n) for n in self.dice.some_of(self.metas, 3)],
            "statistics_metas_of_source": lambda: ("energy",),
            "statistics_run_known": lambda: (_text(_hour(self.dice.one_of(self.hours))), 1, 0),
            "statistics_sum_adjust": lambda: (4.5, self._meta(), _hour(48)),
        }

    def written(self) -> dict[str, Values]:
        """Values for what is recorded all day."""
        dice = self.dice
        return {
            "statistics_insert": lambda: (
                None, _NOW, self._meta(), None, _NOW + 3600 * dice.random.randint(1, 99_999),
                20.5, None, 18.0, 24.0, None, None, 3.25, 901.5,
            ),
            "metadata_ids": lambda: [self._names[n - 1] for n in self._entities(3)],
            "attributes_of_hashes": lambda: (_hash(self._attribute()), _hash(self._attribute())),
            "data_of_hashes": lambda: (_hash(self._datum()),),
            "attributes_insert": lambda: (_hash(n := self._attribute()), self._attributes(n)),
            "state_insert": lambda: (
                None, self._state(), None, None, None, None, None, None, self._soon(),
                self._state_id(), self._attribute(), None, None, None, 0, dice.bytes(), None, None,
                self._entity(),
            ),
            "states_insert_returning": lambda: (*self._new_state(), *self._new_state()),
            "state_reported": lambda: (_NOW, self._state_id()),
            "event_insert": lambda: (
                None, None, None, 0, None, self._soon(), None, None, None, self._datum(),
                dice.bytes(), None, None, self._type(),
            ),
        }  # fmt: skip

    def upkeep(self) -> dict[str, Values]:
        """Values for the nightly purge and for what is asked at each start."""
        old = _NOW - _KEPT * 0.98
        return {
            "oldest_state": lambda: (1, 0),
            "states_to_purge": lambda: (old, 4000, 0),
            "events_to_purge": lambda: (old, 4000, 0),
            "attributes_in_use": lambda: self.dice.some_of(self.attributes, 20),
            "attributes_exist": lambda: self.dice.some_of(self.attributes, 3),
            "data_in_use": lambda: self.dice.some_of(self.event_data, 8),
            "states_disconnect": lambda: [*range(start := self._old(), start + 8)],
            "states_delete": lambda: [*range(start := self._old(), start + 8)],
            "attributes_delete": lambda: self.dice.some_of(self.attributes, 4),
            "events_delete": lambda: [*range(start := self._old(), start + 8)],
            "runs_delete": lambda: (_text(_NOW - _KEPT), 40),
            "contexts_to_migrate": lambda: (1, 0),
            "entity_ids_to_migrate": lambda: (998, 0),
            "event_types_to_migrate": lambda: (1, 0),
        }

    def _new_state(self) -> Row:
        before = self._state_id()
        context = self.dice.bytes()
        return (
            self._state(), None, self._soon(), before, self._attribute(), 0, context, self._entity()
        )  # fmt: skip

    def _attributes(self, number: int) -> str:
        shown = {
            "friendly_name": f"Room {number % 40}",
            "icon": "mdi:lamp",
            "device_class": "power",
        }
        if number % 3:
            shown = {"unit_of_measurement": "W", "state_class": "measurement", **shown}
        return json.dumps({**shown, "linkquality": number % 255, "update": "x" * (number % 90)})

    def _state(self) -> str:
        return f"{self.dice.random.gauss(20, 4):.1f}"

    def _entity(self) -> int:
        return self.dice.one_of(self.entities)

    def _entities(self, count: int) -> list[int]:
        return self.dice.some_of(self.entities, count)

    def _attribute(self) -> int:
        return self.dice.one_of(self.attributes, 2.0)

    def _datum(self) -> int:
        return self.dice.one_of(self.event_data, 2.0)

    def _type(self) -> int:
        return self.dice.one_of(len(_EVENT_TYPES))

    def _meta(self) -> int:
        return self.dice.one_of(self.metas)

    def _event(self) -> int:
        return self.dice.random.randint(1, self.events)

    def _state_id(self) -> int:
        return self.dice.random.randint(1, self.states)

    def _old(self) -> int:
        return self.dice.random.randint(1, 1 + self.states // 100)

    def _event_context(self, event: int) -> bytes:
        # An event and the state that follows from it share their context.
        return _context(max(1, event * self.states // self.events))

    def _soon(self) -> float:
        return _NOW + round(self.dice.random.random() * 600, 3)

    def _span(self, days: float) -> tuple[float, float]:
        end = _NOW - self.dice.random.random() ** 2 * (_KEPT - days * _DAY)
        return end - days * _DAY, end


def _at(share: float) -> float:
    return round(_NOW - _KEPT * (1 - share), 3)


def _hour(ago: int) -> float:
    return _NOW - 3600.0 * ago


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.000000")


def _hash(number: int) -> int:
    return number * 2_654_435_761 % 4_294_967_296


def _context(number: int) -> bytes:
    # ULIDs: the time comes first, and the rest is random.
    return number.to_bytes(6, "big") + (_hash(number) * 0x9E3779B97F4A7C15 % 2**80).to_bytes(
        10, "big"
    )


def _sensor(number: int) -> str:
    return f"sensor.energy_{number}"
