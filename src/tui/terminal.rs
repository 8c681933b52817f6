//! The terminal while it is lamtop's, as something to draw on.

use std::fs::File;
use std::io::{self, IsTerminal};

use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use tokio::sync::Notify;

use crate::error::Error;
use crate::tui::signals;
use crate::tui::tty::{self, Output};

/// The terminal, taken. Dropping it gives the terminal back.
pub struct Guard {
    terminal: Terminal<CrosstermBackend<Output>>,
}

/// Takes the terminal: raw mode, the alternate screen, no cursor, pasted text marked as such. Once in a process.
///
/// From here on a signal that ends the program, a panic of this thread or a terminal that hangs up gives it back;
/// a panic of another thread goes to the log only. So tasks that may fail alone must not run on this thread.
///
/// # Errors
/// A usage error, with nothing sent to the terminal, when there is no terminal that can show the output.
pub fn enter() -> Result<Guard, Error> {
    if !io::stdout().is_terminal() {
        return Err(unusable("standard output is not a terminal"));
    }
    if !io::stdin().is_terminal() && File::open("/dev/tty").is_err() {
        return Err(unusable("there is no terminal to read keys from"));
    }
    if std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb") {
        return Err(unusable("TERM names no terminal that can place the cursor"));
    }
    if !tty::claim() {
        return Err(unusable("the terminal was taken before"));
    }
    signals::watch()
        .and_then(|()| tty::take())
        .and_then(|()| Terminal::new(CrosstermBackend::new(Output::default())))
        .map(|terminal| Guard { terminal })
        .map_err(|cause| {
            tty::give_back();
            unusable(cause)
        })
}

fn unusable(cause: impl std::fmt::Display) -> Error {
    Error::usage("the screen cannot be shown", cause, "run `lamtop snapshot` for output without a screen")
}

impl Guard {
    /// The terminal to draw on. Each frame arrives whole.
    pub fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Output>> {
        &mut self.terminal
    }

    /// Wakes whoever waits when the terminal is ours again after the program was stopped; call [`repaint`] then.
    pub fn resumed(&self) -> &'static Notify {
        &tty::RESUMED
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        tty::give_back();
    }
}

/// Makes the next frame draw every cell, as after the shell has used the terminal.
///
/// Unlike [`Terminal::clear`] it does not ask the terminal where the cursor is: not every one answers.
///
/// # Errors
/// What the terminal's backend reports.
pub(crate) fn repaint<B: Backend>(terminal: &mut Terminal<B>) -> Result<(), B::Error> {
    let size = terminal.size()?;
    terminal.resize(size.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::backend::TestBackend;

    #[test]
    fn repainting_draws_every_cell_again() {
        let mut terminal = Terminal::new(TestBackend::new(4, 1)).unwrap();
        let draw = |terminal: &mut Terminal<TestBackend>| {
            terminal.draw(|frame| frame.render_widget("text", frame.area())).unwrap();
        };
        draw(&mut terminal);
        terminal.backend_mut().clear().unwrap();
        draw(&mut terminal);
        terminal.backend().assert_buffer_lines(["    "]);
        repaint(&mut terminal).unwrap();
        draw(&mut terminal);
        terminal.backend().assert_buffer_lines(["text"]);
    }
}
