//! A story across records: one lane for each record, its states as spans, what happened as marks,
//! and lines where one record led to another.

use crate::draw::limits::{STORY_EVENTS_PER_LANE, STORY_LANES, TABLE_ROWS};
use crate::draw::svg::{Canvas, Hang, Ink, SIZE, SMALL, Type, glyph, hairline, linked, path, small, soft_box, text, to_i32};
use crate::draw::text::{fit, width};
use crate::draw::Table;
use base::Date;
use base::time::display_date;
use maud::{Markup, html};

/// A state that held from one day to another.
#[derive(Debug, Clone)]
pub struct Span {
    pub from: Date,
    /// The last day; `None` while it holds.
    pub to: Option<Date>,
    pub ink: Ink,
    pub word: String,
}

/// Something that happened on a day.
#[derive(Debug, Clone)]
pub struct Event {
    pub on: Date,
    pub ink: Ink,
    /// "Plan approved by J. Keller".
    pub word: String,
}

/// One record.
#[derive(Debug, Clone, Default)]
pub struct Lane {
    pub number: String,
    pub title: String,
    pub href: String,
    pub spans: Vec<Span>,
    pub events: Vec<Event>,
    /// The lane (by place) this record came from, and the day.
    pub caused_by: Option<(usize, Date)>,
}

/// Records along one axis of time.
#[derive(Debug, Clone)]
pub struct Story {
    pub id: String,
    pub title: String,
    pub lanes: Vec<Lane>,
    /// Open spans end here, and the line "today" stands here.
    pub today: Date,
}

const WIDTH: i32 = 960;
const LEFT: i32 = 210;
const LANE: i32 = 44;
const HEAD: i32 = 26;

/// From day to place.
struct Axis {
    first: Date,
    days: i64,
}

impl Axis {
    fn x(&self, day: Date) -> i32 {
        let room = i64::from(WIDTH - LEFT - 10);
        let offset = days_between(self.first, day).clamp(0, self.days);
        LEFT + i32::try_from(offset * room / self.days.max(1)).unwrap_or(0)
    }

    /// At most eight days worth a label: firsts of months or years, or every n-th day.
    fn ticks(&self) -> Vec<Date> {
        let mut ticks: Vec<Date> = Vec::new();
        if self.days <= 70 {
            let every = (self.days / 7).max(1);
            let mut day = self.first;
            for offset in 0..=self.days {
                if offset % every == 0 {
                    ticks.push(day);
                }
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        } else {
            let months = i32::try_from((self.days / 30 / 7).max(1)).unwrap_or(12);
            let start = i32::from(self.first.year()) * 12 + i32::from(self.first.month()) - 1;
            for step in 1..=8 {
                let month = start + step * months;
                let (year, month) = (i16::try_from(month.div_euclid(12)), i8::try_from(month.rem_euclid(12) + 1));
                if let (Ok(year), Ok(month)) = (year, month)
                    && let Ok(day) = Date::new(year, month, 1)
                    && days_between(self.first, day) <= self.days
                {
                    ticks.push(day);
                }
            }
        }
        ticks.truncate(8);
        ticks
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

impl Story {
    /// The drawing.
    pub fn draw(&self) -> Markup {
        let drawn = self.lanes.len().min(STORY_LANES);
        let left_out = self.lanes.len() - drawn;
        let axis = self.axis();
        let height = HEAD + to_i32(drawn.max(1)) * LANE + if left_out > 0 { 22 } else { 4 };
        let foot = HEAD + to_i32(drawn) * LANE;
        let body = html! {
            @for tick in axis.ticks() {
                (hairline(axis.x(tick), HEAD - 6, axis.x(tick), foot))
                (small(axis.x(tick) + 3, 14, Type::Quiet, Hang::Start, &display_date(tick)))
            }
            @for row in 0..drawn { (self.lane(row, &axis)) }
            @for row in 0..drawn { (self.cause(row, &axis)) }
            @if drawn == 0 { (small(4, HEAD + 18, Type::Quiet, Hang::Start, "Nothing happened yet")) }
            @else {
                @let x = axis.x(self.today);
                line.d-today x1=(x) y1=(HEAD - 6) x2=(x) y2=(foot) stroke=(Ink::Bad.strong()) stroke-dasharray="2 3" {
                    title { "Today, " (display_date(self.today)) }
                }
            }
            @if left_out > 0 { (small(2, height - 6, Type::Quiet, Hang::Start, &format!("and {left_out} more records"))) }
        };
        let events: usize = self.lanes.iter().map(|lane| lane.events.len()).sum();
        let description = format!("{} records with {events} events, from {} to {}.", self.lanes.len(), display_date(axis.first), display_date(self.today));
        Canvas { id: &self.id, width: WIDTH, height, title: &self.title, description: &description, linked: true }.draw(&body)
    }

    /// What happened as rows, in order of time.
    pub fn table(&self) -> Table {
        let mut rows: Vec<(Date, &Lane, &str)> = Vec::new();
        for lane in &self.lanes {
            rows.extend(lane.spans.iter().map(|span| (span.from, lane, span.word.as_str())));
            rows.extend(lane.events.iter().map(|event| (event.on, lane, event.word.as_str())));
        }
        rows.sort_by_key(|(day, _, _)| *day);
        let mut table = Table::new(&self.title, &[("Date", false), ("Record", false), ("Title", false), ("What happened", false)]);
        for (day, lane, word) in rows.into_iter().take(TABLE_ROWS) {
            table.rows.push(vec![display_date(day), lane.number.clone(), lane.title.clone(), word.to_owned()]);
        }
        table
    }

    fn axis(&self) -> Axis {
        let days = self.lanes.iter().flat_map(|lane| lane.spans.iter().map(|span| span.from).chain(lane.events.iter().map(|event| event.on)));
        let first = days.min().unwrap_or(self.today).min(self.today);
        let ends = self.lanes.iter().flat_map(|lane| lane.spans.iter().filter_map(|span| span.to).chain(lane.events.iter().map(|event| event.on)));
        let last = ends.max().unwrap_or(self.today).max(self.today);
        Axis { first, days: days_between(first, last).max(1) }
    }

    fn lane(&self, row: usize, axis: &Axis) -> Markup {
        let lane = &self.lanes[row];
        let y = HEAD + to_i32(row) * LANE;
        let more = lane.events.len().saturating_sub(STORY_EVENTS_PER_LANE);
        let title_room = LEFT - 16;
        html! {
            (hairline(0, y, WIDTH, y))
            (linked(&lane.href, &format!("{} {}", lane.number, lane.title), &html! {
                (text(2, y + 18, Type::Strong, Hang::Start, &fit(&lane.number, SIZE, title_room)))
                (small(2, y + 34, Type::Quiet, Hang::Start, &fit(&lane.title, SMALL, title_room)))
            }))
            @for span in &lane.spans { (self.span(span, y, axis)) }
            @for event in lane.events.iter().take(STORY_EVENTS_PER_LANE) {
                @let x = axis.x(event.on);
                g {
                    title { (display_date(event.on)) ": " (crate::draw::text::safe(&event.word)) }
                    circle.d-ground cx=(x) cy=(y + 34) r="7" fill="#ffffff" {}
                    (glyph(x, y + 34, event.ink))
                }
            }
            @if more > 0 { (small(WIDTH, y + 38, Type::Quiet, Hang::End, &format!("and {more} more"))) }
        }
    }

    fn span(&self, span: &Span, y: i32, axis: &Axis) -> Markup {
        let from = axis.x(span.from);
        let to = axis.x(span.to.unwrap_or(self.today)).max(from + 4);
        let until = span.to.map_or_else(|| "today".to_owned(), display_date);
        let label = if width(&span.word, SMALL) + 8 <= to - from { span.word.clone() } else { String::new() };
        html! {
            g {
                title { (crate::draw::text::safe(&span.word)) ", " (display_date(span.from)) " to " (until) }
                (soft_box(from, y + 6, to - from, 18, span.ink))
                @if !label.is_empty() { (small(from + 5, y + 19, Type::Normal, Hang::Start, &label)) }
            }
        }
    }

    fn cause(&self, row: usize, axis: &Axis) -> Markup {
        let Some((from, day)) = self.lanes[row].caused_by.filter(|(from, _)| *from < self.lanes.len().min(STORY_LANES) && *from != row) else { return html! {} };
        let x = axis.x(day);
        let (start, end) = (HEAD + to_i32(from) * LANE + 24, HEAD + to_i32(row) * LANE + 6);
        path(&format!("M{x} {start}V{end}"), Ink::Accent, false)
    }
}
