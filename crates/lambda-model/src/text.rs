//! The one gate for text from outside, on its way to a cell, a file or a terminal title.
//!
//! Function names, error messages and log lines are attacker-reachable (CWE-150): they must never
//! drive the terminal. Nothing else in the program decides what may be shown or how wide it is.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Shown instead of what may not be shown.
const REPLACEMENT: char = '\u{FFFD}';

/// Whether a character may reach a terminal: no control, no bidirectional override, nothing invisible.
pub fn is_safe(character: char) -> bool {
    !(character.is_control()
        || matches!(character,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}'))
}

/// `text` with a tab as a space and every other unsafe character replaced by U+FFFD.
///
/// Idempotent, and never wider than the replacement of each character by one cell.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_safe) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|character| match character {
            '\t' => ' ',
            character if is_safe(character) => character,
            _ => REPLACEMENT,
        })
        .collect::<String>()
        .into()
}

/// Columns `text` takes in a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` cleaned and cut to at most `columns`, with `…` where something was cut.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    let text = clean(text);
    if width(&text) <= columns {
        return text;
    }
    let mut cut = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let cluster_width = width(cluster);
        // One column is kept for the ellipsis.
        if used + cluster_width + 1 > columns {
            break;
        }
        used += cluster_width;
        cut.push_str(cluster);
    }
    if columns > 0 {
        cut.push('…');
    }
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_made_harmless() {
        assert_eq!(clean("checkout"), "checkout");
        assert_eq!(clean("a\u{1b}[2Jb"), "a\u{FFFD}[2Jb");
        assert_eq!(clean("a\tb\r\n"), "a b\u{FFFD}\u{FFFD}");
        assert_eq!(clean("\u{202E}gnp.exe"), "\u{FFFD}gnp.exe");
        assert_eq!(clean("決済-関数"), "決済-関数");
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(fit("checkout", 8), "checkout");
        assert_eq!(fit("checkout", 5), "chec…");
        assert_eq!(fit("決済関数", 5), "決済…");
        assert_eq!(fit("決済関数", 4), "決…");
        assert_eq!(fit("abc", 0), "");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_nothing_unsafe_comes_out(text in any::<String>(), columns in 0usize..40) {
            let once = clean(&text).into_owned();
            prop_assert!(once.chars().all(is_safe));
            prop_assert_eq!(clean(&once), once.as_str());
            prop_assert!(width(&fit(&text, columns)) <= columns);
        }
    }
}
