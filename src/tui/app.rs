//! The state of the screen: what is shown, where the cursor is, what was asked for. No IO, no drawing.

use std::sync::Arc;

use ratatui::layout::Size;

use super::Options;
use super::keymap::{Keymap, Layer};
use super::list::List;
use super::theme::Theme;
use crate::model::FunctionId;
use crate::model::demand::Demand;
use crate::snapshot::Snapshot;
use crate::view::functions::{self, Query, RowRef};
use crate::view::traffic::{self, AliasRef};

/// The views that the tab key goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The table of functions.
    Functions,
    /// Aliases, their weights and their traffic.
    Traffic,
    /// What the sources have trouble with.
    Health,
}

impl View {
    /// Every view, in the order of the tab key.
    pub const ALL: [Self; 3] = [Self::Functions, Self::Traffic, Self::Health];

    /// The view's name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Traffic => "traffic",
            Self::Health => "health",
        }
    }
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
    /// Whether the keys are shown.
    pub help: bool,
    /// What the table shows.
    pub query: Query,
    /// The filter as it was before typing began.
    pub typing: Option<String>,
    /// The cursor in the table of functions.
    pub functions: List<FunctionId>,
    /// The cursor in the traffic view: function and alias.
    pub traffic: List<(FunctionId, String)>,
    /// The cursor in the health view.
    pub health: List<usize>,
    /// Something to say once, until the next key.
    pub notice: Option<String>,
    /// The terminal's size.
    pub size: Size,
    /// How often a refresh was asked for.
    pub refresh: u64,
    rows: Vec<RowRef>,
    aliases: Vec<AliasRef>,
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
            help: false,
            query: options.query,
            typing: None,
            functions: List::default(),
            traffic: List::default(),
            health: List::default(),
            notice: None,
            size,
            refresh: 0,
            rows: Vec::new(),
            aliases: Vec::new(),
        };
        app.settle();
        app
    }

    /// What is on screen: the newest snapshot, or the one it is frozen at.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        self.frozen.as_ref().unwrap_or(&self.live)
    }

    /// Whether the screen is held still.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Takes in a newer snapshot; says whether the screen changes.
    pub fn publish(&mut self, snapshot: Arc<Snapshot>) -> bool {
        self.live = snapshot;
        if self.frozen.is_none() {
            self.settle();
        }
        self.frozen.is_none()
    }

    /// Holds the screen still, or lets it go on.
    pub fn freeze(&mut self) {
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
    pub fn aliases(&self) -> &[AliasRef] {
        &self.aliases
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

    /// The operations of the health view: how many there are.
    pub fn health_rows(&self) -> usize {
        self.snapshot().scopes.iter().map(|scope| scope.health.len()).sum()
    }

    /// Where the keys go.
    pub fn layer(&self) -> Layer {
        match self.view {
            _ if self.typing.is_some() => Layer::Filter,
            _ if self.open.is_some() => Layer::Function,
            View::Functions => Layer::Functions,
            View::Traffic => Layer::Traffic,
            View::Health => Layer::Health,
        }
    }

    /// Whether there is something to leave: a pane, a view, a filter.
    pub fn can_go_back(&self) -> bool {
        let narrowed = !self.query.filter.is_empty() || self.query.faults_only;
        self.open.is_some() || self.view != View::Functions || narrowed
    }

    /// Computes the rows anew and finds the cursors again.
    pub fn settle(&mut self) {
        let snapshot = Arc::clone(self.snapshot());
        self.rows = functions::rows(&snapshot, &self.query);
        self.aliases = traffic::rows(&snapshot, &self.query.filter);
        self.scroll();
    }

    /// Brings the cursors into sight.
    pub fn scroll(&mut self) {
        let room = usize::from(super::screen::body_rows(self));
        let snapshot = Arc::clone(self.frozen.as_ref().unwrap_or(&self.live));
        let (rows, aliases) = (&self.rows, &self.aliases);
        // One line of the table is its head.
        self.functions.settle(rows.len(), |index| rows.get(index)?.id(&snapshot), room.saturating_sub(1), |_| 1);
        let alias = |index: usize| aliases.get(index)?.of(&snapshot);
        self.traffic.settle(
            aliases.len(),
            |index| alias(index).map(|(id, alias)| (id, alias.name.clone())),
            room,
            |index| alias(index).map_or(1, |(_, alias)| super::screen::traffic::lines(alias)),
        );
        let health = self.health_rows();
        self.health.settle(health, Some, room.saturating_sub(1), |_| 1);
    }

    /// What the screen needs: the functions in sight, top to bottom, and the one that is open.
    pub fn demand(&self) -> Demand {
        let room = usize::from(super::screen::body_rows(self));
        let mut visible: Vec<FunctionId> = match self.view {
            View::Functions => {
                let rows = self.rows.iter().skip(self.functions.offset).take(room);
                rows.filter_map(|row| row.id(self.snapshot())).collect()
            }
            View::Traffic => {
                let aliases = self.aliases.iter().skip(self.traffic.offset).take(room);
                aliases.filter_map(|alias| alias.of(self.snapshot())).map(|(id, _)| id).collect()
            }
            View::Health => Vec::new(),
        };
        visible.dedup();
        if self.open.is_some() {
            visible.clear();
        }
        let traffic = self.open.is_none() && self.view == View::Traffic;
        Demand { visible, focus: self.open.clone(), traffic, refresh: self.refresh }
    }
}
