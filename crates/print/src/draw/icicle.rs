//! A structure as an icicle: levels from left to right, lines from top to bottom, so that depth,
//! breadth and changes are seen at once.

use crate::draw::limits::{ICICLE_LEAVES, ICICLE_LEVELS, TABLE_ROWS};
use crate::draw::svg::{Canvas, Hang, Ink, SMALL, Type, linked, small, soft_box, to_i32, word};
use crate::draw::text::{fit, width};
use crate::draw::Table;
use maud::{Markup, html};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change {
    #[default]
    None,
    Added,
    Removed,
    Changed,
}

impl Change {
    fn ink(self) -> Ink {
        match self {
            Self::None => Ink::Plain,
            Self::Added => Ink::Good,
            Self::Removed => Ink::Bad,
            Self::Changed => Ink::Warn,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Added => "+",
            Self::Removed => "\u{2212}",
            Self::Changed => "~",
        }
    }

    fn said(self) -> &'static str {
        match self {
            Self::None => "unchanged",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One line of the structure, parents before children.
#[derive(Debug, Clone, Default)]
pub struct IcicleNode {
    /// 1 for the top.
    pub level: usize,
    pub number: String,
    pub title: String,
    /// "4 pcs".
    pub quantity: String,
    pub change: Change,
    pub href: String,
}

/// A structure.
#[derive(Debug, Clone, Default)]
pub struct Icicle {
    pub id: String,
    pub title: String,
    pub nodes: Vec<IcicleNode>,
}

const WIDTH: i32 = 960;
const LINE: i32 = 22;

/// Where a node stands: its rows, and how many lines below it are not drawn.
struct Place {
    index: usize,
    level: usize,
    first: usize,
    rows: usize,
    folded: usize,
}

impl Icicle {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let (places, rows, left_out) = self.places();
        let levels = places.iter().map(|place| place.level).max().unwrap_or(1);
        let column = WIDTH / to_i32(levels);
        let foot = if left_out > 0 { LINE } else { 0 };
        let height = to_i32(rows.max(1)) * LINE + foot + 2;
        let changed = self.nodes.iter().filter(|node| node.change != Change::None).count();
        let description = format!("{} lines on {} levels, {changed} of them changed.", self.nodes.len(), self.depth());
        let body = html! {
            @for place in &places { (self.cell(place, column)) }
            @if places.is_empty() { (small(4, 16, Type::Quiet, Hang::Start, "No lines yet")) }
            @if left_out > 0 { (small(4, height - 8, Type::Quiet, Hang::Start, &format!("and {left_out} more lines"))) }
        };
        Canvas { id: &self.id, width: WIDTH, height, title: &self.title, description: &description, linked: true }.draw(&body)
    }

    /// The lines as rows.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.title, &[("Level", true), ("Number", false), ("Title", false), ("Quantity", true), ("Change", false)]);
        for node in self.nodes.iter().take(TABLE_ROWS) {
            table.rows.push(vec![node.level.to_string(), node.number.clone(), node.title.clone(), node.quantity.clone(), node.change.said().to_owned()]);
        }
        table
    }

    fn depth(&self) -> usize {
        self.nodes.iter().map(|node| node.level).max().unwrap_or(0)
    }

    fn cell(&self, place: &Place, column: i32) -> Markup {
        let node = &self.nodes[place.index];
        let x = to_i32(place.level - 1) * column + 1;
        let y = to_i32(place.first) * LINE + 1;
        let sign = node.change.sign();
        let sign_room = if sign.is_empty() { 0 } else { 14 };
        let tail = if place.folded > 0 { format!("{} below", place.folded) } else { node.quantity.clone() };
        let tail_room = if tail.is_empty() { 0 } else { width(&tail, SMALL) + 8 };
        let room = column - 16 - sign_room - tail_room;
        let label = if node.title.is_empty() { node.number.clone() } else { format!("{} {}", node.number, node.title) };
        let full = format!("{label}, {}, {}", node.quantity, node.change.said());
        let body = html! {
            (soft_box(x, y, column - 2, to_i32(place.rows) * LINE - 2, node.change.ink()))
            @if !sign.is_empty() { (word(x + 7, y + 14, node.change.ink(), Hang::Start, sign)) }
            (small(x + 7 + sign_room, y + 14, if place.level == 1 { Type::Strong } else { Type::Normal }, Hang::Start, &fit(&label, SMALL, room)))
            @if !tail.is_empty() { (small(x + column - 9, y + 14, Type::Quiet, Hang::End, &tail)) }
        };
        linked(&node.href, &full, &body)
    }

    /// Rows for the nodes that are drawn, the number of rows, and how many nodes are left out.
    fn places(&self) -> (Vec<Place>, usize, usize) {
        let mut places: Vec<Place> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut rows = 0;
        for (index, node) in self.nodes.iter().enumerate() {
            // A jump of two levels would leave a hole; the node is drawn below its nearest parent.
            let level = node.level.clamp(1, open.len() + 1);
            if level > ICICLE_LEVELS {
                if let Some(last) = places.last_mut() {
                    last.folded += 1;
                }
                continue;
            }
            let opens_row = level <= open.len() || open.is_empty();
            if opens_row && rows == ICICLE_LEAVES {
                return (places, rows, self.nodes.len() - index);
            }
            open.truncate(level - 1);
            if opens_row {
                rows += 1;
                for parent in &open {
                    places[*parent].rows += 1;
                }
            }
            open.push(places.len());
            places.push(Place { index, level, first: rows - 1, rows: 1, folded: 0 });
        }
        (places, rows, 0)
    }
}
