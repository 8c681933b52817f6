//! The terminal while it is lamtop's: taken once, given back exactly once, whatever ends the program.
//!
//! Everything the program sends to the terminal passes here. What is on the screen is decided elsewhere.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::stdout;
use tokio::sync::Notify;

use crate::error::Error;
use crate::tui::clipboard;
use crate::tui::signals;
pub(crate) use crate::tui::signals::suspend;

/// Who has the terminal: one way from [`SHELL`] to [`RETURNED`], with turns between the two in the middle.
static HOLDER: AtomicU8 = AtomicU8::new(SHELL);
/// Not yet taken.
const SHELL: u8 = 0;
/// Ours.
const LAMTOP: u8 = 1;
/// Lent to the shell while the program is stopped.
const LENT: u8 = 2;
/// Given back for good.
const RETURNED: u8 = 3;

/// Held while bytes go out, so that the thread that gives the terminal back does not cut a frame in two.
static WRITING: Mutex<()> = Mutex::new(());

/// How long giving the terminal back waits for one that takes no bytes, such as a stalled ssh.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

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
    if HOLDER.compare_exchange(SHELL, LAMTOP, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        return Err(unusable("the terminal was taken before"));
    }
    signals::watch()
        .and_then(|()| take())
        .and_then(|()| Terminal::new(CrosstermBackend::new(Output::default())))
        .map(|terminal| Guard { terminal })
        .map_err(|cause| {
            give_back();
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
        &signals::RESUMED
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
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

/// Has the terminal copy `text`, which must be clean.
///
/// # Errors
/// When the terminal is not ours or takes no bytes.
pub(super) fn copy(text: &str) -> io::Result<()> {
    let _writing = wait_for_frame();
    if is_ours() { send(clipboard::sequence(text).as_bytes()) } else { Err(io::ErrorKind::NotConnected.into()) }
}

/// Gives the terminal back for good, if it is ours.
pub(super) fn give_back() {
    if HOLDER.swap(RETURNED, Ordering::SeqCst) == LAMTOP {
        leave();
    }
}

/// Gives the terminal to the shell while the program is stopped.
pub(super) fn lend() {
    if HOLDER.compare_exchange(LAMTOP, LENT, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        leave();
    }
}

/// Takes the terminal again after a stop; says whether it is ours.
pub(super) fn take_again() -> bool {
    let _ = HOLDER.compare_exchange(LENT, LAMTOP, Ordering::SeqCst, Ordering::SeqCst);
    is_ours() && take().is_ok()
}

/// Whether the terminal is ours now.
fn is_ours() -> bool {
    HOLDER.load(Ordering::SeqCst) == LAMTOP
}

fn take() -> io::Result<()> {
    let mut bytes = Vec::new();
    queue!(bytes, EnterAlternateScreen, Clear(ClearType::All), Hide, EnableBracketedPaste)?;
    let _writing = wait_for_frame();
    // The thread that draws may have given it back meanwhile.
    if !is_ours() {
        return Ok(());
    }
    // A stop from outside leaves crossterm believing in a raw mode that the shell has ended.
    disable_raw_mode()?;
    enable_raw_mode()?;
    send(&bytes)
}

/// Leaves the terminal as a shell expects it. Best effort: there is nobody left to tell about a failure.
fn leave() {
    let _writing = wait_for_frame();
    // A program in the background that sets the terminal's mode is stopped (SIGTTOU); the shell has set its own.
    if signals::in_foreground() {
        let _ = disable_raw_mode();
    }
    let mut bytes = Vec::new();
    let _ = queue!(bytes, EndSynchronizedUpdate, DisableBracketedPaste, ResetColor, LeaveAlternateScreen, Show);
    let _ = send(&bytes);
}

/// Waits until no frame is being written, but not for ever: its writer may hang on a terminal that takes no bytes.
fn wait_for_frame() -> Option<MutexGuard<'static, ()>> {
    for _ in 0..40 {
        match WRITING.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(5)),
        }
    }
    None
}

/// Sends bytes, giving up when the terminal takes none for [`PATIENCE`].
fn send(bytes: &[u8]) -> io::Result<()> {
    send_with_patience(bytes, Some(&PATIENCE))
}

fn send_with_patience(mut bytes: &[u8], patience: Option<&Timespec>) -> io::Result<()> {
    while !bytes.is_empty() {
        match poll(&mut [PollFd::new(&stdout(), PollFlags::OUT)], patience) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match rustix::io::write(stdout(), bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Gathers a frame and sends it in one piece, marked so that the terminal shows it at once.
///
/// A terminal that is gone ends the program; while the terminal is not ours, frames are dropped.
#[derive(Default)]
pub struct Output {
    frame: Vec<u8>,
}

impl Output {
    /// The frame as it is sent: marked at both ends.
    fn finish(&mut self) -> io::Result<&[u8]> {
        queue!(self.frame, EndSynchronizedUpdate)?;
        Ok(&self.frame)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.frame.is_empty() {
            queue!(self.frame, BeginSynchronizedUpdate)?;
        }
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let writing = WRITING.lock();
        let sent = if is_ours() { send_with_patience(self.finish()?, None) } else { Ok(()) };
        drop(writing);
        self.frame.clear();
        match sent {
            Err(error) if is_hang_up(&error) => signals::exit_hung_up(),
            sent => sent,
        }
    }
}

/// Whether an error of the terminal says that there is no terminal any more.
fn is_hang_up(error: &io::Error) -> bool {
    let gone = [Errno::IO, Errno::PIPE].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|number| gone.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::backend::TestBackend;

    #[test]
    fn a_frame_is_marked_at_both_ends() {
        let mut output = Output::default();
        output.write_all(b"one").unwrap();
        output.write_all(b"two").unwrap();
        assert_eq!(output.finish().unwrap(), b"\x1b[?2026honetwo\x1b[?2026l");
    }

    #[test]
    fn a_terminal_that_is_not_ours_gets_nothing() {
        let mut output = Output::default();
        output.write_all(b"\x1b[2J").unwrap();
        output.flush().unwrap();
        assert!(output.frame.is_empty());
    }

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

    #[test]
    fn only_a_lost_terminal_counts_as_hang_up() {
        assert!(is_hang_up(&Errno::IO.into()) && is_hang_up(&Errno::PIPE.into()));
        assert!(!is_hang_up(&Errno::NOSPC.into()) && !is_hang_up(&io::ErrorKind::TimedOut.into()));
    }
}
