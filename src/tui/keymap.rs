//! Which key asks for which action: read from `config/keys.toml`, the only place that names keys.
//!
//! Resolving is pure, and the help and the footer are made from the same bindings. Nothing is done here.

mod key;

use std::collections::{BTreeMap, HashMap};

use crossterm::event::{KeyEvent, KeyEventKind};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{self, StrDeserializer};

use self::key::Key;
use crate::error::Error;
use crate::tui::action::Action;

/// Where the keys go. The names in snake case are those of `config/keys.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Everywhere, after the layer in use.
    Global,
    /// The table of functions.
    Functions,
    /// One function, whatever page of it is shown.
    Function,
    /// The log of one function.
    Logs,
    /// Aliases, weights and canaries.
    Traffic,
    /// What is wrong.
    Findings,
    /// The health of the sources.
    Health,
    /// The line in which a filter or a search is typed.
    Filter,
}

impl Layer {
    /// The layer with this name in `config/keys.toml`.
    fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    /// The layers that are asked for a key, one after the other.
    pub(crate) fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |layer| match layer {
            Self::Global => None,
            Self::Logs => Some(Self::Function),
            _ => Some(Self::Global),
        })
    }

    /// Whether keys that type are text here.
    fn takes_text(self) -> bool {
        self == Self::Filter
    }
}

/// One action and the keys that ask for it, as the help shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The names of the keys, the one for the footer first.
    pub keys: Vec<String>,
    /// What they ask for.
    pub action: Action,
    /// The same in words.
    pub description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    keys: Vec<String>,
    action: String,
    description: String,
}

/// Every binding.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    bindings: HashMap<Layer, Vec<Binding>>,
    actions: HashMap<(Layer, Key), Action>,
}

impl Keymap {
    /// The keys of `config/keys.toml`.
    ///
    /// # Errors
    /// None while the file that lamtop ships is sound, which a test checks.
    pub fn shipped() -> Result<Self, Error> {
        Self::parse(include_str!("../../config/keys.toml"))
    }

    /// The keys that `text` binds, in the format of `config/keys.toml`.
    ///
    /// # Errors
    /// One error that lists everything wrong: unknown layers, actions and keys, and keys bound twice in a layer.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let error = |cause: String| Error::usage("the keys cannot be used", cause, "compare with config/keys.toml");
        let written: BTreeMap<String, Vec<Written>> =
            toml::from_str(text).map_err(|cause| error(cause.message().to_owned()))?;
        let mut keymap = Self::default();
        let mut faults = Vec::new();
        for (name, bindings) in written {
            match Layer::named(&name) {
                Some(layer) => keymap.add(layer, bindings, |fault| faults.push(format!("{name}: {fault}"))),
                None => faults.push(format!("unknown layer `{name}`")),
            }
        }
        if faults.is_empty() { Ok(keymap) } else { Err(error(faults.join("; "))) }
    }

    fn add(&mut self, layer: Layer, bindings: Vec<Written>, mut fault: impl FnMut(String)) {
        for Written { keys, action, description } in bindings {
            let Some(action) = Action::from_id(&action) else {
                fault(format!("unknown action `{action}`"));
                continue;
            };
            for name in &keys {
                match Key::parse(name) {
                    None => fault(format!("unknown key `{name}`")),
                    Some(key) => {
                        if self.actions.insert((layer, key), action).is_some() {
                            fault(format!("`{name}` is bound twice"));
                        }
                    }
                }
            }
            self.bindings.entry(layer).or_default().push(Binding { keys, action, description });
        }
    }

    /// What `event` asks for in `layer`; `None` for a key that is not bound, is let go, or types into a filter.
    pub(crate) fn resolve(&self, event: &KeyEvent, layer: Layer) -> Option<Action> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let key = Key::of(event);
        let asked = if layer.takes_text() && key.edits_text() { 1 } else { usize::MAX };
        layer.chain().take(asked).find_map(|layer| self.actions.get(&(layer, key)).copied())
    }

    /// What a terminal reports when the key with this name is pressed; `None` when no key has it.
    pub fn event(name: &str) -> Option<KeyEvent> {
        Key::parse(name).map(Key::event)
    }

    /// The bindings that hold in `layer`, each with the layer it is from: without the keys that mean something else
    /// there.
    pub(crate) fn reachable(&self, layer: Layer) -> Vec<(Layer, Binding)> {
        let mut reachable = Vec::new();
        for from in layer.chain() {
            for binding in self.bindings(from) {
                let means = |name: &String| self.resolve(&Self::event(name)?, layer);
                let keys: Vec<String> =
                    binding.keys.iter().filter(|name| means(name) == Some(binding.action)).cloned().collect();
                if !keys.is_empty() {
                    reachable.push((from, Binding { keys, ..binding.clone() }));
                }
            }
        }
        reachable
    }

    /// The bindings of one layer, in the order of the file.
    pub fn bindings(&self, layer: Layer) -> &[Binding] {
        self.bindings.get(&layer).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    const NONE: KeyModifiers = KeyModifiers::NONE;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn the_shipped_keys_reach_every_action() {
        let keymap = Keymap::shipped().unwrap();
        for action in Action::ALL {
            assert!(keymap.actions.values().any(|bound| *bound == action), "{action:?} has no key");
        }
    }

    #[test]
    fn keys_resolve_in_their_layer_then_globally() {
        let keymap = Keymap::shipped().unwrap();
        let ctrl = KeyModifiers::CONTROL;
        let shift = KeyModifiers::SHIFT;
        for (code, modifiers, layer, action) in [
            (KeyCode::Char('q'), NONE, Layer::Functions, Some(Action::Quit)),
            (KeyCode::Char('c'), ctrl, Layer::Filter, Some(Action::Quit)),
            (KeyCode::Char('c'), NONE, Layer::Functions, None),
            (KeyCode::Char('G'), shift, Layer::Functions, Some(Action::Bottom)),
            (KeyCode::Char('G'), NONE, Layer::Functions, Some(Action::Bottom)),
            (KeyCode::Char('r'), NONE, Layer::Functions, Some(Action::SortReverse)),
            (KeyCode::Char('r'), NONE, Layer::Health, None),
            (KeyCode::Char('r'), ctrl, Layer::Functions, Some(Action::Refresh)),
            (KeyCode::BackTab, shift, Layer::Traffic, Some(Action::ViewPrevious)),
            (KeyCode::Esc, NONE, Layer::Function, Some(Action::Back)),
            (KeyCode::Esc, NONE, Layer::Filter, Some(Action::FilterCancel)),
            (KeyCode::Down, NONE, Layer::Filter, Some(Action::Down)),
            (KeyCode::Char('q'), NONE, Layer::Filter, None),
            (KeyCode::Char('G'), shift, Layer::Filter, None),
            (KeyCode::Backspace, NONE, Layer::Filter, None),
            (KeyCode::Home, NONE, Layer::Filter, None),
        ] {
            assert_eq!(keymap.resolve(&press(code, modifiers), layer), action, "{modifiers:?} {code:?} in {layer:?}");
        }
    }

    #[test]
    fn letting_a_key_go_asks_for_nothing() {
        let release = KeyEvent::new_with_kind(KeyCode::Char('q'), NONE, KeyEventKind::Release);
        assert_eq!(Keymap::shipped().unwrap().resolve(&release, Layer::Functions), None);
    }

    #[test]
    fn help_shows_a_layer_in_the_order_of_the_file() {
        let keymap = Keymap::parse(
            r#"filter = [{ keys = ["enter", "tab"], action = "open", description = "look" },
                         { keys = ["esc"], action = "back", description = "leave" }]"#,
        )
        .unwrap();
        let shown: Vec<_> =
            keymap.bindings(Layer::Filter).iter().map(|it| (it.keys.join(" "), it.description.as_str())).collect();
        assert_eq!(shown, [("enter tab".to_owned(), "look"), ("esc".to_owned(), "leave")]);
        assert!(keymap.bindings(Layer::Global).is_empty());
    }

    #[test]
    fn every_fault_is_in_the_one_error() {
        let error = Keymap::parse(
            r#"global = [{ keys = ["x", "hyper-x"], action = "quit", description = "" },
                         { keys = ["x"], action = "explode", description = "" },
                         { keys = ["x"], action = "help", description = "" }]
               popup = []"#,
        )
        .unwrap_err();
        assert_eq!(
            error.cause,
            "global: unknown key `hyper-x`; global: unknown action `explode`; \
             global: `x` is bound twice; unknown layer `popup`"
        );
        assert_eq!(error.exit_code(), 2);
        assert!(Keymap::parse("global = 3").is_err());
    }
}
