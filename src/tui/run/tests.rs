//! What the loop draws, and when.

use chrono::{DateTime, TimeDelta, Utc};
use futures::stream;
use ratatui::backend::TestBackend;
use tokio::time::{Instant, sleep};

use super::*;
use crate::analysis::Params;
use crate::fixture::Fixture;
use crate::snapshot::Origin;
use crate::store::Store;
use crate::tui::Options;
use crate::tui::capabilities::{Capabilities, Depth};
use crate::tui::keymap::Keymap;
use crate::tui::script::{parse, play};
use crate::view::functions::Query;
use lambda_model::log::{LogBatch, LogEvent, LogWay};
use lambda_model::observation::Payload;

/// A snapshot of nothing, `second` seconds after noon.
fn snapshot(second: u64) -> Arc<Snapshot> {
    let noon: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
    let at = noon + TimeDelta::seconds(i64::try_from(second).unwrap());
    let params = Params::default();
    Arc::new(Snapshot::of(&Store::default(), params, Origin::Demo, at, second))
}

/// The key with this name.
fn key(name: &str) -> Msg {
    Msg::Key(Keymap::event(name).unwrap())
}

/// What became of one run of the loop.
struct Ran {
    frames: usize,
    screen: String,
    took: Duration,
}

/// Runs the loop on `input` and on what `publish` publishes, until the input ends or asks to quit.
async fn ran<P>(
    input: impl Stream<Item = Msg> + Unpin,
    save: fn(&str, &str) -> io::Result<()>,
    publish: impl FnOnce(watch::Sender<Arc<Snapshot>>) -> P,
) -> Ran
where
    P: Future<Output = ()> + Send + 'static,
{
    let (sender, mut snapshots) = watch::channel(snapshot(0));
    let publisher = tokio::spawn(publish(sender));
    let capabilities = Capabilities { depth: Depth::TrueColor, unicode: true };
    let options = Options::new(Query::default(), "default", None, capabilities).unwrap();
    let mut app = App::new(options, snapshot(0), Size::new(80, 20));
    let Ok(mut terminal) = Terminal::new(TestBackend::new(80, 20));
    let (resumed, begun) = (Notify::new(), Instant::now());
    let demand = watch::Sender::default();
    let wires = Wires {
        snapshots: &mut snapshots,
        demand: &demand,
        resumed: &resumed,
        suspend: || {},
        save,
        copy: |text| {
            assert_eq!(text, "hello");
            Ok(())
        },
    };
    run(&mut terminal, &mut app, input, wires).await.unwrap();
    let took = begun.elapsed();
    publisher.abort();
    let screen = terminal.backend().to_string();
    // The frame that is drawn to ask for their number does not count.
    let mut frames = 0;
    let Ok(_) = terminal.draw(|frame| frames = frame.count());
    Ran { frames, screen, took }
}

async fn silence(published: watch::Sender<Arc<Snapshot>>) {
    published.closed().await;
}

/// How a picture is saved where there is room.
const WRITTEN: fn(&str, &str) -> io::Result<()> = |_, _| Ok(());

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_while_nothing_changes() {
    let ran = ran(play(parse("<3600s>").unwrap()), WRITTEN, silence).await;
    // The first, and the one in which the loop ends.
    assert_eq!(ran.frames, 2, "{}", ran.screen);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_means_nothing_draws_nothing() {
    let ran = ran(play(parse("xxx<f9><1s>").unwrap()), WRITTEN, silence).await;
    assert_eq!(ran.frames, 2);
}

#[tokio::test(start_paused = true)]
async fn snapshots_are_drawn_at_most_thirty_times_a_second() {
    let ran = ran(play(parse("<10s>").unwrap()), WRITTEN, async |published| {
        for second in 0.. {
            published.send_replace(snapshot(second));
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    // 303 times 33 ms, the skeleton before and the frame in which the loop ends.
    assert!((295..=306).contains(&ran.frames), "{} frames in ten seconds", ran.frames);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_answered_while_snapshots_keep_coming() {
    // Ten milliseconds after a frame; the next is due in 23. Quitting draws none.
    let ran = ran(play(parse("<1s>?<9ms>q").unwrap()), WRITTEN, async |published| {
        for second in 0.. {
            published.send_replace(snapshot(second));
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    assert!(ran.screen.contains("any key closes"), "{}", ran.screen);
}

/// In real time: the clock of a paused runtime stands still while the loop never waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_flood_of_keys_holds_up_no_frame() {
    let begun = Instant::now();
    let keys = stream::repeat(key("down")).take_while(|_| ready(begun.elapsed() < Duration::from_millis(200)));
    let ran = ran(keys, WRITTEN, silence).await;
    assert!(ran.frames > 2, "the first and the last frame only");
}

#[tokio::test(start_paused = true)]
async fn a_key_after_a_quiet_time_is_drawn_at_once() {
    // Quitting draws no frame: what is seen was drawn for the key before.
    let ran = ran(play(parse("<1s>?q").unwrap()), WRITTEN, silence).await;
    assert!(ran.screen.contains("any key closes"), "{}", ran.screen);
    assert_eq!(ran.frames, 2);
}

#[tokio::test(start_paused = true)]
async fn quitting_waits_for_nothing() {
    let ran = ran(play(parse("q<3600s>").unwrap()), WRITTEN, silence).await;
    assert!(ran.took < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_screen_outlives_its_engine() {
    let ran = ran(play(parse("<10s>?").unwrap()), WRITTEN, async |published| drop(published)).await;
    assert!(ran.screen.contains("any key closes"));
    assert!(ran.frames <= 3, "{} frames", ran.frames);
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_saved_and_said_where() {
    let checked: fn(&str, &str) -> io::Result<()> = |name, text| {
        assert_eq!(name, "lamtop-20261122T120000Z.svg");
        assert!(text.starts_with("<svg ") && text.contains(">Loading</text>"), "{text}");
        Ok(())
    };
    let saved = ran(play(parse("e<1s>").unwrap()), checked, silence).await;
    assert!(saved.screen.contains("Saved lamtop-20261122T120000Z.svg"), "{}", saved.screen);
    let full = ran(play(parse("e<1s>").unwrap()), |_, _| Err(io::ErrorKind::StorageFull.into()), silence).await;
    assert!(full.screen.contains("lamtop-20261122T120000Z.svg cannot be written: no storage space"), "{}", full.screen);
    let then = ran(play(parse("e<1s>x").unwrap()), WRITTEN, silence).await;
    assert!(!then.screen.contains("Saved"), "the next key ends the notice");
}

/// A function whose log says `hello`.
fn with_a_line() -> Arc<Snapshot> {
    let now = crate::fixture::now();
    let event = LogEvent {
        id: None,
        timestamp: now,
        ingestion: now,
        stream: "2026/11/22/[1]0123456789abcdef0123456789abcdef".into(),
        group: "/aws/lambda/f".into(),
        message: "hello\n".to_string(),
    };
    let span = Some((now - TimeDelta::seconds(1), now));
    let batch = LogBatch { way: LogWay::Tail, groups: None, span, left_out: None, events: vec![event] };
    Arc::new(Fixture::new().listed("f", &[]).with(Payload::Logs(batch)).snapshot())
}

#[tokio::test(start_paused = true)]
async fn a_line_goes_to_the_clipboard_and_a_notice_says_so() {
    let publish = async |published: watch::Sender<Arc<Snapshot>>| {
        published.send_replace(with_a_line());
        sleep(Duration::from_hours(1)).await;
    };
    let copied = ran(play(parse("<1s><enter>Ly<1s>").unwrap()), WRITTEN, publish).await;
    assert!(copied.screen.contains("Sent 5 bytes to the terminal's clipboard (OSC 52)"), "{}", copied.screen);
}
