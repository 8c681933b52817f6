//! A row of words, each with its meaning.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::write;
use crate::tui::theme::Theme;
use crate::view::meaning::Meaning;
use lambda_model::text;

/// A row of words. Words from outside are cleaned when they are drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words(Vec<(String, Meaning)>);

impl Words {
    /// Adds a word as it is, without a space.
    pub(crate) fn add(&mut self, word: impl Into<String>, meaning: Meaning) -> &mut Self {
        self.0.push((word.into(), meaning));
        self
    }

    /// Adds `label value` with two spaces before it, unless it is the first.
    pub(crate) fn fact(&mut self, label: &str, value: impl Into<String>, meaning: Meaning) -> &mut Self {
        if !self.0.is_empty() {
            self.add("  ", Meaning::Normal);
        }
        if !label.is_empty() {
            self.add(format!("{label} "), Meaning::Label);
        }
        self.add(value, meaning)
    }

    /// Several rows of words in one, with two spaces between them.
    pub(crate) fn joined(parts: &[&Self]) -> Self {
        let mut joined = Self::default();
        for part in parts {
            if !joined.0.is_empty() {
                joined.add("  ", Meaning::Normal);
            }
            joined.0.extend(part.0.iter().cloned());
        }
        joined
    }

    /// The columns they take.
    pub(crate) fn width(&self) -> u16 {
        self.0.iter().map(|(word, _)| text::width(&text::clean(word))).sum::<usize>().try_into().unwrap_or(u16::MAX)
    }

    /// Draws them in the first row of `area`, from the left, cut at its right edge; tells where they end.
    pub(crate) fn draw(&self, theme: &Theme, area: Rect, buffer: &mut Buffer) -> u16 {
        let mut column = area.x;
        for (word, meaning) in &self.0 {
            write(buffer, area, column, area.y, word, theme.style(*meaning));
            column = column.saturating_add(text::width(&text::clean(word)) as u16).min(area.right());
        }
        column
    }

    /// Draws them at the right edge of the first row of `area`, if they fit right of `from`.
    pub(crate) fn draw_right(&self, theme: &Theme, area: Rect, from: u16, buffer: &mut Buffer) {
        let width = self.width();
        if from.saturating_add(width) <= area.right() {
            self.draw(theme, Rect { x: area.right() - width, width, ..area }, buffer);
        }
    }
}
