-- How a signature's time was shown when it was given: seconds ahead of UTC, and the zone's short
-- name then. A later release of the time-zone database must not change what a copy says.

alter table signature add column utc_offset {int};
alter table signature add column zone_shown {text};
