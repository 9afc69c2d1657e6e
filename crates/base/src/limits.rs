//! Every limit of the product, by name. Each has a test at the limit and one past it; long times and
//! costly numbers are parameters, and a test stands at a smaller one. `crates/xtask` fails on a limit
//! that no test names.

/// A request body that is not a file, in bytes.
pub const REQUEST_BODY_BYTES: usize = 1 << 20;
/// A request body of somebody who is not signed in, in bytes: what signing in takes, with the address
/// that was asked for before.
pub const OPEN_BODY_BYTES: usize = 32 << 10;
/// An uploaded file, in bytes.
pub const UPLOAD_BYTES: usize = 50 << 20;
/// Nesting of JSON in a request.
pub const JSON_DEPTH: usize = 32;
/// A record's title, in characters.
pub const TITLE_CHARS: usize = 300;
/// A record's number, in characters.
pub const NUMBER_CHARS: usize = 60;
/// A line of text in a field, in characters, where the field sets no smaller one.
pub const LINE_CHARS: usize = 500;
/// A block of text in a field, in characters.
pub const BLOCK_CHARS: usize = 50_000;
/// A reason for a change, in characters.
pub const REASON_CHARS: usize = 2_000;
/// A user name, in characters.
pub const LOGIN_CHARS: usize = 60;
/// The shortest password, in characters (NIST SP 800-63B asks for 8; signatures deserve more).
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The longest password, in bytes: hashing must not become a way to keep the server busy.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// An idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS: usize = 100;
/// Links that leave one record.
pub const LINKS_PER_RECORD: usize = 5_000;
/// Rows on one page of a list.
pub const PAGE_ROWS: usize = 200;
/// Rows on one page of a list when the caller does not say.
pub const PAGE_ROWS_DEFAULT: usize = 50;
/// Levels of a structure.
pub const STRUCTURE_LEVELS: usize = 100;
/// Lines of one structure import.
pub const IMPORT_LINES: usize = 20_000;
/// Columns of an imported sheet.
pub const IMPORT_COLUMNS: usize = 100;
/// The last row of a sheet, blank rows counted (what Excel itself allows).
pub const SHEET_ROWS: u32 = 1_048_576;
/// Rows searched for the column titles of an imported sheet.
pub const IMPORT_PREAMBLE_ROWS: usize = 50;
/// One cell of an imported sheet, in characters (what Excel itself allows).
pub const IMPORT_CELL_CHARS: usize = 32_767;
/// All text of an imported sheet, in bytes: many cells may share one long text. The shared texts of a
/// workbook are together as long.
pub const IMPORT_TEXT_BYTES: usize = 64 << 20;
/// Files of structures that are read at the same time in one server; each takes up to 150 MiB.
pub const IMPORTS_AT_ONCE: usize = 2;
/// Files of structures that wait for their turn to be read; further ones are told to come again.
pub const IMPORTS_WAITING: usize = 16;
/// Reference designators of one line, ranges expanded.
pub const DESIGNATORS_PER_LINE: usize = 2_000;
/// One reference designator, in characters.
pub const DESIGNATOR_CHARS: usize = 60;
/// Manufacturer parts of one item.
pub const MANUFACTURER_PARTS_PER_ITEM: usize = 20;
/// Rows of one exploded structure.
pub const EXPLODED_ROWS: usize = 200_000;
/// The largest quantity that is read, in whole units.
pub const QUANTITY_MAX: i64 = 1_000_000_000;
/// The text of one quantity, in characters.
pub const QUANTITY_CHARS: usize = 30;
/// The highest find number: six digits are what drawings have room for.
pub const FIND_NUMBER_MAX: u32 = 999_999;
/// Lines directly below one part.
pub const LINES_PER_PART: usize = 5_000;
/// Unpacked size of an XLSX file, in bytes.
pub const XLSX_UNPACKED_BYTES: u64 = 200 << 20;
/// How much larger an XLSX part may be than its compressed form.
pub const XLSX_RATIO: u64 = 200;
/// Files inside an XLSX file.
pub const XLSX_ENTRIES: usize = 1_000;
/// The name of a file inside an XLSX file, in characters.
pub const XLSX_NAME_CHARS: usize = 255;
/// Shared texts of an XLSX file.
pub const XLSX_STRINGS: usize = 1_000_000;
/// Nesting of XML elements.
pub const XML_DEPTH: usize = 100;
/// Attributes of one XML element.
pub const XML_ATTRIBUTES: usize = 256;
/// Rows written in one transaction, of all tables together.
pub const ROWS_PER_TRANSACTION: usize = 200_000;
/// Words by which one record is found: its number, its title, then its texts from their beginning.
pub const SEARCH_WORDS_PER_RECORD: usize = 200;
/// Words of one search; one with more is refused.
pub const SEARCH_WORDS_PER_QUERY: usize = 8;
/// A search text, in characters.
pub const SEARCH_CHARS: usize = 200;
/// Records that a search for a single word looks at, besides the one with that number.
pub const SEARCH_CANDIDATES: usize = 2_000;
/// Records of one phase that a list counts; past it there are “more than” so many.
pub const COUNTED_RECORDS: usize = 1_000;
/// Hits of one search; past it there are “the first” so many.
pub const SEARCH_HITS: usize = 50;
/// Wrong secrets before an account must wait.
pub const SIGN_IN_FAILURES: usize = 5;
/// How long an account waits after too many wrong secrets, in seconds.
pub const SIGN_IN_WAIT_SECONDS: i64 = 15 * 60;
/// Wrong sign-ins from one address, whatever the user names, before it must wait as an account does.
/// High enough for a whole works behind one address on a Monday morning.
pub const ADDRESS_FAILURES: usize = 100;
/// Addresses whose wrong sign-ins are remembered at the same time.
pub const ADDRESSES_WATCHED: usize = 10_000;
/// Sign-ins that are worked on at the same time in one server; each takes 19 MiB for its hash.
pub const SIGN_INS_AT_ONCE: usize = 8;
/// Sign-ins that wait for their turn; further ones are told to come again.
pub const SIGN_INS_WAITING: usize = 128;
/// A session ends after this much quiet, in seconds.
pub const SESSION_IDLE_SECONDS: i64 = 30 * 60;
/// A session ends after this long, in seconds.
pub const SESSION_SECONDS: i64 = 12 * 3600;
/// Signing needs both components again after this much quiet, in seconds (21 CFR 11.200(a)(1)).
pub const SIGNING_IDLE_SECONDS: i64 = 10 * 60;
/// How far a clock may go back, or differ from the database's, before it counts, in seconds.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 2;
/// A signing challenge is good this long, in seconds.
pub const CHALLENGE_SECONDS: i64 = 300;
/// Hexadecimal characters of one part of a signing challenge or of a token for the content origin.
pub const CHALLENGE_CHARS: usize = 8_192;
/// A configuration package, in bytes.
pub const PACKAGE_BYTES: usize = 256 << 10;
/// Nesting of tables and lists in a configuration package.
pub const PACKAGE_DEPTH: usize = 8;
/// Values of a configuration package: every table, list and value counts one.
pub const PACKAGE_VALUES: usize = 20_000;
/// Faults of a configuration package that one answer names.
pub const PACKAGE_FAULTS: usize = 100;
/// A name that a configuration package gives, in characters.
pub const KEY_CHARS: usize = 40;
/// A label, in characters.
pub const LABEL_CHARS: usize = 100;
/// Fields of one kind.
pub const FIELDS_PER_KIND: usize = 300;
/// States of one kind.
pub const STATES_PER_KIND: usize = 60;
/// Steps of one kind.
pub const STEPS_PER_KIND: usize = 120;
/// Signatures of one step.
pub const SIGNERS_PER_STEP: usize = 10;
/// Letters and digits before the dash of a number.
pub const PREFIX_CHARS: usize = 10;
/// Digits of a counted number.
pub const NUMBER_DIGITS: usize = 9;
/// Tries of a job before it is set aside.
pub const JOB_TRIES: i64 = 5;
/// Every file that a record names is read again within this time, in seconds (ten days are left for a
/// server that stands still meanwhile).
pub const SCRUB_FILES_SECONDS: i64 = 20 * 86_400;
/// The pages and indexes of the database are checked as often, in seconds.
pub const SCRUB_DATABASE_SECONDS: i64 = 7 * 86_400;
/// Files that are read again in one turn.
pub const SCRUB_SLICE_FILES: i64 = 64;
/// A turn of reading files again ends past so many bytes.
pub const SCRUB_SLICE_BYTES: u64 = 64 << 20;
/// Queued jobs that are done in one turn.
pub const JOBS_PER_TURN: usize = 2_000;
/// Tries of a command whose commit the database leaves in doubt; a passing fault is repeated for a time,
/// below.
pub const COMMAND_TRIES: u32 = 8;
/// Affected items of one change order.
pub const AFFECTED_ITEMS: usize = 5_000;
/// Records that one inspector's walk reaches, that stand under one heading of an impact analysis, and
/// versions of a record that its story tells.
pub const WALK_RECORDS: usize = 20_000;
/// Events in one evidence bundle; each brings some 1.5 kB with its paths.
pub const BUNDLE_EVENTS: usize = 20_000;
/// One evidence bundle, in bytes.
pub const BUNDLE_BYTES: usize = 64 << 20;
/// Work on the database and on files that runs at the same time in one server.
pub const BLOCKING_WORKERS: usize = 64;
/// Of these, requests of one person that work at the same time.
pub const WORKERS_PER_PERSON: usize = 8;
/// Sessions and tokens that the edge knows the person of; then it begins anew.
pub const KNOWN_SECRETS: usize = 20_000;
/// Requests that wait for their turn; further ones are told to come again.
pub const BLOCKING_QUEUE: usize = 1_024;
/// How long a request waits for its turn, in seconds.
pub const BLOCKING_WAIT_SECONDS: u64 = 10;
/// Uploads that run at the same time in one server.
pub const UPLOADS_AT_ONCE: usize = 16;
/// The body of a request arrives within this time, in seconds.
pub const BODY_SECONDS: u64 = 60;
/// An uploaded file arrives within this time, in seconds.
pub const UPLOAD_SECONDS: u64 = 600;
/// The address of a request (path and query), in bytes.
pub const ADDRESS_BYTES: usize = 8 << 10;
/// Open connections of one server; further ones are closed unread.
pub const CONNECTIONS: usize = 4_096;
/// Open connections of one address (one /64 of IPv6), where no proxy stands in front.
pub const CONNECTIONS_PER_ADDRESS: usize = 512;
/// The line and the headers of a request arrive within this time, in seconds; so long may a
/// connection be idle.
pub const REQUEST_HEAD_SECONDS: u64 = 20;
/// The line and the headers of a request, in bytes.
pub const REQUEST_HEAD_BYTES: usize = 64 << 10;
/// Headers of one request.
pub const REQUEST_HEADERS: usize = 64;
/// A client that takes nothing of its answer for this time is left, in seconds.
pub const STALLED_SECONDS: u64 = 60;
/// Exports of one person within a day.
pub const EXPORTS_PER_DAY: usize = 40;
/// Rows of one export; a longer list is narrowed first.
pub const EXPORT_ROWS: usize = 10_000;
/// So many times the usual exports of a day are told as a security event.
pub const EXPORT_ALERT_TIMES: i64 = 5;
/// Fewer exports within a day are never told.
pub const EXPORT_ALERT_FROM: i64 = 10;
/// The days before that say what is usual.
pub const EXPORT_USUAL_DAYS: i64 = 30;
/// Rows of one NDJSON answer.
pub const NDJSON_ROWS: usize = 10_000;
/// Steps of an inspector's walk from its first record.
pub const WALK_DEPTH: usize = 12;
/// Rows of a field that holds a sheet, its titles not counted.
pub const SHEET_FIELD_ROWS: usize = 2_000;
/// Columns of a field that holds a sheet.
pub const SHEET_FIELD_COLUMNS: usize = 20;
/// One cell of a field that holds a sheet, in characters.
pub const SHEET_FIELD_CELL_CHARS: usize = 200;
/// All cells of a field that holds a sheet, in characters.
pub const SHEET_FIELD_CHARS: usize = 200_000;
/// Faults of a reference table that one answer names.
pub const REFERENCE_FAULTS: usize = 50;
/// Rows of a table that an import or a restore holds at once.
pub const COPIED_ROWS_AT_ONCE: usize = 5_000;
/// Lines of a table that an export, an import, a backup or a restore holds at once, in bytes; a row
/// that is longer is held alone.
pub const COPIED_BYTES_AT_ONCE: usize = 4 << 20;
/// What is wrong with a copy that one answer names.
pub const DAMAGE_NAMED: usize = 50;
