//! A key as `config/keys.toml` names it and as the terminal reports it, made comparable.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    /// The key with this name, such as `q`, `ctrl-c`, `shift-tab` or `f5`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut name = name;
        let mut modifiers = KeyModifiers::NONE;
        for (prefix, modifier) in
            [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)]
        {
            if let Some(rest) = name.strip_prefix(prefix) {
                name = rest;
                modifiers |= modifier;
            }
        }
        let code = match name {
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "pgup" => KeyCode::PageUp,
            "pgdn" => KeyCode::PageDown,
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" if modifiers == KeyModifiers::SHIFT => KeyCode::BackTab,
            "tab" => KeyCode::Tab,
            "backspace" => KeyCode::Backspace,
            "delete" => KeyCode::Delete,
            "insert" => KeyCode::Insert,
            "space" => KeyCode::Char(' '),
            name => code_of_other(name)?,
        };
        // A character says by itself whether shift was held.
        let shifted_character = matches!(code, KeyCode::Char(_)) && modifiers.contains(KeyModifiers::SHIFT);
        (!shifted_character).then(|| Self::normal(code, modifiers))
    }

    /// The key of a terminal event.
    pub(super) fn of(event: &KeyEvent) -> Self {
        Self::normal(event.code, event.modifiers)
    }

    /// The terminal event of the key.
    pub(super) fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// Terminals differ in what they add to a key: shift to `G` and to back-tab, capitals with control.
    fn normal(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        match code {
            KeyCode::Char(character) => {
                let control = modifiers.contains(KeyModifiers::CONTROL);
                let character = if control { character.to_ascii_lowercase() } else { character };
                Self { code: KeyCode::Char(character), modifiers: modifiers - KeyModifiers::SHIFT }
            }
            KeyCode::BackTab => Self { code, modifiers: modifiers - KeyModifiers::SHIFT },
            _ => Self { code, modifiers },
        }
    }

    /// Whether the key types or edits in a line of text.
    pub(super) fn edits_text(self) -> bool {
        use KeyCode::{Backspace, Char, Delete, End, Home, Left, Right};
        match self.code {
            Char(_) => self.modifiers.is_empty(),
            code => matches!(code, Backspace | Delete | Left | Right | Home | End),
        }
    }
}

/// The code of a function key or of a single character.
fn code_of_other(name: &str) -> Option<KeyCode> {
    let mut characters = name.chars();
    match (characters.next()?, characters.as_str()) {
        (character, "") => (!character.is_control()).then_some(KeyCode::Char(character)),
        ('f', digits) => digits.parse().ok().filter(|number| (1..=12).contains(number)).map(KeyCode::F),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let (none, ctrl, alt) = (KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT);
        for (name, code, modifiers) in [
            ("q", KeyCode::Char('q'), none),
            ("ctrl-c", KeyCode::Char('c'), ctrl),
            ("ctrl-alt-x", KeyCode::Char('x'), ctrl | alt),
            ("ctrl--", KeyCode::Char('-'), ctrl),
            ("-", KeyCode::Char('-'), none),
            ("f", KeyCode::Char('f'), none),
            ("f12", KeyCode::F(12), none),
            ("space", KeyCode::Char(' '), none),
            ("shift-tab", KeyCode::BackTab, none),
            ("shift-up", KeyCode::Up, KeyModifiers::SHIFT),
            ("é", KeyCode::Char('é'), none),
        ] {
            assert_eq!(Key::parse(name), Some(Key { code, modifiers }), "{name}");
        }
    }

    #[test]
    fn what_is_not_a_key() {
        for name in ["", "ctrl-", "f0", "f13", "fx", "hyper-x", "Enter", "qq", "shift-g", "\u{1b}"] {
            assert_eq!(Key::parse(name), None, "{name:?}");
        }
    }
}
