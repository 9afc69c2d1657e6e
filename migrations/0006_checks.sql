-- Copies of evidence that were handed out.
create table evidence_export (
  tenant {text} not null,
  id {text} not null,
  record {text} not null,
  digest {text} not null,
  size_bytes {int} not null,
  checkpoint {int},
  made_at {int} not null,
  made_by {text} not null,
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  foreign key (tenant, record) references record (tenant, id)
) {strict};
create index evidence_export_by_record on evidence_export (tenant, record, made_at);

-- The log read by its places.
create index checkpoint_part_by_place on checkpoint_part (tenant, first_place);

-- How far a check of the trail has come; it may be lost without losing evidence.
create table check_progress (
  tenant {text} not null,
  id {text} not null,
  doing {text} not null,
  done {int} not null,
  whole {int},
  seen_at {int} not null,
  primary key (tenant, id)
) {strict};
