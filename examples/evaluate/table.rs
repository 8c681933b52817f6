//! Markdown tables.

/// A table with these columns.
pub(crate) struct Table {
    text: String,
    columns: usize,
}

impl Table {
    /// The head; the first column is aligned left, the others right.
    pub(crate) fn new(head: &[&str]) -> Self {
        let rule: Vec<&str> = (0..head.len()).map(|place| if place == 0 { "---" } else { "---:" }).collect();
        Self { text: format!("| {} |\n| {} |\n", head.join(" | "), rule.join(" | ")), columns: head.len() }
    }

    /// Adds a row; cells that are not given stay empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().collect();
        cells.resize(self.columns, String::new());
        self.text.extend(["| ", &cells.join(" | "), " |\n"]);
    }

    /// The table.
    pub(crate) fn text(self) -> String {
        self.text
    }
}

/// `part / whole` in per cent; a dash where there is no whole.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_string() } else { format!("{:.1} %", 100.0 * part as f64 / whole as f64) }
}

/// A number with one digit after the point; a dash where there is none.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or("–".to_string(), |value| format!("{value:.1}"))
}
