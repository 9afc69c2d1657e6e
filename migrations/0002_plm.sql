-- Parts: the lines of their structure and the manufacturer parts they are bought as. Rows are ended
-- (to_at), never deleted, so that a structure reads as it was at every moment.

create table bom_line (
  tenant {text} not null,
  id {text} not null,
  line_uid {text} not null,
  parent {text} not null,
  parent_item {text} not null,
  find_number {int} not null,
  child_item {text} not null,
  quantity {int} not null,
  unit {text} not null,
  designators {text} not null,
  note {text} not null,
  from_at {int} not null,
  to_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  foreign key (tenant, parent) references record (tenant, id),
  foreign key (tenant, child_item) references item (tenant, id)
) {strict};
create unique index bom_line_find_number on bom_line (tenant, parent, find_number) where to_at is null;
create index bom_line_by_parent_item on bom_line (tenant, parent_item, to_at);
create index bom_line_by_child on bom_line (tenant, child_item, to_at);

create table manufacturer_part (
  tenant {text} not null,
  id {text} not null,
  source_uid {text} not null,
  part {text} not null,
  part_item {text} not null,
  position {int} not null,
  manufacturer {text} not null,
  mpn {text} not null,
  status {text} not null,
  from_at {int} not null,
  to_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  foreign key (tenant, part) references record (tenant, id)
) {strict};
create index manufacturer_part_by_part on manufacturer_part (tenant, part, to_at);
create index manufacturer_part_by_mpn on manufacturer_part (tenant, mpn);
