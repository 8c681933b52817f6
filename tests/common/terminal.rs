//! A pseudo-terminal with somebody at it: starts a program on a screen, types, and looks.
//!
//! Looking is driven by the output that arrives; nothing here waits for a fixed time.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::time::Duration;

use portable_pty::{ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::process;

/// How long a program may take to show something, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program running in a terminal of its own; killed when dropped.
pub(crate) struct Terminal {
    screen: vt100::Parser<Replies>,
    raw: Vec<u8>,
    output: mpsc::UnboundedReceiver<Vec<u8>>,
    keyboard: Box<dyn Write + Send>,
    exit: oneshot::Receiver<ExitStatus>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    process: u32,
    master: Box<dyn MasterPty + Send>,
    /// Held until the program has ended: with its last holder the terminal's settings would go.
    slave: Option<Box<dyn SlavePty + Send>>,
    /// The line settings before the program started.
    settings: String,
    _home: TempDir,
}

/// What a terminal answers to the programs that ask it.
#[derive(Default)]
struct Replies(Vec<u8>);

impl vt100::Callbacks for Replies {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        kind: char,
    ) {
        match (first, kind, parameters) {
            // Where is the cursor?
            (None, 'n', [[6]]) => {
                let (row, column) = screen.cursor_position();
                self.0.extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes());
            }
            // What are you? A VT220. It ends the question for keyboard protocols too, with no for an answer.
            (None, 'c', _) => self.0.extend(b"\x1b[?62c"),
            _ => {}
        }
    }
}

impl Terminal {
    /// Starts a program on a screen of `columns` by `rows`.
    pub(crate) fn start(program: &str, arguments: &[&str], columns: u16, rows: u16) -> Self {
        let home = TempDir::new().unwrap();
        let [height, width] = [rows, columns].map(|side| NonZeroU16::new(side).expect("a screen has cells"));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("the system has pseudo-terminals");
        let settings = settings(&*pair.master);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();

        let mut child = pair.slave.spawn_command(command(program, arguments, home.path())).expect("the program starts");
        let killer = child.clone_killer();
        let process = child.process_id().expect("a process that runs has a number");
        let (ended, exit) = oneshot::channel();
        std::thread::spawn(move || ended.send(child.wait().unwrap()));

        let (chunks, output) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end is an error on Linux (EIO) and an empty read elsewhere.
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if chunks.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            screen: vt100::Parser::new_with_callbacks(height, width, 0, Replies::default()),
            raw: Vec::new(),
            output,
            keyboard,
            exit,
            killer,
            process,
            master: pair.master,
            slave: Some(pair.slave),
            settings,
            _home: home,
        }
    }

    /// The program's process number.
    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    /// Types these characters.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until the screen's text satisfies `seen`, and returns it.
    ///
    /// # Panics
    /// With the last screen, when that takes longer than `patience` or the program ends first.
    pub(crate) async fn wait_for(&mut self, what: &str, patience: Duration, seen: impl Fn(&str) -> bool) -> String {
        let looking = timeout(patience, async {
            while !seen(&self.text()) {
                let Some(chunk) = self.output.recv().await else { return false };
                self.show(&chunk);
            }
            true
        });
        assert_eq!(looking.await, Ok(true), "{what} did not appear on the screen:\n{}", self.text());
        self.text()
    }

    /// Waits until the program has ended and all it wrote is on the screen. Returns its exit code.
    pub(crate) async fn exit_code(&mut self) -> u32 {
        let status = timeout(PATIENCE, &mut self.exit).await;
        let status = status.unwrap_or_else(|_| panic!("the program did not end:\n{}", self.text())).unwrap();
        let after = settings(&*self.master);
        assert_eq!(after, self.settings, "the line settings were not restored");
        self.slave = None;
        while let Some(chunk) = self.output.recv().await {
            self.show(&chunk);
        }
        status.exit_code()
    }

    /// Whether the program has changed the line settings, as raw mode does.
    pub(crate) fn is_raw(&self) -> bool {
        settings(&*self.master) != self.settings
    }

    /// What a program that has ended left switched on: nothing, if it restored the terminal.
    pub(crate) fn leftovers(&self) -> Vec<&'static str> {
        let screen = self.screen.screen();
        [
            (screen.alternate_screen(), "alternate screen"),
            (screen.hide_cursor(), "hidden cursor"),
            (screen.bracketed_paste(), "bracketed paste"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse reports"),
        ]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect()
    }

    /// Every byte the program wrote so far.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    fn show(&mut self, chunk: &[u8]) {
        self.raw.extend_from_slice(chunk);
        self.screen.process(chunk);
        let replies = std::mem::take(&mut self.screen.callbacks_mut().0);
        // A program that ended without waiting for the answer is no fault of its.
        drop(self.keyboard.write_all(&replies));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.killer.kill());
    }
}

fn command(program: &str, arguments: &[&str], home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.args(arguments);
    command.env_clear();
    for (name, value) in process::environment(home) {
        command.env(name, value);
    }
    command
}

/// The terminal's line settings, as text: two of them are only ever compared.
fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}
