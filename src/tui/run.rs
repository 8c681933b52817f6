//! The loop: waits, takes in what is ready, lets the effects be done, draws if something changed.
//!
//! It takes its input and its backend as arguments, so that tests drive this very loop. It never waits for
//! anything but the user, the engine and the clock: no call to AWS can hold it up. The only file it touches is the
//! picture that the user asks for.

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Size;
use tokio::sync::{Notify, watch};

use super::app::App;
use super::update::{Effect, Msg, update};
use super::{picture, screen, terminal};
use crate::error::Error;
use crate::export::svg;
use crate::snapshot::Snapshot;
use lambda_model::demand::Demand;

/// At most 30 frames a second.
const BETWEEN_FRAMES: Duration = Duration::from_millis(33);
/// But a key is not to wait for the next of them while snapshots keep coming: its frame may follow this soon.
const BEFORE_ANSWER: Duration = Duration::from_millis(8);

/// What the loop is connected to.
pub struct Wires<'a> {
    /// The engine's snapshots.
    pub snapshots: &'a mut watch::Receiver<Arc<Snapshot>>,
    /// What is on screen, for the sources.
    pub demand: &'a watch::Sender<Demand>,
    /// The terminal is ours again after a stop.
    pub resumed: &'a Notify,
    /// Stops the program, as only a real terminal's can be.
    pub suspend: fn(),
    /// Writes a picture to the file of this name.
    pub save: fn(&str, &str) -> io::Result<()>,
    /// Has the terminal copy a text.
    pub copy: fn(&str) -> io::Result<()>,
}

/// The keys, pastes and sizes that the terminal sends. It ends when the terminal cannot be read any more: asking
/// again would give the same error at once, for ever.
pub fn terminal_input() -> impl Stream<Item = Msg> + Unpin {
    EventStream::new().take_while(|event| ready(event.is_ok())).filter_map(|event| {
        ready(match event {
            Ok(Event::Key(key)) => Some(Msg::Key(key)),
            Ok(Event::Paste(text)) => Some(Msg::Paste(text)),
            Ok(Event::Resize(width, height)) => Some(Msg::Resize(Size { width, height })),
            _ => None,
        })
    })
}

/// Runs until the user quits or the input ends.
///
/// # Errors
///
/// When the terminal cannot be drawn on.
pub async fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    app: &mut App,
    mut input: impl Stream<Item = Msg> + Unpin,
    wires: Wires<'_>,
) -> Result<(), Error> {
    let mut changed = false;
    // The skeleton is followed by the first data at once.
    let quiet = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(quiet);
    // When a key's frame may be drawn.
    let mut answer = quiet.deadline();
    draw(terminal, app)?;
    wires.demand.send_replace(screen::demand(app));
    loop {
        let msg = tokio::select! {
            biased;
            // First, so that no flood of keys or snapshots holds up a frame that is due.
            () = &mut quiet, if changed => {
                draw(terminal, app)?;
                changed = false;
                quiet.set(tokio::time::sleep(BETWEEN_FRAMES));
                answer = tokio::time::sleep(BEFORE_ANSWER).deadline();
                None
            }
            msg = input.next() => {
                if msg.is_none() {
                    return draw(terminal, app);
                }
                msg
            }
            Ok(()) = wires.snapshots.changed() => Some(Msg::Snapshot(Arc::clone(&wires.snapshots.borrow_and_update()))),
            () = wires.resumed.notified() => {
                terminal::repaint(terminal).map_err(|error| lost(&error))?;
                changed = true;
                None
            }
        };
        let Some(msg) = msg else { continue };
        let is_key = matches!(msg, Msg::Key(_));
        let updated = update(app, msg);
        changed |= updated.redraw;
        if is_key && updated.redraw {
            let soon = answer.min(quiet.deadline());
            quiet.as_mut().reset(soon);
        }
        for effect in updated.effects {
            match effect {
                Effect::Demand(demand) => drop(wires.demand.send_replace(demand)),
                Effect::Suspend => (wires.suspend)(),
                Effect::Quit => return Ok(()),
                Effect::Export => {
                    let notice = export(app, wires.save);
                    changed |= update(app, Msg::Done(notice)).redraw;
                }
                Effect::Copy(text) => {
                    let notice = match (wires.copy)(&text) {
                        Ok(()) => format!("Sent {} bytes to the terminal's clipboard (OSC 52)", text.len()),
                        Err(error) => format!("The text cannot be copied: {error}"),
                    };
                    changed |= update(app, Msg::Done(notice)).redraw;
                }
            }
        }
    }
}

fn draw<B: Backend>(terminal: &mut Terminal<B>, app: &App) -> Result<(), Error> {
    terminal.draw(|frame| screen::draw(frame, app)).map(drop).map_err(|error| lost(&error))
}

/// The screen cannot be drawn on any more.
pub(super) fn lost(error: &dyn std::fmt::Display) -> Error {
    Error::usage("the screen cannot be drawn", error, "check the terminal and start lamtop again")
}

/// Has the screen written to a file in the working directory and says where.
fn export(app: &App, save: fn(&str, &str) -> io::Result<()>) -> String {
    let picture = picture::of_buffer(&screen::render(app), &app.theme);
    let at = app.snapshot().at.format("%Y%m%dT%H%M%SZ");
    let name = format!("lamtop-{at}.svg");
    match save(&name, &svg::write(&picture, "lamtop")) {
        Ok(()) => format!("Saved {name}"),
        Err(error) => format!("{name} cannot be written: {error}"),
    }
}

#[cfg(test)]
mod tests;
