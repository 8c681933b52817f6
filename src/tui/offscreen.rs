//! The app on a screen in memory: the same loop as in a terminal, with a script in place of the user.

use std::io;
use std::sync::Arc;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Size;
use tokio::sync::{Notify, watch};

use super::Options;
use super::app::App;
use super::picture;
use super::run::{self, Wires};
use super::script::{self, Step};
use super::update::Msg;
use crate::error::Error;
use crate::snapshot::Snapshot;
use crate::view::picture::Picture;
use lambda_model::demand::Demand;
use lambda_model::text;

/// The app on a screen in memory. It stands still between two scripts.
pub struct Offscreen {
    terminal: Terminal<TestBackend>,
    app: App,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    demand: watch::Sender<Demand>,
}

impl Offscreen {
    /// The app, with nothing drawn yet, on a screen of `size` columns and rows.
    pub fn new(
        options: Options,
        size: (u16, u16),
        snapshots: watch::Receiver<Arc<Snapshot>>,
        demand: watch::Sender<Demand>,
    ) -> Self {
        let Ok(terminal) = Terminal::new(TestBackend::new(size.0, size.1));
        let app = App::new(options, Arc::clone(&snapshots.borrow()), size.into());
        Self { terminal, app, snapshots, demand }
    }

    /// Runs the loop for as long as `script` lasts, or until it quits; see [`script`].
    ///
    /// # Errors
    ///
    /// When the script cannot be read.
    pub async fn keys(&mut self, script: &str) -> Result<(), Error> {
        self.play(script::parse(script)?).await
    }

    /// Gives the screen another size, as a user who drags the window's corner.
    ///
    /// # Errors
    ///
    /// None: a screen in memory does not fail.
    pub async fn resize(&mut self, width: u16, height: u16) -> Result<(), Error> {
        self.terminal.backend_mut().resize(width, height);
        self.play(vec![Step::Send(Msg::Resize(Size { width, height }))]).await
    }

    /// Runs the loop for as long as `steps` last, or until they quit.
    ///
    /// # Errors
    ///
    /// None: a screen in memory does not fail.
    pub async fn play(&mut self, steps: Vec<Step>) -> Result<(), Error> {
        let wires = Wires {
            snapshots: &mut self.snapshots,
            demand: &self.demand,
            resumed: &Notify::new(),
            suspend: || {},
            // There is no user whose directory the file could go to.
            save: |_, _| Err(io::ErrorKind::Unsupported.into()),
            copy: |_| Err(io::ErrorKind::Unsupported.into()),
        };
        run::run(&mut self.terminal, &mut self.app, script::play(steps), wires).await
    }

    /// What is drawn, without colours, one line a row, without blanks at their ends.
    pub fn text(&self) -> String {
        let buffer = self.drawn();
        let mut text = String::new();
        for row in buffer.content.chunks(usize::from(buffer.area.width).max(1)) {
            text.push_str(line(row).trim_end());
            text.push('\n');
        }
        text
    }

    /// What is drawn, in colours.
    pub fn picture(&self) -> Picture {
        picture::of_buffer(self.drawn(), &self.app.theme)
    }

    /// The state behind what is drawn.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// What the sources are asked for.
    pub fn demand(&self) -> Demand {
        self.demand.borrow().clone()
    }

    fn drawn(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }
}

/// The text of a row; the cells that a wide character covers say nothing of their own.
fn line(row: &[Cell]) -> String {
    let mut line = String::new();
    let mut column = 0;
    while let Some(cell) = row.get(column) {
        line.push_str(cell.symbol());
        column += text::width(cell.symbol()).max(1);
    }
    line
}
