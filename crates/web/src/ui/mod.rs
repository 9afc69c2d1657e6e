//! Components of the pages: plain data in, markup out.
//!
//! Nothing here knows the kernel, a database or a request. A page author fills a struct with text
//! that is ready to read (dates in the site's zone, numbers as they are written) and puts it into
//! `html!`, since every component is a [`maud::Render`]. What comes from people is escaped by
//! maud; no component writes a script, a style or a `style` attribute, so the pages live under a
//! content security policy without exceptions. Every page works without scripts; the modules in
//! `assets/js` add the keyboard and keep what was typed.

pub mod banner;
pub mod chip;
pub mod dialog;
pub mod entry_grid;
pub mod error;
pub mod fields;
pub mod form;
pub mod head;
pub mod icon;
pub mod input;
pub mod inspector;
pub mod learner;
pub mod list;
pub mod matrix;
pub mod menu;
pub mod page;
pub mod picture;
pub mod record;
pub mod sign;
pub mod sign_in;
pub mod table;
pub mod timeline;
pub mod tree;
pub mod value;
pub mod work;

#[cfg(test)]
mod tests;

pub use banner::{Banner, BannerKind, EmptyState, Flash, Progress};
pub use chip::{Chip, Due, DueState, Phase, Tag, Tone};
pub use dialog::{Ask, Confirm};
pub use entry_grid::{EntryColumn, EntryGrid, EntryRow};
pub use error::ErrorPage;
pub use fields::{FieldGroup, FieldValue, FieldView};
pub use form::{Form, FormError, FormGroup, Submit};
pub use icon::Icon;
pub use input::{Input, InputKind, InputWidth, Offer};
pub use inspector::{Claim, Story};
pub use learner::{Lesson, LessonStep, Question, QuestionKind};
pub use list::{ActiveFilter, Bulk, ColumnOffer, Column, Filter, FilterKind, ListView, Pager, Row, Sort};
pub use matrix::{MatrixCell, MatrixColumn, MatrixRow, MatrixState, MatrixView};
pub use menu::{Menu, MenuItem};
pub use head::PageHead;
pub use page::{Area, AsOf, Frame, NavItem, NavLink, Page, PersonMenu, SiteOffer};
pub use picture::Picture;
pub use record::{
    BlockLine, Fact, IndexEntry, LifecycleStep, LinkRow, NextStep, RecordHead, RecordPage, Section, StepAction, StepMark,
};
pub use sign::{SignDialog, SignatureView, SignatureState, SignedBy};
pub use sign_in::SignIn;
pub use table::DataTable;
pub use timeline::{Change, EntryKind, Timeline, TimelineEntry};
pub use tree::{Mark, Tree, TreeColumn, TreeRow};
pub use value::{Cell, Link, Tab, Tabs, When};
pub use work::{Figure, Work, WorkGroup, WorkItem};
