//! A lifecycle: its states in a row, its steps as arrows, the current state marked. Steps to the
//! next state are straight, longer ones arch above, steps back pass below.

use crate::draw::limits::{LIFECYCLE_STATES, LIFECYCLE_STEPS, TABLE_ROWS};
use crate::draw::svg::{Canvas, Hang, Ink, SMALL, Type, arrow_head, glyph, path, small, soft_box, to_i32};
use crate::draw::text::{fit, wrap};
use crate::draw::Table;
use maud::{Markup, html};

/// A state of the lifecycle.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub key: String,
    pub word: String,
    /// The phase, as colour and sign.
    pub ink: Ink,
    pub current: bool,
}

/// A step from one state to another.
#[derive(Debug, Clone, Default)]
pub struct Step {
    pub from: String,
    pub to: String,
    pub label: String,
    pub signed: bool,
}

/// States in the order in which they are usually passed.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    pub id: String,
    pub title: String,
    pub states: Vec<State>,
    pub steps: Vec<Step>,
}

const BOX: i32 = 114;
const BOX_HEIGHT: i32 = 44;
const GAP: i32 = 80;
const LANE: i32 = 24;

/// A step between drawn states, with the lane it runs in.
struct Route<'a> {
    step: &'a Step,
    from: usize,
    to: usize,
    lane: usize,
}

impl Lifecycle {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let drawn = self.states.len().min(LIFECYCLE_STATES);
        let left_out = self.states.len() - drawn;
        let (straight, above, below) = self.routes(drawn);
        let lanes = |routes: &[Route]| routes.iter().map(|route| route.lane + 1).max().unwrap_or(0);
        let top = to_i32(lanes(&above)) * LANE + 10;
        let foot = to_i32(lanes(&below)) * LANE + 8 + if left_out > 0 { 18 } else { 0 };
        let width = (to_i32(drawn.max(1)) * (BOX + GAP) - GAP + 2).max(200);
        let height = top + BOX_HEIGHT + foot;
        let body = html! {
            @for route in &straight { (straight_step(route, top)) }
            @for route in &above { (arch(route, top, true)) }
            @for route in &below { (arch(route, top + BOX_HEIGHT, false)) }
            @for (index, state) in self.states.iter().take(drawn).enumerate() { (state_box(index, state, top)) }
            @if drawn == 0 { (small(4, top + 20, Type::Quiet, Hang::Start, "No states declared")) }
            @if left_out > 0 { (small(2, height - 6, Type::Quiet, Hang::Start, &format!("and {left_out} more states"))) }
        };
        let current = self.states.iter().find(|state| state.current).map_or("none", |state| state.word.as_str());
        let description = format!("{} states and {} steps. Current state: {current}.", self.states.len(), self.steps.len());
        Canvas { id: &self.id, width, height, title: &self.title, description: &description, linked: false }.draw(&body)
    }

    /// The steps as rows.
    pub fn table(&self) -> Table {
        let word = |key: &str| self.states.iter().find(|state| state.key == key).map_or_else(|| key.to_owned(), |state| state.word.clone());
        let mut table = Table::new(&self.title, &[("From", false), ("Step", false), ("To", false), ("Signed", false)]);
        for step in self.steps.iter().take(TABLE_ROWS) {
            table.rows.push(vec![word(&step.from), step.label.clone(), word(&step.to), if step.signed { "yes" } else { "no" }.to_owned()]);
        }
        table
    }

    /// Steps to the next state, steps ahead over others, steps back.
    fn routes(&self, drawn: usize) -> (Vec<Route<'_>>, Vec<Route<'_>>, Vec<Route<'_>>) {
        let place = |key: &str| self.states.iter().take(drawn).position(|state| state.key == key);
        let (mut straight, mut above, mut below) = (Vec::new(), Vec::new(), Vec::new());
        let mut neighbours_taken: Vec<usize> = Vec::new();
        for step in self.steps.iter().take(LIFECYCLE_STEPS) {
            let (Some(from), Some(to)) = (place(&step.from), place(&step.to)) else { continue };
            let route = Route { step, from, to, lane: 0 };
            if to == from + 1 && !neighbours_taken.contains(&from) {
                neighbours_taken.push(from);
                straight.push(route);
            } else if to > from {
                above.push(route);
            } else {
                below.push(route);
            }
        }
        lay(&mut above);
        lay(&mut below);
        (straight, above, below)
    }
}

/// Short steps next to the states, longer ones further out; two never share a lane side by side.
fn lay(routes: &mut [Route]) {
    routes.sort_by_key(|route| (route.from.abs_diff(route.to), route.from.min(route.to)));
    let mut ends: Vec<Vec<(usize, usize)>> = Vec::new();
    for route in routes.iter_mut() {
        let (low, high) = (route.from.min(route.to), route.from.max(route.to));
        let free = ends.iter().position(|lane| lane.iter().all(|(from, to)| high <= *from || low >= *to) && low != high);
        let lane = free.unwrap_or(ends.len());
        if lane == ends.len() {
            ends.push(Vec::new());
        }
        ends[lane].push((low, high));
        route.lane = lane;
    }
}

fn left_of(index: usize) -> i32 {
    1 + to_i32(index) * (BOX + GAP)
}

fn state_box(index: usize, state: &State, top: i32) -> Markup {
    let x = left_of(index);
    let lines = wrap(&state.word, SMALL, BOX - 28, 2);
    let first = top + BOX_HEIGHT / 2 + 4 - (to_i32(lines.len()) - 1) * 7;
    html! {
        g {
            @if state.current { rect.d-current x=(x - 3) y=(top - 3) width=(BOX + 6) height=(BOX_HEIGHT + 6) rx="6" fill="none" stroke=(Ink::Accent.strong()) stroke-width="2" {} }
            (soft_box(x, top, BOX, BOX_HEIGHT, state.ink))
            (glyph(x + 13, top + BOX_HEIGHT / 2, state.ink))
            @for (line, part) in lines.iter().enumerate() {
                (small(x + 24, first + to_i32(line) * 14, if state.current { Type::Strong } else { Type::Normal }, Hang::Start, part))
            }
            title { (crate::draw::text::safe(&state.word)) @if state.current { " (current)" } }
        }
    }
}

fn straight_step(route: &Route, top: i32) -> Markup {
    let (from, to) = (left_of(route.from) + BOX, left_of(route.to));
    let y = top + BOX_HEIGHT / 2;
    let lines = wrap(&route.step.label, SMALL, GAP - 6, 2);
    html! {
        g {
            (path(&format!("M{from} {y}H{}", to - 6), Ink::Plain, false))
            (arrow_head(to - 1, y, (1, 0), Ink::Plain))
            @for (line, part) in lines.iter().rev().enumerate() {
                (small((from + to) / 2 - 2, y - 6 - to_i32(line) * 13, Type::Quiet, Hang::Middle, part))
            }
            title { (crate::draw::text::safe(&route.step.label)) }
        }
    }
}

/// A step that leaves at the top (or the foot) of one box and enters that of another.
fn arch(route: &Route, edge: i32, up: bool) -> Markup {
    let sign = if up { -1 } else { 1 };
    // Steps ahead leave right of the middle and enter left of it, steps back the other way, so
    // that neighbouring arches do not lie on one another.
    let shift = 8 + to_i32(route.lane % 3) * 6;
    let ahead = route.to > route.from;
    let (from, to) = (left_of(route.from) + BOX / 2 + if ahead { shift } else { -shift }, left_of(route.to) + BOX / 2 + if ahead { -shift } else { shift });
    let y = edge + sign * (14 + to_i32(route.lane) * LANE);
    let d = format!("M{from} {edge}V{y}H{to}V{}", edge + sign * 6);
    let room = (from - to).abs() - 8;
    html! {
        g {
            (path(&d, Ink::Plain, !ahead))
            (arrow_head(to, edge + sign, (0, -sign), Ink::Plain))
            (small((from + to) / 2, y + if up { -4 } else { 12 }, Type::Quiet, Hang::Middle, &fit(&route.step.label, SMALL, room)))
            title { (crate::draw::text::safe(&route.step.label)) }
        }
    }
}
