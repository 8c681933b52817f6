//! The flags of settings, from the table in `config` to the arguments of each command and back to what was given.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint, error};

use crate::config::{self, Flag, Flags, Place, Value};

/// The flags that were given to a command. Flattened into its options, it adds those that the command has.
#[derive(Debug)]
pub(super) struct Given(pub(super) Flags);

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        let name = command.get_name().to_owned();
        let belongs = |flag: &Flag| match flag.place {
            // What the program itself has, clap hands down to every command.
            Place::All(_) => name == super::NAME,
            Place::Only(commands) | Place::WithDemo(commands) => commands.contains(&name.as_str()),
        };
        let flags = config::flags().into_iter().filter(|(flag, _)| belongs(flag));
        command.args(flags.map(|(flag, default)| argument(flag, default.as_deref())))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Given {
    /// A command's matches hold the flags of the program too, before or after the command.
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, error::Error> {
        let given = config::FLAGS.iter().filter_map(|flag| Some((flag, value(flag, matches)?)));
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), error::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flag as clap knows it.
fn argument(flag: &'static Flag, default: Option<&str>) -> Arg {
    let default = default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
    let argument = Arg::new(flag.key).long(flag.name()).help(format!("{}{default}", flag.help));
    let argument = match flag.place {
        Place::All(heading) => argument.global(true).help_heading(heading),
        Place::Only(_) => argument,
        // Below `--demo`, which it needs.
        Place::WithDemo(_) => argument.requires("demo").display_order(99),
    };
    match flag.value {
        Value::Text(name) => argument.value_name(name),
        Value::File(name) => argument.value_name(name).value_hint(ValueHint::FilePath),
        Value::Url(name) => argument.value_name(name).value_hint(ValueHint::Url),
        Value::List(name) => argument.value_name(name).action(ArgAction::Append),
        Value::OneOf(name, words) => argument.value_name(name).value_parser(words.to_vec()),
        Value::Count(short) => argument.short(short).action(ArgAction::Count),
    }
}

/// The value given for the flag, if the command has it and it was given.
///
/// An option of the same name and another type is not the flag: `--wait` of `lamtop canary` takes no value.
fn value(flag: &Flag, matches: &ArgMatches) -> Option<String> {
    if let Value::Count(_) = flag.value {
        let count = matches.try_get_one::<u8>(flag.key).ok()??;
        return (*count > 0).then(|| count.to_string());
    }
    let values = matches.try_get_many::<String>(flag.key).ok()??;
    Some(values.map(String::as_str).collect::<Vec<_>>().join(","))
}
