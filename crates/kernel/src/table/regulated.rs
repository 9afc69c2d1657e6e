//! The kernel's regulated tables.

use super::{Column, Table, bool, bytes, int, text};

const RECORD_COLUMNS: &[Column] = &[
    text("id"),
    text("item"),
    text("kind"),
    text("number"),
    text("revision"),
    text("title"),
    text("state"),
    text("phase"),
    text("site"),
    text("owner"),
    text("due_date"),
    text("effective_on"),
    int("version"),
    text("fields"),
    text("detail"),
    text("digest"),
    int("created_at"),
    text("created_by"),
    int("changed_at"),
    text("changed_by"),
];

pub static ITEM: Table = Table {
    name: "item",
    key: "id",
    columns: &[text("id"), text("kind"), text("number"), text("number_fold"), text("site"), text("latest"), text("effective")],
};

pub static RECORD: Table = Table { name: "record", key: "id", columns: RECORD_COLUMNS };

/// Every version a record ever had; the same columns, the same images and the same events as
/// [`RECORD`].
pub static RECORD_VERSION: Table = Table { name: "record_version", key: "id", columns: RECORD_COLUMNS };

pub static LINK: Table = Table {
    name: "link",
    key: "id",
    columns: &[
        text("id"),
        text("kind"),
        text("source"),
        text("source_item"),
        text("target"),
        text("target_item"),
        bool("suspect"),
        text("suspect_why"),
        int("from_at"),
        int("to_at"),
    ],
};

pub static OBLIGATION: Table = Table {
    name: "obligation",
    key: "id",
    columns: &[
        text("id"),
        text("sort"),
        text("record"),
        text("item"),
        text("step"),
        text("person"),
        text("role"),
        text("site"),
        text("via"),
        text("cause"),
        text("task"),
        text("due_date"),
        text("state"),
        int("raised_at"),
        int("closed_at"),
        text("closed_by"),
        text("signature"),
        text("outcome"),
    ],
};

pub static CLOCK: Table = Table {
    name: "clock",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("rule"),
        text("zone"),
        int("started_at"),
        text("original_due"),
        text("due_date"),
        text("state"),
        int("stopped_at"),
    ],
};

pub static DECISION: Table = Table {
    name: "decision",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("tree"),
        text("tree_version"),
        text("answers"),
        text("outcome"),
        int("decided_at"),
        text("decided_by"),
        int("replaced_at"),
    ],
};

pub static HOLD: Table = Table {
    name: "hold",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("why"),
        int("placed_at"),
        text("placed_by"),
        int("lifted_at"),
        text("lifted_by"),
        text("lifted_why"),
    ],
};

pub static ATTACHMENT: Table = Table {
    name: "attachment",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("name"),
        text("media_type"),
        text("digest"),
        int("size_bytes"),
        int("added_at"),
        int("removed_at"),
    ],
};

pub static SIGNATURE: Table = Table {
    name: "signature",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        int("version"),
        text("digest"),
        text("step"),
        text("meaning"),
        text("role"),
        text("person"),
        text("printed_name"),
        text("zone"),
        int("signed_at"),
        text("challenge"),
        text("obligation"),
        int("utc_offset"),
        text("zone_shown"),
    ],
};

pub static DOSSIER: Table = Table {
    name: "dossier",
    key: "id",
    columns: &[
        text("id"),
        text("record"),
        text("name"),
        text("entries"),
        text("digest"),
        int("entry_count"),
        int("frozen_at"),
        text("frozen_by"),
    ],
};

pub static PERSON: Table = Table {
    name: "person",
    key: "id",
    columns: &[
        text("id"),
        text("login"),
        text("login_fold"),
        bool("active"),
        text("identity_verified"),
        text("zone"),
        text("personal_digest"),
        text("pd_name"),
        text("pd_email"),
        bytes("pd_salt"),
    ],
};

pub static CREDENTIAL: Table = Table {
    name: "credential",
    key: "id",
    columns: &[text("id"), text("sec_hash"), bool("must_change"), int("set_at")],
};

pub static ROLE_GRANT: Table = Table {
    name: "role_grant",
    key: "id",
    columns: &[text("id"), text("person"), text("role"), text("site"), int("from_at"), int("to_at")],
};

pub static SESSION: Table = Table {
    name: "session",
    key: "id",
    columns: &[text("id"), text("person"), text("sec_token"), int("opened_at"), int("closed_at")],
};

pub static TOKEN: Table = Table {
    name: "token",
    key: "id",
    columns: &[
        text("id"),
        text("person"),
        text("name"),
        text("sec_token"),
        int("made_at"),
        int("expires_at"),
        int("revoked_at"),
    ],
};

/// Attempts that the rules refused and somebody should know of (21 CFR 11.300(d)).
pub static SECURITY_EVENT: Table = Table {
    name: "security_event",
    key: "id",
    columns: &[text("id"), text("what"), text("person"), text("detail"), int("noticed_at")],
};

pub static CONFIGURATION: Table = Table {
    name: "configuration",
    key: "revision",
    columns: &[int("revision"), text("package"), text("text"), int("since_at")],
};

/// The kernel's regulated tables; domains add theirs through their module.
pub static TABLES: &[&Table] = &[
    &ITEM,
    &RECORD,
    &RECORD_VERSION,
    &LINK,
    &OBLIGATION,
    &CLOCK,
    &DECISION,
    &HOLD,
    &ATTACHMENT,
    &SIGNATURE,
    &DOSSIER,
    &PERSON,
    &CREDENTIAL,
    &ROLE_GRANT,
    &SESSION,
    &TOKEN,
    &SECURITY_EVENT,
    &CONFIGURATION,
];
