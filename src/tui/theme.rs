//! What a meaning looks like: the one place where a [`Meaning`] becomes a style.
//!
//! Themes are the files of `config/themes`. A theme never says what is shown, only how.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::error::Error;
use crate::tui::capabilities::{Capabilities, Depth};
use crate::tui::colour;
use crate::tui::glyphs::{self, Glyphs};
use crate::view::meaning::Meaning;
use crate::view::picture::Rgb;

/// The themes by name.
const SHIPPED: [(&str, &str); 3] = [
    ("default", include_str!("../../config/themes/default.toml")),
    ("light", include_str!("../../config/themes/light.toml")),
    (MONO, include_str!("../../config/themes/mono.toml")),
];

/// The theme of a terminal without colours.
const MONO: &str = "mono";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    foreground: Rgb,
    background: Rgb,
    #[serde(default)]
    palette: BTreeMap<String, Pigment>,
    styles: BTreeMap<Meaning, WrittenStyle>,
}

/// A colour of the palette: exact, and what stands for it where there are only sixteen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pigment {
    rgb: Rgb,
    ansi: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
struct WrittenStyle {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    reversed: bool,
    underlined: bool,
}

/// How the screen looks on one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: [Style; Meaning::COUNT],
    glyphs: &'static Glyphs,
    foreground: Rgb,
    background: Rgb,
}

impl Theme {
    /// The theme called `name`, with as many colours as the terminal has. Without any it is always `mono`.
    ///
    /// # Errors
    /// A usage error that lists the themes when there is none called `name`.
    pub fn load(name: &str, capabilities: Capabilities) -> Result<Self, Error> {
        let find = |name| SHIPPED.iter().find(|(known, _)| *known == name);
        let Some(chosen) = find(name) else {
            let known = SHIPPED.map(|(name, _)| name).join(", ");
            return Err(Error::usage(
                format!("no theme is called `{name}`"),
                "unknown name",
                format!("use one of {known}"),
            ));
        };
        let (name, text) = if capabilities.depth == Depth::Mono { find(MONO).unwrap_or(chosen) } else { chosen };
        Self::parse(text, capabilities)
            .map_err(|cause| Error::usage(format!("the theme `{name}` cannot be used"), cause, "report this as a bug"))
    }

    fn parse(text: &str, capabilities: Capabilities) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|cause| cause.message().to_owned())?;
        let mut theme = Self {
            styles: [Style::new(); Meaning::COUNT],
            glyphs: if capabilities.unicode { &glyphs::UNICODE } else { &glyphs::ASCII },
            foreground: written.foreground,
            background: written.background,
        };
        for meaning in Meaning::ALL {
            let style = written.styles.get(&meaning).ok_or_else(|| format!("{meaning:?} has no style"))?;
            theme.styles[meaning as usize] = style.resolve(&written.palette, capabilities.depth)?;
        }
        Ok(theme)
    }

    /// What `meaning` looks like.
    pub fn style(&self, meaning: Meaning) -> Style {
        self.styles[meaning as usize]
    }

    /// The characters to draw with.
    pub(crate) fn glyphs(&self) -> &'static Glyphs {
        self.glyphs
    }

    /// The colour a picture gives text that has none of its own.
    pub(crate) fn foreground(&self) -> Rgb {
        self.foreground
    }

    /// The colour a picture puts behind everything.
    pub(crate) fn background(&self) -> Rgb {
        self.background
    }
}

impl WrittenStyle {
    fn resolve(&self, palette: &BTreeMap<String, Pigment>, depth: Depth) -> Result<Style, String> {
        let colour = |name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => {
                let pigment = palette.get(name).ok_or_else(|| format!("`{name}` is not in the palette"))?;
                pigment.at(depth).map(Some)
            }
        };
        let mut style = Style { fg: colour(&self.fg)?, bg: colour(&self.bg)?, ..Style::new() };
        for (set, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.reversed, Modifier::REVERSED),
            (self.underlined, Modifier::UNDERLINED),
        ] {
            if set {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

impl Pigment {
    fn at(&self, depth: Depth) -> Result<Color, String> {
        let Rgb(red, green, blue) = self.rgb;
        Ok(match depth {
            Depth::TrueColor => Color::Rgb(red, green, blue),
            Depth::Indexed => Color::Indexed(colour::nearest_index(self.rgb)),
            Depth::Ansi => {
                self.ansi.parse().map_err(|_| format!("`{}` is not one of the sixteen colours", self.ansi))?
            }
            Depth::Mono => Color::Reset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(depth: Depth) -> Capabilities {
        Capabilities { depth, unicode: true }
    }

    #[test]
    fn every_theme_covers_every_meaning_at_every_depth() {
        for (name, _) in SHIPPED {
            for depth in [Depth::TrueColor, Depth::Indexed, Depth::Ansi, Depth::Mono] {
                Theme::load(name, capabilities(depth)).unwrap();
            }
        }
    }

    #[test]
    fn alarms_differ_from_each_other_and_from_calm_at_every_depth() {
        for (name, _) in SHIPPED {
            for depth in [Depth::TrueColor, Depth::Indexed, Depth::Ansi, Depth::Mono] {
                let theme = Theme::load(name, capabilities(depth)).unwrap();
                let styles = [Meaning::Normal, Meaning::Warning, Meaning::Critical].map(|meaning| theme.style(meaning));
                assert!(styles[0] != styles[1] && styles[1] != styles[2] && styles[0] != styles[2], "{name} {depth:?}");
            }
        }
    }

    #[test]
    fn alarms_are_seen_under_the_cursor_too() {
        for (name, _) in SHIPPED {
            for depth in [Depth::TrueColor, Depth::Indexed, Depth::Ansi, Depth::Mono] {
                let theme = Theme::load(name, capabilities(depth)).unwrap();
                let under = |meaning| theme.style(Meaning::Selected).patch(theme.style(meaning));
                for calmer in [Meaning::Normal, Meaning::Warning] {
                    assert_ne!(under(Meaning::Critical), under(calmer), "{name} {depth:?} {calmer:?}");
                }
            }
        }
    }

    #[test]
    fn a_palette_holds_nothing_unused() {
        for (name, text) in SHIPPED {
            let written: Written = toml::from_str(text).unwrap();
            for colour in written.palette.keys() {
                let used = |style: &WrittenStyle| [&style.fg, &style.bg].contains(&&Some(colour.clone()));
                assert!(written.styles.values().any(used), "{name}: {colour}");
            }
        }
    }

    #[test]
    fn colours_degrade_with_the_terminal() {
        let orange = |depth| Theme::load("default", capabilities(depth)).unwrap().style(Meaning::Warning).fg;
        assert_eq!(orange(Depth::TrueColor), Some(Color::Rgb(0xe6, 0x9f, 0x00)));
        assert_eq!(orange(Depth::Indexed), Some(Color::Indexed(178)));
        assert_eq!(orange(Depth::Ansi), Some(Color::Yellow));
        assert_eq!(orange(Depth::Mono), None);
    }

    #[test]
    fn no_theme_brings_colour_to_a_terminal_without() {
        for (name, _) in SHIPPED {
            let theme = Theme::load(name, capabilities(Depth::Mono)).unwrap();
            assert!(Meaning::ALL.iter().all(|meaning| theme.style(*meaning).fg.is_none()), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_theme_is_said() {
        let error = Theme::load("solarized", capabilities(Depth::Ansi)).unwrap_err();
        assert_eq!((error.exit_code(), error.hint.as_str()), (2, "use one of default, light, mono"));

        let mono = SHIPPED[2].1;
        for (broken, cause) in [
            (mono.replace("muted ", "mutde "), "unknown variant `mutde`"),
            (mono.replace("muted ", "# "), "Muted has no style"),
            (mono.replace("dim = true", "blink = true"), "unknown field `blink`"),
            (mono.replace("dim = true", "fg = \"pink\""), "`pink` is not in the palette"),
            (mono.replace("foreground = \"#", "foreground = \""), "is not a colour"),
        ] {
            let said = Theme::parse(&broken, capabilities(Depth::Mono)).unwrap_err();
            assert!(said.contains(cause), "{said}");
        }
    }
}
