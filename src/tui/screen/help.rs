//! The keys, over everything else: made from the keymap, so that it is never wrong.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget};

use crate::tui::app::App;
use crate::tui::keymap::Layer;
use crate::tui::widget::words::Words;
use crate::view::meaning::Meaning;
use lambda_model::text;

/// Columns for the keys of an action.
const KEYS: usize = 21;
/// Columns of one entry: two stand side by side on 80 columns.
const ENTRY: u16 = 38;

/// A line of the help.
enum Entry {
    Title(&'static str),
    Keys(String, String),
}

pub(super) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let entries = entries(app);
    let columns = (area.width.saturating_sub(4) / ENTRY).clamp(1, 2);
    let per_column = entries.len().div_ceil(usize::from(columns));
    let width = (columns * ENTRY + 4).min(area.width);
    let height = (per_column as u16 + 2).min(area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(place, buffer);
    let block = Block::bordered()
        .border_set(app.theme.glyphs().border)
        .border_style(app.theme.style(Meaning::BorderFocused))
        .title(" keys (any key closes) ");
    let inner = block.inner(place);
    block.render(place, buffer);
    for (index, entry) in entries.iter().enumerate() {
        let (column, row) = ((index / per_column) as u16, (index % per_column) as u16);
        let line = Rect { x: inner.x + 1 + column * ENTRY, y: inner.y + row, width: ENTRY, height: 1 };
        let mut words = Words::default();
        match entry {
            Entry::Title(title) => words.add(*title, Meaning::Title),
            Entry::Keys(keys, description) => {
                let keys = text::fit(keys, KEYS);
                let space = " ".repeat(KEYS + 1 - text::width(&keys));
                words.add(keys, Meaning::Key).add(space, Meaning::Normal).add(description.as_str(), Meaning::Normal)
            }
        };
        words.draw(&app.theme, line.intersection(inner), buffer);
    }
}

/// The keys of the layer in use, then those that hold everywhere.
fn entries(app: &App) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut titled = None;
    for (layer, binding) in app.keymap.reachable(app.layer()) {
        let title = if layer == Layer::Global { "everywhere" } else { "here" };
        if titled.replace(title) != Some(title) {
            entries.push(Entry::Title(title));
        }
        entries.push(Entry::Keys(binding.keys.join(" "), binding.description));
    }
    entries
}
