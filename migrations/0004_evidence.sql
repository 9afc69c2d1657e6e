-- The log of all transactions in public formats (docs/FORMATS.md, "Log"). It is made from audit_tx
-- and can be made again from it; what gives it weight is signed and anchored outside the database.
create table evidence_log (
  tenant {text} not null,
  id {text} not null,
  origin {text} not null,
  made_at {int} not null,
  primary key (tenant, id)
) {strict};

create table log_key (
  tenant {text} not null,
  verifier {text} not null,
  since_at {int} not null,
  primary key (tenant, verifier)
) {strict};

create table checkpoint (
  tenant {text} not null,
  size {int} not null,
  head {bytes} not null,
  note {text} not null,
  at {int} not null,
  primary key (tenant, size)
) {strict};

-- Which transactions of each chain a checkpoint added, and where in the log they stand.
create table checkpoint_part (
  tenant {text} not null,
  chain {int} not null,
  last_seq {int} not null,
  first_seq {int} not null,
  first_place {int} not null,
  size {int} not null,
  primary key (tenant, chain, last_seq)
) {strict};

create table log_tile (
  tenant {text} not null,
  level {int} not null,
  place {int} not null,
  hashes {bytes} not null,
  primary key (tenant, level, place)
) {strict};

-- What became of keeping a checkpoint elsewhere.
create table anchor_receipt (
  tenant {text} not null,
  id {text} not null,
  anchor {text} not null,
  size {int} not null,
  tried_at {int} not null,
  fault {text},
  primary key (tenant, id)
) {strict};
create index anchor_receipt_by_anchor on anchor_receipt (tenant, anchor, tried_at);
