//! The state of the screen: what is shown, where the cursor is, what was asked for. No IO, no drawing.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ratatui::layout::Size;

use super::Options;
use super::keymap::{Keymap, Layer};
use super::list::List;
use super::log::LogPane;
use super::theme::Theme;
use super::view::{Pane, View};
use crate::snapshot::Snapshot;
use crate::view::findings::{self, FindingId, FindingRef};
use crate::view::functions::{self, Query, RowRef};
use crate::view::health;
use crate::view::log::{self, Row};
use crate::view::now::Now;
use crate::view::traffic::{self, AliasRef};
use lambda_model::FunctionId;

/// What is being typed, and what it was before.
#[derive(Clone, Debug)]
pub enum Typing {
    /// Which functions are shown.
    Filter {
        /// The filter as it was.
        before: String,
    },
    /// What the log is searched for.
    Search {
        /// The words as they were.
        before: String,
        /// The row that the search starts from; `None` is the newest.
        from: Option<Row>,
    },
}

/// The state of the screen.
#[derive(Debug)]
pub struct App {
    /// Which key asks for what.
    pub keymap: Keymap,
    /// The look.
    pub theme: Theme,
    /// Said beside the name.
    pub badge: Option<String>,
    /// The newest snapshot.
    live: Arc<Snapshot>,
    /// The snapshot that the screen is held at.
    frozen: Option<Arc<Snapshot>>,
    /// The view in front.
    pub view: View,
    /// The function whose pane covers the view.
    pub open: Option<FunctionId>,
    /// The page of that pane.
    pub pane: Pane,
    /// Whether the page was asked for: then it stays for the next function too.
    pub pane_chosen: bool,
    /// The log of that function.
    pub log: LogPane,
    /// Whether the keys are shown.
    pub help: bool,
    /// What the table shows.
    pub query: Query,
    /// What letters are typed into; `None` while they are keys.
    pub typing: Option<Typing>,
    /// The cursor in the table of functions.
    pub functions: List<FunctionId>,
    /// The cursor in the traffic view: function and alias.
    pub traffic: List<(FunctionId, String)>,
    /// The cursor in the findings view.
    pub findings: List<FindingId>,
    /// Which of a finding's commands was gone to; those of every other finding are at their first.
    command: Option<(FindingId, usize)>,
    /// The cursor in the health view.
    pub health: List<usize>,
    /// Something to say once, until the next key.
    pub notice: Option<String>,
    /// The terminal's size.
    pub size: Size,
    /// How often a refresh was asked for.
    pub refresh: u64,
    /// The minute of the last key.
    pub attended: Option<DateTime<Utc>>,
    rows: Vec<RowRef>,
    /// The rows that there would be without a filter; empty where there is none.
    unfiltered: Vec<RowRef>,
    aliases: Vec<AliasRef>,
    found: Vec<FindingRef>,
}

impl App {
    /// An app that shows `snapshot` on a terminal of this size.
    pub fn new(options: Options, snapshot: Arc<Snapshot>, size: Size) -> Self {
        let mut app = Self {
            keymap: options.keymap,
            theme: options.theme,
            badge: options.badge,
            live: snapshot,
            frozen: None,
            view: View::Functions,
            open: None,
            pane: Pane::Metrics,
            pane_chosen: false,
            log: LogPane::default(),
            help: false,
            query: options.query,
            typing: None,
            functions: List::default(),
            traffic: List::default(),
            findings: List::default(),
            command: None,
            health: List::default(),
            notice: None,
            size,
            refresh: 0,
            attended: None,
            rows: Vec::new(),
            unfiltered: Vec::new(),
            aliases: Vec::new(),
            found: Vec::new(),
        };
        app.settle();
        app
    }

    /// What is on screen: the newest snapshot, or the one it is frozen at.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        self.frozen.as_ref().unwrap_or(&self.live)
    }

    /// The newest snapshot, on screen or not.
    pub(crate) fn newest(&self) -> &Snapshot {
        &self.live
    }

    /// Whether the screen is held still.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Takes in a newer snapshot; says whether the screen changes.
    pub(crate) fn publish(&mut self, snapshot: Arc<Snapshot>) -> bool {
        self.live = snapshot;
        if self.frozen.is_none() {
            self.settle();
        }
        self.frozen.is_none()
    }

    /// Holds the screen still, or lets it go on.
    pub(crate) fn freeze(&mut self) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Arc::clone(&self.live)),
        };
        self.settle();
    }

    /// The functions of the table, in order.
    pub fn rows(&self) -> &[RowRef] {
        &self.rows
    }

    /// The aliases of the traffic view, in order.
    pub(crate) fn aliases(&self) -> &[AliasRef] {
        &self.aliases
    }

    /// The functions that the table would show without a filter, in order; none where there is no filter.
    pub(crate) fn unfiltered(&self) -> &[RowRef] {
        &self.unfiltered
    }

    /// The id of the table's row `index`.
    pub fn row_id(&self, index: usize) -> Option<FunctionId> {
        self.rows.get(index)?.id(self.snapshot())
    }

    /// The function and the alias name of the traffic view's row `index`.
    pub fn alias_id(&self, index: usize) -> Option<(FunctionId, String)> {
        let (id, alias) = self.aliases.get(index)?.of(self.snapshot())?;
        Some((id, alias.name.clone()))
    }

    /// The findings, in order.
    pub fn found(&self) -> &[FindingRef] {
        &self.found
    }

    /// What the finding in row `index` is known by.
    pub(crate) fn finding_id(&self, index: usize) -> Option<FindingId> {
        self.found.get(index)?.id(self.snapshot())
    }

    /// The commands of the selected finding, and which of them is selected.
    pub(crate) fn commands(&self) -> Option<(Vec<String>, usize)> {
        let (_, finding) = self.found.get(self.findings.selected)?.of(self.snapshot())?;
        let id = self.finding_id(self.findings.selected);
        let chosen = self.command.as_ref().filter(|(of, _)| Some(of) == id.as_ref());
        let place = chosen.map_or(0, |(_, place)| *place);
        let commands = findings::next(finding);
        let place = if place < commands.len() { place } else { 0 };
        Some((commands, place))
    }

    /// Goes to the next command of the selected finding, and from the last to the first.
    pub(crate) fn next_command(&mut self) {
        let place = self.commands().map_or(0, |(commands, place)| (place + 1) % commands.len().max(1));
        let id = self.finding_id(self.findings.selected);
        // What is looked into is chosen: the cursor follows it.
        self.findings.select(self.findings.selected, id.clone());
        self.command = id.map(|id| (id, place));
    }

    /// The rows of the health view: how many there are.
    pub(crate) fn health_rows(&self) -> usize {
        health::count(self.snapshot())
    }

    /// The page that helps most with the function that is open: the one that its numbers in the table come from.
    pub(crate) fn natural_pane(&self) -> Pane {
        let shown = self.open.as_ref().and_then(|id| self.snapshot().function(id));
        if shown.is_some_and(|(_, function)| Now::of(function).is_live()) { Pane::Live } else { Pane::Metrics }
    }

    /// Whether a function's log is in front.
    pub(crate) fn shows_log(&self) -> bool {
        self.open.is_some() && self.pane == Pane::Logs
    }

    /// Where the keys go.
    pub(crate) fn layer(&self) -> Layer {
        match self.view {
            _ if self.typing.is_some() => Layer::Filter,
            _ if self.shows_log() => Layer::Logs,
            _ if self.open.is_some() => Layer::Function,
            view => view.layer(),
        }
    }

    /// Whether there is something to leave: a pane, a view, a filter.
    pub(crate) fn can_go_back(&self) -> bool {
        let narrowed = !self.query.filter.is_empty() || self.query.faults_only;
        self.open.is_some() || self.view != View::Functions || narrowed
    }

    /// Computes the rows anew. What is in sight of them is the screen's business.
    pub(crate) fn settle(&mut self) {
        let snapshot = Arc::clone(self.snapshot());
        self.rows = functions::rows(&snapshot, &self.query);
        self.unfiltered.clear();
        if !self.query.filter.is_empty() {
            self.unfiltered = functions::rows(&snapshot, &Query { filter: String::new(), ..self.query.clone() });
        }
        self.aliases = traffic::rows(&snapshot, &self.query.filter);
        self.found = findings::rows(&snapshot, &self.query.filter);
    }

    /// Reads the log that is in front anew, on a page of this size.
    pub(crate) fn settle_log(&mut self, place: Size) {
        let shown = self.open.clone().filter(|_| self.shows_log());
        let snapshot = Arc::clone(self.snapshot());
        let live = shown.as_ref().and_then(|id| snapshot.function(id)).and_then(|(_, function)| function.live.as_ref());
        self.log.turn_to(self.open.as_ref());
        let rows = live.map(|live| log::rows(live, &self.log.query)).unwrap_or_default();
        self.log.settle(rows, place);
    }
}
