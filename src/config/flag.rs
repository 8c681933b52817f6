//! The flags of settings, as data: what each is called, what follows it and what its help says.

/// A flag that sets a setting. Its value is checked where settings are read, like those of variables and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The setting's key.
    pub key: &'static str,
    /// Which commands have it.
    pub place: Place,
    /// What follows it on the command line.
    pub value: Value,
    /// What it does, without the default.
    pub help: &'static str,
}

impl Flag {
    /// Its name without the leading hyphens: `inventory-rate` for the setting `inventory_rate`.
    pub fn name(&self) -> String {
        self.key.replace('_', "-")
    }
}

/// Which commands have a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All of them; the help lists it under this heading.
    All(&'static str),
    /// Only these.
    Only(&'static [&'static str]),
    /// Only these, and only together with `--demo`.
    WithDemo(&'static [&'static str]),
}

/// What follows a flag. The first text is the name of the value in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// One value.
    Text(&'static str),
    /// The path of a file.
    File(&'static str),
    /// A URL.
    Url(&'static str),
    /// A list separated by commas; the flag may be repeated.
    List(&'static str),
    /// One of these words.
    OneOf(&'static str, &'static [&'static str]),
    /// Nothing: how often the flag is given is the value. It has this short name too.
    Count(char),
}
