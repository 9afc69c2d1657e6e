//! How much is complete: a ring for one number, a bar with its parts for a line of a page.

use crate::draw::bars::scaled;
use base::text::grouped;
use crate::draw::svg::{Canvas, Hang, Ink, Type, glyph, small, solid, text};
use crate::draw::Table;
use maud::{Markup, html};

/// Done, open and late of a whole; what is left of the whole is open and in time.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    pub id: String,
    /// "Training on SOP-014 rev D".
    pub title: String,
    pub done: u64,
    pub late: u64,
    pub total: u64,
}

const BAR: i32 = 356;

impl Completion {
    fn open(&self) -> u64 {
        self.total.saturating_sub(self.done).saturating_sub(self.late)
    }

    fn percent(&self) -> u64 {
        if self.total == 0 { 0 } else { u64::try_from(u128::from(self.done.min(self.total)) * 100 / u128::from(self.total)).unwrap_or(100) }
    }

    fn description(&self) -> String {
        format!("{} of {} done, {} late.", grouped(self.done), grouped(self.total), grouped(self.late))
    }

    /// A ring with the share in its middle.
    pub fn ring(&self) -> Markup {
        // The circumference of a circle of radius 28 is 175.93.
        let arc = self.percent() * 17_593 / 100;
        let dash = format!("{}.{:02} 176", arc / 100, arc % 100);
        let body = html! {
            circle.d-track cx="36" cy="36" r="28" fill="none" stroke="#eceef2" stroke-width="8" {}
            @if self.percent() > 0 {
                circle.d-stroke.good cx="36" cy="36" r="28" fill="none" stroke=(Ink::Good.strong()) stroke-width="8" stroke-dasharray=(dash) transform="rotate(-90 36 36)" {}
            }
            (text(36, 40, Type::Strong, Hang::Middle, &format!("{} %", self.percent())))
            (text(84, 32, Type::Strong, Hang::Start, &format!("{} of {}", grouped(self.done), grouped(self.total))))
            @if self.late > 0 {
                (glyph(90, 46, Ink::Bad))
                (small(100, 50, Type::Normal, Hang::Start, &format!("{} late", grouped(self.late))))
            } @else {
                (small(84, 50, Type::Quiet, Hang::Start, "none late"))
            }
        };
        Canvas { id: &self.id, width: 220, height: 72, title: &self.title, description: &self.description(), linked: false }.draw(&body)
    }

    /// A bar of done, open and late, with the three numbers below it.
    pub fn bar(&self) -> Markup {
        let done = if self.done == 0 { 0 } else { scaled(self.done, self.total, BAR) };
        let late = if self.late == 0 { 0 } else { scaled(self.late, self.total, BAR - done) };
        let parts = [(Ink::Good, "done", self.done), (Ink::Plain, "open", self.open()), (Ink::Bad, "late", self.late)];
        let body = html! {
            rect.d-track x="0" y="1" width=(BAR) height="10" rx="2" fill="#eceef2" {}
            (solid(0, 1, done, 10, Ink::Good))
            (solid(BAR - late, 1, late, 10, Ink::Bad))
            @for (index, (ink, word, count)) in parts.iter().enumerate() {
                @let x = i32::try_from(index).unwrap_or(0) * 78;
                (glyph(x + 7, 26, *ink))
                (small(x + 17, 30, Type::Normal, Hang::Start, &format!("{} {word}", grouped(*count))))
            }
            (small(BAR, 30, Type::Quiet, Hang::End, &format!("{} % of {}", self.percent(), grouped(self.total))))
        };
        Canvas { id: &self.id, width: BAR, height: 36, title: &self.title, description: &self.description(), linked: false }.draw(&body)
    }

    /// The counts as rows.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.title, &[("State", false), ("Count", true)]);
        for (word, count) in [("Done", self.done), ("Open", self.open()), ("Late", self.late), ("All", self.total)] {
            table.rows.push(vec![word.to_owned(), count.to_string()]);
        }
        table
    }
}
