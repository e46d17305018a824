-- The statements that Home Assistant's recorder, history, logbook and statistics send to SQLite,
-- as SQLAlchemy renders them, with what they are called here and how often they come in a day.
-- Sources: homeassistant/components/recorder/{queries,core,purge,statistics,migration}.py,
-- recorder/history/modern.py, recorder/table_managers/*.py and logbook/queries/*.py of
-- github.com/home-assistant/core.

-- query: history_one 900
SELECT anon_1.metadata_id, anon_1.state, anon_1.last_updated_ts, anon_1.attributes
FROM (SELECT anon_2.metadata_id AS metadata_id, anon_2.state AS state, anon_2.last_updated_ts AS last_updated_ts, anon_2.attributes AS attributes
FROM (SELECT states.metadata_id AS metadata_id, states.state AS state, ? AS last_updated_ts, CASE WHEN (state_attributes.shared_attrs IS NULL) THEN states.attributes ELSE state_attributes.shared_attrs END AS attributes
FROM states LEFT OUTER JOIN state_attributes ON states.attributes_id = state_attributes.attributes_id
WHERE states.last_updated_ts < ? AND states.metadata_id = ? ORDER BY states.last_updated_ts DESC
 LIMIT ? OFFSET ?) AS anon_2 UNION ALL SELECT anon_3.metadata_id AS metadata_id, anon_3.state AS state, anon_3.last_updated_ts AS last_updated_ts, anon_3.attributes AS attributes
FROM (SELECT states.metadata_id AS metadata_id, states.state AS state, states.last_updated_ts AS last_updated_ts, CASE WHEN (state_attributes.shared_attrs IS NULL) THEN states.attributes ELSE state_attributes.shared_attrs END AS attributes
FROM states LEFT OUTER JOIN state_attributes ON states.attributes_id = state_attributes.attributes_id
WHERE (states.last_changed_ts = states.last_updated_ts OR states.last_changed_ts IS NULL) AND states.metadata_id IN (?) AND states.last_updated_ts > ? AND states.last_updated_ts < ?) AS anon_3) AS anon_1 ORDER BY anon_1.metadata_id, anon_1.last_updated_ts;

-- query: history_many 400
SELECT anon_1.metadata_id, anon_1.state, anon_1.last_updated_ts
FROM (SELECT anon_2.metadata_id AS metadata_id, anon_2.state AS state, anon_2.last_updated_ts AS last_updated_ts
FROM (SELECT states.metadata_id AS metadata_id, states.state AS state, ? AS last_updated_ts
FROM states JOIN (SELECT states.metadata_id AS max_metadata_id, max(states.last_updated_ts) AS max_last_updated
FROM states
WHERE states.last_updated_ts >= ? AND states.last_updated_ts < ? AND states.metadata_id IN (?, ?, ?, ?, ?, ?) GROUP BY states.metadata_id) AS anon_3 ON states.metadata_id = anon_3.max_metadata_id AND states.last_updated_ts = anon_3.max_last_updated
WHERE states.last_updated_ts >= ? AND states.last_updated_ts < ? AND states.metadata_id IN (?, ?, ?, ?, ?, ?)) AS anon_2 UNION ALL SELECT anon_4.metadata_id AS metadata_id, anon_4.state AS state, anon_4.last_updated_ts AS last_updated_ts
FROM (SELECT states.metadata_id AS metadata_id, states.state AS state, states.last_updated_ts AS last_updated_ts
FROM states
WHERE (states.metadata_id IN (?, ?) OR states.last_changed_ts = states.last_updated_ts OR states.last_changed_ts IS NULL) AND states.metadata_id IN (?, ?, ?, ?, ?, ?) AND states.last_updated_ts > ?) AS anon_4) AS anon_1 ORDER BY anon_1.metadata_id, anon_1.last_updated_ts;

-- query: history_all_changes 60
SELECT states.metadata_id, states.state, states.last_updated_ts, states.last_changed_ts
FROM states
WHERE states.metadata_id IN (?, ?, ?) AND states.last_updated_ts > ? AND states.last_updated_ts < ? ORDER BY states.metadata_id, states.last_updated_ts;

-- query: changes_during_period 1500
SELECT states.metadata_id, states.state, states.last_updated_ts
FROM states
WHERE (states.last_changed_ts = states.last_updated_ts OR states.last_changed_ts IS NULL) AND states.last_updated_ts > ? AND states.metadata_id = ? AND states.last_updated_ts < ? ORDER BY states.metadata_id, states.last_updated_ts;

-- query: changes_with_limit 200
SELECT states.metadata_id, states.state, states.last_updated_ts, states.last_reported_ts, CASE WHEN (state_attributes.shared_attrs IS NULL) THEN states.attributes ELSE state_attributes.shared_attrs END AS attributes
FROM states LEFT OUTER JOIN state_attributes ON states.attributes_id = state_attributes.attributes_id
WHERE (states.last_changed_ts = states.last_updated_ts OR states.last_changed_ts IS NULL) AND states.last_updated_ts > ? AND states.metadata_id = ? ORDER BY states.metadata_id, states.last_updated_ts
 LIMIT ? OFFSET ?;

-- query: last_change 300
SELECT states.metadata_id, states.state, states.last_updated_ts, CASE WHEN (state_attributes.shared_attrs IS NULL) THEN states.attributes ELSE state_attributes.shared_attrs END AS attributes
FROM states JOIN (SELECT states.metadata_id AS max_metadata_id, max(states.last_updated_ts) AS max_last_updated
FROM states
WHERE states.metadata_id = ? GROUP BY states.metadata_id) AS anon_1 ON states.metadata_id = anon_1.max_metadata_id AND states.last_updated_ts = anon_1.max_last_updated LEFT OUTER JOIN state_attributes ON states.attributes_id = state_attributes.attributes_id ORDER BY states.state_id DESC;

-- query: last_changes 80
SELECT states.metadata_id, states.state, states.last_updated_ts, states.last_reported_ts, CASE WHEN (state_attributes.shared_attrs IS NULL) THEN states.attributes ELSE state_attributes.shared_attrs END AS attributes
FROM (SELECT states.state_id AS state_id
FROM states
WHERE states.metadata_id = ? ORDER BY states.last_updated_ts DESC
 LIMIT ? OFFSET ?) AS anon_1, states LEFT OUTER JOIN state_attributes ON states.attributes_id = state_attributes.attributes_id
WHERE states.state_id = anon_1.state_id ORDER BY states.state_id DESC;

-- query: logbook_all 12
SELECT events.event_id AS row_id, event_types.event_type AS event_type, events.event_data AS event_data, events.time_fired_ts AS time_fired_ts, events.context_id_bin AS context_id_bin, events.context_user_id_bin AS context_user_id_bin, events.context_parent_id_bin AS context_parent_id_bin, event_data.shared_data AS shared_data, NULL AS state, NULL AS entity_id, NULL AS icon, NULL AS old_format_icon, NULL AS context_only
FROM events LEFT OUTER JOIN event_data ON events.data_id = event_data.data_id LEFT OUTER JOIN event_types ON events.event_type_id = event_types.event_type_id
WHERE events.time_fired_ts > ? AND events.time_fired_ts < ? AND events.event_type_id IN (?, ?, ?) UNION ALL SELECT states.state_id AS row_id, NULL AS event_type, NULL AS event_data, states.last_updated_ts AS time_fired_ts, states.context_id_bin AS context_id_bin, states.context_user_id_bin AS context_user_id_bin, states.context_parent_id_bin AS context_parent_id_bin, NULL AS shared_data, states.state AS state, states_meta.entity_id AS entity_id, JSON_EXTRACT(state_attributes.shared_attrs, '$."icon"') AS icon, JSON_EXTRACT(states.attributes, '$."icon"') AS old_format_icon, NULL AS context_only
FROM states LEFT OUTER JOIN states AS states_1 ON states.old_state_id = states_1.state_id LEFT OUTER JOIN state_attributes ON states.attributes_id = state_attributes.attributes_id LEFT OUTER JOIN states_meta ON states.metadata_id = states_meta.metadata_id
WHERE states.last_updated_ts > ? AND states.last_updated_ts < ? AND states_1.state_id IS NOT NULL AND states.state != states_1.state AND states.state IS NOT NULL AND ((states_meta.entity_id NOT LIKE 'proximity.%') AND (states_meta.entity_id NOT LIKE 'sensor.%') OR (states_meta.entity_id LIKE 'sensor.%') AND (state_attributes.shared_attrs NOT LIKE '%"unit_of_measurement":%')) AND (states.last_updated_ts = states.last_changed_ts OR states.last_changed_ts IS NULL) ORDER BY time_fired_ts;

-- query: logbook_entities 150
WITH entities_context_ids AS
(SELECT anon_1.context_id_bin AS context_id_bin
FROM (SELECT states.context_id_bin AS context_id_bin
FROM states
WHERE states.last_updated_ts > ? AND states.last_updated_ts < ? AND states.metadata_id IN (?, ?)) AS anon_1 GROUP BY anon_1.context_id_bin)
 SELECT events.event_id AS row_id, event_types.event_type AS event_type, events.time_fired_ts AS time_fired_ts, events.context_id_bin AS context_id_bin, event_data.shared_data AS shared_data, NULL AS state, NULL AS entity_id, '1' AS context_only
FROM entities_context_ids LEFT OUTER JOIN events ON entities_context_ids.context_id_bin = events.context_id_bin LEFT OUTER JOIN event_data ON events.data_id = event_data.data_id LEFT OUTER JOIN event_types ON events.event_type_id = event_types.event_type_id UNION ALL SELECT states.state_id AS row_id, NULL AS event_type, states.last_updated_ts AS time_fired_ts, states.context_id_bin AS context_id_bin, NULL AS shared_data, states.state AS state, states_meta.entity_id AS entity_id, '1' AS context_only
FROM entities_context_ids LEFT OUTER JOIN states ON entities_context_ids.context_id_bin = states.context_id_bin LEFT OUTER JOIN states_meta ON states.metadata_id = states_meta.metadata_id UNION ALL SELECT states.state_id AS row_id, NULL AS event_type, states.last_updated_ts AS time_fired_ts, states.context_id_bin AS context_id_bin, NULL AS shared_data, states.state AS state, states_meta.entity_id AS entity_id, NULL AS context_only
FROM states LEFT OUTER JOIN states AS states_1 ON states.old_state_id = states_1.state_id LEFT OUTER JOIN states_meta ON states.metadata_id = states_meta.metadata_id
WHERE states.last_updated_ts > ? AND states.last_updated_ts < ? AND states.metadata_id IN (?, ?) AND states_1.state_id IS NOT NULL AND states.state != states_1.state AND states.state IS NOT NULL ORDER BY time_fired_ts;

-- query: logbook_devices 30
SELECT events.event_id AS row_id, event_types.event_type AS event_type, events.time_fired_ts AS time_fired_ts, events.context_id_bin AS context_id_bin, event_data.shared_data AS shared_data
FROM events LEFT OUTER JOIN event_data ON events.data_id = event_data.data_id LEFT OUTER JOIN event_types ON events.event_type_id = event_types.event_type_id
WHERE events.time_fired_ts > ? AND events.time_fired_ts < ? AND events.event_type_id IN (?, ?) AND (JSON_EXTRACT(event_data.shared_data, '$."device_id"') IS NOT NULL AND JSON_EXTRACT(event_data.shared_data, '$."device_id"') IN (?) OR JSON_EXTRACT(event_data.shared_data, '$."entity_id"') = ?) ORDER BY events.time_fired_ts;

-- query: logbook_context 40
SELECT events.event_id AS row_id, events.time_fired_ts AS time_fired_ts, events.context_id_bin AS context_id_bin, event_data.shared_data AS shared_data, NULL AS state
FROM events LEFT OUTER JOIN event_data ON events.data_id = event_data.data_id
WHERE events.context_id_bin = ? UNION ALL SELECT states.state_id AS row_id, states.last_updated_ts AS time_fired_ts, states.context_id_bin AS context_id_bin, NULL AS shared_data, states.state AS state
FROM states
WHERE states.last_updated_ts > ? AND states.last_updated_ts < ? AND states.context_id_bin = ? ORDER BY time_fired_ts;

-- query: statistics_during 700
SELECT statistics.metadata_id, statistics.start_ts, statistics.mean, statistics.min, statistics.max
FROM statistics
WHERE statistics.start_ts >= ? AND statistics.start_ts < ? AND statistics.metadata_id IN (?, ?, ?, ?) ORDER BY statistics.metadata_id, statistics.start_ts;

-- query: statistics_all 15
SELECT statistics.metadata_id, statistics.start_ts, statistics.state, statistics.sum
FROM statistics
WHERE statistics.start_ts >= ? ORDER BY statistics.metadata_id, statistics.start_ts;

-- query: statistics_last 160
SELECT statistics.metadata_id, statistics.start_ts, statistics.last_reset_ts, statistics.state, statistics.sum
FROM statistics
WHERE statistics.metadata_id = ? ORDER BY statistics.start_ts DESC
 LIMIT ? OFFSET ?;

-- query: statistics_at_time 300
SELECT statistics.metadata_id, statistics.start_ts, statistics.sum
FROM statistics JOIN (SELECT max(statistics.start_ts) AS max_start_ts, statistics.metadata_id AS max_metadata_id
FROM statistics
WHERE statistics.start_ts < ? AND statistics.metadata_id IN (?, ?, ?) GROUP BY statistics.metadata_id) AS anon_1 ON statistics.start_ts = anon_1.max_start_ts AND statistics.metadata_id = anon_1.max_metadata_id;

-- query: statistics_extremes 90
SELECT max(statistics.max) AS max_max, min(statistics.min) AS min_min, avg(statistics.mean) AS mean_mean
FROM statistics
WHERE statistics.start_ts >= ? AND statistics.start_ts < ? AND statistics.metadata_id = ?;

-- query: statistics_duplicates 1
SELECT statistics.start_ts, statistics.metadata_id, ? AS is_duplicate
FROM statistics GROUP BY statistics.metadata_id, statistics.start_ts
HAVING count(statistics.id) > ? ORDER BY statistics.metadata_id, statistics.start_ts
 LIMIT ? OFFSET ?;

-- query: statistics_hour_done 24
SELECT statistics.id
FROM statistics
WHERE statistics.start_ts = ?
 LIMIT ? OFFSET ?;

-- query: statistics_metas 200
SELECT statistics_meta.id, statistics_meta.statistic_id, statistics_meta.source, statistics_meta.unit_of_measurement, statistics_meta.has_mean, statistics_meta.has_sum, statistics_meta.name
FROM statistics_meta
WHERE statistics_meta.statistic_id IN (?, ?, ?);

-- query: statistics_metas_of_source 40
SELECT statistics_meta.id, statistics_meta.statistic_id, statistics_meta.source
FROM statistics_meta
WHERE statistics_meta.source = ?;

-- query: statistics_run_known 288
SELECT statistics_runs.run_id
FROM statistics_runs
WHERE statistics_runs.start = ?
 LIMIT ? OFFSET ?;

-- query: statistics_sum_adjust 2
UPDATE statistics SET sum=(statistics.sum + ?) WHERE statistics.metadata_id = ? AND statistics.start_ts >= ?;

-- query: statistics_insert 3840
INSERT INTO statistics (created, created_ts, metadata_id, start, start_ts, mean, mean_weight, min, max, last_reset, last_reset_ts, state, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- query: metadata_ids 250
SELECT states_meta.metadata_id, states_meta.entity_id
FROM states_meta
WHERE states_meta.entity_id IN (?, ?, ?);

-- query: attributes_of_hashes 3000
SELECT state_attributes.attributes_id, state_attributes.shared_attrs
FROM state_attributes
WHERE state_attributes.hash IN (?, ?);

-- query: data_of_hashes 600
SELECT event_data.data_id, event_data.shared_data
FROM event_data
WHERE event_data.hash IN (?);

-- query: attributes_insert 900
INSERT INTO state_attributes (hash, shared_attrs) VALUES (?, ?);

-- query: state_insert 33000
INSERT INTO states (entity_id, state, attributes, event_id, last_changed, last_changed_ts, last_reported_ts, last_updated, last_updated_ts, old_state_id, attributes_id, context_id, context_user_id, context_parent_id, origin_idx, context_id_bin, context_user_id_bin, context_parent_id_bin, metadata_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- query: states_insert_returning 900
INSERT INTO states (state, last_changed_ts, last_updated_ts, old_state_id, attributes_id, origin_idx, context_id_bin, metadata_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?) RETURNING state_id;

-- query: state_reported 4000
UPDATE states SET last_reported_ts=? WHERE states.state_id = ?;

-- query: event_insert 4000
INSERT INTO events (event_type, event_data, origin, origin_idx, time_fired, time_fired_ts, context_id, context_user_id, context_parent_id, data_id, context_id_bin, context_user_id_bin, context_parent_id_bin, event_type_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- query: oldest_state 50
SELECT states.last_updated_ts
FROM states ORDER BY states.last_updated_ts ASC
 LIMIT ? OFFSET ?;

-- query: states_to_purge 12
SELECT states.state_id, states.attributes_id
FROM states
WHERE states.last_updated_ts < ?
 LIMIT ? OFFSET ?;

-- query: events_to_purge 6
SELECT events.event_id, events.data_id
FROM events
WHERE events.time_fired_ts < ?
 LIMIT ? OFFSET ?;

-- query: attributes_in_use 12
SELECT DISTINCT states.attributes_id
FROM states
WHERE states.attributes_id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- query: attributes_exist 4
SELECT min(states.attributes_id) AS min_1
FROM states
WHERE states.attributes_id = ? UNION ALL SELECT min(states.attributes_id) AS min_2
FROM states
WHERE states.attributes_id = ? UNION ALL SELECT min(states.attributes_id) AS min_3
FROM states
WHERE states.attributes_id = ?;

-- query: data_in_use 6
SELECT DISTINCT events.data_id
FROM events
WHERE events.data_id IN (?, ?, ?, ?, ?, ?, ?, ?);

-- query: states_disconnect 12
UPDATE states SET old_state_id=NULL WHERE states.old_state_id IN (?, ?, ?, ?, ?, ?, ?, ?);

-- query: states_delete 12
DELETE FROM states WHERE states.state_id IN (?, ?, ?, ?, ?, ?, ?, ?);

-- query: attributes_delete 8
DELETE FROM state_attributes WHERE state_attributes.attributes_id IN (?, ?, ?, ?);

-- query: events_delete 6
DELETE FROM events WHERE events.event_id IN (?, ?, ?, ?, ?, ?, ?, ?);

-- query: event_types_to_purge 1
SELECT event_types.event_type_id, event_types.event_type
FROM event_types
WHERE (event_types.event_type_id NOT IN (SELECT event_types.event_type_id
FROM event_types JOIN (SELECT DISTINCT events.event_type_id AS used_event_type_id
FROM events) AS anon_1 ON event_types.event_type_id = anon_1.used_event_type_id));

-- query: entities_to_purge 1
SELECT states_meta.metadata_id, states_meta.entity_id
FROM states_meta
WHERE (states_meta.metadata_id NOT IN (SELECT states_meta.metadata_id
FROM states_meta JOIN (SELECT DISTINCT states.metadata_id AS used_states_metadata_id
FROM states) AS anon_1 ON states_meta.metadata_id = anon_1.used_states_metadata_id));

-- query: runs_delete 1
DELETE FROM recorder_runs WHERE recorder_runs."end" IS NOT NULL AND recorder_runs."end" < ? AND recorder_runs.run_id != ?;

-- query: legacy_states 1
SELECT max(states.event_id) AS max_1
FROM states;

-- query: contexts_to_migrate 1
SELECT states.state_id
FROM states
WHERE states.context_id_bin IS NULL
 LIMIT ? OFFSET ?;

-- query: entity_ids_to_migrate 1
SELECT states.state_id, states.entity_id
FROM states
WHERE states.metadata_id IS NULL
 LIMIT ? OFFSET ?;

-- query: event_types_to_migrate 1
SELECT events.event_id
FROM events
WHERE events.event_type_id IS NULL
 LIMIT ? OFFSET ?;
