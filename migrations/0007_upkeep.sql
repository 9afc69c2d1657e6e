-- Work that looks after the data itself: how far its present round is and when the last one ended.
-- Nothing here is a record; what it finds becomes one.

create table upkeep (
  tenant {text} not null,
  name {text} not null,
  place {text} not null,
  began_at {int},
  ended_at {int},
  done {int} not null,
  failures {int} not null,
  primary key (tenant, name)
) {strict};
