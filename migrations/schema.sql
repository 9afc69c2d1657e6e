-- The whole schema, to be read. What runs are the numbered steps beside this file; a test holds both
-- against each other on both engines, so a step that changes the schema changes this file as well.
-- Types in braces are tokens (README.md).

-- The kernel's tables. Every regulated row carries (at_tx, at_ord): the event that wrote it last.
-- Columns named pd_… hold personal data and stand outside the trail (their salted digest is in it);
-- columns named sec_… hold secrets and are kept out of events, but are covered by the row's image.

create table item (
  tenant {text} not null,
  id {text} not null,
  kind {text} not null,
  number {text} not null,
  number_fold {text} not null,
  site {text},
  latest {text} not null,
  effective {text},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  unique (tenant, kind, number_fold)
) {strict};

create table record (
  tenant {text} not null,
  id {text} not null,
  item {text} not null,
  kind {text} not null,
  number {text} not null,
  revision {text} not null,
  title {text} not null,
  state {text} not null,
  phase {text} not null,
  site {text},
  owner {text},
  due_date {text},
  effective_on {text},
  version {int} not null,
  fields {text} not null,
  detail {text},
  digest {text} not null,
  created_at {int} not null,
  created_by {text} not null,
  changed_at {int} not null,
  changed_by {text} not null,
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  unique (tenant, item, revision),
  foreign key (tenant, item) references item (tenant, id)
) {strict};
create index record_by_kind on record (tenant, kind, phase, changed_at, id);
create index record_by_kind_number on record (tenant, kind, number, id);
create index record_by_owner on record (tenant, owner, changed_at, id);

create table record_version (
  tenant {text} not null,
  id {text} not null,
  item {text} not null,
  kind {text} not null,
  number {text} not null,
  revision {text} not null,
  title {text} not null,
  state {text} not null,
  phase {text} not null,
  site {text},
  owner {text},
  due_date {text},
  effective_on {text},
  version {int} not null,
  fields {text} not null,
  detail {text},
  digest {text} not null,
  created_at {int} not null,
  created_by {text} not null,
  changed_at {int} not null,
  changed_by {text} not null,
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id, version)
) {strict};
create index record_version_by_kind on record_version (tenant, kind, changed_at);

create table record_field (
  tenant {text} not null,
  record {text} not null,
  name {text} not null,
  value {text} not null,
  primary key (tenant, record, name)
) {strict};
create index record_field_by_value on record_field (tenant, name, value, record);

create table search_word (
  tenant {text} not null,
  word {text} not null,
  record {text} not null,
  primary key (tenant, word, record)
) {strict};
create index search_word_by_record on search_word (tenant, record, word);

create table link (
  tenant {text} not null,
  id {text} not null,
  kind {text} not null,
  source {text} not null,
  source_item {text} not null,
  target {text},
  target_item {text} not null,
  suspect {bool} not null,
  suspect_why {text},
  from_at {int} not null,
  to_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index link_by_source on link (tenant, source, to_at);
create index link_by_target on link (tenant, target_item, to_at);

create table obligation (
  tenant {text} not null,
  id {text} not null,
  sort {text} not null,
  record {text} not null,
  item {text} not null,
  step {text},
  person {text},
  role {text},
  site {text},
  via {text},
  cause {text},
  task {text} not null,
  due_date {text},
  state {text} not null,
  raised_at {int} not null,
  closed_at {int},
  closed_by {text},
  signature {text},
  outcome {text},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index obligation_by_person on obligation (tenant, person, state, due_date);
create index obligation_by_record on obligation (tenant, record, sort, state);
create index obligation_by_cause on obligation (tenant, cause, sort, state);
create index obligation_by_item on obligation (tenant, item, sort, person);
create index obligation_by_role on obligation (tenant, role, state) where person is null;

create table clock (
  tenant {text} not null,
  id {text} not null,
  record {text} not null,
  rule {text} not null,
  zone {text} not null,
  started_at {int} not null,
  original_due {text} not null,
  due_date {text} not null,
  state {text} not null,
  stopped_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index clock_by_record on clock (tenant, record);
create index clock_by_due on clock (tenant, state, due_date);

create table decision (
  tenant {text} not null,
  id {text} not null,
  record {text} not null,
  tree {text} not null,
  tree_version {text} not null,
  answers {text} not null,
  outcome {text} not null,
  decided_at {int} not null,
  decided_by {text} not null,
  replaced_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index decision_by_record on decision (tenant, record);

create table hold (
  tenant {text} not null,
  id {text} not null,
  record {text} not null,
  why {text} not null,
  placed_at {int} not null,
  placed_by {text} not null,
  lifted_at {int},
  lifted_by {text},
  lifted_why {text},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index hold_by_record on hold (tenant, record);

create table attachment (
  tenant {text} not null,
  id {text} not null,
  record {text} not null,
  name {text} not null,
  media_type {text} not null,
  digest {text} not null,
  size_bytes {int} not null,
  added_at {int} not null,
  removed_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index attachment_by_record on attachment (tenant, record);
create index attachment_by_digest on attachment (tenant, digest);

create table signature (
  tenant {text} not null,
  id {text} not null,
  record {text} not null,
  version {int} not null,
  digest {text} not null,
  step {text} not null,
  meaning {text} not null,
  role {text} not null,
  person {text} not null,
  printed_name {text} not null,
  zone {text} not null,
  signed_at {int} not null,
  challenge {text} not null,
  obligation {text},
  at_tx {text} not null,
  at_ord {int} not null,
  utc_offset {int},
  zone_shown {text},
  primary key (tenant, id),
  unique (tenant, challenge)
) {strict};
create index signature_by_record on signature (tenant, record, version);
create index signature_by_person on signature (tenant, person, signed_at);

create table dossier (
  tenant {text} not null,
  id {text} not null,
  record {text} not null,
  name {text} not null,
  entries {text} not null,
  digest {text} not null,
  entry_count {int} not null,
  frozen_at {int} not null,
  frozen_by {text} not null,
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index dossier_by_record on dossier (tenant, record);

create table person (
  tenant {text} not null,
  id {text} not null,
  login {text} not null,
  login_fold {text} not null,
  active {bool} not null,
  identity_verified {text},
  zone {text} not null,
  personal_digest {text} not null,
  pd_name {text},
  pd_email {text},
  pd_salt {bytes},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  unique (tenant, login_fold)
) {strict};

create table credential (
  tenant {text} not null,
  id {text} not null,
  sec_hash {text} not null,
  must_change {bool} not null,
  set_at {int} not null,
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};

create table role_grant (
  tenant {text} not null,
  id {text} not null,
  person {text} not null,
  role {text} not null,
  site {text},
  from_at {int} not null,
  to_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};
create index role_grant_by_person on role_grant (tenant, person, to_at);
create index role_grant_by_role on role_grant (tenant, role, to_at);

create table session (
  tenant {text} not null,
  id {text} not null,
  person {text} not null,
  sec_token {text} not null,
  opened_at {int} not null,
  closed_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  unique (tenant, sec_token)
) {strict};

create table token (
  tenant {text} not null,
  id {text} not null,
  person {text} not null,
  name {text} not null,
  sec_token {text} not null,
  made_at {int} not null,
  expires_at {int} not null,
  revoked_at {int},
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id),
  unique (tenant, sec_token)
) {strict};

create table security_event (
  tenant {text} not null,
  id {text} not null,
  what {text} not null,
  person {text},
  detail {text} not null,
  noticed_at {int} not null,
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, id)
) {strict};

-- Housekeeping: nothing here is a record; it may be lost without losing evidence.
create table session_activity (
  tenant {text} not null,
  session {text} not null,
  seen_at {int} not null,
  signed_at {int},
  primary key (tenant, session)
) {strict};

create table sign_in_failure (
  tenant {text} not null,
  subject {text} not null,
  failures {int} not null,
  last_at {int} not null,
  primary key (tenant, subject)
) {strict};

create table secret (
  tenant {text} not null,
  name {text} not null,
  value {bytes} not null,
  primary key (tenant, name)
) {strict};

create table counter (
  tenant {text} not null,
  name {text} not null,
  value {int} not null,
  primary key (tenant, name)
) {strict};

create table command_done (
  tenant {text} not null,
  key {text} not null,
  actor {text} not null,
  command {text} not null,
  request {text} not null,
  tx {text} not null,
  result {text} not null,
  done_at {int} not null,
  primary key (tenant, key)
) {strict};

create table job (
  tenant {text} not null,
  id {text} not null,
  queue {text} not null,
  payload {text} not null,
  run_at {int} not null,
  tries {int} not null,
  claimed_until {int},
  state {text} not null,
  error {text},
  primary key (tenant, id)
) {strict};
create index job_by_queue on job (tenant, state, run_at, id);

create table lease (
  tenant {text} not null,
  name {text} not null,
  holder {text} not null,
  fence {int} not null,
  until_at {int} not null,
  primary key (tenant, name)
) {strict};

-- The trail.
create table event (
  tenant {text} not null,
  tx {text} not null,
  ord {int} not null,
  at {int} not null,
  actor {text} not null,
  action {text} not null,
  record {text},
  subject_table {text} not null,
  subject {text} not null,
  before {text},
  after {text},
  reason {text},
  image {bytes} not null,
  leaf {bytes} not null,
  primary key (tenant, tx, ord)
) {strict};
create index event_by_record on event (tenant, record, tx, ord);
create index event_by_subject on event (tenant, subject, tx, ord);

create table audit_tx (
  tenant {text} not null,
  chain {int} not null,
  seq {int} not null,
  tx {text} not null,
  at {int} not null,
  actor {text} not null,
  command {text} not null,
  software {text} not null,
  configuration {int} not null,
  n {int} not null,
  root {bytes} not null,
  prev {bytes} not null,
  hash {bytes} not null,
  primary key (tenant, chain, seq),
  unique (tenant, tx)
) {strict};

create table chain_head (
  tenant {text} not null,
  chain {int} not null,
  seq {int} not null,
  hash {bytes} not null,
  primary key (tenant, chain)
) {strict};

create table configuration (
  tenant {text} not null,
  revision {int} not null,
  package {text} not null,
  text {text} not null,
  since_at {int} not null,
  at_tx {text} not null,
  at_ord {int} not null,
  primary key (tenant, revision)
) {strict};

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
