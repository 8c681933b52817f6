//! A text in lines: broken between words, a word that is longer than a line broken within. Pure.

use super::log;
use lambda_model::text;

/// `text` in lines of at most `columns`, clean; words stay whole where they fit.
pub(crate) fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if columns == 0 {
        return lines;
    }
    for word in text.split_whitespace() {
        let word = text::clean(word);
        if let Some(last) = lines.last_mut()
            && text::width(last) + 1 + text::width(&word) <= columns
        {
            last.push(' ');
            last.push_str(&word);
            continue;
        }
        lines.extend(log::wrapped(&word, columns, usize::MAX));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_whole_where_they_fit() {
        let cases: [(&str, usize, &[&str]); 5] = [
            ("", 10, &[]),
            ("one two  three", 9, &["one two", "three"]),
            ("a name-that-is-long b", 8, &["a", "name-tha", "t-is-lon", "g b"]),
            ("決済 関数", 4, &["決済", "関数"]),
            ("one", 0, &[]),
        ];
        for (text, columns, expected) in cases {
            assert_eq!(lines(text, columns), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_wider_and_no_word_is_lost(text in "[a-z é\u{1b}決]{0,60}", columns in 2usize..20) {
            let lines = lines(&text, columns);
            prop_assert!(lines.iter().all(|line| text::width(line) <= columns), "{lines:?}");
            let letters = |text: &str| text::clean(text).chars().filter(|it| !it.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
