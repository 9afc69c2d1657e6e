//! How old open things are, as columns; and how a number moved, as a sparkline.

use crate::draw::bars::scaled;
use base::text::grouped;
use crate::draw::limits::{AGE_BUCKETS, SPARKLINE_POINTS, TABLE_ROWS};
use crate::draw::svg::{Canvas, Hang, Ink, SMALL, Type, hairline, small, solid, text, to_i32};
use crate::draw::text::wrap;
use crate::draw::Table;
use maud::{Markup, html};

/// Things of one age.
#[derive(Debug, Clone, Default)]
pub struct AgeBucket {
    /// "31–60 days".
    pub label: String,
    pub in_time: u64,
    pub late: u64,
}

/// Open things by age, youngest first.
#[derive(Debug, Clone, Default)]
pub struct Ageing {
    pub id: String,
    pub title: String,
    pub buckets: Vec<AgeBucket>,
}

const COLUMN: i32 = 64;
const PLOT: i32 = 120;

impl Ageing {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let drawn = self.buckets.len().min(AGE_BUCKETS);
        let left_out = self.buckets.len() - drawn;
        let largest = self.buckets.iter().map(|bucket| bucket.in_time.saturating_add(bucket.late)).max().unwrap_or(0);
        let width = (to_i32(drawn) * COLUMN + 2).max(240);
        let base_line = PLOT + 18;
        let height = base_line + 54;
        let body = html! {
            (hairline(0, base_line, width, base_line))
            @for (index, bucket) in self.buckets.iter().take(drawn).enumerate() { (column(index, bucket, largest, base_line)) }
            @if drawn == 0 { (small(4, PLOT / 2, Type::Quiet, Hang::Start, "Nothing is open")) }
            (solid(2, height - 12, 10, 10, Ink::Accent)) (small(17, height - 3, Type::Normal, Hang::Start, "in time"))
            (solid(82, height - 12, 10, 10, Ink::Bad)) (small(97, height - 3, Type::Normal, Hang::Start, "late (upper part)"))
            @if left_out > 0 { (small(width, height - 3, Type::Quiet, Hang::End, &format!("and {left_out} more"))) }
        };
        let sum = |count: fn(&AgeBucket) -> u64| self.buckets.iter().map(count).fold(0, u64::saturating_add);
        let (in_time, late) = (sum(|bucket| bucket.in_time), sum(|bucket| bucket.late));
        let description = format!("{} open, {} of them late.", grouped(in_time.saturating_add(late)), grouped(late));
        Canvas { id: &self.id, width, height, title: &self.title, description: &description, linked: false }.draw(&body)
    }

    /// The counts as rows.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.title, &[("Age", false), ("In time", true), ("Late", true)]);
        for bucket in self.buckets.iter().take(TABLE_ROWS) {
            table.rows.push(vec![bucket.label.clone(), bucket.in_time.to_string(), bucket.late.to_string()]);
        }
        table
    }
}

fn column(index: usize, bucket: &AgeBucket, largest: u64, base_line: i32) -> Markup {
    let x = 8 + to_i32(index) * COLUMN;
    let total = bucket.in_time.saturating_add(bucket.late);
    let full = if total == 0 { 0 } else { scaled(total, largest, PLOT) };
    let late = if bucket.late == 0 { 0 } else { scaled(bucket.late, total, full) };
    html! {
        g {
            title { (crate::draw::text::safe(&bucket.label)) ": " (bucket.in_time) " in time, " (bucket.late) " late" }
            (solid(x, base_line - full + late, COLUMN - 18, full - late, Ink::Accent))
            (solid(x, base_line - full, COLUMN - 18, late, Ink::Bad))
            (text(x + (COLUMN - 18) / 2, base_line - full - 5, Type::Strong, Hang::Middle, &grouped(total)))
            @for (line, part) in wrap(&bucket.label, SMALL, COLUMN - 6, 2).iter().enumerate() {
                (small(x + (COLUMN - 18) / 2, base_line + 15 + to_i32(line) * 13, Type::Normal, Hang::Middle, part))
            }
        }
    }
}

/// How a number moved, small enough to stand in a line of text.
#[derive(Debug, Clone, Default)]
pub struct Sparkline {
    pub id: String,
    pub title: String,
    /// Oldest first, with the day or month each belongs to.
    pub points: Vec<(String, u64)>,
}

const SPARK: i32 = 120;
const SPARK_HEIGHT: i32 = 28;

impl Sparkline {
    /// The drawing; the last point is marked and its value written.
    pub fn draw(&self) -> Markup {
        let points = &self.points[self.points.len().saturating_sub(SPARKLINE_POINTS)..];
        let largest = points.iter().map(|(_, value)| *value).max().unwrap_or(0);
        let steps = to_i32(points.len().saturating_sub(1).max(1));
        let place = |index: usize, value: u64| {
            let rise = if value == 0 { 0 } else { scaled(value, largest, SPARK_HEIGHT - 8) };
            (2 + to_i32(index) * (SPARK - 8) / steps, SPARK_HEIGHT - 4 - rise)
        };
        let line: Vec<String> = points.iter().enumerate().map(|(index, (_, value))| place(index, *value)).map(|(x, y)| format!("{x},{y}")).collect();
        let last = points.last().map(|(label, value)| (label, *value, place(points.len() - 1, *value)));
        let body = html! {
            (hairline(0, SPARK_HEIGHT - 3, SPARK, SPARK_HEIGHT - 3))
            @if line.len() > 1 { polyline.d-stroke.accent points=(line.join(" ")) fill="none" stroke=(Ink::Accent.strong()) stroke-width="1.5" stroke-linejoin="round" {} }
            @if let Some((_, value, (x, y))) = &last {
                circle.d-ink.accent cx=(x) cy=(y) r="2.5" fill=(Ink::Accent.strong()) {}
                (text(SPARK + 6, 18, Type::Strong, Hang::Start, &grouped(*value)))
            }
        };
        let description = match &last {
            Some((label, value, _)) => format!("{} points, the last {} for {label}; the largest was {}.", points.len(), grouped(*value), grouped(largest)),
            None => "No points yet.".to_owned(),
        };
        Canvas { id: &self.id, width: SPARK + 60, height: SPARK_HEIGHT, title: &self.title, description: &description, linked: false }.draw(&body)
    }

    /// The points as rows.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.title, &[("When", false), ("Value", true)]);
        table.rows.extend(self.points.iter().rev().take(TABLE_ROWS).rev().map(|(label, value)| vec![label.clone(), value.to_string()]));
        table
    }
}
