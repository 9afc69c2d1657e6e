//! Horizontal bars, largest on top; as a Pareto chart with the running share beside each bar.

use base::text::grouped;
use crate::draw::limits::{BARS, TABLE_ROWS};
use crate::draw::svg::{Canvas, Hang, Ink, SIZE, Type, hairline, linked, small, solid, text, to_i32};
use crate::draw::text::{fit, width};
use crate::draw::Table;
use maud::{Markup, html};

/// One bar.
#[derive(Debug, Clone, Default)]
pub struct Bar {
    pub label: String,
    pub value: u64,
    pub href: String,
    pub ink: Ink,
}

/// Bars in the order given; a Pareto chart sorts them.
#[derive(Debug, Clone, Default)]
pub struct Bars {
    pub id: String,
    pub title: String,
    /// "complaints", after the value in the table and the description.
    pub unit: String,
    pub bars: Vec<Bar>,
    /// Largest first, with the running share of the whole.
    pub pareto: bool,
}

const WIDTH: i32 = 720;
const ROW: i32 = 26;

impl Bars {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let bars = self.ordered();
        let drawn = bars.len().min(BARS);
        let left_out = bars.len() - drawn;
        let total = self.total();
        let largest = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
        let left = bars.iter().take(BARS).map(|bar| width(&bar.label, SIZE)).max().unwrap_or(0).clamp(60, 240) + 10;
        let share_room = if self.pareto { 60 } else { 0 };
        let room = WIDTH - left - 52 - share_room;
        let head = if self.pareto { 20 } else { 2 };
        let height = head + to_i32(drawn.max(1)) * ROW + if left_out > 0 { 22 } else { 4 };
        let shares = running(&bars, total);
        let body = html! {
            @if self.pareto && drawn > 0 { (small(WIDTH, 12, Type::Quiet, Hang::End, "running share")) }
            (hairline(left, head, left, head + to_i32(drawn) * ROW))
            @for (row, bar) in bars.iter().take(BARS).enumerate() {
                @let y = head + to_i32(row) * ROW;
                @let length = scaled(bar.value, largest, room);
                (linked(&bar.href, &format!("{}: {} {}", bar.label, bar.value, self.unit), &html! {
                    (text(left - 8, y + 17, Type::Normal, Hang::End, &fit(&bar.label, SIZE, left - 10)))
                    (solid(left, y + 5, length, ROW - 10, if bar.ink == Ink::Plain { Ink::Accent } else { bar.ink }))
                    (text(left + length + 6, y + 17, Type::Strong, Hang::Start, &grouped(bar.value)))
                }))
                @if self.pareto { (small(WIDTH, y + 17, Type::Quiet, Hang::End, &format!("{} %", shares[row]))) }
            }
            @if drawn == 0 { (small(left + 8, head + 16, Type::Quiet, Hang::Start, "Nothing counted yet")) }
            @if left_out > 0 { (small(left, height - 6, Type::Quiet, Hang::Start, &format!("and {left_out} more"))) }
        };
        let description = match bars.first() {
            Some(first) => format!("{} {} in {} groups; most: {} with {}.", grouped(total), self.unit, bars.len(), first.label, grouped(first.value)),
            None => "Nothing counted yet.".to_owned(),
        };
        Canvas { id: &self.id, width: WIDTH, height, title: &self.title, description: &description, linked: true }.draw(&body)
    }

    /// The values as rows.
    pub fn table(&self) -> Table {
        let bars = self.ordered();
        let shares = running(&bars, self.total());
        let mut table = if self.pareto {
            Table::new(&self.title, &[("Group", false), ("Count", true), ("Running share, %", true)])
        } else {
            Table::new(&self.title, &[("Group", false), ("Count", true)])
        };
        for (bar, share) in bars.iter().zip(shares).take(TABLE_ROWS) {
            let mut row = vec![bar.label.clone(), bar.value.to_string()];
            if self.pareto {
                row.push(share.to_string());
            }
            table.rows.push(row);
        }
        table
    }

    fn total(&self) -> u64 {
        self.bars.iter().map(|bar| bar.value).fold(0, u64::saturating_add)
    }

    fn ordered(&self) -> Vec<&Bar> {
        let mut bars: Vec<&Bar> = self.bars.iter().collect();
        if self.pareto {
            // Stable, so that equal values keep the order of the caller.
            bars.sort_by_key(|bar| std::cmp::Reverse(bar.value));
        }
        bars
    }
}

/// Running share in whole per cent, after each bar.
fn running(bars: &[&Bar], total: u64) -> Vec<u64> {
    let mut sum = 0u128;
    bars.iter()
        .map(|bar| {
            sum += u128::from(bar.value);
            // Counted in half per cent and rounded up from there: half a per cent and more counts.
            u64::try_from((sum * 200 / u128::from(total.max(1))).div_ceil(2)).unwrap_or(100).min(100)
        })
        .collect()
}

/// Part of the room, at least one pixel for anything that is not nothing.
pub(crate) fn scaled(value: u64, largest: u64, room: i32) -> i32 {
    let room = i64::from(room.max(0));
    let length = i64::try_from(i128::from(value) * i128::from(room) / i128::from(largest.max(1))).unwrap_or(room);
    let least = i64::from(value > 0);
    i32::try_from(length.clamp(least, room.max(1))).unwrap_or(0)
}
