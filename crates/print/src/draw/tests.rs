//! What holds for every drawing: well-formed, the same each time, deaf to hostile text, calm when
//! there is nothing, and honest about what it leaves out.

use super::*;
use base::Date;
use maud::Markup;

const HOSTILE: &str = "</text><script>alert(1)</script>\"'&\u{0}\u{202e} onload=\"x";

fn day(text: &str) -> Date {
    base::time::parse_date("test", text).unwrap()
}

/// Every drawing with every text taken from `text` and every list `count` long.
fn all(text: &str, count: usize) -> Vec<(Markup, Table)> {
    let owned = || text.to_owned();
    let each = |make: &dyn Fn(usize) -> GraphLink| (0..count).map(make).collect::<Vec<_>>();
    let node = |n: usize| GraphNode { number: format!("{text}{n}"), title: owned(), href: owned(), ink: Ink::Work, state: owned() };
    let link = |n: usize| GraphLink { relation: owned(), node: node(n), suspect: n.is_multiple_of(2) };
    let graph = LinkGraph { id: owned(), title: owned(), center: node(0), incoming: each(&link), outgoing: each(&link), all_href: owned() };
    let icicle = Icicle {
        id: "icicle".into(),
        title: owned(),
        nodes: (0..count)
            .map(|n| IcicleNode { level: n % 4 + 1, number: owned(), title: owned(), quantity: owned(), change: if n % 3 == 0 { Change::Added } else { Change::None }, href: owned() })
            .collect(),
    };
    let names = || (0..count).map(|_| owned()).collect::<Vec<_>>();
    let cells = (0..count.min(30)).map(|_| (0..count.min(30)).map(|n| RiskCell { region: Region::Reduce, count: n as u64, href: owned() }).collect()).collect();
    let risk = RiskMatrix { id: "risk".into(), title: owned(), severities: names(), probabilities: names(), cells };
    let bar = |n: usize| Bar { label: owned(), value: n as u64 * 37, href: owned(), ink: Ink::Plain };
    let bars = |pareto| Bars { id: "bars".into(), title: owned(), unit: owned(), bars: (0..count).map(bar).collect(), pareto };
    let completion = Completion { id: "done".into(), title: owned(), done: count as u64, late: 1, total: count as u64 * 2 };
    let states = (0..count).map(|n| State { key: n.to_string(), word: owned(), ink: Ink::Review, current: n == 1 }).collect();
    let step = |from: usize, to: usize| Step { from: from.to_string(), to: to.to_string(), label: owned(), signed: true };
    let steps = (0..count).flat_map(|n| [step(n, n + 1), step(n, n + 2), step(n + 1, n), step(n, n)]).collect();
    let lifecycle = Lifecycle { id: "life".into(), title: owned(), states, steps };
    let lanes = (0..count)
        .map(|n| Lane {
            number: owned(),
            title: owned(),
            href: owned(),
            spans: vec![Span { from: day("2026-01-01"), to: None, ink: Ink::Effective, word: owned() }],
            events: (0..count).map(|_| Event { on: day("2026-05-01"), ink: Ink::Bad, word: owned() }).collect(),
            caused_by: Some((n / 2, day("2026-02-01"))),
        })
        .collect();
    let story = Story { id: "story".into(), title: owned(), lanes, today: day("2026-11-21") };
    let ageing = Ageing { id: "age".into(), title: owned(), buckets: (0..count).map(|n| AgeBucket { label: owned(), in_time: n as u64, late: 3 }).collect() };
    let spark = Sparkline { id: "spark".into(), title: owned(), points: (0..count).map(|n| (owned(), n as u64)).collect() };
    vec![
        (graph.draw(), graph.table()),
        (icicle.draw(), icicle.table()),
        (risk.draw(), risk.table()),
        (bars(false).draw(), bars(false).table()),
        (bars(true).draw(), bars(true).table()),
        (completion.ring(), completion.table()),
        (completion.bar(), completion.table()),
        (lifecycle.draw(), lifecycle.table()),
        (story.draw(), story.table()),
        (ageing.draw(), ageing.table()),
        (spark.draw(), spark.table()),
    ]
}

/// Balanced tags, quoted attributes, known entities, no id twice. Enough of XML for what we write.
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a bare > before {}", &rest[..start]);
        for entity in rest[..start].split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)), "unknown entity &{entity}");
        }
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "tags are balanced");
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "attributes are quoted in {tag}");
        if let Some(id) = tag.split(" id=\"").nth(1).and_then(|text| text.split('"').next()) {
            assert!(!ids.contains(&id), "id {id} is used twice");
            ids.push(id);
        }
        if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert!(svg.chars().all(|c| !c.is_control()), "no control characters");
}

#[test]
fn every_drawing_is_well_formed_and_names_itself() {
    for count in [0, 1, 2, 7, 100] {
        for (svg, _) in all("CAPA-0031 leak", count) {
            let svg = svg.into_string();
            assert_well_formed(&svg);
            assert!(svg.contains("<title id=") && svg.contains("<desc id=") && svg.contains("aria-labelledby="));
            assert!(!svg.contains(" style="), "the policy of the pages refuses style attributes");
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    for (svg, _) in all(HOSTILE, 5) {
        let svg = svg.into_string();
        assert_well_formed(&svg);
        assert!(!svg.contains("<script") && !svg.contains("onload=\"x"), "{svg}");
    }
}

#[test]
fn an_address_that_is_not_ours_is_not_linked() {
    for address in ["javascript:alert(1)", "//elsewhere.example", "data:text/html,x", " /x"] {
        let graph = LinkGraph { center: GraphNode { href: address.into(), ..GraphNode::default() }, ..LinkGraph::default() };
        assert!(!graph.draw().into_string().contains("href"), "{address}");
    }
    let ours = LinkGraph { center: GraphNode { href: "/r/CAPA-0031".into(), ..GraphNode::default() }, ..LinkGraph::default() };
    assert!(ours.draw().into_string().contains(r#"href="/r/CAPA-0031""#));
}

#[test]
fn the_same_data_gives_the_same_drawing() {
    for (one, other) in all("Leak", 9).into_iter().zip(all("Leak", 9)) {
        assert_eq!(one.0.into_string(), other.0.into_string());
    }
}

#[test]
fn nothing_to_show_is_said_and_leaves_the_table_without_rows() {
    for (index, (svg, table)) in all("x", 0).into_iter().enumerate() {
        let svg = svg.into_string();
        assert_well_formed(&svg);
        let completion = table.columns.first().is_some_and(|(name, _)| name == "State");
        assert!(completion || table.rows.is_empty(), "drawing {index}");
    }
}

#[test]
fn a_graph_draws_its_limit_and_counts_the_rest() {
    let links = |count: usize| (0..count).map(|_| GraphLink::default()).collect::<Vec<_>>();
    let at = LinkGraph { incoming: links(limits::GRAPH_NODES_PER_SIDE), ..LinkGraph::default() };
    assert!(!at.draw().into_string().contains("more"));
    let past = LinkGraph { incoming: links(limits::GRAPH_NODES_PER_SIDE + 1), ..LinkGraph::default() };
    assert!(past.draw().into_string().contains("and 1 more"));
    assert_eq!(past.table().rows.len(), limits::GRAPH_NODES_PER_SIDE + 1);
}

#[test]
fn a_structure_draws_its_limit_of_lines_and_counts_the_rest() {
    let flat = |count: usize| Icicle { nodes: (0..count).map(|_| IcicleNode { level: 1, ..IcicleNode::default() }).collect(), ..Icicle::default() };
    assert!(!flat(limits::ICICLE_LEAVES).draw().into_string().contains("more lines"));
    assert!(flat(limits::ICICLE_LEAVES + 1).draw().into_string().contains("and 1 more lines"));
}

#[test]
fn levels_past_the_limit_are_counted_on_their_parent() {
    let chain = |levels: usize| Icicle { nodes: (1..=levels).map(|level| IcicleNode { level, ..IcicleNode::default() }).collect(), ..Icicle::default() };
    assert!(!chain(limits::ICICLE_LEVELS).draw().into_string().contains("below"));
    assert!(chain(limits::ICICLE_LEVELS + 2).draw().into_string().contains("2 below"));
}

#[test]
fn bars_states_lanes_and_ages_count_what_they_leave_out() {
    let bars = |count: usize| Bars { bars: vec![Bar::default(); count], ..Bars::default() }.draw().into_string();
    assert!(!bars(limits::BARS).contains("and 1 more") && bars(limits::BARS + 1).contains("and 1 more"));
    let states = |count: usize| Lifecycle { states: vec![State::default(); count], ..Lifecycle::default() }.draw().into_string();
    assert!(!states(limits::LIFECYCLE_STATES).contains("more states") && states(limits::LIFECYCLE_STATES + 1).contains("and 1 more states"));
    let lanes = |count: usize| Story { id: "s".into(), title: "t".into(), lanes: vec![Lane::default(); count], today: day("2026-11-21") }.draw().into_string();
    assert!(!lanes(limits::STORY_LANES).contains("more records") && lanes(limits::STORY_LANES + 1).contains("and 1 more records"));
    let ages = |count: usize| Ageing { buckets: vec![AgeBucket::default(); count], ..Ageing::default() }.draw().into_string();
    assert!(!ages(limits::AGE_BUCKETS).contains("more") && ages(limits::AGE_BUCKETS + 1).contains("and 1 more"));
}

#[test]
fn a_pareto_chart_is_sorted_and_its_shares_end_at_one_hundred() {
    let bar = |label: &str, value| Bar { label: label.into(), value, ..Bar::default() };
    let chart = Bars { bars: vec![bar("Label", 1), bar("Leak", 6), bar("Alarm", 3)], pareto: true, ..Bars::default() };
    let rows = chart.table().rows;
    assert_eq!(rows, [["Leak", "6", "60"], ["Alarm", "3", "90"], ["Label", "1", "100"]]);
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let chart = Bars { bars: vec![Bar { value: u64::MAX, ..Bar::default() }, Bar { value: u64::MAX, ..Bar::default() }], pareto: true, ..Bars::default() };
    assert_well_formed(&chart.draw().into_string());
    let completion = Completion { done: u64::MAX, late: u64::MAX, total: u64::MAX, ..Completion::default() };
    assert!(completion.ring().into_string().contains("100 %"));
    assert_well_formed(&completion.bar().into_string());
}

#[test]
fn a_story_over_many_years_has_at_most_eight_dates_on_its_axis() {
    let span = |from: &str| Span { from: day(from), to: None, ink: Ink::Work, word: "In work".into() };
    for from in ["2026-11-21", "2026-11-14", "2026-08-01", "2024-02-29", "1999-12-31"] {
        let story = Story { id: "s".into(), title: "t".into(), lanes: vec![Lane { spans: vec![span(from)], ..Lane::default() }], today: day("2026-11-21") };
        let svg = story.draw().into_string();
        // The line of today starts at the same height as those of the dates.
        let dates = svg.matches(r#"y1="20""#).count() - 1;
        assert!((1..=8).contains(&dates), "{dates} dates from {from}");
    }
}
