//! The risk matrix: severity by probability, with how many risks stand in each cell and which
//! region is acceptable.

use crate::draw::limits::RISK_STEPS;
use crate::draw::svg::{Canvas, Hang, Ink, SMALL, Type, glyph, linked, small, soft_box, text, to_i32};
use crate::draw::text::{fit, width, wrap};
use crate::draw::Table;
use maud::{Markup, html};

/// What the approved table says about a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Region {
    #[default]
    Acceptable,
    /// To be reduced as far as possible, with a reason.
    Reduce,
    Unacceptable,
}

impl Region {
    fn ink(self) -> Ink {
        match self {
            Self::Acceptable => Ink::Good,
            Self::Reduce => Ink::Warn,
            Self::Unacceptable => Ink::Bad,
        }
    }

    /// The word of the region.
    pub fn word(self) -> &'static str {
        match self {
            Self::Acceptable => "Acceptable",
            Self::Reduce => "Reduce further",
            Self::Unacceptable => "Not acceptable",
        }
    }
}

/// One cell.
#[derive(Debug, Clone, Default)]
pub struct RiskCell {
    pub region: Region,
    pub count: u64,
    /// The risks of this cell.
    pub href: String,
}

/// A matrix; the probability rows go from the highest at the top to the lowest.
#[derive(Debug, Clone, Default)]
pub struct RiskMatrix {
    pub id: String,
    pub title: String,
    /// Lowest first.
    pub severities: Vec<String>,
    /// Highest first.
    pub probabilities: Vec<String>,
    /// One row per probability.
    pub cells: Vec<Vec<RiskCell>>,
}

const CELL: i32 = 78;
const ROW: i32 = 44;
const HEAD: i32 = 40;

impl RiskMatrix {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let columns = self.severities.len().min(RISK_STEPS);
        let rows = self.probabilities.len().min(RISK_STEPS);
        let left = self.probabilities.iter().map(|name| width(name, SMALL)).max().unwrap_or(0).clamp(60, 140) + 14;
        let total_width = (left + to_i32(columns) * CELL + 2).max(420);
        let height = to_i32(rows) * ROW + HEAD + 52;
        let sum = |region| self.all().filter(|cell| cell.region == region).map(|cell| cell.count).sum::<u64>();
        let regions = [Region::Acceptable, Region::Reduce, Region::Unacceptable];
        let description = regions.iter().map(|region| format!("{}: {}.", region.word(), sum(*region))).collect::<Vec<_>>().join(" ");
        let body = html! {
            (small(0, 12, Type::Quiet, Hang::Start, "Probability"))
            @for (row, name) in self.probabilities.iter().take(rows).enumerate() {
                (small(left - 10, 20 + to_i32(row) * ROW + ROW / 2 + 4, Type::Normal, Hang::End, &fit(name, SMALL, left - 12)))
                @for column in 0..columns { (self.cell(row, column, left)) }
            }
            @for (column, name) in self.severities.iter().take(columns).enumerate() {
                @for (line, part) in wrap(name, SMALL, CELL - 6, 2).iter().enumerate() {
                    (small(left + to_i32(column) * CELL + CELL / 2, 20 + to_i32(rows) * ROW + 15 + to_i32(line) * 13, Type::Normal, Hang::Middle, part))
                }
            }
            (small(left - 10, 20 + to_i32(rows) * ROW + 15, Type::Quiet, Hang::End, "Severity"))
            @for (index, region) in regions.iter().enumerate() { (legend(to_i32(index) * 136, height - 10, *region, sum(*region))) }
        };
        Canvas { id: &self.id, width: total_width, height, title: &self.title, description: &description, linked: true }.draw(&body)
    }

    /// One row per cell that holds risks.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.title, &[("Probability", false), ("Severity", false), ("Region", false), ("Risks", true)]);
        for (row, probability) in self.probabilities.iter().enumerate() {
            for (column, severity) in self.severities.iter().enumerate() {
                if let Some(cell) = self.at(row, column).filter(|cell| cell.count > 0) {
                    table.rows.push(vec![probability.clone(), severity.clone(), cell.region.word().to_owned(), cell.count.to_string()]);
                }
            }
        }
        table
    }

    fn at(&self, row: usize, column: usize) -> Option<&RiskCell> {
        self.cells.get(row).and_then(|cells| cells.get(column))
    }

    fn all(&self) -> impl Iterator<Item = &RiskCell> {
        self.cells.iter().flatten()
    }

    fn cell(&self, row: usize, column: usize, left: i32) -> Markup {
        let (x, y) = (left + to_i32(column) * CELL, 20 + to_i32(row) * ROW);
        let Some(cell) = self.at(row, column) else { return html! {} };
        let full = format!("{}, {}: {} risks, {}", self.probabilities[row], self.severities[column], cell.count, cell.region.word().to_lowercase());
        let body = html! {
            (soft_box(x, y, CELL - 2, ROW - 2, cell.region.ink()))
            (glyph(x + 12, y + 12, cell.region.ink()))
            @if cell.count > 0 { (text(x + CELL / 2, y + ROW / 2 + 4, Type::Strong, Hang::Middle, &cell.count.to_string())) }
        };
        linked(if cell.count > 0 { &cell.href } else { "" }, &full, &body)
    }
}

fn legend(x: i32, y: i32, region: Region, count: u64) -> Markup {
    html! { (glyph(x + 7, y - 4, region.ink())) (small(x + 18, y, Type::Normal, Hang::Start, &format!("{} ({count})", region.word()))) }
}
