//! Commands as a shell reads them. Pure.

use crate::analysis::finding::Command;

/// The command on one line, quoted so that a shell passes every argument as it is.
pub(super) fn line(command: &Command) -> String {
    let words = std::iter::once(command.program).chain(command.arguments.iter().map(String::as_str));
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// A word that no shell changes.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=,@%+".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_reach_the_program_as_they_are() {
        let cases = [
            ("/aws/lambda/checkout", "/aws/lambda/checkout"),
            ("?ERROR ?Error", "'?ERROR ?Error'"),
            ("AdditionalVersionWeights={8=0.1}", "'AdditionalVersionWeights={8=0.1}'"),
            ("it's", "'it'\\''s'"),
            ("$(rm -r ~)", "'$(rm -r ~)'"),
            ("", "''"),
        ];
        for (argument, expected) in cases {
            let command = Command { program: "aws", arguments: vec![argument.to_string()] };
            assert_eq!(line(&command), format!("aws {expected}"));
        }
    }
}
