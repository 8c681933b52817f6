//! What can end or stop the program from outside, each made to leave a usable terminal behind.
//!
//! Two threads wait, one for signals and one for the terminal to hang up; the panic hook is the third way out.
//! None of them draws or touches the app's state.

use std::cell::Cell;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{getpgrp, getsid};
use rustix::stdio::stdout;
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use tokio::sync::Notify;

use crate::tui::terminal;

/// Notified when the terminal is ours again after a stop.
pub(super) static RESUMED: Notify = Notify::const_new();

/// What a shell adds to the number of the signal that ended a program.
const ENDED_BY_SIGNAL: i32 = 128;

thread_local! {
    /// Whether this thread draws: its panic ends the program, so it may be shown.
    static DRAWS: Cell<bool> = const { Cell::new(false) };
}

/// Starts both threads and sets the panic hook, for the rest of the process. The calling thread is the one that draws.
pub(super) fn watch() -> io::Result<()> {
    let signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || obey(signals))?;
    thread::Builder::new().name("hang-up".to_owned()).spawn(wait_for_hang_up)?;
    DRAWS.set(true);
    let shown = panic::take_hook();
    panic::set_hook(Box::new(move |panic| report(panic, &shown)));
    Ok(())
}

fn obey(mut signals: Signals) {
    for signal in signals.forever() {
        match signal {
            SIGTSTP if has_job_control() => {
                terminal::lend();
                // It can fail only for a signal that does not exist.
                let _ = low_level::raise(SIGSTOP);
            }
            SIGTSTP => {}
            // Continued in the background (`bg`), the terminal is the shell's until `fg` continues the program again.
            SIGCONT => {
                if in_foreground() && terminal::take_again() {
                    RESUMED.notify_one();
                }
            }
            signal => {
                terminal::give_back();
                low_level::exit(ENDED_BY_SIGNAL + signal);
            }
        }
    }
}

/// Waits until the terminal is gone, which no read of crossterm's reports: it would spin for ever.
fn wait_for_hang_up() {
    loop {
        match poll(&mut [PollFd::new(&stdout(), PollFlags::empty())], None) {
            Ok(0) | Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(_) | Err(_) => exit_hung_up(),
        }
    }
}

/// Ends the program as a hang-up does. There is no terminal to give back, and writing to it could only fail.
pub(super) fn exit_hung_up() -> ! {
    low_level::exit(ENDED_BY_SIGNAL + SIGHUP)
}

/// Asks for a stop, as a terminal that is not in raw mode does for ctrl-z. Returns at once; the shell has the terminal
/// until it continues the program. Without a shell that could, nothing happens.
pub(crate) fn suspend() {
    // It can fail only for a signal that does not exist.
    let _ = low_level::raise(SIGTSTP);
}

/// Whether a shell could continue the program after a stop. The session's own leader, such as the command of a tmux
/// pane, has no one who could: stopped, it would be frozen for good.
fn has_job_control() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Whether the terminal is the program's to change, or nobody's.
pub(super) fn in_foreground() -> bool {
    tcgetpgrp(stdout()).map_or(true, |group| group == getpgrp())
}

/// A panic of the thread that draws is shown on the shell's screen; any other goes to the log only.
fn report(panic: &PanicHookInfo<'_>, shown: &dyn Fn(&PanicHookInfo<'_>)) {
    if DRAWS.get() {
        terminal::give_back();
        shown(panic);
    } else {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(thread = thread::current().name(), place, message, "a background thread panicked");
    }
}
