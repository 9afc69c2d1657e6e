//! The record page, the same for all kinds; the domains add sections of their own.

use crate::domain;
use crate::edge::{Answer, Visit};
use crate::kernel_pages::{record_of, sections};
use crate::kernel_pages::step::is_aside;
use crate::shell;
use crate::text::{below, chip, day, due, encode, href, when};
use crate::ui::{
    Banner, BannerKind, BlockLine, Fact, Icon, LifecycleStep, Link, Menu, MenuItem, NextStep, RecordHead, RecordPage, Section, StepAction, StepMark, Tag, Tone,
};
use base::Result;
use kernel::evidence::{self, Damage};
use kernel::hold::Hold;
use kernel::kind::{Kind, TakenBy};
use kernel::record::step::{self, Choice};
use kernel::record::{self, Record};
use maud::html;
use std::collections::BTreeSet;

/// Everything the page reads, in one snapshot.
pub(crate) struct Known {
    pub kind: Kind,
    pub record: Record,
    /// The record as of another moment, when one was asked for.
    pub past: Option<shell::PastMoment>,
    pub choices: Vec<Choice>,
    pub holds: Vec<Hold>,
    pub revisions: Vec<Record>,
    pub permissions: BTreeSet<String>,
    pub owner: Option<String>,
    pub site: Option<Record>,
    /// What does not match the trail.
    pub damage: Vec<Damage>,
}

impl Known {
    pub fn may(&self, permission: &str) -> bool {
        self.past.is_none() && self.permissions.contains(permission)
    }

    /// A record without what only its own page needs.
    pub fn bare(visit: &Visit, record: &Record) -> Result<Self> {
        let kind = visit.catalog.known_kind(&record.kind)?.clone();
        let (choices, holds, revisions, permissions) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        Ok(Self { kind, record: record.clone(), past: None, choices, holds, revisions, permissions, owner: None, site: None, damage: Vec::new() })
    }

    pub fn may_verb(&self, verb: &str) -> bool {
        self.may(&format!("{}.{verb}", self.kind.name))
    }
}

pub(crate) fn show(visit: &Visit) -> Result<Answer> {
    let (kind, record) = record_of(visit)?;
    let past = shell::past_moment(visit)?;
    let known = know(visit, kind, record, past)?;
    let sections = sections::all(visit, &known)?;
    let mut banners = banners(&known);
    banners.extend(domain::banners(visit, &known)?);
    let page = RecordPage {
        head: head(visit, &known),
        banners,
        lifecycle: lifecycle(&known),
        next: next_step(visit, &known),
        sections,
        ..RecordPage::default()
    };
    let title = format!("{} {}", known.record.label(), known.record.title);
    let mut framed = shell::framed(visit, &title, Some(shell::area_of(&known.kind)), html! { (page) });
    let keep = if known.record.revision.is_empty() { Vec::new() } else { vec![("rev".to_owned(), known.record.revision.clone())] };
    framed.as_of = Some(shell::as_of_control(&format!("/r/{}/{}", known.kind.name, encode(&known.record.number)), keep, known.past.as_ref()));
    Ok(Answer::Page(Box::new(framed)))
}

fn know(visit: &Visit, kind: Kind, record: Record, past: Option<shell::PastMoment>) -> Result<Known> {
    let (tenant, person, now) = (visit.tenant().to_owned(), visit.actor.person().to_owned(), visit.kernel.now());
    let catalog = std::sync::Arc::clone(&visit.catalog);
    let at = past.as_ref().map(|past| past.at);
    let name = kind.name.clone();
    let (record, choices, holds, revisions, permissions, owner, site, damage) = visit.read(move |tx| {
        let record = match at {
            Some(at) => record::as_of(tx, &tenant, &record.id, at)?.ok_or_else(|| base::Error::not_found("This record did not exist on that day."))?,
            None => record.clone(),
        };
        let permissions = kernel::authority::permissions_at(tx, &catalog, &tenant, &person, record.site.as_deref())?;
        let choices = match at {
            Some(_) => Vec::new(),
            None => step::choices(tx, &catalog, &person, &record, now)?,
        };
        let holds = kernel::hold::of_record(tx, &tenant, &record.id)?;
        let revisions = record::revisions_of_item(tx, &tenant, &record.item)?;
        let owner = match &record.owner {
            Some(owner) => kernel::person::find(tx, &tenant, owner)?.map(|person| person.display().to_owned()),
            None => None,
        };
        let site = match &record.site {
            Some(site) => record::find(tx, &tenant, site)?,
            None => None,
        };
        let damage = match at {
            Some(_) => evidence::damage_of_version(tx, &record)?,
            None => evidence::damage_of(tx, &record)?,
        };
        Ok((record, choices, holds, revisions, permissions, owner, site, damage))
    })?;
    debug_assert_eq!(name, kind.name);
    Ok(Known { kind, record, past, choices, holds, revisions, permissions, owner, site, damage })
}

fn head(visit: &Visit, known: &Known) -> RecordHead {
    let (kind, record) = (&known.kind, &known.record);
    let mut facts = Vec::new();
    if let Some(owner) = &known.owner {
        facts.push(Fact::text("Owner", owner));
    }
    if let Some(site) = &known.site {
        facts.push(Fact::text("Site", &site.title));
    }
    match &record.due_date {
        Some(date) if !record.phase.is_settled() => facts.push(Fact::due(&due(date, visit.kernel.now(), visit.actor.zone()))),
        Some(date) => facts.push(Fact { label: "Due".into(), value: html! { (day(date)) } }),
        None => {}
    }
    if let Some(date) = &record.effective_on {
        facts.push(Fact { label: "Effective from".into(), value: html! { (day(date)) } });
    }
    facts.push(Fact { label: "Changed".into(), value: html! { (when(record.changed_at, visit.actor.zone())) } });
    let mut tags = Vec::new();
    if let Some(current) = known.revisions.iter().find(|other| other.phase == kernel::kind::Phase::Effective && other.id != record.id) {
        tags.push(Tag::new(Tone::Warn, format!("Revision {} is the effective one", current.revision)));
    }
    RecordHead {
        crumbs: vec![Link::new(format!("/list/{}", kind.name), kind.plural.clone())],
        kind: kind.label.clone(),
        number: record.number.clone(),
        revision: record.revision.clone(),
        title: sections::title_of(visit, record),
        state: chip(&visit.catalog, record),
        tags,
        facts,
        primary: known.choices.iter().find(|choice| is_free(choice) && !is_aside(choice)).map(|choice| action(record, choice)),
        more: more_menu(visit, known),
    }
}

fn is_free(choice: &Choice) -> bool {
    choice.permitted && choice.blockers.is_empty()
}

fn more_menu(visit: &Visit, known: &Known) -> Menu {
    let record = &known.record;
    let mut items = Vec::new();
    let editable = record.phase.is_open_for_edit();
    if known.may_verb("edit") && (editable || known.kind.name == "person") {
        items.push(MenuItem::link("Edit", below(record, "/edit"), Some(Icon::Edit)));
    }
    if known.may_verb("edit") && editable && known.kind.name != "person" {
        items.push(MenuItem::link("Attach a file", below(record, "/attach"), Some(Icon::File)));
    }
    if known.may_verb("link") && !known.kind.links.is_empty() {
        items.push(MenuItem::link("Link to another record", below(record, "/do/link.add"), Some(Icon::Link)));
    }
    if known.may_verb("revise") && record.phase.is_settled() {
        items.push(MenuItem::link("Make the next revision", below(record, "/do/record.revise"), Some(Icon::Plus)));
    }
    if known.may_verb("decide") && editable {
        for tree in known.kind.trees.iter().filter_map(|name| visit.catalog.tree(name)) {
            items.push(MenuItem::link(format!("Decide: {}", tree.title), below(record, &format!("/decide/{}", tree.name)), Some(Icon::Question)));
        }
    }
    if known.may("hold.place") && !record.phase.is_settled() {
        items.push(MenuItem::link("Place on hold", below(record, "/do/hold.place"), Some(Icon::Hold)));
    }
    if known.may_verb("freeze") && !known.kind.dossier.is_empty() {
        items.push(MenuItem::link("Freeze the dossier", below(record, "/do/dossier.freeze"), Some(Icon::Lock)));
    }
    if known.kind.name == "person" {
        if known.may("role.grant") {
            items.push(MenuItem::link("Grant a role", below(record, "/do/role.grant"), Some(Icon::Key)));
        }
        if known.may("person.set_password") {
            items.push(MenuItem::link("Set a new first password", below(record, "/do/person.set_password"), Some(Icon::Lock)));
        }
    }
    items.extend(domain::actions(known));
    items.push(MenuItem::Line);
    items.push(MenuItem::link("Whole timeline", below(record, "/timeline"), Some(Icon::Clock)));
    if known.may("evidence.export") {
        items.push(MenuItem::link("Take the evidence away", below(record, "/evidence"), Some(Icon::Lock)));
    }
    items.push(MenuItem::link("Follow the story", format!("/story/{}", record.id), Some(Icon::Proof)));
    Menu { label: "More".into(), items, ..Menu::default() }
}

fn banners(known: &Known) -> Vec<Banner> {
    let mut banners = Vec::new();
    for hold in known.holds.iter().filter(|hold| hold.lifted_at.is_none()) {
        let lift = super::work::with_parameter(&below(&known.record, "/do/hold.lift"), "hold", &hold.id);
        banners.push(Banner {
            kind: BannerKind::Hold,
            title: "On hold".into(),
            text: hold.why.clone(),
            actions: if known.may("hold.lift") { vec![Link::new(lift, "Lift the hold")] } else { Vec::new() },
            ..Banner::default()
        });
    }
    if !known.damage.is_empty() {
        let found: Vec<String> = known.damage.iter().map(|damage| format!("Table {damage}.")).collect();
        banners.push(Banner {
            kind: BannerKind::Broken,
            title: "This record was changed outside Plumb".into(),
            text: format!("{} Nothing on it can be signed or changed. Tell a quality manager and the administrator to run the verifier.", found.join(" ")),
            ..Banner::default()
        });
    }
    if let Some(newer) = known.revisions.last().filter(|newest| newest.id != known.record.id && !newest.phase.is_settled()) {
        banners.push(Banner {
            kind: BannerKind::Info,
            title: format!("Revision {} is being worked on", newer.revision),
            links: vec![Link::new(href(&newer.reference()), format!("Go to revision {}", newer.revision))],
            ..Banner::default()
        });
    }
    banners
}

/// The states along the way most records take: from the first state by the first step onward.
fn lifecycle(known: &Known) -> Vec<LifecycleStep> {
    let kind = &known.kind;
    let mut path: Vec<&str> = kind.first_state().map(|state| state.name.as_str()).into_iter().collect();
    while let Some(step) = kind.steps.iter().find(|step| {
        path.last().is_some_and(|last| step.from.iter().any(|from| from == last)) && !path.contains(&step.to.as_str()) && !is_way_out(kind, &step.to)
    }) {
        path.push(&step.to);
    }
    let here = path.iter().position(|state| *state == known.record.state);
    let mut steps: Vec<LifecycleStep> = path
        .iter()
        .enumerate()
        .map(|(place, state)| LifecycleStep {
            word: kind.find_state(state).map_or_else(String::new, |state| state.label.clone()),
            mark: match here {
                Some(here) if place < here => StepMark::Done,
                Some(here) if place == here => StepMark::Now,
                _ => StepMark::Ahead,
            },
            at: (here == Some(place)).then(|| when(known.record.changed_at, "UTC")),
        })
        .collect();
    if here.is_none() {
        let word = kind.find_state(&known.record.state).map_or_else(|| known.record.state.clone(), |state| state.label.clone());
        steps.iter_mut().for_each(|step| step.mark = StepMark::Done);
        steps.push(LifecycleStep { word, mark: StepMark::Now, at: None });
    }
    steps.iter_mut().for_each(|step| step.at = None);
    steps
}

fn is_way_out(kind: &Kind, state: &str) -> bool {
    kind.find_state(state).is_some_and(|state| state.phase == kernel::kind::Phase::Void)
}

fn action(record: &Record, choice: &Choice) -> StepAction {
    let signed = choice.is_signed();
    let missing = choice.missing.len();
    let note = match (signed, missing, choice.given.len()) {
        (false, _, _) => format!("Leads to “{}”", choice.leads_to),
        (true, 0 | 1, 0) => format!("Signed; leads to “{}”", choice.leads_to),
        (true, _, given) => format!("{given} of {} signatures given; the last one leads to “{}”", given + missing, choice.leads_to),
    };
    StepAction {
        label: if signed { format!("Sign: {}", choice.label) } else { choice.label.clone() },
        href: below(record, &format!("/step/{}", choice.name)),
        signed,
        post: None,
        aside: is_aside(choice),
        for_others: choice.is_for_others(),
        note,
        blocked: choice
            .blockers
            .iter()
            .map(|blocker| BlockLine { text: blocker.text.clone(), links: blocker.records.iter().map(crate::text::link).collect(), rule: blocker.requirement.clone() })
            .collect(),
    }
}

fn next_step(visit: &Visit, known: &Known) -> NextStep {
    let (aside, ahead): (Vec<&Choice>, Vec<&Choice>) = known.choices.iter().filter(|choice| choice.permitted).partition(|choice| is_aside(choice));
    let nothing_ahead = ahead.is_empty();
    let steps: Vec<StepAction> = ahead.into_iter().chain(aside).map(|choice| action(&known.record, choice)).collect();
    let others: Vec<String> = known
        .choices
        .iter()
        .filter(|choice| !choice.permitted && !is_aside(choice))
        .map(|choice| {
            let roles: BTreeSet<String> = choice.roles.iter().filter_map(|role| visit.catalog.role(role)).map(|role| format!("the {}", crate::text::in_sentence(&role.label))).collect();
            let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
            format!("“{}” is for {}", choice.label, base::text::list(&roles, "or"))
        })
        .collect();
    let by_itself = known.kind.steps.iter().any(|step| step.from.contains(&known.record.state) && step.taken_by != TakenBy::Person);
    let waiting = match (&known.past, steps.is_empty(), others.is_empty()) {
        (Some(_), _, _) => "Steps are taken today, not in the past.".to_owned(),
        (None, true, false) => format!("Nothing for you here. {}.", others.join("; ")),
        // Only ways back or out are left to this reader: who goes on stands above them.
        (None, false, false) if nothing_ahead => format!("{}.", others.join("; ")),
        (None, true, true) if by_itself => "What comes next happens through another record or on its date.".to_owned(),
        (None, true, true) => "Nothing more is to be done.".to_owned(),
        _ => String::new(),
    };
    NextStep { steps, waiting, primary_in_head: true }
}

/// Used by sections to say how many.
pub(crate) fn section(id: &str, title: &str, count: usize, body: maud::Markup) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), count: u64::try_from(count).ok(), body, note: String::new(), ..Section::default() }
}

