-- The statements that Uptime Kuma sends to SQLite, with what they are called here and how often
-- they come in a day. Its clock, DATETIME('now'), stands still, so that runs can be compared.
-- Sources: server/client.js, server/server.js, server/uptime-calculator.js, server/notification.js,
-- server/settings.js, server/jobs/clear-old-data.js, server/model/{monitor,status_page,group}.js,
-- server/routers/{api-router,status-page-router}.js and server/database.js of
-- github.com/louislam/uptime-kuma; beats_uptime and beats_average_ping are of its version 1.

-- query: beats_list 6000
SELECT * FROM heartbeat
        WHERE monitor_id = ?
        ORDER BY time DESC
        LIMIT 100;

-- query: beats_newest 9000
SELECT * FROM heartbeat
                    WHERE monitor_id = ?
                    ORDER BY time DESC
                    LIMIT 1;

-- query: beat_previous 400
SELECT `heartbeat`.* FROM `heartbeat` WHERE  monitor_id = ? ORDER BY time DESC limit ?;

-- query: beat_by_greatest_id 3000
SELECT `heartbeat`.* FROM `heartbeat` WHERE  id = (select MAX(id) from heartbeat where monitor_id = ?) limit ?;

-- query: beats_important 5000
SELECT `heartbeat`.* FROM `heartbeat` WHERE
        monitor_id = ?
        AND important = 1
        ORDER BY time DESC
        LIMIT 500;

-- query: beats_important_count_all 300
SELECT COUNT(*) as count FROM `heartbeat` WHERE important = 1;

-- query: beats_important_count 900
SELECT COUNT(*) as count FROM `heartbeat` WHERE monitor_id = ? AND important = 1;

-- query: beats_important_page_all 300
SELECT `heartbeat`.* FROM `heartbeat` WHERE
                        important = 1
                        ORDER BY time DESC
                        LIMIT ?
                        OFFSET ?;

-- query: beats_important_page 700
SELECT `heartbeat`.* FROM `heartbeat` WHERE
                        monitor_id = ?
                        AND important = 1
                        ORDER BY time DESC
                        LIMIT ?
                        OFFSET ?;

-- query: beat_last_down 150
SELECT time FROM heartbeat WHERE monitor_id = ? AND status = ? AND important = 1 ORDER BY time DESC LIMIT 1;

-- query: beats_of_period 250
SELECT *
                    FROM heartbeat
                    WHERE monitor_id = ?
                      AND time > DATETIME('2026-03-01 00:00:00', ? || ' hours')
                    ORDER BY time ASC;

-- query: beats_uptime 4000
SELECT
               -- SUM all duration, also trim off the beat out of time window
                SUM(
                    CASE
                        WHEN (JULIANDAY(`time`) - JULIANDAY(?)) * 86400 < duration
                        THEN (JULIANDAY(`time`) - JULIANDAY(?)) * 86400
                        ELSE duration
                    END
                ) AS total_duration,

               -- SUM all uptime duration, also trim off the beat out of time window
                SUM(
                    CASE
                        WHEN (status = 1)
                        THEN
                            CASE
                                WHEN (JULIANDAY(`time`) - JULIANDAY(?)) * 86400 < duration
                                    THEN (JULIANDAY(`time`) - JULIANDAY(?)) * 86400
                                ELSE duration
                            END
                        END
                ) AS uptime_duration
            FROM heartbeat
            WHERE time > ?
            AND monitor_id = ?;

-- query: beats_average_ping 4000
SELECT AVG(ping)
            FROM heartbeat
            WHERE time > DATETIME('2026-03-01 00:00:00', ? || ' hours')
            AND ping IS NOT NULL
            AND monitor_id = ?;

-- query: badge_average_ping 500
SELECT AVG(ping) FROM monitor_group, `group`, heartbeat
            WHERE monitor_group.group_id = `group`.id
            AND heartbeat.time > DATETIME('2026-03-01 00:00:00', ? || ' hours')
            AND heartbeat.ping IS NOT NULL
            AND public = 1
            AND heartbeat.monitor_id = ?;

-- query: migration_monitors 1
SELECT DISTINCT monitor_id
            FROM heartbeat
            ORDER BY monitor_id ASC;

-- query: migration_dates 60
SELECT DISTINCT DATE(time) AS date
                FROM heartbeat
                WHERE monitor_id = ?
                ORDER BY date ASC;

-- query: migration_beats 900
SELECT status, ping, time
                    FROM heartbeat
                    WHERE monitor_id = ?
                    AND DATE(time) = ?
                    ORDER BY time ASC;

-- query: beat_insert 86400
INSERT INTO `heartbeat` (`duration`, `important`, `monitor_id`, `msg`, `ping`, `status`, `time`) VALUES (?, ?, ?, ?, ?, ?, ?);

-- query: beats_clear_old 1
DELETE FROM heartbeat WHERE time < DATETIME('2026-03-01 00:00:00', ? || ' hours');

-- query: beats_clear_unimportant 60
DELETE FROM heartbeat
                WHERE monitor_id = ?
                AND important = 0
                AND time < DATETIME('2026-03-01 00:00:00', ? || ' hours')
                AND id NOT IN (
                    SELECT id FROM ( -- written this way for Maria's support
                        SELECT id
                        FROM heartbeat
                        WHERE monitor_id = ?
                        ORDER BY time DESC
                        LIMIT ?
                    )  AS limited_ids
                );

-- query: beats_clear_events 5
UPDATE heartbeat SET msg = ?, important = ? WHERE monitor_id = ?;

-- query: minutely_list 120
SELECT `stat_minutely`.* FROM `stat_minutely` WHERE  monitor_id = ? AND timestamp > ? ORDER BY timestamp;

-- query: hourly_list 120
SELECT `stat_hourly`.* FROM `stat_hourly` WHERE  monitor_id = ? AND timestamp > ? ORDER BY timestamp;

-- query: daily_list 120
SELECT `stat_daily`.* FROM `stat_daily` WHERE  monitor_id = ? AND timestamp > ? ORDER BY timestamp;

-- query: minutely_find 20000
SELECT `stat_minutely`.* FROM `stat_minutely` WHERE  monitor_id = ? AND timestamp = ? limit ?;

-- query: minutely_insert 20000
INSERT INTO `stat_minutely` (`down`, `monitor_id`, `ping`, `ping_max`, `ping_min`, `timestamp`, `up`) VALUES (?, ?, ?, ?, ?, ?, ?);

-- query: minutely_update 66000
UPDATE `stat_minutely` SET `ping` = ?, `ping_min` = ?, `ping_max` = ?, `up` = ?, `down` = ? WHERE `id` = ?;

-- query: minutely_clear 900
DELETE FROM stat_minutely WHERE monitor_id = ? AND timestamp < ?;

-- query: hourly_clear 900
DELETE FROM stat_hourly WHERE monitor_id = ? AND timestamp < ?;

-- query: daily_clear 1
DELETE FROM stat_daily WHERE timestamp < ?;

-- query: monitors_of_user 400
SELECT `monitor`.* FROM `monitor` WHERE  user_id = ? ORDER BY weight DESC, name;

-- query: monitors_active 10
SELECT `monitor`.* FROM `monitor` WHERE  active = 1;

-- query: monitor_of_user 900
SELECT `monitor`.* FROM `monitor` WHERE  id = ? AND user_id = ? limit ?;

-- query: notifications_of_monitor 1200
SELECT notification.* FROM notification, monitor_notification WHERE monitor_id = ? AND monitor_notification.notification_id = notification.id;

-- query: notifications_of_monitors 400
SELECT monitor_notification.monitor_id, monitor_notification.notification_id
            FROM monitor_notification
            WHERE monitor_notification.monitor_id IN (?, ?, ?, ?, ?, ?, ?, ?);

-- query: notification_sent 800
SELECT * FROM notification_sent_history WHERE type = ? AND monitor_id = ? AND days <= ?;

-- query: notification_sent_insert 20
INSERT INTO notification_sent_history (type, monitor_id, days) VALUES(?, ?, ?) ON CONFLICT DO NOTHING;

-- query: tags_of_monitors 400
SELECT monitor_tag.monitor_id, monitor_tag.tag_id, monitor_tag.value, tag.name, tag.color
            FROM monitor_tag
            JOIN tag ON monitor_tag.tag_id = tag.id
            WHERE monitor_tag.monitor_id IN (?, ?, ?, ?, ?, ?, ?, ?);

-- query: maintenance_of_monitor 86400
SELECT maintenance_id FROM monitor_maintenance
            WHERE monitor_id = ?;

-- query: maintenance_monitors 60
SELECT monitor.id FROM monitor_maintenance mm JOIN monitor ON mm.monitor_id = monitor.id WHERE mm.maintenance_id = ?;

-- query: maintenance_of_page 3000
SELECT DISTINCT maintenance_id
                FROM maintenance_status_page
                WHERE status_page_id = ?;

-- query: page_by_slug 3000
SELECT `status_page`.* FROM `status_page` WHERE  slug = ? limit ?;

-- query: page_incidents 3000
SELECT `incident`.* FROM `incident` WHERE pin = 1 AND active = 1 AND status_page_id = ? ORDER BY created_date DESC;

-- query: page_groups 3000
SELECT `group`.* FROM `group` WHERE public = 1 AND status_page_id = ? ORDER BY weight;

-- query: group_monitors 9000
SELECT monitor.* FROM monitor, monitor_group
            WHERE monitor.id = monitor_group.monitor_id
            AND group_id = ?
            ORDER BY monitor_group.weight;

-- query: page_monitors 3000
SELECT monitor_group.monitor_id FROM monitor_group, `group`
            WHERE monitor_group.group_id = `group`.id
            AND public = 1
            AND `group`.status_page_id = ?;

-- query: badge_is_public 800
SELECT monitor_group.monitor_id FROM monitor_group, `group`
            WHERE monitor_group.group_id = `group`.id
            AND monitor_group.monitor_id = ?
            AND public = 1;

-- query: user_login 40
SELECT `user`.* FROM `user` WHERE TRIM(username) = ? AND active = 1  limit ?;

-- query: setting_value 9000
SELECT `value` FROM setting WHERE `key` = ?;

-- query: settings_of_type 900
SELECT `key`, `value` FROM setting WHERE `type` = ?;

-- query: monitor_delete 2
DELETE FROM monitor WHERE id = ? AND user_id = ?;
