//! What is generated from the arguments' definitions: the manual page and the shells' completions.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::arguments::Arguments;

/// The completion script of `shell`.
pub(super) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), super::NAME, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page in roff: one page for all commands.
pub(super) fn page() -> String {
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = write(&mut page);
    String::from_utf8_lossy(&page).into_owned()
}

fn write(page: &mut Vec<u8>) -> io::Result<()> {
    let command = Arguments::command().disable_help_subcommand(true);
    let man = Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    let mut subcommands = Vec::new();
    man.render_subcommands_section(&mut subcommands)?;
    // The generator takes every subcommand for a page of its own: `lamtop-demo(1)`.
    let subcommands = String::from_utf8_lossy(&subcommands).replace(r"lamtop\-", "lamtop ").replace("(1)", "");
    page.extend(subcommands.into_bytes());
    for subcommand in command.get_subcommands() {
        // Taken alone, a subcommand has only its own options, each under its own heading.
        Man::new(subcommand.clone().disable_help_flag(true)).render_options_section(page)?;
    }
    man.render_extra_section(page)?;
    man.render_version_section(page)
}
