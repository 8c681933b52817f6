//! Key scripts: what a user does, as text, such as `jj<enter>` or `/pay<enter> <30s> t`. They make pictures and tests.
//!
//! A character is a key and blanks are nothing. Keys with a name stand as `<esc>`, `<space>` or `<<>`, the names being
//! those of `config/keys.toml`; `<2s>` and `<500ms>` wait.

use std::time::Duration;

use futures::{Stream, StreamExt, stream};

use super::keymap::Keymap;
use super::update::Msg;
use crate::error::Error;

/// A quick hand, and slower than a frame: what each key does is drawn.
const BEFORE_A_MESSAGE: Duration = Duration::from_millis(50);

/// One thing that a script does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Tell the loop.
    Send(Msg),
    /// Let time go by.
    Wait(Duration),
}

/// The steps of a script.
///
/// # Errors
///
/// A usage error that shows what in it is neither a key nor a time.
pub fn parse(script: &str) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mut rest = script.trim_start();
    while let Some(first) = rest.chars().next() {
        let (name, after) = bracketed(rest).unwrap_or_else(|| rest.split_at(first.len_utf8()));
        let step = wait(name).map(Step::Wait).or_else(|| Some(Step::Send(Msg::Key(Keymap::event(name)?))));
        steps.push(step.ok_or_else(|| {
            Error::usage("the key script cannot be played", format!("`{name}` is no key"), "use the names of keys.toml")
        })?);
        rest = after.trim_start();
    }
    Ok(steps)
}

/// The name in `<name>` at the start of `text`, and what follows. Between the brackets there is one character at
/// least, so `<<>` is a name too.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let first = inside.chars().next()?.len_utf8();
    let end = first + inside.get(first..)?.find('>')?;
    Some((&inside[..end], &inside[end + 1..]))
}

/// The span that `2s` or `500ms` is.
fn wait(name: &str) -> Option<Duration> {
    let (number, unit): (&str, fn(u64) -> Duration) = match name.strip_suffix("ms") {
        Some(number) => (number, Duration::from_millis),
        None => (name.strip_suffix('s')?, Duration::from_secs),
    };
    number.parse().ok().map(unit)
}

/// What `steps` send to the loop, each when it is due; ends with them.
pub(crate) fn play(steps: Vec<Step>) -> impl Stream<Item = Msg> + Unpin {
    Box::pin(stream::iter(steps).filter_map(|step| async {
        let (span, msg) = match step {
            Step::Send(msg) => (BEFORE_A_MESSAGE, Some(msg)),
            Step::Wait(span) => (span, None),
        };
        tokio::time::sleep(span).await;
        msg
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    /// The keys of a script, and its waits as `None` with their milliseconds.
    fn read(script: &str) -> Vec<(Option<KeyCode>, u128)> {
        let steps = parse(script).unwrap().into_iter().map(|step| match step {
            Step::Send(Msg::Key(key)) => (Some(key.code), u128::from(key.modifiers.bits())),
            Step::Wait(span) => (None, span.as_millis()),
            Step::Send(other) => panic!("{other:?}"),
        });
        steps.collect()
    }

    #[test]
    fn characters_names_and_waits() {
        let key = |code| (Some(code), 0);
        let (char, control) = (KeyCode::Char, u128::from(KeyModifiers::CONTROL.bits()));
        for (script, keys) in [
            ("", vec![]),
            (" jG é\n", vec![key(char('j')), key(char('G')), key(char('é'))]),
            ("/a<enter><esc>", vec![key(char('/')), key(char('a')), key(KeyCode::Enter), key(KeyCode::Esc)]),
            ("<ctrl-c><space>", vec![(Some(char('c')), control), key(char(' '))]),
            ("<<> <>> > s", vec![key(char('<')), key(char('>')), key(char('>')), key(char('s'))]),
            ("<2s><500ms>", vec![(None, 2000), (None, 500)]),
            ("<", vec![key(char('<'))]),
        ] {
            assert_eq!(read(script), keys, "{script}");
        }
    }

    #[test]
    fn what_is_no_key_is_named() {
        for (script, cause) in [("j<entre>", "`entre` is no key"), ("<-1s>", "`-1s` is no key")] {
            assert_eq!(parse(script).unwrap_err().cause, cause);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn steps_take_their_time() {
        let begun = tokio::time::Instant::now();
        let sent: Vec<Msg> = play(parse("a<2s>b").unwrap()).collect().await;
        assert_eq!((sent.len(), begun.elapsed()), (2, Duration::from_secs(2) + 2 * BEFORE_A_MESSAGE));
    }
}
