//! What is done to the batches of a reporter on their way, one thing at a time, and what the issuer has to find.

use super::source::{Event, Source};
use crate::drill::reporting::Receipt;
use crate::generate::Gen;

/// A finding as it is planned: what, from and to which number, and the number of the event that shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Planned {
    pub(super) kind: &'static str,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) shown_by: u64,
}

/// A batch as it arrives.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    pub(super) events: Vec<Event>,
    /// What has to be found when it does.
    pub(super) found: Vec<Planned>,
    /// What of this and of what was found before it closes.
    pub(super) closed: Vec<Planned>,
    pub(super) receipt: Receipt,
}

impl Arrival {
    /// One whose events are all new.
    fn new(events: Vec<Event>, found: Vec<Planned>) -> Self {
        let receipt = Receipt { accepted: events.len() as u64, ..Receipt::default() };
        Self { events, found, closed: Vec::new(), receipt }
    }
}

fn gap(from: u64, to: u64, shown_by: u64) -> Planned {
    Planned { kind: "gap", from, to, shown_by }
}

fn fork(at: u64) -> Planned {
    Planned { kind: "fork", from: at, to: at, shown_by: at }
}

/// One thing, at random: what it is called, and what arrives.
pub(super) fn random(source: &mut Source, dice: &mut Gen) -> (&'static str, Vec<Arrival>) {
    let (few, many) = (1 + dice.below(5), 4 + dice.below(9));
    match dice.below(9) {
        0 => {
            let (lost, next) = (source.make(few), source.make(many));
            let found = vec![gap(first(&lost), last(&lost), first(&next))];
            ("batches dropped", vec![Arrival::new(next, found)])
        }
        1 => {
            let mut events = source.make(many + few);
            let lost: Vec<Event> = events.drain(2..2 + few).collect();
            let found = vec![gap(first(&lost), last(&lost), events[2].seq)];
            ("events dropped", vec![Arrival::new(events, found)])
        }
        2 => {
            let events = source.make(many);
            let receipt = Receipt { duplicates: events.len() as u64, ..Receipt::default() };
            let again = Arrival { events: events.clone(), receipt, ..Arrival::default() };
            ("batches duplicated", vec![Arrival::new(events, Vec::new()), again])
        }
        3 => {
            let (one, other) = (source.make(few), source.make(many));
            let open = gap(first(&one), last(&one), first(&other));
            let late = Arrival { closed: vec![open.clone()], ..Arrival::new(one, Vec::new()) };
            ("batches reordered", vec![Arrival::new(other, vec![open]), late])
        }
        4 => {
            let mut events = source.make(many);
            let place = dice.below(many - 1);
            events.swap(place, place + 1);
            let late = gap(events[place + 1].seq, events[place + 1].seq, events[place].seq);
            ("events reordered", vec![Arrival { closed: vec![late.clone()], ..Arrival::new(events, vec![late]) }])
        }
        5 => {
            // Two processes with one spool: each goes on from where both began.
            let mut other = source.twin(dice.next_u64());
            let (mine, its) = (source.make(many), other.make(few.min(many)));
            let found = its.iter().map(|event| fork(event.seq)).collect();
            ("spools shared", vec![Arrival::new(mine, Vec::new()), Arrival::new(its, found)])
        }
        6 => {
            let mut events = source.make(many);
            let place = dice.below(many);
            events[place].tamper();
            match events.get(place + 1).map(|next| next.seq) {
                Some(next) => ("events tampered with", vec![Arrival::new(events, vec![fork(next)])]),
                None => {
                    let next = source.make(few);
                    let found = vec![fork(first(&next))];
                    ("last events tampered with", vec![Arrival::new(events, Vec::new()), Arrival::new(next, found)])
                }
            }
        }
        7 => {
            // Some are dropped, and the numbers of the others are closed up over the hole.
            let mut events = source.make(many + few);
            events.drain(2..2 + few);
            events.iter_mut().skip(2).for_each(|event| event.renumber(event.seq - few as u64));
            let found = events.iter().skip(2).map(|event| fork(event.seq)).collect();
            let (next, end) = (source.make(many), last(&events));
            let hole = vec![gap(end + 1, first(&next) - 1, first(&next))];
            ("events renumbered", vec![Arrival::new(events, found), Arrival::new(next, hole)])
        }
        _ => {
            let events = source.make(many);
            let mut other = events[dice.below(many)].clone();
            other.tamper();
            let found = vec![fork(other.seq)];
            let receipt = Receipt { conflicts: 1, ..Receipt::default() };
            let conflict = Arrival { receipt, ..Arrival::new(vec![other], found) };
            ("ids claimed twice", vec![Arrival::new(events, Vec::new()), conflict])
        }
    }
}

/// What an honest reporter sends.
pub(super) fn honest(source: &mut Source) -> Arrival {
    Arrival::new(source.make(5), Vec::new())
}

fn first(events: &[Event]) -> u64 {
    events.first().expect("some").seq
}

fn last(events: &[Event]) -> u64 {
    events.last().expect("some").seq
}
