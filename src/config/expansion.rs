//! What [`settings!`] makes of its entries: the structs, how they are read, and the flags.
//!
//! An entry is `"key" => field: type = reader`, with the documentation of the field above it and, for each group of
//! commands, `flag(place, value, help)` below it. The defaults are `config/lamtop.toml`.

macro_rules! settings {
    (
        $(#[$about:meta])*
        $settings:ident {
            $(
                $(#[$doc:meta])*
                $key:literal => $field:ident: $type:ty = $reader:expr $(, flag($place:expr, $value:expr, $help:expr))*;
            )*
        }
        sections {
            $(
                $(#[$section_doc:meta])*
                $section:ident: $section_type:ident {
                    $($(#[$inner_doc:meta])* $inner_key:literal => $inner:ident: $inner_type:ty = $inner_reader:expr;)*
                }
            )*
        }
        sections of analysis {
            $(
                $(#[$outer_doc:meta])*
                $outer:ident: $outer_type:ident {
                    $($term_key:literal => $term:ident = $term_reader:expr;)*
                }
            )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $settings {
            $($(#[$doc])* pub $field: $type,)*
            $($(#[$section_doc])* pub $section: $section_type,)*
            $($(#[$outer_doc])* pub $outer: $outer_type,)*
        }

        $(
            $(#[$section_doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $section_type {
                $($(#[$inner_doc])* pub $inner: $inner_type,)*
            }
        )*

        impl $settings {
            /// Reads every setting. Where `from` has gathered problems the result means nothing.
            pub(super) fn read(from: &mut Resolution) -> Self {
                Self {
                    $($field: from.read($key, $reader),)*
                    $($section: $section_type { $($inner: from.read($inner_key, $inner_reader),)* },)*
                    $($outer: $outer_type { $($term: from.read($term_key, $term_reader),)* },)*
                }
            }
        }

        /// Every flag of a setting, in the order in which help lists them.
        pub(crate) const FLAGS: &[Flag] = &[$($(Flag { key: $key, place: $place, value: $value, help: $help },)*)*];
    };
}

pub(super) use settings;
