//! What the terminal can show, as the environment tells it; nothing is asked of the terminal itself.

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Red, green and blue with eight bits each.
    TrueColor,
    /// The xterm palette.
    Indexed,
    /// The sixteen colours the user's terminal defines.
    Ansi,
    /// None: bold, underlined and reversed only.
    Mono,
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many colours.
    pub depth: Depth,
    /// Whether the locale is UTF-8, so that lines, blocks and braille arrive whole.
    pub unicode: bool,
}

impl Capabilities {
    /// What this process's environment says.
    pub(crate) fn of_environment() -> Self {
        Self::probe(|name| std::env::var(name).ok())
    }

    /// What an environment says; `variable` looks one up.
    pub(crate) fn probe(variable: impl Fn(&str) -> Option<String>) -> Self {
        // An empty variable counts as unset, as no-color.org and POSIX (for the locale) have it.
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_lowercase();
        Self {
            depth: if set("NO_COLOR").is_some() {
                Depth::Mono
            } else if matches!(set("COLORTERM").as_deref(), Some("truecolor" | "24bit")) {
                Depth::TrueColor
            } else {
                depth_of(&set("TERM").unwrap_or_default())
            },
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }
}

/// The colours of a terminal type. `COLORTERM` does not survive ssh, so types known to have all colours are named.
fn depth_of(term: &str) -> Depth {
    if term.ends_with("-direct")
        || ["kitty", "ghostty", "alacritty", "foot", "wezterm"].iter().any(|it| term.contains(it))
    {
        Depth::TrueColor
    } else if term.contains("256color") {
        Depth::Indexed
    } else if term.is_empty() || term.starts_with("vt") || term.ends_with("-m") || term.ends_with("-mono") {
        Depth::Mono
    } else {
        Depth::Ansi
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(environment: &[(&str, &str)]) -> Capabilities {
        Capabilities::probe(|name| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours() {
        for (environment, depth) in [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], Depth::TrueColor),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "24bit"), ("NO_COLOR", "")], Depth::TrueColor),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Depth::Mono),
            (&[("TERM", "xterm-kitty")], Depth::TrueColor),
            (&[("TERM", "xterm-direct")], Depth::TrueColor),
            (&[("TERM", "tmux-256color"), ("COLORTERM", "")], Depth::Indexed),
            (&[("TERM", "xterm")], Depth::Ansi),
            (&[("TERM", "linux")], Depth::Ansi),
            (&[("TERM", "vt220")], Depth::Mono),
            (&[("TERM", "xterm-mono")], Depth::Mono),
            (&[], Depth::Mono),
        ] {
            assert_eq!(probe(environment).depth, depth, "{environment:?}");
        }
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        for (environment, unicode) in [
            (&[("LANG", "en_US.UTF-8")][..], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], false),
            (&[("LC_ALL", ""), ("LC_CTYPE", "UTF-8"), ("LANG", "C")], true),
            (&[("LANG", "de_DE.ISO-8859-1")], false),
            (&[], false),
        ] {
            assert_eq!(probe(environment).unicode, unicode, "{environment:?}");
        }
    }
}
