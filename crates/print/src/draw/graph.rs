//! The links of a record as a small layered graph: what leads here on the left, the record in the
//! middle, where it leads on the right.

use crate::draw::limits::{GRAPH_NODES_PER_SIDE, TABLE_ROWS};
use crate::draw::svg::{Canvas, Hang, Ink, SIZE, SMALL, Type, arrow_head, glyph, linked, path, small, soft_box, text, to_i32};
use crate::draw::text::{fit, width};
use crate::draw::{Table, svg};
use maud::{Markup, html};

/// A record in the graph.
#[derive(Debug, Clone, Default)]
pub struct GraphNode {
    pub number: String,
    pub title: String,
    pub href: String,
    /// The phase, as colour and sign.
    pub ink: Ink,
    /// The state's word.
    pub state: String,
}

/// A link to or from the record in the middle.
#[derive(Debug, Clone, Default)]
pub struct GraphLink {
    /// "Corrected by".
    pub relation: String,
    pub node: GraphNode,
    /// The other end changed after the link was made: drawn dashed, with the word.
    pub suspect: bool,
}

/// A record with its links.
#[derive(Debug, Clone, Default)]
pub struct LinkGraph {
    pub id: String,
    pub title: String,
    pub center: GraphNode,
    pub incoming: Vec<GraphLink>,
    pub outgoing: Vec<GraphLink>,
    /// Where all links are listed, for "and N more".
    pub all_href: String,
}

const WIDTH: i32 = 720;
const BOX: i32 = 208;
const BOX_HEIGHT: i32 = 48;
const GAP: i32 = 10;
const RIGHT: i32 = WIDTH - BOX;
const MIDDLE: i32 = (WIDTH - BOX) / 2;

impl LinkGraph {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let rows = side_rows(&self.incoming).max(side_rows(&self.outgoing)).max(1);
        let height = rows * (BOX_HEIGHT + GAP) - GAP + 2;
        let center_y = (height - BOX_HEIGHT) / 2;
        let description = format!(
            "{} links lead to {}, {} lead from it.",
            self.incoming.len(),
            self.center.number,
            self.outgoing.len()
        );
        let body = html! {
            (self.side(&self.incoming, height, true))
            (self.side(&self.outgoing, height, false))
            (node_box(MIDDLE, center_y, &self.center, None, true))
        };
        Canvas { id: &self.id, width: WIDTH, height, title: &self.title, description: &description, linked: true }.draw(&body)
    }

    /// The links as rows.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&self.title, &[("Direction", false), ("Relation", false), ("Record", false), ("Title", false), ("State", false), ("Suspect", false)]);
        let sides = [("to this record", &self.incoming), ("from this record", &self.outgoing)];
        for (direction, link) in sides.iter().flat_map(|(direction, links)| links.iter().map(move |link| (*direction, link))).take(TABLE_ROWS) {
            let suspect = if link.suspect { "yes" } else { "no" };
            let cells = [direction, &link.relation, &link.node.number, &link.node.title, &link.node.state, suspect];
            table.rows.push(cells.iter().map(|cell| (*cell).to_owned()).collect());
        }
        table
    }

    fn side(&self, links: &[GraphLink], height: i32, incoming: bool) -> Markup {
        let taken = side_rows(links) * (BOX_HEIGHT + GAP) - GAP;
        let top = (height - taken) / 2;
        let x = if incoming { 1 } else { RIGHT - 1 };
        let left_out = links.len().saturating_sub(GRAPH_NODES_PER_SIDE);
        let row_y = |row: usize| top + to_i32(row) * (BOX_HEIGHT + GAP);
        html! {
            @for (row, link) in links.iter().take(GRAPH_NODES_PER_SIDE).enumerate() {
                (edge(row_y(row) + BOX_HEIGHT / 2, height / 2, incoming, link.suspect))
                (node_box(x, row_y(row), &link.node, Some(link), false))
            }
            @if left_out > 0 {
                (linked(&self.all_href, &format!("{left_out} more links"), &more(x, row_y(GRAPH_NODES_PER_SIDE), left_out)))
            }
        }
    }
}

fn more(x: i32, y: i32, left_out: usize) -> Markup {
    html! {
        rect.d-hit x=(x) y=(y) width=(BOX) height=(28) fill="none" {}
        (text(x + 10, y + 18, Type::Quiet, Hang::Start, &format!("and {left_out} more")))
    }
}

fn side_rows(links: &[GraphLink]) -> i32 {
    to_i32(links.len().min(GRAPH_NODES_PER_SIDE + 1))
}


fn edge(node_y: i32, center_y: i32, incoming: bool, suspect: bool) -> Markup {
    let ink = if suspect { Ink::Warn } else { Ink::Plain };
    let (from_x, from_y, to_x, to_y) = if incoming { (BOX + 1, node_y, MIDDLE - 6, center_y) } else { (MIDDLE + BOX, center_y, RIGHT - 7, node_y) };
    let half = (to_x - from_x) / 2;
    let d = format!("M{from_x} {from_y}C{} {from_y} {} {to_y} {to_x} {to_y}", from_x + half, to_x - half);
    html! { (path(&d, ink, suspect)) (arrow_head(to_x + 6, to_y, (1, 0), ink)) }
}

fn node_box(x: i32, y: i32, node: &GraphNode, link: Option<&GraphLink>, center: bool) -> Markup {
    let suspect = link.is_some_and(|link| link.suspect);
    let relation = link.map_or("", |link| link.relation.as_str());
    let upper = if suspect { format!("{relation}, suspect") } else { relation.to_owned() };
    let number_width = width(&node.number, SIZE) + 8;
    let state_room = (BOX - number_width - 34).max(0);
    let full = [relation, &node.number, &node.title, &node.state].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ");
    let ink = if center { Ink::Accent } else { Ink::Plain };
    let body = html! {
        (soft_box(x, y, BOX, BOX_HEIGHT, ink))
        (glyph(x + 13, y + 15, node.ink))
        (text(x + 24, y + 19, Type::Strong, Hang::Start, &fit(&node.number, SIZE, BOX - 34)))
        @if upper.is_empty() {
            (svg::word(x + BOX - 9, y + 19, node.ink, Hang::End, &fit(&node.state, SMALL, state_room)))
        } @else if suspect {
            (svg::word(x + BOX - 9, y + 19, Ink::Warn, Hang::End, &fit(&upper, SMALL, state_room)))
        } @else {
            (small(x + BOX - 9, y + 19, Type::Quiet, Hang::End, &fit(&upper, SMALL, state_room)))
        }
        (small(x + 10, y + 38, Type::Normal, Hang::Start, &fit(&node.title, SMALL, BOX - 20)))
    };
    linked(&node.href, &full, &body)
}
