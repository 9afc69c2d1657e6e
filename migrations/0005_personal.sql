-- Personal data on records of any kind, one row for each item. The names of what is given are no
-- personal data and stand in the trail; what it says stands beside it and can be erased.

create table personal_data (
  tenant {text} not null,
  id {text} not null,
  given {text} not null,
  erased_at {int},
  personal_digest {text} not null,
  pd_fields {text},
  pd_salt {bytes},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  foreign key (tenant, id) references item (tenant, id)
) {strict};
